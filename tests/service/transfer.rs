//! Blind transfer by REFER: 202, NOTIFY with the progress, BYE to the one who transferred.

use serde_json::json;

use crate::queue_calls::{assert_louder, assert_order, talk};
use crate::support::{Node, NodeConfig};

fn node() -> Node {
    Node::start(NodeConfig::demo().queue_times(15, 120, 0))
}

#[test]
fn to_an_extension() {
    let node = node();
    let (phone, other) = (node.registered("1001"), node.registered("1040"));
    let (mut caller, mut agent) = talk(&node, &phone);
    agent.refer("sip:1040@demo.local");
    let target = other.expect_call();
    assert!(agent.notified_of("100"));
    target.reply(180);
    assert!(agent.notified_of("180"));
    target.answer();
    assert_eq!(agent.notified(), ["SIP/2.0 200 OK"]);
    agent.expect_bye();
    node.http().wait_agent("1040", "on_call");
    node.http().wait_agent("1001", "ready");
    caller.talk(1_000.0);
    target.talk(440.0);
    let (first, second) = (target.rtp.wait_packets(60), caller.rtp.wait_packets(60));
    assert_louder(&target.rtp.samples(first), 1_000.0, 440.0);
    assert_louder(&caller.rtp.samples(second), 440.0, 1_000.0);
    caller.bye();
    target.expect_bye();
    let record = node.http().record_of(&caller.id);
    assert_eq!((&record["status"], &record["agent"]), (&"completed".into(), &"1040".into()));
    assert_eq!(record["sip_call_ids"], json!([caller.id, agent.id, target.id]), "one call survives the transfer");
    assert_order(&node.http().journey(&record), &["call.answered", "call.transferred", "call.ended"]);
    node.http().wait_agent("1040", "ready");
}

#[test]
fn to_a_number_outside() {
    let node = node();
    let phone = node.registered("1001");
    let (mut caller, mut agent) = talk(&node, &phone);
    agent.refer("sip:02079460123@demo.local");
    let outside = node.carrier.expect_call();
    outside.reply(180);
    outside.answer();
    assert!(agent.notified().last().is_some_and(|frag| frag.starts_with("SIP/2.0 200")));
    agent.expect_bye();
    node.http().wait_agent("1001", "ready");
    caller.bye();
    outside.expect_bye();
    let record = node.http().record_of(&caller.id);
    assert_eq!(record["status"], "completed");
    assert_eq!(record["sip_call_ids"], json!([caller.id, agent.id, outside.id]));
}

#[test]
fn to_a_queue() {
    let node = node();
    let phone = node.registered("1001");
    let (mut caller, mut agent) = talk(&node, &phone);
    agent.refer("sip:02071830002@demo.local");
    assert!(agent.notified().last().is_some_and(|frag| frag.starts_with("SIP/2.0 200")));
    agent.expect_bye();
    node.http().wait_waiting("sales", 1);
    let sales = node.registered("1050");
    let offer = sales.expect_call();
    offer.answer();
    node.http().wait_agent("1050", "on_call");
    caller.bye();
    offer.expect_bye();
    let record = node.http().record_of(&caller.id);
    assert_eq!((&record["queue"], &record["agent"]), (&"sales".into(), &"1050".into()));
}

#[test]
fn one_that_fails_leaves_the_call_with_the_agent() {
    let node = node();
    let (phone, busy) = (node.registered("1001"), node.registered("1040"));
    let (caller, mut agent) = talk(&node, &phone);
    for (to, status) in [
        ("sip:4711@demo.local", "404"),
        ("sip:1041@demo.local", "480"),
        ("sip:+33142685300@demo.local", "403"),
        ("sip:1001@elsewhere.example", "404"),
    ] {
        agent.refer(to);
        let frags = agent.notified();
        assert!(frags.last().is_some_and(|frag| frag.starts_with(&format!("SIP/2.0 {status}"))), "{to}: {frags:?}");
    }
    agent.refer("sip:1040@demo.local");
    busy.expect_call().reject(486);
    assert!(agent.notified().last().is_some_and(|frag| frag.starts_with("SIP/2.0 486")));
    caller.talk(1_000.0);
    let first = agent.rtp.wait_packets(60);
    assert_louder(&agent.rtp.samples(first), 1_000.0, 440.0);
    agent.bye();
    caller.expect_bye();
    let record = node.http().record_of(&caller.id);
    assert_eq!((&record["status"], &record["agent"]), (&"completed".into(), &"1001".into()));
}

#[test]
fn the_caller_hangs_up_while_the_target_rings() {
    let node = node();
    let (phone, other) = (node.registered("1001"), node.registered("1040"));
    let (mut caller, mut agent) = talk(&node, &phone);
    agent.refer("sip:1040@demo.local");
    let target = other.expect_call();
    target.reply(180);
    caller.bye();
    target.expect_cancel();
    agent.expect_bye();
    assert_eq!(node.http().record_of(&caller.id)["status"], "completed");
    node.http().wait_agent("1001", "ready");
    node.http().wait_agent("1040", "ready");
}
