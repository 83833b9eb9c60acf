//! Offers are leases: one a call and one an agent, each ends, and each call has
//! one granted claim (DESIGN section 4).

use core::time::Duration;

use clock::{AgentId, CallId, Generation, OfferId, ShardId};

use crate::acd::{Acd, Timer};
use crate::agent::{Leg, OpenOffer, RONA};
use crate::contract::{Effect, OfferOutcome, Status, Why, WithdrawReason};
use crate::explain::Decision;
use crate::limits::{MAX_DECISIONS, MISSED_REST, OFFER_GRACE, REFUSED_REST, UNREACHABLE_REST};
use crate::order::Stamp;
use crate::planted::Planted;
use crate::waiting::Left;

impl Acd {
    /// Offers a waiting call to an idle agent, one of `candidates`.
    pub(crate) fn open_offer(&mut self, call: CallId, slot: usize, candidates: u32) {
        let is_free_still = self.strikes(Planted::DoubleOffer);
        let Some(row) = self.calls.get_mut(&call) else { return };
        let Ok(queue_slot) = self.queues.binary_search_by_key(&row.queue, |queue| queue.config.queue) else { return };
        let (queue, agent) = (&mut self.queues[queue_slot], &mut self.agents[slot]);
        let mono = self.now.mono;
        row.attempts = row.attempts.saturating_add(1);
        row.offered_to = Some(agent.agent);
        let why = Why {
            candidates,
            idle: agent.idle_since.age(mono),
            waited: row.key.arrived.age(mono),
            attempt: row.attempts,
        };
        if row.decisions.len() >= MAX_DECISIONS {
            row.decisions.remove(0);
        }
        row.decisions.push(Decision { at: self.now.wall, agent: agent.agent, why });
        if !is_free_still {
            queue.open.remove(&row.key);
        }
        queue.ringing.insert(row.key, call);
        queue.changed = true;

        let (offer, generation) = (OfferId(self.next_offer), Generation(row.attempts));
        self.next_offer += 1;
        let (shard, ring) = (row.shard, queue.config.ring);
        let deadline = mono + ring + OFFER_GRACE;
        agent.offer = Some(OpenOffer { offer, generation, call, shard, queue: row.queue, deadline });
        self.offers.insert(offer, agent.agent);
        self.timers.set(Timer::Offer(agent.agent), deadline);
        let (queue, agent) = (row.queue, agent.agent);
        self.effects.push_back(Effect::Offer { shard, offer, generation, call, queue, agent, ring, why });
        self.settle(slot);
    }

    /// The shard wants the agent. Granted once, while the offer is open. A
    /// second claim of a granted offer was answered already; any other gets a
    /// refusal that changes nothing.
    pub(crate) fn claim(&mut self, shard: ShardId, offer: OfferId, generation: Generation) {
        let Some(slot) = self.open_slot(offer, generation) else {
            if !self.agents.iter().any(|agent| agent.legs.iter().any(|leg| leg.offer == Some(offer))) {
                self.effects.push_back(Effect::ClaimRefused { shard, offer, generation });
            }
            return;
        };
        let Some(open) = self.close_offer(slot) else { return };
        self.leave(open.call, Left::Answered);
        let agent = &mut self.agents[slot];
        agent.missed = 0;
        let (leg, queue, missing_since) = (None, Some(open.queue), None);
        agent.legs.push(Leg { leg, offer: Some(offer), call: open.call, shard, queue, missing_since });
        self.effects.push_back(Effect::ClaimGranted { shard, offer, generation });
        self.settle(slot);
    }

    /// The leg of an offer is down without a claim. Late words about offers that
    /// ended already are passed over.
    pub(crate) fn offer_ended(&mut self, offer: OfferId, generation: Generation, outcome: OfferOutcome) {
        let Some(slot) = self.open_slot(offer, generation) else { return };
        let Some(open) = self.close_offer(slot) else { return };
        match outcome {
            OfferOutcome::NoAnswer => {
                self.rest(slot, MISSED_REST);
                self.count_missed(slot);
            }
            OfferOutcome::Refused => self.rest(slot, REFUSED_REST),
            OfferOutcome::Unreachable | OfferOutcome::Withdrawn => self.rest(slot, UNREACHABLE_REST),
            OfferOutcome::CallerGone => {
                self.leave(open.call, Left::Abandoned);
            }
        }
        self.settle(slot);
    }

    /// The shard said nothing for ring time and grace: the offer has ended, and
    /// a late claim will be refused.
    pub(crate) fn offer_overdue(&mut self, agent: AgentId) {
        let Some(slot) = self.agent_slot(agent) else { return };
        self.rest(slot, UNREACHABLE_REST);
        self.withdraw(slot, WithdrawReason::Overdue);
    }

    /// Takes an agent's offer back, if one is open; the caller keeps his place.
    pub(crate) fn withdraw(&mut self, slot: usize, reason: WithdrawReason) {
        if let Some(OpenOffer { offer, generation, shard, .. }) = self.close_offer(slot) {
            self.effects.push_back(Effect::Withdraw { shard, offer, generation, reason });
        }
        self.settle(slot);
    }

    /// Takes the offer of a call back, if one is open.
    pub(crate) fn end_offer_of(&mut self, call: CallId, reason: WithdrawReason) {
        let agent = self.calls.get(&call).and_then(|row| row.offered_to);
        if let Some(slot) = agent.and_then(|agent| self.agent_slot(agent)) {
            self.withdraw(slot, reason);
        }
    }

    /// Ends an agent's offer on our side: the call can be offered again, in its
    /// place. The agent is settled by whoever calls.
    pub(crate) fn close_offer(&mut self, slot: usize) -> Option<OpenOffer> {
        let agent = &mut self.agents[slot];
        let open = agent.offer.take()?;
        self.offers.remove(&open.offer);
        self.timers.cancel(&Timer::Offer(agent.agent));
        if let Some(row) = self.calls.get_mut(&open.call) {
            row.offered_to = None;
            let key = row.key;
            if let Some(queue_slot) = self.queue_slot(open.queue) {
                let queue = &mut self.queues[queue_slot];
                queue.ringing.remove(&key);
                queue.open.insert(key, open.call);
                queue.changed = true;
            }
            self.woken.call(open.call);
        }
        Some(open)
    }

    /// The slot of the agent who holds this very offer.
    fn open_slot(&self, offer: OfferId, generation: Generation) -> Option<usize> {
        let slot = self.agent_slot(*self.offers.get(&offer)?)?;
        let open = self.agents[slot].offer.as_ref()?;
        (open.offer == offer && open.generation == generation).then_some(slot)
    }

    /// He did not take an offer: others come first, and he is left alone for a while.
    fn rest(&mut self, slot: usize, rest: Duration) {
        let until = self.now.mono + rest;
        let agent = &mut self.agents[slot];
        agent.idle_since = Stamp::at(self.now.mono);
        agent.rest_until = Some(until);
        self.timers.set(Timer::Rest(agent.agent), until);
    }

    /// One more ring in a row without an answer; the last one that is allowed pauses him (RONA).
    fn count_missed(&mut self, slot: usize) {
        let agent = &mut self.agents[slot];
        agent.missed = agent.missed.saturating_add(1);
        if agent.max_missed > 0 && agent.missed >= agent.max_missed {
            agent.status = Status::Paused;
            agent.reason = Some(RONA.to_owned());
            let (agent, status, reason) = (agent.agent, agent.status, agent.reason.clone());
            self.effects.push_back(Effect::StatusChanged { agent, status, reason });
        }
    }
}
