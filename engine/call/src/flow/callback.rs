//! The call of a callback: an agent takes it, the customer is called, and both talk; or, where the queue says so, the
//! customer first (contact-centre.md section 5).

use clock::{AgentId, CallId, CallbackId, LegId};
use core::time::Duration;
use dialer::gate::{self, Facts, Purpose as DialPurpose};
use journal_core::{CallEvent, DialOccasion, Direction, LegKind, QueueLeft};

use crate::audio::codecs_from;
use crate::call::{Call, Flow};
use crate::contract::{CallbackOrder, CallbackStep, Effect, OfferOutcome};
use crate::decision::decision;
use crate::identity::Identity;
use crate::ids::RingId;
use crate::ring::{Lease, Purpose};
use crate::ringing::RingOrder;
use crate::route::{Destination, Route};
use crate::shard::{Claimed, Shard, Timer};
use crate::termination::{Reason, Termination};

/// What a call that is an attempt of a callback is for; gone once both talk.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) callback: CallbackId,
    /// Whom to call, E.164.
    pub(crate) number: String,
    /// The agent whose own it is.
    pub(crate) own: Option<AgentId>,
    /// How long the customer's phone rings.
    pub(crate) ring: Duration,
    pub(crate) customer_first: bool,
    /// An offer that waits for the customer's answer, and how long the agent's phone is to ring then.
    pub(crate) lease: Option<(Lease, Duration)>,
    /// The customer's agent failed at the bridge: he waits as any caller.
    pub(crate) is_given_back: bool,
}

impl Shard {
    /// From the ACD: the call of a callback begins. For an agent's own his phone is called now, else an offer follows.
    pub(crate) fn begin_callback(&mut self, order: CallbackOrder) {
        let CallbackOrder { call, callback, number, queue, agent, device, arrived, priority, .. } = order;
        if self.calls.contains_key(&call) {
            return;
        }
        if let Err(word) = self.has_capacity() {
            return self.callback_failed(call, true, word);
        }
        let from = self.house_number(queue, agent, &number);
        let started = CallEvent::Started {
            direction: Direction::OutboundDial,
            internal: false,
            from: from.clone(),
            to: number.clone(),
            // That it came of a call is known of its callback; only consultations have a parent.
            parent: None,
            trunk: None,
            agent,
        };
        let mut begun = Call::new(call, self.now, from, Flow::Prepared);
        begun.queue = queue;
        let (ring, customer_first) = (order.ring, order.customer_first && agent.is_none());
        let (lease, is_given_back) = (None, false);
        let attempt = Attempt { callback, number, own: agent, ring, customer_first, lease, is_given_back };
        begun.attempt = Some(Box::new(attempt));
        self.add_call(begun, started);
        if let Some(queue) = queue {
            self.log(call, CallEvent::QueueEntered { queue, arrived, priority });
        }
        if let Some(agent) = agent {
            self.ring_owner(call, agent, device.as_deref());
        }
    }

    /// From the ACD: it is called off, or over there.
    pub(crate) fn end_callback(&mut self, call: CallId) {
        if let Some(known) = self.calls.get_mut(&call)
            && known.attempt.take().is_some()
        {
            self.end_call(call, Termination::system(Reason::Normal));
        }
    }

