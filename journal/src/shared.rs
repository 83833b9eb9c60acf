//! What the handle, the writer and the tails share.

use std::fs::File;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use journal_core::{Durability, Position};
use tokio::sync::watch;

use crate::log::{Active, Log, Opened};
use crate::recent::Recent;
use crate::time::Since;
use crate::unsynced::Unsynced;
use crate::{Report, Sink, Stored};

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
    pub(crate) log: Log,
    pub(crate) unsynced: Unsynced,
    pub(crate) recent: Mutex<Recent>,
    pub(crate) progress: watch::Sender<Progress>,
    state: Mutex<JournalState>,
    /// Entries appended and not written.
    pub(crate) backlog: AtomicUsize,
    /// Since when the oldest entry that is not synced waits.
    pub(crate) oldest_unsynced: Since,
    /// Since when the writer is busy with one group.
    pub(crate) writing_since: Since,
    /// Since when one sync goes on.
    pub(crate) syncing_since: Since,
    pub(crate) written_total: AtomicU64,
    pub(crate) synced_total: AtomicU64,
    pub(crate) failures_total: AtomicU64,
    pub(crate) cut_bytes: u64,
    #[cfg(test)]
    pub(crate) broken: Mutex<Broken>,
}

/// What fails of the disk under test.
#[cfg(test)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Broken {
    #[default]
    Nothing,
    /// Syncs, and with them new segments.
    Syncs,
    /// Everything; half of what is written arrives, as on a disk that gets full.
    Everything,
}

impl Shared {
    pub(crate) fn new(opened: Opened) -> Self {
        let Opened { log, last, cut_bytes, active } = opened;
        Self {
            log,
            unsynced: Unsynced::new(active),
            recent: Mutex::new(Recent::after(last)),
            progress: watch::Sender::new(Progress { written: last, synced: last, closed: false }),
            state: Mutex::new(JournalState::Working),
            backlog: AtomicUsize::new(0),
            oldest_unsynced: Since::new(),
            writing_since: Since::new(),
            syncing_since: Since::new(),
            written_total: AtomicU64::new(0),
            synced_total: AtomicU64::new(0),
            failures_total: AtomicU64::new(0),
            cut_bytes,
            #[cfg(test)]
            broken: Mutex::default(),
        }
    }

    /// Entries from memory if they are there.
    pub(crate) fn read_recent(&self, after: Position, until: Position, max: usize) -> Option<Vec<Arc<Stored>>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).read(after, until, max)
    }

    pub(crate) fn state(&self) -> JournalState {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The disk refused. Told once, until it works again.
    pub(crate) fn fail(&self, sink: &Sink, why: &str) {
        self.failures_total.fetch_add(1, Ordering::Relaxed);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if *state == JournalState::Working {
            tracing::error!(target: "journal", %why, "the journal fails: new calls are refused until it works");
            *state = JournalState::Failing { why: why.to_owned() };
            drop(state);
            sink(Report::Failing { why: why.to_owned() });
        }
    }

    /// The disk takes everything again.
    pub(crate) fn set_working(&self, sink: &Sink) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if *state != JournalState::Working {
            tracing::info!(target: "journal", "the journal works again");
            *state = JournalState::Working;
            drop(state);
            sink(Report::Working);
        }
    }

    /// A group is written: tails see it.
    pub(crate) fn note_written(&self, stored: Vec<Stored>, last: Position) {
        self.written_total.fetch_add(stored.len() as u64, Ordering::Relaxed);
        self.backlog.fetch_sub(stored.len(), Ordering::Relaxed);
        if let Some(oldest) = self.unsynced.lock().groups.front() {
            self.oldest_unsynced.begin(oldest.at);
        }
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        for stored in stored {
            recent.push(Arc::new(stored));
        }
        drop(recent);
        self.progress.send_modify(|progress| progress.written = last);
    }

    pub(crate) fn write(&self, file: &File, frame: &[u8], offset: u64) -> std::io::Result<()> {
        #[cfg(test)]
        if self.breaks() == Broken::Everything {
            let half = frame.get(..frame.len() / 2).unwrap_or_default();
            return std::os::unix::fs::FileExt::write_all_at(file, half, offset).and(Err(no_space_left()));
        }
        std::os::unix::fs::FileExt::write_all_at(file, frame, offset)
    }

    pub(crate) fn sync(&self, file: &File) -> std::io::Result<()> {
        self.injected_fault()?;
        file.sync_data()
    }

    pub(crate) fn begin_segment(&self, first: Option<u64>, frames: &[&[u8]]) -> std::io::Result<Active> {
        self.injected_fault()?;
        self.log.begin(first, frames)
    }

    #[cfg(test)]
    fn breaks(&self) -> Broken {
        *self.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    fn injected_fault(&self) -> std::io::Result<()> {
        if self.breaks() == Broken::Nothing { Ok(()) } else { Err(no_space_left()) }
    }

    #[cfg(not(test))]
    #[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "its twin above is for tests")]
    const fn injected_fault(&self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
fn no_space_left() -> std::io::Error {
    std::io::Error::other("no space left")
}
