//! What a campaign's attempts came to, counted by the hour: the abandon rate of any window, and nothing that could not
//! be counted again from the attempts.

use std::collections::BTreeMap;

use clock::WallTime;
use serde::{Deserialize, Serialize};

use super::attempt::Attempt;
use crate::campaign::Outcome;
use crate::pacing::{Count, Counts};

/// Counts of a campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// By hours since 1970.
    hours: BTreeMap<i64, Hour>,
    total: Hour,
}

/// What ended in an hour, or in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hour {
    /// Attempts that ended.
    pub attempts: u64,
    /// That were answered, by whomever.
    pub answered: u64,
    /// That a person answered.
    pub people: u64,
    /// People who talked with an agent, or heard the message.
    pub served: u64,
    /// People who were left without an agent.
    pub abandoned: u64,
    /// Machines.
    pub machines: u64,
    /// Failed for a cause of ours, the trunk's or the network's.
    pub failed: u64,
}

/// A window that a limit holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// The last 30 days.
    Month,
    /// The last 24 hours.
    Day,
}

impl Ledger {
    /// The ledger with these hours, each by its number since 1970, and what was counted in all.
    #[must_use]
    pub fn of(hours: impl IntoIterator<Item = (i64, Hour)>, total: Hour) -> Self {
        Self { hours: hours.into_iter().collect(), total }
    }

    /// Counts an attempt that has ended; others count nothing.
    pub fn count(&mut self, attempt: &Attempt) {
        if let (Some(at), Some(outcome)) = (attempt.times.ended_at, attempt.outcome) {
            self.add(at, &Hour::of(outcome, attempt.times.answered_at.is_some()));
        }
    }

    /// Counts what ended at a moment.
    pub fn add(&mut self, at: WallTime, ended: &Hour) {
        self.hours.entry(hour_of(at)).or_default().add(ended);
        self.total.add(ended);
        while self.hours.len() > HOURS_MAX {
            self.hours.pop_first();
        }
    }

    /// All that was counted.
    #[must_use]
    pub const fn total(&self) -> Hour {
        self.total
    }

    /// What ended within a window before `now`.
    #[must_use]
    pub fn within(&self, window: Window, now: WallTime) -> Hour {
        let from = hour_of(now) - window.hours() + 1;
        self.hours.range(from..).fold(Hour::default(), |mut sum, (_, hour)| {
            sum.add(hour);
            sum
        })
    }

    /// What ended since a moment: the running day.
    #[must_use]
    pub fn since(&self, from: WallTime) -> Hour {
        self.hours.range(hour_of(from)..).fold(Hour::default(), |mut sum, (_, hour)| {
            sum.add(hour);
            sum
        })
    }

    /// What the windows of the abandon rate's limit hold, for the pacing.
    #[must_use]
    pub fn counts(&self, now: WallTime) -> Counts {
        let count = |hour: Hour| Count { people: hour.people, abandoned: hour.abandoned };
        Counts {
            month: count(self.within(Window::Month, now)),
            day: count(self.within(Window::Day, now)),
            today: count(self.since(midnight(now))),
            hour: count(self.since(now)),
        }
    }

    /// The hours, oldest first.
    pub fn hours(&self) -> impl Iterator<Item = (i64, &Hour)> {
        self.hours.iter().map(|(hour, counts)| (*hour, counts))
    }
}

impl Hour {
    /// One attempt with this outcome.
    #[must_use]
    pub fn of(outcome: Outcome, answered: bool) -> Self {
        Self {
            attempts: 1,
            answered: answered.into(),
            people: outcome.is_person().into(),
            served: matches!(outcome, Outcome::Connected | Outcome::Message).into(),
            abandoned: (outcome == Outcome::Abandoned).into(),
            machines: matches!(outcome, Outcome::Machine | Outcome::MachineMessage).into(),
            failed: is_failure(outcome).into(),
        }
    }

    /// Abandoned of the people who answered; none: nobody did.
    #[must_use]
    pub fn abandon_rate(&self) -> Option<f64> {
        (self.people > 0).then(|| self.abandoned as f64 / self.people as f64)
    }

    fn add(&mut self, other: &Self) {
        self.attempts += other.attempts;
        self.answered += other.answered;
        self.people += other.people;
        self.served += other.served;
        self.abandoned += other.abandoned;
        self.machines += other.machines;
        self.failed += other.failed;
    }
}

impl Window {
    const fn hours(self) -> i64 {
        match self {
            Self::Month => 30 * 24,
            Self::Day => 24,
        }
    }
}

pub(super) const fn is_failure(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Failed | Outcome::NotDialed | Outcome::Congestion)
}

/// The midnight (UTC) that a moment's day began with.
pub(super) fn midnight(at: WallTime) -> WallTime {
    WallTime::from_micros(at.as_micros().div_euclid(DAY_MICROS).saturating_mul(DAY_MICROS))
}

fn hour_of(at: WallTime) -> i64 {
    at.as_micros().div_euclid(HOUR_MICROS)
}

const HOUR_MICROS: i64 = 3_600 * 1_000_000;
const DAY_MICROS: i64 = 24 * HOUR_MICROS;

/// Hours kept: 30 days, and one that has begun.
const HOURS_MAX: usize = 30 * 24 + 1;
