//! What a campaign's attempts came to, counted by the hour: the abandon rate of any window, and nothing that could not
//! be counted again from the attempts.

use core::time::Duration;
use std::collections::BTreeMap;

use clock::WallTime;
use serde::{Deserialize, Serialize};

use super::attempt::Attempt;
use crate::campaign::{AbandonRules, Outcome};

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
        let (Some(at), Some(outcome)) = (attempt.times.ended_at, attempt.outcome) else { return };
        let hour = self.hours.entry(hour_of(at)).or_default();
        let answered = attempt.times.answered_at.is_some();
        for counts in [hour, &mut self.total] {
            counts.attempts += 1;
            counts.answered += u64::from(answered);
            counts.people += u64::from(outcome.is_person());
            counts.served += u64::from(matches!(outcome, Outcome::Connected | Outcome::Message));
            counts.abandoned += u64::from(outcome == Outcome::Abandoned);
            counts.machines += u64::from(matches!(outcome, Outcome::Machine | Outcome::MachineMessage));
            counts.failed += u64::from(is_failure(outcome));
        }
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

    /// Another abandoned call would break the limit of a window for good: too few answers are left to make up for it.
    #[must_use]
    pub fn is_spent(&self, rules: &AbandonRules, now: WallTime) -> bool {
        let spent = |window: Window| {
            let counts = self.within(window, now);
            // The first answers decide nothing: one of twenty is five percent.
            let allowed = rules.target * (counts.people.max(FIRST_PEOPLE) as f64);
            counts.abandoned as f64 + 1.0 > allowed + rules.target * SLACK_PEOPLE
        };
        spent(Window::Month) || (rules.strict_day && spent(Window::Day))
    }

    /// The hours, oldest first.
    pub fn hours(&self) -> impl Iterator<Item = (i64, &Hour)> {
        self.hours.iter().map(|(hour, counts)| (*hour, counts))
    }
}

impl Hour {
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

fn hour_of(at: WallTime) -> i64 {
    at.as_micros().div_euclid(i64::try_from(Duration::from_secs(3_600).as_micros()).unwrap_or(i64::MAX))
}

/// Hours kept: 30 days, and one that has begun.
const HOURS_MAX: usize = 30 * 24 + 1;
/// As if so many people had answered, at the least.
const FIRST_PEOPLE: u64 = 100;
/// The pacing aims below the target and wavers around it: this much above is chance.
const SLACK_PEOPLE: f64 = 50.0;
