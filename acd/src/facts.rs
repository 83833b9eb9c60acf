//! What shards report, against what we hold.
//!
//! A report and our words to the shard cross on their way: a claim that was
//! just granted, a call that was just told to leave. So one difference is a
//! suspicion; it is repaired when the shard's next report, at least
//! `FACTS_SETTLE` later, still shows it. The other direction needs no such
//! care: what a shard told us before its report has arrived before it.

use std::collections::{BTreeMap, BTreeSet};

use clock::{AgentId, CallId, Generation, Instant, LegId, OfferId, ShardId};

use crate::acd::Acd;
use crate::contract::{AgentFact, Effect, Enqueue, WaitingFact, WithdrawReason, WorkKind};
use crate::limits::{FACTS_SETTLE, MAX_SUSPECTS};
use crate::order::Stamp;
use crate::planted::Planted;
use crate::queue::Waiting;

/// What one shard's last report named and we do not know, since when.
#[derive(Clone, Debug, Default)]
pub(crate) struct Suspects(BTreeMap<Suspect, Instant>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Suspect {
    Leg(AgentId, LegId),
    Waiting(CallId),
    Offer(OfferId),
}

impl Suspects {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Remembers a suspicion of the former report, or a new one; true when it has stood long enough.
    fn stands(&mut self, former: &Self, suspect: Suspect, now: Instant) -> bool {
        let since = former.0.get(&suspect).copied().unwrap_or(now);
        let stands = now.since(since) >= FACTS_SETTLE;
        if !stands && self.0.len() < MAX_SUSPECTS {
            self.0.insert(suspect, since);
        }
        stands
    }
}

impl Acd {
    /// Compares a shard's report with our leases and repairs what differs for long enough.
    pub(crate) fn reconcile(
        &mut self,
        shard: ShardId,
        legs: &[AgentFact],
        waiting: Vec<WaitingFact>,
        offers: &[(OfferId, Generation)],
    ) {
        let former = self.suspects.remove(&shard).unwrap_or_default();
        let mut suspects = Suspects::default();
        self.reconcile_legs(shard, legs, &former, &mut suspects);
        self.reconcile_waiting(shard, waiting, &former, &mut suspects);
        for &(offer, generation) in offers {
            let unknown = self.offers.get(&offer).is_none();
            if unknown && suspects.stands(&former, Suspect::Offer(offer), self.now.mono) {
                let reason = WithdrawReason::Overdue;
                self.effects.push_back(Effect::Withdraw { shard, offer, generation, reason });
                self.repaired("a phone rang for no offer", None, None);
            }
        }
        if suspects.len() > 0 {
            self.suspects.insert(shard, suspects);
        }
    }

    fn reconcile_legs(&mut self, shard: ShardId, legs: &[AgentFact], former: &Suspects, suspects: &mut Suspects) {
        let now = self.now.mono;
        for fact in legs {
            let Some(slot) = self.agent_slot(fact.agent) else {
                self.confirm_gone(AgentFact { shard, ..*fact });
                continue;
            };
            let row = &mut self.agents[slot];
            if let Some(index) = row.leg_index(fact.leg, fact.call) {
                row.legs[index].confirm(AgentFact { shard, ..*fact });
            } else if suspects.stands(former, Suspect::Leg(fact.agent, fact.leg), now) {
                self.agent_busy(AgentFact { shard, ..*fact });
                self.repaired("an agent was free while a leg of his was up", Some(fact.agent), Some(fact.call));
            }
        }
        let named: BTreeSet<(AgentId, LegId)> = legs.iter().map(|fact| (fact.agent, fact.leg)).collect();
        self.reconcile_gone(shard, &named);
        for slot in 0..self.agents.len() {
            for index in (0..self.agents[slot].legs.len()).rev() {
                let agent = self.agents[slot].agent;
                let leg = &mut self.agents[slot].legs[index];
                if leg.shard != shard || leg.leg.is_some_and(|leg| named.contains(&(agent, leg))) {
                    continue;
                }
                let (since, call) = (*leg.missing_since.get_or_insert(now), leg.call);
                if now.since(since) >= FACTS_SETTLE {
                    self.lose_leg(slot, index);
                    self.repaired("an agent was kept busy without a leg", Some(agent), Some(call));
                }
            }
        }
    }

    fn reconcile_waiting(
        &mut self,
        shard: ShardId,
        waiting: Vec<WaitingFact>,
        former: &Suspects,
        suspects: &mut Suspects,
    ) {
        let now = self.now.mono;
        let named: BTreeSet<CallId> = waiting.iter().map(|fact| fact.call).collect();
        for fact in waiting.into_iter().filter(|fact| fact.kind != WorkKind::Callback) {
            if let Some(row) = self.calls.get_mut(&fact.call) {
                row.shard = shard;
                row.missing_since = None;
            } else if suspects.stands(former, Suspect::Waiting(fact.call), now) {
                self.repaired("a call waited in no queue", None, Some(fact.call));
                self.put_back(shard, fact);
            }
        }
        let mut gone = Vec::new();
        let of_shard = |row: &&mut Waiting| row.shard == shard && row.kind != WorkKind::Callback;
        for row in self.calls.each_mut().filter(of_shard).filter(|row| !named.contains(&row.call)) {
            let since = *row.missing_since.get_or_insert(now);
            if now.since(since) >= FACTS_SETTLE {
                gone.push(row.call);
            }
        }
        gone.sort_unstable();
        for call in gone {
            self.repaired("a queue held a call that was gone", None, Some(call));
            self.caller_gone(call);
        }
    }

    /// Puts a forgotten call back by its arrival; its longest wait begins anew.
    fn put_back(&mut self, shard: ShardId, fact: WaitingFact) {
        let WaitingFact { call, queue, caller, priority, arrived, kind, steps, preferred } = fact;
        let arrived = Some(arrived);
        let is_let_in = false;
        self.enqueue(Enqueue {
            call,
            shard,
            queue,
            caller,
            priority,
            kind,
            steps,
            preferred,
            arrived,
            is_let_in,
            max_wait: None,
        });
        // It has been there all the time; its arrival is all that is still known of when it came.
        if let Some(row) = self.calls.get_mut(&call) {
            row.entered = row.arrived;
        }
    }

    /// The leg is gone and nobody said how: his queue call has ended, without wrap-up.
    fn lose_leg(&mut self, slot: usize, index: usize) {
        if self.agents[slot].legs[index].queue.is_some() {
            self.unlist(slot);
            self.agents[slot].figures.idle_since = Stamp::at(self.now.mono);
        }
        self.end_leg(slot, index, false);
    }

    /// A shard broke and begins anew: whatever it held is gone.
    pub(crate) fn shard_lost(&mut self, shard: ShardId) {
        self.suspects.remove(&shard);
        let cut = self.calls.which(|row| row.shard == shard && row.kind != WorkKind::Callback);
        let promised: Vec<_> = cut.iter().filter_map(|call| self.callbacks.took_over.get(call).cloned()).collect();
        cut.into_iter().for_each(|call| self.caller_gone(call));
        promised.into_iter().for_each(|(stamp, callback)| self.give_back(stamp, callback));
        self.callbacks_lost(shard);
        self.standing_legs_lost(shard);
        if self.strikes(Planted::LeaseKept) {
            return;
        }
        self.gone_lost(shard);
        for slot in 0..self.agents.len() {
            for index in (0..self.agents[slot].legs.len()).rev() {
                if self.agents[slot].legs[index].shard == shard {
                    self.lose_leg(slot, index);
                }
            }
        }
    }
}
