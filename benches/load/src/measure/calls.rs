//! CPU a bridged call, beside Kamailio's for the same messages, and the highest rate without a failure.

use std::time::{Duration, Instant};

use crate::Fault;
use crate::exchange::Exchange;
use crate::machine::{CpuTimes, undisturbed};
use crate::node::Recipe;
use crate::process::{Group, Usage, micros_each};
use crate::report::Report;
use crate::rig::{PATIENCE, Rig, YardstickRig};
use crate::stats::{median, percentile};

/// What the generator saw of one run.
#[derive(Clone, Debug)]
struct Seen {
    rate: f64,
    started: u64,
    completed: u64,
    failed: String,
    repeated: u64,
    setup_us: (u32, u32),
    generator: Duration,
    stolen: f64,
    busy: f64,
}

/// One run through a node.
#[derive(Clone, Debug)]
struct Run {
    seen: Seen,
    /// Calls with one record of status `completed`.
    records: u64,
    twice: u64,
    /// Records of status `completed` for calls that the generator did not complete.
    unfounded: u64,
    /// Records of another status.
    others: u64,
    node: Usage,
    caught_up: Option<Duration>,
}

impl Seen {
    /// Drives `rate` calls a second for `seconds` through whatever lies between the two sides.
    fn drive(exchange: &mut Exchange, rate: f64, seconds: u64) -> Self {
        let (own, times) = (Usage::of(std::process::id()), CpuTimes::now());
        exchange.call(rate, Duration::from_secs(seconds), Some(TALK), PATIENCE);
        let generator = Usage::of(std::process::id()).since(&own).whole;
        let (stolen, busy) = times.until_now();
        let tally = exchange.caller.tally();
        let mut setup_us = tally.setup_us.clone();
        Self {
            rate,
            started: tally.started,
            completed: tally.completed,
            failed: tally.failed.iter().map(|(why, count)| format!("{count} x {why}")).collect::<Vec<_>>().join(", "),
            repeated: tally.retransmitted + exchange.callee.repeated,
            setup_us: (percentile(&mut setup_us, 50.0), percentile(&mut setup_us, 99.0)),
            generator,
            stolen,
            busy,
        }
    }

    fn setup(&self) -> String {
        let (p50, p99) = self.setup_us;
        format!("setup p50 {:.2} p99 {:.2} ms", f64::from(p50) / 1e3, f64::from(p99) / 1e3)
    }

    fn failures(&self) -> String {
        if self.failed.is_empty() { String::new() } else { format!("; FAILED {}", self.failed) }
    }
}

impl Run {
    fn is_clean(&self) -> bool {
        let started = self.seen.started;
        self.seen.completed == started && self.has_true_records() && self.others == 0 && self.caught_up.is_some()
    }

    /// One record of status `completed` each for the generator's completed calls, and for nothing else.
    fn has_true_records(&self) -> bool {
        self.records == self.seen.completed && self.twice == 0 && self.unfounded == 0
    }

    /// Milliseconds of CPU a call: signalling and media threads, and the whole process.
    fn cpu_ms(&self) -> (f64, f64) {
        let front = self.node.group(Group::Signalling) + self.node.group(Group::Media);
        (micros_each(front, self.seen.completed) / 1e3, micros_each(self.node.whole, self.seen.completed) / 1e3)
    }

    fn print(&self) {
        let (Self { seen, records, twice, others, .. }, (front, whole)) = (self, self.cpu_ms());
        println!(
            "  {:>5.0}/s  calls {:>6} of {:<6}  records {records:>6}, twice {twice}, others {others}  sent again {:<4} {}",
            seen.rate,
            seen.completed,
            seen.started,
            seen.repeated,
            seen.setup(),
        );
        let group = |group| micros_each(self.node.group(group), seen.completed);
        println!(
            "           CPU a call: signalling+media {front:.3} ms (signalling {:.0} us, media {:.0} us), journal \
             {:.0} us, records {:.0} us, other {:.0} us; whole process {whole:.3} ms; generator {:.0} us",
            group(Group::Signalling),
            group(Group::Media),
            group(Group::Journal),
            group(Group::Records),
            group(Group::Other),
            micros_each(seen.generator, seen.completed),
        );
        let lag =
            self.caught_up.map_or("not within the patience".to_owned(), |lag| format!("{:.1} s", lag.as_secs_f64()));
        println!(
            "           caught up after {lag}; machine in use {:.0} %, stolen {:.2} %{}",
            seen.busy,
            seen.stolen,
            seen.failures(),
        );
    }
}

