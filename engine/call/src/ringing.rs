//! Ringing phones: from the INVITE of a group of legs to its one answer or its last refusal.

use core::time::Duration;
use std::collections::VecDeque;

use clock::{AgentId, CallId, LegId, TrunkId};
use journal_core::{CallEvent, LegKind, Who};
use sip::ua::SessionId;
use sip::{Message, Name};

use crate::identity::Identity;
use crate::ids::RingId;
use crate::leg::{Hop, Invite, Leg, Side, Stage};
use crate::ring::{Purpose, Ring};
use crate::shard::{Shard, Timer};
use crate::termination::{Reason, Termination};

/// One phone or trunk to ring.
#[derive(Clone, Debug)]
pub(crate) struct Callee {
    pub(crate) hop: Hop,
    /// Where to go when that fails, first choice first.
    pub(crate) others: VecDeque<Hop>,
    pub(crate) agent: Option<AgentId>,
    pub(crate) trunk: Option<TrunkId>,
}

/// How to ring.
#[derive(Clone, Debug)]
pub(crate) struct RingOrder {
    pub(crate) purpose: Purpose,
    pub(crate) kind: LegKind,
    /// What the party sees of the caller.
    pub(crate) identity: Identity,
    pub(crate) codecs: Vec<sdp::Codec>,
    pub(crate) limit: Duration,
}

impl Shard {
    /// Rings all `callees` for a call until one answers or `limit` is over.
    pub(crate) fn start_ring(&mut self, call: CallId, order: RingOrder, callees: Vec<Callee>) -> RingId {
        let id = self.ids.ring();
        // An offer has its claim, and a standing leg occupies nobody.
        let occupies = !matches!(order.purpose, Purpose::Offer(_) | Purpose::Standing);
        self.rings.insert(id, Ring::new(call, order.purpose));
        if let Some(call) = self.calls.get_mut(&call) {
            call.rings.push(id);
        }
        self.arm(Timer::Ring(id), order.limit);
        for callee in callees.into_iter().take(MAX_FORKS) {
            let mut leg = Leg::new(self.ids.leg(), call, order.kind, Side::Client);
            leg.agent = callee.agent;
            leg.trunk = callee.trunk;
            leg.ring = Some(id);
            leg.invite = Some(Invite {
                hop: callee.hop,
                others: callee.others,
                identity: order.identity.clone(),
                codecs: order.codecs.clone(),
                login: callee.trunk.and_then(|trunk| self.plan.trunks.get(&trunk)?.login.clone()),
            });
            let leg_id = leg.id;
            if let Some(ring) = self.rings.get_mut(&id) {
                ring.legs.push(leg_id);
            }
            self.add_leg(leg);
            if occupies {
                self.occupy(leg_id);
            }
        }
        id
    }

    /// All phones of an agent; empty when none is registered.
    pub(crate) fn phones_of(&self, agent: AgentId) -> Vec<Callee> {
        let contacts = self.contacts.get(&agent).map(Vec::as_slice).unwrap_or_default();
        let phone = |contact: &crate::contract::Contact| Callee {
            hop: Hop { uri: contact.uri.clone(), peer: contact.peer },
            others: VecDeque::new(),
            agent: Some(agent),
            trunk: None,
        };
        contacts.iter().map(phone).collect()
    }

    /// The INVITE of one of its legs was sent: the journal learns of the first.
    pub(crate) fn ring_began(&mut self, leg: LegId) {
        let Some(ring) = self.legs.get(&leg).and_then(|leg| self.rings.get_mut(&leg.ring?)) else { return };
        let Some(lease) = ring.lease().filter(|_| !ring.announced) else { return };
        ring.announced = true;
        let call = ring.call;
        self.log(call, CallEvent::OfferRinging { offer: lease.offer, agent: lease.agent, leg });
    }

