//! Agents in the database: the intervals of their states, their parts in calls, their dispositions, their figures.

mod calls;
mod dispositions;
mod intervals;
mod parts;
mod stats;

pub use calls::{AgentCall, AgentCallFilter};
pub use dispositions::{CallDisposition, GivenCallback};
pub use intervals::{IntervalFilter, IntervalPlace, StateInterval};
pub(crate) use parts::Parts;
pub use stats::{AgentStats, StateTotal};

pub(crate) use calls::write as write_calls;
pub(crate) use dispositions::write as write_disposition;
pub(crate) use intervals::write as write_intervals;
