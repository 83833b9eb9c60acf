//! What the handle, the writer and the tails share.

use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use clock::WallTime;
use journal_core::{Durability, Position};
use tokio::sync::watch;

use crate::recent::Recent;
use crate::store::Store;
use crate::{ReadError, Stored};

/// Whether the journal takes entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalState {
    /// It does.
    Working,
    /// It does not: new calls are refused until it works again.
    Failing {
        /// What the store says.
        why: String,
    },
}

/// How far the journal is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) written: Position,
    pub(crate) synced: Position,
    pub(crate) closed: bool,
}

impl Progress {
    pub(crate) const fn reached(&self, durability: Durability) -> Position {
        match durability {
            Durability::Written => self.written,
            Durability::Synced => self.synced,
        }
    }
}

pub(crate) struct Shared {
    /// `None` while the store is closed to be opened again.
    pub(crate) store: RwLock<Option<Store>>,
    pub(crate) recent: Mutex<Recent>,
    pub(crate) progress: watch::Sender<Progress>,
    pub(crate) state: Mutex<JournalState>,
    /// Entries appended and not written.
    pub(crate) backlog: AtomicUsize,
    /// Time of the oldest entry that is not synced, microseconds; 0 for none.
    pub(crate) oldest_unsynced: AtomicI64,
    /// Since when the writer is busy with one group, microseconds; 0 when it is not.
    pub(crate) busy_since: AtomicI64,
    pub(crate) written_total: AtomicU64,
    pub(crate) synced_total: AtomicU64,
    pub(crate) failures_total: AtomicU64,
}

impl Shared {
    pub(crate) fn new(store: Store, last: Position) -> Self {
        Self {
            store: RwLock::new(Some(store)),
            recent: Mutex::new(Recent::after(last)),
            progress: watch::Sender::new(Progress { written: last, synced: last, closed: false }),
            state: Mutex::new(JournalState::Working),
            backlog: AtomicUsize::new(0),
            oldest_unsynced: AtomicI64::new(0),
            busy_since: AtomicI64::new(0),
            written_total: AtomicU64::new(0),
            synced_total: AtomicU64::new(0),
            failures_total: AtomicU64::new(0),
        }
    }

    pub(crate) fn with_store<T>(&self, what: impl FnOnce(&Store) -> Result<T, ReadError>) -> Result<T, ReadError> {
        let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
        store.as_ref().map_or(Err(ReadError::Away), what)
    }

    /// Entries from memory if they are there.
    pub(crate) fn read_recent(&self, after: Position, until: Position, max: usize) -> Option<Vec<Arc<Stored>>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).read(after, until, max)
    }

    pub(crate) fn state(&self) -> JournalState {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_state(&self, state: JournalState) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Seconds from the time in `cell` to `now`; 0 when there is none.
    pub(crate) fn age_seconds(cell: &AtomicI64, now: WallTime) -> f64 {
        let since = cell.load(Ordering::Relaxed);
        if since == 0 { 0.0 } else { now.as_micros().saturating_sub(since).max(0) as f64 / 1e6 }
    }
}
