//! Two cores, a network between them, and virtual time.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use clock::{Instant, Rng};

use crate::{
    Message, Method, Source,
    ua::{Body, Counts, Event, InviteParams, Output, Peer, SessionEnd, SessionId, Transport, Ua, UaConfig},
};

/// How the network treats a datagram.
#[derive(Clone, Copy, Default)]
pub(super) struct Net {
    pub(super) loss: f64,
    pub(super) duplicate: f64,
    /// Delay beyond the least one, spread evenly: what reorders.
    pub(super) jitter: Duration,
}

/// A message that was sent, lost ones included.
pub(super) struct Wire {
    pub(super) from: usize,
    pub(super) message: Message,
}

pub(super) const A: usize = 0;
pub(super) const B: usize = 1;

pub(super) struct Pair {
    pub(super) uas: [Ua; 2],
    pub(super) now: Instant,
    pub(super) net: Net,
    pub(super) transport: Transport,
    pub(super) flow: Option<clock::FlowId>,
    /// Forged messages may make a core send elsewhere.
    pub(super) astray: bool,
    /// Everything sent, in order.
    pub(super) trace: Vec<Wire>,
    /// Messages that match are lost: (sender, what the start line begins with, how many).
    pub(super) drop_next: Vec<(usize, &'static str, usize)>,
    pub(super) events: [VecDeque<Event>; 2],
    rng: Rng,
    flying: BTreeMap<(Instant, u64), (usize, Message)>,
    serial: u64,
}

pub(super) fn addr(side: usize) -> core::net::SocketAddr {
    core::net::SocketAddr::from(([127, 0, 0, 2 + side as u8], 5060))
}

impl Pair {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let mut ua = |side| Ua::new(UaConfig::at(addr(side), "Trunkline"), rng.fork());
        let uas = [ua(A), ua(B)];
        Self {
            uas,
            now: Instant::from_nanos(1_000_000_000),
            net: Net::default(),
            transport: Transport::Udp,
            flow: None,
            astray: false,
            trace: Vec::new(),
            drop_next: Vec::new(),
            events: [VecDeque::new(), VecDeque::new()],
            rng,
            flying: BTreeMap::new(),
            serial: 0,
        }
    }

    pub(super) fn peer(&self, side: usize) -> Peer {
        Peer { transport: self.transport, addr: addr(side), flow: self.flow }
    }

    /// Moves time on by `by`, delivering and firing what is due.
    pub(super) fn run(&mut self, by: Duration) {
        let end = self.now + by;
        for _ in 0..MAX_STEPS {
            self.drain();
            let message = self.flying.keys().next().map(|(at, _)| *at);
            let timer = self.uas.iter_mut().filter_map(|ua| ua.poll_timeout()).map(|(at, _)| at).min();
            let Some(next) = message.into_iter().chain(timer).min().filter(|at| *at <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            self.deliver_due();
            for ua in &mut self.uas {
                ua.handle_timeout(self.now);
            }
        }
        panic!("the conversation does not come to rest");
    }

    pub(super) fn secs(&mut self, seconds: u64) {
        self.run(Duration::from_secs(seconds));
    }

    /// Until nothing more can happen.
    pub(super) fn settle(&mut self) {
        self.secs(200);
    }

    fn deliver_due(&mut self) {
        while let Some(entry) = self.flying.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let (to, message) = entry.remove();
            let from = self.peer(1 - to);
            self.uas[to].receive(self.now, from, message);
            self.drain();
        }
    }

    /// Takes what the cores want done.
    pub(super) fn drain(&mut self) {
        for side in [A, B] {
            while let Some(output) = self.uas[side].poll_output() {
                match output {
                    Output::Event(event) => self.events[side].push_back(event),
                    Output::Transmit { peer, bytes, .. } => {
                        let message = Message::parse(bytes, Source::Datagram).expect("our own messages are readable");
                        check_form(&message);
                        assert!(self.astray || peer.addr == addr(1 - side), "sent to the other side");
                        if peer.addr == addr(1 - side) {
                            self.send(side, message);
                        }
                    }
                }
            }
        }
    }

    fn send(&mut self, from: usize, message: Message) {
        self.trace.push(Wire { from, message: message.clone() });
        let line = start_line(&message);
        if let Some(rule) =
            self.drop_next.iter_mut().find(|(f, what, n)| *f == from && line.starts_with(what) && *n > 0)
        {
            rule.2 -= 1;
            return;
        }
        if self.rng.chance(self.net.loss) {
            return;
        }
        let copies = if self.rng.chance(self.net.duplicate) { 2 } else { 1 };
        for _ in 0..copies {
            let jitter = Duration::from_nanos(self.rng.below(self.net.jitter.as_nanos() as u64 + 1));
            self.serial += 1;
            self.flying.insert((self.now + LEAST_DELAY + jitter, self.serial), (1 - from, message.clone()));
        }
    }

    /// A sends an INVITE to B.
    pub(super) fn invite(&mut self) -> SessionId {
        let params = self.invite_params();
        self.uas[A].invite(self.now, params)
    }

