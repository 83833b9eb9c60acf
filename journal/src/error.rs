//! What can go wrong, with what to do about it.

use std::path::PathBuf;

use journal_core::{EncodeError, Entry};

/// The journal cannot be opened: a start-up error of one line.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("journal {path}: in use by another process; stop that one, or give this one its own data folder")]
    InUse {
        /// The journal's folder.
        path: PathBuf,
    },
    /// The folder cannot be made, read or written.
    #[error("journal {path}: {why}; check that the folder exists, is writable and its disk has room")]
    Folder {
        /// The journal's folder.
        path: PathBuf,
        /// What the operating system says.
        why: String,
    },
    /// Its files are damaged.
    #[error(
        "journal {path}: unreadable ({why}); keep a copy of the folder, then restore it from a backup or move it away \
         (calls not yet in the database are lost with it)"
    )]
    Unreadable {
        /// The journal's folder.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A program wrote it that kept its journal in another store.
    #[error(
        "journal {path}: an earlier program wrote it (format 1); with that program, stop in order so that all records \
         are in the database, then move this folder away and let the database go on: trunkline adopt --config FILE"
    )]
    Former {
        /// The journal's folder.
        path: PathBuf,
    },
    /// A newer program wrote it.
    #[error("journal {path}: format {got}, this program knows {expected}; start the program that wrote it")]
    Format {
        /// The journal's folder.
        path: PathBuf,
        /// Format known.
        expected: u32,
        /// Format found.
        got: u32,
    },
}

/// An entry was not taken.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The channel is full: the owner keeps the entry and offers it again when
    /// the next report wakes it. It must not skip it.
    #[error("the journal is behind: {capacity} entries wait")]
    Full {
        /// The entry, given back.
        entry: Box<Entry>,
        /// Entries that may wait.
        capacity: usize,
    },
    /// The entry has no bytes: a bug of its owner, or text of a peer that no limit caught.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The journal was closed.
    #[error("the journal is closed")]
    Closed,
}

/// Entries cannot be read now.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The store says so.
    #[error("the journal cannot be read: {why}")]
    Store {
        /// What it says.
        why: String,
    },
}
