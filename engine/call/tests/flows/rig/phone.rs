//! A phone or carrier: a user agent core whose owner is the test.

use core::net::SocketAddr;

use bytes::Bytes;
use clock::{Instant, Rng};
use sdp::{Codec, Direction, Local, Session};
use sip::ua::{
    Body, ClientCredentials, Event, InviteParams, Output, Peer, RequestParams, SessionEnd, SessionId, SessionTimers,
    Ua, UaConfig,
};
use sip::{Message, Method};

use super::{SHARD, peer};

pub(crate) struct Phone {
    pub(crate) name: String,
    pub(crate) addr: SocketAddr,
    pub(crate) ua: Ua,
    password: Option<String>,
    /// Host of the request URIs it calls.
    pub(crate) domain: String,
    pub(crate) codecs: Vec<Codec>,
    /// What arrived, newest last.
    pub(crate) events: Vec<Event>,
    /// The session of the last INVITE, in or out.
    pub(crate) session: Option<SessionId>,
    /// The last description of the other side.
    pub(crate) remote: Option<Session>,
    /// Sends and hears nothing any more.
    pub(crate) is_dead: bool,
    /// Hears, but nothing it says arrives.
    pub(crate) is_mute: bool,
    /// Loses every ACK that it should send.
    pub(crate) loses_acks: bool,
    /// An old one: nothing it says names UPDATE.
    pub(crate) knows_no_update: bool,
    /// More headers of its INVITEs.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// From of its INVITEs, where it is not the usual one.
    pub(crate) from: Option<String>,
    /// To of its INVITEs, where it is not the usual one.
    pub(crate) to: Option<String>,
    /// REFERs are accepted by the far side: final sipfrag seen.
    version: u64,
}

impl Phone {
    pub(crate) fn new(name: &str, addr: &str, password: Option<String>, rng: Rng) -> Self {
        let addr: SocketAddr = addr.parse().unwrap();
        Self {
            name: name.to_owned(),
            addr,
            ua: Ua::new(UaConfig::at(addr, "Phone"), rng),
            password,
            domain: "127.0.0.1".to_owned(),
            codecs: Codec::ALL.to_vec(),
            events: Vec::new(),
            session: None,
            remote: None,
            is_dead: false,
            is_mute: false,
            loses_acks: false,
            knows_no_update: false,
            headers: Vec::new(),
            from: None,
            to: None,
            version: 1,
        }
    }

    pub(crate) fn next_timeout(&mut self) -> Option<Instant> {
        if self.is_dead { None } else { self.ua.poll_timeout().map(|(at, _)| at) }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if !self.is_dead {
            self.ua.handle_timeout(now);
        }
    }

    pub(crate) fn receive(&mut self, now: Instant, from: Peer, message: Message) {
        if !self.is_dead {
            self.ua.receive(now, from, message);
        }
    }

    /// Takes what the core wants done; what is to be sent.
    pub(crate) fn drain(&mut self, _now: Instant) -> Vec<(SocketAddr, Bytes)> {
        let mut sent = Vec::new();
        while let Some(output) = self.ua.poll_output() {
            match output {
                Output::Transmit { peer, bytes, .. } => {
                    let is_ack = bytes.starts_with(b"ACK ");
                    let is_lost = self.is_dead || self.is_mute || (is_ack && self.loses_acks);
                    let bytes = if self.knows_no_update { without_update(&bytes) } else { bytes };
                    if !is_lost {
                        sent.push((peer.addr, bytes));
                    }
                }
                Output::Event(event) => self.note(event),
            }
        }
        sent
    }

    /// An INVITE to `user` at the shard, with an offer.
    pub(crate) fn call(&mut self, now: Instant, user: &str) -> SessionId {
        let offer = self.offer(Direction::SendRecv);
        self.invite(now, user, Some(Body::sdp(offer)))
    }

