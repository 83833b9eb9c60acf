//! How the owners of the call centre speak to each other: commands from
//! outside, snapshots for readers, and the translation of one owner's effect
//! into inputs of others.
//!
//! It owns no owner's state. Production calls it inside each owner's task, the
//! simulator calls the same functions in one loop (DESIGN section 2).

mod command;
mod snapshot;

pub use command::{Answer, Command, CommandError};
pub use snapshot::{Directory, NamedAgent, NamedQueue, NamedTrunk, RegistrationSnapshot, Snapshot, TrunkSnapshot};
