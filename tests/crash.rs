//! One kill -9 over 50 calls in all stages, and one broken assertion of their shard.
//!
//! After either each call has exactly one record, agents are free, recordings play, peers are told, and a caller who
//! rings again gets his place. After the broken assertion the node never was away.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests have sockets, files and clocks")]

mod support;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use support::{Call, Endpoint, Msg, Node, NodeConfig, SUPPORT, Sizes, Stages, Wav, answered, until};

#[test]
fn fifty_calls_in_all_stages_outlive_the_node() {
    let config = NodeConfig::demo().queue_times(60, 600, 60);
    let mut node = Node::start(config);
    let Before { phones, stages, known, talked } = Before::fifty_calls(&node);

    node.kill();
    node.restart();

    judge_all(&node, &phones, &stages, &known, "node_restart");
    for call in &talked {
        assert_recording(&node, call);
    }
    returns_to_his_place(&node, &stages);
}

#[test]
fn fifty_calls_in_all_stages_outlive_their_shard() {
    let config = NodeConfig::demo().queue_times(60, 600, 60);
    let node = Node::start(config);
    let ports = node.udp_ports();
    let Before { phones, stages, known, talked } = Before::fifty_calls(&node);

    node.break_once("shard 0");

    let mut next = answered(&node, support::ECHO, 4_242);
    next.bye();
    assert_eq!(node.http().record_of(&next.id)["status"], "completed", "the shard takes new calls");
    let known: BTreeSet<String> =
        known.into_iter().chain([node.http().record_of(&next.id)["id"].to_string()]).collect();
    judge_all(&node, &phones, &stages, &known, "shard_restart");
    for call in &talked {
        assert_recording(&node, call);
    }
    until("every port is given back", || node.udp_ports(), |open| *open == ports);
    assert_eq!(node.http().metric("trunkline_facts_repaired_total"), 0.0, "nothing differed");
    returns_to_his_place(&node, &stages);
}

/// Fifty calls in all stages, and what is known of them.
struct Before {
    phones: Vec<Endpoint>,
    stages: Stages,
    /// Ids of the records.
    known: BTreeSet<String>,
    talked: Vec<Value>,
}

impl Before {
    fn fifty_calls(node: &Node) -> Self {
        let phones: Vec<Endpoint> = (1001..=1020).map(|extension| node.registered(&extension.to_string())).collect();
        let stages = Stages::reach(node, &phones, Sizes::FIFTY);
        assert_eq!(stages.count(), 50);
        let known = ids(&node.http().calls(""));
        assert_eq!(known.len(), 50, "one record a call before the crash");
        let talked = stages.talking.iter().map(|pair| node.http().call_with(&pair.0.id)).collect();
        Self { phones, stages, known, talked }
    }
}

fn ids(calls: &[Value]) -> BTreeSet<String> {
    calls.iter().map(|call| call["id"].to_string()).collect()
}

fn judge_all(node: &Node, phones: &[Endpoint], stages: &Stages, known: &BTreeSet<String>, code: &str) {
    let after = until(
        "all calls ended",
        || node.http().calls(""),
        |calls| calls.len() >= known.len() && calls.iter().all(|call| !call["ended_at"].is_null()),
    );
    assert_eq!(after.len(), known.len(), "exactly one record each");
    assert_eq!(ids(&after), *known);
    judge_records(stages, node, code);
    judge_peers(stages);
    for phone in phones {
        let agent = node.http().agent(&phone.user);
        assert!(agent["call_id"].is_null(), "{agent}");
        assert!(["ready", "wrap_up", "offline"].contains(&agent["state"].as_str().unwrap_or_default()), "{agent}");
    }
    for queue in ["support", "sales"] {
        node.http().wait_waiting(queue, 0);
    }
    assert_eq!(node.http().metric("trunkline_calls_active"), 0.0);
}

fn judge_records(stages: &Stages, node: &Node, code: &str) {
    let record = |call: &Call| node.http().record_of(&call.id);
    for call in &stages.ended {
        assert_eq!(record(call)["status"], "completed");
    }
    for (call, _) in stages.talking.iter().chain(&stages.held) {
        let record = record(call);
        assert_eq!((&record["status"], &record["cause"]["code"]), (&"failed".into(), &code.into()), "{record:#}");
        assert!(!record["answered_at"].is_null() && !record["agent"].is_null(), "{record:#}");
    }
    for call in &stages.voicemail {
        let record = record(call);
        assert_eq!(record["cause"]["code"], code, "{record:#}");
        if record["outcome"] == "voicemail" {
            assert_message(node, &record);
        } else {
            assert!(["canceled", "failed"].contains(&record["status"].as_str().unwrap_or_default()), "{record:#}");
        }
    }
    let ringing = stages.ringing_agents.iter().chain(&stages.ringing_outside).map(|(call, _)| call);
    for call in stages.queued.iter().chain(ringing) {
        let record = record(call);
        let status = record["status"].as_str().unwrap_or_default();
        assert!(["canceled", "failed"].contains(&status), "{record:#}");
        assert_eq!(record["cause"]["code"], code, "{record:#}");
    }
}

