//! What follows offers that an agent does not take, by the rules of the queue, else by his own.

use core::time::Duration;

use clock::QueueId;

use crate::acd::Acd;
use crate::agent::RONA;
use crate::contract::{OfferOutcome, OfferRules, StateCause, Status};
use crate::order::Stamp;
use crate::timers::Timer;

/// Offers in a row that were not taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct InARow {
    pub(crate) missed: u32,
    pub(crate) refused: u32,
    pub(crate) unreachable: u32,
}

impl Acd {
    /// An offer ended without a call: others come first, he is left alone for a while, and too many in a row pause him
    /// or sign him off.
    pub(crate) fn offer_not_taken(&mut self, slot: usize, queue: QueueId, outcome: OfferOutcome) {
        let OfferRules { missed, refused, unreachable } = self.offer_rules(slot, queue);
        let row = &mut self.agents[slot];
        let missed_max = row.max_missed;
        let (rule, count, reason, pause_default) = match outcome {
            OfferOutcome::NoAnswer => (missed, &mut row.in_a_row.missed, RONA, missed_max),
            OfferOutcome::Refused => (refused, &mut row.in_a_row.refused, REFUSED, 0),
            OfferOutcome::Unreachable => (unreachable, &mut row.in_a_row.unreachable, UNREACHABLE, 0),
            OfferOutcome::Withdrawn | OfferOutcome::CallerGone => return self.rest(slot, unreachable.rest),
        };
        *count = count.saturating_add(1);
        let count = *count;
        self.rest(slot, rule.rest);
        let reached = |limit: u32| limit > 0 && count >= limit;
        if reached(rule.sign_off_after) {
            self.because(StateCause::NotTaken);
            self.impose(slot, Status::Offline, reason);
        } else if reached(rule.pause_after.unwrap_or(pause_default)) {
            self.because(StateCause::NotTaken);
            self.impose(slot, Status::Paused, reason);
        }
    }

    /// The shard said nothing about an offer.
    pub(crate) fn offer_unheard(&mut self, slot: usize, queue: QueueId) {
        self.rest(slot, self.offer_rules(slot, queue).unreachable.rest);
    }

    /// A supervisor took the call back while it rang at his phone: he rests as after a missed offer, so that others come
    /// first, but nothing counts against him.
    pub(crate) fn offer_taken_back(&mut self, slot: usize, queue: QueueId) {
        self.rest(slot, self.offer_rules(slot, queue).missed.rest);
    }

    /// The rules of the queue where it has its own, else the agent's.
    fn offer_rules(&self, slot: usize, queue: QueueId) -> OfferRules {
        let of_queue = self.queue_slot(queue).and_then(|queue| self.queues[queue].config.not_taken);
        of_queue.unwrap_or(self.agents[slot].not_taken)
    }

    /// He did not take an offer: others come first, and he is left alone for so long.
    pub(crate) fn rest(&mut self, slot: usize, rest: Duration) {
        let now = self.now.mono;
        let agent = &mut self.agents[slot];
        agent.figures.idle_since = Stamp::at(now);
        if rest.is_zero() {
            return;
        }
        let until = now + rest;
        agent.rest_until = Some(until);
        self.timers.set(Timer::Rest(agent.agent), until);
    }
}

/// Reasons of pauses and sign-offs by these rules, beside [`RONA`].
const REFUSED: &str = "refused";
const UNREACHABLE: &str = "unreachable";
