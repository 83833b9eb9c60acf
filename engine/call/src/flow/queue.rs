//! Waiting in a queue, and being offered to agents (DESIGN section 4, offers are leases).

use core::time::Duration;

use clock::{CallId, Generation, LegId, OfferId, QueueId, RequestId, WallTime};
use journal_core::{CallEvent, Durability, LegKind, QueueLeft, Routing, Steering};

use crate::audio::codecs_from;
use crate::call::{Flow, SentToAsk};
use crate::contract::{CommandError, Effect, OfferOutcome, Reply, WithdrawReason};
use crate::identity::Identity;
use crate::ids::RingId;
use crate::plan::Unserved;
use crate::planted::Planted;
use crate::ring::{Lease, Purpose};
use crate::ringing::RingOrder;
use crate::shard::{Claimed, Shard, Timer};
use crate::termination::{Reason, Termination};

impl Shard {
    /// A party waits from now: music, and a place that the ACD gives.
    pub(crate) fn enter_queue(&mut self, call: CallId, party: LegId, queue: QueueId, since: Option<WallTime>) {
        self.enqueue(call, queue, since, None);
        let arrived = since.unwrap_or(self.now.wall);
        self.begin_comfort(call, queue);
        self.set_flow(call, Flow::Waiting { party, queue, arrived, placed: false });
        self.watch_hours(call);
    }

    /// A person whom a campaign called waits from now, and for no longer than this: in silence.
    pub(crate) fn enter_queue_dialed(&mut self, call: CallId, party: LegId, queue: QueueId, left: Duration) {
        self.enqueue(call, queue, None, Some(left));
        let arrived = self.now.wall;
        self.set_flow(call, Flow::Waiting { party, queue, arrived, placed: false });
    }

    fn enqueue(&mut self, call: CallId, queue: QueueId, since: Option<WallTime>, dialed: Option<Duration>) {
        let Some(known) = self.calls.get_mut(&call) else { return };
        known.queue = Some(queue);
        let is_let_in = known.sent_to_ask == SentToAsk::Now;
        let caller = known.from_is_number.then(|| known.from.clone());
        let needs = known.needs.clone();
        self.effects.push_back(Effect::Enqueue { call, queue, caller, needs, since, is_let_in, dialed });
    }

    /// From the ACD: the call has its place.
    pub(crate) fn enqueued(&mut self, call: CallId, queue: QueueId, arrived: WallTime, priority: i32) {
        let Some(known) = self.calls.get_mut(&call) else { return };
        match &mut known.flow {
            Flow::Waiting { queue: waits_in, arrived: since, placed, .. } if *waits_in == queue => {
                *since = arrived;
                // A supervisor may have changed it.
                known.needs.priority = priority;
                if core::mem::replace(placed, true) {
                    return;
                }
            }
            _ => return,
        }
        self.log(call, CallEvent::QueueEntered { queue, arrived, priority });
    }

    /// From the ACD: a supervisor's order about the waiting call is carried out. Into another queue it is moved here; what
    /// else follows comes as with any call. One that waits there no more was quicker: its own words are on their way.
    pub(crate) fn steered(&mut self, request: Option<RequestId>, call: CallId, queue: QueueId, steering: Steering) {
        let result = match self.waiting_party(call, queue) {
            Some(party) => {
                self.log(call, CallEvent::QueueSteered { queue, steering });
                if let Steering::Moved { to, .. } = steering {
                    self.move_to(call, party, queue, to);
                }
                Ok(Reply::Steered(call))
            }
            None => Err(CommandError::NotWaiting),
        };
        let gate = result.is_ok().then(|| self.mark(Durability::Synced));
        if let Some(request) = request {
            self.effects.push_back(Effect::Reply { request, result, gate });
        }
    }

    /// The call waits in another queue from now; the ACD's word on its place there follows.
    fn move_to(&mut self, call: CallId, party: LegId, from: QueueId, to: QueueId) {
        self.log(call, CallEvent::QueueLeft { queue: from, how: QueueLeft::Moved });
        let arrived = self.now.wall;
        self.stop_waiting(call, party);
        if let Some(known) = self.calls.get_mut(&call) {
            known.queue = Some(to);
        }
        self.begin_comfort(call, to);
        self.set_flow(call, Flow::Waiting { party, queue: to, arrived, placed: false });
        self.watch_hours(call);
    }

