//! Why a campaign dials as it does, and why a lead is not being dialed.

use clock::{AgentId, AttemptId, CampaignId, WallTime};
use serde::{Deserialize, Serialize};

use crate::campaign::{Outcome, Status};
use crate::gate::Rule;
use crate::hopper::Done;
use crate::pacing;

/// Why a campaign dials as it does, at its last tick.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pace {
    /// When.
    pub at: WallTime,
    /// What holds it, if anything does.
    pub hold: Option<Hold>,
    /// Numbers dialed at this tick.
    pub dialed: u32,
    /// Numbers that it would have dialed, had there been leads.
    pub wanted: u32,
    /// Leads that the gate did not let pass at this tick.
    pub denied: u32,
    /// Agents who can take a call now.
    pub idle: u32,
    /// Agents logged in: idle, talking, in wrap-up.
    pub agents: u32,
    /// Attempts that ring or whose answer is not told yet.
    pub ringing: u32,
    /// People who wait for an agent.
    pub waiting: u32,
    /// Conversations and messages.
    pub talking: u32,
    /// What the predictive method goes by; none: another method, or before its first tick.
    pub predictive: Option<pacing::Why>,
}

/// What holds a campaign's dialing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// It does not run.
    Status,
    /// Its first leads are being read.
    Reading,
    /// Outside its schedule.
    Schedule,
    /// The journal takes nothing: what is not written down is not dialed.
    Journal,
    /// The node is about to stop, and takes no new calls.
    Draining,
    /// All of the last attempts failed for a cause of ours, the trunk's or the network's: one number is tried now and then.
    Trunk,
    /// Agents ask for each call.
    ByHand,
    /// Nobody serves it.
    NoAgents,
    /// Every agent is busy, or has a number that rings for him.
    AgentsBusy,
    /// As many lines are in use as may be.
    Lines,
    /// The next answer would come too early: the pacing waits.
    Pacing,
    /// The abandon rate is at its limit: only with an agent who waits.
    Budget,
    /// No lead can be called now, and a list is not imported to its end.
    Importing,
    /// No lead can be called now.
    NoLeads,
}

/// Why a lead is not being dialed, with how its numbers stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Why.
    pub why: WhyNot,
    /// Its numbers, in their order; none: the dialer does not hold the lead.
    pub numbers: Vec<NumberWhy>,
}

/// Why a lead is not being dialed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyNot {
    /// It is: in this attempt.
    InFlight(AttemptId),
    /// Another campaign calls it, in this attempt.
    Elsewhere(CampaignId, AttemptId),
    /// The campaign does not run.
    Status(Status),
    /// Outside the campaign's schedule, until then.
    Schedule(Option<WallTime>),
    /// It waits for its next try.
    Retry {
        /// Not before then.
        at: WallTime,
    },
    /// The gate does not let it pass.
    Denied {
        /// By which rule.
        rule: Rule,
        /// Why.
        because: String,
        /// When it is asked again; none: it was not its turn yet.
        again_at: Option<WallTime>,
    },
    /// It waits for its callback.
    Callback {
        /// When.
        at: WallTime,
        /// By whom alone.
        agent: Option<AgentId>,
        /// It is due, and that agent is not free.
        is_due: bool,
    },
    /// A number of it is being called for another lead.
    NumberCalled {
        /// Which.
        number: String,
        /// When it is looked at again.
        again_at: Option<WallTime>,
    },
    /// A number of it was called of late for another lead.
    NumberRests {
        /// Which.
        number: String,
        /// For so long.
        until: WallTime,
    },
    /// No number is left that may be tried again.
    NoneLeft,
    /// It is its turn soon.
    Next {
        /// Leads of its list before it.
        ahead: usize,
        /// What holds the campaign.
        hold: Option<Hold>,
    },
    /// It is shown to an agent.
    Shown(Option<AgentId>),
    /// It talked with an agent who has not said yet what came of it.
    Disposing {
        /// For so long his word is waited for.
        until: WallTime,
    },
    /// It is done, for this reason.
    Done(Done),
    /// It has not been read from its list: those before it come first.
    NotRead,
    /// What was tried before a restart is still being read.
    Reading,
}

/// How a number of a lead stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberWhy {
    /// E.164.
    pub number: String,
    /// What came of its last attempt, and when.
    pub last: Option<(Outcome, WallTime)>,
    /// What keeps it from being dialed; none: nothing does.
    pub why: Option<Keeps>,
}

/// What keeps a number from being dialed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// It is bad, or was tried as often as it may be.
    LeftAlone,
    /// It is being called.
    Called,
    /// The gate does not let it pass: by which rule, and why.
    Denied(Rule, String),
    /// It is tried again then.
    Waits(WallTime),
    /// Another lead has it and called it of late: it rests until then.
    Rests(WallTime),
}

impl Hold {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Reading => "reading",
            Self::Schedule => "schedule",
            Self::Journal => "journal",
            Self::Draining => "draining",
            Self::Trunk => "trunk",
            Self::ByHand => "by_hand",
            Self::NoAgents => "no_agents",
            Self::AgentsBusy => "agents_busy",
            Self::Lines => "lines",
            Self::Pacing => "pacing",
            Self::Budget => "budget",
            Self::Importing => "importing",
            Self::NoLeads => "no_leads",
        }
    }

    /// The same in a sentence.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::Status => "The campaign does not run.",
            Self::Reading => "Its first leads are being read.",
            Self::Schedule => "The campaign's schedule is closed.",
            Self::Journal => "The journal takes nothing, and what is not written down is not dialed.",
            Self::Draining => "The node is about to stop.",
            Self::Trunk => "The last attempts all failed for a cause of ours, the trunk's or the network's.",
            Self::ByHand => "Agents ask for each call themselves.",
            Self::NoAgents => "No agent of its queue is at work with his standing leg up.",
            Self::AgentsBusy => "Every agent is busy, or has a number that rings for him.",
            Self::Lines => "As many lines are in use as may be.",
            Self::Pacing => "The next answer would find no agent.",
            Self::Budget => "The abandon rate is at its limit: one line an idle agent, and none is idle.",
            Self::Importing => "No lead can be called now, and a list is not imported to its end.",
            Self::NoLeads => "No lead can be called now.",
        }
    }
}

impl WhyNot {
    /// The stable word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::InFlight(_) => "in_flight",
            Self::Elsewhere(..) => "elsewhere",
            Self::Status(_) => "status",
            Self::Schedule(_) => "schedule",
            Self::Retry { .. } => "retry",
            Self::Denied { .. } => "denied",
            Self::Callback { .. } => "callback",
            Self::NumberCalled { .. } => "number_called",
            Self::NumberRests { .. } => "number_rests",
            Self::NoneLeft => "none_left",
            Self::Next { .. } => "next",
            Self::Shown(_) => "shown",
            Self::Disposing { .. } => "disposing",
            Self::Done(_) => "done",
            Self::NotRead => "not_read",
            Self::Reading => "reading",
        }
    }
}

impl Keeps {
    /// The stable word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::LeftAlone => "left_alone",
            Self::Called => "called",
            Self::Denied(..) => "denied",
            Self::Waits(_) => "waits",
            Self::Rests(_) => "rests",
        }
    }
}
