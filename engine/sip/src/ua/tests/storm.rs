//! Any commands and any messages in any order: never a panic, and always rest.

use core::time::Duration;

use bytes::Bytes;
use clock::Rng;
use proptest::prelude::*;

use super::rig::{A, B, Pair, sdp};
use crate::{
    Message, Reason, Source,
    ua::{Counts, Event, RequestToken, SessionId, SessionTimers},
};

struct Storm {
    pair: Pair,
    rng: Rng,
    sessions: [Vec<SessionId>; 2],
    tokens: [Vec<RequestToken>; 2],
    ended: [Vec<SessionId>; 2],
}

impl Storm {
    fn new(seed: u64) -> Self {
        let mut pair = Pair::new(seed);
        pair.astray = true;
        pair.net.loss = 0.15;
        pair.net.duplicate = 0.1;
        pair.net.jitter = Duration::from_millis(600);
        for ua in &mut pair.uas {
            let second = Duration::from_secs(1);
            ua.config.session_timers = SessionTimers { interval: Some(second * 4), min: second };
        }
        Self {
            pair,
            rng: Rng::new(seed ^ 0x5eed),
            sessions: Default::default(),
            tokens: Default::default(),
            ended: Default::default(),
        }
    }

    fn note(&mut self) {
        self.pair.drain();
        for side in [A, B] {
            for event in core::mem::take(&mut self.pair.events[side]) {
                match event {
                    Event::Invite { session, .. } => self.sessions[side].push(session),
                    Event::Refer { token, .. } | Event::Request { token, .. } => self.tokens[side].push(token),
                    Event::Ended { session, .. } => {
                        assert!(!self.ended[side].contains(&session), "one end a session");
                        self.ended[side].push(session);
                    }
                    _ => {}
                }
            }
        }
    }

    fn any_session(&mut self, side: usize) -> SessionId {
        let count = self.sessions[side].len() as u64;
        let index = self.rng.below(count) as usize;
        self.sessions[side].get(index).copied().unwrap_or(SessionId(u64::MAX))
    }

    fn step(&mut self) {
        let side = if self.rng.chance(0.5) { A } else { B };
        let session = self.any_session(side);
        let now = self.pair.now;
        match self.rng.below(18) {
            0 | 1 => {
                let mut params = self.pair.invite_params();
                params.peer = self.pair.peer(1 - side);
                params.request_uri = format!("sip:x@{}", super::rig::addr(1 - side));
                params.reliable = self.rng.chance(0.5);
                if self.rng.chance(0.3) {
                    params.headers.push(("Require", "100rel".into()));
                }
                let session = self.pair.uas[side].invite(now, params);
                self.sessions[side].push(session);
            }
            2 => self.pair.uas[side].provisional(now, session, 183, Some(sdp()), vec![]),
            3 | 4 => self.pair.uas[side].accept(now, session, sdp(), vec![]),
            5 => self.pair.uas[side].reject(now, session, 486, vec![]),
            6 => self.pair.uas[side].cancel(now, session, None),
            7 => self.pair.uas[side].bye(now, session, Some(Reason::q850(16, "x"))),
            8 | 9 => self.pair.uas[side].reinvite(now, session, sdp()),
            10 | 11 => {
                self.pair.uas[side].answer_reinvite(now, session, [200, 488][self.rng.below(2) as usize], Some(sdp()))
            }
            12 => self.pair.uas[side].ping(now, session),
            13 => self.pair.uas[side].refer(now, session, "sip:c@h"),
            14 => self.pair.uas[side].notify_refer(now, session, 180, None, self.rng.chance(0.5)),
            15 => {
                if let Some(token) = self.tokens[side].pop() {
                    self.pair.uas[side].respond(now, token, 202, vec![], None);
                }
            }
            16 => self.replay(side),
            _ => self.pair.run(Duration::from_millis(self.rng.below(2_000))),
        }
        self.note();
    }

    /// Some message of before comes again, perhaps with other digits.
    fn replay(&mut self, side: usize) {
        let count = self.pair.trace.len() as u64;
        let Some(wire) = self.pair.trace.get(self.rng.below(count) as usize) else { return };
        let mut bytes = wire.message.bytes().to_vec();
        if self.rng.chance(0.5) {
            let at = self.rng.below(bytes.len() as u64) as usize;
            bytes[at] = b'0' + self.rng.below(10) as u8;
        }
        let peer = self.pair.peer(1 - side);
        match Message::parse(Bytes::from(bytes), Source::Datagram) {
            Ok(message) => self.pair.uas[side].receive(self.pair.now, peer, message),
            Err(error) => self.pair.uas[side].receive_bad(self.pair.now, peer, &error),
        }
    }

    /// Everybody hangs up: nothing may stay.
    fn calm(&mut self) {
        self.pair.net = super::rig::Net::default();
        for _ in 0..3 {
            for side in [A, B] {
                for session in self.sessions[side].clone() {
                    self.pair.uas[side].bye(self.pair.now, session, None);
                }
            }
            self.pair.secs(40);
            self.note();
        }
        self.pair.secs(100);
        self.note();
        for side in [A, B] {
            assert_eq!(self.pair.uas[side].counts(), Counts::default());
            self.sessions[side].sort();
            self.ended[side].sort();
            assert_eq!(self.sessions[side], self.ended[side], "every session ends");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn storms_come_to_rest(seed: u64) {
        let mut storm = Storm::new(seed);
        for _ in 0..200 {
            storm.step();
        }
        storm.calm();
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let run = |seed| {
        let mut storm = Storm::new(seed);
        for _ in 0..300 {
            storm.step();
        }
        storm.pair.trace.iter().map(|wire| wire.message.bytes().clone()).collect::<Vec<_>>()
    };
    assert_eq!(run(4), run(4));
    assert_ne!(run(4), run(5));
}