    /// From the ACD: an agent is to take the callback. False when this call is none that waits for one.
    pub(crate) fn offer_callback(&mut self, call: CallId, lease: Lease, ring: Duration) -> bool {
        let Some(known) = self.calls.get_mut(&call) else { return false };
        let (Flow::Prepared, Some(attempt)) = (&known.flow, &mut known.attempt) else { return false };
        if attempt.customer_first {
            let is_ringing = !known.rings.is_empty();
            attempt.lease = Some((lease, ring));
            if !is_ringing {
                self.dial_customer(call, None);
            }
            return true;
        }
        let name = self.plan.queues.get(&lease.queue).map(|queue| queue.name.as_str()).unwrap_or_default();
        let number = attempt.number.clone();
        let identity = Identity::plain(self.address(Some(&format!("{name} · {number}")), &number));
        let order = RingOrder {
            purpose: Purpose::Offer(lease),
            kind: LegKind::Agent,
            identity,
            codecs: codecs_from(None),
            limit: ring,
        };
        let phones = self.phones_of(lease.agent);
        if phones.is_empty() {
            self.log(call, CallEvent::OfferRefused { offer: lease.offer, agent: lease.agent, status: 0 });
            self.offer_ended(lease, OfferOutcome::Unreachable);
            return true;
        }
        let ring = self.start_ring(call, order, phones);
        self.offers.insert(lease.offer, ring);
        true
    }

    /// From the ACD: the lease that waits for the customer's answer is taken back. He is called on, for another agent.
    pub(crate) fn withdraw_waiting(&mut self, offer: clock::OfferId) {
        let waits = |call: &Call| call.attempt.as_ref().is_some_and(|a| a.lease.is_some_and(|l| l.0.offer == offer));
        let Some(call) = self.calls.values_mut().find(|call| waits(call)) else { return };
        let lease = call.attempt.as_mut().and_then(|attempt| attempt.lease.take());
        if let Some((lease, _)) = lease {
            self.offer_ended(lease, OfferOutcome::Withdrawn);
        }
    }

    /// The agent has the callback: he hears the announcement while the customer is called.
    pub(crate) fn callback_claimed(&mut self, claimed: &Claimed) {
        let Claimed { call, leg, lease, .. } = *claimed;
        self.log(call, CallEvent::OfferAnswered { offer: lease.offer, agent: lease.agent, leg });
        self.log(call, CallEvent::QueueLeft { queue: lease.queue, how: QueueLeft::Answered });
        if let Some(leg) = self.legs.get_mut(&leg) {
            leg.busy = true;
        }
        self.dial_customer(call, Some(leg));
    }

    /// From the ACD: the agent whose phone answered has it.
    pub(crate) fn callback_granted(&mut self, claimed: &Claimed, ring: Option<RingId>) {
        if let Some(ring) = ring {
            self.close_ring(ring);
        }
        if self.legs.contains_key(&claimed.leg) {
            return self.callback_claimed(claimed);
        }
        // He hung up while the ACD decided.
        let Claimed { lease, call, leg, .. } = *claimed;
        self.effects.push_back(Effect::AgentFree { agent: lease.agent, call, leg, talked: false });
        self.end_call(call, Termination::new(journal_core::Who::Agent, Reason::Normal));
    }

    /// Whether this call is prepared for a callback whose agent answered.
    pub(crate) fn awaits_claim(&self, call: CallId) -> bool {
        self.calls.get(&call).is_some_and(|call| matches!(call.flow, Flow::Prepared) && call.attempt.is_some())
    }

    /// The phone of the agent whose own callback it is was answered.
    pub(crate) fn owner_answered(&mut self, call: CallId, leg: LegId) {
        self.dial_customer(call, Some(leg));
    }

    /// The customer's phone was answered.
    pub(crate) fn customer_answered(&mut self, call: CallId, ring: RingId, customer: LegId) {
        self.close_ring(ring);
        let Some(known) = self.calls.get(&call) else { return };
        match known.flow {
            Flow::CallingBack { agent: leg } => {
                let agent = self.legs.get(&leg).and_then(|leg| leg.agent);
                self.log_answered(call, customer, agent);
                let queue = self.calls.get(&call).and_then(|call| call.queue);
                self.start_recording(call, queue);
                self.talk(call, customer, leg);
                self.callback_connected(call);
            }
            Flow::Prepared => self.customer_waits(call, customer),
            _ => {}
        }
    }

