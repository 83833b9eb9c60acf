//! What the caller of the journal decides.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use journal_core::{Durability, Owner};

/// Where the journal is and how much may wait in it.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its own folder.
    pub path: PathBuf,
    /// Number of this node, first part of every key.
    pub node: u16,
    /// Entries that may wait to be written. When they are [`AppendError::Full`](crate::AppendError::Full)
    /// is the policy; when half of them wait the journal calls itself not
    /// writable, so new calls are refused long before calls in progress are hurt.
    pub capacity: usize,
    /// A sync starts this long after a write, at the latest.
    pub sync_delay: Duration,
}

impl Options {
    /// The defaults, in `path`.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), node: 1, capacity: DEFAULT_CAPACITY, sync_delay: DEFAULT_SYNC_DELAY }
    }
}

/// What the journal tells its caller, from its writer thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// All entries of `owner` up to number `entry` are this safe.
    Reached {
        /// Whose entries.
        owner: Owner,
        /// How safe.
        durability: Durability,
        /// Number of the last of them.
        entry: u64,
    },
    /// Nothing can be written for now: owners fail their gates, new calls get 503. Nothing that
    /// was appended is dropped: it is tried again until it works.
    Failing {
        /// What the store says.
        why: String,
    },
    /// Writing works again.
    Working,
}

/// Takes reports. Runs on the writer thread, so it only stores a number and wakes a task.
pub type Sink = Arc<dyn Fn(Report) + Send + Sync>;

/// Six seconds of 1,000 new calls a second, some 30 MB.
const DEFAULT_CAPACITY: usize = 65_536;
/// DESIGN section 6 allows 20 ms; half of it leaves room for a late thread.
const DEFAULT_SYNC_DELAY: Duration = Duration::from_millis(10);