    pub(crate) fn invite(&mut self, now: Instant, user: &str, body: Option<Body>) -> SessionId {
        let auth = self.password.clone().map(|password| ClientCredentials::new(self.name.clone(), password));
        let from = if self.password.is_some() { self.name.as_str() } else { CUSTOMER };
        let session = self.ua.invite(
            now,
            InviteParams {
                peer: peer(SHARD.parse().unwrap()),
                transport_fixed: true,
                request_uri: format!("sip:{user}@{}", self.domain),
                from: self.from.clone().unwrap_or_else(|| format!("<sip:{from}@demo.local>")),
                to: self.to.clone().unwrap_or_else(|| format!("<sip:{user}@demo.local>")),
                call_id: None,
                body,
                headers: self.headers.clone(),
                auth,
                reliable: false,
            },
        );
        self.session = Some(session);
        session
    }

    /// An INVITE that wants to take the place of a dialog.
    pub(crate) fn replace(&mut self, now: Instant, user: &str, replaces: &str) {
        self.headers = vec![("Replaces", replaces.to_owned())];
        self.call(now, user);
        self.headers = Vec::new();
    }

    /// A request outside any session.
    pub(crate) fn request(&mut self, now: Instant, method: &Method) {
        let mut headers = vec![("Event", "presence".to_owned())];
        if *method == Method::Refer {
            headers = vec![("Refer-To", "<sip:1002@demo.local>".to_owned())];
        }
        self.ua.request(
            now,
            RequestParams {
                method: method.clone(),
                peer: peer(SHARD.parse().unwrap()),
                transport_fixed: true,
                request_uri: "sip:demo.local".to_owned(),
                from: "<sip:someone@demo.local>".to_owned(),
                to: "<sip:demo.local>".to_owned(),
                call_id: None,
                cseq: None,
                body: None,
                headers,
                auth: None,
            },
        );
    }

    pub(crate) fn ring(&mut self, now: Instant) {
        self.ua.provisional(now, self.session.unwrap(), 180, None, Vec::new());
    }

    /// 183 with a description.
    pub(crate) fn early_media(&mut self, now: Instant) {
        let body = self.answer();
        self.ua.provisional(now, self.session.unwrap(), 183, Some(Body::sdp(body)), Vec::new());
    }

    pub(crate) fn answer_call(&mut self, now: Instant) {
        let body = self.answer();
        self.ua.accept(now, self.session.unwrap(), Body::sdp(body), Vec::new());
    }

    /// It was called, and the offer has a codec of its own.
    pub(crate) fn has_offer(&self) -> bool {
        self.is_called() && self.session.is_some()
    }

    pub(crate) fn reject(&mut self, now: Instant, status: u16) {
        self.ua.reject(now, self.session.unwrap(), status, Vec::new());
    }

