//! A trunk with several destinations: the next one when one fails, and what becomes of late answers.

use serde_json::{Value, json};

use crate::support::{Endpoint, Node, NodeConfig};

/// Two targets, and a phone.
fn scene(config: NodeConfig) -> (Node, Endpoint, Endpoint, Endpoint) {
    let (node, targets) = Node::with_targets(config, vec![Endpoint::carrier(), Endpoint::carrier()]);
    let phone = node.registered("1001");
    let [first, second] = targets.try_into().ok().expect("two targets");
    (node, phone, first, second)
}

fn demo() -> NodeConfig {
    NodeConfig::demo().set("trunk.0.target_silence_s", 1)
}

/// The steps from one target to the next in the call's journey.
fn steps(node: &Node, record: &Value) -> Vec<(Value, Value)> {
    let id = record["id"].as_str().expect("an id");
    let journey = node.http().get(&format!("/v1/calls/{id}/events")).json();
    let events = journey["data"].as_array().expect("a list").iter();
    let steps = events.filter(|event| event["type"] == "trunk.target_failed");
    steps.map(|event| (event["data"]["target"].clone(), event["data"]["next"].clone())).collect()
}

#[test]
fn a_503_goes_on_to_the_next_target() {
    let (node, phone, first, second) = scene(demo());
    let mut call = phone.call("+442079460123");
    let refused = first.expect_call();
    refused.reject(503);
    let outside = second.expect_call();
    outside.reply(180);
    call.expect_provisional(180);
    outside.answer();
    call.expect_final(200);
    call.bye();
    outside.expect_bye();
    let record = node.http().record_of(&call.id);
    assert_eq!(record["status"], "completed");
    assert_eq!(record["sip_call_ids"], json!([call.id, refused.id, outside.id]), "one record with every leg");
    assert_eq!(steps(&node, &record), [(json!(first.addr().to_string()), json!(second.addr().to_string()))]);
    assert_eq!(node.http().calls("").len(), 1);
}

#[test]
fn a_silent_target_is_left_and_its_late_answer_ended() {
    let (node, phone, first, second) = scene(demo());
    let mut call = phone.call("+442079460123");
    let late = first.expect_call();
    let outside = second.expect_call();
    outside.reply(180);
    call.expect_provisional(180);
    late.answer();
    late.expect_bye();
    outside.answer();
    call.expect_final(200);
    call.talk(440.0);
    outside.rtp.wait_packets(5);
    call.bye();
    outside.expect_bye();
    let record = node.http().record_of(&call.id);
    assert_eq!((&record["status"], &record["cause"]["code"]), (&json!("completed"), &json!("normal")));
    assert_eq!(steps(&node, &record).len(), 1);
}

#[test]
fn a_target_that_says_100_and_never_rings_is_cancelled_and_left() {
    let (node, phone, first, second) = scene(demo().set("trunk.0.target_ring_start_s", 1));
    let mut call = phone.call("+442079460123");
    let stuck = first.expect_call();
    stuck.reply(100);
    stuck.expect_cancel();
    let outside = second.expect_call();
    outside.answer();
    call.expect_final(200);
    call.bye();
    outside.expect_bye();
    assert_eq!(steps(&node, &node.http().record_of(&call.id)).len(), 1);
}

#[test]
fn a_target_that_rang_is_not_left() {
    let (node, phone, first, second) = scene(demo());
    let mut call = phone.call("+442079460123");
    let outside = first.expect_call();
    outside.reply(183);
    outside.reject(503);
    call.expect_final(503);
    let record = node.http().record_of(&call.id);
    assert_eq!(record["cause"]["code"], "upstream");
    assert!(!second.has(|msg| msg.is_request("INVITE")), "no second call to the customer");
}

#[test]
fn a_caller_who_gives_up_ends_the_search() {
    let (node, phone, first, second) = scene(demo().set("trunk.0.target_silence_s", 20));
    let mut call = phone.call("+442079460123");
    let outside = first.expect_call();
    call.cancel();
    outside.reply(180);
    outside.expect_cancel();
    assert_eq!(node.http().record_of(&call.id)["status"], "canceled");
    assert!(!second.has(|msg| msg.is_request("INVITE")));
}

/// A name that nobody has: the trunk has no target.
#[test]
fn without_any_target_the_caller_hears_503() {
    let config = demo().set("trunk.0.destination", "udp:carrier.invalid:5060");
    let node = Node::start_as_is(config, Endpoint::carrier());
    let phone = node.registered("1001");
    let mut call = phone.call("+442079460123");
    let refusal = call.expect_final(503);
    assert!(refusal.header("Reason").contains("trunk_down"), "{refusal:?}");
    assert!(!refusal.header("Retry-After").is_empty());
    assert_eq!(node.http().record_of(&call.id)["cause"]["code"], "trunk_down");
}
