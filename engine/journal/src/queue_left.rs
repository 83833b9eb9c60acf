//! How a call leaves its queue.

use serde::{Deserialize, Serialize};

/// How a call left a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum QueueLeft {
    /// An agent answered.
    Answered,
    /// The caller hung up.
    Abandoned,
    /// Maximum wait reached; what follows is the queue's time-out flow.
    TimedOut,
    /// Ended by us.
    Ended,
    /// There was no room; what follows is the queue's overflow.
    Full,
    /// Nobody is there to serve it; what follows is the queue's overflow.
    Empty,
    /// By a key that leads elsewhere.
    Key,
    /// A supervisor moved it to another queue.
    Moved,
    /// He is called back.
    CalledBack,
    /// The queue closed while he waited; what follows is the queue's overflow.
    Closed,
    /// He asked to be called back, and as many callbacks as may be were open.
    CallbackLimit,
}
