//! The API against its own description: schemathesis tries every operation of a node with calls, voicemails,
//! recordings, bans, people and phones in it, and finds nothing.
//!
//! `make test` tries for half a minute, `make contract` for some minutes with several seeds.

use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::queue_calls::talk;
use crate::support::{Node, NodeConfig, VOICEMAIL, root, unique, until};
use crate::voicemail::speak;

#[test]
fn schemathesis_finds_nothing() {
    try_all(20_261_120, 15, 30);
}

#[test]
fn in_full_schemathesis_finds_nothing() {
    for seed in 1..=4 {
        try_all(seed, 250, 150);
    }
}

/// Tries a lively node with this many examples an operation, for so many seconds at most.
fn try_all(seed: u32, examples: u32, seconds: u32) {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 0));
    let phone = node.registered("1001");
    let _talking = make_lively(&node, &phone);
    let mut schemathesis = Command::new(root().join("tools/schemathesis"));
    schemathesis.arg(format!("http://{}", node.http().addr()));
    for (option, value) in [("--seed", seed), ("--max-examples", examples), ("--max-time", seconds)] {
        schemathesis.args([option.to_owned(), value.to_string()]);
    }
    let run = schemathesis.output().expect("tools/schemathesis runs");
    let said = String::from_utf8_lossy(&run.stdout) + String::from_utf8_lossy(&run.stderr);
    // 3 is what the script ends with when it could not install schemathesis: it says why.
    assert_ne!(run.status.code(), Some(3), "{said}");
    assert!(run.status.success(), "seed {seed}:\n{said}");
    assert!(said.contains("Stateful"), "all phases ran:\n{said}");
    println!("{}", said.lines().rev().take(14).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n"));
    assert_eq!(node.http().get("/healthz").status, 200);
}

/// Something of each kind: what ended with a recording, what goes on, a voicemail, people.
fn make_lively(node: &Node, phone: &crate::support::Endpoint) -> (crate::support::Call, crate::support::Call) {
    let (mut caller, agent) = talk(node, phone);
    let is_recorded = |call: &serde_json::Value| call["recording"]["state"] == "recording";
    until("a recording", || node.http().call_with(&caller.id), is_recorded);
    caller.bye();
    agent.expect_bye();
    node.http().record_of(&caller.id);
    let mut caller = node.carrier.call(VOICEMAIL);
    let answer = caller.expect_final(200);
    speak(node, &mut caller, answer.audio().expect("audio"), Duration::from_millis(2_600));
    let user = json!({ "username": "ann", "password": unique() + "-password", "roles": ["viewer"] });
    assert_eq!(node.http().post("/v1/users", &unique(), &user).status, 201);
    let key = json!({ "name": "wallboard", "scopes": ["calls.view"] });
    assert_eq!(node.http().post("/v1/api-keys", &unique(), &key).status, 201);
    let voicemails = || node.http().get("/v1/voicemails").json()["data"].as_array().map_or(0, Vec::len);
    until("a voicemail", voicemails, |count| *count == 1);
    talk(node, phone)
}
