//! A caller, a queue, an agent: the main job, field by field.

use serde_json::{Value, json};

use crate::support::{Call, Endpoint, Node, NodeConfig, SUPPORT, Wav, level_db, unique};

#[test]
fn a_queued_call_is_answered_recorded_and_written_down() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 1));
    let phone = node.registered("1001");
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    let offer = phone.expect_call();
    assert_eq!(from_of(&offer), ("support · +447700900123".to_owned(), "+447700900123".to_owned()));
    offer.reply(180);
    offer.answer();
    caller.talk(1_000.0);
    offer.talk(440.0);
    node.http().wait_agent("1001", "on_call");
    let heard_by_agent = offer.rtp.wait_packets(75);
    let heard_by_caller = caller.rtp.wait_packets(75);
    assert_louder(&offer.rtp.samples(heard_by_agent), 1_000.0, 440.0);
    assert_louder(&caller.rtp.samples(heard_by_caller), 440.0, 1_000.0);
    caller.bye();
    let bye = offer.expect_bye();
    assert!(bye.header("Reason").contains("cause=16"), "{bye:?}");

    let record = node.http().record_of(&caller.id);
    for (field, value) in [
        ("sip_call_ids", json!([caller.id, offer.id])),
        ("direction", json!("inbound")),
        ("internal", json!(false)),
        ("parent_call_id", Value::Null),
        ("status", json!("completed")),
        ("outcome", json!("successful")),
        ("from", json!("+447700900123")),
        ("to", json!(SUPPORT)),
        ("queue", json!("support")),
        ("agent", json!("1001")),
        ("is_lost", json!(false)),
    ] {
        assert_eq!(record[field], value, "{field} of {record:#}");
    }
    assert_eq!(record["cause"]["who"], "caller", "{record:#}");
    assert_eq!(record["cause"]["q850"], 16, "{record:#}");
    assert_eq!(record["cause"]["code"], "normal", "{record:#}");
    assert_stages_in_order(&record, &["started_at", "queued_at", "ringing_at", "answered_at", "ended_at"]);
    assert_eq!(node.http().agent("1001")["state"], "wrap_up");
    node.http().wait_agent("1001", "ready");
    assert_recording(&node, &record);
    let journey = node.http().journey(&record);
    let expected = [
        "call.started",
        "queue.entered",
        "offer.ringing",
        "offer.answered",
        "queue.left",
        "call.answered",
        "call.ended",
    ];
    assert_order(&journey, &expected);
    assert!(journey.iter().any(|step| step == "recording.ready"), "{journey:?}");
}

#[test]
fn the_agent_may_hang_up_first() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 1));
    let phone = node.registered("1001");
    let (caller, mut agent) = talk(&node, &phone);
    agent.bye();
    caller.expect_bye();
    let record = node.http().record_of(&caller.id);
    assert_eq!(record["status"], "completed");
    assert_eq!(record["cause"]["who"], "agent");
    assert_eq!(record["cause"]["q850"], 16);
    node.http().wait_agent("1001", "ready");
}

#[test]
fn callers_are_served_in_the_order_of_their_arrival() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 0));
    let mut callers = Vec::new();
    for number in ["+447700900001", "+447700900002", "+447700900003"] {
        let mut caller = node.carrier.named(number).call(SUPPORT);
        caller.expect_final(200);
        node.http().wait_waiting("support", callers.len() as u64 + 1);
        callers.push(caller);
    }
    let phone = node.registered("1001");
    for caller in &mut callers {
        let offer = phone.expect_call();
        assert_eq!(from_of(&offer).1, caller.endpoint.user);
        offer.answer();
        node.http().wait_agent("1001", "on_call");
        caller.bye();
        offer.expect_bye();
    }
    node.http().wait_waiting("support", 0);
}

#[test]
fn the_agent_who_has_been_idle_longest_rings() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 0));
    let first = node.registered("1001");
    let second = node.registered("1002");
    let third = node.registered("1003");
    for expected in [&first, &second, &third, &first] {
        let mut caller = node.carrier.call(SUPPORT);
        caller.expect_final(200);
        let offer = expected.expect_call();
        offer.answer();
        node.http().wait_agent(&expected.user, "on_call");
        caller.bye();
        offer.expect_bye();
        node.http().wait_agent(&expected.user, "ready");
    }
}

#[test]
fn waiting_callers_hear_music_and_show_in_the_queue() {
    let node = Node::demo();
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    caller.talk(1_000.0);
    let first = caller.rtp.wait_packets(100);
    let samples = caller.rtp.samples(first);
    let loudest = samples.iter().map(|sample| i32::from(*sample).abs()).max();
    assert!(loudest > Some(500), "music, not silence: {loudest:?}");
    let queue = node.http().wait_waiting("support", 1);
    assert!(queue["longest_wait_ms"].as_u64() >= Some(1_000), "{queue}");
    caller.bye();
    let record = node.http().record_of(&caller.id);
    assert_eq!(record["status"], "canceled");
    assert_eq!(record["outcome"], "no_answer");
    assert_eq!(record["cause"]["who"], "caller");
    assert_eq!(record["cause"]["code"], "canceled");
    assert_eq!(record["is_lost"], true);
    assert!(
        record["answered_at"].is_null() && record["agent"].is_null() && record["recording"].is_null(),
        "{record:#}"
    );
    node.http().wait_waiting("support", 0);
}

