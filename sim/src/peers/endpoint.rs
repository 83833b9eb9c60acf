//! What carriers and phones have in common: a user agent core of production's own, an address, and RTP ports.

use core::net::SocketAddr;

use clock::{Instant, Rng};
use sip::ua::{Body, Event, Output, Peer, Transport, Ua, UaConfig};
use sip::{Message, Source};

use crate::ctx::{self, Ctx};
use crate::network::Datagram;
use crate::node::NODE_ADDR;

/// One host with a user agent.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) ua: Ua,
    pub(crate) addr: SocketAddr,
    wake: Option<Instant>,
    next_rtp: u16,
    descriptions: u64,
}

impl Endpoint {
    pub(crate) fn new(addr: SocketAddr, name: &str, rng: Rng) -> Self {
        let ua = Ua::new(UaConfig::at(addr, name), rng);
        Self { ua, addr, wake: None, next_rtp: FIRST_RTP_PORT, descriptions: 0 }
    }

    pub(crate) fn receive(&mut self, ctx: &Ctx, datagram: Datagram) {
        let peer = Peer { transport: datagram.transport, addr: datagram.from, flow: None };
        match Message::parse(datagram.bytes, Source::Datagram) {
            Ok(message) => self.ua.receive(ctx.now, peer, message),
            Err(error) => self.ua.receive_bad(ctx.now, peer, &error),
        }
    }

    /// Sends what is to be sent; what happened.
    pub(crate) fn drain(&mut self, ctx: &mut Ctx) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(output) = self.ua.poll_output() {
            match output {
                Output::Transmit { peer, bytes, .. } => ctx.send(self.addr, peer.addr, peer.transport, bytes),
                Output::Event(event) => events.push(event),
            }
        }
        events
    }

    /// Runs timers if this is the moment they were waited for.
    pub(crate) fn wake(&mut self, ctx: &Ctx) {
        if self.wake == Some(ctx.now) {
            self.wake = None;
            self.ua.handle_timeout(ctx.now);
        }
    }

    /// Lets `event` happen when the next timer is due.
    pub(crate) fn arm(&mut self, ctx: &mut Ctx, event: impl FnOnce() -> ctx::Event) {
        let Some((due, _)) = self.ua.poll_timeout() else { return };
        let due = due.max(ctx.now);
        if self.wake.is_none_or(|wake| due < wake) {
            self.wake = Some(due);
            ctx.events.at(due, event());
        }
    }

    /// A fresh RTP address.
    pub(crate) fn rtp(&mut self) -> SocketAddr {
        let port = self.next_rtp;
        self.next_rtp = if port >= LAST_RTP_PORT { FIRST_RTP_PORT } else { port + 2 };
        SocketAddr::new(self.addr.ip(), port)
    }

    /// An offer of ours.
    pub(crate) fn offer(&mut self, rtp: SocketAddr, direction: sdp::Direction) -> Body {
        let local = self.local(rtp, direction);
        Body::sdp(sdp::offer(&local, None).to_string())
    }

    /// The answer to a message's offer, or an offer where it has none.
    pub(crate) fn answer(&mut self, request: &Message, rtp: SocketAddr) -> Body {
        let local = self.local(rtp, sdp::Direction::SendRecv);
        let offer = sdp::Session::parse(request.body());
        match offer.ok().and_then(|offer| sdp::answer(&offer, &local, None).ok()) {
            Some((answer, _)) => Body::sdp(answer.to_string()),
            None => Body::sdp(sdp::offer(&local, None).to_string()),
        }
    }

    /// The node.
    pub(crate) fn node(&self) -> Peer {
        Peer { transport: Transport::Udp, addr: NODE_ADDR, flow: None }
    }

    fn local(&mut self, rtp: SocketAddr, direction: sdp::Direction) -> sdp::Local {
        self.descriptions += 1;
        let own = sdp::Local::new(rtp.ip(), rtp.port(), u64::from(rtp.port()));
        sdp::Local { direction, version: self.descriptions, ..own }
    }
}

const FIRST_RTP_PORT: u16 = 10_000;
const LAST_RTP_PORT: u16 = 59_998;
