//! What the ACD is told, and what it wants done.
//!
//! Every field of a configuration has a default that means the plainest queue: longest idle, first come first served.

mod agent;
mod effect;
mod input;
mod queue;
mod routing;
mod snapshot;
mod work;

pub use agent::{AgentConfig, AgentFact, Blend, State, Status};
pub use effect::{CommandError, Effect, Reply, TimerReason, Why, WithdrawReason};
pub use input::{Input, OfferOutcome};
pub use queue::{QueueAgent, QueueConfig};
pub use routing::{Need, Skill, Step, Strategy};
pub use snapshot::{AgentSnapshot, QueueSnapshot, QueueTally, Snapshot};
pub use work::{Enqueue, WaitingFact, WorkKind};