/// A caller and an agent of `support`, talking.
pub(crate) fn talk(node: &Node, phone: &Endpoint) -> (Call, Call) {
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    let agent = phone.expect_call();
    agent.reply(180);
    agent.answer();
    node.http().wait_agent(&phone.user, "on_call");
    (caller, agent)
}

/// Display name and user part of From.
pub(crate) fn from_of(call: &Call) -> (String, String) {
    let from = call.invite.as_ref().map(|invite| invite.header("From").to_owned()).unwrap_or_default();
    let name = from.split('"').nth(1).unwrap_or_default().to_owned();
    let user = from.split("sip:").nth(1).and_then(|rest| rest.split('@').next()).unwrap_or_default().to_owned();
    (name, user)
}

/// That the wanted tone is at least 20 dB above the other.
#[track_caller]
pub(crate) fn assert_louder(samples: &[i16], wanted: f64, other: f64) {
    let (wanted_db, other_db) = (level_db(samples, wanted), level_db(samples, other));
    let count = samples.len();
    assert!(
        wanted_db > -40.0 && wanted_db >= other_db + 20.0,
        "{wanted} Hz {wanted_db} dB, {other} Hz {other_db} dB in {count}"
    );
}

/// That the steps come in this order, others between them.
#[track_caller]
pub(crate) fn assert_order(journey: &[String], expected: &[&str]) {
    let mut rest = journey.iter();
    for step in expected {
        assert!(rest.any(|known| known == step), "{step} in its place of {expected:?}: {journey:#?}");
    }
}

#[track_caller]
fn assert_stages_in_order(record: &Value, stages: &[&str]) {
    let times: Vec<&str> =
        stages.iter().map(|stage| record[stage].as_str().unwrap_or_else(|| panic!("{stage}: {record:#}"))).collect();
    assert!(times.is_sorted(), "{stages:?}: {times:?}");
    assert!(times.iter().all(|time| time.ends_with('Z')), "{times:?}");
    let wait = millis_between(&record["queued_at"], &record["answered_at"]);
    let talk = millis_between(&record["answered_at"], &record["ended_at"]);
    assert!(record["queue_wait_ms"].as_i64().is_some_and(|ms| (ms - wait).abs() <= 1), "{wait}: {record:#}");
    assert!(record["talk_ms"].as_i64().is_some_and(|ms| (ms - talk).abs() <= 1), "{talk}: {record:#}");
}

/// From one RFC 3339 time to another of the same day or the next.
pub(crate) fn millis_between(from: &Value, to: &Value) -> i64 {
    let millis = |time: &Value| {
        let clock = time.as_str().and_then(|text| text.split('T').nth(1)).unwrap_or_default().trim_end_matches('Z');
        let mut parts = clock.split(':').map(|part| part.parse::<f64>().unwrap_or(f64::NAN));
        let mut next = || parts.next().unwrap_or(f64::NAN);
        ((next() * 3_600.0 + next() * 60.0 + next()) * 1_000.0).round() as i64
    };
    (millis(to) - millis(from)).rem_euclid(86_400_000)
}

fn assert_recording(node: &Node, record: &Value) {
    let id = record["id"].as_str().expect("an id");
    let path = format!("/v1/calls/{id}/recording");
    let file = crate::support::until("the recording", || node.http().get(&path), |response| response.status == 200);
    assert_eq!(file.header("content-type"), Some("audio/wav"));
    let wav = Wav::read(&file.body);
    assert_eq!((wav.rate, wav.channels.len()), (8_000, 2));
    assert_eq!(wav.channels[0].len(), wav.channels[1].len());
    let talk_ms = record["talk_ms"].as_i64().unwrap_or(0);
    assert!((wav.duration_ms() as i64 - talk_ms).abs() <= 300, "{} of {talk_ms} ms", wav.duration_ms());
    let middle = wav.channels[0].len() / 4..wav.channels[0].len() * 3 / 4;
    assert_louder(&wav.channels[0][middle.clone()], 1_000.0, 440.0);
    assert_louder(&wav.channels[1][middle], 440.0, 1_000.0);
    let call = node.http().get(&format!("/v1/calls/{id}")).json();
    assert_eq!(call["recording"]["state"], "ready", "{call:#}");
    assert_eq!(node.http().fetch(&path, &[("Range", "bytes=0-3")]).body, b"RIFF");
    node.http().get(&format!("/v1/calls/call_{}/recording", unique())).assert_problem(404, "call_not_found");
}
