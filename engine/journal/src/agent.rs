//! What entries say of agents beside their status and state.

use clock::{AgentId, CallId, QueueId, WallTime};
use serde::{Deserialize, Serialize};

/// Why the state of an agent became another one.
///
/// New causes go at the end: the place in this list is what is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum StateCause {
    /// Of an entry of the first version, which did not say.
    #[default]
    Unknown,
    /// He became known: a start, or new rules.
    Configured,
    /// He is configured no more.
    Removed,
    /// The node was down: what was true of him meanwhile nobody knows.
    NodeDown,
    /// A status was chosen.
    Chosen,
    /// His phone registered, or is gone.
    Device,
    /// His phone answered a probe again, or no more.
    Probe,
    /// An offer was opened.
    Offer,
    /// The offer ended without a call.
    OfferEnded,
    /// He took the offer.
    Answered,
    /// A call of his own began.
    Call,
    /// A call ended.
    CallEnded,
    /// The time of the wrap-up was over.
    WrapUpOver,
    /// A disposition was given.
    Disposed,
    /// A pause reached its limit.
    PauseLimit,
    /// Too many offers in a row were not taken.
    NotTaken,
    /// A difference between leases and live legs was repaired.
    Repaired,
}

/// Something that happened to an agent and is neither a status nor a state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentStep {
    /// The agent.
    pub agent: AgentId,
    /// When.
    pub at: WallTime,
    /// What.
    pub event: AgentEvent,
}

/// What can happen to an agent.
///
/// New events go at the end: the place in this list is what is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum AgentEvent {
    /// `agent.pause_limit`: a pause lasted as long as its reason allows.
    PauseLimit {
        /// The reason.
        reason: String,
        /// The limit of a day is reached, not that of one pause.
        of_day: bool,
        /// The limit, s.
        limit_s: u64,
        /// What follows: `warn`, `ready` or `sign_off`.
        then: String,
    },
    /// `agent.status_deferred`: a status was chosen that applies only after what he is doing.
    StatusDeferred {
        /// The status.
        status: AgentStatus,
        /// The state after which it applies.
        after: AgentState,
        /// The call that is to end first.
        call: Option<CallId>,
    },
    /// `agent.queues_chosen`: which of his queues he serves now; kept over a restart.
    QueuesChosen {
        /// The queues; `None` for all of his.
        queues: Option<Vec<QueueId>>,
    },
    /// `agent.wrap_up_extended`.
    WrapUpExtended {
        /// The call that is wrapped up.
        call: CallId,
        /// By how much, s.
        by_s: u64,
        /// Until when it lasts now.
        until: WallTime,
    },
    /// `agent.standing_leg`: he logged in with a standing leg or out (kept over a restart), or it came up or is gone.
    StandingLeg {
        /// He is logged in.
        wanted: bool,
        /// The leg is up: he gets calls of queues that ask for it.
        up: bool,
        /// Why: stable word (`login`, `dialed`, `answered`, `peer_gone` ...).
        why: String,
    },
}

impl AgentEvent {
    /// The stable word by which live events and webhooks know it.
    #[must_use]
    pub const fn type_word(&self) -> &'static str {
        match self {
            Self::PauseLimit { .. } => "agent.pause_limit",
            Self::StatusDeferred { .. } => "agent.status_deferred",
            Self::QueuesChosen { .. } => "agent.queues_chosen",
            Self::WrapUpExtended { .. } => "agent.wrap_up_extended",
            Self::StandingLeg { .. } => "agent.standing_leg",
        }
    }
}

/// What an agent said came of a call; the later one of the same agent and call counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disposition {
    /// The call.
    pub call: CallId,
    /// The agent.
    pub agent: AgentId,
    /// Its code, or [`NOT_SET`].
    pub code: String,
    /// What people read.
    pub label: String,
    /// It counts as a success.
    pub is_success: bool,
    /// The agent's note.
    pub note: Option<String>,
    /// The customer is to be called again.
    pub callback: Option<WantedCallback>,
    /// When it was given.
    pub at: WallTime,
    /// Who gave it: name of the key or user, or `system`.
    pub by: String,
}

/// A callback that was asked for with a disposition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedCallback {
    /// The number, E.164.
    pub number: String,
    /// When to call; `None` for as soon as possible.
    pub due_at: Option<WallTime>,
    /// Of a campaign's lead: the agent who alone calls him; `None` for anyone of the campaign.
    pub agent: Option<AgentId>,
    /// The IANA time zone that the time was agreed in.
    pub zone: Option<String>,
}

/// Code of the disposition of a wrap-up that ended without one.
pub const NOT_SET: &str = "not_set";

/// What an agent chose (DESIGN section 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgentStatus {
    /// Takes queue calls.
    Ready,
    /// Takes none for now.
    Paused,
    /// Signed off.
    Offline,
}

/// What is true of an agent (DESIGN section 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgentState {
    /// Signed off, or no device.
    Offline,
    /// May be offered a call.
    Ready,
    /// An offer is open.
    Reserved,
    /// A live leg says so.
    OnCall,
    /// After a queue call.
    WrapUp,
    /// Chose a pause.
    Paused,
}