    /// 18x to an INVITE of ours.
    pub(crate) fn progress(&mut self, session: SessionId, response: &Message) {
        let Some(leg) = self.leg_of(session) else { return };
        let Some(known) = self.legs.get_mut(&leg).filter(|leg| !leg.is_up()) else { return };
        known.stage = Stage::Ringing;
        known.tried = true;
        // Whoever rings is never left for another.
        known.next = None;
        self.timers.cancel(&Timer::Target(leg));
        let Some(known) = self.legs.get_mut(&leg) else { return };
        let early = known.audio.awaits_answer()
            && !response.body().is_empty()
            && known.audio.take_answer(response.body()).is_ok();
        if early {
            self.audio_changed(leg);
        }
        let Some(ring) = self.legs.get(&leg).and_then(|leg| self.rings.get_mut(&leg.ring?)) else { return };
        let (call, purpose, first) = (ring.call, ring.purpose.clone(), !ring.announced);
        ring.announced = true;
        if first && matches!(purpose, Purpose::Callee | Purpose::Originator | Purpose::Attempt) {
            self.log(call, CallEvent::Ringing { leg });
        }
        match purpose {
            Purpose::Callee => self.callee_rings(call, leg, response.status()),
            Purpose::Attempt => self.attempt_rings(call, leg, response.status(), early),
            Purpose::Transfer { by, .. } => self.notify(by, response.status(), false),
            _ => {}
        }
        self.rewire(call);
    }

    /// 2xx to an INVITE of ours: the first leg of a ring that answers has it.
    pub(crate) fn answered(&mut self, session: SessionId, response: &Message) {
        let Some(leg) = self.leg_of(session) else {
            let late = Termination::system(Reason::Elsewhere);
            return self.ua.bye(self.now.mono, session, Some(late.header()));
        };
        if let Err(why) = self.take_answer(leg, response) {
            self.attempt_unheard(leg);
            return self.leg_lost(leg, why, false);
        }
        if let Some((call, agent)) = self.legs.get(&leg).map(|leg| (leg.call, leg.agent)) {
            self.log_device(call, leg, agent, response);
        }
        let Some(ring) = self.legs.get(&leg).and_then(|leg| leg.ring) else { return };
        let Some(known) = self.rings.get_mut(&ring) else { return };
        known.answered = Some(leg);
        let (call, purpose) = (known.call, known.purpose.clone());
        let others: Vec<LegId> = known.legs.iter().copied().filter(|other| *other != leg).collect();
        self.timers.cancel(&Timer::Ring(ring));
        for other in others {
            self.drop_leg(other, &Termination::system(Reason::Elsewhere), false);
        }
        match purpose {
            Purpose::Offer(lease) => self.claim(call, leg, lease),
            Purpose::Callee => self.callee_answered(call, ring, leg),
            Purpose::Originator => self.originator_answered(call, ring, leg),
            Purpose::Standing => self.standing_leg_up(call, Some(ring), leg),
            Purpose::Attempt => self.attempt_answered(call, ring, leg),
            Purpose::Transfer { by, to } => self.transfer_answered(call, ring, leg, by, &to),
        }
    }

    /// What an agent's phone says of itself, for the journey.
    pub(crate) fn log_device(&mut self, call: CallId, leg: LegId, agent: Option<AgentId>, message: &Message) {
        let Some(agent) = agent else { return };
        let name = self.plan.agents.get(&agent).and_then(|agent| agent.name.clone());
        let mut told = message.header(Name::UserAgent).chain(message.header(Name::Server));
        let device = told.next().map(|text| text.chars().filter(|c| !c.is_control()).take(DEVICE_MAX).collect());
        if name.is_some() || device.is_some() {
            self.log(call, CallEvent::LegDevice { leg, name, device });
        }
    }

