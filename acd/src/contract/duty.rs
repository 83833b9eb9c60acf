//! The rules of an agent's duty: wrap-up, offers that he does not take, pauses, and what he says came of a call.

use core::time::Duration;

use clock::{AgentId, CallId, QueueId, WallTime};

use super::{StandingLeg, State, Status};
use crate::limits::{MISSED_REST, REFUSED_REST, UNREACHABLE_REST};

/// How the wrap-up after a queue's calls ends. Of several calls the strictest counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum WrapUpMode {
    /// With its time, with a disposition, or when the agent says that he is ready. Nothing is said of a call of which he
    /// says nothing.
    #[default]
    Optional,
    /// As optional, but a disposition is awaited: without one it becomes `not_set`.
    Timed,
    /// With its time alone.
    Strict,
    /// With a disposition alone. An agent who gives none within its time is paused, reason `wrap_up_overdue`.
    Mandatory,
}

/// What follows when an agent does not take offers. Counts are of offers in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotTaken {
    /// How long he is offered nothing.
    pub rest: Duration,
    /// That many pause him; 0 for never. `None`: for missed ones [`super::AgentConfig::max_missed`], for others never.
    pub pause_after: Option<u32>,
    /// That many sign him off; 0 for never.
    pub sign_off_after: u32,
}

/// The same for each way of not taking an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferRules {
    /// It rang out. Pause with reason `rona`.
    pub missed: NotTaken,
    /// The agent or the phone refused. Pause with reason `refused`.
    pub refused: NotTaken,
    /// The phone was not reached. Pause with reason `unreachable`.
    pub unreachable: NotTaken,
}

impl Default for OfferRules {
    fn default() -> Self {
        let resting = |rest| NotTaken { rest, pause_after: None, sign_off_after: 0 };
        Self { missed: resting(MISSED_REST), refused: resting(REFUSED_REST), unreachable: resting(UNREACHABLE_REST) }
    }
}

/// How long a pause may last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PauseRule {
    /// The reason that agents give.
    pub reason: String,
    /// One pause.
    pub limit: Option<Duration>,
    /// All pauses of a (UTC) day together.
    pub day_limit: Option<Duration>,
    /// What happens then.
    pub at_limit: AtLimit,
}

/// What happens when a pause reaches its limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AtLimit {
    /// Others are told, once a pause and limit.
    #[default]
    Warn,
    /// He is ready again.
    Ready,
    /// He is signed off, reason `pause_limit`.
    SignOff,
}

/// Why a state became another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StateCause {
    /// He became known.
    #[default]
    Configured,
    /// He is configured no more.
    Removed,
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

/// Something to be told of an agent that is neither a status nor a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A pause lasted as long as it may.
    PauseLimit {
        /// Its reason.
        reason: String,
        /// The limit of a day, not that of one pause.
        of_day: bool,
        /// The limit.
        limit: Duration,
        /// What follows.
        then: AtLimit,
    },
    /// A status was chosen that applies after what he is doing.
    StatusDeferred {
        /// The status.
        status: Status,
        /// The state after which it applies.
        after: State,
        /// The call that is to end first.
        call: Option<CallId>,
    },
    /// He chose which of his queues he serves.
    QueuesChosen {
        /// The queues; `None` for all.
        queues: Option<Vec<QueueId>>,
    },
    /// He logged in with a standing leg, or out; it came up, or is gone.
    StandingLeg {
        /// What it is now.
        leg: StandingLeg,
        /// Why: stable word.
        why: String,
    },
    /// His wrap-up lasts longer.
    WrapUpExtended {
        /// The call that is wrapped up.
        call: CallId,
        /// By how much.
        by: Duration,
        /// Until when it lasts now.
        until: WallTime,
    },
}

/// What an agent says came of a call. Texts are checked where they come in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disposed {
    /// The agent.
    pub agent: AgentId,
    /// The call.
    pub call: CallId,
    /// Code.
    pub code: String,
    /// What people read.
    pub label: String,
    /// It counts as a success.
    pub is_success: bool,
    /// His note.
    pub note: Option<String>,
    /// The customer is to be called again.
    pub callback: Option<WantedCallback>,
    /// Who gave it.
    pub by: String,
}

/// A callback that is asked for with a disposition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WantedCallback {
    /// Number to call again.
    pub number: String,
    /// When; none: as soon as possible.
    pub due_at: Option<WallTime>,
    /// Of a campaign's lead: the agent who alone calls him; none: anyone of the campaign.
    pub agent: Option<AgentId>,
    /// The IANA time zone that the time was agreed in.
    pub zone: Option<String>,
}

/// A wrap-up that runs, as others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrapUpView {
    /// The call that it follows: the last one.
    pub call: CallId,
    /// Its queue.
    pub queue: QueueId,
    /// How it ends.
    pub mode: WrapUpMode,
    /// When it ends at the latest.
    pub until: WallTime,
    /// By how much it may still be extended.
    pub extension_left: Duration,
    /// Calls whose disposition is awaited.
    pub awaits: Vec<CallId>,
}