    /// Both talk: it is an ordinary call from here on.
    pub(crate) fn callback_connected(&mut self, call: CallId) {
        let Some(known) = self.calls.get_mut(&call) else { return };
        if known.attempt.take().is_some() {
            self.effects.push_back(Effect::CallbackStep { call, step: CallbackStep::Connected });
        }
    }

    /// The call ends and they never talked.
    pub(crate) fn callback_over(&mut self, call: CallId, why: &Termination) {
        let Some(known) = self.calls.get_mut(&call) else { return };
        let was_on_line = matches!(known.flow, Flow::Waiting { .. });
        let Some(attempt) = known.attempt.take() else { return };
        self.timers.cancel(&Timer::Announced(call));
        if let Some((lease, _)) = attempt.lease {
            self.offer_ended(lease, OfferOutcome::CallerGone);
        }
        let row = why.reason.row();
        // Whoever hangs up before both talk ends the attempt, not the callback.
        let hung_up = matches!(why.reason, Reason::Normal | Reason::Canceled);
        // He answered, and no agent came in time: nobody may read that as a customer who was not there.
        let word = if was_on_line && hung_up { ABANDONED } else { row.code };
        self.callback_failed(call, row.may_retry || hung_up, word);
    }

    /// The announcement is over, or has been heard long enough.
    pub(crate) fn announced(&mut self, call: CallId) {
        self.timers.cancel(&Timer::Announced(call));
        let Some(known) = self.calls.get_mut(&call) else { return };
        if core::mem::replace(&mut known.announcing, false) {
            self.rewire(call);
        }
    }

    /// Calls the customer, if the dial gate and the plan let him be called now.
    fn dial_customer(&mut self, call: CallId, agent: Option<LegId>) {
        let Some(attempt) = self.calls.get(&call).and_then(|call| call.attempt.clone()) else { return };
        if let Some(agent) = agent {
            if let Some(known) = self.calls.get_mut(&call) {
                known.announcing = true;
            }
            self.set_flow(call, Flow::CallingBack { agent });
            self.arm(Timer::Announced(call), ANNOUNCEMENT_MAX);
        }
        if let Err(rule) = self.pass_gate(call, &attempt) {
            self.refuse_attempt(call, rule);
            return self.end_call(call, Termination::system(Reason::Denied));
        }
        let Some(Route { destination: Destination::Trunk { trunk, number }, .. }) =
            self.plan.route_back(&attempt.number)
        else {
            self.refuse_attempt(call, "no_route");
            return self.end_call(call, Termination::system(Reason::Denied));
        };
        if !self.trunk_has_room(trunk) {
            return self.end_call(call, Termination::system(Reason::Overload));
        }
        let callees: Vec<_> = self.over_trunk(trunk, &number).into_iter().collect();
        let who = agent.and_then(|leg| self.legs.get(&leg)?.agent);
        self.log(call, CallEvent::CallbackDialing { callback: attempt.callback, agent: who });
        self.effects.push_back(Effect::CallbackStep { call, step: CallbackStep::Dialing });
        if callees.is_empty() {
            return self.end_call(call, Termination::refusal(Reason::TrunkDown));
        }
        let order = RingOrder {
            purpose: Purpose::Callee,
            kind: LegKind::Callee,
            identity: self.identity(call, Some(trunk)),
            codecs: agent.map_or_else(|| codecs_from(None), |leg| self.codecs_for(leg)),
            limit: attempt.ring,
        };
        self.start_ring(call, order, callees);
    }

    /// With the customer first: he waits in his place while the agent's phone rings.
    fn customer_waits(&mut self, call: CallId, customer: LegId) {
        let Some(known) = self.calls.get_mut(&call) else { return };
        let Some(queue) = known.queue else { return };
        let lease = known.attempt.as_mut().and_then(|attempt| attempt.lease.take());
        let arrived = known.time_of(self.now);
        self.log(call, CallEvent::PickedUp { leg: customer });
        self.set_flow(call, Flow::Waiting { party: customer, queue, arrived, placed: true });
        if let Some((lease, ring)) = lease {
            self.offer(call, lease, ring, None);
        }
    }

