//! What the ACD wants done.

use core::time::Duration;

use clock::{AgentId, CallId, CallbackId, Generation, OfferId, QueueId, RequestId, ShardId, WallTime};

use super::{
    AgentSnapshot, Callback, CallbackOrder, CallbackRefusal, CallbackTaken, Disposed, Note, State, StateCause, Status,
    Steering, Waits, Why, WhyIdle,
};

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
        why: Box<Why>,
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
    /// The queue does not serve the call: run its overflow (to the shard).
    LeaveQueue {
        /// The shard.
        shard: ShardId,
        /// The call.
        call: CallId,
        /// The queue.
        queue: QueueId,
        /// Why.
        why: LeaveReason,
    },
    /// Where a call stands (to the shard, which asked).
    Place {
        /// Its shard.
        shard: ShardId,
        /// The call.
        call: CallId,
        /// The queue.
        queue: QueueId,
        /// How many are served before it, and one.
        position: u32,
        /// What is left of its wait, an upper quantile, never raised without cause; none while nothing is known.
        wait: Option<Duration>,
    },
    /// A supervisor's order is carried out: for the journey, and the answer if somebody waits for one (to the shard).
    /// What follows from it comes after it.
    Steered {
        /// The shard of the call.
        shard: ShardId,
        /// Whom the shard answers.
        request: Option<RequestId>,
        /// The call.
        call: CallId,
        /// The queue in which it was.
        queue: QueueId,
        /// What is done.
        steering: Steering,
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
        /// Since when: never before what was said of him last.
        at: WallTime,
        /// What made it so.
        cause: StateCause,
    },
    /// Something else is to be told of an agent (to the journal and live events).
    Noted {
        /// The agent.
        agent: AgentId,
        /// What.
        note: Note,
    },
    /// An agent said what came of a call, or let its wrap-up pass (to the journal).
    Disposed(Box<Disposed>),
    /// A caller gave up, and has his place again if he rings in time (to the journal: a restart gives it back with
    /// `Input::RestorePlace`).
    PlaceKept {
        /// The queue.
        queue: QueueId,
        /// His number.
        caller: String,
        /// Since when he had waited.
        arrived: WallTime,
        /// Until when the place is kept.
        until: WallTime,
    },
    /// Ask his phone whether it is still there (to location): `Input::Answers` tells when that changed.
    Probe {
        /// The agent.
        agent: AgentId,
    },
    /// Call his phone, to stay connected (to the shard that has standing legs): `Input::StandingLeg` tells what came of it.
    CallStandingLeg {
        /// The agent.
        agent: AgentId,
    },
    /// End his standing leg; while he talks, after the call (to the shard that has it).
    EndStandingLeg {
        /// The agent.
        agent: AgentId,
    },
    /// A callback is this from now (to the journal).
    CallbackChanged(Box<Callback>),
    /// Begin the call of a callback (to the shard).
    BeginCallback {
        /// The shard.
        shard: ShardId,
        /// What it needs.
        order: Box<CallbackOrder>,
    },
    /// End the call of a callback (to the shard).
    EndCallback {
        /// The shard.
        shard: ShardId,
        /// The call.
        call: CallId,
    },
    /// What became of a caller's request on the line (to the shard, when the entries so far are synced).
    CallbackAnswer {
        /// His shard.
        shard: ShardId,
        /// His call; it has left its queue if he is called back.
        call: CallId,
        /// The callback, and whether it was there before.
        result: Result<(CallbackId, bool), CallbackRefusal>,
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

/// Why a queue does not serve a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeaveReason {
    /// Its longest wait is over, or the queue is gone.
    TimedOut,
    /// As many wait as may.
    Full,
    /// Nobody is there ([`super::Empty`]).
    Empty,
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
    /// Another agent of the ring group took the call: nothing was missed.
    AnsweredElsewhere,
}

/// What the next time-out is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimerReason {
    /// A call reaches its longest wait.
    MaxWait,
    /// A call asks for less, or is kept for its preferred agent no longer.
    Step,
    /// One more agent joins those who ring for a call.
    Join,
    /// An offer was neither claimed nor ended in ring time and grace.
    OfferOverdue,
    /// A wrap-up ends.
    WrapUp,
    /// An agent who missed or refused may be offered calls again.
    Rest,
    /// The place of a caller before the restart is given up.
    PlaceExpired,
    /// A callback is due, comes again or is given up.
    Callback,
    /// Nobody has been there for as long as callers stay.
    QueueEmpty,
    /// A queue that has callbacks may open or close.
    Hours,
    /// A pause reaches a limit.
    PauseLimit,
    /// A phone is to be probed.
    Probe,
    /// A phone is called again for a standing leg.
    Standing,
}

/// A good answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The status is stored; this is the agent now.
    Agent(AgentSnapshot),
    /// The callback: taken, there already, or called off.
    Callback(Box<CallbackTaken>),
    /// Why he has no call.
    WhyIdle(WhyIdle),
    /// Why they wait: of those that were asked about the ones that do.
    WhyWait(Vec<Waits>),
    /// It is so already: nothing was to be done with the call.
    Steered(CallId),
}

/// Why a command was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// No such agent.
    #[error("a configured agent was expected, and there is none of this id")]
    UnknownAgent,
    /// No such open callback.
    #[error("an open callback was expected, and there is none of this id or number")]
    UnknownCallback,
    /// The callback is not taken.
    #[error(transparent)]
    Callback(#[from] CallbackRefusal),
    /// No such queue.
    #[error("a configured queue was expected, and there is none of this id")]
    UnknownQueue,
    /// The call does not wait, or no more.
    #[error("a waiting call was expected, and this one does not wait")]
    NotWaiting,
    /// The queue has no room.
    #[error("a queue with room was expected, and this one is full")]
    QueueFull,
    /// The agent cannot be offered a call now.
    #[error("a ready agent was expected, and this one is not")]
    AgentNotReady,
    /// He wraps nothing up.
    #[error("a running wrap-up was expected, and there is none")]
    NoWrapUp,
    /// The wrap-up may not be made so much longer.
    #[error("the wrap-up may be extended by {left_s} s more")]
    WrapUpExtensionOver {
        /// By how much it may, s.
        left_s: u64,
    },
}
