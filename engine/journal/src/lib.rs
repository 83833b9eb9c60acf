//! Kinds of journal entries, their versions, their encoding, the marks that
//! effects wait for, and the pure folds from entries to what they mean.
//!
//! It stores nothing and knows no owner's state: the store is the crate
//! `journal`, the rows are `records`.

mod entry;
mod mark;

pub use entry::{
    AgentState, AgentStatus, Binding, CallEntry, CallEvent, CallStatus, Cause, DialogIdentity, DialogSide, Direction,
    Entry, LegKind, NameKind, Outcome, QueueLeft, RecordingState, Who,
};
pub use mark::{Durability, Mark, Owner};
