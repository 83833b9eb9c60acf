//! Standing legs: an agent's phone that stays connected between the calls of his campaigns (DESIGN section 8), so that
//! whoever answers is never kept waiting for a ring.
//!
//! A standing leg is no call. It has a home among the calls, so that rings, wires and timers serve it like any other leg,
//! but nothing of its home is written into a journey: the ACD keeps the log of it among what happens to agents. While its
//! agent talks it is a leg of that call like any other, and comes home when the call is over.

use core::time::Duration;

use clock::{AgentId, CallId, LegId, OfferId};
use journal_core::{CallEvent, Entry, LegKind, Who};
use media_graph::{Command, Node};

use crate::audio::codecs_from;
use crate::call::{Call, Flow};
use crate::contract::{Effect, StandingStep};
use crate::flow::queue::CLAIM_FORGOTTEN;
use crate::identity::Identity;
use crate::ids::RingId;
use crate::ring::{Lease, Purpose};
use crate::ringing::RingOrder;
use crate::shard::{Claimed, Shard, Timer};
use crate::termination::{Reason, Termination};

/// The home of a standing leg.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StandingHome {
    pub(crate) agent: AgentId,
    /// His leg, once it is up.
    pub(crate) leg: Option<LegId>,
    /// The call that has it now.
    pub(crate) lent: Option<CallId>,
    /// An offer that was claimed with it, until the ACD has decided.
    claimed: Option<OfferId>,
    /// The ACD was told that the phone holds it: whoever were bridged to it would hear nobody.
    is_held: bool,
    /// It ends when it comes home.
    is_leaving: bool,
}

impl StandingHome {
    fn new(agent: AgentId) -> Self {
        Self { agent, leg: None, lent: None, claimed: None, is_held: false, is_leaving: false }
    }
}

impl Shard {
    /// From the ACD: the agent's phone is called, and stays connected.
    pub(crate) fn call_standing_leg(&mut self, agent: AgentId) {
        if self.homes.contains_key(&agent) {
            return;
        }
        let phones = self.phones_of(agent);
        let refused = match self.has_capacity() {
            Err(word) => Some(word),
            Ok(()) => phones.is_empty().then_some("no_device"),
        };
        if let Some(why) = refused {
            let step = StandingStep::Down { is_his_doing: false, why: why.to_owned() };
            return self.effects.push_back(Effect::StandingLeg { agent, step });
        }
        let home = self.make_home(agent);
        let order = RingOrder {
            purpose: Purpose::Standing,
            kind: LegKind::Agent,
            identity: Identity::plain(self.address(Some(SHOWN), SHOWN)),
            codecs: codecs_from(None),
            limit: self.plan.limits.click_ring_max,
        };
        self.start_ring(home, order, phones);
    }

    /// From the ACD: it is to end; while he talks, after the call.
    pub(crate) fn end_standing_leg(&mut self, agent: AgentId) {
        if let Some(home) = self.homes.get(&agent).copied() {
            self.leave_home(home, &Termination::system(Reason::Normal));
        }
    }

    /// The node shuts down: those who do not talk are let go, the others after their call.
    pub(crate) fn end_standing_legs(&mut self) {
        let homes: Vec<CallId> = self.homes.values().copied().collect();
        for home in homes {
            self.leave_home(home, &Termination::system(Reason::Shutdown));
        }
    }

    /// The ports of an agent who dialed the code are open: his leg stands.
    pub(crate) fn standing_leg_arrived(&mut self, home: CallId, leg: LegId) {
        if self.answer_party(leg, None) {
            self.standing_leg_up(home, None, leg);
        }
    }

    /// A home without a leg.
    pub(crate) fn make_home(&mut self, agent: AgentId) -> CallId {
        let home = CallId::mint(self.now.wall, &mut self.rng);
        let begun = Call::new(home, self.now, String::new(), Flow::Standing(StandingHome::new(agent)));
        self.calls.insert(home, Box::new(begun));
        self.homes.insert(agent, home);
        home
    }