/// `runs` runs of `seconds` at `rate` on a fresh node each, and as many of Kamailio; prints them, reports the medians.
pub(crate) fn steady(recipe: &Recipe, rate: f64, seconds: u64, runs: usize, report: &mut Report) -> Result<(), Fault> {
    println!("\nCPU a bridged call: {rate} calls/s for {seconds} s, 1 s of talk, {runs} run(s)");
    let (mut fronts, mut wholes, mut kamailios) = (Vec::new(), Vec::new(), Vec::new());
    let (mut calls, mut clean, mut stolen) = (0, true, 0.0f64);
    for nth in 0..runs {
        let fresh = || {
            let rig = Rig::start(recipe, |_| {})?;
            rig.warm_up()?;
            one(&rig, &format!("cpu{nth}"), rate, seconds)
        };
        let run = undisturbed(fresh, |run| run.seen.stolen)?;
        run.print();
        if nth == 0 {
            let names = run.node.by_name(run.seen.completed);
            let names: Vec<String> = names.iter().map(|(name, us)| format!("{name} {us:.0}")).collect();
            println!("           threads, us a call: {}", names.join(", "));
        }
        fronts.push(run.cpu_ms().0);
        wholes.push(run.cpu_ms().1);
        (calls, clean, stolen) = (calls + run.seen.started, clean && run.is_clean(), stolen.max(run.seen.stolen));
        kamailios.extend(kamailio(&format!("kamailio{nth}"), rate, seconds.min(YARDSTICK_S_MAX))?);
    }
    let spread = |values: &[f64]| {
        let (low, high) = values.iter().fold((f64::MAX, 0.0f64), |(low, high), ms| (low.min(*ms), high.max(*ms)));
        format!("({low:.3} to {high:.3})")
    };
    let (front_spread, whole_spread) = (spread(&fronts), spread(&wholes));
    let (front, whole) = (median(&mut fronts), median(&mut wholes));
    let front_figure = format!("{front:.3} ms {front_spread}");
    let whole_figure = format!("{whole:.3} ms {whole_spread}");
    println!("  median: signalling+media {front:.3} ms, whole process {whole:.3} ms a call");
    if kamailios.is_empty() {
        println!("  Kamailio is not installed (tools/needs bench): no yardstick");
        report.note(FRONT, front_figure);
        report.note(WHOLE, whole_figure);
    } else {
        let kamailio = median(&mut kamailios);
        println!("  {:.2} and {:.2} times Kamailio's {kamailio:.3} ms", front / kamailio, whole / kamailio);
        report
            .note("CPU a call through Kamailio, the same messages", format!("{kamailio:.3} ms {}", spread(&kamailios)));
        for (what, figure, ms, times) in [(FRONT, front_figure, front, 1.5), (WHOLE, whole_figure, whole, 3.0)] {
            let figure = format!("{figure}, {:.2} times Kamailio", ms / kamailio);
            report.against(what, figure, format!("at most {times} times"), ms <= times * kamailio);
        }
    }
    let figure = format!("{runs} x {seconds} s, {calls} calls, stolen at most {stolen:.2} %");
    report.against(&format!("{rate} calls/s, none failed, one record each"), figure, "none failed".to_owned(), clean);
    Ok(())
}

