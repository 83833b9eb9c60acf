//! A lead as the dialer holds it, and where it stands.

use clock::{AgentId, AttemptId, LeadId, ListId, WallTime};
use serde::{Deserialize, Serialize};

use super::numbers::NumberHistory;
use super::tries::Tries;
use crate::campaign::{LeadAction, Recycle};
use crate::gate::Consent;

/// Somebody whom a campaign may call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lead {
    /// Its id.
    pub id: LeadId,
    /// Its list.
    pub list: ListId,
    /// Its place in the list, from which pages go on.
    pub place: u64,
    /// Its numbers, E.164, best first; each with what is known of it.
    pub numbers: Vec<(String, NumberHistory)>,
    /// The IANA zone that its own data names.
    pub zone: Option<String>,
    /// The state or province (ISO 3166-2) that its own data names.
    pub region: Option<String>,
    /// To what it agreed.
    pub consents: Vec<Consent>,
    /// What was tried so far in this campaign.
    pub tries: Tries,
    /// When it comes again, or that it is done; none: it is new.
    pub booked: Option<Booked>,
}

/// When a lead comes again, or that it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Booked {
    /// Not before then.
    Retry(WallTime),
    /// Then, as was agreed; by that agent, if one was named.
    Callback(WallTime, Option<AgentId>),
    /// It is done.
    Done(Done),
}

/// Why a lead is not called any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    /// By its last outcome, after which it is not tried again.
    Outcome,
    /// It was tried as often as it may be.
    Exhausted,
    /// The gate lets none of its numbers pass.
    Denied,
    /// An agent said so.
    Disposition,
    /// It has no number.
    NoNumber,
}

/// Where a lead stands in the hopper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// New: so many leads of its list are before it.
    New {
        /// Leads of its list before it.
        ahead: usize,
    },
    /// It waits for a retry.
    Retry {
        /// Not before then.
        at: WallTime,
    },
    /// It waits for its callback.
    Callback {
        /// When.
        at: WallTime,
        /// By whom alone.
        agent: Option<AgentId>,
    },
    /// It was taken out to be dialed, or shown to an agent.
    Taken,
    /// It is being called.
    InFlight(AttemptId),
    /// It has talked with an agent who has not said yet what came of it.
    Disposing {
        /// Without a word it is done then.
        until: WallTime,
    },
}

impl Lead {
    /// It waits for a try that was booked before its list was reset. A callback was agreed, and stays.
    pub(super) fn waits_since_before(&self, reset_at: Option<WallTime>) -> bool {
        let is_before = |at: WallTime| self.tries.last.is_none_or(|(_, last)| last < at);
        matches!(self.booked, Some(Booked::Retry(_))) && reset_at.is_some_and(is_before)
    }

    /// What was tried follows its numbers, as it has them now.
    pub(super) fn arrange(&mut self) {
        let Self { tries, numbers, .. } = self;
        tries.follow(numbers.iter().map(|(number, _)| number.as_str()));
    }

    /// The number that comes next; none when it has none, or none is left to try.
    #[must_use]
    pub fn number(&self, recycle: &Recycle) -> Option<&str> {
        let at = self.tries.alive(recycle).next()?;
        self.numbers.get(at).map(|(number, _)| number.as_str())
    }
}

impl Booked {
    /// What an agent's disposition, given now, makes of a lead.
    #[must_use]
    pub fn by(action: LeadAction, callback: Option<(WallTime, Option<AgentId>)>, now: WallTime) -> Self {
        match (action, callback) {
            (LeadAction::Again(after), _) => Self::Retry(now + after),
            (LeadAction::Callback, Some((at, agent))) => Self::Callback(at, agent),
            _ => Self::Done(Done::Disposition),
        }
    }
}

impl Done {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Outcome => "outcome",
            Self::Exhausted => "exhausted",
            Self::Denied => "denied",
            Self::Disposition => "disposition",
            Self::NoNumber => "no_number",
        }
    }

    /// All of them.
    pub const ALL: [Self; 5] = [Self::Outcome, Self::Exhausted, Self::Denied, Self::Disposition, Self::NoNumber];
}
