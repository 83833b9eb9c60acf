//! Who or what answers a campaign's calls, by the sound on the line: people and machines of the labelled openings, fax,
//! tones and silence, as RTP.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::campaign::{Campaign, called, on_duty};
use crate::campaign_races::own_prompts;
use crate::campaign_troubles::{assert_reconciled, quick};
use crate::queue_calls::assert_louder;
use crate::support::{Call, Node, root, ulaw_decode, until};

/// An opening as frames of u-law.
fn sound(file: &str) -> Vec<Vec<u8>> {
    let path = root().join("media/detect/tests/data").join(file);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let data = bytes.windows(4).position(|four| four == b"data").expect("a WAV file has samples") + 8;
    bytes[data..].chunks_exact(FRAME).map(<[u8]>::to_vec).collect()
}

fn plays(call: &Call, frames: Vec<Vec<u8>>) -> Instant {
    call.rtp.play(call.remote_audio.expect("the offer says where its audio is"), frames);
    Instant::now()
}

/// How long after `since` the first loud packet came that is not before `from`.
fn heard_after(call: &Call, since: Instant, from: Duration) -> Duration {
    let packets = call.rtp.packets();
    let is_loud = |payload: &[u8]| payload.iter().any(|byte| ulaw_decode(*byte).unsigned_abs() > 500);
    let first = packets.iter().filter(|packet| packet.at >= since + from).find(|packet| is_loud(&packet.payload));
    first.expect("something is heard").at - since
}

fn attempt_of(campaign: &Campaign<'_>, call: &Call) -> Value {
    let number = called(call);
    let is_over = |one: &Value| one["number"] == number.as_str() && one["ended_at"].is_string();
    let all = campaign.attempts(|all| all.iter().any(is_over));
    all.into_iter().find(is_over).expect("it is there")
}

/// What was detected, with how sure that is and why.
#[track_caller]
fn assert_told(attempt: &Value, outcome: &str, detected: &str) {
    assert_eq!((&attempt["outcome"], &attempt["detected"]), (&json!(outcome), &json!(detected)), "{attempt:#}");
    assert!(attempt["confidence"].as_u64().is_some_and(|sure| (1..=100).contains(&sure)), "{attempt:#}");
    assert!(attempt["detected_because"].as_str().is_some_and(|why| !why.is_empty()), "{attempt:#}");
    assert!(attempt["answered_at"].is_string() && attempt["detected_at"].is_string(), "{attempt:#}");
}

#[test]
fn each_sound_has_its_outcome_and_people_and_doubt_have_an_agent() {
    let node = Node::start(quick());
    let (_one, _two) = (on_duty(&node, "1001"), on_duty(&node, "1002"));
    let more = json!({"pacing": "ratio", "lines_per_agent": 4.0, "detect": true, "on_machine": "message",
        "machine_message": "goodbye", "recycle": {}});
    let campaign = Campaign::started(&node, 8, more);
    let lines: [Call; 8] = std::array::from_fn(|_| node.carrier.expect_call());
    let [mut person, mut doubt, machine, fax, dead, silent, sit, network] = lines;
    // The number is not in service, says the network before any answer.
    network.reply_with_sdp(183);
    plays(&network, sound("tone_sit_ic.wav"));
    for call in [&person, &doubt, &machine, &fax, &dead, &silent, &sit] {
        call.reply(180);
        call.answer();
    }
    let begun = plays(&machine, sound("machine_22.wav"));
    plays(&person, sound("human_01.wav"));
    // "Hello?", and a beep three seconds later: nothing tells it from a person when it has said so.
    plays(&doubt, sound("machine_25.wav"));
    plays(&fax, sound("tone_fax_ced_2100.wav"));
    plays(&silent, Vec::new());
    plays(&sit, sound("tone_sit_vc.wav"));

    network.expect_cancel();
    let attempt = attempt_of(&campaign, &network);
    let told = (&attempt["outcome"], &attempt["early"], &attempt["answered_at"]);
    assert_eq!(told, (&json!("unobtainable"), &json!("sit"), &Value::Null), "{attempt:#}");
    sit.expect_bye();
    assert_told(&attempt_of(&campaign, &sit), "unobtainable", "sit");
    fax.expect_bye();
    assert_told(&attempt_of(&campaign, &fax), "fax", "fax");
    for call in [&dead, &silent] {
        call.expect_bye();
        assert_told(&attempt_of(&campaign, call), "dead_air", "dead_air");
    }
    machine.expect_bye();
    let spoken = heard_after(&machine, begun, Duration::from_secs(1));
    assert!((BEEP_OVER..BEEP_OVER + Duration::from_millis(1_500)).contains(&spoken), "after the beep: {spoken:?}");
    let attempt = attempt_of(&campaign, &machine);
    assert_told(&attempt, "machine_message", "machine");
    assert!(attempt["played_at"].is_string(), "{attempt:#}");
    let record = node.http().record_of(&machine.id);
    assert_eq!((&record["outcome"], &record["agent"]), (&json!("voicemail"), &Value::Null), "{record:#}");

    for extension in ["1001", "1002"] {
        node.http().wait_agent(extension, "on_call");
    }
    for call in [&mut person, &mut doubt] {
        call.bye();
        let attempt = attempt_of(&campaign, call);
        assert_told(&attempt, "connected", "person");
        assert!(attempt["waited_ms"].as_u64() <= Some(2_000), "{attempt:#}");
    }
    campaign.step("stop");
    assert_reconciled(&campaign, 8);
}

