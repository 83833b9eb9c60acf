//! From the word that an agent is free to the offer, in the distributor's real task.

use std::path::Path;
use std::time::Duration;

use crate::Fault;
use crate::machine::{CpuTimes, undisturbed};
use crate::report::Report;

/// `waiting` calls wait; agents become free `samples` times, 500 a second.
pub(crate) fn owner(waiting: u64, samples: u64, report: &mut Report) -> Result<(), Fault> {
    println!("\nAgent free to offer, in the distributor's task: {waiting} calls waiting, 500 agents, {samples} times");
    let speed = undisturbed(|| one(waiting, samples), |run| run.1)?.0;
    let at = |share: f64| {
        let at = speed.offers.len().saturating_sub(1) as f64 * share;
        speed.offers.get(at as usize).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    };
    let (p50, p99, largest) = (at(0.5), at(0.99), at(1.0));
    println!("  p50 {p50:.3} ms, p99 {p99:.3} ms, largest {largest:.3} ms; {} bytes a waiting call", speed.call_bytes);
    let what = format!("agent free to offer in the distributor's task, {waiting} waiting, p99");
    let figure = format!("{p99:.2} ms (p50 {p50:.3} ms; {} bytes a waiting call)", speed.call_bytes);
    report.against(&what, figure, "under 2 ms".to_owned(), p99 < P99_MAX.as_secs_f64() * 1e3);
    Ok(())
}

/// The figures, and per cent stolen meanwhile.
fn one(waiting: u64, samples: u64) -> Result<(trunkline::OwnerSpeed, f64), Fault> {
    let folder = Path::new(FOLDER).join(std::process::id().to_string());
    std::fs::create_dir_all(&folder)?;
    let stolen = CpuTimes::now();
    let speed = trunkline::owner_speed(&folder, waiting, samples).map_err(Fault::Start);
    std::fs::remove_dir_all(&folder)?;
    Ok((speed?, stolen.until_now().0))
}

/// Its journal.
const FOLDER: &str = "target/bench-owner";
/// Issue 4, item 11.
const P99_MAX: Duration = Duration::from_millis(2);
