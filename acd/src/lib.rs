//! The automatic call distributor: queues, agents, offers.
//!
//! It decides which waiting call is offered to which agent. It knows neither
//! SIP nor the database, reads no clock, and holds every offer as a lease that
//! always ends (DESIGN sections 3 and 4).

mod contract;

pub use contract::{
    AgentConfig, AgentFact, AgentSnapshot, CommandError, Effect, Input, OfferOutcome, QueueConfig, QueueSnapshot,
    QueueTally, Reply, Snapshot, State, Status, TimerReason, WaitingFact, Why, WithdrawReason,
};
