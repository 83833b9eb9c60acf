//! Standing legs over real SIP: a phone is called once, customers are bridged to it, and it outlives their calls.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::queue_calls::assert_louder;
use crate::support::{Baresip, Call, Endpoint, Node, NodeConfig, SUPPORT, unique, until};

/// The demo whose `support` is served over standing legs alone, and whose code for one is 45.
fn demo() -> NodeConfig {
    let demo = NodeConfig::demo().queue_times(15, 120, 0).set("queue.0.standing_leg", true);
    demo.push("number", "number = \"45\"\ntarget = \"standing_leg\"")
}

fn order(node: &Node, verb: &str) -> Value {
    let done = node.http().post(&format!("/v1/agents/1001/{verb}"), &unique(), &json!({}));
    assert_eq!(done.status, 200, "{}", done.text());
    done.json()
}

fn wait_leg(node: &Node, leg: &str) -> Value {
    until("the standing leg", || node.http().agent("1001"), |agent| agent["standing_leg"] == leg)
}

/// Agent 1001 with his standing leg up.
fn connected(node: &Node) -> (Endpoint, Call) {
    let phone = node.registered("1001");
    order(node, "connect");
    let leg = phone.expect_call();
    leg.answer();
    wait_leg(node, "up");
    (phone, leg)
}

#[test]
fn two_customers_one_after_the_other_are_bridged_to_one_leg() {
    let node = Node::start(demo());
    let phone = node.registered("1001");
    let mut first = node.carrier.call(SUPPORT);
    first.expect_final(200);
    node.http().wait_waiting("support", 1);
    assert_eq!(node.http().agent("1001")["state"], "ready", "ready, and he is not logged in: nothing rings");
    assert_eq!(order(&node, "connect")["standing_leg"], "calling");
    let leg = phone.expect_call();
    leg.answer();
    leg.talk(440.0);
    node.http().wait_agent("1001", "on_call");
    first.talk(1_000.0);
    let from = first.rtp.wait_packets(60);
    assert_louder(&first.rtp.samples(from), 440.0, 1_000.0);
    let from = leg.rtp.wait_packets(60);
    assert_louder(&leg.rtp.samples(from), 1_000.0, 440.0);
    first.bye();
    node.http().wait_agent("1001", "ready");
    let comfort = leg.rtp.wait_packets(25);
    assert!(
        leg.rtp.samples(comfort).iter().skip(1_600).all(|sample| sample.unsigned_abs() < 20),
        "silence, in packets"
    );

    let mut second = node.carrier.call(SUPPORT);
    second.expect_final(200);
    node.http().wait_agent("1001", "on_call");
    assert!(!phone.has(|message| message.is_request("INVITE")), "nothing rings");
    second.bye();
    node.http().wait_agent("1001", "ready");
    let record = node.http().record_of(&second.id);
    assert_eq!((&record["status"], &record["agent"]), (&"completed".into(), &"1001".into()), "{record}");
    assert_eq!(node.http().calls("").len(), 2, "the standing leg is no call");
    assert_eq!(order(&node, "disconnect")["standing_leg"], "none");
    leg.expect_bye();
    assert_eq!(node.http().metric("trunkline_facts_repaired_total"), 0.0);
}

#[test]
fn whoever_hangs_up_is_offered_nothing_a_second_later() {
    let node = Node::start(demo());
    let (phone, mut leg) = connected(&node);
    leg.bye();
    let gone = Instant::now();
    wait_leg(&node, "none");
    assert!(gone.elapsed() < Duration::from_secs(1));
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    node.http().wait_waiting("support", 1);
    let idle = node.http().get("/v1/agents/1001/why-idle").json();
    assert_eq!(idle["queues"].as_array().map(Vec::len), Some(0), "{idle}");
    // Logged in again he has the caller at once.
    let mut again = phone.call("45");
    again.expect_final(200);
    node.http().wait_agent("1001", "on_call");
    caller.bye();
    until("both over", || node.http().agent("1001"), |agent| agent["state"] == "ready");
    again.bye();
    wait_leg(&node, "none");
    node.http().record_of(&caller.id);
    assert_eq!(node.http().calls("").len(), 1, "a dialed code makes no record");
}

#[test]
fn a_crash_ends_the_leg_and_the_phone_is_called_again() {
    let mut node = Node::start(demo());
    let (phone, leg) = connected(&node);
    node.kill();
    node.restart();
    leg.expect_bye();
    let again = phone.expect_call();
    again.answer();
    wait_leg(&node, "up");
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    node.http().wait_agent("1001", "on_call");
    caller.bye();
    node.http().record_of(&caller.id);
    assert_eq!(node.http().calls("").len(), 1);
}

#[test]
fn a_real_phone_hears_a_tone_and_then_the_customer() {
    let node = Node::start(demo());
    let mut phone = Baresip::start(&node, "1001", 440.0, true);
    order(&node, "connect");
    phone.expect("CALL_ESTABLISHED");
    wait_leg(&node, "up");
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    caller.talk(1_000.0);
    let from = caller.rtp.wait_packets(100);
    assert_louder(&caller.rtp.samples(from), 440.0, 1_000.0);
    caller.bye();
    node.http().wait_agent("1001", "ready");
    order(&node, "disconnect");
    phone.expect("CALL_CLOSED");
    assert_louder(&phone.heard().channels[0], 1_000.0, 440.0);
}

/// A phone that sends no RTP, as it is muted, and one that holds as its agent takes another line.
#[test]
fn silence_between_calls_ends_nothing_and_on_hold_nobody_is_bridged() {
    let node = Node::start(demo().set("rtp.silence_s", 1));
    let (_phone, mut leg) = connected(&node);
    std::thread::sleep(Duration::from_millis(2_500));
    wait_leg(&node, "up");
    leg.reinvite("sendonly");
    wait_leg(&node, "held");
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    node.http().wait_waiting("support", 1);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(node.http().agent("1001")["state"], "ready", "he waits on");
    leg.reinvite("sendrecv");
    leg.talk(440.0);
    caller.talk(1_000.0);
    node.http().wait_agent("1001", "on_call");
    let from = caller.rtp.wait_packets(60);
    assert_louder(&caller.rtp.samples(from), 440.0, 1_000.0);
    // On hold when his call ends: he is not for the next one.
    leg.reinvite("sendonly");
    caller.bye();
    wait_leg(&node, "held");
    leg.bye();
    wait_leg(&node, "none");
    assert_eq!(node.http().metric("trunkline_facts_repaired_total"), 0.0);
}
