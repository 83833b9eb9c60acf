//! One attempt, from its order to its one end.

use clock::{AgentId, AttemptId, CallId, CampaignId, LeadId, ListId, WallTime};
use serde::{Deserialize, Serialize};

use crate::campaign::Outcome;
use crate::contract::{EndClass, Ending, Fact, Heard};

/// An attempt as it is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its id.
    pub attempt: AttemptId,
    /// Whose it is.
    pub campaign: CampaignId,
    /// Whom it is to reach.
    pub lead: LeadId,
    /// The lead's list.
    pub list: ListId,
    /// The number, E.164.
    pub number: String,
    /// What the called phone shows.
    pub caller_id: Option<String>,
    /// The agent who waits for this very call.
    pub waits: Option<AgentId>,
    /// When everything happened.
    pub times: Times,
    /// Its call.
    pub call: Option<CallId>,
    /// What the line told before the answer.
    pub early: Option<Heard>,
    /// Who answered, how sure that is in percent, and why.
    pub detected: Option<(Heard, u8, String)>,
    /// The agent who talked with it.
    pub agent: Option<AgentId>,
    /// How long it had waited for him, ms.
    pub waited_ms: Option<u32>,
    /// How it ended.
    pub ending: Option<Ending>,
    /// What came of it, once it ended.
    pub outcome: Option<Outcome>,
}

/// When everything happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// It was ordered.
    pub ordered_at: WallTime,
    /// The phone rang.
    pub rang_at: Option<WallTime>,
    /// It was answered.
    pub answered_at: Option<WallTime>,
    /// The detection had decided.
    pub detected_at: Option<WallTime>,
    /// The greeting was over.
    pub greeting_ended_at: Option<WallTime>,
    /// An agent talked.
    pub connected_at: Option<WallTime>,
    /// Nobody had been there in time.
    pub abandoned_at: Option<WallTime>,
    /// A message had been played.
    pub played_at: Option<WallTime>,
    /// It was over.
    pub ended_at: Option<WallTime>,
}

impl Attempt {
    /// An attempt of a campaign that is ordered now: of which lead and list, by which number.
    #[must_use]
    pub fn ordered(
        id: AttemptId,
        campaign: CampaignId,
        (lead, list): (LeadId, ListId),
        (number, caller_id): (String, Option<String>),
        waits: Option<AgentId>,
        at: WallTime,
    ) -> Self {
        let times = Times { ordered_at: at, ..Times::default() };
        Self {
            attempt: id,
            campaign,
            lead,
            list,
            number,
            caller_id,
            waits,
            times,
            call: None,
            early: None,
            detected: None,
            agent: None,
            waited_ms: None,
            ending: None,
            outcome: None,
        }
    }

    /// Takes what happened. False when it is over, or this was known.
    pub fn take(&mut self, at: WallTime, fact: Fact) -> bool {
        if self.times.ended_at.is_some() {
            return false;
        }
        let times = &mut self.times;
        let first = |slot: &mut Option<WallTime>| {
            let is_first = slot.is_none();
            slot.get_or_insert(at);
            is_first
        };
        match fact {
            Fact::Began { call } => self.call.replace(call).is_none(),
            Fact::Rang => first(&mut times.rang_at),
            Fact::Early(heard) => self.early.replace(heard) != Some(heard),
            Fact::Answered => first(&mut times.answered_at),
            Fact::Detected(detection) => {
                times.greeting_ended_at = detection.greeting_ended_at;
                self.detected = Some((detection.heard, detection.confidence, detection.reason));
                first(&mut times.detected_at)
            }
            Fact::Connected { .. } if times.connected_at.is_some() => false,
            Fact::Connected { agent, waited_ms } => {
                (self.agent, self.waited_ms) = (Some(agent), Some(waited_ms));
                first(&mut times.connected_at)
            }
            Fact::Abandoned => first(&mut times.abandoned_at),
            Fact::Played => first(&mut times.played_at),
            Fact::Ended(ending) => {
                times.ended_at = Some(at);
                self.ending = Some(ending);
                self.outcome = Some(self.comes_to());
                true
            }
        }
    }

    /// It is over.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.times.ended_at.is_some()
    }

    /// A person is known to be there, or nobody listened who it is.
    #[must_use]
    pub fn is_person(&self) -> bool {
        let heard = self.detected.as_ref().map(|(heard, ..)| *heard);
        self.times.answered_at.is_some() && heard.is_none_or(|heard| heard == Heard::Person)
    }

    /// What it came to, by all that is known of it.
    fn comes_to(&self) -> Outcome {
        let times = &self.times;
        let class = self.ending.as_ref().map_or(EndClass::Failed, |ending| ending.class);
        if times.answered_at.is_none() {
            return self.unanswered(class);
        }
        if times.connected_at.is_some() {
            return Outcome::Connected;
        }
        if times.abandoned_at.is_some() {
            return Outcome::Abandoned;
        }
        let played = times.played_at.is_some();
        match self.detected.as_ref().map(|(heard, ..)| *heard) {
            Some(Heard::Machine) if played => Outcome::MachineMessage,
            Some(Heard::Machine) => Outcome::Machine,
            Some(Heard::Fax) => Outcome::Fax,
            Some(Heard::DeadAir) => Outcome::DeadAir,
            Some(Heard::Busy) => Outcome::Busy,
            Some(Heard::Congestion) => Outcome::Congestion,
            Some(Heard::Unobtainable | Heard::Sit | Heard::Announcement | Heard::Ringback) => Outcome::Unobtainable,
            Some(Heard::Person) | None if played => Outcome::Message,
            // Whoever answered was left by us: nobody came for him.
            Some(Heard::Person) | None if class == EndClass::Restart || class == EndClass::Failed => Outcome::Abandoned,
            Some(Heard::Person) | None => Outcome::HungUp,
        }
    }

    /// Nobody was rung: no line was taken, or the carrier said at once that it can not.
    pub(super) fn never_rang(&self) -> bool {
        let was_rung = self.times.rang_at.is_some() || self.times.answered_at.is_some();
        let is_known = self.ending.as_ref().is_some_and(|ending| ending.code != SILENT);
        matches!(self.outcome, Some(Outcome::NotDialed | Outcome::Failed)) && !was_rung && is_known
    }

    fn unanswered(&self, class: EndClass) -> Outcome {
        match (class, self.early) {
            (EndClass::Restart, _) => Outcome::NodeRestart,
            (EndClass::NotDialed, _) => Outcome::NotDialed,
            (_, Some(Heard::Busy)) => Outcome::Busy,
            (_, Some(Heard::Congestion)) => Outcome::Congestion,
            (_, Some(Heard::Unobtainable | Heard::Sit)) => Outcome::Unobtainable,
            // We end only what has rung for the minimum.
            (EndClass::Canceled, _) if self.times.rang_at.is_some() => Outcome::NoAnswer,
            (EndClass::Canceled, _) => Outcome::Canceled,
            (EndClass::Busy, _) => Outcome::Busy,
            (EndClass::NoAnswer | EndClass::HungUp, _) => Outcome::NoAnswer,
            (EndClass::Refused, _) => Outcome::Refused,
            (EndClass::Unobtainable, _) => Outcome::Unobtainable,
            (EndClass::Failed, _) => Outcome::Failed,
        }
    }
}

/// The cause of an attempt of which nobody said what became of it.
pub(super) const SILENT: &str = "silent";
