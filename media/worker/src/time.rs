//! The one place of this crate that reads clocks.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clock::{Instant, Now, WallTime};

/// The process's monotonic and wall clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: std::time::Instant,
}

impl Clock {
    /// A clock that starts now.
    #[allow(clippy::disallowed_methods, reason = "a shell: this is where time comes from")]
    pub(crate) fn start() -> Self {
        Self { start: std::time::Instant::now() }
    }

    /// Monotonic time since the start.
    pub(crate) fn mono(&self) -> Instant {
        Instant::from_nanos(u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// Both clocks.
    pub(crate) fn now(&self) -> Now {
        Now { mono: self.mono(), wall: wall() }
    }
}

/// Civil time; before 1970 counts as 1970.
#[allow(clippy::disallowed_methods, reason = "a shell: this is where time comes from")]
pub(crate) fn wall() -> WallTime {
    to_wall(SystemTime::now())
}

/// A file's time as civil time.
pub(crate) fn to_wall(time: SystemTime) -> WallTime {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    WallTime::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
