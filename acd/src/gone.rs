//! Agents whom the rules do not name (any more) and who talk all the same.
//!
//! New rules end no call. What an agent is talking in stays known until it ends: put back by the next rules he is on that
//! call, and his queue's conversation counts to its end. Nothing else of him is kept: his wrap-up and his figures go with
//! his row.

use std::collections::{BTreeMap, BTreeSet};

use clock::{AgentId, CallId, LegId, OfferId, QueueId, ShardId};

use crate::acd::Acd;
use crate::agent::Leg;
use crate::contract::AgentFact;
use crate::limits::{FACTS_SETTLE, MAX_LEGS};

/// Live legs of agents who are not configured: no agent is here without one.
pub(crate) type Gone = BTreeMap<AgentId, Vec<Leg>>;

impl Acd {
    /// The rules name an agent no more, and he is on these calls.
    pub(crate) fn keep_talking(&mut self, agent: AgentId, legs: Vec<Leg>) {
        if legs.is_empty() {
            return;
        }
        if self.gone.len() < self.limits.agents {
            self.gone.insert(agent, legs);
        } else {
            self.refused += 1;
        }
    }

    /// A leg began of an agent whom the rules do not name: his shard may hear of them later than we.
    pub(crate) fn gone_busy(&mut self, fact: AgentFact) {
        let has_room = self.gone.len() < self.limits.agents || self.gone.contains_key(&fact.agent);
        if !has_room || self.gone.get(&fact.agent).is_some_and(|legs| legs.len() >= MAX_LEGS) {
            self.refused += 1;
            return;
        }
        let legs = self.gone.entry(fact.agent).or_default();
        match legs.iter_mut().find(|known| known.leg == Some(fact.leg)) {
            Some(known) => known.confirm(fact),
            None => {
                legs.push(Leg::reported(fact, self.now.mono));
                fact.queue.into_iter().for_each(|queue| self.conversation_began(queue));
            }
        }
    }

    /// A leg of one of them ended.
    pub(crate) fn gone_free(&mut self, agent: AgentId, call: CallId, leg: LegId) {
        let Some(legs) = self.gone.get(&agent) else { return };
        if let Some(index) = Leg::index(legs, leg, call) {
            self.end_gone(agent, index);
        }
    }

    /// A leg of one of them is on hold, or is so no more.
    pub(crate) fn gone_holds(&mut self, agent: AgentId, call: CallId, leg: LegId, holds: bool) {
        let Some(legs) = self.gone.get_mut(&agent) else { return };
        if let Some(known) = Leg::index(legs, leg, call).and_then(|index| legs.get_mut(index)) {
            known.is_held = holds;
        }
    }

    /// A shard names a leg of one of them.
    pub(crate) fn confirm_gone(&mut self, fact: AgentFact) {
        let Some(legs) = self.gone.get_mut(&fact.agent) else { return };
        if let Some(known) = Leg::index(legs, fact.leg, fact.call).and_then(|index| legs.get_mut(index)) {
            known.confirm(fact);
        }
    }

    /// Legs that their shard's reports do not name for long enough are over.
    pub(crate) fn reconcile_gone(&mut self, shard: ShardId, named: &BTreeSet<(AgentId, LegId)>) {
        let now = self.now.mono;
        for agent in self.gone.keys().copied().collect::<Vec<_>>() {
            let legs = self.gone.get_mut(&agent).map(|legs| legs.iter_mut().enumerate());
            let mut over = Vec::new();
            for (index, leg) in legs.into_iter().flatten().filter(|(_, leg)| leg.shard == shard) {
                let is_named = leg.leg.is_some_and(|leg| named.contains(&(agent, leg)));
                if !is_named && now.since(*leg.missing_since.get_or_insert(now)) >= FACTS_SETTLE {
                    over.push((index, leg.call));
                }
            }
            for (index, call) in over.into_iter().rev() {
                self.end_gone(agent, index);
                self.repaired("an agent was kept busy without a leg", Some(agent), Some(call));
            }
        }
    }

    /// A shard broke: their legs on it are gone with it.
    pub(crate) fn gone_lost(&mut self, shard: ShardId) {
        for agent in self.gone.keys().copied().collect::<Vec<_>>() {
            let of_shard = |legs: &Vec<Leg>| legs.iter().position(|leg| leg.shard == shard);
            while let Some(index) = self.gone.get(&agent).and_then(of_shard) {
                self.end_gone(agent, index);
            }
        }
    }

    /// Queues of the calls that they are on.
    pub(crate) fn gone_conversations(&self) -> impl Iterator<Item = QueueId> + '_ {
        self.gone.values().flatten().filter_map(|leg| leg.queue)
    }

    /// The claim of this offer was granted, and whom it was granted to still talks.
    pub(crate) fn is_answered(&self, offer: OfferId) -> bool {
        let known = self.agents.iter().map(|agent| &agent.legs);
        known.chain(self.gone.values()).flatten().any(|leg| leg.offer == Some(offer))
    }

    fn end_gone(&mut self, agent: AgentId, index: usize) {
        let Some(legs) = self.gone.get_mut(&agent) else { return };
        let leg = legs.remove(index);
        if legs.is_empty() {
            self.gone.remove(&agent);
        }
        leg.queue.into_iter().for_each(|queue| self.conversation_over(queue));
    }
}
