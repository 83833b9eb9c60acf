//! What the ACD is told, and what it wants done.
//!
//! Every field of a configuration has a default that means the plainest queue: longest idle, first come first served.

mod agent;
mod callback;
mod duty;
mod effect;
mod input;
mod queue;
mod routing;
mod snapshot;
mod standing;
mod steer;
mod why;
mod work;

pub use agent::{AgentConfig, AgentFact, Blend, State, Status};
pub use callback::{
    Asker, Callback, CallbackCounts, CallbackOrder, CallbackPick, CallbackRefusal, CallbackRequest, CallbackRules,
    CallbackSnapshot, CallbackSource, CallbackState, CallbackStep, CallbackTaken,
};
pub use duty::{
    AtLimit, Disposed, NotTaken, Note, OfferRules, PauseRule, StateCause, WantedCallback, WrapUpMode, WrapUpView,
};
pub use effect::{CommandError, Effect, LeaveReason, Reply, TimerReason, WithdrawReason};
pub use input::{Input, Lent, OfferOutcome, Owners};
pub use queue::{Empty, QueueAgent, QueueConfig};
pub use routing::{Need, Skill, Step, Strategy};
pub use snapshot::{AgentSnapshot, QueueSnapshot, QueueTally, Snapshot, WaitingSnapshot};
pub use standing::{StandingLeg, StandingStep};
pub use steer::{Steer, Steering};
pub use why::{Candidate, IdleIn, NoCall, Others, Standing, Waits, Why, WhyIdle, WhyWaits};
pub use work::{Enqueue, WaitingFact, WorkKind};
