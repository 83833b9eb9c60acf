//! The civil clock is set an hour forth and back during calls: nothing but what people read may follow it.

use std::collections::BTreeSet;

use serde_json::json;

use crate::shim::Shim;
use crate::support::{Node, NodeConfig, SUPPORT, until};

#[test]
fn a_clock_that_jumps_an_hour_changes_no_call() {
    let shim = Shim::new();
    let node = Node::start(shim.under(NodeConfig::demo().queue_times(15, 120, 1)));
    let phone = node.registered("1001");
    let mut ids = BTreeSet::new();
    for offset in [3_600, -3_600, 7_200, 0] {
        let mut caller = node.carrier.call(SUPPORT);
        caller.expect_final(200);
        let agent = phone.expect_call();
        agent.answer();
        node.http().wait_agent("1001", "on_call");
        caller.talk(1_000.0);
        agent.talk(440.0);
        caller.rtp.wait_packets(25);
        shim.set_clock(offset);
        assert_eq!(node.http().get("/readyz").status, 200);
        caller.rtp.wait_packets(25);
        let mut waiting = node.carrier.named("+447700900777").call(SUPPORT);
        waiting.expect_final(200);
        caller.bye();
        agent.expect_bye();
        let record = node.http().record_of(&caller.id);
        assert_eq!(record["status"], "completed", "{record:#}");
        let talk_ms = record["talk_ms"].as_u64().unwrap_or_default();
        assert!((900..20_000).contains(&talk_ms), "{talk_ms} ms of about one second: {record:#}");
        let wait_ms = record["queue_wait_ms"].as_u64().unwrap_or(u64::MAX);
        assert!(wait_ms < 20_000, "{wait_ms} ms: {record:#}");
        assert!(ids.insert(record["id"].to_string()), "ids are unique");
        // Wrap-up ends, the next caller is served, the phone is still registered.
        let next = phone.expect_call();
        next.answer();
        let agent = node.http().wait_agent("1001", "on_call");
        assert_eq!(agent["registered"], json!(true));
        waiting.bye();
        next.expect_bye();
        assert!(ids.insert(node.http().record_of(&waiting.id)["id"].to_string()), "ids are unique");
        node.http().wait_agent("1001", "ready");
        assert_eq!(node.http().metric("trunkline_journal_failures"), 0.0);
    }
    // A restart with the clock an hour back finds everything.
    let mut node = node;
    shim.set_clock(-3_600);
    node.kill();
    node.restart();
    let calls = until("all calls", || node.http().calls(""), |calls| calls.len() == 8);
    let stored: BTreeSet<String> = calls.iter().map(|call| call["id"].to_string()).collect();
    assert_eq!(stored, ids);
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    phone.expect_call().answer();
    node.http().wait_agent("1001", "on_call");
    caller.bye();
}