    pub(super) fn invite_params(&self) -> InviteParams {
        InviteParams {
            peer: self.peer(B),
            transport_fixed: true,
            request_uri: format!("sip:bob@{}", addr(B)),
            from: "\"Alice \\\"A\\\"\" <sip:alice@a.example>".into(),
            to: "<sip:bob@b.example>".into(),
            call_id: None,
            body: Some(sdp()),
            headers: vec![("X-Test", "one\r\nX-Injected: two".into())],
            auth: None,
            reliable: false,
        }
    }

    /// The session of the INVITE that B got.
    pub(super) fn incoming(&mut self) -> SessionId {
        self.find(B, |event| match event {
            Event::Invite { session, .. } => Some(*session),
            _ => None,
        })
        .expect("B was called")
    }

    /// A call that B answered: the sessions of A and B. Events so far are forgotten.
    pub(super) fn call(&mut self) -> [SessionId; 2] {
        let a = self.invite();
        self.secs(1);
        let b = self.incoming();
        self.uas[B].provisional(self.now, b, 180, None, vec![]);
        self.uas[B].accept(self.now, b, sdp(), vec![]);
        self.secs(1);
        assert!(self.has(A, |event| matches!(event, Event::Answered { session, .. } if *session == a)));
        assert!(self.has(B, |event| matches!(event, Event::Acked { session, .. } if *session == b)));
        self.events.iter_mut().for_each(VecDeque::clear);
        [a, b]
    }

    pub(super) fn find<T>(&self, side: usize, pick: impl Fn(&Event) -> Option<T>) -> Option<T> {
        self.events[side].iter().find_map(pick)
    }

    pub(super) fn has(&self, side: usize, is_it: impl Fn(&Event) -> bool) -> bool {
        self.events[side].iter().any(is_it)
    }

    /// How the one session of this side ended; none while it lives.
    pub(super) fn end(&self, side: usize) -> Option<String> {
        let mut ends = self.events[side].iter().filter_map(|event| match event {
            Event::Ended { how, .. } => Some(word(how)),
            _ => None,
        });
        let first = ends.next();
        assert_eq!(ends.next(), None, "one end a session");
        first
    }

    /// Messages of one side whose start line begins so.
    pub(super) fn sent(&self, from: usize, line: &str) -> Vec<&Message> {
        let ours = self.trace.iter().filter(|wire| wire.from == from && start_line(&wire.message).starts_with(line));
        ours.map(|wire| &wire.message).collect()
    }

    pub(super) fn assert_nothing_left(&self) {
        for ua in &self.uas {
            assert_eq!(ua.counts(), Counts::default());
        }
    }
}

pub(super) fn word(how: &SessionEnd) -> String {
    match how {
        SessionEnd::Rejected { response } => format!("rejected {}", response.status()),
        SessionEnd::Refused { status } => format!("refused {status}"),
        SessionEnd::Withdrawn { status } => format!("withdrawn {status}"),
        SessionEnd::ByePeer { .. } => "bye peer".into(),
        SessionEnd::CancelledLocal { crossed } => format!("cancelled local, crossed {crossed}"),
        other => format!("{other:?}"),
    }
}

pub(super) fn sdp() -> Body {
    Body::sdp("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n")
}

pub(super) fn start_line(message: &Message) -> String {
    let bytes = message.bytes();
    let end = bytes.iter().position(|byte| *byte == b'\r').unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// What every message of ours must have (RFC 3261 8.1.1, 8.2.6, 20).
fn check_form(message: &Message) {
    let text = String::from_utf8_lossy(message.bytes());
    if message.status() >= 400 && message.validate_response().is_err() {
        // A refusal gives back what was wrong in the request.
        return;
    }
    let valid = if message.is_request() { message.validate_request() } else { message.validate_response() };
    assert_eq!(valid, Ok(()), "{text}");
    assert!(message.has("Content-Length"), "{text}");
    assert!(!message.has("X-Injected"), "{text}");
    if let Some(method) = message.method() {
        assert_eq!(message.max_forwards(), Ok(Some(70)), "{text}");
        assert!(message.top_via().is_ok_and(|via| via.has_rfc3261_branch() && via.wants_rport()), "{text}");
        assert!(message.from().is_ok_and(|from| from.tag().is_some()), "{text}");
        let needs_contact = matches!(method, Method::Invite | Method::Refer | Method::Notify);
        assert!(!needs_contact || message.has("Contact"), "{text}");
        assert!(*method != Method::Invite || message.has("Allow"), "{text}");
    } else {
        let has_tag = message.to().is_ok_and(|to| to.tag().is_some());
        assert!(has_tag || message.status() == 100, "{text}");
        let (_, method) = message.cseq().expect("validated");
        let makes_dialog = method == Method::Invite && (101..300).contains(&message.status());
        assert!(!makes_dialog || message.has("Contact"), "{text}");
    }
}

const LEAST_DELAY: Duration = Duration::from_millis(5);
/// A conversation that does not come to rest by then turns in a circle.
const MAX_STEPS: usize = 200_000;
