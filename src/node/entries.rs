//! Entries of the node itself, numbered.

use std::sync::{Arc, Mutex, PoisonError};

use journal::{AppendError, Journal};
use journal_core::{Entry, Owner};

/// Appends the node's own entries; every clone continues the same numbers.
#[derive(Clone)]
pub(crate) struct NodeEntries {
    journal: Journal,
    count: Arc<Mutex<u64>>,
}

impl NodeEntries {
    pub(crate) fn new(journal: Journal) -> Self {
        Self { journal, count: Arc::default() }
    }

    /// Journals an entry, without waiting for it.
    ///
    /// # Errors
    /// The journal takes none now; the entry is not journaled and has no number.
    pub(super) fn try_append(&self, entry: Entry) -> Result<(), AppendError> {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        self.journal.append(Owner::Node, *count + 1, entry)?;
        *count += 1;
        Ok(())
    }

    /// The same for entries whose loss the next start makes good.
    pub(crate) fn append(&self, entry: Entry) {
        if let Err(error) = self.try_append(entry) {
            tracing::error!(%error, "an entry of the node could not be journaled");
        }
    }
}