    /// The ring is over, its leg belongs to the call's flow now.
    pub(crate) fn close_ring(&mut self, ring: RingId) -> Option<Ring> {
        let closed = self.rings.remove(&ring)?;
        self.timers.cancel(&Timer::Ring(ring));
        if let Some(lease) = closed.lease() {
            self.offers.remove(&lease.offer);
        }
        if let Some(call) = self.calls.get_mut(&closed.call) {
            call.rings.retain(|known| *known != ring);
        }
        for leg in &closed.legs {
            if let Some(leg) = self.legs.get_mut(leg) {
                leg.ring = None;
            }
        }
        Some(closed)
    }

    /// Stops all its legs and closes it.
    pub(crate) fn abort_ring(&mut self, ring: RingId, why: &Termination) -> Option<Ring> {
        let legs = self.rings.get(&ring)?.legs.clone();
        for leg in legs {
            self.drop_leg(leg, why, false);
        }
        self.close_ring(ring)
    }

    /// Nobody answered in time.
    pub(crate) fn rang_out(&mut self, ring: RingId) {
        let Some(known) = self.rings.get(&ring) else { return };
        let why = match known.purpose {
            Purpose::Offer(_) => Termination::system(Reason::Rona),
            Purpose::Attempt if self.is_trunk_silent(known) => Termination::system(Reason::TrunkDown),
            _ => Termination { who: self.ringing_party(known), reason: Reason::NoAnswer, sip: Some(480) },
        };
        if known.purpose == Purpose::Attempt {
            return self.call_off_attempt(known.call, why);
        }
        self.mark_late(ring);
        let Some(closed) = self.abort_ring(ring, &why) else { return };
        self.ring_failed(closed, why);
    }

    /// Nobody behind the trunk has said as much as 100: no phone rang.
    fn is_trunk_silent(&self, ring: &Ring) -> bool {
        let is_silent = |leg: &Leg| leg.trunk.is_some() && leg.stage == Stage::Calling && !leg.tried;
        !ring.legs.is_empty() && ring.legs.iter().all(|leg| self.legs.get(leg).is_some_and(|leg| is_silent(leg)))
    }

    /// A leg of a ring failed; the ring has failed with its last.
    pub(crate) fn fork_lost(&mut self, ring: RingId, leg: LegId, why: Termination) {
        let Some(known) = self.rings.get_mut(&ring) else { return };
        known.refused(why);
        // A claim is under way: the ACD's answer decides what becomes of the call.
        if known.answered == Some(leg) && known.lease().is_some() {
            return;
        }
        if known.legs.is_empty() {
            let Some(closed) = self.close_ring(ring) else { return };
            let why = closed.refusal.unwrap_or(why);
            self.ring_failed(closed, why);
        } else {
            let call = known.call;
            self.rewire(call);
        }
    }

    fn ring_failed(&mut self, ring: Ring, why: Termination) {
        match ring.purpose {
            Purpose::Offer(lease) => self.offer_failed(ring.call, lease, why),
            Purpose::Callee | Purpose::Originator | Purpose::Standing | Purpose::Attempt => {
                self.end_call(ring.call, why);
            }
            Purpose::Transfer { by, .. } => self.transfer_failed(ring.call, by, why),
        }
    }

    /// Remembers whose answer would come too late: a 2xx may cross our CANCEL.
    pub(crate) fn mark_late(&mut self, ring: RingId) {
        let Some(ring) = self.rings.get(&ring) else { return };
        let Some(lease) = ring.lease() else { return };
        let sessions: Vec<SessionId> = ring.legs.iter().filter_map(|leg| self.legs.get(leg)?.session).collect();
        for session in sessions {
            if let Some(used) = self.sessions.get_mut(&session) {
                used.late = Some((ring.call, lease));
            }
        }
    }

    fn ringing_party(&self, ring: &Ring) -> Who {
        ring.legs.first().and_then(|leg| self.legs.get(leg)).map_or(Who::Callee, |leg| leg.who())
    }
}

/// Contacts of one party that ring together (DESIGN section 9).
const MAX_FORKS: usize = 5;
/// Characters of what a phone calls itself that are kept.
const DEVICE_MAX: usize = 100;
