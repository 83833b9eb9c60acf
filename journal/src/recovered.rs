//! What an opened journal held.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use clock::WallTime;
use journal_core::{Durability, Position, Replay};

use crate::{Journal, ReadError, Stored};

/// The entries that were in the journal when it was opened, oldest first.
#[derive(Debug)]
pub struct Recovered {
    journal: Journal,
    folder: PathBuf,
    after: Position,
    until: Position,
    chunk: VecDeque<Arc<Stored>>,
}

/// The fold of what was in the journal.
#[derive(Debug)]
pub struct Restored {
    /// What each owner gets back; expired at the given time.
    pub replay: Replay,
    /// The last entry in it: live folds go on behind it.
    pub position: Position,
    /// Entries read.
    pub entries: u64,
    /// Entries that did not fit or could not be read: alarm when there are any.
    pub anomalies: u64,
}

impl Recovered {
    pub(crate) fn new(journal: Journal, folder: PathBuf, until: Position) -> Self {
        Self { journal, folder, after: Position::START, until, chunk: VecDeque::new() }
    }

    /// Folds everything, starting from the checkpoint where there is one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn replay(mut self, now: WallTime) -> Result<Restored, ReadError> {
        let checkpoint = crate::checkpoint::read(&self.folder)?;
        let (position, replay) = checkpoint.map(|(_, position, replay)| (position, replay)).unwrap_or_default();
        self.after = position;
        let mut restored = Restored { replay, position: self.until, entries: 0, anomalies: 0 };
        while let Some(stored) = self.step()? {
            restored.entries += 1;
            let taken = stored.entry.as_ref().is_ok_and(|entry| restored.replay.apply(entry).is_ok());
            restored.anomalies += u64::from(!taken);
        }
        restored.replay.expire(now);
        Ok(restored)
    }

    fn step(&mut self) -> Result<Option<Arc<Stored>>, ReadError> {
        if self.chunk.is_empty() {
            self.chunk = self.journal.read_after(self.after, Durability::Synced, CHUNK_ENTRIES)?.into();
        }
        let next = self.chunk.pop_front().filter(|stored| stored.position <= self.until);
        if let Some(stored) = &next {
            self.after = stored.position;
        }
        Ok(next)
    }
}

impl Iterator for Recovered {
    type Item = Result<Arc<Stored>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

/// Read at once: a second of a busy node.
const CHUNK_ENTRIES: usize = 1_024;