    /// His phone answered, or he dialed the code.
    pub(crate) fn standing_leg_up(&mut self, home: CallId, ring: Option<RingId>, leg: LegId) {
        if let Some(ring) = ring {
            self.close_ring(ring);
        }
        let Some(Flow::Standing(known)) = self.calls.get_mut(&home).map(|call| &mut call.flow) else { return };
        known.leg = Some(leg);
        let agent = known.agent;
        if let Some(leg) = self.legs.get_mut(&leg) {
            leg.home = Some(home);
        }
        self.arm(Timer::Ping(leg), PROBE_EVERY);
        self.watch(leg);
        let step = StandingStep::Up { is_his_doing: ring.is_none() };
        self.effects.push_back(Effect::StandingLeg { agent, step });
        self.tell_standing_hold(leg);
        self.rewire(home);
    }

    /// The phone of a leg at home may hold it, or no more: the ACD hears of it where that is new.
    pub(crate) fn tell_standing_hold(&mut self, leg: LegId) {
        let Some(known) = self.legs.get(&leg).filter(|leg| leg.home == Some(leg.call)) else { return };
        let (home, is_held) = (known.call, known.audio.is_held());
        let Some(Flow::Standing(known)) = self.calls.get_mut(&home).map(|call| &mut call.flow) else { return };
        if core::mem::replace(&mut known.is_held, is_held) != is_held {
            let (agent, step) = (known.agent, StandingStep::Held { is_held });
            self.effects.push_back(Effect::StandingLeg { agent, step });
        }
    }

    /// The home is over: its phones are let go, its leg if it has one.
    pub(crate) fn end_home(&mut self, home: CallId, why: &Termination) {
        let Some(call) = self.calls.get(&home) else { return };
        let Flow::Standing(known) = call.flow else { return };
        let (rings, legs) = (call.rings.clone(), call.legs.clone());
        if known.lent.is_some() && known.leg.is_some_and(|leg| self.legs.contains_key(&leg)) {
            return self.leave_home(home, why);
        }
        for ring in rings {
            self.abort_ring(ring, why);
        }
        for leg in legs {
            self.drop_leg(leg, why, false);
        }
        self.set_flow(home, Flow::Over);
        self.calls.remove(&home);
        self.homes.remove(&known.agent);
        let hung_up = matches!(why.reason, Reason::Normal | Reason::Canceled);
        let is_his_doing = matches!(why.reason, Reason::Busy | Reason::Rejected | Reason::NoAnswer)
            || (hung_up && why.who == Who::Agent);
        let step = StandingStep::Down { is_his_doing, why: why.reason.row().code.to_owned() };
        self.effects.push_back(Effect::StandingLeg { agent: known.agent, step });
    }

    /// A leg that stood is gone while a call had it.
    pub(crate) fn standing_leg_gone(&mut self, home: CallId, why: &Termination) {
        if let Some(Flow::Standing(known)) = self.calls.get_mut(&home).map(|call| &mut call.flow) {
            known.lent = None;
        }
        self.end_home(home, why);
    }

    /// The agent's standing leg, if it is up and nobody has it.
    pub(crate) fn free_standing_leg(&self, agent: AgentId) -> Option<LegId> {
        let home = self.homes.get(&agent)?;
        let Flow::Standing(known) = self.calls.get(home)?.flow else { return None };
        let is_free = known.lent.is_none() && known.claimed.is_none() && !known.is_held && !known.is_leaving;
        known.leg.filter(|leg| is_free && self.legs.contains_key(leg))
    }

    /// From the ACD: an agent whose standing leg is up is to take the call. Nothing rings: it is claimed at once.
    pub(crate) fn offer_standing_leg(&mut self, call: CallId, lease: Lease, leg: LegId) {
        self.log(call, CallEvent::OfferRinging { offer: lease.offer, agent: lease.agent, leg });
        if let Some(known) = self.home_of(leg) {
            known.claimed = Some(lease.offer);
        }
        self.claim(call, leg, lease);
    }

