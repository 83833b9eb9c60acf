//! `trunkline simulate`: the days of a pacing scenario, through the pacer that runs in production.

use std::fmt::Write as _;
use std::path::PathBuf;

use sim::pacing::{Day, Report, ScenarioError, chain};

mod read;

/// What to simulate.
#[derive(clap::Args, Debug)]
pub struct SimulateOptions {
    /// The scenario, a JSON file (docs/pacing.md).
    #[arg(long)]
    scenario: PathBuf,
    /// So many days instead of those of the file: its first seeds, then the numbers behind the largest of them.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1000))]
    seeds: Option<u16>,
    /// So many days in a row for each seed, with what the campaign has counted so far.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=365))]
    days: Option<u32>,
    /// The abandon target holds for each 24 hours too, not only for 30 days.
    #[arg(long)]
    strict_day: bool,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// Why nothing was simulated.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// The file could not be read.
    #[error("{path}: {cause}")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// It is no JSON object.
    #[error("{path}: {cause}")]
    Parse {
        /// The file.
        path: String,
        /// What was expected, and where.
        cause: serde_json::Error,
    },
    /// It is no scenario, or says what cannot be.
    #[error("{path}: {}", each(.cause))]
    Scenario {
        /// The file.
        path: String,
        /// All that is wrong.
        cause: ScenarioError,
    },
}

/// Simulates every day and returns what is to be printed.
///
/// # Errors
/// [`SimulateError`] when the file cannot be read, is no scenario, or says what cannot be: all of it at once.
pub fn simulate(options: &SimulateOptions) -> Result<String, SimulateError> {
    let path = options.scenario.display().to_string();
    let text = std::fs::read_to_string(&options.scenario)
        .map_err(|cause| SimulateError::Read { path: path.clone(), cause })?;
    let mut scenario = read::scenario(&path, &text)?;
    scenario.check().map_err(|cause| SimulateError::Scenario { path, cause })?;
    if let Some(days) = options.seeds {
        set_days(&mut scenario.seeds, days.into());
    }
    scenario.strict_day |= options.strict_day;
    let report = match options.days {
        None => {
            let day = |seed| Day::new(&scenario, seed).run();
            Report::of(&scenario.id, of_each_seed(&scenario.seeds, day))
        }
        Some(days) => {
            let days_of = |seed| (seed, chain(&scenario, seed, days));
            Report::of_chains(&scenario.id, scenario.target_abandon, of_each_seed(&scenario.seeds, days_of))
        }
    };
    Ok(if options.json { serde_json::to_string_pretty(&report).unwrap_or_default() } else { table(&report) })
}

/// One fault on the line, more below each other.
fn each(error: &ScenarioError) -> String {
    match &error.faults[..] {
        [only] => only.to_string(),
        faults => faults.iter().fold(format!("{} faults", faults.len()), |text, fault| format!("{text}\n  {fault}")),
    }
}

fn set_days(seeds: &mut Vec<u64>, days: usize) {
    let mut next = seeds.iter().copied().max().unwrap_or(0);
    seeds.truncate(days);
    while seeds.len() < days {
        next = next.wrapping_add(1);
        seeds.push(next);
    }
}

/// What `simulated` gives for each seed, in their order; as many at once as there are processors.
fn of_each_seed<T: Send>(seeds: &[u64], simulated: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let each = seeds.len().div_ceil(threads).max(1);
    let simulated = &simulated;
    std::thread::scope(|scope| {
        let parts: Vec<_> = seeds
            .chunks(each)
            .map(|seeds| scope.spawn(move || seeds.iter().map(|seed| simulated(*seed)).collect::<Vec<_>>()))
            .collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

fn table(report: &Report) -> String {
    let percent = |share: f64| share * 100.0;
    let mut text = format!("{}\n", report.scenario);
    let _ = writeln!(
        text,
        "{:>8} {:>10} {:>10} {:>11} {:>9} {:>9}",
        "seed", "occupancy", "abandoned", "worst hour", "wait p90", "dials"
    );
    for day in &report.seeds {
        let _ = writeln!(
            text,
            "{:>8} {:>8.2} % {:>8.2} % {:>9.2} % {:>7.1} s {:>9}",
            day.seed,
            percent(day.occupancy),
            percent(day.abandon),
            percent(day.abandon_worst_hour),
            day.agent_wait_p90_s,
            day.dials
        );
    }
    let _ = write!(
        text,
        "{:>8} {:>8.2} % {:>8.2} % {:>9.2} % {:>7.1} s   worst day {:.2} %",
        "all",
        percent(report.occupancy),
        percent(report.abandon_pooled),
        percent(report.abandon_worst_hour),
        report.agent_wait_p90_s,
        percent(report.abandon_worst_day)
    );
    for chain in &report.chains {
        let _ = write!(
            text,
            "\n{:>8} {:>22.2} %   of 30 days; worst day {:.2} %, {} of {} days above the target",
            chain.seed,
            percent(chain.abandon),
            percent(chain.abandon_worst_day),
            chain.days_over,
            chain.abandon_days.len()
        );
    }
    text
}
