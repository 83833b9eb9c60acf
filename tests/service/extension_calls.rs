//! Agents who call each other.

use crate::queue_calls::assert_louder;
use crate::support::Node;

#[test]
fn an_agent_calls_another_one() {
    let node = Node::demo();
    let (caller, callee) = (node.registered("1001"), node.registered("1002"));
    let mut call = caller.call("1002");
    let ringing = callee.expect_call();
    ringing.reply(180);
    call.expect_provisional(180);
    ringing.answer();
    call.expect_final(200);
    node.http().wait_agent("1001", "on_call");
    node.http().wait_agent("1002", "on_call");
    call.talk(1_000.0);
    ringing.talk(440.0);
    let (first, second) = (ringing.rtp.wait_packets(60), call.rtp.wait_packets(60));
    assert_louder(&ringing.rtp.samples(first), 1_000.0, 440.0);
    assert_louder(&call.rtp.samples(second), 440.0, 1_000.0);
    call.bye();
    ringing.expect_bye();
    let record = node.http().record_of(&call.id);
    assert_eq!(record["direction"], "outbound_dial");
    assert_eq!(record["internal"], true);
    assert_eq!(record["status"], "completed");
    assert_eq!((&record["from"], &record["to"]), (&"1001".into(), &"1002".into()));
    assert!(record["queue"].is_null() && record["queued_at"].is_null() && record["recording"].is_null(), "{record:#}");
    // No wrap-up: it follows queue calls only.
    node.http().wait_agent("1001", "ready");
    node.http().wait_agent("1002", "ready");
}

#[test]
fn a_paused_agent_is_reached_by_extension() {
    let node = Node::demo();
    let (caller, callee) = (node.registered("1001"), node.registered("1002"));
    let body = serde_json::json!({"state": "paused", "reason": "lunch"});
    assert_eq!(node.http().put("/v1/agents/1002/state", &body).status, 200);
    let mut call = caller.call("1002");
    let ringing = callee.expect_call();
    ringing.answer();
    call.expect_final(200);
    node.http().wait_agent("1002", "on_call");
    call.bye();
    ringing.expect_bye();
    assert_eq!(node.http().wait_agent("1002", "paused")["reason"], "lunch");
}

#[test]
fn who_cannot_be_reached_is_told_apart() {
    let node = Node::demo();
    let caller = node.registered("1001");
    let mut without_phone = caller.call("1002");
    let answer = without_phone.expect_final(480);
    assert!(answer.header("Reason").contains("Q.850"), "{answer:?}");
    let mut unknown = caller.call("4711");
    unknown.expect_final(404);
    let busy_phone = node.registered("1003");
    let mut busy = caller.call("1003");
    busy_phone.expect_call().reject(486);
    busy.expect_final(486);
    let record = node.http().record_of(&busy.id);
    assert_eq!((&record["status"], &record["cause"]["code"]), (&"no_answer".into(), &"busy".into()));
    assert_eq!((&record["cause"]["q850"], &record["cause"]["sip"]), (&17.into(), &486.into()));
    let record = node.http().record_of(&unknown.id);
    assert_eq!((&record["status"], &record["cause"]["code"]), (&"failed".into(), &"unknown_number".into()));
    assert_eq!(record["is_lost"], false);
    assert_eq!(node.http().record_of(&without_phone.id)["cause"]["code"], "unreachable");
}

#[test]
fn the_caller_gives_up_while_it_rings() {
    let node = Node::demo();
    let (caller, callee) = (node.registered("1001"), node.registered("1002"));
    let mut call = caller.call("1002");
    let ringing = callee.expect_call();
    ringing.reply(180);
    call.expect_provisional(180);
    call.cancel();
    ringing.expect_cancel();
    let record = node.http().record_of(&call.id);
    assert_eq!((&record["status"], &record["cause"]["who"]), (&"canceled".into(), &"caller".into()));
    node.http().wait_agent("1001", "ready");
    node.http().wait_agent("1002", "ready");
}
