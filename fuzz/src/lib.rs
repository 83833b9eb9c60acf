//! What every parser and core keeps to, whatever comes: one module a target, each a function from bytes to nothing
//! that panics when a rule is broken. `make fuzz` runs them.

pub mod description;
pub mod dialogs;
pub mod distributor;
pub mod framing;
pub mod message;
pub mod rtcp;
pub mod rtp;
mod script;
pub mod transactions;
