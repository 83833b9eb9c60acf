//! Offers are leases: one an agent, each ends, and each call has one granted claim (DESIGN section 4). Several may be
//! open for one call: a ring group.

use clock::{AgentId, CallId, Generation, OfferId, ShardId};

use crate::acd::Acd;
use crate::agent::{Leg, OpenOffer};
use crate::contract::{Effect, OfferOutcome, StateCause, WithdrawReason, WorkKind};
use crate::limits::OFFER_GRACE;
use crate::not_taken::InARow;
use crate::order::Stamp;
use crate::planted::Planted;
use crate::strategy::{RING_GROUP_MAX, join_every};
use crate::timers::Timer;
use crate::waiting::Left;

impl Acd {
    /// Offers a waiting call to an idle agent.
    pub(crate) fn open_offer(&mut self, call: CallId, slot: usize) {
        if let Some(shard) = self.calls.get(&call).map(|row| row.shard) {
            self.begin_callback(call, shard);
        }
        let extra = self.lease_extra(call);
        let is_free_still = self.strikes(Planted::DoubleOffer);
        let Some(row) = self.calls.get(&call) else { return };
        let Some(queue_slot) = self.queue_slot(row.queue) else { return };
        let why = Box::new(self.why(row, slot));
        let mono = self.now.mono;
        let agent = self.agents[slot].agent;
        let Some(row) = self.calls.get_mut(&call) else { return };
        let is_first = row.ringing.is_empty();
        row.attempts = row.attempts.saturating_add(1);
        row.ringing.push(agent);
        let queue = &mut self.queues[queue_slot];
        queue.cursor = queue.seat(slot).map_or(queue.cursor, |seat| i64::from(seat.position));
        queue.changed = true;
        let (shard, ring, generation) = (row.shard, queue.config.ring, Generation(row.attempts));
        if let (true, Some(every)) = (is_first, join_every(queue.config.strategy)) {
            row.next_join = Some(mono + every);
            self.timers.set(Timer::Join(call), mono + every);
        }
        let queue = row.queue;
        if is_first {
            self.conversation_began(queue);
        }
        if !is_free_still {
            self.restand(call);
        }

        let offer = OfferId(self.next_offer);
        self.next_offer += 1;
        let deadline = mono + ring + extra + OFFER_GRACE;
        self.agents[slot].offer = Some(OpenOffer { offer, generation, call, shard, queue, deadline });
        self.offers.insert(offer, agent);
        self.timers.set(Timer::Offer(agent), deadline);
        self.effects.push_back(Effect::Offer { shard, offer, generation, call, queue, agent, ring, why });
        self.because(StateCause::Offer);
        self.engage(slot, queue);
        self.settle(slot);
    }

    /// The shard wants the agent. Granted once, while the offer is open; whoever
    /// else rings for the call has missed nothing. A second claim of a granted
    /// offer was answered already; any other gets a refusal that changes nothing.
    pub(crate) fn claim(&mut self, shard: ShardId, offer: OfferId, generation: Generation) {
        let Some(slot) = self.open_slot(offer, generation) else {
            if self.strikes(Planted::TwoAnswer) {
                self.effects.push_back(Effect::ClaimGranted { shard, offer, generation });
            } else if !self.is_answered(offer) {
                self.effects.push_back(Effect::ClaimRefused { shard, offer, generation });
            }
            return;
        };
        let Some(open) = self.agents[slot].offer.as_ref() else { return };
        let (call, queue, deadline) = (open.call, open.queue, open.deadline);
        let (since, missing_since) = (self.now.mono, None);
        let leg = Leg {
            leg: None,
            offer: Some(offer),
            call,
            shard,
            queue: Some(queue),
            is_disposed: false,
            is_held: false,
            since,
            missing_since,
        };
        self.conversation_began(queue);
        self.close_offer(slot);
        self.effects.push_back(Effect::ClaimGranted { shard, offer, generation });
        self.because(StateCause::OfferEnded);
        self.end_offers_of(call, WithdrawReason::AnsweredElsewhere);
        self.because(StateCause::Answered);
        self.learn_answered(slot, call, deadline);
        let row = self.leave(call, Left::Answered);
        let agent = &mut self.agents[slot];
        agent.in_a_row = InARow::default();
        agent.figures.answer(queue);
        if agent.lines > 1 {
            // With a line left he comes behind those who have their hands free.
            agent.figures.idle_since = Stamp::at(since);
        }
        agent.legs.push(leg);
        let agent = agent.agent;
        self.callback_claimed(call, agent);
        // Whom we call back has not talked to him yet.
        let caller = row.filter(|row| row.kind != WorkKind::Callback).and_then(|row| row.caller.clone());
        if let Some(caller) = caller {
            self.learn(&caller, agent, Some(call));
        }
        self.settle(slot);
    }

