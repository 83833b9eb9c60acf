//! The log: call ids in it, secrets not, and its level changes while the node runs.

use crate::support::{ECHO, Endpoint, Node, NodeConfig, eventually};

#[test]
fn the_level_changes_at_run_time_and_lines_carry_the_call() {
    let node = Node::demo();
    one_echo(&node);
    assert!(!node.log().contains("a call ended"), "quiet by default: {}", node.log());

    let set = node.command("log", &["info,calls=debug"]);
    assert!(set.status.success(), "{set:?}");
    let call = one_echo(&node);
    let id = node.http().call_with(&call)["id"].as_str().expect("an id").to_owned();
    let line = eventually("the line of its end", || {
        node.log().lines().find(|line| line.contains("a call ended") && line.contains(&id)).map(str::to_owned)
    });
    assert!(line.contains(&call) && line.contains("completed") && line.contains("normal"), "{line}");
    assert!(!line.contains('\u{1b}'), "no colours in a file: {line}");

    let wrong = node.command("log", &["calls=loud,,="]);
    assert_eq!(wrong.status.code(), Some(1), "{wrong:?}");
    let back = node.command("log", &[]);
    assert!(back.status.success(), "{back:?}");
    let lines = node.log().lines().count();
    one_echo(&node);
    assert_eq!(node.log().lines().count(), lines, "quiet again");
}

#[test]
fn secrets_are_not_in_it_even_when_it_shows_everything() {
    let node = Node::start(NodeConfig::demo());
    let set = node.command("log", &["trace"]);
    assert!(set.status.success(), "{set:?}");
    node.registered("1001");
    let wrong = Endpoint::stranger([127, 0, 0, 9], node.sip(), "1002", "wrong-password");
    let refused = wrong.register_for(60).response;
    assert!(refused.status() >= 400, "{refused:?}");
    one_echo(&node);
    let key = "Bearer not-a-key-of-ours";
    assert_eq!(node.http().fetch("/v1/calls", &[("Authorization", key)]).status, 401);
    assert_eq!(node.http().get("/v1/agents").status, 200);
    node.command("reload", &[]);
    eventually("the last line", || node.log().contains("configuration read again").then_some(()));
    let log = node.log();
    for secret in ["demo-1001", "demo-1002", "wrong-password", "demo-admin-key", "not-a-key-of-ours", "response=\""] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}

fn one_echo(node: &Node) -> String {
    let mut call = node.carrier.call(ECHO);
    call.expect_final(200);
    call.bye();
    node.http().record_of(&call.id);
    call.id.clone()
}
