//! Creating legs, calling their parties, and taking legs down.

use core::net::SocketAddr;
use core::time::Duration;

use clock::{CallId, LegId};
use journal_core::{CallEvent, Durability, LegKind};
use media_graph::{Command, Node};
use sip::Message;
use sip::ua::{Body, InviteParams, SessionId};

use crate::call::Call;
use crate::contract::{AgentFact, Effect};
use crate::flow::standing::PROBE_EVERY;
use crate::leg::{Leg, Side, Stage};
use crate::planted::Planted;
use crate::shard::{SessionUse, Shard, Timer};
use crate::termination::{Reason, Termination};

impl Shard {
    pub(crate) fn leg_of(&self, session: SessionId) -> Option<LegId> {
        self.sessions.get(&session)?.leg
    }

    /// Takes a leg into its call and asks for its ports.
    pub(crate) fn add_leg(&mut self, leg: Leg) {
        let Some(call) = self.calls.get_mut(&leg.call) else { return };
        call.legs.push(leg.id);
        if let Some(trunk) = leg.trunk {
            self.limits.leg_began(trunk);
        }
        if let Some(agent) = leg.agent {
            self.agent_legs.entry(agent).or_default().push(leg.id);
        }
        self.media(Command::Open { leg: leg.id, call: leg.call });
        self.ports.insert(leg.id);
        self.arm(Timer::Open(leg.id), OPEN_MAX);
        self.legs.insert(leg.id, Box::new(leg));
    }

    /// Tells the ACD that the agent has a live leg outside offers.
    pub(crate) fn occupy(&mut self, leg: LegId) {
        let Some(known) = self.legs.get_mut(&leg).filter(|leg| !leg.busy) else { return };
        known.busy = known.agent.is_some();
        if let Some(fact) = self.fact(leg) {
            self.effects.push_back(Effect::AgentBusy(fact));
        }
    }

    /// The leg as the ACD should know it; none when it occupies nobody.
    pub(crate) fn fact(&self, leg: LegId) -> Option<AgentFact> {
        let leg = self.legs.get(&leg).filter(|leg| leg.busy)?;
        let is_caller = leg.kind == journal_core::LegKind::Caller;
        let queue = self.calls.get(&leg.call).and_then(|call| call.queue).filter(|_| !is_caller);
        Some(AgentFact { agent: leg.agent?, call: leg.call, leg: leg.id, queue })
    }

    /// The media worker opened the leg's ports.
    pub(crate) fn ports_opened(&mut self, leg: LegId, rtp: SocketAddr) {
        let told = self.told_media(leg, rtp);
        let Some(known) = self.legs.get_mut(&leg).filter(|leg| leg.stage == Stage::Opening) else { return };
        known.audio.local = Some(told);
        known.stage = Stage::Calling;
        let (call, side) = (known.call, known.side);
        self.timers.cancel(&Timer::Open(leg));
        match side {
            Side::Server => self.arrived(call, leg),
            Side::Client => self.send_invite(leg),
        }
    }

    /// The address of our ports as the leg's party can reach it: the public one where it is beyond address
    /// translation, which keeps ports.
    fn told_media(&self, leg: LegId, rtp: SocketAddr) -> SocketAddr {
        let Some(known) = self.legs.get(&leg) else { return rtp };
        let invited = known.invite.as_ref().map(|invite| invite.hop.peer);
        let peer = known.session.and_then(|session| self.ua.peer_of(session)).or(invited);
        let public = peer.and_then(|peer| self.ua.addresses().public_for(peer.addr.ip()));
        match public {
            Some(ip) if ip.is_ipv4() == rtp.is_ipv4() => SocketAddr::new(ip, rtp.port()),
            _ => rtp,
        }
    }

    /// No port was left, or the media worker is silent.
    pub(crate) fn ports_failed(&mut self, leg: LegId) {
        if self.legs.get(&leg).is_some_and(|leg| leg.stage == Stage::Opening) {
            self.leg_lost(leg, Termination::system(Reason::MediaUnavailable), false);
        }
    }

