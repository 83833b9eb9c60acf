//! The journal's store on the node's own disk: grouped writes, sync, replay,
//! live tails, checkpoints and trimming.
//!
//! It decides nothing and understands no entry beyond its encoding; it never
//! lets a task wait: appends go over a bounded channel to one writer thread,
//! another thread syncs what was written, and how far they came is reported to
//! a callback. The store is a log of its own (docs/decisions/0013): `log`.

#![allow(clippy::disallowed_types, reason = "a shell has files")]

mod checkpoint;
mod error;
mod handle;
mod id;
mod log;
mod metrics;
mod options;
mod recent;
mod recovered;
mod shared;
mod syncer;
mod tail;
mod time;
mod unsynced;
mod upkeep;
mod writer;

pub use error::{AppendError, OpenError, ReadError};
pub use handle::Journal;
pub use id::JournalId;
#[cfg(feature = "surgery")]
pub use log::surgery;
pub use metrics::JournalMetrics;
pub use options::{Options, Report, Sink};
pub use recent::{Stored, Undecodable};
pub use recovered::{Recovered, Restored};
pub use shared::JournalState;
pub use tail::Tail;
pub use upkeep::Upkeep;
