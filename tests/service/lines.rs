//! An agent with two lines: one conversation is active, the other held.

use crate::hold::is_music;
use crate::queue_calls::{assert_louder, assert_order, from_of, talk};
use crate::support::{Node, NodeConfig, SUPPORT, until};

#[test]
fn a_second_call_comes_while_the_first_is_held_and_a_third_waits() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 0).set("agents.0.lines", 2));
    let phone = node.registered("1001");
    let (mut first, mut line) = talk(&node, &phone);
    let second = {
        let mut second = node.carrier.named("+447700900002").call(SUPPORT);
        second.expect_final(200);
        second
    };
    let mut other = phone.expect_call();
    assert_eq!(from_of(&other).1, "+447700900002");
    // As desk phones do: the first is held before the second is taken.
    line.reinvite("sendonly");
    other.answer();
    let both = until("both calls", || node.http().agent("1001"), |agent| agent["calls"][1].is_string());
    assert_eq!((&both["state"], both["calls"].as_array().map(Vec::len)), (&"on_call".into(), Some(2)), "{both}");
    let held = until("the call on hold", || node.http().agent("1001"), |agent| agent["held"][0].is_string());
    assert_eq!((&held["held"][0], &held["call_id"]), (&held["calls"][0], &held["calls"][1]), "{held}");
    other.talk(440.0);
    second.talk(1_000.0);
    let heard = second.rtp.wait_packets(50);
    assert_louder(&second.rtp.samples(heard), 440.0, 1_000.0);
    first.rtp.wait_packets(25);

    let mut third = node.carrier.named("+447700900003").call(SUPPORT);
    third.expect_final(200);
    node.http().wait_waiting("support", 1);
    assert!(!phone.has(|msg| msg.is_request("INVITE") && msg.tag("To").is_empty()), "no third line");
    other.bye();
    second.expect_bye();
    let next = phone.expect_call();
    assert_eq!(from_of(&next).1, "+447700900003", "a line is free");
    next.reply(180);
    third.bye();
    next.expect_cancel();
    line.reinvite("sendrecv");
    line.talk(440.0);
    first.talk(1_000.0);
    let heard = first.rtp.wait_packets(75);
    assert_louder(&first.rtp.samples(heard + 25), 440.0, 1_000.0);
    first.bye();
    line.expect_bye();
    node.http().wait_agent("1001", "ready");
}

#[test]
fn a_call_that_the_phone_does_not_hold_is_held_by_us() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 0).set("agents.0.lines", 2));
    let phone = node.registered("1001");
    let (mut first, line) = talk(&node, &phone);
    line.talk(440.0);
    let heard = first.rtp.wait_packets(50);
    assert_louder(&first.rtp.samples(heard + 10), 440.0, 1_000.0);
    let mut second = node.carrier.named("+447700900002").call(SUPPORT);
    second.expect_final(200);
    let other = phone.expect_call();
    other.answer();
    let held = until("the call on hold", || node.http().agent("1001"), |agent| agent["held"][0].is_string());
    assert_eq!(held["call_id"], node.http().call_with(&second.id)["id"], "{held}");
    first.rtp.wait_packets(5);
    let heard = first.rtp.wait_packets(75);
    let music = first.rtp.samples(heard);
    assert!(music.iter().any(|sample| sample.unsigned_abs() > 300), "the first caller hears music");
    assert!(is_music(&music), "and not the agent");
    second.bye();
    other.expect_bye();
    first.rtp.wait_packets(5);
    let heard = first.rtp.wait_packets(50);
    assert_louder(&first.rtp.samples(heard), 440.0, 1_000.0);
    first.bye();
    line.expect_bye();
    let record = node.http().record_of(&first.id);
    assert_order(&node.http().journey(&record), &["call.answered", "call.held", "call.resumed", "call.ended"]);
}
