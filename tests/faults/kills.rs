//! kill -9 at chance moments over calls in all stages, while more of them begin, move and end.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::chance::Chance;
use crate::support::{Call, ECHO, Endpoint, Node, NodeConfig, SALES, SUPPORT, Sizes, Stages, VOICEMAIL, Wav, until};
use crate::{is_full, rounds};

#[test]
fn kills_at_chance_moments_lose_nothing() {
    for round in 1..=rounds(3, 25) {
        let mut chance = Chance::of_round("kill -9", round);
        one_round(if is_full() { Sizes::TWO_HUNDRED } else { Sizes::FEW }, &mut chance);
    }
}

fn one_round(sizes: Sizes, chance: &mut Chance) {
    let mut node = Node::start(NodeConfig::demo().queue_times(60, 600, 60));
    let phones: Vec<Endpoint> =
        (1001..).take(sizes.phones()).map(|extension| node.registered(&extension.to_string())).collect();
    let mut stages = Stages::reach(&node, &phones, sizes);
    let talked: Vec<(Value, Instant)> =
        stages.talking.iter().map(|(caller, _)| (node.http().call_with(&caller.id), Instant::now())).collect();
    let known = stages.sip_call_ids();

    let (fresh, killed_at) = churn_and_kill(&mut node, &mut stages, chance);
    node.restart();
    let ready_at = Instant::now();
    served_again(&node, &phones, ready_at);

    let ended = |calls: &Vec<Value>| calls.iter().all(|call| !call["ended_at"].is_null());
    for sip_call_id in known.iter().chain(fresh.iter().filter(|(_, heard)| *heard).map(|(id, _)| id)) {
        let calls = until("its record", || node.http().calls(&format!("&sip_call_id={sip_call_id}")), ended);
        assert_eq!(calls.len(), 1, "exactly one record of {sip_call_id}: {calls:#?}");
    }
    for (sip_call_id, _) in &fresh {
        let calls = node.http().calls(&format!("&sip_call_id={sip_call_id}"));
        assert!(calls.len() <= 1, "at most one record of {sip_call_id}: {calls:#?}");
    }
    for phone in &phones {
        let free = |agent: &Value| {
            let state = agent["state"].as_str().unwrap_or_default();
            agent["call_id"].is_null() && ["ready", "wrap_up", "offline"].contains(&state)
        };
        until("the agent is free", || node.http().agent(&phone.user), free);
    }
    for (call, answered_by) in &talked {
        assert_recording(&node, call, killed_at.duration_since(*answered_by));
    }
    for queue in ["support", "sales"] {
        node.http().wait_waiting(queue, 0);
    }
    until("no live call", || node.http().metric("trunkline_calls_active"), |count| *count == 0.0);
}

/// Begins, moves and ends calls without waiting for anything, and kills the node in the midst of it. Which calls were
/// begun, and whether their callers had heard more than 100 by then.
fn churn_and_kill(node: &mut Node, stages: &mut Stages, chance: &mut Chance) -> (Vec<(String, bool)>, Instant) {
    let end = Instant::now() + Duration::from_millis(chance.below(2_500));
    let mut fresh: Vec<Call> = Vec::new();
    while Instant::now() < end {
        match chance.below(8) {
            0..=2 if fresh.len() < FRESH_MAX => {
                let to = [SUPPORT, SALES, VOICEMAIL, ECHO][chance.below(4) as usize];
                fresh.push(node.carrier.named(&format!("+4477009{:05}", chance.below(90_000))).call(to));
            }
            3 => stages.ringing_agents.iter().for_each(|(_, agent)| agent.reply_with_sdp(200)),
            4 => stages.queued.iter_mut().take(chance.below(2) as usize).for_each(hang_up),
            5 => stages.held.iter_mut().take(1).for_each(|(_, agent)| hang_up(agent)),
            6 => stages.ringing_outside.iter().take(1).for_each(|(_, callee)| callee.reply_with_sdp(200)),
            _ => fresh.iter_mut().for_each(|call| {
                if let Some(answer) = call.final_within(Duration::ZERO) {
                    call.acknowledge(&answer);
                }
            }),
        }
        std::thread::sleep(Duration::from_millis(chance.below(30)));
    }
    node.kill();
    let killed_at = Instant::now();
    let heard = |call: &mut Call| {
        let id = call.id.clone();
        let said = call.endpoint.has(|msg| msg.header("Call-ID") == id && msg.status() > 100 && msg.status() != 503);
        (id, said)
    };
    (fresh.iter_mut().map(heard).collect(), killed_at)
}

/// BYE, whatever is answered.
fn hang_up(call: &mut Call) {
    let bye = call.text("BYE", "", "");
    call.endpoint.send(bye);
}

/// A caller gets an agent within 3 s of readiness, though nobody but the node brought the phones back.
fn served_again(node: &Node, phones: &[Endpoint], ready_at: Instant) {
    let phone = node.registered("1030");
    let mut caller = node.carrier.named("+447700987654").call(SUPPORT);
    caller.expect_final(200);
    let rings =
        |phone: &Endpoint| phone.has(|msg| msg.is_request("INVITE") && msg.header("From").contains("7700987654"));
    until("a phone rings", || rings(&phone) || phones.iter().any(rings), |rings| *rings);
    assert!(ready_at.elapsed() < Duration::from_secs(3), "served again after {:?}", ready_at.elapsed());
    caller.bye();
}

fn assert_recording(node: &Node, call: &Value, talked: Duration) {
    let id = call["id"].as_str().unwrap_or_default();
    let path = format!("/v1/calls/{id}/recording");
    let file = until("a recording that plays", || node.http().get(&path), |file| file.status == 200);
    let wav = Wav::read(&file.body);
    assert_eq!((wav.rate, wav.channels.len()), (8_000, 2));
    assert_eq!(wav.channels[0].len(), wav.channels[1].len());
    let least = talked.as_millis() as u64;
    assert!(
        wav.duration_ms() + 1_000 >= least,
        "{} ms of {least}, playable up to 1 s before the kill",
        wav.duration_ms()
    );
    let manifest = manifest_of(node, id);
    let gaps: BTreeSet<&str> =
        manifest["gaps"].as_array().into_iter().flatten().filter_map(|gap| gap["reason"].as_str()).collect();
    assert!(gaps.contains("node_restart"), "the gap is in the manifest: {manifest:#}");
}

/// The manifest beside the recording of a call.
fn manifest_of(node: &Node, id: &str) -> Value {
    let digits = id.strip_prefix("call_").unwrap_or(id).to_owned();
    let mut folders = vec![node.data_dir().join("recordings")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of recordings") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if path.is_dir() {
                folders.push(path);
            } else if name.contains(&digits) && name.ends_with(".json") {
                let text = std::fs::read_to_string(&path).expect("a manifest");
                return serde_json::from_str(&text).expect("JSON");
            }
        }
    }
    panic!("no manifest of {id}");
}

/// More would only wait in the queues.
const FRESH_MAX: usize = 40;
