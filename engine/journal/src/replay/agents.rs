//! What a restart needs of agents: the last status and state, the queues chosen, the pauses of the day.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use clock::{AgentId, CallId, QueueId, WallTime};
use serde::{Deserialize, Serialize};

use super::{MICROS_A_DAY, day_of};
use crate::{AgentEvent, AgentState, AgentStatus, AgentStep, Entry};

/// The fold of what entries say of agents.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Agents {
    pub(super) statuses: BTreeMap<AgentId, ChosenStatus>,
    pub(super) states: BTreeMap<AgentId, KnownState>,
    pub(super) queues: BTreeMap<AgentId, Vec<QueueId>>,
    /// Who is logged in with a standing leg.
    #[serde(default)]
    pub(super) standing: BTreeSet<AgentId>,
    /// Time in pauses that are over, by reason, of each agent's newest (UTC) day.
    paused: BTreeMap<(AgentId, String), PausedToday>,
}

/// The status an agent chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChosenStatus {
    /// The status.
    pub status: AgentStatus,
    /// Why.
    pub reason: Option<String>,
    /// Since when.
    pub since: WallTime,
}

/// The last state that was true of an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownState {
    /// The state.
    pub state: AgentState,
    /// Why.
    pub reason: Option<String>,
    /// Its call, while reserved or on one.
    pub call: Option<CallId>,
    /// Since when.
    pub since: WallTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PausedToday {
    day: i64,
    micros: i64,
}

impl Agents {
    /// Takes an entry; those of others are passed over.
    pub(super) fn apply(&mut self, entry: &Entry) {
        match entry {
            Entry::AgentStatus { agent, status, reason, at } => {
                let chosen = ChosenStatus { status: *status, reason: reason.clone(), since: *at };
                self.statuses.insert(*agent, chosen);
            }
            Entry::AgentStateChanged { agent, state, reason, call, at, .. } => {
                let known = KnownState { state: *state, reason: reason.clone(), call: *call, since: *at };
                if let Some(former) = self.states.insert(*agent, known) {
                    self.count_pause(*agent, former, *at);
                }
            }
            Entry::Agent(AgentStep { agent, event: AgentEvent::QueuesChosen { queues }, .. }) => {
                match queues {
                    Some(queues) => self.queues.insert(*agent, queues.clone()),
                    None => self.queues.remove(agent),
                };
            }
            Entry::Agent(AgentStep { agent, event: AgentEvent::StandingLeg { wanted: true, .. }, .. }) => {
                self.standing.insert(*agent);
            }
            Entry::Agent(AgentStep { agent, event: AgentEvent::StandingLeg { wanted: false, .. }, .. }) => {
                self.standing.remove(agent);
            }
            _ => {}
        }
    }

    /// How long an agent has paused with each reason on the (UTC) day of `now`, in pauses that are over.
    pub(super) fn paused_on(&self, now: WallTime) -> impl Iterator<Item = (AgentId, &str, Duration)> {
        let today = day_of(now);
        let of_today = self.paused.iter().filter(move |(_, paused)| paused.day == today);
        of_today.map(|((agent, reason), paused)| {
            (*agent, reason.as_str(), Duration::from_micros(paused.micros.max(0).unsigned_abs()))
        })
    }

    /// Drops totals of other days.
    pub(super) fn expire(&mut self, now: WallTime) {
        self.paused.retain(|_, paused| paused.day == day_of(now));
    }

    /// A pause is over: the part of it that lies in the day of its end counts.
    fn count_pause(&mut self, agent: AgentId, former: KnownState, until: WallTime) {
        let (AgentState::Paused, Some(reason)) = (former.state, former.reason) else { return };
        let day = day_of(until);
        let begun = former.since.as_micros().max(day.saturating_mul(MICROS_A_DAY));
        let micros = until.as_micros().saturating_sub(begun).max(0);
        if micros == 0 {
            return; // The same entry once more, as a replay may bring it: it leaves nothing behind.
        }
        let total = self.paused.entry((agent, reason)).or_insert(PausedToday { day, micros: 0 });
        let before = if total.day == day { total.micros } else { 0 };
        *total = PausedToday { day, micros: before.saturating_add(micros) };
        if self.paused.len() > MAX_PAUSE_TOTALS {
            self.paused.retain(|_, paused| paused.day == day);
        }
    }
}

/// Reasons are free texts where none are configured: above this, totals of former days go at once.
const MAX_PAUSE_TOTALS: usize = 100_000;
