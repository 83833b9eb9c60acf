//! What others may see.

use clock::{AgentId, CallId, QueueId, WallTime};

use super::{CallbackCounts, CallbackSnapshot, State, Status};

/// What others may see.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// All agents, by id.
    pub agents: Vec<AgentSnapshot>,
    /// All queues, by id.
    pub queues: Vec<QueueSnapshot>,
    /// All open callbacks, by id.
    pub callbacks: Vec<CallbackSnapshot>,
}

/// One agent as others see him.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentSnapshot {
    /// The agent.
    pub agent: AgentId,
    /// What he chose.
    pub status: Status,
    /// What is true.
    pub state: State,
    /// Since when.
    pub state_since: WallTime,
    /// Why (pause reason, `rona`, `no_device`).
    pub reason: Option<String>,
    /// His phone can be reached.
    pub reachable: bool,
    /// His call, while reserved or on one.
    pub call: Option<CallId>,
    /// Missed rings in a row.
    pub missed: u32,
}

/// One queue as others see it.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueSnapshot {
    /// The queue.
    pub queue: QueueId,
    /// Waiting calls in the order in which they will be served, with the time that decides it.
    pub waiting: Vec<(CallId, WallTime)>,
    /// Number of its agents in each state: offline, ready, reserved, on_call, wrap_up, paused.
    pub agents: [u32; 6],
    /// Its callbacks.
    pub callbacks: CallbackCounts,
    /// What came of the calls so far.
    pub tally: QueueTally,
}

/// Conservation per queue (pacing.md P8): `entered = answered + abandoned + timed_out + moved +
/// called_back + waiting`; callbacks themselves are not in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueTally {
    /// Entered.
    pub entered: u64,
    /// Answered by an agent.
    pub answered: u64,
    /// Hung up while waiting.
    pub abandoned: u64,
    /// Left by maximum wait or a full queue.
    pub timed_out: u64,
    /// Moved to another queue.
    pub moved: u64,
    /// Left to be called back.
    pub called_back: u64,
}
