//! Hanging up at every stage of a queue call, from each side.

use serde_json::Value;

use crate::queue_calls::talk;
use crate::support::{Call, Node, NodeConfig, SUPPORT};

fn node() -> Node {
    Node::start(NodeConfig::demo().queue_times(15, 120, 2))
}

#[test]
fn the_caller_while_the_agent_rings() {
    let node = node();
    let phone = node.registered("1001");
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    let offer = phone.expect_call();
    offer.reply(180);
    node.http().wait_agent("1001", "reserved");
    caller.bye();
    let cancel = offer.expect_cancel();
    assert!(!cancel.header("Reason").is_empty(), "{cancel:?}");
    let record = assert_lost(&node, &caller, "canceled");
    assert!(!record["ringing_at"].is_null(), "{record:#}");
    // Ready at once: no wrap-up, no missed ring.
    let agent = node.http().wait_agent("1001", "ready");
    assert!(agent["reason"].is_null(), "{agent}");
}

#[test]
fn the_caller_before_the_phone_says_anything() {
    let node = node();
    let phone = node.registered("1001");
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    let offer = phone.expect_call();
    caller.bye();
    // RFC 3261 9.1: no CANCEL before a provisional response.
    assert!(!phone.has(|msg| msg.is_request("CANCEL")));
    offer.reply(180);
    offer.expect_cancel();
    assert_lost(&node, &caller, "canceled");
    node.http().wait_agent("1001", "ready");
}

#[test]
fn the_caller_as_the_agent_picks_up() {
    let node = node();
    let phone = node.registered("1001");
    for _ in 0..5 {
        let mut caller = node.carrier.call(SUPPORT);
        caller.expect_final(200);
        let offer = phone.expect_call();
        offer.reply(180);
        // Both at once: whoever is first, both legs end and one record tells it.
        let bye = caller.text("BYE", "", "");
        offer.reply_with_sdp(200);
        caller.endpoint.send(bye);
        offer.expect_request("ACK");
        offer.expect_bye();
        let record = node.http().record_of(&caller.id);
        assert!(["canceled", "completed"].contains(&record["status"].as_str().unwrap_or_default()), "{record:#}");
        let body = serde_json::json!({"state": "ready"});
        node.http().put("/v1/agents/1001/state", &body);
        node.http().wait_agent("1001", "ready");
    }
}

#[test]
fn the_caller_cancels_as_the_queue_answers() {
    let node = node();
    for _ in 0..5 {
        let mut caller = node.carrier.call(SUPPORT);
        caller.send_cancel();
        let answer = caller.final_response();
        caller.acknowledge(&answer);
        if answer.status() == 200 {
            // The node may end it by itself, having read the CANCEL before it sent the 200.
            assert!([200, 481].contains(&caller.request("BYE", "", "").status()));
        } else {
            assert_eq!(answer.status(), 487);
        }
        let record = node.http().record_of(&caller.id);
        assert_eq!((&record["status"], &record["cause"]["who"]), (&"canceled".into(), &"caller".into()), "{record:#}");
    }
    node.http().wait_waiting("support", 0);
}

#[test]
fn the_agent_declines_and_the_caller_goes_to_the_next() {
    let node = node();
    let (first, second) = (node.registered("1001"), node.registered("1002"));
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    let declined = first.expect_call();
    declined.reply(180);
    declined.reject(603);
    let taken = second.expect_call();
    taken.answer();
    node.http().wait_agent("1002", "on_call");
    caller.bye();
    taken.expect_bye();
    let record = node.http().record_of(&caller.id);
    assert_eq!((&record["status"], &record["agent"]), (&"completed".into(), &"1002".into()));
    assert!(node.http().journey(&record).iter().any(|step| step == "offer.refused"));
    node.http().wait_agent("1001", "ready");
}

#[test]
fn both_sides_at_once() {
    let node = node();
    let phone = node.registered("1001");
    let (mut caller, mut agent) = talk(&node, &phone);
    let (first, second) = (caller.text("BYE", "", ""), agent.text("BYE", "", ""));
    caller.endpoint.send(first);
    agent.endpoint.send(second);
    for call in [&caller, &agent] {
        let answer = call
            .endpoint
            .expect("an answer to BYE", |msg| msg.call_id() == call.id && msg.method() == "BYE" && msg.status() >= 200);
        assert!([200, 481].contains(&answer.status()), "{}", answer.start);
    }
    assert_eq!(node.http().record_of(&caller.id)["status"], "completed");
    node.http().wait_agent("1001", "ready");
}

#[test]
fn the_caller_during_the_greeting_of_voicemail() {
    let node = node();
    let mut caller = node.carrier.call(crate::support::VOICEMAIL);
    caller.expect_final(200);
    caller.rtp.wait_packets(5);
    caller.bye();
    let record = node.http().record_of(&caller.id);
    assert_eq!(record["status"], "canceled", "{record:#}");
}

fn assert_lost(node: &Node, caller: &Call, status: &str) -> Value {
    let record = node.http().record_of(&caller.id);
    assert_eq!(record["status"], status, "{record:#}");
    assert_eq!(record["is_lost"], true, "{record:#}");
    assert!(record["answered_at"].is_null() && record["agent"].is_null(), "{record:#}");
    assert_eq!(record["cause"]["who"], "caller", "{record:#}");
    record
}