    /// From the ACD: ring this agent. An offer that cannot be made ends at once.
    pub(crate) fn offer(&mut self, call: CallId, lease: Lease, ring: Duration, routing: Option<Box<Routing>>) {
        if self.offers.contains_key(&lease.offer) {
            return;
        }
        if let Some(routing) = routing {
            self.log(call, CallEvent::Routed(routing));
        }
        let Some(party) = self.waiting_party(call, lease.queue) else {
            if self.offer_callback(call, lease, ring) {
                return;
            }
            return self.offer_ended(lease, OfferOutcome::CallerGone);
        };
        if let Some(leg) = self.free_standing_leg(lease.agent) {
            return self.offer_standing_leg(call, lease, leg);
        }
        let phones = self.phones_of(lease.agent);
        if phones.is_empty() {
            self.log(call, CallEvent::OfferRefused { offer: lease.offer, agent: lease.agent, status: 0 });
            return self.offer_ended(lease, OfferOutcome::Unreachable);
        }
        let order = RingOrder {
            purpose: Purpose::Offer(lease),
            kind: LegKind::Agent,
            identity: Identity::plain(self.offer_from(call, lease.queue)),
            codecs: codecs_from(self.legs.get(&party).and_then(|leg| leg.audio.codec())),
            limit: ring,
        };
        let ring = self.start_ring(call, order, phones);
        self.offers.insert(lease.offer, ring);
    }

    /// The agent's phone answered: the ACD decides whether the call is still his.
    pub(crate) fn claim(&mut self, call: CallId, leg: LegId, lease: Lease) {
        let stands = self.legs.get(&leg).is_some_and(|leg| leg.home.is_some());
        self.claims.insert(lease.offer, Claimed { lease, call, leg, stands });
        self.arm(Timer::Claim(lease.offer), CLAIM_MAX);
        self.effects.push_back(Effect::Claim { offer: lease.offer, generation: lease.generation });
    }

    /// From the ACD: bridge, whatever is played.
    pub(crate) fn claim_granted(&mut self, offer: OfferId, generation: Generation) {
        let Some(claimed) = self.take_claim(offer, generation) else { return };
        if self.is_told_something(claimed.call) && self.strikes(Planted::HeldByWords) {
            return;
        }
        if claimed.stands {
            let customer = self.waiting_party(claimed.call, claimed.lease.queue);
            return self.standing_leg_granted(&claimed, customer);
        }
        let ring = self.offers.get(&offer).copied();
        if self.awaits_claim(claimed.call) {
            return self.callback_granted(&claimed, ring);
        }
        let customer = self.waiting_party(claimed.call, claimed.lease.queue);
        let (Some(ring), Some(customer)) = (ring, customer) else {
            // The call is over or went on without him: he is free again.
            if let Some(ring) = ring {
                self.abort_ring(ring, &Termination::system(Reason::Elsewhere));
            }
            return self.give_back(&claimed);
        };
        let Some(closed) = self.close_ring(ring) else { return };
        self.log_granted(&claimed);
        if !self.legs.contains_key(&claimed.leg) {
            // He hung up while the ACD decided: he answered, and ended the call.
            // His call waits no more, so it is not put back into the queue when he is given back.
            self.set_flow(claimed.call, Flow::Dialing { party: customer });
            self.give_back(&claimed);
            let why = closed.refusal.unwrap_or(Termination::system(Reason::Normal));
            return self.end_call(claimed.call, why);
        }
        if let Some(leg) = self.legs.get_mut(&claimed.leg) {
            leg.busy = true;
        }
        self.start_recording(claimed.call, Some(claimed.lease.queue));
        self.talk(claimed.call, customer, claimed.leg);
        self.callback_connected(claimed.call);
        if self.is_on_hold(claimed.leg) {
            // He held while his claim was on its way.
            self.log_hold(claimed.leg);
        }
        self.take_early_refer(claimed.leg);
    }

    /// From the ACD: the offer was no longer his.
    pub(crate) fn claim_refused(&mut self, offer: OfferId, generation: Generation) {
        let Some(claimed) = self.take_claim(offer, generation) else { return };
        if claimed.stands {
            return self.standing_leg_refused(&claimed);
        }
        let Some(ring) = self.offers.get(&offer).copied() else { return };
        self.abort_ring(ring, &Termination::system(Reason::Elsewhere));
        self.too_late((claimed.call, claimed.lease));
    }

