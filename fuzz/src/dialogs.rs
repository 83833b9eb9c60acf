//! Two cores over a network that the script makes lose, double and delay: whatever they do to each other, in the end
//! nothing is left on either side.

use core::time::Duration;
use std::collections::BTreeSet;

use clock::{Instant, Rng};
use sip::ua::{Body, Event, InviteParams, Output, Peer, SessionId, Transport, Ua, UaConfig};
use sip::{Message, Source};

use crate::script::Script;

/// Plays the decisions in `data`.
pub fn check(data: &[u8]) {
    let mut pair = Pair::new();
    let mut script = Script(data);
    while !script.is_over() {
        pair.step(&mut script);
    }
    pair.calm();
}

struct Pair {
    uas: [Ua; 2],
    now: Instant,
    flying: Vec<(usize, Message)>,
    /// Sessions of each side that have begun and not ended.
    live: [BTreeSet<SessionId>; 2],
}

impl Pair {
    fn new() -> Self {
        let ua = |side: usize| Ua::new(UaConfig::at(addr(side), "Trunkline"), Rng::new(side as u64 + 1));
        let live = [BTreeSet::new(), BTreeSet::new()];
        Self { uas: [ua(0), ua(1)], now: Instant::from_nanos(1), flying: Vec::new(), live }
    }

    fn step(&mut self, script: &mut Script<'_>) {
        let side = usize::from(script.byte() & 1);
        let session = self.live[side].iter().nth(usize::from(script.byte()) % self.live[side].len().max(1)).copied();
        let ua = &mut self.uas[side];
        let now = self.now;
        match (script.byte() % 16, session) {
            (0, _) if self.live[side].len() < SESSIONS_MAX => {
                let session = ua.invite(now, invite(1 - side));
                self.live[side].insert(session);
            }
            (1, Some(session)) => ua.accept(now, session, sdp(), Vec::new()),
            (2, Some(session)) => ua.provisional(now, session, 183, Some(sdp()), Vec::new()),
            (3, Some(session)) => ua.reject(now, session, 486, Vec::new()),
            (4, Some(session)) => ua.cancel(now, session, None),
            (5, Some(session)) => ua.bye(now, session, None),
            (6, Some(session)) => ua.reinvite(now, session, sdp()),
            (7, Some(session)) => ua.refer(now, session, "<sip:x@127.0.0.9>"),
            (8, Some(session)) => ua.ping(now, session),
            (9, _) => self.pass(Duration::from_millis(script.below(5_000))),
            (10, _) if !self.flying.is_empty() => {
                let lost = script.below(self.flying.len() as u64) as usize;
                self.flying.remove(lost);
            }
            _ => self.deliver(script),
        }
        self.drain(script);
    }

    /// Any of those on their way, perhaps once more.
    fn deliver(&mut self, script: &mut Script<'_>) {
        if self.flying.is_empty() {
            return;
        }
        let at = script.below(self.flying.len() as u64) as usize;
        let doubled = script.byte() % 8 == 0 && self.flying.len() < FLYING_MAX;
        let (to, message) = if doubled { self.flying[at].clone() } else { self.flying.remove(at) };
        self.uas[to].receive(self.now, peer(1 - to), message);
    }

    fn pass(&mut self, by: Duration) {
        let end = self.now + by;
        loop {
            let due = self.uas.iter_mut().filter_map(|ua| Some(ua.poll_timeout()?.0)).min();
            let Some(at) = due.filter(|at| *at <= end) else { break };
            self.now = self.now.max(at);
            self.uas.iter_mut().for_each(|ua| ua.handle_timeout(self.now));
            self.drain(&mut Script(&[]));
        }
        self.now = end;
    }

    fn drain(&mut self, script: &mut Script<'_>) {
        for side in 0..2 {
            while let Some(output) = self.uas[side].poll_output() {
                match output {
                    Output::Transmit { bytes, .. } => {
                        let message = Message::parse(bytes, Source::Datagram).expect("what it sends is a message");
                        if self.flying.len() < FLYING_MAX {
                            self.flying.push((1 - side, message));
                        }
                    }
                    Output::Event(event) => self.decide(side, event, script),
                }
            }
        }
    }

    fn decide(&mut self, side: usize, event: Event, script: &mut Script<'_>) {
        let (now, ua) = (self.now, &mut self.uas[side]);
        match event {
            Event::Invite { session, .. } => assert!(self.live[side].insert(session), "a session begins once"),
            Event::Ended { session, .. } => assert!(self.live[side].remove(&session), "a session ends once"),
            Event::Reinvite { session, .. } => ua.answer_reinvite(now, session, 200, Some(sdp())),
            Event::Refer { session, token, .. } => {
                ua.respond(now, token, 202, Vec::new(), None);
                ua.notify_refer(now, session, 200, None, script.chance());
            }
            Event::Request { token, .. } => ua.respond(now, token, 200, Vec::new(), None),
            _ => {}
        }
    }

    /// Both hang up or refuse everything, the network is whole again, and time passes.
    fn calm(&mut self) {
        for _ in 0..CALM_ROUNDS {
            for side in 0..2 {
                for session in self.live[side].clone() {
                    let (now, ua) = (self.now, &mut self.uas[side]);
                    ua.reject(now, session, 480, Vec::new());
                    ua.cancel(now, session, None);
                    ua.bye(now, session, None);
                }
            }
            self.drain(&mut Script(&[]));
            while let Some((to, message)) = (!self.flying.is_empty()).then(|| self.flying.remove(0)) {
                self.uas[to].receive(self.now, peer(1 - to), message);
                self.drain(&mut Script(&[]));
            }
            self.pass(Duration::from_secs(40));
        }
        assert!(self.live.iter().all(BTreeSet::is_empty), "every session ends: {:?}", self.live);
        for ua in &self.uas {
            assert_eq!(ua.counts(), sip::ua::Counts::default(), "nothing is left");
        }
    }
}

fn addr(side: usize) -> core::net::SocketAddr {
    ([127, 0, 0, 2 + side as u8], 5_060).into()
}

fn peer(side: usize) -> Peer {
    Peer { transport: Transport::Udp, addr: addr(side), flow: None }
}

fn sdp() -> Body {
    Body::sdp(&b"v=0\r\n"[..])
}

fn invite(to: usize) -> InviteParams {
    InviteParams {
        peer: peer(to),
        transport_fixed: true,
        request_uri: format!("sip:x@{}", addr(to)),
        from: format!("<sip:y@{}>", addr(1 - to)),
        to: format!("<sip:x@{}>", addr(to)),
        call_id: None,
        body: Some(sdp()),
        headers: Vec::new(),
        auth: None,
        reliable: false,
    }
}

/// A few calls at once, which the script can tell apart by a byte.
const SESSIONS_MAX: usize = 4;
/// Messages on their way; more are lost.
const FLYING_MAX: usize = 64;
/// A re-INVITE that is open, its end, and what came of it.
const CALM_ROUNDS: usize = 6;
