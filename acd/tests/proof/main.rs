//! The proof of the distributor: storms of random events and whole centres at work, each step judged by a naive ACD
//! (pacing.md section 8).
#![allow(clippy::disallowed_methods, reason = "how fast a simulation goes is measured")]

mod centre;
mod checker;
mod planted;
mod storm;

use centre::{Centre, Scenario};
use checker::Coverage;
use storm::Storm;

#[test]
fn storms_break_no_rule() {
    prove(1, 24, EVENTS / 24);
}

/// Ten million: `make storm`, built for speed.
#[test]
#[cfg(not(debug_assertions))]
fn in_full_storms_break_no_rule() {
    prove(1_000, 100, 100_000);
}

/// P11: a hundred thousand events within one moment.
#[test]
fn a_burst_in_one_moment_breaks_no_rule() {
    let mut storm = Storm::new(5, |_| {});
    storm.is_still = true;
    storm.run(100_000);
    storm.is_still = false;
    storm.calm();
    assert_eq!(storm.checker.violations, []);
}

#[test]
fn the_same_seed_gives_the_same_effects() {
    let run = || {
        let mut storm = Storm::new(7, |_| {});
        (0..2_000).flat_map(|_| storm.step()).collect::<Vec<_>>()
    };
    let (one, two) = (run(), run());
    assert!(one.len() > 1_000);
    assert!(one == two);
}

/// Centres of 5 to 300 agents, for a day or two each.
#[test]
fn centres_work_by_the_rules() {
    let scenarios = [
        Scenario::new("5 agents, 2 queues", 1, 5, 2, 2.0, 0.9),
        Scenario::new("50 agents, 6 queues", 2, 50, 6, 1.0, 1.0),
        Scenario::new("300 agents, 20 queues", 3, 300, 20, 0.5, 1.1),
    ];
    let calls: u64 = scenarios.into_iter().map(work).sum();
    assert!(calls >= 10_000, "{calls} calls");
}

/// A million calls: `make storm`, built for speed.
#[test]
#[cfg(not(debug_assertions))]
fn in_full_centres_work_by_the_rules() {
    let scenarios = [
        Scenario::new("5 agents, 2 queues, a month", 11, 5, 2, 30.0, 0.85),
        Scenario::new("10 agents, 3 queues, a month", 12, 10, 3, 30.0, 0.9),
        Scenario::new("50 agents, 6 queues, a month", 13, 50, 6, 30.0, 0.95),
        Scenario::new("200 agents, 15 queues, a week", 14, 200, 15, 7.0, 0.97),
        Scenario::new("1,000 agents, 60 queues, two days", 15, 1_000, 60, 2.0, 1.0),
        Scenario::new("3,000 agents, 150 queues, a day", 16, 3_000, 150, 1.0, 1.05),
        Scenario::new("10,000 agents, 400 queues, half a day", 17, 10_000, 400, 0.5, 1.1),
    ];
    let calls: u64 = scenarios.into_iter().map(work).sum();
    assert!(calls >= 1_000_000, "{calls} calls");
}

/// Lets a centre work; prints what came of it and how fast it went.
fn work(scenario: Scenario) -> u64 {
    let (name, simulated) = (scenario.name, scenario.days * 86_400.0);
    let begun = std::time::Instant::now();
    let (mut outcome, checker) = Centre::new(scenario).run();
    let real = begun.elapsed().as_secs_f64();
    assert_eq!(checker.violations, [], "{name}");
    outcome.waits_ms.sort_unstable();
    let wait = |share: f64| {
        let at = (outcome.waits_ms.len().saturating_sub(1)) as f64 * share;
        f64::from(outcome.waits_ms.get(at as usize).copied().unwrap_or(0)) / 1e3
    };
    println!(
        "{name}: {} calls, {} answered (wait p50 {:.1} s, p90 {:.1} s), {} abandoned, {} left; {} events in {real:.1} s, \
         {:.0} times as fast as time",
        outcome.calls,
        outcome.answered,
        wait(0.5),
        wait(0.9),
        outcome.abandoned,
        outcome.left,
        outcome.events,
        simulated / real,
    );
    let ended = outcome.answered + outcome.abandoned + outcome.left;
    assert_eq!(outcome.calls, ended, "{name}: each call ends in one way");
    outcome.calls
}

/// Storms of `seeds` seeds from `first` on, `events` each; prints what came up and how often.
fn prove(first: u64, seeds: u64, events: u64) {
    let (mut coverage, mut all, mut accepted) = (Coverage::default(), 0, 0);
    for seed in first..first + seeds {
        let mut storm = Storm::new(seed, |_| {});
        storm.run(events);
        if storm.checker.violations.is_empty() {
            storm.calm();
        }
        assert_eq!(storm.checker.violations, [], "seed {seed}, event {}", storm.events);
        coverage.add(&storm.checker.coverage);
        all += storm.events;
        accepted += storm.accepted;
    }
    let share = accepted as f64 / all as f64 * 100.0;
    let (table, rare) = coverage.against(WANTED, LEAST);
    println!("{table}{all} events, {accepted} accepted ({share:.1} %), no violation");
    assert!(share >= ACCEPTED_PERCENT, "{share:.1} % accepted: the storm drowns in words that mean nothing");
    assert_eq!(rare, Vec::<&str>::new(), "came up less than {LEAST} times");
}

