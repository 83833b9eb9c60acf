//! The automatic call distributor: queues, agents, offers.
//!
//! It decides which waiting call is offered to which agent. It knows neither
//! SIP nor the database, reads no clock, and holds every offer as a lease that
//! always ends (DESIGN sections 3 and 4).

mod acd;
mod agent;
mod agents;
mod checkpoint;
mod configure;
mod contract;
mod dispatch;
mod ewt;
mod explain;
mod facts;
mod limits;
pub mod measure;
mod offers;
mod order;
mod place;
mod planted;
mod queue;
mod view;
mod waiting;

pub use acd::{Acd, Counts};
pub use checkpoint::Checkpoint;
pub use contract::{
    AgentConfig, AgentFact, AgentSnapshot, Blend, CommandError, Effect, Enqueue, Input, Need, OfferOutcome, QueueAgent,
    QueueConfig, QueueSnapshot, QueueTally, Reply, Skill, Snapshot, State, Status, Step, Strategy, TimerReason,
    WaitingFact, Why, WithdrawReason, WorkKind,
};
pub use ewt::{Announcement, Basis, Estimate, Estimator, Forecast, Line, Promise, RaisedBy, Rates, UPPER};
pub use explain::{Decision, Explanation, WhyIdle};
pub use limits::{FACTS_SETTLE, Limits, MISSED_REST, OFFER_GRACE, REFUSED_REST, UNREACHABLE_REST};
pub use planted::Planted;
pub use view::Changes;
