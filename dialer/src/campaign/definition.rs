//! What a campaign is: whom it calls, in which order, how, when, with what rules.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use clock::{AgentId, CampaignId, ListId, MessageId, QueueId, SkillId};
use hours::Schedule;
use serde::{Deserialize, Serialize};

use super::form::Script;
use super::outcome::{LeadAction, Recycle};
use crate::contract::{OnMachine, RING_MIN_S};
use crate::gate::Terms;
use crate::pacing;

/// A campaign as somebody wrote it down. [`check`](super::check) says whether it makes sense.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// How numbers are dialed.
    pub method: Method,
    /// Who or what speaks with the people who answer.
    pub service: Service,
    /// Of its queue's agents those who alone work for it; none: all of them.
    pub agents: Option<BTreeSet<AgentId>>,
    /// Whom it calls.
    pub lists: Vec<ListShare>,
    /// How several lists are mixed.
    pub mix: Mix,
    /// In which order new leads of a list come.
    pub order: LeadOrder,
    /// When it dials; none: whenever the called person may be called.
    pub schedule: Option<Arc<Schedule>>,
    /// What called phones show.
    pub caller_ids: CallerIds,
    /// Conversations are recorded.
    pub record: bool,
    /// A number rings at least so long, s.
    pub ring_min_s: u16,
    /// A number rings at most so long, s.
    pub ring_max_s: u16,
    /// Lines in use at once, conversations included.
    pub max_lines: u32,
    /// Who answered.
    pub detection: DetectionRules,
    /// How many people may be left without an agent.
    pub abandon: AbandonRules,
    /// What becomes of leads after each outcome.
    pub recycle: Recycle,
    /// What an agent's dispositions do to a lead, by code; one that is not named ends the lead.
    pub dispositions: BTreeMap<String, LeadAction>,
    /// What its agents say and ask.
    pub script: Script,
    /// A callback that is one agent's own is anyone's of the campaign when it is overdue by so long.
    pub callback_handover: Duration,
    /// What the gate judges it by.
    pub terms: Terms,
}

/// How numbers are dialed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Method {
    /// An agent types each number, with all checks.
    Manual,
    /// An agent sees a lead, then has it dialed.
    Preview {
        /// He may pass a lead on.
        may_skip: bool,
        /// After so long without a word from him it is dialed; none: it waits for him.
        limit: Option<Duration>,
    },
    /// One line an idle agent.
    Progressive,
    /// So many lines an idle agent, 1 to 10.
    Ratio {
        /// Lines an idle agent.
        lines: f64,
    },
    /// By the chance that an answer finds no agent.
    Predictive,
    /// Without people: bots, or a message; so many calls at once.
    Bot {
        /// Calls at once.
        concurrent: u32,
    },
}

/// Who or what speaks with the people who answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Service {
    /// Agents, human or not, of this queue.
    Queue(QueueId),
    /// A message.
    Message(MessageId),
}

/// A list and its share of new leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListShare {
    /// The list.
    pub list: ListId,
    /// Percent of the new leads that are dialed; counts with [`Mix::Shares`].
    pub share: u8,
}

/// How several lists are mixed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mix {
    /// One list after the other.
    #[default]
    InOrder,
    /// As many from each.
    Even,
    /// By their shares. What a list that has run dry leaves goes to the others.
    Shares,
}

/// In which order new leads of a list come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeadOrder {
    /// As they stand in the list.
    #[default]
    OldestFirst,
    /// The other way round.
    NewestFirst,
    /// By chance, within the next page of the list.
    Random,
}

/// What called phones show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerIds {
    /// Own numbers, E.164; empty: the trunk's own.
    pub pool: Vec<String>,
    /// Of the pool, that which has most leading digits in common with the called number; otherwise they take turns.
    pub local_presence: bool,
}

/// Who answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectionRules {
    /// Listen at all.
    pub enabled: bool,
    /// What becomes of machines.
    pub on_machine: OnMachine,
}

/// How many people may be left without an agent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AbandonRules {
    /// Share of live answers, such as 0.03.
    pub target: f64,
    /// The share holds for each 24 hours too, not only for 30 days.
    pub strict_day: bool,
    /// How long after the end of the greeting an agent must be there, ms.
    pub connect_limit_ms: u32,
    /// What people hear then; none: silence, and we hang up.
    pub message: Option<MessageId>,
    /// Audited estimate of the share of people whom the detection calls machines.
    pub people_called_machines: f64,
}

impl Definition {
    /// A campaign of this name and method, with the defaults of everything else: no lists yet.
    #[must_use]
    pub fn new(name: &str, method: Method, service: Service) -> Self {
        Self {
            name: name.to_owned(),
            method,
            service,
            agents: None,
            lists: Vec::new(),
            mix: Mix::default(),
            order: LeadOrder::default(),
            schedule: None,
            caller_ids: CallerIds::default(),
            record: true,
            ring_min_s: RING_MIN_S,
            ring_max_s: RING_MAX_S,
            max_lines: MAX_LINES,
            detection: DetectionRules { enabled: true, on_machine: OnMachine::HangUp },
            abandon: AbandonRules::default(),
            recycle: Recycle::default(),
            dispositions: BTreeMap::new(),
            script: Script::default(),
            callback_handover: CALLBACK_HANDOVER,
            terms: Terms::default(),
        }
    }