    /// The ACD is silent: the agent is let go, the caller keeps waiting. Should
    /// the claim still be granted, it is given back.
    pub(crate) fn claim_unanswered(&mut self, offer: OfferId) {
        let Some(claimed) = self.claims.get(&offer).copied() else { return };
        if claimed.stands {
            return self.standing_claim_unanswered(&claimed);
        }
        match self.offers.get(&offer).copied() {
            Some(ring) => {
                self.abort_ring(ring, &Termination::system(Reason::Elsewhere));
                self.too_late((claimed.call, claimed.lease));
                self.dropped("claim_unanswered");
                self.arm(Timer::Claim(offer), CLAIM_FORGOTTEN);
            }
            None => {
                self.claims.remove(&offer);
            }
        }
    }

    /// A phone answered an offer that was taken from it.
    pub(crate) fn too_late(&mut self, (call, lease): (CallId, Lease)) {
        self.log(call, CallEvent::OfferTooLate { offer: lease.offer, agent: lease.agent });
    }

    /// From the ACD: stop ringing. A claim under way is answered by the ACD itself.
    pub(crate) fn withdraw(&mut self, offer: OfferId, generation: Generation, reason: WithdrawReason) {
        let Some(ring) = self.offers.get(&offer).copied() else { return self.withdraw_waiting(offer) };
        let Some(known) = self.rings.get(&ring) else { return };
        let Some(lease) = known.lease().filter(|lease| lease.generation == generation) else { return };
        if known.answered.is_some() {
            return;
        }
        let why = withdrawal(reason).to_owned();
        self.log(known.call, CallEvent::OfferWithdrawn { offer, agent: lease.agent, why });
        self.mark_late(ring);
        self.abort_ring(ring, &Termination::system(Reason::Elsewhere));
        self.offer_ended(lease, OfferOutcome::Withdrawn);
    }

    /// All phones of an offer failed, or rang out.
    pub(crate) fn offer_failed(&mut self, call: CallId, lease: Lease, why: Termination) {
        let outcome = match why.reason {
            Reason::Rona | Reason::NoAnswer => OfferOutcome::NoAnswer,
            Reason::Busy | Reason::Rejected | Reason::Denied => OfferOutcome::Refused,
            _ => OfferOutcome::Unreachable,
        };
        let Lease { offer, agent, .. } = lease;
        self.log(
            call,
            match outcome {
                OfferOutcome::NoAnswer => CallEvent::OfferMissed { offer, agent },
                _ => CallEvent::OfferRefused { offer, agent, status: why.sip.unwrap_or(0) },
            },
        );
        self.offer_ended(lease, outcome);
    }

    pub(crate) fn offer_ended(&mut self, lease: Lease, outcome: OfferOutcome) {
        self.effects.push_back(Effect::OfferEnded { offer: lease.offer, generation: lease.generation, outcome });
    }

    /// From the ACD: the queue does not serve the call.
    pub(crate) fn leave_queue(&mut self, call: CallId, queue: QueueId, why: Unserved) {
        let Some(party) = self.waiting_party(call, queue) else { return };
        let Some(Flow::Waiting { arrived, .. }) = self.calls.get(&call).map(|call| call.flow.clone()) else { return };
        self.end_offers_of_wait(call, "wait_over");
        self.log_arrival(call);
        let how = match why {
            Unserved::Full => QueueLeft::Full,
            Unserved::Empty => QueueLeft::Empty,
            _ => QueueLeft::TimedOut,
        };
        self.log(call, CallEvent::QueueLeft { queue, how });
        self.stop_waiting(call, party);
        if self.dialed_left(call).is_some() {
            return self.abandon_attempt(call, party);
        }
        self.overflow(call, party, (queue, why), arrived);
    }

    /// Who leaves a queue has come to it, though the ACD had no place for him or no time to say so: figures of the queue
    /// and the record need both words.
    pub(crate) fn log_arrival(&mut self, call: CallId) {
        let Some(known) = self.calls.get_mut(&call) else { return };
        let priority = known.needs.priority;
        let Flow::Waiting { queue, arrived, placed: placed @ false, .. } = &mut known.flow else { return };
        *placed = true;
        let (queue, arrived) = (*queue, *arrived);
        self.log(call, CallEvent::QueueEntered { queue, arrived, priority });
    }

