//! Whole runs: small ones of two hundred seeds, the same one twice, and seeds that once found something.

use std::sync::Once;

use sim::{Marks, Report, Scenario};

/// Calls of one seed: enough for the faults of its scenario to meet a call or two.
const CALLS: u32 = 40;
/// Seeds in `make test`; `make sim` runs more of them, and longer.
const SEEDS: u64 = 200;
const LOTS: u64 = 4;

/// Owners that break on demand are caught: nobody needs to read where.
fn keep_quiet_about_breaks() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if info.payload_as_str() != Some("broken on demand") {
                loud(info);
            }
        }));
    });
}

#[track_caller]
fn hold(seed: u64, calls: u32) -> Report {
    keep_quiet_about_breaks();
    let report = sim::run(&Scenario::draw(seed, calls));
    assert!(report.violations.is_empty(), "{report}");
    report
}

/// Runs the seeds of one of the four lots that make up the first 200, so that two cores share them.
fn lot(number: u64) -> (Marks, u64) {
    let mut marks = Marks::default();
    let mut crashes = 0;
    for seed in (1..=SEEDS).filter(|seed| seed % LOTS == number) {
        let report = hold(seed, CALLS);
        marks.add(&report.marks);
        crashes += report.crashes;
    }
    (marks, crashes)
}

#[test]
fn two_hundred_seeds_hold_first_lot() {
    lot(0);
}

#[test]
fn two_hundred_seeds_hold_second_lot() {
    lot(1);
}

#[test]
fn two_hundred_seeds_hold_third_lot() {
    lot(2);
}

#[test]
fn two_hundred_seeds_hold_fourth_lot_and_meet_what_matters() {
    let (marks, crashes) = lot(3);
    assert!(crashes > 0, "no node died");
    for case in [
        "offer.answered",
        "offer.missed",
        "offer.refused",
        "acd.offer.caller_gone",
        "queue.left.TimedOut",
        "queue.left.Abandoned",
        "call.held",
        "call.transferred",
        "voicemail.left",
        "ended.node_restart",
        "restart.with_calls",
        "place.restored",
        "recording.ended",
        "dropped.message_unreadable",
        "broke.shard",
        "ended.shard_restart",
        "broke.acd",
        "journal.failing",
        "journal.refused",
        "carrier.storm",
        "trunk.target_failed",
        "agent.forgot",
        "offer.late",
        "key.by_info",
    ] {
        assert!(marks.count(case) > 0, "{case} was never met");
    }
}

#[test]
fn a_seed_gives_the_same_run_twice() {
    let (once, twice) = (hold(7, CALLS), hold(7, CALLS));
    assert_eq!(once.trace_hash, twice.trace_hash);
    assert_eq!((once.datagrams, once.simulated, once.calls), (twice.datagrams, twice.simulated, twice.calls));
    assert_eq!(once.marks, twice.marks);
    assert_ne!(once.trace_hash, hold(8, CALLS).trace_hash);
}

#[test]
fn without_faults_every_answered_conversation_is_heard() {
    for seed in 100..105 {
        let report = sim::run(&Scenario::draw(seed, CALLS).without_faults());
        assert!(report.violations.is_empty(), "{report}");
        assert!(report.conversations > 0 && report.crashes == 0);
    }
}

/// One agent calls a queue and transfers the agent who answered to another queue: who was rung is a caller then, and
/// two agents talk in one call as they should.
#[test]
fn seed_600_an_agent_is_transferred_to_a_queue() {
    hold(600, 100);
}

/// A shard breaks over hearing that ports are closed, and the one that takes its place does not wait for hearing it again.
#[test]
fn seed_190_ports_that_a_broken_shard_closed_are_closed() {
    hold(190, CALLS);
}
