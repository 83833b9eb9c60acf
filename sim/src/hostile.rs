//! Bytes that mean no good: garbage, and messages of others, cut and bent.

use core::net::SocketAddr;

use bytes::Bytes;
use clock::Rng;
use sip::ua::Transport;

use crate::chance::{index, number};
use crate::ctx::Ctx;
use crate::node::NODE_ADDR;

/// Someone who sends what he likes, from addresses that nobody else has.
#[derive(Debug)]
pub(crate) struct Stranger {
    rng: Rng,
    /// Datagrams overheard, the newest few.
    heard: Vec<Bytes>,
}

impl Stranger {
    pub(crate) const fn new(rng: Rng) -> Self {
        Self { rng, heard: Vec::new() }
    }

    /// Overhears a datagram now and then.
    pub(crate) fn hear(&mut self, bytes: &Bytes) {
        if self.heard.len() < MAX_HEARD {
            self.heard.push(bytes.clone());
        } else if self.rng.chance(0.05) {
            let at = index(&mut self.rng, self.heard.len());
            self.heard[at] = bytes.clone();
        }
    }

    /// Sends something to the node.
    pub(crate) fn strike(&mut self, ctx: &mut Ctx) {
        let host = 1 + self.rng.below(200) as u8;
        let from = SocketAddr::from(([10, 0, 9, host], 1024 + self.rng.below(60_000) as u16));
        let bytes = if self.heard.is_empty() || self.rng.chance(0.3) { self.garbage() } else { self.bent() };
        ctx.send(from, NODE_ADDR, Transport::Udp, bytes);
    }

    fn garbage(&mut self) -> Bytes {
        let length = number(&mut self.rng, 0, 600);
        let byte = |rng: &mut Rng| rng.below(256) as u8;
        (0..length).map(|_| byte(&mut self.rng)).collect()
    }

    fn bent(&mut self) -> Bytes {
        let at = index(&mut self.rng, self.heard.len());
        let mut bytes = self.heard[at].to_vec();
        for _ in 0..number(&mut self.rng, 1, 8) {
            if bytes.is_empty() {
                break;
            }
            let at = index(&mut self.rng, bytes.len());
            match self.rng.below(5) {
                0 => bytes[at] = self.rng.below(256) as u8,
                1 => bytes.truncate(at),
                2 => bytes.insert(at, self.rng.below(256) as u8),
                3 => drop(bytes.remove(at)),
                _ => {
                    let copy: Vec<u8> = bytes[at..].iter().take(40).copied().collect();
                    bytes.splice(at..at, copy);
                }
            }
        }
        bytes.into()
    }
}

/// Enough for every kind of message to be among them.
const MAX_HEARD: usize = 64;
