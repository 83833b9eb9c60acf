//! `make pacing`: days of dialing with 5 to 160 agents against what pacing has to reach.
//! Arguments: days of each scenario (4), the first seed (101), then parts of the names of scenarios; none: all.

mod bars;

use sim::pacing::simulate;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let days: u64 = arguments.next().map_or(4, |days| days.parse().expect("days of each scenario"));
    let first: u64 = arguments.next().map_or(101, |seed| seed.parse().expect("the first seed"));
    let wanted: Vec<String> = arguments.collect();
    let seeds: Vec<u64> = (first..first + days).collect();
    let mut failed = 0;
    println!("| scenario | occupancy | abandoned | worst day | worst hour | given up | |");
    println!("|---|---|---|---|---|---|---|");
    for bar in bars::BARS {
        for trial in bars::trials(bar.agents, &seeds) {
            if !wanted.is_empty() && !wanted.iter().any(|part| trial.scenario.id.contains(part)) {
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
