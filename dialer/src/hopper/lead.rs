//! A lead as the dialer holds it, and where it stands.

use std::collections::BTreeMap;

use clock::{AgentId, AttemptId, LeadId, ListId, WallTime};
use serde::{Deserialize, Serialize};

use super::numbers::NumberHistory;
use crate::campaign::{LeadAction, Outcome};
use crate::gate::{self, Consent, RECENT};

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

/// What a campaign tried with a lead.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    /// Attempts ever.
    pub total: u32,
    /// Attempts since the list was reset that count for the campaign's maximum.
    pub counted: u32,
    /// When those of the last days began.
    pub recent: Vec<WallTime>,
    /// Retries by outcome since the list was reset.
    pub by_outcome: BTreeMap<Outcome, u8>,
    /// What came of the last, and when.
    pub last: Option<(Outcome, WallTime)>,
    /// Which of its numbers comes next.
    pub number: u8,
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

    /// The number that comes next; none when it has none.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        let at = usize::from(self.tries.number);
        self.numbers.get(at).or(self.numbers.first()).map(|(number, _)| number.as_str())
    }
}

impl Tries {
    /// What the gate asks of.
    #[must_use]
    pub fn facts(&self) -> gate::Tries<'_> {
        gate::Tries { total: self.total, recent: &self.recent }
    }

    /// An attempt begins.
    pub fn begin(&mut self, at: WallTime) {
        self.total = self.total.saturating_add(1);
        note(&mut self.recent, at);
    }

    /// An attempt that began then never rang: nobody was bothered by it, so no cap counts it.
    pub fn retract(&mut self, at: WallTime) {
        self.total = self.total.saturating_sub(1);
        forget(&mut self.recent, at);
    }

    /// The list was reset: as if nothing had been tried, save for what the law counts.
    pub fn reset(&mut self) {
        (self.counted, self.number) = (0, 0);
        self.by_outcome.clear();
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

/// Notes when an attempt began, and forgets those that no rule looks back to.
pub(super) fn note(recent: &mut Vec<WallTime>, at: WallTime) {
    recent.retain(|begun| *begun + RECENT >= at);
    if recent.len() >= RECENT_MAX {
        recent.remove(0);
    }
    recent.push(at);
}

/// Takes back that an attempt began.
pub(super) fn forget(recent: &mut Vec<WallTime>, at: WallTime) {
    if let Some(found) = recent.iter().rposition(|begun| *begun == at) {
        recent.remove(found);
    }
}

/// Attempts within 72 hours: an attempt each two minutes for two hours, far above any cap.
const RECENT_MAX: usize = 64;
