//! The order in which calls are served: one for all queues.
//!
//! It uses the monotonic clock, so a wall clock that jumps moves nobody
//! (pacing.md P11). What began before the clock's start, in an earlier life of
//! the node, gets a negative stamp: its age by the wall clock at the moment in
//! which it is restored, once and for all (P10).

use core::cmp::Reverse;
use core::time::Duration;

use clock::{Instant, Now, WallTime};

use crate::contract::QueueConfig;

/// A point on the monotonic clock that may lie before its start, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp(i64);

impl Stamp {
    pub(crate) fn at(instant: Instant) -> Self {
        Self(i64::try_from(instant.as_nanos()).unwrap_or(i64::MAX))
    }

    /// The stamp of what happened at `wall`; a time to come counts as now.
    pub(crate) fn of_wall(now: Now, wall: WallTime) -> Self {
        let age_micros = now.wall.as_micros().saturating_sub(wall.as_micros()).max(0);
        Self(Self::at(now.mono).0.saturating_sub(age_micros.saturating_mul(1000)))
    }

    /// Time from this stamp to `now`; zero when it lies ahead.
    pub(crate) fn age(self, now: Instant) -> Duration {
        Duration::from_nanos(u64::try_from(Self::at(now).0.saturating_sub(self.0)).unwrap_or(0))
    }

    /// So much later.
    pub(crate) fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(nanos(by)))
    }

    /// The moment, `None` when it lies before the clock's start.
    pub(crate) fn instant(self) -> Option<Instant> {
        u64::try_from(self.0).ok().map(Instant::from_nanos)
    }

    pub(crate) const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    pub(crate) const fn as_nanos(self) -> i64 {
        self.0
    }
}

/// The place of a call: priority, then the time that stands for its arrival,
/// then sequence. Smallest first, over all queues. It never changes while the
/// call waits: where priority is worth waiting, the call stands as if it had
/// come earlier, so that both grow old alike and nobody starves (P9); where
/// deadlines decide, as if it had come when its service level is missed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CallKey {
    pub(crate) priority: Reverse<i32>,
    pub(crate) stands_at: Stamp,
    pub(crate) seq: u64,
}

impl CallKey {
    /// The place of a call of `queue` that came at `arrived` with a priority of its own.
    pub(crate) fn new(queue: &QueueConfig, priority: i32, arrived: Stamp, seq: u64) -> Self {
        let priority = priority.saturating_add(queue.priority);
        let deadline = if queue.by_deadline { nanos(queue.service_level) } else { 0 };
        let stands_at = arrived.0.saturating_add(deadline);
        match queue.priority_worth {
            None => Self { priority: Reverse(priority), stands_at: Stamp(stands_at), seq },
            Some(worth) => {
                let head_start = nanos(worth).saturating_mul(i64::from(priority));
                Self { priority: Reverse(0), stands_at: Stamp(stands_at.saturating_sub(head_start)), seq }
            }
        }
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Stamp {
        Stamp::at(Instant::from_nanos(secs * 1_000_000_000))
    }

    #[test]
    fn with_ageing_a_long_wait_overtakes_priority() {
        let aged = QueueConfig { priority_worth: Some(Duration::from_secs(60)), ..QueueConfig::default() };
        let (early, vip, late_vip) = (
            CallKey::new(&aged, 0, at(100), 1),
            CallKey::new(&aged, 2, at(219), 2),
            CallKey::new(&aged, 2, at(221), 3),
        );
        assert!(vip < early && early < late_vip);
        let strict = QueueConfig::default();
        assert!(CallKey::new(&strict, 1, at(9_000), 2) < CallKey::new(&strict, 0, at(1), 1));
    }

    #[test]
    fn with_deadlines_the_one_that_is_missed_first_comes_first() {
        let rule = |secs| QueueConfig {
            by_deadline: true,
            service_level: Duration::from_secs(secs),
            ..QueueConfig::default()
        };
        let (slow, quick) = (CallKey::new(&rule(60), 0, at(100), 1), CallKey::new(&rule(20), 0, at(130), 2));
        assert!(quick < slow && CallKey::new(&rule(60), 0, at(80), 3) < quick);
    }
}