    /// The party that waits for an agent of this queue.
    fn waiting_party(&self, call: CallId, queue: QueueId) -> Option<LegId> {
        match self.calls.get(&call)?.flow {
            Flow::Waiting { party, queue: waits_in, .. } if waits_in == queue => Some(party),
            _ => None,
        }
    }

    /// The call waits no more: phones that ring for it are let go.
    pub(crate) fn end_offers_of_wait(&mut self, call: CallId, why: &str) {
        self.end_standing_claims(call, why);
        let offers: Vec<RingId> = self.calls.get(&call).map(|call| call.rings.clone()).unwrap_or_default();
        for ring in offers {
            self.end_offer_of_wait(call, ring, why);
        }
    }

    fn end_offer_of_wait(&mut self, call: CallId, ring: RingId, why: &str) {
        let Some(known) = self.rings.get(&ring) else { return };
        let (lease, claiming) = (known.lease(), known.answered.is_some());
        self.mark_late(ring);
        self.abort_ring(ring, &Termination::system(Reason::Elsewhere));
        let Some(lease) = lease else { return };
        let why = why.to_owned();
        self.log(call, CallEvent::OfferWithdrawn { offer: lease.offer, agent: lease.agent, why });
        if !claiming {
            self.offer_ended(lease, OfferOutcome::Withdrawn);
        }
    }

    fn take_claim(&mut self, offer: OfferId, generation: Generation) -> Option<Claimed> {
        self.claims.get(&offer).filter(|claimed| claimed.lease.generation == generation)?;
        self.timers.cancel(&Timer::Claim(offer));
        self.claims.remove(&offer)
    }

    pub(crate) fn give_back(&mut self, claimed: &Claimed) {
        let Claimed { lease, call, leg, .. } = *claimed;
        self.effects.push_back(Effect::AgentFree { agent: lease.agent, call, leg, talked: false });
        // The ACD holds the call for answered; one that still waits here asks for its place again.
        if self.waiting_party(call, lease.queue).is_some() {
            let Some(known) = self.calls.get_mut(&call) else { return };
            let Flow::Waiting { arrived, .. } = known.flow else { return };
            if let Some(attempt) = &mut known.attempt {
                attempt.is_given_back = true;
            }
            let caller = known.from_is_number.then(|| known.from.clone());
            let needs = known.needs.clone();
            let dialed = self.dialed_left(call);
            self.effects.push_back(Effect::Enqueue {
                call,
                queue: lease.queue,
                caller,
                needs,
                since: Some(arrived),
                is_let_in: true,
                dialed,
            });
        }
    }

    pub(crate) fn log_granted(&mut self, claimed: &Claimed) {
        let Claimed { lease: Lease { offer, agent, queue, .. }, call, leg, .. } = *claimed;
        self.log(call, CallEvent::OfferAnswered { offer, agent, leg });
        self.log(call, CallEvent::QueueLeft { queue, how: QueueLeft::Answered });
        self.log_answered(call, leg, Some(agent));
        self.attempt_connected(call, agent);
    }

    /// `<queue> · <number>` as display name, the number as user part (DESIGN section 9).
    fn offer_from(&self, call: CallId, queue: QueueId) -> String {
        let number = self.calls.get(&call).map(|call| call.from.as_str()).unwrap_or_default();
        let name = self.plan.queues.get(&queue).map(|queue| queue.name.as_str()).unwrap_or_default();
        self.address(Some(&format!("{name} · {number}")), number)
    }
}

fn withdrawal(reason: WithdrawReason) -> &'static str {
    match reason {
        WithdrawReason::Paused => "paused",
        WithdrawReason::Offline => "offline",
        WithdrawReason::WaitOver => "wait_over",
        WithdrawReason::CallerGone => "caller_gone",
        WithdrawReason::AnsweredElsewhere => "answered_elsewhere",
        WithdrawReason::Overdue | WithdrawReason::Busy | WithdrawReason::Moved => "ended",
    }
}

/// The ACD answers a claim within microseconds; after this it is taken for dead.
const CLAIM_MAX: Duration = Duration::from_secs(5);
/// How long a claim is remembered whose answer would have to be given back.
pub(crate) const CLAIM_FORGOTTEN: Duration = Duration::from_secs(60);
