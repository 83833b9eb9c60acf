//! The trunk watcher: where the calls of each trunk go, and whether it serves.
//!
//! It looks names up (RFC 3263), registers (RFC 3261 10.2) and asks by OPTIONS,
//! each away from the path of calls, and tells the shards what came of it.

mod contract;
mod health;
mod names;
mod place;
mod query;
mod registration;
mod state;
mod targets;

mod view;
mod watcher;

pub use contract::{
    Destination, Effect, HealthConfig, Input, Reason, RegisterConfig, TRUNK_CALL_ID_PREFIX, TrunkConfig,
};
pub use query::{MAX_RECORDS, Query, Record};
pub use targets::{Target, Targets};
pub use view::{RegistrationView, TargetView, TrunkView};
pub use watcher::Watcher;

#[cfg(test)]
mod tests;
