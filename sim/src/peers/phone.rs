//! An agent's phone and the agent in front of it: registers, rings, is answered, refused, ignored or forgotten.

use core::time::Duration;
use std::collections::BTreeMap;

use clock::{AgentId, Instant, Rng};
use sip::NameAddr;
use sip::ua::{ClientCredentials, Event, InviteParams, SessionId};

use super::endpoint::Endpoint;
use super::party::{Party, Stage};
use super::registration::Registration;
use crate::chance::{between, exponential};
use crate::ctx::{self, Ctx};
use crate::network::Datagram;
use crate::node::{self, DOMAIN};
use crate::scenario::PeopleScenario;
use crate::watch::Seen;

/// What a phone, or its agent, does.
#[derive(Clone, Debug)]
pub(crate) enum PhoneAct {
    /// Timers.
    Wake,
    /// Registers.
    Register,
    /// Registers again, if that is still planned.
    Refresh,
    /// Signs the phone off.
    Unregister,
    /// The phone begins to ring.
    Ring(SessionId),
    /// The agent answers.
    Answer(SessionId),
    /// The agent refuses.
    Refuse(SessionId),
    /// The agent hangs up.
    HangUp(SessionId),
    /// The agent puts the other side on hold.
    Hold(SessionId),
    /// And takes it back.
    Resume(SessionId),
    /// The agent transfers the call to this number.
    Transfer(SessionId, String),
    /// The agent asks someone at this number first, the other side on hold.
    Consult(SessionId, String),
    /// And joins the two calls.
    Join(SessionId),
}

/// One phone.
#[derive(Debug)]
pub(crate) struct Phone {
    index: usize,
    pub(crate) agent: AgentId,
    endpoint: Endpoint,
    rng: Rng,
    people: PeopleScenario,
    /// He serves campaigns: his standing leg is to stand.
    stays: bool,
    registration: Registration,
    /// Numbers that this agent transfers to.
    targets: Vec<String>,
    pub(crate) parties: BTreeMap<SessionId, Party>,
    /// Until when nobody sits there.
    alone_until: Instant,
    /// The calm has come: it answers at once and keeps it simple.
    is_calm: bool,
}

impl Phone {
    pub(crate) fn new(
        index: usize,
        agent: AgentId,
        (people, stays): (PeopleScenario, bool),
        targets: Vec<String>,
        mut rng: Rng,
    ) -> Self {
        let addr = node::phone_addr(agent);
        let endpoint = Endpoint::new(addr, "Phone", rng.fork());
        let registration = Registration::new(agent, addr, people.register_expires);
        Self {
            index,
            agent,
            endpoint,
            rng,
            people,
            stays,
            registration,
            targets,
            parties: BTreeMap::new(),
            is_calm: false,
            alone_until: Instant::ZERO,
        }
    }

    /// Its agent is away until then: it rings and rings.
    pub(crate) fn leave_alone(&mut self, until: Instant) {
        self.alone_until = until;
    }

    pub(crate) fn receive(&mut self, ctx: &mut Ctx, datagram: Datagram) {
        self.endpoint.receive(ctx, datagram);
        self.settle(ctx);
    }

    pub(crate) fn act(&mut self, ctx: &mut Ctx, act: PhoneAct) {
        let now = ctx.now;
        match act {
            PhoneAct::Wake => self.endpoint.wake(ctx),
            PhoneAct::Refresh if !self.registration.is_due(now) => {}
            PhoneAct::Register | PhoneAct::Refresh => {
                self.registration.register(ctx, &mut self.endpoint, self.index, true)
            }
            PhoneAct::Unregister => {
                if !self.is_calm {
                    self.registration.register(ctx, &mut self.endpoint, self.index, false);
                    let away = between(&mut self.rng, Duration::from_secs(1), Duration::from_secs(30));
                    self.later(ctx, away, PhoneAct::Register);
                }
            }
            PhoneAct::Ring(session) => self.endpoint.ua.provisional(now, session, 180, None, Vec::new()),
            PhoneAct::Answer(session) => self.answer(ctx, session),
            PhoneAct::Refuse(session) => self.endpoint.ua.reject(now, session, 603, Vec::new()),
            PhoneAct::HangUp(session) => self.hang_up(ctx, session),
            PhoneAct::Hold(session) => self.hold(ctx, session),
            PhoneAct::Resume(session) => self.resume(ctx, session),
            PhoneAct::Transfer(session, to) => self.transfer(ctx, session, &to),
            PhoneAct::Consult(session, to) => self.consult(ctx, session, &to),
            PhoneAct::Join(consultation) => self.join(ctx, consultation),
        }
        self.settle(ctx);
    }

