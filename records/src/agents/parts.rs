//! Who of the agents had which part in a call: a fold of its entries.

use std::collections::{BTreeMap, BTreeSet};

use clock::{AgentId, LegId, WallTime};
use journal_core::{CallEntry, CallEvent, CallRecord, LegKind};

use crate::{AgentCall, Naming};

/// The agents' legs of one call.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    legs: BTreeMap<LegId, Part>,
    /// Whose phone rang for a queue and was not taken: rang out, declined, busy.
    missed: BTreeSet<AgentId>,
    /// The leg whose agent took the offer last: whom the call dials from then on, he dials.
    taken: Option<LegId>,
}

/// One leg of an agent.
#[derive(Clone, Copy, Debug)]
struct Part {
    agent: AgentId,
    dialed: bool,
    /// It was called for him himself, not by an offer of a queue.
    called: bool,
    began: WallTime,
    talked: Option<WallTime>,
    ended: Option<WallTime>,
}

impl Parts {
    /// Takes the next entry of the call.
    pub(crate) fn take(&mut self, entry: &CallEntry) {
        let at = entry.at;
        match &entry.event {
            CallEvent::LegStarted { leg, kind, agent: Some(agent), .. } => {
                let (dialed, called) = (*kind == LegKind::Caller, !matches!(kind, LegKind::Caller | LegKind::Agent));
                let part = Part { agent: *agent, dialed, called, began: at, talked: None, ended: None };
                if self.legs.len() < MAX_PARTS {
                    self.legs.entry(*leg).or_insert(part);
                }
            }
            CallEvent::LegStarted { kind: LegKind::Callee, agent: None, .. } => self.customer_dialed(),
            CallEvent::OfferAnswered { leg, .. } => self.taken = Some(*leg),
            // Status 0: it never came to his phone.
            CallEvent::OfferMissed { agent, .. } | CallEvent::OfferRefused { agent, status: 1.., .. } => {
                self.missed.insert(*agent);
            }
            CallEvent::Answered { leg, agent } => self.answered(at, *leg, *agent),
            CallEvent::Transferred { leg, agent, .. } => self.transferred(at, *leg, *agent),
            CallEvent::LegEnded { leg, .. } => {
                if let Some(part) = self.legs.get_mut(leg) {
                    part.ended.get_or_insert(at);
                }
            }
            _ => {}
        }
    }

    /// The parts of a call that ended, one an agent.
    pub(crate) fn rows(&self, record: &CallRecord, account: &str, naming: &Naming) -> Vec<AgentCall> {
        let end = record.ended_at.unwrap_or(record.started_at);
        let mut rows: BTreeMap<AgentId, AgentCall> = BTreeMap::new();
        for part in self.legs.values() {
            let ended_at = part.ended.unwrap_or(end).max(part.began);
            let talk_ms = part.talked.map_or(0, |from| ended_at.millis_since(from));
            let row = rows.entry(part.agent).or_insert_with(|| AgentCall {
                account: account.to_owned(),
                agent: naming.agent(part.agent),
                call_id: record.id,
                direction: record.direction,
                internal: record.internal,
                queue: record.queue.map(|queue| naming.queue(queue)),
                dialed: false,
                began_at: part.began,
                ended_at,
                talked_at: None,
                talk_ms: 0,
                missed: self.missed.contains(&part.agent),
                disposition: None,
            });
            row.dialed |= part.dialed;
            row.began_at = row.began_at.min(part.began);
            row.ended_at = row.ended_at.max(ended_at);
            row.talked_at = row.talked_at.into_iter().chain(part.talked).min();
            row.talk_ms += talk_ms;
            row.missed |= part.called;
        }
        for row in rows.values_mut() {
            row.missed &= !row.dialed && row.talked_at.is_none();
        }
        rows.into_values().collect()
    }

    /// A person answered: who holds the answering leg talks, and so does the agent who called. Of a callback the
    /// answering leg is the customer's, and the agent who has it is named. A service that answers says the caller's
    /// own leg.
    fn answered(&mut self, at: WallTime, leg: LegId, agent: Option<AgentId>) {
        let is_his = |(_, part): &(&LegId, &Part)| Some(part.agent) == agent && part.ended.is_none();
        let his = if self.legs.contains_key(&leg) {
            Some(leg)
        } else {
            self.legs.iter().rev().find(is_his).map(|(id, _)| *id)
        };
        for (id, part) in &mut self.legs {
            let is_his = Some(*id) == his && agent.is_some();
            let is_called_by_him = part.dialed && *id != leg;
            if (is_his || is_called_by_him) && part.ended.is_none() {
                part.talked.get_or_insert(at);
            }
        }
    }

    /// A callback whose agent comes first: he makes the call, whether the customer answers or not.
    fn customer_dialed(&mut self) {
        let taker = self.taken.and_then(|leg| self.legs.get_mut(&leg)).filter(|part| part.ended.is_none());
        if let Some(part) = taker {
            part.dialed = true;
        }
    }

    /// The leg that left has talked; the agent who has the call now talks.
    fn transferred(&mut self, at: WallTime, leg: LegId, agent: Option<AgentId>) {
        if let Some(part) = self.legs.get_mut(&leg) {
            part.ended.get_or_insert(at);
        }
        let Some(agent) = agent else { return };
        let leg = self.legs.iter_mut().rev().find(|(_, part)| part.agent == agent && part.ended.is_none());
        if let Some((_, part)) = leg {
            part.talked.get_or_insert(at);
        }
    }
}

/// Legs of agents of one call that are looked at; a call that is transferred for a day has fewer.
const MAX_PARTS: usize = 1_024;

#[cfg(test)]
mod tests;
