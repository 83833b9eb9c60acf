//! The counts of one queue in one interval.

use core::time::Duration;

use super::fact::{Leave, Visit};
use super::waits::Waits;

/// What a queue is measured against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    /// T: answered within it is in time.
    pub within: Duration,
    /// X: the part of the calls that should be, 0 to 1.
    pub share: f64,
    /// S: who gives up within it is a short abandon.
    pub short: Duration,
}

impl Default for Goal {
    /// 80 % within 20 s, and 5 s (contact-centre.md section 8).
    fn default() -> Self {
        Self { within: Duration::from_secs(20), share: 0.8, short: Duration::from_secs(5) }
    }
}

/// Counts of the calls that entered in one interval. Each count has a word, by which reports list the calls behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Entered.
    pub offered: u64,
    /// Answered by an agent.
    pub answered: u64,
    /// Answered within T.
    pub answered_in_time: u64,
    /// Hung up while waiting.
    pub abandoned: u64,
    /// Hung up within T.
    pub abandoned_in_time: u64,
    /// Hung up within S.
    pub abandoned_short: u64,
    /// Left by time.
    pub timed_out: u64,
    /// Sent elsewhere by a rule or a key.
    pub overflowed: u64,
    /// Moved to another queue.
    pub moved: u64,
    /// Left for a callback.
    pub called_back: u64,
    /// Ended by us.
    pub ended: u64,
    /// Waits of the answered ones.
    pub waits: Waits,
}

impl Figures {
    /// A call entered.
    pub(crate) fn enter(&mut self) {
        self.offered += 1;
    }

    /// A call left after `waited`.
    pub(crate) fn leave(&mut self, how: Leave, waited: Duration, goal: &Goal) {
        let within = |limit: Duration| u64::from(waited <= limit);
        match how {
            Leave::Answered => {
                self.answered += 1;
                self.answered_in_time += within(goal.within);
                self.waits.add(waited);
            }
            Leave::Abandoned => {
                self.abandoned += 1;
                self.abandoned_in_time += within(goal.within);
                self.abandoned_short += within(goal.short);
            }
            Leave::TimedOut => self.timed_out += 1,
            Leave::Overflowed => self.overflowed += 1,
            Leave::Moved => self.moved += 1,
            Leave::Callback => self.called_back += 1,
            Leave::Ended => self.ended += 1,
        }
    }

    /// A whole visit, as a report takes it.
    pub fn count(&mut self, visit: &Visit, goal: &Goal) {
        self.enter();
        if let Some((at, how)) = visit.left {
            self.leave(how, waited(visit.entered, at), goal);
        }
    }

    /// The calls of another interval too.
    pub fn merge(&mut self, other: &Self) {
        let Self { waits, .. } = other;
        self.offered += other.offered;
        self.answered += other.answered;
        self.answered_in_time += other.answered_in_time;
        self.abandoned += other.abandoned;
        self.abandoned_in_time += other.abandoned_in_time;
        self.abandoned_short += other.abandoned_short;
        self.timed_out += other.timed_out;
        self.overflowed += other.overflowed;
        self.moved += other.moved;
        self.called_back += other.called_back;
        self.ended += other.ended;
        self.waits.merge(waits);
    }

    /// Calls that entered in the interval and wait still (P8: everything else that entered has left).
    #[must_use]
    pub const fn waiting(&self) -> u64 {
        let elsewhere = self.timed_out + self.overflowed + self.moved + self.called_back;
        self.offered.saturating_sub(self.answered + self.abandoned + elsewhere + self.ended)
    }
}

impl Visit {
    /// The words of the counts in which it is one.
    #[must_use]
    pub fn counted_in(&self, goal: &Goal) -> Vec<&'static str> {
        let mut one = Figures::default();
        one.count(self, goal);
        let counts = [
            (one.offered, "offered"),
            (one.answered, "answered"),
            (one.answered_in_time, "answered_in_time"),
            (one.abandoned, "abandoned"),
            (one.abandoned_in_time, "abandoned_in_time"),
            (one.abandoned_short, "abandoned_short"),
            (one.timed_out, "timed_out"),
            (one.overflowed, "overflowed"),
            (one.moved, "moved"),
            (one.called_back, "called_back"),
            (one.ended, "ended"),
            (one.waiting(), "waiting"),
        ];
        counts.into_iter().filter(|(count, _)| *count > 0).map(|(_, word)| word).collect()
    }
}

/// From `entered` to `left`; zero when the wall clock went back meanwhile.
pub(crate) fn waited(entered: clock::WallTime, left: clock::WallTime) -> Duration {
    Duration::from_millis(left.millis_since(entered))
}