/// The message for machines is torn: it is a machine all the same, which has heard nothing.
#[test]
fn a_machine_whose_message_cannot_be_played_is_hung_up() {
    let folder = own_prompts();
    std::fs::write(folder.path().join("goodbye.wav"), b"RIFF\x04\0\0\0WAVE").expect("a prompt");
    let node = Node::start(quick().set("node.prompts_dir", folder.path().display().to_string()));
    let _agent = on_duty(&node, "1001");
    let more = json!({"detect": true, "on_machine": "message", "machine_message": "goodbye", "recycle": {}});
    let campaign = Campaign::started(&node, 1, more);
    let machine = node.carrier.expect_call();
    machine.answer();
    plays(&machine, sound("machine_29.wav"));
    machine.expect_bye();
    let attempt = attempt_of(&campaign, &machine);
    assert_told(&attempt, "machine", "machine");
    assert_eq!((&attempt["played_at"], &attempt["agent"]), (&Value::Null, &Value::Null), "{attempt:#}");
    campaign.step("stop");
    assert_reconciled(&campaign, 1);
    node.http().wait_agent("1001", "ready");
}

/// A customer who holds while he is listened to, and in the moment of the bridge.
#[test]
fn whoever_holds_as_he_is_listened_to_or_bridged_talks_when_he_is_back() {
    let node = Node::start(quick());
    let (_phone, leg) = on_duty(&node, "1001");
    let campaign = Campaign::started(&node, 1, json!({"detect": true, "recycle": {}}));
    let mut customer = node.carrier.expect_call();
    customer.reply(180);
    customer.answer();
    assert_eq!(customer.reinvite("sendonly").direction(), "recvonly");
    assert_eq!(customer.reinvite("sendrecv").direction(), "sendrecv");
    plays(&customer, sound("human_01.wav"));
    until("the bridge", || node.http().agent("1001"), |agent| agent["state"] == "on_call");
    assert_eq!(customer.reinvite("inactive").direction(), "inactive");
    customer.rtp.hush();
    assert_eq!(customer.reinvite("sendrecv").direction(), "sendrecv");
    customer.talk(1_000.0);
    leg.talk(440.0);
    let (by_agent, by_customer) = (leg.rtp.wait_packets(100), customer.rtp.wait_packets(75));
    assert_louder(&leg.rtp.samples(by_agent + 50), 1_000.0, 440.0);
    assert_louder(&customer.rtp.samples(by_customer), 440.0, 1_000.0);
    customer.bye();
    campaign.step("stop");
    let all = assert_reconciled(&campaign, 1);
    assert_told(&all[0], "connected", "person");
}

/// Bytes of 20 ms of u-law.
const FRAME: usize = 160;
/// When the beep of `machine_22.wav` ends.
const BEEP_OVER: Duration = Duration::from_millis(4_807);
