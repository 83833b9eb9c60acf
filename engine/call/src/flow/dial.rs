//! Calling an extension or a number for a party: 18x and the final answer pass through.

use clock::{AgentId, CallId, LegId};
use journal_core::{CallEvent, LegKind};
use sip::ua::Body;

use crate::audio::codecs_from;
use crate::call::Flow;
use crate::ids::RingId;
use crate::leg::{Side, Stage};
use crate::plan::Target;
use crate::ring::Purpose;
use crate::ringing::{Callee, RingOrder};
use crate::route::Destination;
use crate::shard::Shard;
use crate::termination::{Reason, Termination};

impl Shard {
    /// Sends a party where its route leads.
    pub(crate) fn connect_to(&mut self, call: CallId, party: LegId, destination: &Destination) {
        match destination {
            Destination::Own(Target::Agent(agent)) => {
                self.dial(call, party, self.phones_of(*agent), Reason::Unreachable);
            }
            Destination::Trunk { trunk, number } => {
                let callee = self.over_trunk(*trunk, number);
                self.dial(call, party, callee.into_iter().collect(), Reason::TrunkDown);
            }
            Destination::Own(service) => self.serve(call, party, *service),
        }
    }

    /// Rings the called party; ends the call for `nobody` when there is none.
    fn dial(&mut self, call: CallId, party: LegId, callees: Vec<Callee>, nobody: Reason) {
        if callees.is_empty() {
            return self.end_call(call, Termination::refusal(nobody));
        }
        let trunk = callees.first().and_then(|callee| callee.trunk);
        let order = RingOrder {
            purpose: Purpose::Callee,
            kind: LegKind::Callee,
            identity: self.identity(call, trunk),
            codecs: self.codecs_for(party),
            limit: self.plan.limits.ring_max,
        };
        self.start_ring(call, order, callees);
        self.set_flow(call, Flow::Dialing { party });
    }

    /// The agent of an extension.
    pub(crate) fn agent_with(&self, extension: &str) -> Option<AgentId> {
        match self.plan.extensions.get(extension) {
            Some(Target::Agent(agent)) => Some(*agent),
            _ => None,
        }
    }

    /// Codecs to offer the other side: those of the party first, so that a relay need not transcode.
    pub(crate) fn codecs_for(&self, party: LegId) -> Vec<sdp::Codec> {
        let wishes = self.legs.get(&party).map(|leg| leg.audio.wishes()).unwrap_or_default();
        codecs_from(wishes.first().copied())
    }

    /// The called party rings: a caller who still waits for an answer hears of it, with early media if there is any.
    pub(crate) fn callee_rings(&mut self, call: CallId, callee: LegId, status: u16) {
        let Some(Flow::Dialing { party }) = self.calls.get(&call).map(|call| call.flow.clone()) else { return };
        let early = self.legs.get(&callee).and_then(|leg| leg.audio.codec());
        let Some(leg) = self.legs.get_mut(&party) else { return };
        let (Side::Server, Stage::Calling | Stage::Ringing, Some(session)) = (leg.side, leg.stage, leg.session) else {
            return;
        };
        leg.stage = Stage::Ringing;
        let body = match early {
            Some(codec) if leg.audio.has_offer() => leg.audio.respond(Some(codec)).ok().map(Body::sdp),
            _ => None,
        };
        let status = if body.is_some() { 183 } else { status };
        let has_media = body.is_some();
        self.ua.provisional(self.now.mono, session, status, body, Vec::new());
        if has_media {
            self.audio_changed(party);
        }
    }

    /// The called party answered: so does the caller, and they talk.
    pub(crate) fn callee_answered(&mut self, call: CallId, ring: RingId, callee: LegId) {
        if self.calls.get(&call).is_some_and(|call| call.attempt.is_some()) {
            return self.customer_answered(call, ring, callee);
        }
        self.close_ring(ring);
        let Some(Flow::Dialing { party }) = self.calls.get(&call).map(|call| call.flow.clone()) else { return };
        let codec = self.legs.get(&callee).and_then(|leg| leg.audio.codec());
        let agent = self.legs.get(&callee).and_then(|leg| leg.agent);
        let caller = self.legs.get(&party).and_then(|leg| leg.agent);
        if self.answer_party(party, codec) {
            self.log_answered(call, callee, agent.or(caller));
            self.talk(call, party, callee);
        }
    }

    /// Connects two parties.
    pub(crate) fn talk(&mut self, call: CallId, customer: LegId, agent: LegId) {
        for leg in [customer, agent] {
            if let Some(leg) = self.legs.get_mut(&leg) {
                leg.talked = true;
            }
        }
        self.set_flow(call, Flow::Talking { customer, agent });
        self.take_line(customer);
        self.take_line(agent);
    }

    /// A person, or the service itself, answered.
    pub(crate) fn log_answered(&mut self, call: CallId, leg: LegId, agent: Option<AgentId>) {
        if let Some(known) = self.calls.get_mut(&call) {
            known.answered = true;
        }
        self.log(call, CallEvent::Answered { leg, agent });
    }
}
