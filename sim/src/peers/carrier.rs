//! A carrier: it brings callers, with their patience, and takes calls to numbers outside.

use core::time::Duration;
use std::collections::BTreeMap;

use clock::{Instant, Rng};
use sip::ua::{Body, Event, InviteParams, SessionId};

use super::endpoint::Endpoint;
use super::party::{Party, Stage};
use crate::chance::{between, exponential, number};
use crate::ctx::{self, Ctx};
use crate::network::Datagram;
use crate::node::{self, DOMAIN};
use crate::scenario::{CampaignScenario, PeopleScenario, Scenario};
use crate::watch::Seen;

/// What a carrier, or someone behind it, does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CarrierAct {
    /// Timers.
    Wake,
    /// The callee's phone rings.
    Ring(SessionId),
    /// The callee answers.
    Answer(SessionId),
    /// The callee refuses, or the network does.
    Refuse(SessionId, u16),
    /// Whoever is there hangs up.
    HangUp(SessionId),
    /// Whoever is there presses this key.
    Press(SessionId, char),
    /// The callee's network plays something before the answer.
    EarlyMedia(SessionId),
    /// Whoever is there puts us on hold.
    Hold(SessionId),
    /// And takes us back.
    Resume(SessionId),
}

/// One carrier.
#[derive(Debug)]
pub(crate) struct Carrier {
    index: usize,
    endpoint: Endpoint,
    pub(super) rng: Rng,
    people: PeopleScenario,
    pub(super) campaigns: Option<CampaignScenario>,
    /// Queues and agents of the house: the keys that lead to them.
    queues: u32,
    agents: u32,
    pub(crate) parties: BTreeMap<SessionId, Party>,
    serial: u64,
    /// Until when it answers every call with 503.
    refuses_until: Instant,
}

impl Carrier {
    pub(crate) fn new(index: usize, scenario: &Scenario, mut rng: Rng) -> Self {
        let endpoint = Endpoint::new(node::carrier_addr(index), "Carrier", rng.fork());
        Self {
            index,
            endpoint,
            rng,
            people: scenario.people.clone(),
            campaigns: scenario.campaigns.clone(),
            queues: scenario.queues,
            agents: scenario.agents,
            parties: BTreeMap::new(),
            serial: 0,
            refuses_until: Instant::ZERO,
        }
    }

    /// It is overloaded, or says so: every call to it gets 503 until then.
    pub(crate) fn refuse_all(&mut self, until: Instant) {
        self.refuses_until = until;
    }

    /// A caller with this number dials.
    pub(crate) fn call(&mut self, ctx: &mut Ctx, caller: &str, to: &str, stays: Option<Duration>) {
        let rtp = self.endpoint.rtp();
        self.serial += 1;
        let sip_call_id = format!("carrier{}-{}", self.index, self.serial);
        let offer = self.endpoint.offer(rtp, sdp::Direction::SendRecv);
        let is_late = self.rng.chance(self.people.late_offers);
        if is_late {
            ctx.see(&Seen::OfferedLate);
            self.endpoint.answer_late(sip_call_id.clone(), rtp);
        }
        let own = self.endpoint.addr;
        let params = InviteParams {
            peer: self.endpoint.node(),
            transport_fixed: true,
            request_uri: format!("sip:{to}@{}", node::NODE_ADDR),
            from: format!("<sip:{caller}@{}>", own.ip()),
            to: format!("<sip:{to}@{DOMAIN}>"),
            call_id: Some(sip_call_id.clone()),
            body: (!is_late).then_some(offer),
            headers: Vec::new(),
            auth: None,
            reliable: false,
        };
        let session = self.endpoint.ua.invite(ctx.now, params);
        let party = Party::calling(ctx.now, rtp, caller.to_owned(), sip_call_id);
        self.parties.insert(session, Party { called: to.to_owned(), ..party });
        // Who comes to be talked to does not ask to be called back.
        let may_ask = stays.is_none();
        let stays = stays.unwrap_or_else(|| self.patience());
        self.later(ctx, stays, CarrierAct::HangUp(session));
        if self.rng.chance(0.2) {
            let after = exponential(&mut self.rng, Duration::from_secs(8));
            self.later(ctx, after, CarrierAct::Press(session, '#'));
        }
        if may_ask {
            self.ask_back(ctx, session);
        }
        if to == node::MENU {
            self.choose(ctx, session);
        }
        if self.rng.chance(self.people.hold / 3.0) {
            let after = exponential(&mut self.rng, self.people.patience / 2);
            self.later(ctx, after, CarrierAct::Hold(session));
        }
        self.settle(ctx);
    }

    pub(crate) fn receive(&mut self, ctx: &mut Ctx, datagram: Datagram) {
        self.endpoint.receive(ctx, datagram);
        self.settle(ctx);
    }

