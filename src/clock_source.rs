//! The one place that reads the clocks.

use std::time::{Instant as StdInstant, SystemTime, UNIX_EPOCH};

use clock::{Instant, Now, WallTime};

/// Reads the clocks of this process; copies agree with each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClockSource {
    start: StdInstant,
}

impl ClockSource {
    /// A clock that starts now.
    #[must_use]
    pub(crate) fn start() -> Self {
        Self { start: StdInstant::now() }
    }

    /// The time now.
    #[must_use]
    pub(crate) fn now(self) -> Now {
        Now { mono: self.mono(), wall: wall_now() }
    }

    /// Monotonic time now.
    #[must_use]
    pub(crate) fn mono(self) -> Instant {
        Instant::from_nanos(u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// When tokio reaches `at`.
    #[must_use]
    pub(crate) fn to_tokio(self, at: Instant) -> tokio::time::Instant {
        (self.start + std::time::Duration::from_nanos(at.as_nanos())).into()
    }
}

/// Wall time now.
#[must_use]
pub(crate) fn wall_now() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallTime::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
