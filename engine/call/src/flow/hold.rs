//! Re-INVITEs of a party: hold, resume, another codec or port. We anchor the
//! media, so the other side never sees them. Ours only refresh a session.

use bytes::Bytes;
use clock::LegId;
use sip::Message;
use sip::ua::{Body, SessionId, Ua};

use crate::call::Flow;
use crate::inbound::warning;
use crate::shard::Shard;
use crate::termination::{Reason, Termination};

impl Shard {
    /// A party changes its session (RFC 3261 14.2, RFC 3264 8).
    pub(crate) fn reinvited(&mut self, session: SessionId, request: &Message) {
        let Some(leg) = self.leg_of(session) else {
            return self.ua.answer_reinvite(self.now.mono, session, 481, None);
        };
        let Some(known) = self.legs.get_mut(&leg) else { return };
        let was_held = known.audio.is_held();
        let codec = known.audio.codec();
        let call = known.call;
        let answer = if let Err(refused) = Ua::check_body(request) {
            Err((refused.status, refused.headers))
        } else if request.body().is_empty() {
            Ok(known.audio.reoffer())
        } else {
            let probe = known.audio.local.unwrap_or(self.media_address);
            let taken = known.audio.take_offer(request.body(), probe);
            taken
                .and_then(|()| known.audio.respond(codec))
                .map_err(|refusal| (refusal.status(), vec![warning(&refusal)]))
        };
        match answer {
            Ok(body) => {
                self.ua.answer_reinvite(self.now.mono, session, 200, Some(Body::sdp(body)));
                self.log_dialog(call, leg, session);
                self.held_or_resumed(leg, was_held);
            }
            Err((status, mut headers)) => {
                headers.push(("Reason", Termination::refusal(Reason::NotAcceptable).header().to_string()));
                self.ua.refuse_reinvite(self.now.mono, session, status, &headers);
            }
        }
    }

    /// The ACK of a 2xx: it carries the answer when ours carried the offer.
    pub(crate) fn acked(&mut self, session: SessionId, body: &Bytes) {
        let Some(leg) = self.leg_of(session) else { return };
        let Some(known) = self.legs.get_mut(&leg).filter(|leg| leg.audio.awaits_answer()) else { return };
        let was_held = known.audio.is_held();
        let (first, who) = (known.audio.agreed().is_none(), known.who());
        if known.audio.take_answer(body).is_ok() {
            self.held_or_resumed(leg, was_held);
        } else if first {
            // RFC 3261 13.2.2.4: without an answer there is no session.
            self.leg_lost(leg, Termination::new(who, Reason::NotAcceptable), false);
        }
    }

    /// The session is to be refreshed by re-INVITE (RFC 4028 7.4).
    pub(crate) fn refresh(&mut self, session: SessionId) {
        let Some(known) = self.leg_of(session).and_then(|leg| self.legs.get_mut(&leg)) else { return };
        if known.is_up() && !known.audio.awaits_answer() {
            let offer = known.audio.refresh();
            self.ua.reinvite(self.now.mono, session, Body::sdp(offer));
        }
    }

    /// The end of our re-INVITE: the party may have moved its media.
    pub(crate) fn refreshed(&mut self, session: SessionId, response: Option<&Message>) {
        let Some(leg) = self.leg_of(session) else { return };
        let Some(known) = self.legs.get_mut(&leg).filter(|leg| leg.audio.awaits_answer()) else { return };
        let was_held = known.audio.is_held();
        let answer = response.filter(|response| response.status() < 300).map(Message::body);
        match answer.map(|body| known.audio.take_answer(body)) {
            Some(Ok(())) => self.held_or_resumed(leg, was_held),
            Some(Err(_)) | None => known.audio.offer_refused(),
        }
    }

    fn held_or_resumed(&mut self, leg: LegId, was_held: bool) {
        self.audio_changed(leg);
        let Some(known) = self.legs.get_mut(&leg) else { return };
        let (call, agent, is_held) = (known.call, known.agent, known.audio.is_held());
        let was_on_hold = was_held || known.is_aside;
        // What the phone holds itself it takes back itself.
        known.is_aside &= !is_held;
        let is_talking = matches!(self.calls.get(&call).map(|call| &call.flow), Some(Flow::Talking { .. }));
        if is_talking && self.is_on_hold(leg) != was_on_hold {
            self.log_hold(leg);
        }
        self.tell_standing_hold(leg);
        self.rewire(call);
        if let Some(agent) = agent.filter(|_| is_held && !was_held) {
            self.free_line(agent, call);
        }
    }
}
