//! What the journal counts.

/// A reading of the journal's counters.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct JournalMetrics {
    /// Age of the oldest entry that is not safe from power loss yet, seconds.
    pub unsynced_seconds: f64,
    /// Entries appended and not yet written.
    pub waiting: usize,
    /// Entries written since the start.
    pub written_total: u64,
    /// Entries synced since the start.
    pub synced_total: u64,
    /// Writes and syncs that failed since the start.
    pub failures_total: u64,
    /// Bytes of a damaged end that the start cut off; nothing in them was ever synced.
    pub cut_bytes: u64,
}
