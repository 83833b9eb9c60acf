//! What the ACD is told, and what it wants done.

use core::time::Duration;

use clock::{AgentId, CallId, Generation, LegId, OfferId, QueueId, RequestId, ShardId, WallTime};

/// What an agent chose (DESIGN section 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Takes queue calls.
    Ready,
    /// Takes none for now.
    Paused,
    /// Signed off.
    Offline,
}

/// What is true of an agent (DESIGN section 8, data-model.md section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Signed off, or no device.
    Offline,
    /// May be offered a call.
    Ready,
    /// An offer is open.
    Reserved,
    /// A live leg of a call says so.
    OnCall,
    /// After a queue call.
    WrapUp,
    /// Chose a pause, or RONA did.
    Paused,
}

/// One queue's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueConfig {
    /// The queue.
    pub queue: QueueId,
    /// How long an agent's phone rings for an offer.
    pub ring: Duration,
    /// Longest wait; then `LeaveQueue`.
    pub max_wait: Duration,
    /// Wrap-up after a call of this queue; zero for none.
    pub wrap_up: Duration,
    /// Waiting calls above which `Enqueue` is refused (`LeaveQueue` at once).
    pub max_waiting: usize,
    /// Its agents.
    pub agents: Vec<AgentId>,
}

/// One agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentConfig {
    /// The agent.
    pub agent: AgentId,
    /// Status to begin with: the stored one, else the configured default.
    pub status: Status,
    /// Reason that goes with it.
    pub reason: Option<String>,
    /// Missed rings in a row that pause the agent with reason `rona`; 0 for never.
    pub max_missed: u32,
}

/// How an offer ended at the shard without a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferOutcome {
    /// Rang out: counts as missed.
    NoAnswer,
    /// The agent or the phone refused (busy, declined).
    Refused,
    /// The phone could not be reached (no binding, transport error, 408, 5xx without ringing).
    Unreachable,
    /// The caller hung up while it rang: the agent is ready again without wrap-up.
    CallerGone,
    /// A withdrawn offer's leg is down.
    Withdrawn,
}

/// Why the ACD takes an offer back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithdrawReason {
    /// The agent paused.
    Paused,
    /// The agent signed off or lost his phone.
    Offline,
    /// The caller's maximum wait is over.
    WaitOver,
    /// The owner's own deadline passed without a word from the shard.
    Overdue,
    /// The caller is gone.
    CallerGone,
    /// The agent is busy with a call of his own.
    Busy,
    /// The call was moved to another queue.
    Moved,
}

/// One live call of an agent, as a shard sees it: level-triggered (DESIGN section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AgentFact {
    /// The shard that holds the leg: its next `Facts` must name it again.
    pub shard: ShardId,
    /// The agent.
    pub agent: AgentId,
    /// The call.
    pub call: CallId,
    /// The agent's leg.
    pub leg: LegId,
    /// The queue whose call it is, for wrap-up; `None` for extension calls.
    pub queue: Option<QueueId>,
}

/// One call that waits in a queue, as its shard sees it: enough to put it back
/// in its place when the ACD has forgotten it (DESIGN section 4, failure domains).
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

/// What happens to the ACD.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// New or changed rules; agents and queues not named any more are gone. The first input after a start.
    Configure {
        /// All queues.
        queues: Vec<QueueConfig>,
        /// All agents.
        agents: Vec<AgentConfig>,
    },
    /// A call waits from now. A second one for the same call moves it: it keeps
    /// its arrival time, and in another queue that queue's longest wait begins.
    Enqueue {
        /// The call.
        call: CallId,
        /// Its shard.
        shard: ShardId,
        /// The queue.
        queue: QueueId,
        /// Number of the caller, to find his place again.
        caller: Option<String>,
        /// Higher first.
        priority: i32,
    },
    /// The caller is gone from the queue (hung up, or the shard ended the call). Idempotent.
    CallerGone {
        /// The call.
        call: CallId,
    },
    /// The agent's phone answered; the shard wants the agent. Answered by `ClaimGranted` or `ClaimRefused`.
    Claim {
        /// The shard that asks, and is answered even when the offer is unknown.
        shard: ShardId,
        /// The offer.
        offer: OfferId,
        /// Its generation.
        generation: Generation,
    },
    /// The offer's leg is down without a claim.
    OfferEnded {
        /// The offer.
        offer: OfferId,
        /// Its generation.
        generation: Generation,
        /// How.
        outcome: OfferOutcome,
    },
    /// A live leg of an agent began (extension call, click-to-call, transfer to him). Offers claim instead.
    AgentBusy(AgentFact),
    /// A live leg of an agent ended; after a queue call wrap-up follows if he talked.
    AgentFree {
        /// The agent.
        agent: AgentId,
        /// The call.
        call: CallId,
        /// His leg.
        leg: LegId,
        /// He talked to the customer in it.
        talked: bool,
    },
    /// The agent's phone can be reached, or no more.
    Reachable {
        /// The agent.
        agent: AgentId,
        /// At least one contact is registered.
        reachable: bool,
    },
    /// Someone chose a status for an agent; answered by `Reply`.
    SetStatus {
        /// Whom to answer; `None` for the owner itself (restart).
        request: Option<RequestId>,
        /// The agent.
        agent: AgentId,
        /// The status.
        status: Status,
        /// Pause reason.
        reason: Option<String>,
    },
    /// All that is live on a shard, every 5 s and after a shard's restart: differences are repaired and counted.
    Facts {
        /// The shard.
        shard: ShardId,
        /// Every live agent leg (claimed offers and extension calls).
        legs: Vec<AgentFact>,
        /// Every call that waits in a queue there.
        waiting: Vec<WaitingFact>,
        /// Every offer whose leg exists (calling, ringing, answered) but has no granted claim.
        offers: Vec<(OfferId, Generation)>,
    },
    /// The shard broke and begins anew with nothing: its calls, legs and offers
    /// are gone at once. No difference to be repaired, hence no `Facts`.
    ShardLost {
        /// The shard.
        shard: ShardId,
    },
    /// After a node restart: this caller had waited since then; he gets his place if he rings again in time.
    RestorePlace {
        /// The queue.
        queue: QueueId,
        /// His number.
        caller: String,
        /// Since when he had waited.
        arrived: WallTime,
        /// Until when the place is kept.
        until: WallTime,
    },
}

