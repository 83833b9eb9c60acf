//! A disk that syncs slowly, is read-only or fails: what goes on, what is refused, and that it mends without a restart.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::shim::{EIO, ENOSPC, EROFS, Shim};
use crate::support::{Call, ECHO, Node, NodeConfig, SUPPORT, VOICEMAIL, run_to_end_in, until};

/// A sync of 2 s: calls do not wait for it, what must outlive a power loss does.
#[test]
fn a_slow_disk_delays_no_call() {
    let shim = Shim::new();
    let node = Node::start(shim.under(NodeConfig::demo()));
    let phone = node.registered("1001");
    shim.slow_syncs(Duration::from_secs(2));
    for _ in 0..5 {
        let start = Instant::now();
        let mut call = node.carrier.call(ECHO);
        call.expect_final(200);
        assert!(start.elapsed() < Duration::from_secs(1), "answered after {:?}", start.elapsed());
        call.bye();
    }
    let start = Instant::now();
    let paused = node.http().put("/v1/agents/1001/state", &json!({"state": "paused"}));
    assert_eq!(paused.status, 200, "{}", paused.text());
    assert!(start.elapsed() > Duration::from_secs(1), "a 200 that power loss could take back: {:?}", start.elapsed());
    assert_eq!(node.http().put("/v1/agents/1001/state", &json!({"state": "ready"})).status, 200);
    let start = Instant::now();
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    let offer = phone.expect_call();
    offer.answer();
    node.http().wait_agent("1001", "on_call");
    assert!(start.elapsed() < Duration::from_millis(1_500), "connected after {:?}", start.elapsed());
    assert_eq!(node.http().get("/readyz").status, 200);
    caller.bye();
    shim.slow_syncs(Duration::ZERO);
    assert_eq!(node.http().record_of(&caller.id)["status"], "completed");
}

/// Each kind of refusal, one after the other on one node.
#[test]
fn a_journal_that_cannot_be_written_refuses_new_calls_at_once_and_recovers() {
    let shim = Shim::new();
    let node = Node::start(shim.under(NodeConfig::demo()));
    let mut call = node.carrier.call(ECHO);
    call.expect_final(200);
    for (errno, status) in [(ENOSPC, "paused"), (EROFS, "ready"), (EIO, "paused")] {
        shim.refuse("/journal", errno);
        // Each gets its final answer at once, the one that meets the failure first too.
        let mut statuses = Vec::new();
        while statuses.iter().filter(|status| **status == 503).count() < 3 {
            let start = Instant::now();
            let mut other: Call = node.carrier.call(ECHO);
            let answer = other.final_within(Duration::from_secs(5)).expect("a final answer");
            other.acknowledge(&answer);
            assert!(start.elapsed() < Duration::from_secs(1), "errno {errno}: {:?}", start.elapsed());
            assert_eq!(answer.status(), 503, "errno {errno}: nothing can be journaled");
            assert!(answer.header("Retry-After").parse::<u32>().is_ok_and(|s| s > 0), "{answer:?}");
            statuses.push(answer.status());
        }
        until("not ready", || node.http().get("/readyz").status, |status| *status == 503);
        assert_eq!(node.http().metric("trunkline_journal_writable"), 0.0);
        let refused = node.http().put("/v1/agents/1001/state", &json!({"state": status}));
        assert_eq!(refused.status, 503, "{}", refused.text());
        call.talk(1_000.0);
        call.rtp.wait_packets(50);
        shim.allow();
        until("ready", || node.http().get("/readyz").status, |status| *status == 200);
        let mut after = node.carrier.call(ECHO);
        after.expect_final(200);
        after.bye();
        assert_eq!(node.http().record_of(&after.id)["status"], "completed");
    }
    call.bye();
    assert_eq!(node.http().record_of(&call.id)["status"], "completed");
    assert_eq!(node.http().metric("trunkline_calls_active"), 0.0);
}

/// The folder of recordings fails: the call goes on, its record says that there is no recording, the next one has one.
#[test]
fn recordings_that_cannot_be_written_hurt_no_call() {
    let shim = Shim::new();
    let node = Node::start(shim.under(NodeConfig::demo().queue_times(15, 120, 1)));
    let phone = node.registered("1001");
    let talk = |is_recorded: bool| {
        let mut caller = node.carrier.call(SUPPORT);
        caller.expect_final(200);
        let agent = phone.expect_call();
        agent.answer();
        node.http().wait_agent("1001", "on_call");
        caller.talk(1_000.0);
        agent.talk(440.0);
        caller.rtp.wait_packets(60);
        caller.bye();
        agent.expect_bye();
        let wanted = if is_recorded { "ready" } else { "failed" };
        let record = until(
            "what became of the recording",
            || node.http().record_of(&caller.id),
            |record| record["recording"]["state"] == wanted,
        );
        assert_eq!(record["status"], "completed", "{record:#}");
        node.http().wait_agent("1001", "ready");
    };
    talk(true);
    shim.refuse("/recordings", ENOSPC);
    talk(false);
    shim.allow();
    talk(true);
    shim.refuse("/voicemails", EROFS);
    let mut caller = node.carrier.call(VOICEMAIL);
    caller.expect_final(200);
    caller.talk(1_000.0);
    caller.rtp.wait_packets(20);
    caller.bye();
    let record = node.http().record_of(&caller.id);
    assert_ne!(record["outcome"], "voicemail", "nothing was left: {record:#}");
}

/// A data folder that is read-only, and a journal in it that is: one line that names it and says what to do.
#[test]
fn a_read_only_folder_is_told_in_one_line() {
    let shim = Shim::new();
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let config = shim.under(NodeConfig::demo()).set("node.data_dir", data.display().to_string());
    let file = folder.path().join("trunkline.toml");
    config.write(&file);
    for (below, named) in [("/data", "data"), ("/journal", "data/journal")] {
        std::fs::create_dir_all(folder.path().join(named)).expect("a folder");
        shim.refuse(below, EROFS);
        let output = run_to_end_in(&file, &config.environment());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let line = told.lines().last().unwrap_or_default();
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(
            line.starts_with("trunkline: ") && line.contains(&folder.path().join(named).display().to_string()),
            "{told}"
        );
        assert!(line.contains("Read-only") && line.contains("writable"), "{told}");
        assert!(!told.contains("panicked"), "{told}");
    }
}

/// Somebody removes the folder of recordings under a running node, and before a start: the next call is recorded.
#[test]
fn a_folder_of_recordings_that_is_gone_comes_back() {
    let mut node = Node::start(NodeConfig::demo().queue_times(15, 120, 0));
    let phone = node.registered("1001");
    for is_restarted in [false, true] {
        let recordings = node.data_dir().join("recordings");
        let _ = std::fs::remove_dir_all(&recordings);
        if is_restarted {
            node.kill();
            node.restart();
        }
        node.http().wait_agent("1001", "ready");
        let mut caller = node.carrier.call(SUPPORT);
        caller.expect_final(200);
        let agent = phone.expect_call();
        agent.answer();
        node.http().wait_agent("1001", "on_call");
        caller.talk(1_000.0);
        agent.talk(440.0);
        caller.rtp.wait_packets(60);
        caller.bye();
        agent.expect_bye();
        let ready = |record: &serde_json::Value| record["recording"]["state"] == "ready";
        let record = until("the recording", || node.http().record_of(&caller.id), ready);
        let id = record["id"].as_str().unwrap_or_default();
        assert_eq!(node.http().get(&format!("/v1/calls/{id}/recording")).status, 200);
    }
}
