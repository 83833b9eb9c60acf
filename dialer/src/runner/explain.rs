//! Why a campaign dials as it does, and why a lead is not being dialed.

use clock::{AgentId, AttemptId, WallTime};
use serde::{Deserialize, Serialize};

use crate::campaign::Status;
use crate::gate::Rule;
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

/// Why a lead is not being dialed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyNot {
    /// It is: in this attempt.
    InFlight(AttemptId),
    /// The campaign does not run.
    Status(Status),
    /// Outside the campaign's schedule, until then.
    Schedule(Option<WallTime>),
    /// It waits for its next try.
    Retry {
        /// Not before then.
        at: WallTime,
    },
    /// The gate did not let it pass.
    Denied {
        /// By which rule.
        rule: Rule,
        /// Why.
        because: String,
        /// When it is asked again.
        again_at: WallTime,
    },
    /// It waits for its callback.
    Callback {
        /// When.
        at: WallTime,
        /// By whom alone.
        agent: Option<AgentId>,
    },
    /// It is its turn soon.
    Next {
        /// Leads of its list before it.
        ahead: usize,
        /// What holds the campaign.
        hold: Option<Hold>,
    },
    /// It is shown to an agent.
    Shown,
    /// An agent has not said yet what came of the conversation.
    Disposing,
    /// It is done.
    Done,
    /// It has not been read from its list: it is behind those that were, or is none of the campaign's.
    NotRead,
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
}

impl WhyNot {
    /// The stable word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::InFlight(_) => "in_flight",
            Self::Status(_) => "status",
            Self::Schedule(_) => "schedule",
            Self::Retry { .. } => "retry",
            Self::Denied { .. } => "denied",
            Self::Callback { .. } => "callback",
            Self::Next { .. } => "next",
            Self::Shown => "shown",
            Self::Disposing => "disposing",
            Self::Done => "done",
            Self::NotRead => "not_read",
        }
    }
}