/// Steps of `seconds` at each of `rates`, on one node, until one of them fails.
pub(crate) fn highest(recipe: &Recipe, rates: &[f64], seconds: u64, report: &mut Report) -> Result<(), Fault> {
    println!("\nHighest rate without failure: steps of {seconds} s, 1 s of talk; the generator shares the machine");
    let rig = Rig::start(recipe, |_| {})?;
    rig.warm_up()?;
    let (mut best, mut last) = (0.0, "the highest tried".to_owned());
    for rate in rates {
        let run = one(&rig, &format!("step{rate}"), *rate, seconds)?;
        run.print();
        if !run.is_clean() {
            let truth = if run.has_true_records() { "what completed has one record each" } else { "RECORDS DIFFER" };
            last = format!("at {rate}/s: {} of {} completed, {truth}", run.seen.completed, run.seen.started);
            break;
        }
        best = *rate;
    }
    println!("  highest rate without failure: {best}/s ({last})");
    report.note(&format!("highest rate without failure, steps of {seconds} s"), format!("{best}/s ({last})"));
    Ok(())
}

fn one(rig: &Rig, run: &str, rate: f64, seconds: u64) -> Result<Run, Fault> {
    let mut exchange = rig.silent_exchange(run)?;
    let node = Usage::of(rig.node.pid());
    let seen = Seen::drive(&mut exchange, rate, seconds);
    let ended = Instant::now();
    let caught_up = rig.node.rest.caught_up(PATIENCE * 2)?.map(|_| ended.elapsed());
    let node = Usage::of(rig.node.pid()).since(&node);
    let ledger = rig.node.rest.ledger(&format!("{run}-"))?;
    // A record counts only for a call that the generator knows to be completed, one each.
    let records = (0..seen.started as usize)
        .filter(|nth| exchange.caller.is_completed(*nth))
        .filter(|nth| ledger.completed.get(&exchange.caller.call_id(*nth)) == Some(&1))
        .count() as u64;
    let unfounded = ledger.completed.len() as u64 - records - ledger.twice();
    Ok(Run { seen, records, twice: ledger.twice(), unfounded, others: ledger.others.values().sum(), node, caught_up })
}

/// Milliseconds of CPU a call through Kamailio, if it is installed.
fn kamailio(run: &str, rate: f64, seconds: u64) -> Result<Option<f64>, Fault> {
    let measure = || {
        let Some(rig) = YardstickRig::start()? else { return Ok(None) };
        rig.exchange("warm")?.call(WARM_RATE, WARM_TIME, Some(WARM_TALK), PATIENCE);
        let mut exchange = rig.exchange(run)?;
        let before = Usage::of_family(rig.kamailio.pid());
        let seen = Seen::drive(&mut exchange, rate, seconds);
        Ok(Some((seen, Usage::of_family(rig.kamailio.pid()).since(&before))))
    };
    let measured = undisturbed(measure, |run| run.as_ref().map_or(0.0, |(seen, _)| seen.stolen))?;
    let Some((seen, used)) = measured else { return Ok(None) };
    let ms = micros_each(used.whole, seen.completed) / 1e3;
    println!(
        "  Kamailio: calls {:>6} of {:<6}  sent again {:<4} {}; CPU a call {ms:.3} ms; machine in use {:.0} %, stolen \
         {:.2} %{}",
        seen.completed,
        seen.started,
        seen.repeated,
        seen.setup(),
        seen.busy,
        seen.stolen,
        seen.failures(),
    );
    Ok(Some(ms))
}

const FRONT: &str = "CPU a call, signalling and media threads";
const WHOLE: &str = "CPU a call, whole process, projection caught up";
/// A call of the yardstick: 1 s.
const TALK: Duration = Duration::from_secs(1);
/// Kamailio's cost does not change after this.
const YARDSTICK_S_MAX: u64 = 20;
const WARM_RATE: f64 = 50.0;
const WARM_TIME: Duration = Duration::from_secs(1);
const WARM_TALK: Duration = Duration::from_millis(200);