    fn ring_owner(&mut self, call: CallId, agent: AgentId, device: Option<&str>) {
        let Some(number) = self.calls.get(&call).and_then(|call| Some(call.attempt.as_ref()?.number.clone())) else {
            return;
        };
        let mut phones = self.phones_of(agent);
        phones.retain(|phone| device.is_none_or(|device| phone.hop.uri == device));
        if phones.is_empty() {
            return self.end_call(call, Termination::system(Reason::Unreachable));
        }
        let order = RingOrder {
            purpose: Purpose::Originator,
            kind: LegKind::Caller,
            identity: Identity::plain(self.address(None, &number)),
            codecs: codecs_from(None),
            limit: self.plan.limits.click_ring_max,
        };
        self.start_ring(call, order, phones);
    }

    /// Asks the dial gate before the customer of an attempt is dialed, and writes down what it says.
    fn pass_gate(&mut self, call: CallId, attempt: &Attempt) -> Result<(), &'static str> {
        let own = attempt.own;
        let purpose = if own.is_some() { DialPurpose::AgentCallback } else { DialPurpose::QueueCallback };
        // The PIN of an agent's callback was asked for when he asked for it.
        let pin = self.plan.dial_rules.pin.as_ref().filter(|_| own.is_some()).map(|rule| rule.pin.as_str());
        let personal = own.and_then(|agent| self.plan.agents.get(&agent)).map(|agent| &agent.personal);
        let facts = Facts { pin, personal, ..Facts::new(&attempt.number, purpose, self.now.wall) };
        let verdict = gate::judge(&self.plan.dial_rules, &self.do_not_call, &facts);
        let denial = verdict.denial.clone();
        let queue = self.calls.get(&call).and_then(|call| call.queue);
        let occasion = DialOccasion::CallbackDialed { callback: attempt.callback, queue, agent: own, call };
        self.journal(decision(verdict, occasion));
        let Some(denial) = denial else { return Ok(()) };
        let (number, word) = (attempt.number.clone(), denial.rule.word());
        self.log(call, CallEvent::DialDenied { number, rule: word.to_owned(), evidence: denial.because });
        Err(word)
    }

    /// Not to be tried again.
    fn refuse_attempt(&mut self, call: CallId, why: &str) {
        let attempt = self.calls.get_mut(&call).and_then(|call| call.attempt.take());
        if let Some((lease, _)) = attempt.and_then(|attempt| attempt.lease) {
            self.offer_ended(lease, OfferOutcome::CallerGone);
        }
        self.timers.cancel(&Timer::Announced(call));
        self.callback_failed(call, false, why);
    }

    fn callback_failed(&mut self, call: CallId, may_retry: bool, why: &str) {
        let step = CallbackStep::Failed { may_retry, why: why.to_owned() };
        self.effects.push_back(Effect::CallbackStep { call, step });
    }

    /// Who calls back, as records show it: the agent whose own it is, else the number of the queue or of the trunk.
    fn house_number(&self, queue: Option<clock::QueueId>, agent: Option<AgentId>, number: &str) -> String {
        let agent = agent.and_then(|agent| self.plan.agents.get(&agent)).map(|agent| agent.extension.clone());
        let queue = || queue.and_then(|queue| self.plan.queues.get(&queue)?.caller_id.clone());
        let trunk = || match self.plan.route_back(number)?.destination {
            Destination::Trunk { trunk, .. } => self.plan.trunks.get(&trunk)?.caller_id.clone(),
            Destination::Own(_) => None,
        };
        agent.or_else(queue).or_else(trunk).unwrap_or_default()
    }
}

/// The customer was called first, answered, and hung up before an agent came.
const ABANDONED: &str = "abandoned";
/// An announcement is never heard for longer (DESIGN section 9).
const ANNOUNCEMENT_MAX: Duration = Duration::from_secs(6);
