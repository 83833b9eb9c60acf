//! Runs seeds of the simulator until so many calls have been made: `make sim`.
//!
//! `--calls N` calls in all (10000; `make sim`: 100000), `--seed N` the first seed (1), `--each N` calls a seed (100), `--only` that one
//! seed alone, `--plant FAULT` with a fault for the judges to find (double-offer, lost-release ...), `--log` with everything that
//! happens in it, `--calm` without faults, `--campaigns` only seeds with campaigns, `--marks` says what was met.

use std::process::ExitCode;

use sim::{Marks, Planted, Scenario};

struct Options {
    calls: u64,
    seed: u64,
    each: u32,
    only: bool,
    log: bool,
    calm: bool,
    campaigns: bool,
    marks: bool,
    planted: Option<Planted>,
}

fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(word) => {
            eprintln!("unknown or incomplete option {word}; see the head of sim/examples/simulate.rs");
            return ExitCode::from(2);
        }
    };
    keep_quiet_about_breaks();
    let started = wall_clock();
    let (mut calls, mut simulated, mut seeds, mut failing) = (0, 0, 0, 0);
    let (mut conversations, mut datagrams, mut crashes) = (0, 0, 0);
    let mut marks = Marks::default();
    let mut seed = options.seed;
    while calls < options.calls {
        let mut scenario = Scenario::draw(seed, options.each);
        if options.campaigns && scenario.campaigns.is_none() {
            seed += 1;
            continue;
        }
        scenario.keep_log = options.log;
        scenario.planted = options.planted;
        if options.calm {
            scenario = scenario.without_faults();
        }
        let report = match std::panic::catch_unwind(|| sim::run(&scenario)) {
            Ok(report) => report,
            Err(_) => {
                println!("seed {seed}: panic (above)");
                return ExitCode::from(127);
            }
        };
        for line in &report.log {
            println!("{line}");
        }
        if !report.violations.is_empty() || options.only {
            println!("{report}");
        }
        failing += u64::from(!report.violations.is_empty());
        calls += report.calls;
        conversations += report.conversations;
        datagrams += report.datagrams;
        crashes += report.crashes;
        simulated += report.simulated.as_secs();
        marks.add(&report.marks);
        seeds += 1;
        seed += 1;
        if options.only {
            break;
        }
    }
    if options.marks {
        for (word, count) in marks.iter() {
            println!("{count:>9} {word}");
        }
    }
    let took = started.elapsed().as_secs_f64();
    let worked = processor_time().unwrap_or(took);
    println!(
        "{calls} calls in {seeds} seeds from {} on, {simulated} s simulated, {crashes} crashes, {datagrams} datagrams, \
         {conversations} samples of conversations: {took:.1} s, {worked:.1} s of one core, {:.0} calls a second of it, \
         {failing} seeds failing",
        options.seed,
        calls as f64 / worked
    );
    if failing == 0 { ExitCode::SUCCESS } else { ExitCode::from(129) }
}

fn options(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        calls: 10_000,
        seed: 1,
        each: 100,
        only: false,
        log: false,
        calm: false,
        campaigns: false,
        marks: false,
        planted: None,
    };
    while let Some(word) = words.next() {
        if word == "--plant" {
            options.planted = Some(words.next().and_then(|name| planted(&name)).ok_or(word)?);
            continue;
        }
        let mut number = || words.next().and_then(|value| value.parse::<u64>().ok()).ok_or(word.clone());
        match word.as_str() {
            "--calls" => options.calls = number()?,
            "--seed" => options.seed = number()?,
            "--each" => options.each = u32::try_from(number()?).map_err(|_| word.clone())?,
            "--only" => options.only = true,
            "--log" => options.log = true,
            "--marks" => options.marks = true,
            "--calm" => options.calm = true,
            "--campaigns" => options.campaigns = true,
            _ => return Err(word),
        }
    }
    Ok(options)
}

fn planted(name: &str) -> Option<Planted> {
    Some(match name {
        "double-offer" => Planted::DoubleOffer,
        "lost-release" => Planted::LostRelease,
        "missed-timer" => Planted::MissedTimer,
        "record-twice" => Planted::RecordTwice,
        "wrap-up-skipped" => Planted::WrapUpSkipped,
        "held-by-words" => Planted::HeldByWords,
        "lease-kept" => Planted::LeaseKept,
        "left-reserved" => Planted::LeftReserved,
        "head-blocked" => Planted::HeadBlocked,
        "gate-forged" => Planted::GateForged,
        "lines-ignored" => Planted::LinesIgnored,
        "ended-twice" => Planted::EndedTwice,
        "number-forgotten" => Planted::NumberForgotten,
        "booking-lost" => Planted::BookingLost,
        "not-counted" => Planted::NotCounted,
        "pause-ignored" => Planted::PauseIgnored,
        "lock-out-forgotten" => Planted::LockOutForgotten,
        "not-synced" => Planted::NotSynced,
        "answer-forgotten" => Planted::AnswerForgotten,
        "schedule-ignored" => Planted::ScheduleIgnored,
        "mend-forgotten" => Planted::MendForgotten,
        "past-forgotten" => Planted::PastForgotten,
        "ring-cut" => Planted::RingCut,
        "harbour-skipped" => Planted::HarbourSkipped,
        "limit-ignored" => Planted::LimitIgnored,
        _ => return None,
    })
}

/// Owners that break on demand are caught: nobody needs to read where.
fn keep_quiet_about_breaks() {
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.payload_as_str() != Some("broken on demand") {
            loud(info);
        }
    }));
}

/// Time on the processor, in seconds, where the system tells: others may use the machine too.
fn processor_time() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    let nanos: f64 = stat.split_whitespace().next()?.parse().ok()?;
    Some(nanos / 1e9)
}

/// Only to say how fast it was.
#[expect(clippy::disallowed_methods, reason = "no part of the simulation: it measures the runner")]
fn wall_clock() -> std::time::Instant {
    std::time::Instant::now()
}
