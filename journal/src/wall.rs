//! The wall clock of this shell.

use std::time::{SystemTime, UNIX_EPOCH};

use clock::WallTime;

/// Now. Before 1970 counts as 1970.
#[allow(clippy::disallowed_methods, reason = "a shell reads the clock, in this one place")]
pub(crate) fn now() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallTime::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
