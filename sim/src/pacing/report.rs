//! What came of a scenario's days.

use serde::Serialize;

use super::centre::Centre;
use super::chain::Chain;

/// What came of one day.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// (talk + wrap-up) / (talk + wrap-up + idle).
    pub occupancy: f64,
    /// Abandoned over live answers.
    pub abandon: f64,
    /// The same of its worst clock hour with enough live answers.
    pub abandon_worst_hour: f64,
    /// Numbers dialled.
    pub dials: u64,
    /// Of them: given up while they rang, before they rang out.
    pub given_up: u64,
    /// Calls that got an agent.
    pub connects: u64,
    /// People who answered.
    pub live_answers: u64,
    /// Of them: no agent in time, or taken for a machine.
    pub abandoned: u64,
    /// People connected after the limit.
    pub late_connects: u64,
    /// Calls rung for less than 15 s and given up by us.
    pub short_rings: u64,
    /// Ticks with more lines than allowed.
    pub lines_exceeded: u64,
    /// 90 % of the waits for a call were shorter, s.
    pub agent_wait_p90_s: f64,
    /// Talk, wrap-up and idle time, s.
    pub talk_s: f64,
    /// Wrap-up, s.
    pub wrap_s: f64,
    /// Idle, s.
    pub idle_s: f64,
    #[serde(skip)]
    pub(super) events: u64,
    #[serde(skip)]
    hours: Vec<(u64, u64)>,
    #[serde(skip)]
    waits: Vec<f64>,
}

/// What came of all days together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The scenario.
    pub scenario: String,
    /// Pooled.
    pub occupancy: f64,
    /// Abandoned over live answers, pooled.
    pub abandon_pooled: f64,
    /// The largest of a day.
    pub abandon_worst_day: f64,
    /// Mean over the days of each one's worst clock hour.
    pub abandon_worst_hour: f64,
    /// Sum over the days.
    pub late_connects: u64,
    /// Sum over the days.
    pub short_rings: u64,
    /// Sum over the days.
    pub lines_exceeded: u64,
    /// 90 % of all waits for a call were shorter, s.
    pub agent_wait_p90_s: f64,
    /// The days.
    pub seeds: Vec<Outcome>,
    /// Campaigns of several days in a row; none: each day was one of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chains: Vec<Chain>,
}

impl Outcome {
    pub(super) fn live(&mut self, hour: usize) {
        self.live_answers += 1;
        self.hour(hour).0 += 1;
    }

    pub(super) fn abandoned(&mut self, hour: usize) {
        self.abandoned += 1;
        self.hour(hour).1 += 1;
    }

    pub(super) fn close(&mut self, seed: u64, centre: &mut Centre) {
        self.seed = seed;
        (self.talk_s, self.wrap_s, self.idle_s) = (centre.talk_s, centre.wrap_s, centre.idle_s);
        let worked = self.talk_s + self.wrap_s;
        self.occupancy = share(worked, worked + self.idle_s);
        self.abandon = share(self.abandoned as f64, self.live_answers as f64);
        let hours = self.hours.iter().filter(|(live, _)| *live >= LEAST_LIVE);
        self.abandon_worst_hour = hours.map(|(live, lost)| *lost as f64 / *live as f64).fold(0.0, f64::max);
        self.waits = core::mem::take(&mut centre.waits);
        self.agent_wait_p90_s = p90(&mut self.waits);
    }

    fn hour(&mut self, hour: usize) -> &mut (u64, u64) {
        if self.hours.len() <= hour {
            self.hours.resize(hour + 1, (0, 0));
        }
        &mut self.hours[hour]
    }
}

impl Report {
    /// Pools the days.
    #[must_use]
    pub fn of(scenario: &str, seeds: Vec<Outcome>) -> Self {
        let sum = |figure: fn(&Outcome) -> f64| seeds.iter().map(figure).sum::<f64>();
        let count = |figure: fn(&Outcome) -> u64| seeds.iter().map(figure).sum::<u64>();
        let worked = sum(|day| day.talk_s + day.wrap_s);
        let mut waits: Vec<f64> = seeds.iter().flat_map(|day| day.waits.iter().copied()).collect();
        Self {
            scenario: scenario.to_owned(),
            occupancy: share(worked, worked + sum(|day| day.idle_s)),
            abandon_pooled: share(sum(|day| day.abandoned as f64), sum(|day| day.live_answers as f64)),
            abandon_worst_day: seeds.iter().map(|day| day.abandon).fold(0.0, f64::max),
            abandon_worst_hour: share(sum(|day| day.abandon_worst_hour), seeds.len() as f64),
            late_connects: count(|day| day.late_connects),
            short_rings: count(|day| day.short_rings),
            lines_exceeded: count(|day| day.lines_exceeded),
            agent_wait_p90_s: p90(&mut waits),
            seeds,
            chains: Vec::new(),
        }
    }

    /// Pools the days of campaigns that last several.
    #[must_use]
    pub fn of_chains(scenario: &str, target: f64, chains: Vec<(u64, Vec<Outcome>)>) -> Self {
        let sums = chains.iter().map(|(seed, days)| Chain::of(*seed, days, target)).collect();
        let days = chains.into_iter().flat_map(|(_, days)| days).collect();
        Self { chains: sums, ..Self::of(scenario, days) }
    }
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

fn p90(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() * 9 / 10).or(values.last()).copied().unwrap_or(0.0)
}

/// An hour with fewer live answers says nothing.
const LEAST_LIVE: u64 = 50;
