//! The same flows where calls are spread over four shards.

use serde_json::json;

use crate::queue_calls::talk;
use crate::support::{Node, NodeConfig, SUPPORT, unique, until};

fn node() -> Node {
    Node::start(NodeConfig::demo().queue_times(15, 120, 0).set("node.shards", 4))
}

#[test]
fn forty_callers_and_four_agents() {
    let node = node();
    let phones: Vec<_> = (1001..1005).map(|extension| node.registered(&extension.to_string())).collect();
    let mut callers: Vec<_> = (0..40).map(|_| node.carrier.call(SUPPORT)).collect();
    callers.iter_mut().for_each(|caller| {
        caller.expect_final(200);
    });
    for at in 0..callers.len() {
        let phone = &phones[at % phones.len()];
        let mut agent = phone.expect_call();
        agent.answer();
        node.http().wait_agent(&phone.user, "on_call");
        agent.bye();
    }
    callers.iter().for_each(|caller| {
        caller.expect_bye();
    });
    let ended =
        |calls: &Vec<serde_json::Value>| calls.iter().filter(|call| call["status"] == "completed").count() == 40;
    until("forty completed calls", || node.http().calls(""), ended);
    until("no live call", || node.http().metric("trunkline_calls_active"), |calls| *calls == 0.0);
}

#[test]
fn every_kind_of_call_finds_its_shard() {
    let node = node();
    let (phone, other) = (node.registered("1001"), node.registered("1040"));
    for _ in 0..8 {
        let (mut caller, mut agent) = talk(&node, &phone);
        agent.reinvite("sendonly");
        agent.reinvite("sendrecv");
        agent.refer("sip:1040@demo.local");
        let target = other.expect_call();
        target.answer();
        assert!(agent.notified().last().is_some_and(|frag| frag.starts_with("SIP/2.0 200")));
        agent.expect_bye();
        caller.bye();
        target.expect_bye();
        let mut given_up = phone.call("02079460123");
        let outside = node.carrier.expect_call();
        outside.reply(180);
        given_up.expect_provisional(180);
        given_up.cancel();
        outside.expect_cancel();
        let body = json!({"from_agent": "1001", "to": "1040"});
        let call = node.http().post("/v1/calls", &unique(), &body).json();
        let own = phone.expect_call();
        own.answer();
        let callee = other.expect_call();
        callee.answer();
        node.http().wait_agent("1040", "on_call");
        let path = format!("/v1/calls/{}/hangup", call["id"].as_str().unwrap_or_default());
        assert_eq!(node.http().send("POST", &path, &[], None).status, 202);
        own.expect_bye();
        callee.expect_bye();
        node.http().wait_agent("1001", "ready");
        node.http().wait_agent("1040", "ready");
    }
}

#[test]
fn a_crash_ends_the_calls_of_all_shards() {
    let mut node = node();
    let phones: Vec<_> = (1001..1009).map(|extension| node.registered(&extension.to_string())).collect();
    let pairs: Vec<_> = phones.iter().map(|phone| talk(&node, phone)).collect();
    // Live calls are shown as the journal has them: what happened in the last millisecond may not be written yet.
    for (caller, _) in &pairs {
        until("the answer in the journal", || node.http().call_with(&caller.id), |call| call["status"] == "answered");
    }
    node.kill();
    node.restart();
    for (caller, agent) in &pairs {
        caller.expect_bye();
        agent.expect_bye();
        let record = node.http().record_of(&caller.id);
        assert_eq!((&record["status"], &record["cause"]["code"]), (&"failed".into(), &"node_restart".into()));
    }
    assert_eq!(node.http().calls("").len(), pairs.len());
}