    fn send_invite(&mut self, leg: LegId) {
        let Some(known) = self.legs.get_mut(&leg) else { return };
        let (call, agent) = (known.call, known.agent);
        let Some(invite) = known.invite.take() else { return };
        let trunk = known.trunk.and_then(|trunk| self.plan.trunks.get(&trunk));
        let reliable = trunk.is_some_and(|trunk| trunk.reliable_provisionals);
        let offer = known.audio.offer(&invite.codecs);
        known.peer = Some(invite.hop.peer);
        known.next = invite.to_next().map(Box::new);
        let params = InviteParams {
            peer: invite.hop.peer,
            transport_fixed: true,
            to: format!("<{}>", invite.hop.uri),
            request_uri: invite.hop.uri,
            from: invite.identity.from,
            call_id: None,
            body: Some(Body::sdp(offer)),
            headers: invite.identity.headers,
            auth: invite.login,
            reliable,
        };
        let session = self.ua.invite(self.now.mono, params);
        let sip_call_id = self.ua.sip_call_id(session).unwrap_or_default().to_owned();
        let used = SessionUse { leg: Some(leg), sip_call_id: Some(sip_call_id.clone()), ..SessionUse::default() };
        self.sessions.insert(session, used);
        self.effects.push_back(Effect::CallIdOwned { sip_call_id: sip_call_id.clone(), owned: true });
        let Some(known) = self.legs.get_mut(&leg) else { return };
        known.session = Some(session);
        let kind = known.kind;
        self.log(call, CallEvent::LegStarted { leg, kind, sip_call_id, agent });
        self.log_dialog(call, leg, session);
        self.attempt_invited(call);
        self.await_target(leg);
        self.ring_began(leg);
        self.gate_attempt(call, session, kind);
    }

    /// The INVITE of a callback's or campaign's attempt leaves when it is known after a power loss too (DESIGN section 6).
    fn gate_attempt(&mut self, call: CallId, session: SessionId, kind: LegKind) {
        let is_tried = |call: &Call| call.attempt.is_some() || call.dialed.is_some();
        let is_attempt = kind == LegKind::Callee && self.calls.get(&call).is_some_and(|call| is_tried(call));
        let synced = self.mark(Durability::Synced);
        if let Some(used) = self.sessions.get_mut(&session).filter(|_| is_attempt) {
            used.farewell = Some(synced);
        }
    }

    /// A 2xx came: the leg is up, if its answer fits our offer.
    pub(crate) fn take_answer(&mut self, leg: LegId, response: &Message) -> Result<(), Termination> {
        let Some(known) = self.legs.get_mut(&leg) else { return Ok(()) };
        known.stage = Stage::Up;
        known.next = None;
        self.timers.cancel(&Timer::Target(leg));
        let Some(known) = self.legs.get_mut(&leg) else { return Ok(()) };
        let body = response.body();
        let agreed = if body.is_empty() && known.audio.agreed().is_some() {
            true
        } else {
            known.audio.take_answer(body).is_ok()
        };
        let (call, session, who) = (known.call, known.session, known.who());
        if let Some(session) = session {
            self.log_dialog(call, leg, session);
            let written = self.journaled;
            self.sessions.entry(session).and_modify(|used| used.confirmed = Some(written));
        }
        if !agreed {
            return Err(Termination { who, reason: Reason::NotAcceptable, sip: None });
        }
        self.audio_changed(leg);
        Ok(())
    }

    /// Answers the party's INVITE with 200 if that is still due. False when its
    /// offer cannot be answered: the call has been ended.
    pub(crate) fn answer_party(&mut self, leg: LegId, prefer: Option<sdp::Codec>) -> bool {
        let Some(known) = self.legs.get_mut(&leg) else { return false };
        let (call, session) = match (known.side, known.stage, known.session) {
            (Side::Server, Stage::Calling | Stage::Ringing, Some(session)) => (known.call, session),
            _ => return known.stage == Stage::Up,
        };
        let Ok(body) = known.audio.respond(prefer) else {
            self.end_call(call, Termination::system(Reason::NotAcceptable));
            return false;
        };
        known.stage = Stage::Up;
        self.ua.accept(self.now.mono, session, Body::sdp(body), Vec::new());
        self.log_dialog(call, leg, session);
        self.audio_changed(leg);
        true
    }

    /// Tells the media worker what offer and answer settled, and how the leg is watched.
    pub(crate) fn audio_changed(&mut self, leg: LegId) {
        let Some(remote) = self.legs.get(&leg).and_then(|leg| leg.audio.remote()) else { return };
        self.media(Command::SetRemote { leg, remote });
        self.watch(leg);
    }

