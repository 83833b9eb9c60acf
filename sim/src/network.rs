//! The network: datagrams are lost, doubled, delayed and so reordered; single hosts fall silent.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::collections::BTreeMap;

use bytes::Bytes;
use clock::{Instant, Rng};
use sip::ua::Transport;

use crate::chance::exponential;
use crate::scenario::NetworkScenario;

/// A datagram, or one message of a stream.
#[derive(Clone, Debug)]
pub(crate) struct Datagram {
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) transport: Transport,
    pub(crate) bytes: Bytes,
}

/// Decides what becomes of each datagram.
#[derive(Debug)]
pub(crate) struct Network {
    scenario: NetworkScenario,
    rng: Rng,
    /// Until when a host neither sends nor hears.
    silent: BTreeMap<IpAddr, Instant>,
    /// Streams keep their order.
    last_of_stream: BTreeMap<(SocketAddr, SocketAddr), Instant>,
}

impl Network {
    pub(crate) fn new(scenario: NetworkScenario, rng: Rng) -> Self {
        Self { scenario, rng, silent: BTreeMap::new(), last_of_stream: BTreeMap::new() }
    }

    /// When the copies of a datagram that leaves now arrive: none, one or two.
    pub(crate) fn arrivals(&mut self, now: Instant, datagram: &Datagram) -> [Option<Instant>; 2] {
        let silent = self.is_silent(now, datagram.from.ip()) || self.is_silent(now, datagram.to.ip());
        if datagram.transport == Transport::Tcp {
            let path = (datagram.from, datagram.to);
            let at = (now + self.delay()).max(self.last_of_stream.get(&path).copied().unwrap_or(now));
            self.last_of_stream.insert(path, at);
            return [(!silent).then_some(at), None];
        }
        let (first, second) = (now + self.delay(), now + self.delay());
        let lost = self.rng.chance(self.scenario.loss);
        let doubled = self.rng.chance(self.scenario.duplicate);
        if silent || lost {
            return [None, None];
        }
        [Some(first), doubled.then_some(second)]
    }

    /// This host neither sends nor hears until then.
    pub(crate) fn silence(&mut self, host: IpAddr, until: Instant) {
        self.silent.insert(host, until);
    }

    pub(crate) fn is_silent(&self, now: Instant, host: IpAddr) -> bool {
        self.silent.get(&host).is_some_and(|until| now < *until)
    }

    /// From now on nothing is lost, doubled or silent.
    pub(crate) fn calm(&mut self) {
        self.silent.clear();
        self.scenario.loss = 0.0;
        self.scenario.duplicate = 0.0;
    }

    fn delay(&mut self) -> Duration {
        self.scenario.delay_min + exponential(&mut self.rng, self.scenario.delay_mean)
    }
}
