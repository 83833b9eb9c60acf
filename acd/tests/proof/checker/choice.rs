//! Which call is first, and who gets it.

use core::cmp::Reverse;

use acd::*;
use clock::*;

use super::offers::RING_GROUP_MAX;
use super::{Caller, Checker, Key, nanos};

/// What is known of an agent who could take a call: smallest first gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    level: u8,
    proficiency: Reverse<u32>,
    by_strategy: (bool, i64),
    pub(super) agent: AgentId,
}

impl Rank {
    /// As good as this one before the strategy is asked.
    pub(super) fn is_level_with(&self, other: &Self) -> bool {
        (self.level, self.proficiency) == (other.level, other.proficiency)
    }
}

impl Checker {
    /// Waiting calls in the order of their places.
    pub(super) fn in_order(&self) -> Vec<CallId> {
        let mut all: Vec<(Key, CallId)> = self.calls.iter().map(|(call, row)| (row.key, *call)).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, call)| call).collect()
    }

    /// The calls that somebody could have now, in the order in which they are served: those for which nobody rings before
    /// those that one more may ring for, then the kinds of work as agents put them, then the one order.
    pub(super) fn to_serve(&self) -> Vec<CallId> {
        let free = self.free_agents();
        if free.is_empty() {
            return Vec::new();
        }
        let served = self.calls.iter().filter_map(|(call, row)| {
            let takers = self.takers(row, &free);
            let rank = takers.iter().filter_map(|agent| self.agents[agent].blend.rank(row.work.kind)).min()?;
            Some((!row.ringing.is_empty(), rank, row.key, *call))
        });
        let mut all: Vec<_> = served.collect();
        all.sort_unstable();
        all.into_iter().map(|(.., call)| call).collect()
    }

    pub(super) fn free_agents(&self) -> Vec<AgentId> {
        self.agents.iter().filter(|(_, person)| person.is_free()).map(|(id, _)| *id).collect()
    }

    /// Those of the free agents who may have a call now.
    pub(super) fn takers(&self, row: &Caller, free: &[AgentId]) -> Vec<AgentId> {
        let is_closed = || row.ringing.is_empty() && self.is_closed(row.queue);
        if !self.may_ring(row) || is_closed() {
            return Vec::new();
        }
        if let Some((agent, _)) = row.held {
            return free.iter().filter(|one| **one == agent).copied().collect();
        }
        let ask = self.ask(row);
        let takes = |agent: &AgentId| self.seat(*agent, row.queue).is_some() && self.unfit(*agent, row, &ask).is_none();
        free.iter().copied().filter(takes).collect()
    }

    /// One more agent may ring for a call, as far as it goes by how many do.
    pub(super) fn may_ring(&self, row: &Caller) -> bool {
        let width = match self.queues[&row.queue].config.strategy {
            _ if row.held.is_some() || row.work.kind == WorkKind::Callback => 1,
            Strategy::RingAll => RING_GROUP_MAX,
            Strategy::ProgressiveRing { .. } => (row.joins + 1).min(RING_GROUP_MAX),
            _ => 1,
        };
        row.ringing.len() < width
    }

    /// Who of those who could take a call is to get it, best first.
    pub(super) fn ranked(&self, row: &Caller, takers: &[AgentId]) -> Vec<Rank> {
        let ask = self.ask(row);
        let rank = |agent: &AgentId| {
            let person = &self.agents[agent];
            let proficiency = ask.preferred.iter().map(|skill| u32::from(person.level_of(*skill))).sum();
            Rank {
                level: self.seat(*agent, row.queue).map_or(0, |seat| seat.level),
                proficiency: Reverse(proficiency),
                by_strategy: self.by_strategy(*agent, row.queue),
                agent: *agent,
            }
        };
        let mut all: Vec<Rank> = takers.iter().map(rank).collect();
        all.sort_unstable();
        all
    }

    fn by_strategy(&self, agent: AgentId, queue: QueueId) -> (bool, i64) {
        let (desk, person) = (&self.queues[&queue], &self.agents[&agent]);
        let position = desk.config.agents.iter().position(|one| one.agent == agent).map_or(0, |at| at as i64);
        match desk.config.strategy {
            Strategy::LongestIdle | Strategy::RingAll => (false, nanos(person.idle_since())),
            Strategy::FewestCalls => (false, i64::from(person.figures.answered)),
            Strategy::LeastTalk => (false, person.figures.talked.as_micros() as i64),
            Strategy::TopDown | Strategy::ProgressiveRing { .. } => (false, position),
            Strategy::RoundRobin => (position <= desk.cursor, position),
            Strategy::Random => (false, 0),
            Strategy::Weighted => {
                let weight = self.seat(agent, queue).map_or(1, |seat| seat.weight.max(1));
                let answered = person.figures.by_queue.get(&queue).copied().unwrap_or(0);
                (false, i64::from(answered) * 1000 / i64::from(weight))
            }
        }
    }
}
