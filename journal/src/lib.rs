//! The journal's store on the node's own disk: grouped writes, sync, replay,
//! live tails, checkpoints and trimming.
//!
//! It decides nothing and understands no entry beyond its encoding; it never
//! lets a task wait: appends go over a bounded channel to one writer thread,
//! and how far it came is reported to a callback.

mod error;
mod handle;
mod metrics;
mod options;
mod recent;
mod recovered;
mod shared;
mod store;
mod tail;
mod upkeep;
mod wall;
mod writer;

pub use error::{AppendError, OpenError, ReadError};
pub use handle::Journal;
pub use metrics::JournalMetrics;
pub use options::{Options, Report, Sink};
pub use recent::{Stored, Undecodable};
pub use recovered::{Recovered, Restored};
pub use shared::JournalState;
pub use store::JournalId;
pub use tail::Tail;
pub use upkeep::Upkeep;