/// Of a storm in `make test`.
const EVENTS: u64 = 1_000_000;
/// Each transition and rule comes up this often.
const LEAST: u64 = 1_000;
const ACCEPTED_PERCENT: f64 = 70.0;
/// Every transition and rule there is.
const WANTED: &[&str] = &[
    "agent: leg lost with its shard",
    "agent: removed",
    "agent: removed while he talks",
    "agent: removed, his call ends",
    "agent: put back while he talks",
    "agent: a call of his own",
    "call: abandoned",
    "call: overflows, or goes elsewhere by a key",
    "call: abandoned while ringing",
    "call: enqueued again in its queue",
    "call: enters",
    "call: enters, gets its old place",
    "call: longest wait over",
    "call: moved, keeps its arrival",
    "call: queue full",
    "call: queue removed",
    "call: shard lost",
    "call: enters with an arrival of its own",
    "choice: fewest calls",
    "choice: least talk time",
    "choice: longest idle",
    "choice: one could take it",
    "choice: progressive ring",
    "choice: random",
    "choice: ring all",
    "choice: round robin",
    "choice: the lower level, or more of the preferred skills",
    "choice: top down",
    "choice: weighted",
    "figures: recounted",
    "hold: it rings",
    "hold: kept for its agent",
    "hold: nobody free",
    "hold: the queue has its conversations",
    "hold: who is free is of a higher level",
    "hold: who is free lacks a skill",
    "hold: who is free takes no such work",
    "order: a higher priority first",
    "order: the agent's kind of work first",
    "order: the earlier arrival first",
    "order: the earlier deadline first",
    "order: the longer wait before a higher priority",
    "order: who does not ring yet first",
    "preferred: call kept for its agent",
    "preferred: did not take it",
    "preferred: time over",
    "preferred: went away",
    "ring group: another joins",
    "ring group: widened",
    "step: comes into force",
    "withdrawn: answered elsewhere",
    "claim: granted",
    "claim: too late, refused",
    "claim: twice, passed over",
    "clock: monotonic one steps back",
    "clock: set",
    "crash: built anew from checkpoint and log",
    "crash: restored from a checkpoint alone",
    "leg: ends",
    "leg: ends, another lives",
    "leg: ends, wrap-up follows",
    "offer: another one",
    "offer: caller gone",
    "offer: missed",
    "offer: missed, paused by rona",
    "offer: overdue",
    "offer: refused",
    "offer: the first",
    "offer: unreachable",
    "offline > on_call",
    "offline > paused",
    "offline > ready",
    "on_call > offline",
    "on_call > paused",
    "on_call > ready",
    "on_call > wrap_up",
    "paused > offline",
    "paused > on_call",
    "paused > ready",
    "phone: back",
    "phone: back, ends his rest",
    "phone: gone",
    "place: kept over a restart",
    "place: kept for one who gave up",
    "callback: asked for by a caller on the line",
    "callback: asked for by a client",
    "callback: asked for, for a time of its own",
    "callback: its time has come",
    "callback: asked for again, the first is kept",
    "callback: refused, as many as may be are open",
    "callback: refused, the queue is closed",
    "callback: refused by the dial gate",
    "callback: refused otherwise",
    "callback: its call begins with an offer",
    "callback: an agent has it",
    "callback: dialled, an agent has it",
    "callback: dialled before an agent is asked",
    "callback: answered, they talk",
    "callback: failed",
    "callback: rests until its next attempt",
    "callback: begins again",
    "callback: tried again",
    "callback: given up",
    "callback: cancelled",
    "callback: expired",
    "callback: its caller rang again and has the place",
    "callback: its caller waits while he is called, and has the place",
    "callback: its caller got through while he was called",
    "callback: refused, its caller waits on the line",
    "callback: its queue is removed",
    "callback: lost with its shard",
    "supervisor: the call waits no more",
    "supervisor: no room there, or it is there",
    "supervisor: moved with its arrival",
    "supervisor: moved to the end",
    "supervisor: another priority",
    "supervisor: that agent is not ready",
    "supervisor: pulled to an agent",
    "supervisor: back to its place",
    "supervisor: to the end",
    "ready > offline",
    "ready > on_call",
    "ready > paused",
    "ready > reserved",
    "reserved > offline",
    "reserved > on_call",
    "reserved > paused",
    "reserved > ready",
    "status: offline",
    "status: paused",
    "status: ready",
    "status: ready ends wrap-up",
    "withdrawn: agent busy",
    "withdrawn: agent offline",
    "withdrawn: agent paused",
    "withdrawn: call moved",
    "withdrawn: caller gone",
    "withdrawn: longest wait over",
    "withdrawn: overdue",
    "wrap_up > offline",
    "wrap_up > on_call",
    "wrap_up > paused",
    "wrap_up > ready",
];
