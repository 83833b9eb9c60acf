//! What people do with a phone, with baresip as the phone: keys, hold, transfer, declining.

use crate::queue_calls::{assert_louder, assert_order};
use crate::support::{Baresip, Node, NodeConfig, SUPPORT, VOICEMAIL, until};

fn node() -> Node {
    Node::start(NodeConfig::demo().queue_times(15, 120, 0))
}

#[test]
fn keys_reach_the_voicemail_box() {
    let node = node();
    let mut phone = Baresip::start(&node, "1050", 1_000.0, false);
    phone.command("dial", &format!("sip:{VOICEMAIL}@demo.local"));
    phone.expect("CALL_ESTABLISHED");
    phone.command("sndcode", "5#");
    let call = || node.http().calls("").into_iter().next().unwrap_or_default();
    let steps = || node.http().get(&format!("/v1/calls/{}/events", call()["id"].as_str().unwrap_or("none"))).json();
    let digits = |steps: &serde_json::Value| {
        let all = steps["data"].as_array().into_iter().flatten().filter(|step| step["type"] == "call.digit");
        all.filter_map(|step| step["data"]["digit"].as_str().map(str::to_owned)).collect::<String>()
    };
    until("both keys", steps, |steps| digits(steps) == "5#");
    phone.command("hangup", "");
    until("the end", call, |call| !call["ended_at"].is_null());
}

#[test]
fn hold_and_resume() {
    let node = node();
    let mut phone = Baresip::start(&node, "1001", 440.0, true);
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    phone.expect("CALL_ESTABLISHED");
    caller.talk(1_000.0);
    let journey = || node.http().journey(&node.http().call_with(&caller.id));
    let before = caller.rtp.wait_packets(50);
    assert_louder(&caller.rtp.samples(before)[3_200..], 440.0, 1_000.0);
    phone.command("hold", "");
    until("hold", journey, |steps| steps.iter().any(|step| step == "call.held"));
    caller.rtp.wait_packets(5);
    let first = caller.rtp.wait_packets(75);
    let music = caller.rtp.samples(first);
    assert!(music.iter().any(|sample| sample.unsigned_abs() > 300), "the caller hears music");
    phone.command("resume", "");
    until("resume", journey, |steps| steps.iter().any(|step| step == "call.resumed"));
    caller.rtp.wait_packets(10);
    let again = caller.rtp.wait_packets(50);
    assert_louder(&caller.rtp.samples(again), 440.0, 1_000.0);
    caller.bye();
    phone.expect("CALL_CLOSED");
    let record = node.http().record_of(&caller.id);
    assert_order(&node.http().journey(&record), &["call.answered", "call.held", "call.resumed", "call.ended"]);
    let heard = phone.heard();
    assert_louder(&heard.channels[0], 1_000.0, 440.0);
}

#[test]
fn blind_transfer_to_another_phone() {
    let node = node();
    let mut phone = Baresip::start(&node, "1001", 440.0, true);
    let mut other = Baresip::start(&node, "1040", 600.0, true);
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    phone.expect("CALL_ESTABLISHED");
    caller.talk(1_000.0);
    caller.rtp.wait_packets(20);
    phone.command("transfer", "sip:1040@demo.local");
    other.expect("CALL_ESTABLISHED");
    phone.expect("CALL_CLOSED");
    node.http().wait_agent("1001", "ready");
    caller.rtp.wait_packets(10);
    let first = caller.rtp.wait_packets(50);
    assert_louder(&caller.rtp.samples(first), 600.0, 440.0);
    caller.bye();
    other.expect("CALL_CLOSED");
    let record = node.http().record_of(&caller.id);
    assert_eq!((&record["status"], &record["agent"]), (&"completed".into(), &"1040".into()));
    assert_louder(&other.heard().channels[0], 1_000.0, 440.0);
}

#[test]
fn a_call_declined_at_the_phone_goes_to_the_next() {
    let node = node();
    let mut phone = Baresip::start(&node, "1001", 440.0, false);
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    phone.expect("CALL_INCOMING");
    let other = node.registered("1002");
    phone.command("hangup", "");
    let offer = other.expect_call();
    offer.answer();
    node.http().wait_agent("1002", "on_call");
    caller.bye();
    offer.expect_bye();
    assert_eq!(node.http().record_of(&caller.id)["agent"], "1002");
}
