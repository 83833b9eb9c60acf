//! Memory a held call.

use std::time::Duration;

use crate::Fault;
use crate::node::Recipe;
use crate::process::{Usage, micros_each, resident_bytes};
use crate::report::Report;
use crate::rig::{PATIENCE, Rig};

/// Holds `count` calls without RTP and recording, and prints what each takes of resident memory.
pub(crate) fn held(recipe: &Recipe, count: u64, report: &mut Report) -> Result<(), Fault> {
    println!("\nMemory a held call: {count} calls up, no RTP, no recording");
    let rig = Rig::start(recipe, |_| {})?;
    rig.warm_up()?;
    let mut exchange = rig.silent_exchange("held")?;
    let before = resident_bytes(rig.node.pid());
    exchange.call(RATE, Duration::from_secs_f64(count as f64 / RATE), None, PATIENCE);
    rig.node.rest.caught_up(PATIENCE)?;
    let during = resident_bytes(rig.node.pid());
    let (usage, idle) = (Usage::of(rig.node.pid()), Duration::from_secs(3));
    exchange.serve_until(std::time::Instant::now() + idle);
    let idle_cpu = Usage::of(rig.node.pid()).since(&usage).whole;
    let answered = exchange.caller.tally().answered;
    exchange.hang_up_all(RATE, PATIENCE);
    rig.node.rest.caught_up(PATIENCE)?;
    let after = resident_bytes(rig.node.pid());
    let mib = |bytes: u64| bytes as f64 / (1024.0 * 1024.0);
    println!(
        "  answered {answered} of {count}; resident before {:.1} MiB, with the calls {:.1} MiB, after them {:.1} MiB",
        mib(before),
        mib(during),
        mib(after)
    );
    let tally = exchange.caller.tally();
    let kilobytes = during.saturating_sub(before) as f64 / 1000.0 / answered.max(1) as f64;
    let what = format!("memory a held call, {answered} held");
    report.against(&what, format!("{kilobytes:.1} kB"), "at most 40 kB".to_owned(), kilobytes <= 40.0);
    println!(
        "  {kilobytes:.1} kB a held call; CPU to hold one {:.1} us a second; ended {} of {answered}{}",
        micros_each(idle_cpu, answered) / idle.as_secs_f64(),
        tally.completed,
        if tally.failures() > 0 { format!("; FAILED {:?}", tally.failed) } else { String::new() },
    );
    Ok(())
}

/// Slow enough that setting up is no test of its own.
const RATE: f64 = 200.0;
