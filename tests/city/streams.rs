//! RTP of many calls over one socket: a frame every 20 ms to each far side, and whose mark comes back.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::audio::{FRAME_SAMPLES, Frame, SILENCE, Sound, mark, mark_in};

/// The streams of a socket, each by where the far side takes RTP and sends it from.
pub(crate) struct Streams {
    socket: UdpSocket,
    streams: BTreeMap<SocketAddr, Stream>,
    opened: u32,
    next_at: Instant,
}

/// What a stream sends.
#[derive(Clone, Debug)]
pub(crate) enum Plays {
    /// A recording from this frame on, then silence.
    Once(Arc<Sound>, usize),
    /// A recording again and again.
    Looped(Arc<Sound>, usize),
    /// An agent's mark.
    Mark(u8),
}

struct Stream {
    ssrc: u32,
    packets: u32,
    plays: Plays,
}

impl Streams {
    /// A socket without streams.
    pub(crate) fn bind(ip: IpAddr) -> Self {
        let socket = UdpSocket::bind((ip, 0)).expect("a free port");
        socket.set_nonblocking(true).expect("a socket can be asked without waiting");
        Self { socket, streams: BTreeMap::new(), opened: 0, next_at: Instant::now() }
    }

    /// Its address.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.socket.local_addr().expect("a bound socket")
    }

    /// Sends to `to` from now.
    pub(crate) fn open(&mut self, to: SocketAddr, plays: Plays) {
        self.opened += 1;
        self.streams.insert(to, Stream { ssrc: self.opened, packets: 0, plays });
    }

    /// Sends there no more.
    pub(crate) fn close(&mut self, to: SocketAddr) {
        self.streams.remove(&to);
    }

    /// When frames are due.
    pub(crate) fn next_at(&self) -> Instant {
        self.next_at
    }

    /// Sends the frames that are due; a thread that was kept from running leaves out what is too late.
    pub(crate) fn send(&mut self, now: Instant) {
        if now < self.next_at {
            return;
        }
        self.next_at = if now > self.next_at + LATE_MAX { now + TICK } else { self.next_at + TICK };
        for (to, stream) in &mut self.streams {
            let _ = self.socket.send_to(&stream.packet(), to);
        }
    }

    /// Takes what has come: from where a mark came, and whose.
    pub(crate) fn hear(&mut self, mut heard: impl FnMut(SocketAddr, u8)) {
        let mut buffer = [0; 2_048];
        while let Ok((length, from)) = self.socket.recv_from(&mut buffer) {
            let is_speech = length > HEADER_BYTES && buffer[1] & 0x7f == 0;
            if let Some(agent) = is_speech.then(|| mark_in(&buffer[HEADER_BYTES..length])).flatten() {
                heard(from, agent);
            }
        }
    }
}

impl Stream {
    /// The next packet (RFC 3550 5.1): u-law, 20 ms.
    fn packet(&mut self) -> [u8; HEADER_BYTES + FRAME_SAMPLES] {
        let mut bytes = [0; HEADER_BYTES + FRAME_SAMPLES];
        bytes[0] = 0x80;
        bytes[1] = u8::from(self.packets == 0) << 7;
        bytes[2..4].copy_from_slice(&(self.packets as u16).to_be_bytes());
        bytes[4..8].copy_from_slice(&self.packets.wrapping_mul(FRAME_SAMPLES as u32).to_be_bytes());
        bytes[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
        bytes[HEADER_BYTES..].copy_from_slice(&self.plays.next());
        self.packets += 1;
        bytes
    }
}

impl Plays {
    fn next(&mut self) -> Frame {
        match self {
            Self::Once(sound, at) => {
                *at += 1;
                sound.frames.get(*at - 1).copied().unwrap_or(SILENCE)
            }
            Self::Looped(sound, at) => {
                *at += 1;
                sound.frames[(*at - 1) % sound.frames.len()]
            }
            Self::Mark(agent) => mark(*agent),
        }
    }
}

const TICK: Duration = Duration::from_millis(20);
/// So much is made up for in a burst.
const LATE_MAX: Duration = Duration::from_millis(200);
const HEADER_BYTES: usize = 12;
