//! Work that waits for an agent.

use core::time::Duration;

use clock::{AgentId, CallId, QueueId, ShardId, WallTime};

use super::Step;

/// What kind of work waits. All kinds wait in one order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkKind {
    /// A caller on the line.
    #[default]
    Inbound,
    /// Somebody who asked to be called back.
    Callback,
    /// A customer whom a campaign has called and who answered.
    Outbound,
}

/// A call that waits from now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enqueue {
    /// The call.
    pub call: CallId,
    /// Its shard.
    pub shard: ShardId,
    /// The queue.
    pub queue: QueueId,
    /// Number of the caller, to find his place and his last agent again.
    pub caller: Option<String>,
    /// Higher first.
    pub priority: i32,
    /// What it is.
    pub kind: WorkKind,
    /// What this call asks of an agent, beside what its queue asks.
    pub steps: Vec<Step>,
    /// The agent for whom this call is meant; without one the caller's owner (`Input::Owners`) or his last agent is
    /// preferred, where the queue prefers any.
    pub preferred: Option<AgentId>,
    /// The arrival that decides its place, when it is not now.
    pub arrived: Option<WallTime>,
    /// Its own longest wait, where it has one: a person whom a campaign called may hardly be kept waiting.
    pub max_wait: Option<Duration>,
    /// The queue may be full, and nobody need be there: it comes to ask for a callback, or was let in before.
    pub is_let_in: bool,
}

/// One call that waits in a queue, as its shard sees it: enough to put it back
/// in its place when the ACD has forgotten it (DESIGN section 4, failure domains).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WaitingFact {
    /// The call.
    pub call: CallId,
    /// The queue.
    pub queue: QueueId,
    /// Number of the caller.
    pub caller: Option<String>,
    /// Higher first.
    pub priority: i32,
    /// The time that decides its place, from `Effect::Enqueued`.
    pub arrived: WallTime,
    /// What it is.
    pub kind: WorkKind,
    /// What this call asks of an agent, beside what its queue asks.
    pub steps: Vec<Step>,
    /// The agent who owns the caller.
    pub preferred: Option<AgentId>,
}
