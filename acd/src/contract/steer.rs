//! What a supervisor wants done with a waiting call.

use clock::{AgentId, CallId, QueueId, RequestId};

/// A supervisor's order about a call that waits. Carried out by `Effect::Steered`, after which the call's shard answers;
/// refused, or with nothing to do, answered by `Effect::Reply`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steer {
    /// Whom to answer.
    pub request: Option<RequestId>,
    /// The call.
    pub call: CallId,
    /// What to do.
    pub steering: Steering,
}

/// What is done. Each may be said twice: what is so already is answered alike and changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steering {
    /// Into another queue.
    Move {
        /// Which.
        queue: QueueId,
        /// With the arrival time that it had; else it is the last one there.
        keep_arrival: bool,
    },
    /// Another priority.
    Prioritise {
        /// Higher first.
        priority: i32,
    },
    /// To this agent, whatever the order and whatever the queue asks: he must be ready.
    Pull {
        /// Who.
        agent: AgentId,
    },
    /// Back into the line, from whoever rings for it.
    Requeue {
        /// At its place; else at the end.
        keep_arrival: bool,
    },
}
