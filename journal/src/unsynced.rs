//! What is written and not synced yet: shared by the writer's and the syncer's thread.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use journal_core::{Owner, Position};

use crate::log::Active;

/// A group that was written.
#[derive(Debug)]
pub(crate) struct Written {
    /// Its frame, kept so that it can be written again elsewhere when a sync fails: after a
    /// failed sync the kernel forgets what it could not write.
    pub(crate) frame: Vec<u8>,
    /// Sequence of its first entry.
    pub(crate) first: u64,
    /// Its last entry.
    pub(crate) last: Position,
    pub(crate) entries: u64,
    /// How far each owner is with it.
    pub(crate) reached: BTreeMap<Owner, u64>,
    pub(crate) at: Instant,
}

/// The state under the lock.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) groups: VecDeque<Arc<Written>>,
    pub(crate) bytes: usize,
    /// Segments that have unsynced groups, oldest first; the last one is written.
    pub(crate) segments: Vec<Active>,
    /// A segment made ahead, for when the last is full.
    pub(crate) spare: Option<Active>,
    /// Why the last sync failed: the writer moves what is unsynced to a new segment.
    pub(crate) failed: Option<String>,
    /// No more will be written.
    pub(crate) closing: bool,
}

/// The lock and what both threads wait for.
#[derive(Debug)]
pub(crate) struct Unsynced {
    state: Mutex<State>,
    changed: Condvar,
}

impl Unsynced {
    pub(crate) fn new(active: Active) -> Self {
        let state = State {
            groups: VecDeque::new(),
            bytes: 0,
            segments: vec![active],
            spare: None,
            failed: None,
            closing: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes the other thread.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.lock());
        self.changed.notify_all();
        changed
    }

    /// Waits for a change, at most so long.
    pub(crate) fn wait<'a>(&self, state: MutexGuard<'a, State>, at_most: Duration) -> MutexGuard<'a, State> {
        self.changed.wait_timeout(state, at_most).unwrap_or_else(PoisonError::into_inner).0
    }
}

impl State {
    /// Takes out the groups up to `last`, which are synced now.
    pub(crate) fn take_synced(&mut self, last: Position) -> Vec<Arc<Written>> {
        let count = self.groups.partition_point(|group| group.last <= last);
        let synced: Vec<_> = self.groups.drain(..count).collect();
        self.bytes -= synced.iter().map(|group| group.frame.len()).sum::<usize>();
        synced
    }

    pub(crate) fn push(&mut self, group: Written) {
        self.bytes += group.frame.len();
        self.groups.push_back(Arc::new(group));
    }

    /// False when no more may be written until a sync is through.
    pub(crate) const fn has_room(&self) -> bool {
        self.bytes < UNSYNCED_BYTES_MAX
    }
}

/// Kept in memory until they are synced: some 10 s of 1,000 calls a second on a disk that does not sync.
const UNSYNCED_BYTES_MAX: usize = 32 * 1024 * 1024;