    /// The leg of an offer is down without a claim. Late words about offers that
    /// ended already are passed over.
    pub(crate) fn offer_ended(&mut self, offer: OfferId, generation: Generation, outcome: OfferOutcome) {
        let Some(slot) = self.open_slot(offer, generation) else { return };
        let Some(open) = self.close_offer(slot) else { return };
        match outcome {
            OfferOutcome::CallerGone => self.caller_gone(open.call),
            outcome => self.offer_not_taken(slot, open.queue, outcome),
        }
        self.settle(slot);
    }

    /// The shard said nothing for ring time and grace: the offer has ended, and
    /// a late claim will be refused.
    pub(crate) fn offer_overdue(&mut self, agent: AgentId) {
        let Some(slot) = self.agent_slot(agent) else { return };
        if let Some(queue) = self.agents[slot].offer.as_ref().map(|open| open.queue) {
            self.offer_unheard(slot, queue);
        }
        self.withdraw(slot, WithdrawReason::Overdue);
    }

    /// Takes an agent's offer back, if one is open; the caller keeps his place.
    pub(crate) fn withdraw(&mut self, slot: usize, reason: WithdrawReason) {
        if let Some(OpenOffer { offer, generation, shard, .. }) = self.close_offer(slot) {
            self.effects.push_back(Effect::Withdraw { shard, offer, generation, reason });
        }
        self.settle(slot);
    }

    /// Takes all offers of a call back.
    pub(crate) fn end_offers_of(&mut self, call: CallId, reason: WithdrawReason) {
        let ringing: Vec<AgentId> = self.calls.get(&call).map(|row| row.ringing.clone()).unwrap_or_default();
        for agent in ringing {
            if let Some(slot) = self.agent_slot(agent) {
                self.withdraw(slot, reason);
            }
        }
    }

    /// Ends an agent's offer on our side: the call can be offered again, in its
    /// place. The agent is settled by whoever calls.
    pub(crate) fn close_offer(&mut self, slot: usize) -> Option<OpenOffer> {
        let call = self.agents[slot].offer.as_ref()?.call;
        self.touch_callback(call);
        let agent = &mut self.agents[slot];
        let open = agent.offer.take()?;
        self.offers.remove(&open.offer);
        self.timers.cancel(&Timer::Offer(agent.agent));
        if let Some(row) = self.calls.get_mut(&open.call) {
            row.ringing.retain(|known| *known != agent.agent);
            if row.ringing.is_empty() {
                (row.joins, row.next_join) = (0, None);
                self.timers.cancel(&Timer::Join(open.call));
                self.conversation_over(open.queue);
            }
            if let Some(queue) = self.queue_slot(open.queue) {
                self.queues[queue].changed = true;
            }
            // Who was preferred did not take it: now anybody may.
            self.release(open.call);
            self.restand(open.call);
        }
        Some(open)
    }

    /// One more agent may join those who ring for a call.
    pub(crate) fn join_due(&mut self, call: CallId) {
        let Some(row) = self.calls.get_mut(&call) else { return };
        row.joins = row.joins.saturating_add(1);
        let Some(queue) = self.queues.slot(row.queue) else { return };
        let every = join_every(self.queues[queue].config.strategy).filter(|_| row.joins < RING_GROUP_MAX);
        row.next_join = every.map(|every| self.now.mono + every);
        if let Some(at) = row.next_join {
            self.timers.set(Timer::Join(call), at);
        }
        self.restand(call);
    }

    /// The slot of the agent who holds this very offer.
    fn open_slot(&self, offer: OfferId, generation: Generation) -> Option<usize> {
        let slot = self.agent_slot(*self.offers.get(&offer)?)?;
        let open = self.agents[slot].offer.as_ref()?;
        (open.offer == offer && open.generation == generation).then_some(slot)
    }
}
