//! Voicemail: dialed, after too long a wait, kept and too short.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Call, Node, NodeConfig, SUPPORT, VOICEMAIL, Wav, level_db, until};

#[test]
fn a_message_is_kept_listed_and_plays() {
    let node = Node::demo();
    let mut caller = node.carrier.call(VOICEMAIL);
    let answer = caller.expect_final(200);
    speak(&node, &mut caller, answer.audio().expect("audio"), Duration::from_millis(2_600));
    let record = node.http().record_of(&caller.id);
    assert_eq!(record["status"], "completed", "{record:#}");
    assert_eq!(record["outcome"], "voicemail");
    assert_eq!(record["is_lost"], false);
    let voicemail = the_voicemail(&node, &record);
    assert_eq!(voicemail["queue"], "support");
    assert_eq!(voicemail["from"], "+447700900123");
    let duration = voicemail["duration_ms"].as_u64().unwrap_or(0);
    assert!((2_000..5_000).contains(&duration), "{duration} ms");
    let id = voicemail["id"].as_str().expect("an id");
    assert_eq!(node.http().get(&format!("/v1/voicemails/{id}")).json(), voicemail);
    let audio = node.http().get(&format!("/v1/voicemails/{id}/audio"));
    assert_eq!((audio.status, audio.header("content-type")), (200, Some("audio/wav")));
    let wav = Wav::read(&audio.body);
    assert!(wav.duration_ms().abs_diff(duration) <= 100, "{} of {duration} ms", wav.duration_ms());
    let level = level_db(&wav.channels[0], 1_000.0);
    assert!(level > -30.0, "the caller is heard: {level} dB");
}

#[test]
fn a_message_that_is_too_short_is_a_lost_call() {
    let node = Node::demo();
    let mut caller = node.carrier.call(VOICEMAIL);
    let answer = caller.expect_final(200);
    speak(&node, &mut caller, answer.audio().expect("audio"), Duration::from_millis(600));
    let record = node.http().record_of(&caller.id);
    assert_eq!(record["status"], "canceled", "{record:#}");
    assert_eq!(record["outcome"], "no_answer");
    assert_eq!(node.http().get("/v1/voicemails").json()["data"], Value::Array(Vec::new()));
}

#[test]
fn the_longest_wait_ends_in_voicemail() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 2, 2));
    let mut caller = node.carrier.call(SUPPORT);
    let answer = caller.expect_final(200);
    let audio = answer.audio().expect("audio");
    node.http().wait_waiting("support", 1);
    node.http().wait_waiting("support", 0);
    speak(&node, &mut caller, audio, Duration::from_millis(2_600));
    let record = node.http().record_of(&caller.id);
    assert_eq!(record["status"], "completed", "{record:#}");
    assert_eq!(record["outcome"], "voicemail");
    assert_eq!(record["queue"], "support");
    assert_eq!(record["is_lost"], false);
    assert_eq!(the_voicemail(&node, &record)["call_id"], record["id"]);
    let journey = node.http().journey(&record);
    crate::queue_calls::assert_order(&journey, &["queue.entered", "queue.left", "voicemail.left", "call.ended"]);
}

#[test]
fn a_caller_who_leaves_nothing_after_the_longest_wait_is_lost() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 1, 2));
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    node.http().wait_waiting("support", 1);
    node.http().wait_waiting("support", 0);
    caller.bye();
    let record = node.http().record_of(&caller.id);
    assert_eq!(record["status"], "no_answer", "{record:#}");
    assert_eq!(record["is_lost"], true);
    assert_eq!(record["cause"]["code"], "wait_over");
}

/// Speaks from the end of the greeting on, which `#` cuts short, and hangs up.
pub(crate) fn speak(node: &Node, caller: &mut Call, to: std::net::SocketAddr, length: Duration) {
    let steps = || node.http().journey(&node.http().call_with(&caller.id));
    // A key before the greeting plays would say nothing.
    caller.rtp.wait_packets(10);
    caller.rtp.press(to, 11);
    until("the end of the greeting", steps, |steps| steps.iter().any(|step| step == "call.digit"));
    let start = Instant::now();
    caller.rtp.talk(to, 1_000.0);
    while start.elapsed() < length {
        caller.rtp.wait_packets(0);
        std::thread::sleep(Duration::from_millis(10));
    }
    caller.bye();
}

fn the_voicemail(node: &Node, record: &Value) -> Value {
    let ask = || node.http().get("/v1/voicemails").json()["data"].as_array().cloned().unwrap_or_default();
    let voicemails = until("a voicemail", ask, |voicemails| !voicemails.is_empty());
    assert_eq!(voicemails.len(), 1, "{voicemails:#?}");
    assert_eq!(voicemails[0]["call_id"], record["id"]);
    voicemails[0].clone()
}