    /// A side that should be sending is watched by its RTP; one on hold or receive-only is asked by OPTIONS, as its silence
    /// says nothing. Nor does that of a standing leg between calls: phones that are muted need not send.
    pub(crate) fn watch(&mut self, leg: LegId) {
        let limits = (self.plan.limits.rtp_silence, self.plan.limits.ping_every);
        let Some(known) = self.legs.get_mut(&leg).filter(|leg| leg.is_up()) else { return };
        let is_on_hold = known.is_aside || known.audio.is_held();
        let is_at_home = known.home == Some(known.call);
        let sends = known.audio.remote().is_some_and(|remote| remote.may_receive) && !is_on_hold && !is_at_home;
        let stands = known.home.is_some();
        let before = known.watched.replace(sends);
        if before == Some(sends) {
            return;
        }
        if sends || before.is_some() {
            self.media(Command::Watch { leg, limit: sends.then_some(limits.0) });
        }
        match (stands, sends) {
            // It is asked all the time.
            (true, _) => {}
            (false, true) => {
                self.timers.cancel(&Timer::Ping(leg));
            }
            (false, false) => self.arm(Timer::Ping(leg), limits.1),
        }
    }

    /// Asks a leg whose RTP says nothing whether it lives.
    pub(crate) fn ping(&mut self, leg: LegId) {
        let Some(known) = self.legs.get(&leg) else { return };
        let (Some(session), stands) = (known.session, known.home.is_some()) else { return };
        self.ua.ping(self.now.mono, session);
        let every = if stands { PROBE_EVERY } else { self.plan.limits.ping_every };
        self.arm(Timer::Ping(leg), every);
    }

    /// Takes a leg down: CANCEL, BYE or a final response unless its session is
    /// over, ports, timers, journal, and the ACD's agent. What the call becomes is the caller's.
    pub(crate) fn drop_leg(&mut self, leg: LegId, why: &Termination, session_over: bool) {
        let Some(known) = self.legs.remove(&leg) else { return };
        if let Some(session) = known.session {
            if let Some(used) = self.sessions.get_mut(&session) {
                used.leg = None;
            }
            if !session_over {
                self.end_session(&known, session, why);
            }
            self.log(known.call, CallEvent::LegEnded { leg, cause: why.cause() });
            self.dialog_over(known.call, known.home, leg);
        }
        self.release(&known);
        if let Some(home) = known.home.filter(|home| *home != known.call) {
            self.standing_leg_gone(home, why);
        }
    }

    fn end_session(&mut self, leg: &Leg, session: SessionId, why: &Termination) {
        let (mono, reason) = (self.now.mono, why.header());
        match (leg.side, leg.stage) {
            (_, Stage::Up) => self.ua.bye(mono, session, Some(reason)),
            (Side::Client, _) => self.ua.cancel(mono, session, Some(reason)),
            (Side::Server, _) => {
                let status = why.status_for_caller();
                let mut headers = vec![("Reason", reason.to_string())];
                if status == 503 {
                    headers.push(("Retry-After", RETRY_AFTER_S.to_string()));
                }
                self.ua.reject(mono, session, status, headers);
            }
        }
    }

    /// Gives back all that a leg held outside SIP.
    fn release(&mut self, leg: &Leg) {
        if let Some((token, _)) = leg.early_refer {
            self.ua.respond(self.now.mono, token, 481, Vec::new(), None);
        }
        for timer in [Timer::Open(leg.id), Timer::Ping(leg.id), Timer::Target(leg.id)] {
            self.timers.cancel(&timer);
        }
        if self.ports.contains(&leg.id) {
            self.media(Command::Close { leg: leg.id });
        }
        if let Some(call) = self.calls.get_mut(&leg.call) {
            call.legs.retain(|known| *known != leg.id);
            call.wiring.node_gone(Node::Leg(leg.id));
        }
        if let Some(ring) = leg.ring.and_then(|ring| self.rings.get_mut(&ring)) {
            ring.legs.retain(|known| *known != leg.id);
        }
        if let Some(trunk) = leg.trunk {
            self.limits.leg_ended(trunk);
        }
        let Some(agent) = leg.agent else { return };
        if let Some(legs) = self.agent_legs.get_mut(&agent) {
            legs.retain(|known| *known != leg.id);
            if legs.is_empty() {
                self.agent_legs.remove(&agent);
            }
        }
        if leg.busy && !self.strikes(Planted::LostRelease) {
            self.effects.push_back(Effect::AgentFree { agent, call: leg.call, leg: leg.id, talked: leg.talked });
        }
        if leg.talked {
            self.free_line(agent, leg.call);
        }
    }
}

/// How long the media worker may take to open two ports; it needs microseconds.
const OPEN_MAX: Duration = Duration::from_secs(5);
/// When a caller refused for load may try again, in seconds: long enough to let a burst pass.
pub(crate) const RETRY_AFTER_S: u32 = 5;
