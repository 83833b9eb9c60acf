//! Days of a dialing campaign: the limits that always hold, and the same day twice.

#[path = "../examples/pacing/bars.rs"]
mod bars;

use sim::pacing::{Chain, Day, Outcome, Scenario, chain, simulate};

fn scenario(name: &str, seeds: &[u64], hours: f64) -> Scenario {
    let path = format!("{}/tests/scenarios/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("a scenario of this folder");
    let mut scenario: Scenario = serde_json::from_str(&text).expect("a scenario");
    scenario.seeds = seeds.to_vec();
    scenario.duration_s = hours * 3_600.0;
    scenario
}

fn day(name: &str, hours: f64) -> Outcome {
    let scenario = scenario(name, &[7], hours);
    Day::new(&scenario, 7).run()
}

#[test]
fn the_same_seed_dials_the_same_numbers() {
    assert_eq!(day("dev-a10-steps", 2.0), day("dev-a10-steps", 2.0));
}

#[test]
fn a_small_centre_is_busy_and_keeps_its_cap() {
    let report = simulate(&scenario("dev-a10-const25", &[1], 8.0)).expect("a sound scenario");
    assert!(report.occupancy >= 0.82, "occupancy {}", report.occupancy);
    assert!(report.abandon_pooled <= 0.03, "abandoned {}", report.abandon_pooled);
    assert!(report.abandon_worst_day <= 0.034, "worst day {}", report.abandon_worst_day);
}

#[test]
fn people_called_machines_count_against_the_cap() {
    let report = simulate(&scenario("dev-a50-amdfp1", &[1], 4.0)).expect("a sound scenario");
    assert!(report.occupancy >= 0.90, "occupancy {}", report.occupancy);
    assert!(report.abandon_pooled <= 0.034, "abandoned {}", report.abandon_pooled);
}

#[test]
fn two_hundred_agents_who_come_at_once_are_no_burst() {
    let report = simulate(&scenario("dev-a200-sin", &[3], 1.0)).expect("a sound scenario");
    assert!(report.abandon_pooled <= 0.04, "abandoned in the first hour {}", report.abandon_pooled);
}

#[test]
fn a_staff_that_shrinks_leaves_nobody_waiting() {
    let day = day("dev-a50-staff", 5.0);
    assert!(day.abandon <= 0.034, "abandoned {}", day.abandon);
    assert!(day.occupancy >= 0.90, "occupancy {}", day.occupancy);
}

#[test]
fn few_agents_reach_their_bars_on_days_made_here() {
    let names = ["a5-const25", "a12-steps", "a12-amdfp1", "a12-noamd"];
    for bar in bars::BARS.into_iter().filter(|bar| bar.agents <= 12) {
        let trials = bars::trials(bar.agents, &[21, 22]).into_iter();
        for trial in trials.filter(|trial| names.contains(&trial.scenario.id.as_str())) {
            let report = simulate(&trial.scenario).expect("a sound scenario");
            let missed = bars::missed(&bar, &trial, &report);
            assert!(missed.is_empty(), "{}: {}", report.scenario, missed.join(", "));
            assert!(report.seeds.iter().all(|day| day.given_up > 0), "late numbers are given up");
        }
    }
}

#[test]
fn a_doubled_answer_rate_is_no_burst() {
    let abandoned = bars::abandoned_after_doubling(&[21, 22]);
    assert!(abandoned <= 0.06, "{abandoned}");
}

#[test]
fn days_in_a_row_keep_to_the_limit_of_30_days_and_strict_ones_each_by_itself() {
    let mut scenario = scenario("dev-a10-steps", &[], 4.0);
    let free = chain(&scenario, 31, 4);
    assert_eq!(free[0], Day::new(&scenario, 31).run(), "the first knows of no other");
    assert_eq!(free, chain(&scenario, 31, 4), "the same seed, the same days");
    let sum = Chain::of(31, &free, scenario.target_abandon);
    assert!(sum.abandon <= 0.03, "{sum:?}");
    scenario.strict_day = true;
    let strict = Chain::of(31, &chain(&scenario, 31, 4), scenario.target_abandon);
    assert_eq!(strict.days_over, 0, "{strict:?}");
    assert!(strict.abandon < sum.abandon, "less is risked where each day counts: {strict:?}, {sum:?}");
}

#[test]
fn lines_are_never_exceeded() {
    let mut scenario = scenario("dev-a50-noamd", &[5], 2.0);
    scenario.max_lines = 60;
    let report = simulate(&scenario).expect("a sound scenario");
    assert_eq!(report.lines_exceeded, 0);
    assert!(report.occupancy > 0.3, "with ten lines to spare agents still talk: {}", report.occupancy);
}

#[test]
fn what_cannot_be_is_refused_by_its_key() {
    let mut scenario = scenario("dev-a10-const25", &[1], 1.0);
    scenario.machine_rate = 1.5;
    scenario.duration_s = 0.0;
    let faults = simulate(&scenario).map(|_| ()).unwrap_err().faults;
    assert_eq!(faults.iter().map(|fault| &*fault.key).collect::<Vec<_>>(), ["duration_s", "machine_rate"]);
}
