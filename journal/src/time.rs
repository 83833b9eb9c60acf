//! The clocks of this shell.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clock::WallTime;

/// Civil time. Before 1970 counts as 1970.
#[allow(clippy::disallowed_methods, reason = "a shell reads the clock, in this one place")]
pub(crate) fn wall_now() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallTime::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// The threads' own pace.
#[allow(clippy::disallowed_methods, reason = "a shell reads the clock, in this one place")]
pub(crate) fn monotonic_now() -> Instant {
    Instant::now()
}

/// Since when something lasts, by the monotonic clock: a civil clock that is set must not look like a slow disk.
#[derive(Debug)]
pub(crate) struct Since {
    start: Instant,
    /// Nanoseconds after `start`; 0 when nothing lasts.
    nanos: AtomicU64,
}

impl Since {
    pub(crate) fn new() -> Self {
        Self { start: monotonic_now(), nanos: AtomicU64::new(0) }
    }

    /// It lasts since `at`.
    pub(crate) fn begin(&self, at: Instant) {
        let nanos = at.saturating_duration_since(self.start).as_nanos();
        self.nanos.store(u64::try_from(nanos).unwrap_or(u64::MAX).max(1), Ordering::Relaxed);
    }

    /// It is over.
    pub(crate) fn end(&self) {
        self.nanos.store(0, Ordering::Relaxed);
    }

    /// How long it lasts; zero when it does not.
    pub(crate) fn age(&self) -> Duration {
        match self.nanos.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            nanos => self.start.elapsed().saturating_sub(Duration::from_nanos(nanos)),
        }
    }
}
