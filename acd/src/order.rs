//! The orders that decide: which call is first, which agent is idle longest.
//!
//! Both use the monotonic clock, so a wall clock that jumps moves nobody
//! (pacing.md P11). What began before the clock's start, in an earlier life of
//! the node, gets a negative stamp: its age by the wall clock at the moment in
//! which it is restored, once and for all (P10).

use core::cmp::Reverse;
use core::time::Duration;

use clock::{Instant, Now, WallTime};

/// A point on the monotonic clock that may lie before its start, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
}

/// The place of a call: priority, then arrival, then sequence. Smallest first,
/// over all queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CallKey {
    pub(crate) priority: Reverse<i32>,
    pub(crate) arrived: Stamp,
    pub(crate) seq: u64,
}
