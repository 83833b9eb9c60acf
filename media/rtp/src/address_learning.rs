//! Which source to believe (symmetric RTP, RFC 4961): a phone behind a NAT
//! sends from another address than its SDP says, and so may an intruder.
//!
//! The rules:
//! 1. The address in the SDP is where we send first, and it is heard from its
//!    first packet on, however late, unless another source was confirmed.
//! 2. Another source may be learned only within [`LEARNING_WINDOW`] of the
//!    start or of a new offer, and only after [`LEARN_PACKETS`] packets in
//!    sequence with one SSRC. Until then its packets are dropped.
//! 3. Within the window the SDP's address beats a learned one.
//! 4. A source that is confirmed is given up only for itself: a new offer with
//!    the same address reopens the window for a NAT that changed its mapping,
//!    so a candidate must have the confirmed source's host or SSRC, and that
//!    source must have been silent all the while.
//! 5. A new offer with another address starts over; the former source cannot
//!    be learned again for it, because it is still sending by habit.
//! 6. After the window everybody else is a stranger: dropped and counted.

use core::net::SocketAddr;
use core::time::Duration;

use clock::Instant;

use crate::packet::Header;

/// How long after the start, or a new offer, another source may be learned.
pub const LEARNING_WINDOW: Duration = Duration::from_secs(5);
/// Packets in sequence that make a candidate the source: 100 ms of audio.
pub const LEARN_PACKETS: u8 = 5;
/// Candidates watched at once; one who sends from more addresses than this
/// within the window only displaces candidates, never a confirmed source.
pub const MAX_CANDIDATES: usize = 4;

/// What to do with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the other side's.
    Accept,
    /// It is the other side's, and from now on we send to its source.
    Learned,
    /// Its source may yet be learned; drop it.
    Candidate,
    /// An outsider's; drop it and count it.
    Stranger,
}

/// The state of one leg's receiving port.
#[derive(Clone, Debug)]
pub struct AddressLearning {
    signalled: SocketAddr,
    confirmed: Option<Confirmed>,
    /// The source before the address changed (rule 5).
    former: Option<SocketAddr>,
    window_ends: Instant,
    candidates: Vec<Candidate>,
}

#[derive(Clone, Copy, Debug)]
struct Confirmed {
    address: SocketAddr,
    ssrc: u32,
    last_packet: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    address: SocketAddr,
    ssrc: u32,
    sequence: u16,
    packets: u8,
    since: Instant,
}

impl AddressLearning {
    /// Starts with the address of the SDP, at the moment when media may flow.
    #[must_use]
    pub fn new(signalled: SocketAddr, now: Instant) -> Self {
        Self {
            signalled: canonical(signalled),
            confirmed: None,
            former: None,
            window_ends: now + LEARNING_WINDOW,
            candidates: Vec::new(),
        }
    }

    /// A new offer, or the answer, was applied: its address may be the same or another one.
    pub fn on_offer(&mut self, signalled: SocketAddr, now: Instant) {
        let signalled = canonical(signalled);
        self.window_ends = now + LEARNING_WINDOW;
        self.candidates.clear();
        if signalled == self.signalled {
            return;
        }
        if let Some(confirmed) = self.confirmed.take_if(|c| c.address != signalled) {
            self.former = Some(confirmed.address);
        }
        self.signalled = signalled;
    }

    /// Judges a packet from `from` and learns from it.
    pub fn on_packet(&mut self, from: SocketAddr, header: &Header, now: Instant) -> Verdict {
        let from = canonical(from);
        match &mut self.confirmed {
            Some(confirmed) if confirmed.address == from => {
                confirmed.last_packet = now;
                confirmed.ssrc = header.ssrc;
                Verdict::Accept
            }
            None if from == self.signalled => {
                self.confirm(from, header.ssrc, now);
                Verdict::Accept
            }
            _ if now > self.window_ends => Verdict::Stranger,
            Some(_) if from == self.signalled => {
                self.confirm(from, header.ssrc, now);
                Verdict::Learned
            }
            Some(confirmed) if confirmed.address.ip() != from.ip() && confirmed.ssrc != header.ssrc => {
                Verdict::Stranger
            }
            _ if self.former == Some(from) => Verdict::Stranger,
            _ => self.consider(from, header, now),
        }
    }

    /// Where to send: what was confirmed, else what the SDP says.
    #[must_use]
    pub fn target(&self) -> SocketAddr {
        self.confirmed.map_or(self.signalled, |c| c.address)
    }

    /// Whether nobody but the confirmed source will be believed until the next offer (rule 6).
    #[must_use]
    pub fn is_settled(&self, now: Instant) -> bool {
        self.confirmed.is_some() && now > self.window_ends
    }

    /// Whether RTCP from `from` is the other side's: from the SDP's host or the
    /// host that we send to, any port.
    #[must_use]
    pub fn accepts_rtcp(&self, from: SocketAddr) -> bool {
        let ip = canonical(from).ip();
        ip == self.target().ip() || ip == self.signalled.ip()
    }

    fn consider(&mut self, from: SocketAddr, header: &Header, now: Instant) -> Verdict {
        let fresh = Candidate { address: from, ssrc: header.ssrc, sequence: header.sequence, packets: 1, since: now };
        let Some(candidate) = self.candidates.iter_mut().find(|c| c.address == from) else {
            if self.candidates.len() >= MAX_CANDIDATES {
                self.candidates.remove(0);
            }
            self.candidates.push(fresh);
            return Verdict::Candidate;
        };
        let next = candidate.ssrc == header.ssrc && header.sequence == candidate.sequence.wrapping_add(1);
        if !next {
            *candidate = fresh;
            return Verdict::Candidate;
        }
        candidate.sequence = header.sequence;
        candidate.packets = candidate.packets.saturating_add(1);
        let incumbent_spoke = self.confirmed.is_some_and(|c| c.last_packet >= candidate.since);
        if incumbent_spoke {
            *candidate = fresh;
            return Verdict::Candidate;
        }
        if candidate.packets < LEARN_PACKETS {
            return Verdict::Candidate;
        }
        self.confirm(from, header.ssrc, now);
        Verdict::Learned
    }

    fn confirm(&mut self, address: SocketAddr, ssrc: u32, now: Instant) {
        self.confirmed = Some(Confirmed { address, ssrc, last_packet: now });
        self.candidates.clear();
    }
}

/// IPv4 on a socket of both families arrives as a mapped address.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests;