    /// Some callers ask to be called back, and some of those think better of it.
    fn ask_back(&mut self, ctx: &mut Ctx, session: SessionId) {
        let Some(callbacks) = self.people.callbacks.clone() else { return };
        if !self.rng.chance(callbacks.press) {
            return;
        }
        let after = exponential(&mut self.rng, Duration::from_secs(8));
        self.later(ctx, after, CarrierAct::Press(session, '1'));
        if self.rng.chance(callbacks.regret) {
            let then = between(&mut self.rng, Duration::from_millis(50), Duration::from_secs(4));
            self.later(ctx, after + then, CarrierAct::Press(session, '2'));
        }
    }

    /// Does something; a key pressed is for the node's media worker, with the address it comes from.
    pub(crate) fn act(&mut self, ctx: &mut Ctx, act: CarrierAct) -> Option<(core::net::SocketAddr, char)> {
        let mut pressed = None;
        match act {
            CarrierAct::Wake => self.endpoint.wake(ctx),
            CarrierAct::Ring(session) => self.endpoint.ua.provisional(ctx.now, session, 180, None, Vec::new()),
            CarrierAct::Answer(session) => self.answer(ctx, session),
            CarrierAct::Refuse(session, status) => self.endpoint.ua.reject(ctx.now, session, status, Vec::new()),
            CarrierAct::HangUp(session) => self.hang_up(ctx, session),
            CarrierAct::EarlyMedia(session) => self.early_media(ctx, session),
            CarrierAct::Hold(session) => self.reinvite(ctx, session, sdp::Direction::SendOnly),
            CarrierAct::Resume(session) => self.reinvite(ctx, session, sdp::Direction::SendRecv),
            CarrierAct::Press(session, key) if self.rng.chance(0.5) => {
                if self.parties.get(&session).is_some_and(|party| party.stage == Stage::Up) {
                    ctx.see(&Seen::PressedByInfo);
                    // A key as INFO carries it.
                    let bytes = format!("Signal={key}\r\nDuration=160\r\n").into();
                    let body = Body { content_type: "application/dtmf-relay", bytes };
                    self.endpoint.ua.info(ctx.now, session, &body);
                }
            }
            CarrierAct::Press(session, key) => {
                let party = self.parties.get(&session).filter(|party| party.stage == Stage::Up);
                pressed = party.map(|party| (party.rtp, key));
            }
        }
        self.settle(ctx);
        pressed
    }

    /// Everyone hangs up.
    pub(crate) fn hang_up_all(&mut self, ctx: &mut Ctx) {
        let all: Vec<SessionId> = self.parties.keys().copied().collect();
        for session in all {
            self.hang_up(ctx, session);
        }
        self.settle(ctx);
    }

    /// Sessions of its user agent: zero when all is over.
    pub(crate) fn sessions(&self) -> usize {
        self.endpoint.ua.counts().sessions
    }

    /// What a caller presses in the menu and behind it: something right, something wrong, or nothing.
    fn choose(&mut self, ctx: &mut Ctx, session: SessionId) {
        let queue = char::from_digit(number(&mut self.rng, 1, u64::from(self.queues)) as u32, 10).unwrap_or('1');
        let keys = match self.rng.below(10) {
            0 | 1 => String::new(),
            2 => node::WRONG_KEY.to_string(),
            3 => format!("{}{queue}", node::WRONG_KEY),
            4 => ["91", "99", "96", "9"][crate::chance::index(&mut self.rng, 4)].to_owned(),
            5 => ["7", "8"][crate::chance::index(&mut self.rng, 2)].to_owned(),
            6 => format!("{}#", 1000 + number(&mut self.rng, 1, u64::from(self.agents) + 1)),
            7 => format!("{queue}0"),
            _ => queue.to_string(),
        };
        let mut after = Duration::from_millis(500);
        for key in keys.chars() {
            after += exponential(&mut self.rng, Duration::from_millis(1_500));
            self.later(ctx, after, CarrierAct::Press(session, key));
        }
    }

    fn patience(&mut self) -> Duration {
        if self.rng.chance(self.people.hasty) {
            return between(&mut self.rng, Duration::from_millis(1), Duration::from_secs(1));
        }
        exponential(&mut self.rng, self.people.patience)
    }

    fn answer(&mut self, ctx: &mut Ctx, session: SessionId) {
        let Some(party) = self.parties.get_mut(&session).filter(|party| party.stage == Stage::Calling) else { return };
        let Some(invite) = party.invite.take() else { return };
        let body = self.endpoint.answer(&invite, party.rtp);
        party.enter(Stage::Up, ctx.now);
        ctx.sounding.insert(party.rtp);
        let line = party.line;
        if let Some(line) = line {
            ctx.lines.insert(party.rtp, line.answered);
        }
        self.endpoint.ua.accept(ctx.now, session, body, Vec::new());
        let stays = line.map_or_else(|| exponential(&mut self.rng, self.people.patience), |line| line.stays);
        self.later(ctx, stays, CarrierAct::HangUp(session));
    }

