//! Days of one campaign in a row, with what it has counted.

use dialer::runner::Ledger;
use serde::Serialize;

use super::day::Day;
use super::report::Outcome;
use super::scenario::Scenario;

/// What came of a campaign's days in a row.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Chain {
    /// Its seed.
    pub seed: u64,
    /// Abandoned over live answers, of the last 30 days together.
    pub abandon: f64,
    /// The largest of a day.
    pub abandon_worst_day: f64,
    /// Days with more than the target.
    pub days_over: u64,
    /// Each day's.
    pub abandon_days: Vec<f64>,
}

/// Runs `days` days in a row, each with a pacer that begins anew and is told what the ledger holds: the last 30 days, the
/// last 24 hours, the running day. The first is [`Day::new`] of the same seed.
#[must_use]
pub fn chain(scenario: &Scenario, seed: u64, days: u32) -> Vec<Outcome> {
    let mut ledger = Ledger::default();
    let mut outcomes = Vec::new();
    for nth in 0..days {
        let (outcome, counted) =
            Day::after_others(scenario, seed.wrapping_add(SEEDS_APART * u64::from(nth)), nth, ledger).run_counted();
        outcomes.push(outcome);
        ledger = counted;
    }
    outcomes
}

impl Chain {
    /// Sums up days in a row.
    #[must_use]
    pub fn of(seed: u64, days: &[Outcome], target: f64) -> Self {
        let last = &days[days.len().saturating_sub(MONTH)..];
        let abandoned: u64 = last.iter().map(|day| day.abandoned).sum();
        let answers: u64 = last.iter().map(|day| day.live_answers).sum();
        Self {
            seed,
            abandon: abandoned as f64 / answers.max(1) as f64,
            abandon_worst_day: days.iter().map(|day| day.abandon).fold(0.0, f64::max),
            days_over: days.iter().filter(|day| day.abandon > target).count() as u64,
            abandon_days: days.iter().map(|day| day.abandon).collect(),
        }
    }
}

/// Between the seeds of two days of a chain, so that chains with seeds beside each other share no day.
const SEEDS_APART: u64 = 1_000_003;
/// Days of the window that the limit holds for.
const MONTH: usize = 30;
