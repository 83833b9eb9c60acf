//! One core against a peer that follows no rule: its tables stay within their bounds, all that it sends is a message,
//! and when nothing comes any more nothing is left.

use core::time::Duration;

use bytes::Bytes;
use clock::{FlowId, Instant, Rng};
use sip::ua::{Body, Event, InviteParams, Output, Peer, RequestParams, Transport, Ua, UaConfig, UaLimits};
use sip::{Message, Method, Reason, Source};

use crate::script::Script;

/// Plays the decisions in `data`.
pub fn check(data: &[u8]) {
    let mut stage = Stage::new();
    let mut script = Script(data);
    while !script.is_over() {
        stage.step(&mut script);
        stage.settle(&mut script);
    }
    stage.calm();
}

struct Stage {
    ua: Ua,
    now: Instant,
    /// What it sent last: the peer answers and repeats it.
    sent: Vec<Message>,
}

impl Stage {
    fn new() -> Self {
        let config = UaConfig { limits: LIMITS, ..UaConfig::at(([127, 0, 0, 1], 5_060).into(), "Trunkline") };
        Self { ua: Ua::new(config, Rng::new(1)), now: Instant::from_nanos(1), sent: Vec::new() }
    }

    fn step(&mut self, script: &mut Script<'_>) {
        let peer = peer(script);
        match script.byte() % 10 {
            0..4 => self.receive(peer, request(script)),
            4 | 5 => {
                let text = self.response(script);
                self.receive(peer, text);
            }
            6 => self.pass(Duration::from_millis(script.below(40_000))),
            7 => {
                self.ua.invite(self.now, invite(peer, script));
            }
            8 => drop(self.ua.request(self.now, other(peer, script))),
            _ if script.chance() => self.ua.transport_failed(self.now, peer),
            _ => self.ua.flow_gone(self.now, FlowId(script.below(4))),
        }
    }

    fn receive(&mut self, peer: Peer, text: String) {
        match Message::parse(Bytes::from(text), Source::Datagram) {
            Ok(message) => self.ua.receive(self.now, peer, message),
            Err(error) => self.ua.receive_bad(self.now, peer, &error),
        }
    }

    /// An answer to something that it sent, or to nothing.
    fn response(&self, script: &mut Script<'_>) -> String {
        let status = STATUSES[script.byte() as usize % STATUSES.len()];
        let at = script.below(self.sent.len().max(1) as u64) as usize;
        let Some(request) = self.sent.get(at) else { return format!("SIP/2.0 {status} x\r\n\r\n") };
        let mut text = format!("SIP/2.0 {status} x\r\n");
        for (name, value) in request.headers() {
            if ["Via", "From", "To", "Call-ID", "CSeq"].iter().any(|wanted| name.eq_ignore_ascii_case(wanted)) {
                let needs_tag = name == "To" && !value.contains("tag=") && status > 100;
                let tag = if needs_tag { format!(";tag=t{}", script.byte() % 3) } else { String::new() };
                text += &format!("{name}: {value}{tag}\r\n");
            }
        }
        text + "Contact: <sip:p@127.0.0.2:5060>\r\nContent-Length: 0\r\n\r\n"
    }

    fn pass(&mut self, by: Duration) {
        let end = self.now + by;
        while let Some((at, _)) = self.ua.poll_timeout().filter(|(at, _)| *at <= end) {
            assert!(at.since(self.now) > Duration::ZERO || at <= self.now);
            self.now = self.now.max(at);
            self.ua.handle_timeout(self.now);
            self.drain(&mut Script(&[]));
        }
        self.now = end;
    }

    fn settle(&mut self, script: &mut Script<'_>) {
        self.drain(script);
        let counts = self.ua.counts();
        assert!(counts.sessions <= LIMITS.sessions, "{counts:?}");
        assert!(counts.server_transactions <= 2 * LIMITS.server_transactions, "{counts:?}");
    }

    /// The owner decides by the script; without one it refuses everything.
    fn drain(&mut self, script: &mut Script<'_>) {
        while let Some(output) = self.ua.poll_output() {
            match output {
                Output::Transmit { bytes, .. } => {
                    let message = Message::parse(bytes, Source::Datagram).expect("what it sends is a message");
                    if message.is_request() && self.sent.len() < KEPT {
                        self.sent.push(message);
                    }
                }
                Output::Event(event) => self.decide(event, script),
            }
        }
    }