    fn early_media(&mut self, ctx: &mut Ctx, session: SessionId) {
        let Some(party) = self.parties.get(&session).filter(|party| party.stage == Stage::Calling) else { return };
        let Some(invite) = &party.invite else { return };
        let body = self.endpoint.answer(invite, party.rtp);
        if let Some(early) = party.line.and_then(|line| line.early) {
            ctx.lines.insert(party.rtp, early);
        }
        self.endpoint.ua.provisional(ctx.now, session, 183, Some(body), Vec::new());
    }

    fn reinvite(&mut self, ctx: &mut Ctx, session: SessionId, direction: sdp::Direction) {
        let Some(party) = self.parties.get_mut(&session).filter(|party| party.stage == Stage::Up) else { return };
        party.occupied = true;
        let offer = self.endpoint.offer(party.rtp, direction);
        self.endpoint.ua.reinvite(ctx.now, session, offer);
        if direction == sdp::Direction::SendOnly && self.rng.chance(0.8) {
            let after = exponential(&mut self.rng, Duration::from_secs(4));
            self.later(ctx, after, CarrierAct::Resume(session));
        }
    }

    fn hang_up(&mut self, ctx: &mut Ctx, session: SessionId) {
        let Some(party) = self.parties.get_mut(&session) else { return };
        party.enter(Stage::Ending, ctx.now);
        ctx.sounding.remove(&party.rtp);
        self.endpoint.ua.bye(ctx.now, session, None);
    }

    fn settle(&mut self, ctx: &mut Ctx) {
        for event in self.endpoint.drain(ctx) {
            self.on_event(ctx, event);
        }
        for event in self.endpoint.drain(ctx) {
            self.on_event(ctx, event);
        }
        let index = self.index;
        self.endpoint.arm(ctx, || ctx::Event::Carrier(index, CarrierAct::Wake));
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
                }
            }
            Event::Reinvite { session, request } => {
                let Some(party) = self.parties.get(&session) else { return };
                let body = self.endpoint.answer(&request, party.rtp);
                self.endpoint.ua.answer_reinvite(ctx.now, session, 200, Some(body));
            }
            Event::Refer { token, .. } => self.endpoint.ua.respond(ctx.now, token, 603, Vec::new(), None),
            Event::Request { token, .. } => self.endpoint.ua.respond(ctx.now, token, 200, Vec::new(), None),
            Event::Ended { session, .. } => {
                if let Some(party) = self.parties.remove(&session) {
                    ctx.sounding.remove(&party.rtp);
                    ctx.lines.remove(&party.rtp);
                }
            }
            _ => {}
        }
    }

    /// A call to a number outside: it rings and is answered, or not, or the network refuses it.
    fn invited(&mut self, ctx: &mut Ctx, session: SessionId, request: sip::Message) {
        if ctx.now < self.refuses_until {
            ctx.see(&Seen::Stormed);
            let retry = ("Retry-After", number(&mut self.rng, 1, 10).to_string());
            return self.endpoint.ua.reject(ctx.now, session, 503, vec![retry]);
        }
        let rtp = self.endpoint.rtp();
        let party = Party::called(ctx.now, rtp, request);
        let is_leads = node::is_number_of_lead(&party.called);
        self.parties.insert(session, party);
        if is_leads {
            return self.campaign_calls(ctx, session);
        }
        let post_dial = between(&mut self.rng, Duration::from_millis(100), Duration::from_secs(3));
        match self.rng.below(10) {
            0 => self.later(ctx, post_dial, CarrierAct::Refuse(session, 486)),
            1 => {
                let status = [404, 503, 480, 500, 603][crate::chance::index(&mut self.rng, 5)];
                self.later(ctx, post_dial, CarrierAct::Refuse(session, status));
            }
            2 => self.later(ctx, post_dial, CarrierAct::Ring(session)),
            way => {
                let alerting = if way < 6 { CarrierAct::EarlyMedia(session) } else { CarrierAct::Ring(session) };
                self.later(ctx, post_dial, alerting);
                let ring = exponential(&mut self.rng, Duration::from_secs(6));
                self.later(ctx, post_dial + ring, CarrierAct::Answer(session));
            }
        }
    }

    pub(super) fn later(&self, ctx: &mut Ctx, after: Duration, act: CarrierAct) {
        ctx.events.at(ctx.now + after, ctx::Event::Carrier(self.index, act));
    }
}
