//! Offers that do not become calls: rings unanswered, pauses, phones that vanish, wrap-up.

use serde_json::json;

use crate::queue_calls::{from_of, talk};
use crate::support::{Node, NodeConfig, SUPPORT};

#[test]
fn three_rings_unanswered_pause_the_agent_and_keep_the_place() {
    let node = Node::start(NodeConfig::demo().queue_times(1, 120, 0));
    let phone = node.registered("1001");
    let mut first = node.carrier.named("+447700900001").call(SUPPORT);
    first.expect_final(200);
    node.http().wait_agent("1001", "reserved");
    let mut second = node.carrier.named("+447700900002").call(SUPPORT);
    second.expect_final(200);
    for ring in 1..=3 {
        let offer = phone.expect_call();
        assert_eq!(from_of(&offer).1, "+447700900001", "ring {ring}: the caller keeps the place");
        offer.reply(180);
        offer.expect_cancel();
    }
    let agent = node.http().wait_agent("1001", "paused");
    assert_eq!(agent["reason"], "rona", "{agent}");
    node.http().wait_waiting("support", 2);
    let other = node.registered("1002");
    let offer = other.expect_call();
    assert_eq!(from_of(&offer).1, "+447700900001", "first in, first out after three missed rings");
    offer.answer();
    node.http().wait_agent("1002", "on_call");
    first.bye();
    offer.expect_bye();
    let record = node.http().record_of(&first.id);
    let journey = node.http().journey(&record);
    assert_eq!(journey.iter().filter(|step| *step == "offer.missed").count(), 3, "{journey:?}");
    assert_eq!(record["agent"], "1002");
    let next = other.expect_call();
    assert_eq!(from_of(&next).1, "+447700900002");
    next.answer();
    node.http().wait_agent("1002", "on_call");
    second.bye();
    next.expect_bye();
    // A PUT makes him ready again.
    assert_eq!(node.http().put("/v1/agents/1001/state", &json!({"state": "ready"})).json()["state"], "ready");
}

#[test]
fn a_missed_ring_lets_others_come_first() {
    let node = Node::start(NodeConfig::demo().queue_times(1, 120, 0));
    let (first, second) = (node.registered("1001"), node.registered("1002"));
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    let missed = first.expect_call();
    missed.reply(180);
    missed.expect_cancel();
    let taken = second.expect_call();
    taken.answer();
    node.http().wait_agent("1002", "on_call");
    assert_eq!(node.http().agent("1001")["state"], "ready");
    caller.bye();
    taken.expect_bye();
}

#[test]
fn a_pause_while_it_rings_ends_the_offer_and_keeps_the_place() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 0));
    let phone = node.registered("1001");
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    let offer = phone.expect_call();
    offer.reply(180);
    let paused = node.http().put("/v1/agents/1001/state", &json!({"state": "paused", "reason": "lunch"}));
    assert_eq!(paused.status, 200, "{}", paused.text());
    offer.expect_cancel();
    assert_eq!(node.http().wait_agent("1001", "paused")["reason"], "lunch");
    node.http().wait_waiting("support", 1);
    let record = node.http().call_with(&caller.id);
    assert!(node.http().journey(&record).iter().any(|step| step == "offer.withdrawn"));
    node.http().put("/v1/agents/1001/state", &json!({"state": "ready"}));
    let offer = phone.expect_call();
    offer.answer();
    node.http().wait_agent("1001", "on_call");
    caller.bye();
    offer.expect_bye();
}

#[test]
fn wrap_up_keeps_the_next_caller_waiting_and_ready_ends_it() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 60));
    let phone = node.registered("1001");
    let (mut caller, agent) = talk(&node, &phone);
    caller.bye();
    agent.expect_bye();
    node.http().wait_agent("1001", "wrap_up");
    let mut next = node.carrier.call(SUPPORT);
    next.expect_final(200);
    node.http().wait_waiting("support", 1);
    assert!(!phone.has(|msg| msg.is_request("INVITE")), "no offer in wrap-up");
    assert_eq!(node.http().put("/v1/agents/1001/state", &json!({"state": "ready"})).status, 200);
    let offer = phone.expect_call();
    offer.answer();
    node.http().wait_agent("1001", "on_call");
    // A pause in a call applies after it.
    let later = node.http().put("/v1/agents/1001/state", &json!({"state": "paused", "reason": "training"})).json();
    assert_eq!((&later["status"], &later["state"]), (&"paused".into(), &"on_call".into()));
    next.bye();
    offer.expect_bye();
    crate::support::until(
        "the pause after the call",
        || node.http().agent("1001"),
        |agent| agent["state"] == "paused" || agent["state"] == "wrap_up",
    );
}

#[test]
fn wrap_up_ends_by_itself() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 1));
    let phone = node.registered("1001");
    let (mut caller, agent) = talk(&node, &phone);
    caller.bye();
    agent.expect_bye();
    node.http().wait_agent("1001", "wrap_up");
    node.http().wait_agent("1001", "ready");
}

#[test]
fn a_phone_that_is_gone_is_no_dead_end() {
    let node = Node::start(NodeConfig::demo().queue_times(2, 120, 0));
    let (gone, there) = (node.registered("1001"), node.registered("1002"));
    gone.mute();
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    let offer = there.expect_call();
    offer.answer();
    node.http().wait_agent("1002", "on_call");
    caller.bye();
    offer.expect_bye();
    assert_eq!(node.http().record_of(&caller.id)["agent"], "1002");
}

#[test]
fn an_agent_without_a_phone_gets_nothing_until_it_registers() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 0));
    let agent = node.http().agent("1001");
    assert_eq!((&agent["status"], &agent["state"]), (&"ready".into(), &"offline".into()));
    assert_eq!((&agent["reason"], &agent["registered"]), (&"no_device".into(), &false.into()));
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    node.http().wait_waiting("support", 1);
    let phone = node.registered("1001");
    let offer = phone.expect_call();
    offer.answer();
    node.http().wait_agent("1001", "on_call");
    caller.bye();
    offer.expect_bye();
    assert_eq!(phone.register_for(0).response.status(), 200);
    assert_eq!(node.http().wait_agent("1001", "offline")["reason"], "no_device");
}
