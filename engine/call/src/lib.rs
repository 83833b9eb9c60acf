//! Legs, calls, bridges and call flows: the core that a call shard runs.
//!
//! It turns SIP, media events and the ACD's offers into calls, and every call
//! into exactly one call record. It never waits, never touches a socket or a
//! file, and decides nothing about which agent gets which call.

mod number;
mod plan;
mod route;
mod termination;

pub use number::MAX_DIALED_LEN;
pub use plan::{
    AgentPlan, CallLimits, NumberPlan, Plan, QueuePlan, RoutePlan, RouteSource, Target, TrunkAddress, TrunkPlan,
};
pub use route::{Destination, Dialer, NoRoute, Route};
pub use termination::{Class, Reason, Row, TABLE, Termination};
