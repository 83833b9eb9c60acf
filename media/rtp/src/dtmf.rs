//! Keys as RTP events (RFC 4733): hearing them and sending them.
//!
//! Event packets repeat the state of one key press: same timestamp, growing
//! duration, the last one three times with the end bit. [`DtmfReceiver`] makes
//! one start and one end of them whatever gets lost or repeated.

mod receive;
mod send;

use core::time::Duration;
use std::fmt;

pub use receive::{DtmfReceiver, Heard};
pub use send::{DtmfSender, EventPacket};

/// Bytes of an event payload (RFC 4733 2.3).
pub const PAYLOAD_LEN: usize = 4;
/// Silence of a sender after which a key counts as released: three times the
/// longest usual update interval of 50 ms (RFC 4733 2.5.1.2).
pub const LOST_END_AFTER: Duration = Duration::from_millis(150);

/// One of the 16 keys: `0` to `9`, `*`, `#`, `A` to `D`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digit(u8);

impl Digit {
    /// The key of an event code, 0 to 15 (RFC 4733 table 3); flash and others are none.
    #[must_use]
    pub const fn from_event(event: u8) -> Option<Self> {
        if event < 16 { Some(Self(event)) } else { None }
    }

    /// The key that a character stands for, letters in either case.
    #[must_use]
    pub fn from_char(key: char) -> Option<Self> {
        let at = KEYS.iter().position(|k| *k == key.to_ascii_uppercase())?;
        u8::try_from(at).ok().map(Self)
    }

    /// The event code.
    #[must_use]
    pub const fn event(self) -> u8 {
        self.0
    }

    /// The character on the key.
    #[must_use]
    pub fn as_char(self) -> char {
        KEYS.get(usize::from(self.0)).copied().unwrap_or('?')
    }
}

impl fmt::Display for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_char())
    }
}

/// What became known about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DtmfEvent {
    /// The key went down. Exactly one comes for each press.
    Started(Digit),
    /// The key came up; follows each start.
    Ended {
        /// Which key.
        digit: Digit,
        /// How long it was down, as far as packets told.
        duration: Duration,
    },
}

/// The payload of one event packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPayload {
    /// Event code; 0 to 15 are keys.
    pub event: u8,
    /// The key has come up.
    pub end: bool,
    /// Level in -dBm0, 0 (loud) to 63.
    pub volume: u8,
    /// Time since the press began, in units of the RTP clock.
    pub duration: u16,
}

impl EventPayload {
    /// Reads the first event of a payload; `None` if it is shorter than four bytes.
    #[must_use]
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let [event, flags, d0, d1] = *payload.first_chunk::<PAYLOAD_LEN>()?;
        let duration = u16::from_be_bytes([d0, d1]);
        Some(Self { event, end: flags & 0x80 != 0, volume: flags & 0x3f, duration })
    }

    /// The payload as it goes on the wire; the volume is cut at 63.
    #[must_use]
    pub fn to_bytes(self) -> [u8; PAYLOAD_LEN] {
        let [d0, d1] = self.duration.to_be_bytes();
        [self.event, (u8::from(self.end) << 7) | self.volume.min(63), d0, d1]
    }
}

const KEYS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'];

#[cfg(test)]
mod tests;