/// What the ACD wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// The call has its place (to the shard): `arrived` decides it and is earlier than now when a place was given back.
    Enqueued {
        /// The call.
        call: CallId,
        /// Its shard.
        shard: ShardId,
        /// The queue.
        queue: QueueId,
        /// The time that decides the place.
        arrived: WallTime,
        /// Its priority.
        priority: i32,
    },
    /// Ring this agent for this call (to the shard).
    Offer {
        /// The shard of the call.
        shard: ShardId,
        /// The offer.
        offer: OfferId,
        /// Its generation.
        generation: Generation,
        /// The call.
        call: CallId,
        /// The queue.
        queue: QueueId,
        /// The agent.
        agent: AgentId,
        /// How long to ring.
        ring: Duration,
        /// Why this agent.
        why: Why,
    },
    /// Stop ringing (to the shard).
    Withdraw {
        /// The shard.
        shard: ShardId,
        /// The offer.
        offer: OfferId,
        /// Its generation.
        generation: Generation,
        /// Why.
        reason: WithdrawReason,
    },
    /// The claim is good: bridge (to the shard). Exactly one a call.
    ClaimGranted {
        /// The shard.
        shard: ShardId,
        /// The offer.
        offer: OfferId,
        /// Its generation.
        generation: Generation,
    },
    /// The claim is void: BYE with Reason (to the shard).
    ClaimRefused {
        /// The shard.
        shard: ShardId,
        /// The offer.
        offer: OfferId,
        /// Its generation.
        generation: Generation,
    },
    /// The call's wait is over, by time or because the queue is full: run the queue's time-out flow (to the shard).
    LeaveQueue {
        /// The shard.
        shard: ShardId,
        /// The call.
        call: CallId,
        /// The queue.
        queue: QueueId,
    },
    /// The agent's stored status changed (to the journal).
    StatusChanged {
        /// The agent.
        agent: AgentId,
        /// The status.
        status: Status,
        /// Its reason.
        reason: Option<String>,
    },
    /// The agent's state changed (to the journal and live events).
    StateChanged {
        /// The agent.
        agent: AgentId,
        /// The state.
        state: State,
        /// Its reason.
        reason: Option<String>,
        /// The call, while reserved or on one.
        call: Option<CallId>,
    },
    /// A difference between leases and facts was repaired: counted, alarmed, fails any test.
    Repaired {
        /// What was wrong.
        what: &'static str,
        /// The agent concerned, if one.
        agent: Option<AgentId>,
        /// The call concerned, if one.
        call: Option<CallId>,
    },
    /// The answer to a request; leaves when the entries so far are synced.
    Reply {
        /// Whom.
        request: RequestId,
        /// What.
        result: Result<Reply, CommandError>,
    },
}

/// Why an offer went to this agent (DESIGN section 1, 4): he was idle longest
/// of those who could take the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Why {
    /// Idle agents of the queue at that moment, him included.
    pub candidates: u32,
    /// How long he had been idle (since his last queue call, or a missed or refused offer).
    pub idle: Duration,
    /// How long the call had waited, by the time that decides its place.
    pub waited: Duration,
    /// The how-many-th offer of this call in this queue, from 1.
    pub attempt: u32,
}

/// What the next time-out is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimerReason {
    /// A call reaches its longest wait.
    MaxWait,
    /// An offer was neither claimed nor ended in ring time and grace.
    OfferOverdue,
    /// A wrap-up ends.
    WrapUp,
    /// An agent who missed or refused may be offered calls again.
    Rest,
    /// The place of a caller before the restart is given up.
    PlaceExpired,
}

/// A good answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The status is stored; this is the agent now.
    Agent(AgentSnapshot),
}

/// Why a command was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// No such agent.
    #[error("a configured agent was expected, and there is none of this id")]
    UnknownAgent,
}

/// What others may see.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// All agents, by id.
    pub agents: Vec<AgentSnapshot>,
    /// All queues, by id.
    pub queues: Vec<QueueSnapshot>,
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
    /// What came of the calls so far.
    pub tally: QueueTally,
}

/// Conservation per queue (pacing.md P8): `entered = answered + abandoned + timed_out + moved + waiting`.
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
}
