//! Power loss at chance moments: what the node had acknowledged is there, whatever became of what was not synced.
//!
//! The node runs on a layer that records each write and each sync (`shim.c`); it is killed, and from the record come the
//! states in which a power loss at that moment may leave the disk (`trace.rs`). The node starts on each of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::chance::Chance;
use crate::rounds;
use crate::shim::Shim;
use crate::support::{Node, NodeConfig, VOICEMAIL, until};
use crate::trace::{Loss, Trace};

#[test]
fn what_was_acknowledged_outlives_power_losses() {
    let mut losses = 0;
    for round in 1..=rounds(1, 13) {
        let mut chance = Chance::of_round("power loss", round);
        let (promised, trace) = until_the_power_goes(&mut chance);
        for loss in Loss::KINDS.into_iter().take(rounds(3, 4) as usize) {
            let node = Node::start_in(NodeConfig::demo(), |data| trace.leave(data, loss, &mut chance));
            promised.judge(&node, &format!("{loss:?}, {} changes uncertain", trace.uncertain()));
            losses += 1;
        }
    }
    println!("{losses} power losses, nothing acknowledged was lost");
}

/// What clients were told.
#[derive(Default)]
struct Promised {
    /// Status by extension: as acknowledged, and as asked for since.
    statuses: BTreeMap<String, (String, String)>,
    /// Calls by Idempotency-Key.
    calls: BTreeMap<String, String>,
    voicemails: Vec<String>,
}

fn until_the_power_goes(chance: &mut Chance) -> (Promised, Trace) {
    let shim = Shim::new();
    let mut node = Node::start(shim.recording(NodeConfig::demo()));
    let phone = node.registered("1001");
    let mut promised = Promised::default();
    leave_message(&node);
    promised.voicemails = until("the message", || messages(&node), |messages| !messages.is_empty());
    let end = Instant::now() + Duration::from_millis(200 + chance.below(1_500));
    let mut number = 0;
    while Instant::now() < end {
        number += 1;
        if chance.below(6) == 0 {
            let key = format!("power-{number}");
            let made = node.http().post("/v1/calls", &key, &json!({"from_agent": "1001", "to": "02079460123"}));
            assert_eq!(made.status, 201, "{}", made.text());
            promised.calls.insert(key, made.json()["id"].as_str().unwrap_or_default().to_owned());
            phone.expect_call().reply(486);
        } else {
            let extension = (1010 + chance.below(20)).to_string();
            let was = promised.statuses.get(&extension).map_or("ready", |(acknowledged, _)| acknowledged.as_str());
            let next = if was == "ready" { "paused" } else { "ready" }.to_owned();
            let path = format!("/v1/agents/{extension}/state");
            assert_eq!(node.http().put(&path, &json!({"state": next})).status, 200);
            promised.statuses.insert(extension, (next.clone(), next));
        }
    }
    // One more, of which nobody hears.
    node.carrier.call(VOICEMAIL);
    node.kill();
    (promised, Trace::read(&shim.trace(), &canonical(&node.data_dir())))
}

impl Promised {
    fn judge(&self, node: &Node, what: &str) {
        for (extension, (acknowledged, asked)) in &self.statuses {
            let agent = node.http().agent(extension);
            let status = agent["status"].as_str().unwrap_or_default();
            assert!(status == acknowledged || status == asked, "{what}: {acknowledged} was acknowledged: {agent}");
        }
        for (key, id) in &self.calls {
            let again = node.http().post("/v1/calls", key, &json!({"from_agent": "1001", "to": "02079460123"}));
            assert_eq!(again.json()["id"], *id, "{what}: the answer to {key} was given");
            assert_eq!(again.header("idempotent-replayed"), Some("true"), "{what}");
            let ended = |call: &Value| !call["ended_at"].is_null();
            until("its record", || node.http().get(&format!("/v1/calls/{id}")).json(), ended);
        }
        let wanted = |messages: &Vec<String>| self.voicemails.iter().all(|id| messages.contains(id));
        until(&format!("{what}: the messages"), || messages(node), wanted);
        for id in &self.voicemails {
            let audio = node.http().get(&format!("/v1/voicemails/{id}/audio"));
            assert_eq!(audio.status, 200, "{what}: {}", audio.text());
        }
        assert!(!node.log().contains("did not fit"), "{what}: entries that did not fit");
    }
}

/// Skips the greeting and speaks for longer than the shortest message.
fn leave_message(node: &Node) {
    let mut caller = node.carrier.call(VOICEMAIL);
    let to = caller.expect_final(200).audio().expect("audio");
    caller.rtp.wait_packets(10);
    caller.rtp.press(to, 11);
    let steps = || node.http().journey(&node.http().call_with(&caller.id));
    until("the end of the greeting", steps, |steps| steps.iter().any(|step| step == "call.digit"));
    let start = Instant::now();
    caller.rtp.talk(to, 1_000.0);
    until("a message's length", || start.elapsed(), |spoken| *spoken > Duration::from_millis(2_600));
    caller.bye();
}

fn messages(node: &Node) -> Vec<String> {
    let list = node.http().get("/v1/voicemails?limit=200").json();
    let all = list["data"].as_array().cloned().unwrap_or_default();
    all.iter().filter_map(|message| message["id"].as_str().map(str::to_owned)).collect()
}

fn canonical(path: &Path) -> std::path::PathBuf {
    path.canonicalize().expect("a folder that is there")
}
