//! CPU a bridged call, and the highest rate without a failure.

use std::time::{Duration, Instant};

use crate::Fault;
use crate::machine::CpuTimes;
use crate::node::Recipe;
use crate::process::{Group, Usage, micros_each};
use crate::rig::{PATIENCE, Rig};
use crate::stats::{median, percentile};

/// One run at one rate.
#[derive(Clone, Debug)]
struct Run {
    rate: f64,
    started: u64,
    completed: u64,
    failed: String,
    /// Calls with one record of status `completed`.
    records: u64,
    twice: u64,
    others: u64,
    repeated: u64,
    setup_us: (u32, u32),
    node: Usage,
    generator: Duration,
    caught_up: Option<Duration>,
    stolen: f64,
    busy: f64,
}

impl Run {
    fn is_clean(&self) -> bool {
        self.completed == self.started
            && self.records == self.started
            && self.twice == 0
            && self.others == 0
            && self.caught_up.is_some()
    }

    /// Milliseconds of CPU a call: signalling and media threads, and the whole process.
    fn cpu_ms(&self) -> (f64, f64) {
        let front = self.node.group(Group::Signalling) + self.node.group(Group::Media);
        (micros_each(front, self.completed) / 1e3, micros_each(self.node.whole, self.completed) / 1e3)
    }

    fn print(&self) {
        let (front, whole) = self.cpu_ms();
        println!(
            "  {:>5.0}/s  calls {:>6} of {:<6}  records {:>6}, twice {}, others {}  sent again {:<4} setup p50 {:.2} \
             p99 {:.2} ms",
            self.rate,
            self.completed,
            self.started,
            self.records,
            self.twice,
            self.others,
            self.repeated,
            f64::from(self.setup_us.0) / 1e3,
            f64::from(self.setup_us.1) / 1e3,
        );
        let group = |group| micros_each(self.node.group(group), self.completed);
        println!(
            "           CPU a call: signalling+media {front:.3} ms (signalling {:.0} us, media {:.0} us), journal \
             {:.0} us, records {:.0} us, other {:.0} us; whole process {whole:.3} ms; generator {:.0} us",
            group(Group::Signalling),
            group(Group::Media),
            group(Group::Journal),
            group(Group::Records),
            group(Group::Other),
            micros_each(self.generator, self.completed),
        );
        let lag =
            self.caught_up.map_or("not within the patience".to_owned(), |lag| format!("{:.1} s", lag.as_secs_f64()));
        println!(
            "           caught up after {lag}; machine in use {:.0} %, stolen {:.2} %{}{}",
            self.busy,
            self.stolen,
            if self.stolen > STOLEN_PERCENT_MAX { " (too much: repeat)" } else { "" },
            if self.failed.is_empty() { String::new() } else { format!("; FAILED {}", self.failed) },
        );
    }
}

/// `runs` runs of `seconds` at `rate` on a fresh node each; prints them and the medians.
pub(crate) fn steady(recipe: &Recipe, rate: f64, seconds: u64, runs: usize) -> Result<(), Fault> {
    println!("\nCPU a bridged call: {rate} calls/s for {seconds} s, 1 s of talk, {runs} run(s)");
    let mut costs = Vec::new();
    for nth in 0..runs {
        let rig = Rig::start(recipe, |_| {})?;
        rig.warm_up()?;
        let run = one(&rig, &format!("cpu{nth}"), rate, seconds)?;
        run.print();
        if nth == 0 {
            let names = run.node.by_name(run.completed);
            let names: Vec<String> = names.iter().map(|(name, us)| format!("{name} {us:.0}")).collect();
            println!("           threads, us a call: {}", names.join(", "));
        }
        costs.push(run.cpu_ms());
    }
    let front = median(&mut costs.iter().map(|cost| cost.0).collect::<Vec<_>>());
    let whole = median(&mut costs.iter().map(|cost| cost.1).collect::<Vec<_>>());
    println!("  median: signalling+media {front:.3} ms, whole process {whole:.3} ms a call");
    Ok(())
}

/// Steps of `seconds` at each of `rates`, on one node, until one of them fails.
pub(crate) fn highest(recipe: &Recipe, rates: &[f64], seconds: u64) -> Result<(), Fault> {
    println!("\nHighest rate without failure: steps of {seconds} s, 1 s of talk; the generator shares the machine");
    let rig = Rig::start(recipe, |_| {})?;
    rig.warm_up()?;
    let mut best = 0.0;
    for rate in rates {
        let run = one(&rig, &format!("step{rate}"), *rate, seconds)?;
        run.print();
        if !run.is_clean() {
            println!("  highest rate without failure: {best}/s ({rate}/s failed)");
            return Ok(());
        }
        best = *rate;
    }
    println!("  highest rate without failure: {best}/s (the highest tried)");
    Ok(())
}

fn one(rig: &Rig, run: &str, rate: f64, seconds: u64) -> Result<Run, Fault> {
    let mut exchange = rig.silent_exchange(run)?;
    let (node, own, times) = (Usage::of(rig.node.pid()), Usage::of(std::process::id()), CpuTimes::now());
    exchange.call(rate, Duration::from_secs(seconds), Some(TALK), PATIENCE);
    let generator = Usage::of(std::process::id()).since(&own).whole;
    let (stolen, busy) = times.until_now();
    let ended = Instant::now();
    let caught_up = rig.node.rest.caught_up(PATIENCE * 2)?.map(|_| ended.elapsed());
    let node = Usage::of(rig.node.pid()).since(&node);
    let ledger = rig.node.rest.ledger(&format!("{run}-"))?;
    let repeated = exchange.caller.tally().retransmitted + exchange.callee.repeated;
    let tally = exchange.caller.tally();
    let mut setup_us = tally.setup_us.clone();
    // A record counts only for a call that the generator knows to be completed, one each.
    let records = (0..tally.started as usize)
        .filter(|nth| ledger.completed.get(&exchange.caller.call_id(*nth)) == Some(&1))
        .count() as u64;
    Ok(Run {
        rate,
        started: tally.started,
        completed: tally.completed,
        failed: tally.failed.iter().map(|(why, count)| format!("{count} x {why}")).collect::<Vec<_>>().join(", "),
        records,
        twice: ledger.twice(),
        others: ledger.others.values().sum(),
        repeated,
        setup_us: (percentile(&mut setup_us, 50.0), percentile(&mut setup_us, 99.0)),
        node,
        generator,
        caught_up,
        stolen,
        busy,
    })
}

/// A call of the yardstick: 1 s.
const TALK: Duration = Duration::from_secs(1);
/// More than this and a run says more about the host than about us.
const STOLEN_PERCENT_MAX: f64 = 2.0;
