//! Legs, calls, bridges and call flows: the core that a call shard runs.
//!
//! It turns SIP, media events and the ACD's offers into calls, and every call
//! into exactly one call record. It never waits, never touches a socket or a
//! file, and decides nothing about which agent gets which call.

mod announce;
mod audio;
mod authentication;
mod bridge;
mod call;
mod civil;
mod contract;
mod decision;
mod ending;
mod facts;
mod flow;
mod identity;
mod ids;
mod inbound;
mod journey;
mod leg;
mod legs;
mod limits;
mod lost;
mod media_events;
pub mod menu;
mod number;
mod plan;
mod planted;
mod recording;
mod reload;
mod requests;
mod restore;
mod ring;
mod ringing;
mod route;
mod shard;
mod signal;
mod snapshot;
mod targets;
mod termination;
mod wiring;

pub use contract::{
    AgentFact, CallbackOrder, CallbackStep, CommandError, Contact, Effect, Input, NewCall, OfferOutcome, Reply,
    StandingStep, WaitingFact, WithdrawReason,
};
pub use decision::decision;
pub use ids::shard_of_id;
pub use lost::{Lost, LostRecording, RestoredCall};
pub use number::MAX_DIALED_LEN;
pub use plan::{
    AgentPlan, Announcements, CallLimits, CallNeeds, CallStep, CallbackPlan, DEFAULT_TARGET_RING_START_MAX,
    DEFAULT_TARGET_SILENCE_MAX, EntryPlan, Exit, Gate, IdentityPlan, MenuId, MenuPlan, NumberFormat, NumberPlan,
    Overflow, Plan, QueuePlan, RoutePlan, RouteSource, ShownNumber, Target, TrunkAddress, TrunkDigest, TrunkPlan,
    Unserved,
};
pub use planted::Planted;
pub use recording::recording_path;
pub use route::{Destination, Dialer, NoRoute, Route};
pub use shard::{Shard, ShardConfig};
pub use snapshot::{Counts, Snapshot, TimerReason, TrunkUsage};
pub use termination::{Class, Reason, Row, TABLE, Termination};
