//! Shards that break an assertion: with four of them, and while a message is being saved.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::chance::Chance;
use crate::rounds;
use crate::support::{Call, ECHO, Endpoint, Node, NodeConfig, SUPPORT, VOICEMAIL, Wav, answered, until};

/// Each shard breaks in turn: its own calls end, with a record each, and nobody else's.
#[test]
fn a_shard_of_four_that_breaks_ends_its_own_calls_alone() {
    let node = Node::start(NodeConfig::demo().queue_times(60, 300, 0).set("node.shards", 4));
    let phones: Vec<Endpoint> = (1001..=1006).map(|extension| node.registered(&extension.to_string())).collect();
    let ports = node.udp_ports();
    let mut up: Vec<(Call, Option<Call>)> = phones.iter().map(|phone| conversation(&node, phone)).collect();
    up.extend((0..10).map(|at| (answered(&node, ECHO, 100 + at), None)));
    up.extend((0..10).map(|at| (answered(&node, SUPPORT, 200 + at), None)));
    node.http().wait_waiting("support", 10);
    let ids = || node.http().calls("").iter().map(|call| call["id"].to_string()).collect::<BTreeSet<_>>();
    let known = until("all in the list", ids, |known| known.len() == up.len());
    let mut ended = 0;
    for shard in 0..4 {
        node.break_once(&format!("shard {shard}"));
        let lives = |call: &Call| node.http().call_with(&call.id)["ended_at"].is_null();
        let broken = until(
            "the calls of a shard",
            || up.iter().filter(|(call, _)| !lives(call)).count(),
            |count| *count + node.http().metric("trunkline_calls_active") as usize == up.len(),
        );
        assert!(shard < 3 || broken == up.len(), "every shard broke, {broken} calls ended");
        assert!(shard > 0 || broken < up.len(), "one shard had them all");
        assert!(broken >= ended, "{broken} after {ended}");
        ended = broken;
        for (caller, agent) in &up {
            let told = |call: &Call| call.endpoint.has(|msg| msg.is_request("BYE") && msg.call_id() == call.id);
            let is_up = lives(caller);
            assert!(!is_up || (!told(caller) && agent.as_ref().is_none_or(|agent| !told(agent))), "a call was touched");
        }
    }
    for (caller, agent) in &up {
        assert!(caller.expect_bye().header("Reason").contains("Q.850"));
        agent.iter().for_each(|agent| drop(agent.expect_bye()));
        let record = node.http().record_of(&caller.id);
        assert_eq!(record["cause"]["code"], "shard_restart", "{record:#}");
    }
    assert_eq!(ids(), known, "exactly one record each");
    for phone in &phones {
        // Who was freed first was offered a caller of another shard, until that one broke too.
        until("the agent is free", || node.http().agent(&phone.user), |agent| agent["call_id"].is_null());
        let path = format!("/v1/agents/{}/state", phone.user);
        assert_eq!(node.http().put(&path, &json!({"state": "paused"})).status, 200);
    }
    node.http().wait_waiting("support", 0);
    assert_eq!(node.http().metric("trunkline_facts_repaired_total"), 0.0, "nothing differed");
    until("every port is given back", || node.udp_ports(), |open| *open == ports);
    let phone = node.registered("1030");
    let (mut caller, agent) = conversation(&node, &phone);
    caller.bye();
    agent.iter().for_each(|agent| drop(agent.expect_bye()));
}

/// The shard breaks around the BYE that ends a message: it is in the box, whole, once.
#[test]
fn a_message_outlives_a_shard_that_breaks_while_it_is_saved() {
    let node = Node::demo();
    for round in 1..=rounds(2, 15) {
        let mut chance = Chance::of_round("break while a message is saved", round);
        let mut caller = spoken(&node);
        let before = node.http().metric("trunkline_owner_panics_total{owner=\"shard\"}");
        // An order strikes within 20 ms: from before the BYE to well behind its answer.
        let is_first = chance.below(2) == 0;
        if is_first {
            node.break_owner("shard 0");
        }
        std::thread::sleep(Duration::from_millis(chance.below(12)));
        let bye = caller.text("BYE", "", "");
        caller.endpoint.send(bye);
        if !is_first {
            std::thread::sleep(Duration::from_millis(chance.below(40)));
            node.break_owner("shard 0");
        }
        let broken = || node.http().metric("trunkline_owner_panics_total{owner=\"shard\"}");
        until("the shard broke", broken, |now| *now > before);
        let record = node.http().record_of(&caller.id);
        assert_eq!((&record["status"], &record["outcome"]), (&"completed".into(), &"voicemail".into()), "{record:#}");
        let of_call = |message: &serde_json::Value| message["call_id"] == record["id"];
        let all = || node.http().get("/v1/voicemails?limit=200").json()["data"].as_array().cloned().unwrap_or_default();
        let messages = until("the message", all, |messages| messages.iter().any(of_call));
        let messages: Vec<_> = messages.iter().filter(|message| of_call(message)).collect();
        assert_eq!(messages.len(), 1, "{messages:#?}");
        let id = messages[0]["id"].as_str().unwrap_or_default();
        let audio = node.http().get(&format!("/v1/voicemails/{id}/audio"));
        assert_eq!(audio.status, 200, "{}", audio.text());
        let wav = Wav::read(&audio.body);
        assert!(wav.duration_ms().abs_diff(messages[0]["duration_ms"].as_u64().unwrap_or(0)) <= 100);
        // At most 20 breaks a minute are borne, each with its second try.
        assert_eq!(node.http().get("/readyz").status, 200);
    }
}

fn conversation(node: &Node, phone: &Endpoint) -> (Call, Option<Call>) {
    let caller = answered(node, SUPPORT, 1);
    let agent = phone.expect_call();
    agent.answer();
    node.http().wait_agent(&phone.user, "on_call");
    (caller, Some(agent))
}

/// A caller whose message is long enough.
fn spoken(node: &Node) -> Call {
    let mut caller = node.carrier.call(VOICEMAIL);
    let to = caller.expect_final(200).audio().expect("audio");
    caller.rtp.wait_packets(10);
    caller.rtp.press(to, 11);
    let steps = || node.http().journey(&node.http().call_with(&caller.id));
    until("the end of the greeting", steps, |steps| steps.iter().any(|step| step == "call.digit"));
    let start = Instant::now();
    caller.rtp.talk(to, 1_000.0);
    until("a message's length", || start.elapsed(), |spoken| *spoken > Duration::from_millis(2_600));
    caller
}