    pub(crate) fn refuse(&mut self, now: Instant, status: u16, headers: Vec<(&'static str, String)>) {
        self.ua.reject(now, self.session.unwrap(), status, headers);
    }

    pub(crate) fn set_password(&mut self, password: &str) {
        self.password = Some(password.to_owned());
    }

    /// BYE, CANCEL or 480, whatever ends the session now.
    pub(crate) fn hang_up(&mut self, now: Instant) {
        if let Some(session) = self.session {
            self.ua.bye(now, session, None);
        }
    }

    pub(crate) fn reinvite(&mut self, now: Instant, direction: Direction) {
        let offer = self.offer(direction);
        self.ua.reinvite(now, self.session.unwrap(), Body::sdp(offer));
    }

    /// Takes the shard's re-INVITE as it is.
    pub(crate) fn answer_reinvite(&mut self, now: Instant, offer: &Session) {
        let answer = sdp::answer(offer, &self.local(Direction::SendRecv), None).expect("a common codec").0.to_string();
        self.ua.answer_reinvite(now, self.session.unwrap(), 200, Some(Body::sdp(answer)));
    }

    /// Session timers other than the usual; before its first call.
    pub(crate) fn set_timers(&mut self, session_timers: SessionTimers) {
        let config = UaConfig { session_timers, ..UaConfig::at(self.addr, "Phone") };
        self.ua = Ua::new(config, Rng::new(u64::from(self.addr.port())));
    }

    pub(crate) fn refer(&mut self, now: Instant, to: &str) {
        self.ua.refer(now, self.session.unwrap(), to);
    }

    /// Statuses of what came back to the last INVITE, and how it ended.
    pub(crate) fn saw(&self, wanted: impl Fn(&Event) -> bool) -> bool {
        self.events.iter().any(wanted)
    }

    pub(crate) fn provisionals(&self) -> Vec<u16> {
        let status = |event: &Event| match event {
            Event::Progress { response, .. } => Some(response.status()),
            _ => None,
        };
        self.events.iter().filter_map(status).collect()
    }

    pub(crate) fn is_answered(&self) -> bool {
        self.saw(|event| matches!(event, Event::Answered { .. }))
    }

    /// The final refusal of the last INVITE.
    pub(crate) fn refusal(&self) -> Option<&Message> {
        self.events.iter().rev().find_map(|event| match event {
            Event::Ended { how: SessionEnd::Rejected { response }, .. } => Some(response),
            _ => None,
        })
    }

    pub(crate) fn refusal_status(&self) -> Option<u16> {
        self.refusal().map(Message::status)
    }

    /// The last INVITE that came.
    pub(crate) fn invite_received(&self) -> &Message {
        let invite = self.events.iter().rev().find_map(|event| match event {
            Event::Invite { request, .. } => Some(request),
            _ => None,
        });
        invite.unwrap_or_else(|| panic!("{} was not called", self.name))
    }

    pub(crate) fn is_called(&self) -> bool {
        self.saw(|event| matches!(event, Event::Invite { .. }))
    }

    /// The session ended by BYE of the shard.
    pub(crate) fn got_bye(&self) -> bool {
        self.saw(|event| matches!(event, Event::Ended { how: SessionEnd::ByePeer { .. }, .. }))
    }

    pub(crate) fn got_cancel(&self) -> bool {
        self.saw(|event| matches!(event, Event::Cancelled { .. }))
    }

    /// Statuses in the sipfrags of NOTIFY.
    pub(crate) fn sipfrags(&self) -> Vec<u16> {
        let status = |event: &Event| match event {
            Event::Notify { request, .. } => {
                let body = String::from_utf8_lossy(request.body()).into_owned();
                body.split(' ').nth(1).and_then(|status| status.parse().ok())
            }
            _ => None,
        };
        self.events.iter().filter_map(status).collect()
    }

    pub(crate) fn offer(&mut self, direction: Direction) -> String {
        sdp::offer(&self.local(direction), None).to_string()
    }

    /// The answer to the last offer; an offer where there was none.
    pub(crate) fn answer(&mut self) -> String {
        let local = self.local(Direction::SendRecv);
        match &self.remote {
            Some(offer) => sdp::answer(offer, &local, None).expect("a common codec").0.to_string(),
            None => sdp::offer(&local, None).to_string(),
        }
    }

    fn local(&mut self, direction: Direction) -> Local {
        self.version += 1;
        Local {
            address: self.addr.ip(),
            port: self.addr.port() + 10_000,
            codecs: self.codecs.clone(),
            telephone_event: true,
            direction,
            session_id: 1,
            version: self.version,
        }
    }

    fn note(&mut self, event: Event) {
        match &event {
            Event::Invite { session, request, .. } => {
                self.session = Some(*session);
                self.remote = Session::parse(request.body()).ok();
            }
            Event::Progress { response, .. } | Event::Answered { response, .. } => {
                self.remote = Session::parse(response.body()).ok().or(self.remote.take());
            }
            _ => {}
        }
        self.events.push(event);
    }
}

fn without_update(bytes: &Bytes) -> Bytes {
    String::from_utf8_lossy(bytes).replace(", UPDATE", "").into()
}

/// The number that calls over the carrier.
pub(crate) const CUSTOMER: &str = "+441632960001";

/// The value of a header that must be there.
pub(crate) fn header<'a>(message: &'a Message, name: &'a str) -> &'a str {
    message.header(name).next().unwrap_or_else(|| panic!("no {name} in {}", super::start_line(message)))
}
