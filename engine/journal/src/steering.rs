//! Words of a call's steps: what a supervisor does with one that waits, and what a schedule says.

use clock::{AgentId, QueueId};
use serde::{Deserialize, Serialize};

/// What a supervisor does with a waiting call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Steering {
    /// Into another queue.
    Moved {
        /// Which.
        to: QueueId,
        /// With the arrival time that it had.
        keep_arrival: bool,
    },
    /// Another priority.
    Prioritised {
        /// Higher first.
        priority: i32,
    },
    /// To this agent, whatever the order.
    Pulled {
        /// Who.
        agent: AgentId,
    },
    /// Back into the line, from whoever rang for it.
    Requeued {
        /// At its place; else at the end.
        keep_arrival: bool,
    },
}

/// What a schedule says of a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HoursFound {
    /// Open.
    Open,
    /// Out of hours.
    Closed,
    /// Closed for the holiday of that name.
    Holiday(String),
}