    fn decide(&mut self, event: Event, script: &mut Script<'_>) {
        let (now, choice) = (self.now, script.byte());
        match event {
            Event::Invite { session, .. } => match choice % 4 {
                0 => self.ua.reject(now, session, 486, Vec::new()),
                1 => self.ua.provisional(now, session, 180, None, Vec::new()),
                _ => self.ua.accept(now, session, Body::sdp(&b"v=0\r\n"[..]), Vec::new()),
            },
            Event::Reinvite { session, .. } => {
                self.ua.answer_reinvite(now, session, if choice & 1 == 0 { 200 } else { 488 }, None);
            }
            Event::Request { token, .. } | Event::Refer { token, .. } => match choice % 3 {
                0 => self.ua.forget(token),
                _ => self.ua.respond(now, token, 202, Vec::new(), None),
            },
            Event::Answered { session, .. } | Event::Acked { session, .. } => match choice % 5 {
                0 => self.ua.bye(now, session, Some(Reason::q850(16, "over"))),
                1 => self.ua.ping(now, session),
                2 => self.ua.reinvite(now, session, Body::sdp(&b"v=0\r\n"[..])),
                3 => self.ua.refer(now, session, "<sip:x@127.0.0.2>"),
                _ => {}
            },
            Event::Progress { session, .. } if choice & 1 == 1 => self.ua.cancel(now, session, None),
            _ => {}
        }
    }

    /// No more messages: everything that has a time ends. Only calls that are up, and those that nobody decided, stay.
    fn calm(&mut self) {
        self.pass(Duration::from_secs(600));
        let counts = self.ua.counts();
        assert_eq!(counts.waiting_requests, 0, "{counts:?}");
        // An INVITE that rings has no timer of the transaction's (RFC 3261 17.1.1.2): its owner's ring time ends it.
        assert!(counts.client_transactions <= counts.sessions, "only ringing INVITEs are left: {counts:?}");
        assert!(counts.server_transactions <= counts.sessions, "only undecided INVITEs are left: {counts:?}");
    }
}

fn peer(script: &mut Script<'_>) -> Peer {
    let transport = if script.chance() { Transport::Udp } else { Transport::Tcp };
    Peer { transport, addr: ([127, 0, 0, 2], 5_060).into(), flow: Some(FlowId(script.below(4))) }
}

fn request(script: &mut Script<'_>) -> String {
    let method = METHODS[script.byte() as usize % METHODS.len()];
    let named = if script.byte() % 16 == 0 { "OPTIONS" } else { method };
    let (branch, call, cseq) = (script.byte() % 8, script.byte() % 4, script.byte() % 4);
    let tag = match script.byte() % 3 {
        0 => String::new(),
        number => format!(";tag=t{number}"),
    };
    let more = MORE[script.byte() as usize % MORE.len()];
    format!(
        "{method} sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2;branch=z9hG4bK{branch};rport\r\n\
         From: <sip:p@127.0.0.2>;tag=f{call}\r\nTo: <sip:x@127.0.0.1>{tag}\r\nCall-ID: c{call}\r\nCSeq: {cseq} {named}\r\n\
         Contact: <sip:p@127.0.0.2:5060>\r\nMax-Forwards: 70\r\n{more}Content-Length: 0\r\n\r\n"
    )
}

fn invite(peer: Peer, script: &mut Script<'_>) -> InviteParams {
    InviteParams {
        peer,
        transport_fixed: script.chance(),
        request_uri: "sip:p@127.0.0.2".into(),
        from: "<sip:x@127.0.0.1>".into(),
        to: "<sip:p@127.0.0.2>".into(),
        call_id: script.chance().then(|| "ours".into()),
        body: script.chance().then(|| Body::sdp(&b"v=0\r\n"[..])),
        headers: Vec::new(),
        auth: None,
        reliable: false,
    }
}

fn other(peer: Peer, script: &mut Script<'_>) -> RequestParams {
    RequestParams {
        method: if script.chance() { Method::Options } else { Method::Message },
        peer,
        transport_fixed: true,
        request_uri: "sip:p@127.0.0.2".into(),
        from: "<sip:x@127.0.0.1>".into(),
        to: "<sip:p@127.0.0.2>".into(),
        call_id: None,
        cseq: None,
        body: None,
        headers: Vec::new(),
        auth: None,
    }
}

const METHODS: [&str; 10] =
    ["INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "REGISTER", "REFER", "INFO", "NOTIFY", "DANCE"];
const STATUSES: [u16; 12] = [100, 180, 183, 200, 202, 302, 401, 408, 481, 486, 491, 503];
const MORE: [&str; 5] = [
    "",
    "Require: x\r\n",
    "Refer-To: <sip:y@127.0.0.2>\r\n",
    "Event: refer\r\nSubscription-State: active\r\n",
    "Expires: 0\r\n",
];
/// Small, so that they are met.
const LIMITS: UaLimits =
    UaLimits { sessions: 6, server_transactions: 8, server_bytes: 1 << 20, client_transactions: 32 };
const KEPT: usize = 64;