    /// The agent dials.
    pub(crate) fn dial(&mut self, ctx: &mut Ctx, to: &str) {
        if self.parties.is_empty() {
            self.start_call(ctx, to, None);
            self.settle(ctx);
        }
    }

    fn start_call(&mut self, ctx: &mut Ctx, to: &str, consults: Option<SessionId>) {
        let rtp = self.endpoint.rtp();
        let extension = node::extension(self.agent);
        let sip_call_id = format!("phone{}-{}", self.agent.0, rtp.port());
        let params = InviteParams {
            peer: self.endpoint.node(),
            transport_fixed: true,
            request_uri: format!("sip:{to}@{DOMAIN}"),
            from: format!("<sip:{extension}@{DOMAIN}>"),
            to: format!("<sip:{to}@{DOMAIN}>"),
            call_id: Some(sip_call_id.clone()),
            body: Some(self.endpoint.offer(rtp, sdp::Direction::SendRecv)),
            headers: Vec::new(),
            auth: Some(ClientCredentials::new(extension, node::password(self.agent))),
            reliable: false,
        };
        let session = self.endpoint.ua.invite(ctx.now, params);
        let party = Party { consults, ..Party::calling(ctx.now, rtp, to.to_owned(), sip_call_id) };
        self.parties.insert(session, party);
        let stays = exponential(&mut self.rng, self.people.talk * 2);
        self.later(ctx, stays, PhoneAct::HangUp(session));
    }

    /// Everyone hangs up; from now on the agent answers every ring.
    pub(crate) fn calm(&mut self, ctx: &mut Ctx) {
        self.is_calm = true;
        let all: Vec<SessionId> = self.parties.keys().copied().collect();
        for session in all {
            self.hang_up(ctx, session);
        }
        self.registration.register(ctx, &mut self.endpoint, self.index, true);
        self.settle(ctx);
    }

    /// Sessions of its user agent: zero when all is over.
    pub(crate) fn sessions(&self) -> usize {
        self.endpoint.ua.counts().sessions
    }

    fn answer(&mut self, ctx: &mut Ctx, session: SessionId) {
        let Some(party) = self.parties.get_mut(&session).filter(|party| party.stage == Stage::Calling) else { return };
        let Some(invite) = party.invite.take() else { return };
        let body = self.endpoint.answer(&invite, party.rtp);
        party.enter(Stage::Up, ctx.now);
        let stands = party.number == STANDING;
        ctx.sounding.insert(party.rtp);
        self.endpoint.ua.accept(ctx.now, session, body, Vec::new());
        if stands && self.stays {
            self.plan_standing(ctx, session);
        } else {
            self.plan_conversation(ctx, session);
        }
    }

    /// An agent of campaigns stays connected for long, and does with the phone what he does in any conversation.
    fn plan_standing(&mut self, ctx: &mut Ctx, session: SessionId) {
        let stays = exponential(&mut self.rng, STAYS);
        self.later(ctx, stays, PhoneAct::HangUp(session));
        if self.rng.chance(self.people.hold) {
            let at = stays.mul_f64(self.rng.unit());
            self.later(ctx, at, PhoneAct::Hold(session));
        }
        if self.rng.chance(self.people.transfer) && !self.targets.is_empty() {
            let at = stays.mul_f64(self.rng.unit());
            let to = self.targets[crate::chance::index(&mut self.rng, self.targets.len())].clone();
            self.later(ctx, at, PhoneAct::Transfer(session, to));
        }
    }

