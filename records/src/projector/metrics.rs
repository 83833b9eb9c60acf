//! What the projector counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering};

use clock::WallTime;
use journal::Journal;
use journal_core::{Durability, Position};
use tokio::sync::watch;

/// Whether rows are being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProjectorState {
    /// They are.
    Working,
    /// The database is away; tried again for ever.
    Away,
    /// Database and journal do not belong together: see the start-up error.
    Refused,
}

/// A handle to the projector's counters.
#[derive(Clone, Debug)]
pub struct ProjectorMetrics {
    counters: Arc<Counters>,
    journal: Journal,
    applied: watch::Receiver<Position>,
}

impl ProjectorMetrics {
    pub(super) const fn new(counters: Arc<Counters>, journal: Journal, applied: watch::Receiver<Position>) -> Self {
        Self { counters, journal, applied }
    }

    /// Age at `now` of the oldest entry whose rows are not in the database, seconds: `trunkline_journal_lag_seconds`.
    #[must_use]
    pub fn lag_seconds(&self, now: WallTime) -> f64 {
        let since = self.counters.pending_since.load(Ordering::Relaxed);
        if since == 0 { 0.0 } else { now.millis_since(WallTime::from_micros(since)) as f64 / 1e3 }
    }

    /// Entries in the journal whose rows are not in the database: `trunkline_journal_backlog`.
    #[must_use]
    pub fn backlog(&self) -> u64 {
        let written = self.journal.reached(Durability::Written).sequence;
        written.saturating_sub(self.applied.borrow().sequence)
    }

    /// Entries taken since the start.
    #[must_use]
    pub fn applied_total(&self) -> u64 {
        self.counters.applied_total.load(Ordering::Relaxed)
    }

    /// Entries put aside since the start. An alarm when it grows.
    #[must_use]
    pub fn poisoned_total(&self) -> u64 {
        self.counters.poisoned_total.load(Ordering::Relaxed)
    }

    /// Assertions that broke in the projector since the start. An alarm when it grows.
    #[must_use]
    pub fn panics_total(&self) -> u64 {
        self.counters.panics_total.load(Ordering::Relaxed)
    }

    /// Attempts that found the database away since the start.
    #[must_use]
    pub fn away_total(&self) -> u64 {
        self.counters.away_total.load(Ordering::Relaxed)
    }

    /// Whether rows are being written.
    #[must_use]
    pub fn state(&self) -> ProjectorState {
        match self.counters.state.load(Ordering::Relaxed) {
            WORKING => ProjectorState::Working,
            AWAY => ProjectorState::Away,
            _ => ProjectorState::Refused,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    state: AtomicU8,
    pending_since: AtomicI64,
    applied_total: AtomicU64,
    poisoned_total: AtomicU64,
    away_total: AtomicU64,
    panics_total: AtomicU64,
}

impl Counters {
    pub(super) fn working(&self) {
        if self.state.swap(WORKING, Ordering::Relaxed) != WORKING {
            tracing::info!(target: "records", "the database is back");
        }
    }

    pub(super) fn away(&self, why: &str) {
        self.away_total.fetch_add(1, Ordering::Relaxed);
        if self.state.swap(AWAY, Ordering::Relaxed) != AWAY {
            tracing::warn!(target: "records", %why, "the database is away: records wait in the journal");
        }
    }

    pub(super) fn broke(&self) {
        self.panics_total.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self) {
        self.state.store(REFUSED, Ordering::Relaxed);
    }

    pub(super) fn pending_since(&self, at: WallTime) {
        self.pending_since.store(at.as_micros(), Ordering::Relaxed);
    }

    pub(super) fn nothing_pending(&self) {
        self.pending_since.store(0, Ordering::Relaxed);
    }

    pub(super) fn applied(&self, entries: usize, poisoned: u64) {
        self.applied_total.fetch_add(entries as u64, Ordering::Relaxed);
        self.poisoned(poisoned);
    }

    pub(super) fn poisoned(&self, entries: u64) {
        self.poisoned_total.fetch_add(entries, Ordering::Relaxed);
    }
}

const WORKING: u8 = 0;
const AWAY: u8 = 1;
const REFUSED: u8 = 2;
