//! How far each owner's journal entries have come, as the journal reports it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use journal_core::{Durability, Owner};
use tokio::sync::Notify;

/// One owner's progress: written by the journal's thread, read by the owner's task.
#[derive(Debug, Default)]
pub(crate) struct OwnerProgress {
    written: AtomicU64,
    synced: AtomicU64,
    notify: Notify,
}

impl OwnerProgress {
    /// Numbers of the last written and the last synced entry.
    pub(crate) fn read(&self) -> (u64, u64) {
        (self.written.load(Ordering::Acquire), self.synced.load(Ordering::Acquire))
    }

    /// Ends when a report came since the last call.
    pub(crate) async fn changed(&self) {
        self.notify.notified().await;
    }

    fn report(&self, durability: Durability, entry: u64) {
        match durability {
            Durability::Written => self.written.fetch_max(entry, Ordering::AcqRel),
            Durability::Synced => self.synced.fetch_max(entry, Ordering::AcqRel),
        };
        self.notify.notify_one();
    }
}

/// The progress of all owners.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    owners: BTreeMap<Owner, Arc<OwnerProgress>>,
}

impl Progress {
    /// Progress of these owners.
    pub(crate) fn of(owners: impl IntoIterator<Item = Owner>) -> Self {
        Self { owners: owners.into_iter().map(|owner| (owner, Arc::default())).collect() }
    }

    /// One owner's part; a new one that nobody reports to for an owner not named at the start.
    pub(crate) fn owner(&self, owner: Owner) -> Arc<OwnerProgress> {
        self.owners.get(&owner).cloned().unwrap_or_default()
    }

    /// The journal's report.
    pub(crate) fn report(&self, owner: Owner, durability: Durability, entry: u64) {
        if let Some(progress) = self.owners.get(&owner) {
            progress.report(durability, entry);
        }
    }
}
