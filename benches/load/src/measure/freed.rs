//! From an agent who is free to the next INVITE on the wire.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::Fault;
use crate::callee::Rung;
use crate::exchange::{Exchange, bind};
use crate::machine::{CpuTimes, undisturbed};
use crate::node::Recipe;
use crate::phones::{ADDRESS_PHONES, Phones, add_queue, extension, round_trips};
use crate::report::Report;
use crate::rig::{ADDRESS_A, PATIENCE, Rig};
use crate::stats::percentile;

/// `waiting` callers hear music; `agents` phones end their calls in turn, `samples` times in all. Each time counts from
/// the phone's BYE to the INVITE that brings it the next caller; a new caller then fills the queue up.
pub(crate) fn freed(
    recipe: &Recipe,
    waiting: u64,
    agents: u32,
    samples: usize,
    report: &mut Report,
) -> Result<(), Fault> {
    println!("\nAgent free to INVITE: {waiting} callers waiting with music, {agents} agents, {samples} times");
    let (mut idle, mut times) =
        undisturbed(|| one(recipe, waiting, agents, samples), |run| run.2).map(|run| (run.0, run.1))?;
    let idle_ms = f64::from(percentile(&mut idle, 50.0)) / 1e3;
    let [p50, p99] = [50.0, 99.0].map(|percent| f64::from(percentile(&mut times, percent)) / 1e3);
    println!("  idle round trip p50 {idle_ms:.2} ms; free to INVITE p50 {p50:.2} ms, p99 {p99:.2} ms");
    let what = format!("agent free to INVITE, {waiting} waiting with music, p99");
    let figure = format!("{p99:.2} ms (p50 {p50:.2} ms; idle round trip {idle_ms:.2} ms)");
    report.against(&what, figure, "at most 20 ms above an idle round trip".to_owned(), p99 <= idle_ms + 20.0);
    Ok(())
}

/// Idle round trips, times from BYE to INVITE, both in microseconds, and per cent stolen.
fn one(recipe: &Recipe, waiting: u64, agents: u32, samples: usize) -> Result<(Vec<u32>, Vec<u32>, f64), Fault> {
    let rig = Rig::start(recipe, |config| add_queue(config, agents, false))?;
    let phones = bind(ADDRESS_PHONES)?;
    let idle = round_trips(&phones, rig.node.sip, ROUND_TRIPS)?;
    // Music goes to a socket that nobody reads: what does not fit into its buffer is dropped there.
    let (ears, mouths) = (bind(ADDRESS_A)?, bind(ADDRESS_PHONES)?);
    let mut exchange = rig.queue_exchange("freed", &phones, ears.local_addr()?, mouths.local_addr()?)?;
    exchange.call(RATE, Duration::from_secs_f64(waiting as f64 / RATE), None, PATIENCE);
    let answered = exchange.caller.tally().answered;
    if answered < waiting {
        return Err(Fault::Answer(format!(
            "{answered} of {waiting} callers wait: {:?}",
            exchange.caller.tally().failed
        )));
    }
    for nth in 0..agents {
        Phones::bench().register(&phones, rig.node.sip, nth)?;
        exchange.caller.call(Instant::now());
    }
    let stolen = CpuTimes::now();
    let times = free_in_turn(&mut exchange, agents, samples)?;
    Ok((idle, times, stolen.until_now().0))
}

fn free_in_turn(exchange: &mut Exchange, agents: u32, samples: usize) -> Result<Vec<u32>, Fault> {
    // What each agent's phone is connected to, and when it became free.
    let mut calls: BTreeMap<String, String> = BTreeMap::new();
    let mut freed: BTreeMap<String, Instant> = BTreeMap::new();
    let (mut times, mut nth) = (Vec::new(), 0);
    let mut deadline = Instant::now() + PATIENCE;
    while times.len() < samples && Instant::now() < deadline {
        exchange.serve_until(Instant::now() + FREE_EVERY);
        while let Some(Rung { user, call_id, at, .. }) = exchange.callee.next_rung() {
            if let Some(since) = freed.remove(&user) {
                let time = at.saturating_duration_since(since).as_micros();
                times.push(u32::try_from(time).unwrap_or(u32::MAX));
                exchange.caller.call(Instant::now());
                deadline = Instant::now() + PATIENCE;
            }
            calls.insert(user, call_id);
        }
        let user = extension(nth % agents);
        nth += 1;
        let is_up = calls.get(&user).is_some_and(|call_id| exchange.callee.hang_up(call_id));
        if is_up {
            calls.remove(&user);
            freed.insert(user, Instant::now());
        }
    }
    if times.len() < samples {
        return Err(Fault::Answer(format!("{} of {samples} times: agents get no calls", times.len())));
    }
    Ok(times)
}

/// Slow enough that setting up is no test of its own.
const RATE: f64 = 100.0;
const ROUND_TRIPS: u32 = 100;
/// One agent at a time becomes free, 50 a second.
const FREE_EVERY: Duration = Duration::from_millis(20);
