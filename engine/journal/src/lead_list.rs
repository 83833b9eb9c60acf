//! What becomes of lists of leads, as it is told: the rows themselves are the database's.

use clock::{ListId, WallTime};
use serde::{Deserialize, Serialize};

/// How far a list of leads has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadListNote {
    /// The list.
    pub list: ListId,
    /// Its account.
    pub account: String,
    /// What it is called.
    pub name: String,
    /// Word of its state.
    pub state: String,
    /// It is read on: the state is the same as before.
    pub is_progress: bool,
    /// Bytes of the file that were read.
    pub read_bytes: u64,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Rows that were read.
    pub rows_read: u64,
    /// Rows that are leads.
    pub leads: u64,
    /// Rows that could not be read.
    pub rows_invalid: u64,
    /// Rows whose numbers are there already.
    pub rows_duplicate: u64,
    /// Rows whose numbers must not be called.
    pub rows_forbidden: u64,
    /// Why it failed.
    pub failure: Option<String>,
    /// When.
    pub at: WallTime,
}