/// BYE to whoever was connected, CANCEL to whoever rang, 503 to whoever still waited for an answer, all with Reason.
fn judge_peers(stages: &Stages) {
    let told = |msg: Msg| assert!(msg.header("Reason").contains("Q.850"), "{msg:?}");
    for (caller, agent) in stages.talking.iter().chain(&stages.held) {
        told(caller.expect_bye());
        told(agent.expect_bye());
    }
    for caller in stages.queued.iter().chain(&stages.voicemail) {
        told(caller.expect_bye());
    }
    for (caller, agent) in &stages.ringing_agents {
        told(caller.expect_bye());
        told(agent.expect_request("CANCEL"));
    }
    for (caller, callee) in &stages.ringing_outside {
        told(callee.expect_request("CANCEL"));
        let answer = caller.await_final();
        assert_eq!(answer.status(), 503, "{answer:?}");
        told(answer);
    }
}

/// What was said before the crash is in the box.
fn assert_message(node: &Node, record: &Value) {
    let message = support::eventually("the message in the list", || {
        let all = node.http().get("/v1/voicemails?limit=200").json();
        let messages = all["data"].as_array().cloned().unwrap_or_default();
        messages.into_iter().find(|message| message["call_id"] == record["id"])
    });
    let path = format!("/v1/voicemails/{}/audio", message["id"].as_str().unwrap_or_default());
    let wav = Wav::read(&node.http().get(&path).body);
    assert_eq!(Some(wav.duration_ms()), message["duration_ms"].as_u64(), "{message}");
}

fn assert_recording(node: &Node, call: &Value) {
    let path = format!("/v1/calls/{}/recording", call["id"].as_str().unwrap_or_default());
    let file = until("a recording that plays", || node.http().get(&path), |file| file.status == 200);
    let wav = Wav::read(&file.body);
    assert_eq!((wav.rate, wav.channels.len()), (8_000, 2));
    assert_eq!(wav.channels[0].len(), wav.channels[1].len());
    assert!(
        wav.duration_ms() >= 1_000,
        "{} ms of at least 2.4 s, playable up to 1 s before the crash",
        wav.duration_ms()
    );
    let level = support::level_db(&wav.channels[0][wav.channels[0].len() - 8_000..], 1_000.0);
    assert!(level > -40.0, "the customer is heard: {level} dB");
    let ready = node.http().get(&format!("/v1/calls/{}", call["id"].as_str().unwrap_or_default())).json();
    assert_eq!(ready["recording"]["state"], "ready", "{ready:#}");
}

/// Two who waited ring again, after one who did not: they are served first, the first of them first.
fn returns_to_his_place(node: &Node, stages: &Stages) {
    for extension in 1001..=1030 {
        let paused = json!({"state": "paused"});
        assert_eq!(node.http().put(&format!("/v1/agents/{extension}/state"), &paused).status, 200);
    }
    let stranger = answered(node, SUPPORT, 9_999);
    node.http().wait_waiting("support", 1);
    // Callers of support, in the order in which they came.
    let (first, second) = (&stages.queued[2].endpoint.user, &stages.queued[4].endpoint.user);
    let mut again: Vec<Call> = Vec::new();
    for (at, number) in [second, first].into_iter().enumerate() {
        let mut caller = node.carrier.named(number).call(SUPPORT);
        caller.expect_final(200);
        node.http().wait_waiting("support", 2 + at as u64);
        again.push(caller);
    }
    let phone = node.registered("1001");
    assert_eq!(node.http().put("/v1/agents/1001/state", &json!({"state": "ready"})).status, 200);
    for expected in [first, second, &stranger.endpoint.user] {
        let mut offer = phone.expect_call();
        let from = offer.invite.as_ref().map(|invite| invite.header("From").to_owned()).unwrap_or_default();
        assert!(from.contains(&format!("sip:{expected}@")), "{expected} is next: {from}");
        offer.answer();
        node.http().wait_agent("1001", "on_call");
        offer.bye();
        node.http().wait_agent("1001", "wrap_up");
        assert_eq!(node.http().put("/v1/agents/1001/state", &json!({"state": "ready"})).status, 200);
    }
}
