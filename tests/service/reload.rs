//! `trunkline reload` and SIGHUP: new rules without dropping a call, and a wrong file changes nothing.

use std::process::Command;

use crate::queue_calls::talk;
use crate::support::{ECHO, Endpoint, Node, NodeConfig, SUPPORT, eventually, until};

const NEW_NUMBER: &str = "+442071830009";

#[test]
fn new_rules_hold_at_once_and_no_call_is_dropped() {
    let mut node = Node::start(NodeConfig::demo().queue_times(15, 120, 600));
    let phone = node.registered("1001");
    let (mut caller, agent) = talk(&node, &phone);
    let mut waiting = node.carrier.call(SUPPORT);
    waiting.expect_final(200);
    node.edit(|config| {
        config
            .queue_times(15, 120, 0)
            .push("number", &format!("number = \"{NEW_NUMBER}\"\ntarget = \"echo\""))
            .push("agents", "extensions = \"1060\"\npassword = \"quite-secret\"")
            .set("queue.1.agents", toml::Value::Array(vec!["1021-1050".into(), "1060".into()]))
    });
    assert_eq!(said(&node, true), "changed: agents, number, queue");

    caller.talk(1_000.0);
    agent.rtp.wait_packets(50);
    let mut echo = node.carrier.call(NEW_NUMBER);
    echo.expect_final(200);
    let new_phone = Endpoint::stranger([127, 0, 0, 1], node.sip(), "1060", "quite-secret");
    new_phone.register();
    assert_eq!(node.http().agent("1060")["state"], "ready");
    assert_eq!(node.http().get("/v1/queues/support").json()["waiting"], 1, "who waited still waits");

    // The wrap-up of the old rules was ten minutes; the new ones have none, so the next caller is offered at once.
    caller.bye();
    agent.expect_bye();
    let second = phone.expect_call();
    second.answer();
    node.http().wait_agent("1001", "on_call");
    assert_eq!(node.http().record_of(&caller.id)["status"], "completed");
    for call in [&mut echo, &mut waiting] {
        call.bye();
    }

    // What is gone is refused, and the ids of what is left mean the same after a restart.
    node.edit(|config| config.set("number.5.target", "tone"));
    assert_eq!(said(&node, true), "changed: number");
    assert_eq!(said(&node, true), "nothing changed");
    node.kill();
    node.restart();
    assert_eq!(node.http().record_of(&caller.id)["agent"], "1001");
}

#[test]
fn an_agent_who_is_taken_out_ends_in_order() {
    let mut node = Node::start(NodeConfig::demo());
    let phone = node.registered("1001");
    node.registered("1002");
    node.edit(|config| config.set("agents.0.extensions", "1002-1050").set("queue.0.agents", agents("1002-1030")));
    assert_eq!(said(&node, true), "changed: agents, queue");
    assert_eq!(node.http().get("/v1/agents/1001").status, 404);
    let registered = node.http().get("/v1/registrations").json();
    assert_eq!(registered["data"].as_array().map(Vec::len), Some(1), "{registered:#}");
    let again = phone.register_for(60).response;
    assert!([401, 403].contains(&again.status()), "{again:?}");
}

#[test]
fn who_waits_to_be_called_back_by_a_queue_that_is_taken_out_is_a_lost_call() {
    let third = "name = \"third\"\nstrategy = \"longest_idle\"\nagents = [\"1050\"]\ncallback_key = \"1\"";
    let number = format!("number = \"{NEW_NUMBER}\"\ntarget = \"queue:third\"");
    let mut node = Node::start(NodeConfig::demo().push("queue", third).push("number", &number));
    let mut caller = node.carrier.named("+442079460123").call(NEW_NUMBER);
    caller.expect_final(200);
    let answer = caller.request("INFO", "Content-Type: application/dtmf-relay\r\n", "Signal=1\r\nDuration=160\r\n");
    assert_eq!(answer.status(), 200);
    caller.expect_bye();
    let record = node.http().record_of(&caller.id);
    assert_eq!((&record["outcome"], &record["is_lost"]), (&"callback".into(), &false.into()), "{record:#}");
    node.edit(|config| config.drop_last("queue").drop_last("number"));
    assert_eq!(said(&node, true), "changed: number, queue");
    let path = format!("/v1/calls/{}", record["id"].as_str().unwrap_or_default());
    let lost = until("the lost call", || node.http().get(&path).json(), |call| call["is_lost"] == true);
    assert_eq!((&lost["queue"], &lost["outcome"]), (&"third".into(), &"callback".into()), "{lost:#}");
    let listed = node.http().get("/v1/lost-calls").json();
    assert_eq!((&listed["data"][0]["id"], listed["data"].as_array().map(Vec::len)), (&record["id"], Some(1)));
    let callback = node.http().get("/v1/callbacks?state=cancelled").json()["data"][0].clone();
    assert_eq!((&callback["reason"], &callback["number"]), (&"queue_gone".into(), &"+442079460123".into()));
}

#[test]
fn a_key_that_is_taken_out_is_refused_at_once() {
    let mut node = Node::demo();
    node.edit(|config| config.push("key", "name = \"second\"\nsecret = \"a-second-key\""));
    assert_eq!(said(&node, true), "changed: key");
    let second = [("Authorization", "Bearer a-second-key")];
    assert_eq!(node.http().fetch("/v1/agents", &second).status, 200);
    node.edit(|config| config.set("key.1.secret", "a-third-key-then"));
    assert_eq!(said(&node, true), "changed: key");
    assert_eq!(node.http().fetch("/v1/agents", &second).status, 401);
    assert_eq!(node.http().fetch("/v1/agents", &[("Authorization", "Bearer a-third-key-then")]).status, 200);
}

#[test]
fn a_wrong_file_changes_nothing() {
    let mut node = Node::demo();
    node.edit(|config| config.set("queue.0.ring_s", "soon").set("number.2.target", "queue:nowhere"));
    let refused = node.command("reload", &[]);
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{text}");
    assert!(text.contains("queue[0].ring_s") && text.contains("number[2].target"), "{text}");

    node.edit(|config| config.set("queue.0.ring_s", 15).set("number.2.target", "echo"));
    node.edit(|config| config.set("limits.calls_max", 7).set("node.shards", 2));
    let text = said(&node, false);
    assert!(text.contains("node.shards cannot change while the node runs"), "{text}");
    assert!(!text.contains("limits.calls_max"), "only what is fixed is named: {text}");
    let mut echo = node.carrier.call(ECHO);
    echo.expect_final(200);
    echo.bye();
}

#[test]
fn sighup_reloads_and_the_log_says_what_became_of_it() {
    let mut node = Node::demo();
    node.edit(|config| config.push("number", &format!("number = \"{NEW_NUMBER}\"\ntarget = \"tone\"")));
    let sent = Command::new("kill").args(["-HUP", &node.pid().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()));
    eventually("the line in the log", || node.log().contains("configuration read again").then_some(()));
    let mut tone = node.carrier.call(NEW_NUMBER);
    tone.expect_final(200);
    tone.bye();
}

#[test]
fn without_a_node_the_command_says_so() {
    let mut node = Node::demo();
    node.kill();
    let refused = node.command("reload", &[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no node answers"), "{refused:?}");
}

/// What the command printed, after it went as expected.
fn said(node: &Node, well: bool) -> String {
    let output = node.command("reload", &[]);
    assert_eq!(output.status.success(), well, "{output:?}");
    let text = if well { output.stdout } else { output.stderr };
    String::from_utf8_lossy(&text).trim().to_owned()
}

fn agents(range: &str) -> toml::Value {
    toml::Value::Array(vec![range.into()])
}