    /// How long it lasts, and what happens in it.
    fn plan_conversation(&mut self, ctx: &mut Ctx, session: SessionId) {
        let talk = if self.is_calm { Duration::from_secs(2) } else { exponential(&mut self.rng, self.people.talk) };
        self.later(ctx, talk, PhoneAct::HangUp(session));
        if self.is_calm {
            return;
        }
        if self.rng.chance(self.people.hold) {
            let at = talk.mul_f64(self.rng.unit());
            self.later(ctx, at, PhoneAct::Hold(session));
        }
        if self.rng.chance(self.people.transfer) && !self.targets.is_empty() {
            let at = talk.mul_f64(self.rng.unit());
            let to = self.targets[crate::chance::index(&mut self.rng, self.targets.len())].clone();
            let blind = self.rng.chance(0.6);
            let act = if blind { PhoneAct::Transfer(session, to) } else { PhoneAct::Consult(session, to) };
            self.later(ctx, at, act);
        }
    }

    fn hold(&mut self, ctx: &mut Ctx, session: SessionId) {
        let Some(party) = self.parties.get_mut(&session).filter(|party| party.stage == Stage::Up) else { return };
        party.occupied = true;
        let offer = self.endpoint.offer(party.rtp, sdp::Direction::SendOnly);
        self.endpoint.ua.reinvite(ctx.now, session, offer);
        if self.rng.chance(0.8) {
            let after = exponential(&mut self.rng, Duration::from_secs(4));
            self.later(ctx, after, PhoneAct::Resume(session));
        }
    }

    fn resume(&mut self, ctx: &mut Ctx, session: SessionId) {
        let Some(party) = self.parties.get_mut(&session).filter(|party| party.stage == Stage::Up) else { return };
        let offer = self.endpoint.offer(party.rtp, sdp::Direction::SendRecv);
        self.endpoint.ua.reinvite(ctx.now, session, offer);
    }

    fn transfer(&mut self, ctx: &mut Ctx, session: SessionId, to: &str) {
        let Some(party) = self.parties.get_mut(&session).filter(|party| party.stage == Stage::Up) else { return };
        party.occupied = true;
        self.endpoint.ua.refer(ctx.now, session, &format!("<sip:{to}@{DOMAIN}>"));
    }

    fn consult(&mut self, ctx: &mut Ctx, session: SessionId, to: &str) {
        let is_talking = self.parties.get(&session).is_some_and(|party| party.stage == Stage::Up);
        if !is_talking || self.parties.len() > 1 {
            return;
        }
        self.hold(ctx, session);
        self.start_call(ctx, to, Some(session));
    }

    /// REFER with Replaces (RFC 3891 3): the tags as the node sees them.
    fn join(&mut self, ctx: &mut Ctx, consultation: SessionId) {
        let Some(first) = self.parties.get(&consultation).and_then(|party| party.consults) else { return };
        if self.parties.get(&first).is_none_or(|party| party.stage != Stage::Up) {
            return;
        }
        let (Some(dialog), Some(party)) = (self.endpoint.ua.dialog(consultation), self.parties.get_mut(&consultation))
        else {
            return;
        };
        party.occupied = true;
        let tag = |value: &str| NameAddr::parse(value).ok().and_then(|address| address.tag().map(str::to_owned));
        let (Some(own), Some(other)) = (tag(&dialog.local), tag(&dialog.remote)) else { return };
        let replaces = format!("{}%3Bto-tag%3D{other}%3Bfrom-tag%3D{own}", dialog.call_id);
        let refer_to = format!("<sip:{}@{DOMAIN}?Replaces={replaces}>", party.number);
        self.endpoint.ua.refer(ctx.now, first, &refer_to);
    }

    fn hang_up(&mut self, ctx: &mut Ctx, session: SessionId) {
        let Some(party) = self.parties.get_mut(&session) else { return };
        party.enter(Stage::Ending, ctx.now);
        ctx.sounding.remove(&party.rtp);
        self.endpoint.ua.bye(ctx.now, session, None);
    }

