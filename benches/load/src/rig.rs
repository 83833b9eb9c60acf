//! A fresh node between the generator's two sides.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use toml::Table;

use crate::Fault;
use crate::callee::Callee;
use crate::caller::Caller;
use crate::exchange::{Exchange, bind};
use crate::node::{Node, Recipe};
use crate::phones::QUEUE_NUMBER;
use crate::yardstick::Kamailio;

/// Kamailio between the generator's two sides, if it is installed.
pub(crate) struct YardstickRig {
    pub(crate) kamailio: Kamailio,
    a: UdpSocket,
    b: UdpSocket,
}

impl YardstickRig {
    /// Starts one.
    pub(crate) fn start() -> Result<Option<Self>, Fault> {
        let (a, b) = (bind(ADDRESS_A)?, bind(ADDRESS_B)?);
        Ok(Kamailio::start(b.local_addr()?)?.map(|kamailio| Self { kamailio, a, b }))
    }

    /// Both sides of new calls without RTP whose Call-IDs begin with `run`.
    pub(crate) fn exchange(&self, run: &str) -> Result<Exchange, Fault> {
        let caller = Caller::new(self.a.try_clone()?, self.kamailio.sip, SILENT_A, NUMBER, run)?;
        Ok(Exchange::new(caller, Callee::new(self.b.try_clone()?, SILENT_B)?))
    }
}

/// A node, and the sockets of trunks `a` and `b`.
pub(crate) struct Rig {
    pub(crate) node: Node,
    a: UdpSocket,
    b: UdpSocket,
}

impl Rig {
    /// Starts a node of `recipe`; `edit` may change its configuration.
    pub(crate) fn start(recipe: &Recipe, edit: impl FnOnce(&mut Table)) -> Result<Self, Fault> {
        let (a, b) = (bind(ADDRESS_A)?, bind(ADDRESS_B)?);
        let node = recipe.start(a.local_addr()?, b.local_addr()?, edit)?;
        Ok(Self { node, a, b })
    }

    /// Both sides of new calls whose Call-IDs begin with `run`, RTP at `media_a` and `media_b`.
    pub(crate) fn exchange(&self, run: &str, media_a: SocketAddr, media_b: SocketAddr) -> Result<Exchange, Fault> {
        let caller = Caller::new(self.a.try_clone()?, self.node.sip, media_a, NUMBER, run)?;
        Ok(Exchange::new(caller, Callee::new(self.b.try_clone()?, media_b)?))
    }

    /// Callers of the bench queue from trunk `a` with RTP at `media_a`, and its phones on `phones` with RTP at `media_b`.
    pub(crate) fn queue_exchange(
        &self,
        run: &str,
        phones: &UdpSocket,
        media_a: SocketAddr,
        media_b: SocketAddr,
    ) -> Result<Exchange, Fault> {
        self.calls_to(QUEUE_NUMBER, run, phones, media_a, media_b)
    }

    /// The same for callers of another number.
    pub(crate) fn calls_to(
        &self,
        number: &str,
        run: &str,
        phones: &UdpSocket,
        media_a: SocketAddr,
        media_b: SocketAddr,
    ) -> Result<Exchange, Fault> {
        let caller = Caller::new(self.a.try_clone()?, self.node.sip, media_a, number, run)?;
        Ok(Exchange::new(caller, Callee::new(phones.try_clone()?, media_b)?))
    }

    /// The same for calls without RTP.
    pub(crate) fn silent_exchange(&self, run: &str) -> Result<Exchange, Fault> {
        self.exchange(run, SILENT_A, SILENT_B)
    }

    /// Fills caches, pools and the allocator, so that a measurement begins with a warm node.
    pub(crate) fn warm_up(&self) -> Result<(), Fault> {
        let mut exchange = self.silent_exchange("warm")?;
        exchange.call(WARM_RATE, WARM_TIME, Some(WARM_TALK), PATIENCE);
        let tally = exchange.caller.tally();
        if tally.completed < tally.started {
            let log = self.node.log();
            return Err(Fault::Answer(format!(
                "calls fail while warming up: {:?}; the node says: {log}",
                tally.failed
            )));
        }
        self.node.rest.caught_up(PATIENCE)?;
        Ok(())
    }
}

/// Trunk `a` of `config/bench.toml`.
pub(crate) const ADDRESS_A: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Trunk `b` of `config/bench.toml`.
pub(crate) const ADDRESS_B: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
/// Longer than every retransmission of a call.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// A number for drama and tests (Ofcom).
const NUMBER: &str = "+442079460999";
/// The discard port: nobody sends to it.
const SILENT_A: SocketAddr = SocketAddr::new(IpAddr::V4(ADDRESS_A), 9);
const SILENT_B: SocketAddr = SocketAddr::new(IpAddr::V4(ADDRESS_B), 9);
const WARM_RATE: f64 = 50.0;
const WARM_TIME: Duration = Duration::from_secs(3);
const WARM_TALK: Duration = Duration::from_millis(200);