    /// From the ACD: the call is his. A short tone, and then the customer.
    pub(crate) fn standing_leg_granted(&mut self, claimed: &Claimed, customer: Option<LegId>) {
        let Claimed { lease, call, leg, .. } = *claimed;
        self.standing_claim_over(leg);
        let waits = customer.is_some();
        let Some(customer) = customer.filter(|_| self.legs.contains_key(&leg)) else {
            // Of a call that waits no more it was said when its wait ended.
            if waits {
                let why = "ended".to_owned();
                self.log(call, CallEvent::OfferWithdrawn { offer: lease.offer, agent: lease.agent, why });
            }
            return self.give_back(claimed);
        };
        self.lend(leg, call);
        self.log_granted(claimed);
        if let Some(leg) = self.legs.get_mut(&leg) {
            leg.busy = true;
        }
        if let Some(call) = self.calls.get_mut(&call) {
            call.cue = true;
        }
        self.start_recording(call, Some(lease.queue));
        self.talk(call, customer, leg);
        self.callback_connected(call);
        if self.is_on_hold(leg) {
            self.log_hold(leg);
        }
        self.take_early_refer(leg);
    }

    /// The ACD is silent: the caller waits on. Should the claim still be granted, it is given back.
    pub(crate) fn standing_claim_unanswered(&mut self, claimed: &Claimed) {
        self.standing_leg_refused(claimed);
        self.dropped("claim_unanswered");
        if let Some(claimed) = self.claims.get_mut(&claimed.lease.offer) {
            claimed.stands = false;
        }
        self.arm(Timer::Claim(claimed.lease.offer), CLAIM_FORGOTTEN);
    }

    /// From the ACD: it is not his.
    pub(crate) fn standing_leg_refused(&mut self, claimed: &Claimed) {
        self.standing_claim_over(claimed.leg);
        self.too_late((claimed.call, claimed.lease));
    }

    /// The tone was heard, and what a customer whom a campaign called said first.
    pub(crate) fn cue_over(&mut self, call: CallId) {
        let Some(known) = self.calls.get_mut(&call) else { return };
        known.cue = false;
        let customer = known.dialed.as_ref().and_then(|dialed| dialed.customer);
        self.rewire(call);
        if let Some(leg) = customer {
            self.media(Command::StopListening { leg });
        }
    }

    /// The call waits no more: claims with standing legs come to nothing. The ACD's answer gives the agents back.
    pub(crate) fn end_standing_claims(&mut self, call: CallId, why: &str) {
        let of_call = |claimed: &&Claimed| claimed.call == call && claimed.stands;
        let leases: Vec<Lease> = self.claims.values().filter(of_call).map(|claimed| claimed.lease).collect();
        for lease in leases {
            let why = why.to_owned();
            self.log(call, CallEvent::OfferWithdrawn { offer: lease.offer, agent: lease.agent, why });
        }
    }

    /// Gives the leg to a call.
    pub(crate) fn lend(&mut self, leg: LegId, call: CallId) {
        let Some(known) = self.legs.get_mut(&leg) else { return };
        let (Some(home), agent, session) = (known.home, known.agent, known.session) else { return };
        known.call = call;
        if let Some(at_home) = self.calls.get_mut(&home) {
            at_home.legs.retain(|known| *known != leg);
            if let Flow::Standing(known) = &mut at_home.flow {
                known.lent = Some(call);
            }
        }
        self.rewire(home);
        self.watch(leg);
        if let Some(call) = self.calls.get_mut(&call) {
            call.legs.push(leg);
        }
        let sip_call_id = session.and_then(|session| self.ua.sip_call_id(session)).unwrap_or_default().to_owned();
        self.log(call, CallEvent::LegStarted { leg, kind: LegKind::Agent, sip_call_id, agent });
    }

