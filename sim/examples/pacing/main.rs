//! `make pacing`: days of dialing with 5 to 160 agents against what pacing has to reach.
//! Arguments: days of each scenario (4), the first seed (101), then parts of the names of scenarios; none: all.
//! `months [campaigns (20) [days (30) [parts of the kinds' names]]]` runs campaigns of days in a row instead; `bound [agents
//! (5) [answer rate (0.25) [phases of a number (5, 8 or 11)]]]` shows what the best of all rules would reach with few agents.

mod bars;
mod bound;
mod month;

use month::Months;
use sim::pacing::{Scenario, simulate};

fn main() {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if(|first| first == "months").is_some() {
        let campaigns = arguments.next().map_or(20, |campaigns| campaigns.parse().expect("campaigns of each kind"));
        let days = arguments.next().map_or(30, |days| days.parse().expect("days of each campaign"));
        return months(campaigns, days, &arguments.collect::<Vec<_>>());
    }
    if arguments.next_if(|first| first == "bound").is_some() {
        let agents = arguments.next().map_or(5, |agents| agents.parse().expect("agents"));
        let rate = arguments.next().map_or(0.25, |rate| rate.parse().expect("an answer rate"));
        return bound(agents, rate, arguments.next().map_or(5, |phases| phases.parse().expect("phases")));
    }
    let days: u64 = arguments.next().map_or(4, |days| days.parse().expect("days of each scenario"));
    let first: u64 = arguments.next().map_or(101, |seed| seed.parse().expect("the first seed"));
    let wanted: Vec<String> = arguments.collect();
    let seeds: Vec<u64> = (first..first + days).collect();
    let mut failed = 0;
    println!("| scenario | occupancy | abandoned | worst day | worst hour | given up | |");
    println!("|---|---|---|---|---|---|---|");
    for bar in bars::BARS {
        for trial in bars::trials(bar.agents, &seeds) {
            if !is_wanted(&trial.scenario.id, &wanted) {
                continue;
            }
            let report = simulate(&trial.scenario).expect("a sound scenario");
            let missed = bars::missed(&bar, &trial, &report);
            failed += usize::from(!missed.is_empty());
            let dials: u64 = report.seeds.iter().map(|day| day.dials).sum();
            let given_up: u64 = report.seeds.iter().map(|day| day.given_up).sum();
            println!(
                "| {} | {:.1} % | {:.2} % | {:.2} % | {:.2} % | {:.0} % | {} |",
                report.scenario,
                report.occupancy * 100.0,
                report.abandon_pooled * 100.0,
                report.abandon_worst_day * 100.0,
                report.abandon_worst_hour * 100.0,
                given_up as f64 / dials.max(1) as f64 * 100.0,
                missed.join(", "),
            );
        }
    }
    let after = bars::abandoned_after_doubling(&seeds);
    println!("answer rate doubled, 50 agents: {:.2} % abandoned in the ten minutes after", after * 100.0);
    if failed > 0 || after > 0.06 {
        eprintln!("{failed} scenarios miss their bar");
        std::process::exit(1);
    }
}

/// Whether a name contains one of these parts; without parts each is wanted.
fn is_wanted(name: &str, parts: &[String]) -> bool {
    parts.is_empty() || parts.iter().any(|part| name.contains(part))
}

/// The frontier of the usual day's occupancy and abandoned calls.
fn bound(agents: u32, answer_rate: f64, phases: usize) {
    let day = &bars::trials(agents, &[])[0].scenario;
    let frontier = match phases {
        5 => bound::frontier::<5>,
        8 => bound::frontier::<8>,
        11 => bound::frontier::<11>,
        _ => panic!("5, 8 or 11 phases expected, not {phases}"),
    };
    println!("| best possible with {agents} agents, {answer_rate} answering: occupancy | abandoned |");
    println!("|---|---|");
    for bound in frontier(day, agents as usize, answer_rate) {
        println!("| {:.1} % | {:.2} % |", bound.occupancy * 100.0, bound.abandoned * 100.0);
    }
}

/// Campaigns of several days, with the 30-day limit alone and in the strict mode.
fn months(campaigns: u64, days: u32, wanted: &[String]) {
    let mut failed = 0;
    println!("| campaigns of {days} days | occupancy | worst campaign | worst day | days at or below the target | |");
    println!("|---|---|---|---|---|---|");
    for (agents, kind, hours) in MONTHS {
        let name = format!("a{agents}-{kind}");
        let trials = bars::trials(agents, &[]).into_iter();
        for trial in trials.filter(|trial| trial.scenario.id == name) {
            for strict_day in [false, true] {
                let id = if strict_day { format!("{name}, strict") } else { name.clone() };
                if is_wanted(&id, wanted) {
                    let scenario = Scenario { id, strict_day, duration_s: hours * 3_600.0, ..trial.scenario.clone() };
                    failed += usize::from(!month(&scenario, campaigns, days));
                }
            }
        }
    }
    if failed > 0 {
        eprintln!("{failed} kinds of campaign miss their bar");
        std::process::exit(1);
    }
}

/// Whether campaigns of one kind reach what they have to.
fn month(scenario: &Scenario, campaigns: u64, days: u32) -> bool {
    let months = Months::of(scenario, FIRST_MONTH, campaigns, days);
    let reached = months.over(scenario.target_abandon) == 0 && (!scenario.strict_day || months.days_kept() >= 0.99);
    println!(
        "| {} | {:.1} % | {:.2} % | {:.2} % | {:.1} % | {} |",
        scenario.id,
        months.occupancy * 100.0,
        months.worst() * 100.0,
        months.worst_day() * 100.0,
        months.days_kept() * 100.0,
        if reached { "" } else { "missed" },
    );
    reached
}

/// Days that campaigns of 30 days are made of: agents, kind, hours.
const MONTHS: [(u32, &str, f64); 3] = [(5, "steps", 8.0), (5, "amdfp1", 8.0), (30, "blocks", 4.0)];
/// Their first seed.
const FIRST_MONTH: u64 = 201;
