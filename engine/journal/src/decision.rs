//! What the dial gate said of an attempt, with what it went by: the evidence that is kept of each allow and deny.

use clock::{AgentId, AttemptId, CallId, CallbackId, CampaignId, LeadId, QueueId, WallTime};
use serde::{Deserialize, Serialize};

/// One verdict of the dial gate. It becomes a row of the database; a restart needs nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialDecision {
    /// When it was judged.
    pub at: WallTime,
    /// The number, E.164.
    pub number: String,
    /// What it was to be dialed for.
    pub occasion: DialOccasion,
    /// What speaks against it; none: it is allowed.
    pub denial: Option<DialDenial>,
    /// What it was judged by.
    pub evidence: DialEvidence,
}

/// What a number was to be dialed for. New ones go at the end: the place in this list is what is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DialOccasion {
    /// An agent dials from a screen.
    ClickToCall {
        /// Who.
        agent: AgentId,
        /// His call; none where it is denied, as there is none.
        call: Option<CallId>,
    },
    /// A callback is asked for, and judged as if it were dialed when it is due.
    CallbackAsked {
        /// The queue that is to serve it.
        queue: Option<QueueId>,
        /// The agent whose own it is to be.
        agent: Option<AgentId>,
        /// The caller on the line who asks.
        call: Option<CallId>,
    },
    /// A callback is dialed now.
    CallbackDialed {
        /// The callback.
        callback: CallbackId,
        /// The queue that serves it.
        queue: Option<QueueId>,
        /// The agent whose own it is.
        agent: Option<AgentId>,
        /// The call of this attempt.
        call: CallId,
    },
    /// A campaign tries a lead now.
    Campaign {
        /// The campaign.
        campaign: CampaignId,
        /// The queue that serves it; without one it is of the node's own account.
        queue: Option<QueueId>,
        /// The lead.
        lead: LeadId,
        /// The attempt; none where it is denied, as there is none.
        attempt: Option<AttemptId>,
        /// The agent who dials, where one does (manual and preview).
        agent: Option<AgentId>,
    },
}

/// The rule that denies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialDenial {
    /// Its stable word: `do_not_call`, `calling_hours` ...
    pub rule: String,
    /// The clause of the rule set, where it is one's: `us.tsr.calling-hours`.
    pub clause: Option<String>,
    /// Why, in words: which entry, which hours, how many attempts.
    pub because: String,
}

/// What was known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialEvidence {
    /// Words of the company's own rules that were asked, in their order; the one that denies is the last.
    pub rules: Vec<String>,
    /// The rule set and its version, `us 2026-11-21`; none: no law was asked.
    pub rule_set: Option<String>,
    /// Its clauses that were asked, in their order; the one that denies is the last.
    pub clauses: Vec<DialClause>,
    /// What the clocks of the called person showed: one for each zone that he may be in.
    pub clocks: Vec<DialClock>,
    /// States and provinces that he may be in.
    pub regions: Vec<String>,
    /// Earlier attempts, where they are known.
    pub tried: Option<DialTried>,
    /// Records of the consents that stood.
    pub consents: Vec<String>,
    /// Imported do-not-call lists that were asked, `tps 2026-11-01`.
    pub lists: Vec<String>,
}

/// A clause of a rule set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialClause {
    /// Its id.
    pub id: String,
    /// A person had compared it with the text of its source.
    pub verified: bool,
}

/// A clock on the wall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialClock {
    /// IANA zone.
    pub zone: String,
    /// Date and time of day there, `2026-11-21 08:05`.
    pub time: String,
}

/// Earlier attempts, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialTried {
    /// Of the lead, ever.
    pub lead: u32,
    /// Of the number, ever.
    pub number: u32,
    /// Of the lead on the called person's day.
    pub lead_today: u32,
    /// Of the number on the called person's day.
    pub number_today: u32,
    /// Of the lead within 24 hours.
    pub lead_in_24_h: u32,
    /// Of the number within 24 hours.
    pub number_in_24_h: u32,
}

impl DialOccasion {
    /// Its word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::ClickToCall { .. } => "click_to_call",
            Self::CallbackAsked { .. } => "callback_asked",
            Self::CallbackDialed { .. } => "callback_dialed",
            Self::Campaign { .. } => "campaign",
        }
    }

    /// The queue that serves it.
    #[must_use]
    pub const fn queue(&self) -> Option<QueueId> {
        match self {
            Self::ClickToCall { .. } => None,
            Self::CallbackAsked { queue, .. } | Self::CallbackDialed { queue, .. } | Self::Campaign { queue, .. } => {
                *queue
            }
        }
    }

    /// The agent who dials, or whose own it is.
    #[must_use]
    pub const fn agent(&self) -> Option<AgentId> {
        match self {
            Self::ClickToCall { agent, .. } => Some(*agent),
            Self::CallbackAsked { agent, .. } | Self::CallbackDialed { agent, .. } | Self::Campaign { agent, .. } => {
                *agent
            }
        }
    }

    /// The call in which it is dialed, or by which it is asked for.
    #[must_use]
    pub const fn call(&self) -> Option<CallId> {
        match self {
            Self::ClickToCall { call, .. } | Self::CallbackAsked { call, .. } => *call,
            Self::CallbackDialed { call, .. } => Some(*call),
            Self::Campaign { .. } => None,
        }
    }
}