    fn settle(&mut self, ctx: &mut Ctx) {
        for _ in 0..2 {
            for event in self.endpoint.drain(ctx) {
                self.on_event(ctx, event);
            }
        }
        let index = self.index;
        self.endpoint.arm(ctx, || ctx::Event::Phone(index, PhoneAct::Wake));
    }

    fn on_event(&mut self, ctx: &mut Ctx, event: Event) {
        match event {
            Event::Invite { session, request, .. } => self.invited(ctx, session, request),
            Event::Progress { session, response } | Event::Answered { session, response } => {
                let Some(party) = self.parties.get_mut(&session) else { return };
                let status = response.status();
                ctx.see(&Seen::PeerAnswered { sip_call_id: &party.sip_call_id, status });
                if status >= 200 && party.stage == Stage::Calling {
                    party.enter(Stage::Up, ctx.now);
                    ctx.sounding.insert(party.rtp);
                    let is_consultation = party.consults.is_some();
                    let talk = exponential(&mut self.rng, self.people.talk);
                    self.later(ctx, talk, PhoneAct::HangUp(session));
                    if is_consultation {
                        let asking = talk.mul_f64(self.rng.unit());
                        self.later(ctx, asking, PhoneAct::Join(session));
                    }
                }
            }
            Event::ReinviteDone { session, .. } => {
                // Only a resume makes what it hears count again; the re-INVITE may have failed, so it stays careful.
                if let Some(party) = self.parties.get_mut(&session) {
                    party.since = ctx.now;
                }
            }
            Event::Reinvite { session, request } => {
                let Some(party) = self.parties.get(&session) else { return };
                let body = self.endpoint.answer(&request, party.rtp);
                self.endpoint.ua.answer_reinvite(ctx.now, session, 200, Some(body));
            }
            Event::Refer { token, .. } => self.endpoint.ua.respond(ctx.now, token, 603, Vec::new(), None),
            Event::Request { token, .. } => self.endpoint.ua.respond(ctx.now, token, 200, Vec::new(), None),
            Event::Response { id, response } => {
                self.registration.on_response(ctx, &mut self.rng, self.index, id, response)
            }
            Event::Ended { session, .. } => {
                if let Some(party) = self.parties.remove(&session) {
                    ctx.sounding.remove(&party.rtp);
                    if let Some(held) = party.consults {
                        self.later(ctx, Duration::from_millis(300), PhoneAct::Resume(held));
                    }
                }
            }
            _ => {}
        }
    }

    /// It rings, unless its agent is in a call.
    fn invited(&mut self, ctx: &mut Ctx, session: SessionId, request: sip::Message) {
        if self.parties.values().any(|party| party.stage != Stage::Ending) {
            return self.endpoint.ua.reject(ctx.now, session, 486, Vec::new());
        }
        let rtp = self.endpoint.rtp();
        self.parties.insert(session, Party::called(ctx.now, rtp, request));
        let alerting = between(&mut self.rng, Duration::from_millis(5), Duration::from_millis(300));
        self.later(ctx, alerting, PhoneAct::Ring(session));
        let thinking = alerting + exponential(&mut self.rng, self.people.answer);
        if self.is_calm {
            self.later(ctx, alerting * 2, PhoneAct::Answer(session));
        } else if ctx.now < self.alone_until {
            // Nobody is there to hear it.
        } else if self.rng.chance(self.people.refuse) {
            self.later(ctx, thinking, PhoneAct::Refuse(session));
        } else if !self.rng.chance(self.people.ignore) {
            self.later(ctx, thinking, PhoneAct::Answer(session));
        }
    }

    fn later(&self, ctx: &mut Ctx, after: Duration, act: PhoneAct) {
        ctx.events.at(ctx.now + after, ctx::Event::Phone(self.index, act));
    }
}

/// Who calls for a standing leg, as the phone shows it.
const STANDING: &str = "standing";
/// Mean time for which it is left standing.
const STAYS: Duration = Duration::from_secs(400);
