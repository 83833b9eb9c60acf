//! One core, and messages written by hand.

use bytes::Bytes;
use clock::{Instant, Rng};

use crate::{
    Message, Source,
    ua::{Event, Output, Peer, Transport, Ua, UaConfig, UaLimits},
};

pub(super) struct Solo {
    pub(super) ua: Ua,
    pub(super) now: Instant,
    pub(super) sent: Vec<(Peer, Message)>,
    pub(super) events: Vec<Event>,
}

impl Solo {
    pub(super) fn new() -> Self {
        Self::with(UaLimits::default())
    }

    pub(super) fn with(limits: UaLimits) -> Self {
        let config = UaConfig { limits, ..UaConfig::at(([127, 0, 0, 1], 5060).into(), "Trunkline") };
        Self { ua: Ua::new(config, Rng::new(1)), now: Instant::from_nanos(1), sent: vec![], events: vec![] }
    }

    pub(super) fn peer() -> Peer {
        Peer { transport: Transport::Udp, addr: ([127, 0, 0, 2], 5080).into(), flow: None }
    }

    /// Sends a message; gives what came back.
    pub(super) fn send(&mut self, text: &str) -> Vec<Message> {
        let message = message(text);
        self.receive(message)
    }

    pub(super) fn receive(&mut self, message: Message) -> Vec<Message> {
        let before = self.sent.len();
        self.ua.receive(self.now, Self::peer(), message);
        self.drain();
        self.sent[before..].iter().map(|(_, message)| message.clone()).collect()
    }

    pub(super) fn drain(&mut self) {
        while let Some(output) = self.ua.poll_output() {
            match output {
                Output::Transmit { peer, bytes, .. } => {
                    self.sent.push((peer, Message::parse(bytes, Source::Datagram).unwrap()));
                }
                Output::Event(event) => self.events.push(event),
            }
        }
    }

    /// Statuses of what came back.
    pub(super) fn statuses(&mut self, text: &str) -> Vec<u16> {
        self.send(text).iter().map(Message::status).collect()
    }
}

/// A message with `\n` for line ends.
pub(super) fn message(text: &str) -> Message {
    Message::parse(Bytes::from(text.replace('\n', "\r\n")), Source::Datagram).unwrap()
}

/// A request with all that is mandatory; `more` are further header lines.
pub(super) fn request(method: &str, uri: &str, branch: &str, more: &str) -> String {
    format!(
        "{method} {uri} SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.2:5080;branch={branch}\nMax-Forwards: 70\n\
         From: <sip:caller@127.0.0.2>;tag=f1\nTo: <{uri}>\nCall-ID: solo-{branch}\nCSeq: 1 {method}\n\
         Contact: <sip:caller@127.0.0.2:5080>\n{more}Content-Length: 0\n\n"
    )
}

/// A request of the INVITE's sender inside the dialog that `response` made.
pub(super) fn in_dialog(invite: &Message, response: &Message, method: &str, cseq: u32, more: &str) -> Message {
    message(&format!(
        "{method} sip:bob@127.0.0.3 SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bKin{method}{cseq};rport\n\
         Max-Forwards: 70\nFrom: {}\nTo: {}\nCall-ID: {}\nCSeq: {cseq} {method}\n{more}Content-Length: 0\n\n",
        invite.from().unwrap(),
        response.to().unwrap(),
        invite.call_id().unwrap(),
    ))
}