    /// What the pacing is told of it.
    #[must_use]
    pub fn pacing_rules(&self) -> pacing::Rules {
        pacing::Rules {
            target_abandon: self.abandon.target,
            connect_limit: Duration::from_millis(self.abandon.connect_limit_ms.into()),
            max_lines: self.max_lines,
            people_called_machines: self.abandon.people_called_machines,
            strict_day: self.abandon.strict_day,
        }
    }

    /// This agent of its queue works for it.
    #[must_use]
    pub fn has(&self, agent: AgentId) -> bool {
        self.agents.as_ref().is_none_or(|own| own.contains(&agent))
    }

    /// Somebody works for both, if both run.
    #[must_use]
    pub fn shares_agents_with(&self, other: &Self) -> bool {
        let is_one_queue = self.queue().is_some() && self.queue() == other.queue();
        is_one_queue
            && match (&self.agents, &other.agents) {
                (Some(own), Some(others)) => !own.is_disjoint(others),
                _ => true,
            }
    }

    /// The skill that it lends to the agents whom it names and asks of whoever gets its calls; none: it names nobody.
    #[must_use]
    pub fn skill(&self, campaign: CampaignId) -> Option<SkillId> {
        self.agents.as_ref().map(|_| SkillId((campaign.0 & u128::from(u32::MAX)) as u32 | LENT))
    }

    /// The queue whose agents serve it.
    #[must_use]
    pub const fn queue(&self) -> Option<QueueId> {
        match self.service {
            Service::Queue(queue) => Some(queue),
            Service::Message(_) => None,
        }
    }
}

impl Method {
    /// The stable word of the API (data-model.md: `campaigns.pacing`).
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Preview { .. } => "preview",
            Self::Progressive => "progressive",
            Self::Ratio { .. } => "ratio",
            Self::Predictive => "predictive",
            Self::Bot { .. } => "bot",
        }
    }

    /// An agent is kept free for each very call, so nobody who answers can be left without one.
    #[must_use]
    pub const fn keeps_agent(self) -> bool {
        matches!(self, Self::Manual | Self::Preview { .. } | Self::Progressive)
    }

    /// An agent asks for each lead or number himself.
    #[must_use]
    pub const fn is_by_hand(self) -> bool {
        matches!(self, Self::Manual | Self::Preview { .. })
    }
}

impl CallerIds {
    /// What the phone with this number shows at the `turn`-th attempt; none: the trunk's own.
    #[must_use]
    pub fn pick(&self, number: &str, turn: u64) -> Option<&str> {
        let in_common = |own: &&String| own.bytes().zip(number.bytes()).take_while(|(a, b)| a == b).count();
        let nearest = self.pool.iter().map(|own| in_common(&own)).max()?;
        let candidates: Vec<&String> =
            self.pool.iter().filter(|own| !self.local_presence || in_common(own) == nearest).collect();
        let at = usize::try_from(turn % candidates.len().max(1) as u64).unwrap_or_default();
        candidates.get(at).map(|own| own.as_str())
    }
}

impl Default for AbandonRules {
    fn default() -> Self {
        Self { target: 0.03, strict_day: false, connect_limit_ms: 2_000, message: None, people_called_machines: 0.0 }
    }
}

/// Lists of a campaign: as many as a person keeps apart.
pub const LISTS_MAX: usize = 10;
/// Agents of a campaign: as many as the largest house has.
pub const AGENTS_MAX: usize = 1_000;
/// Skills of the configuration are numbered from 1, so that these are none of them; the rest of a campaign's id is random.
const LENT: u32 = 1 << 31;
/// Caller ids of a campaign: one for each area code of a large country.
pub const CALLER_IDS_MAX: usize = 1_000;
/// By the next day somebody else keeps the promise.
const CALLBACK_HANDOVER: Duration = Duration::from_secs(24 * 3_600);
/// Machines answer after 18 to 25 s; people who have not by then mostly do not.
const RING_MAX_S: u16 = 25;
/// Those of a large centre: 200 agents and twice as many numbers that ring, with room.
const MAX_LINES: u32 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caller_ids_take_turns_or_are_near() {
        let pool: Vec<String> = ["+442071830000", "+441611830000", "+442071830009"].map(str::to_owned).into();
        let turns = CallerIds { pool: pool.clone(), local_presence: false };
        assert_eq!(
            [0, 1, 2, 3].map(|turn| turns.pick("+15551234567", turn)),
            [0, 1, 2, 0].map(|at| Some(pool[at].as_str()))
        );
        let near = CallerIds { local_presence: true, ..turns };
        assert_eq!(near.pick("+441611234567", 7), Some("+441611830000"));
        assert_eq!([0, 1].map(|turn| near.pick("+442071234567", turn)), [Some("+442071830000"), Some("+442071830009")]);
        assert_eq!(CallerIds::default().pick("+441611234567", 0), None);
    }
}
