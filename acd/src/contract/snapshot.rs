//! What others may see.

use clock::{AgentId, CallId, CallbackId, Now, QueueId, WallTime};

use super::{CallbackCounts, CallbackSnapshot, StandingLeg, State, Status, WrapUpView};
use crate::ewt::Estimator;
use crate::expected::{Rank, Rival};

/// What others may see.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// When it was taken.
    pub now: Now,
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
    /// All that he is talking in: one active, the others held.
    pub calls: Vec<CallId>,
    /// Those of them that are on hold.
    pub held: Vec<CallId>,
    /// Missed rings in a row.
    pub missed: u32,
    /// Of his queues those that he serves now; `None` for all.
    pub queues: Option<Vec<QueueId>>,
    /// His phone answers probes, as far as known.
    pub answers: bool,
    /// His standing leg.
    pub standing_leg: StandingLeg,
    /// His wrap-up, while one runs.
    pub wrap_up: Option<WrapUpView>,
}

/// One queue as others see it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueueSnapshot {
    /// The queue.
    pub queue: QueueId,
    /// Callers on the line, in the order in which they will be served.
    pub waiting: Vec<WaitingSnapshot>,
    /// Callbacks in their places, in the same order: [`Snapshot::line`] has both together.
    pub called_back: Vec<WaitingSnapshot>,
    /// Number of its agents in each state: offline, ready, reserved, on_call, wrap_up, paused.
    pub agents: [u32; 6],
    /// Its callbacks.
    pub callbacks: CallbackCounts,
    /// What came of the calls so far.
    pub tally: QueueTally,
    /// What it has learned of service and patience: [`Snapshot::expected`] makes waits of it.
    pub estimator: Estimator,
    /// Queues whose calls compete for its agents.
    pub rivals: Vec<Rival>,
}

/// One waiting call as others see it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WaitingSnapshot {
    /// The call.
    pub call: CallId,
    /// The time that decides its place: it may be that of a former call of his, or of another queue.
    pub arrived: WallTime,
    /// When it came to this queue: its wait is counted from here.
    pub entered: WallTime,
    /// Higher first.
    pub priority: i32,
    /// Its place in the order over all queues.
    pub rank: Rank,
    /// The agents who ring for it.
    pub offered_to: Vec<AgentId>,
    /// Offers so far.
    pub attempts: u32,
    /// The callback whose place it is; none for a caller on the line.
    pub callback: Option<CallbackId>,
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
    /// Left by the maximum wait, or asked for a callback beyond the limit.
    pub timed_out: u64,
    /// Moved to another queue.
    pub moved: u64,
    /// Left to be called back.
    pub called_back: u64,
}