    /// A leg leaves its call: one that stands comes home, any other is taken down.
    pub(crate) fn let_go(&mut self, leg: LegId, why: &Termination) {
        match self.legs.get(&leg).and_then(|leg| leg.home) {
            Some(home) => self.come_home(leg, home, why),
            None => self.drop_leg(leg, why, false),
        }
    }

    fn come_home(&mut self, leg: LegId, home: CallId, why: &Termination) {
        let Some(known) = self.legs.get_mut(&leg).filter(|leg| leg.call != home) else { return };
        let (call, agent, busy, talked) = (known.call, known.agent, known.busy, known.talked);
        (known.call, known.kind) = (home, LegKind::Agent);
        (known.busy, known.talked, known.is_aside) = (false, false, false);
        if let Some((token, _)) = known.early_refer.take() {
            self.ua.respond(self.now.mono, token, 481, Vec::new(), None);
        }
        self.log(call, CallEvent::LegEnded { leg, cause: why.cause() });
        let mut parted = Vec::new();
        if let Some(call) = self.calls.get_mut(&call) {
            call.legs.retain(|known| *known != leg);
            parted = call.wiring.part(Node::Leg(leg));
        }
        parted.into_iter().for_each(|command| self.media(command));
        let Some(at_home) = self.calls.get_mut(&home) else { return };
        at_home.legs.push(leg);
        let Flow::Standing(known) = &mut at_home.flow else { return };
        known.lent = None;
        let is_leaving = known.is_leaving;
        // Before he is free: held, he gets no other call.
        self.tell_standing_hold(leg);
        if let Some(agent) = agent {
            if busy {
                self.effects.push_back(Effect::AgentFree { agent, call, leg, talked });
            }
            if talked {
                self.free_line(agent, call);
            }
        }
        self.rewire(home);
        self.watch(leg);
        if is_leaving {
            self.end_home(home, &Termination::system(Reason::Normal));
        }
    }

    fn leave_home(&mut self, home: CallId, why: &Termination) {
        let Some(Flow::Standing(known)) = self.calls.get_mut(&home).map(|call| &mut call.flow) else { return };
        known.is_leaving = true;
        if known.lent.is_none() {
            self.end_home(home, why);
        }
    }

    fn standing_claim_over(&mut self, leg: LegId) {
        if let Some(known) = self.home_of(leg) {
            known.claimed = None;
        }
    }

    fn home_of(&mut self, leg: LegId) -> Option<&mut StandingHome> {
        let home = self.legs.get(&leg)?.home?;
        match &mut self.calls.get_mut(&home)?.flow {
            Flow::Standing(known) => Some(known),
            _ => None,
        }
    }

    /// The dialog of a leg that stands belongs to its home, whatever call has it: a restart ends it once.
    pub(crate) fn dialog_over(&mut self, call: CallId, home: Option<CallId>, leg: LegId) {
        self.journal(Entry::DialogOver { call: home.unwrap_or(call), leg });
    }

    /// Those that are up, those that their phones hold, and those that are being called: told with the facts.
    pub(crate) fn standing_facts(&self) -> (Vec<AgentId>, Vec<AgentId>, Vec<AgentId>) {
        let (mut up, mut held, mut calling) = (Vec::new(), Vec::new(), Vec::new());
        for (agent, home) in &self.homes {
            match self.calls.get(home).map(|call| &call.flow) {
                Some(Flow::Standing(known)) if known.leg.is_none() => calling.push(*agent),
                Some(Flow::Standing(known)) if known.is_held => held.push(*agent),
                Some(Flow::Standing(_)) => up.push(*agent),
                _ => {}
            }
        }
        (up, held, calling)
    }
}

/// What the agent's phone shows while it is called.
const SHOWN: &str = "standing";
/// How often a standing leg is asked whether it lives: its agent may sit idle for long, and a dead phone must not be
/// taken for a ready one for much longer than a ring.
pub(crate) const PROBE_EVERY: Duration = Duration::from_secs(10);
