//! What carriers and phones have in common: a user agent core of production's own, an address, and RTP ports.

use core::net::SocketAddr;
use std::collections::BTreeMap;

use bytes::Bytes;
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
    /// Calls made without an offer, whose answer goes with the ACK: the RTP address, and the answer once it is known.
    late: BTreeMap<String, (SocketAddr, Option<Bytes>)>,
}

impl Endpoint {
    pub(crate) fn new(addr: SocketAddr, name: &str, rng: Rng) -> Self {
        let ua = Ua::new(UaConfig::at(addr, name), rng);
        Self { ua, addr, wake: None, next_rtp: FIRST_RTP_PORT, descriptions: 0, late: BTreeMap::new() }
    }

    pub(crate) fn receive(&mut self, ctx: &Ctx, datagram: Datagram) {
        let peer = Peer { transport: datagram.transport, addr: datagram.from, flow: None };
        match Message::parse(datagram.bytes, Source::Datagram) {
            Ok(message) => {
                self.note_late_offer(&message);
                self.ua.receive(ctx.now, peer, message);
            }
            Err(error) => self.ua.receive_bad(ctx.now, peer, &error),
        }
    }

    /// Sends what is to be sent; what happened.
    pub(crate) fn drain(&mut self, ctx: &mut Ctx) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(output) = self.ua.poll_output() {
            match output {
                Output::Transmit { peer, bytes, .. } => {
                    let bytes = self.with_late_answer(bytes);
                    ctx.send(self.addr, peer.addr, peer.transport, bytes);
                }
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

    /// The call with this Call-ID begins without an offer (RFC 3264 4: then the 2xx has it, and the ACK the answer).
    pub(crate) fn answer_late(&mut self, sip_call_id: String, rtp: SocketAddr) {
        self.late.insert(sip_call_id, (rtp, None));
    }

    fn note_late_offer(&mut self, message: &Message) {
        if self.late.is_empty() || message.status() != 200 || message.body().is_empty() {
            return;
        }
        let Some((rtp, answer)) = message.call_id().ok().and_then(|id| self.late.get(id)).cloned() else { return };
        if answer.is_none() {
            let answer = self.answer(message, rtp).bytes;
            let call_id = message.call_id().unwrap_or_default();
            self.late.insert(call_id.to_owned(), (rtp, Some(answer)));
        }
    }

    /// The ACK of such a call's 2xx with the answer in it: the core under test never has to, so it cannot.
    fn with_late_answer(&self, bytes: Bytes) -> Bytes {
        if self.late.is_empty() || !bytes.starts_with(b"ACK ") {
            return bytes;
        }
        let Ok(ack) = Message::parse(bytes.clone(), Source::Datagram) else { return bytes };
        let answer = ack.call_id().ok().and_then(|id| self.late.get(id)).and_then(|(_, answer)| answer.clone());
        let Some((answer, head)) = answer.zip(core::str::from_utf8(&bytes).ok()) else { return bytes };
        let length = format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n", answer.len());
        let mut whole = head.replace("Content-Length: 0\r\n", &length).into_bytes();
        whole.extend_from_slice(&answer);
        whole.into()
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
