//! From a key to event packets (RFC 4733 2.5.1).

use core::time::Duration;

use super::{Digit, EventPayload, PAYLOAD_LEN};
use crate::{FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE_HZ};

/// Makes the packets of one key press, one each 20 ms tick, the last one
/// three times. An iterator; the caller gives each packet a new sequence number.
#[derive(Clone, Debug)]
pub struct DtmfSender {
    digit: Digit,
    timestamp: u32,
    total: u16,
    sent: u16,
    ends_left: u8,
}

/// One event packet, but for sequence number, payload type and SSRC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPacket {
    /// Set in the first packet of the press.
    pub marker: bool,
    /// When the press began; the same in all its packets.
    pub timestamp: u32,
    /// The payload.
    pub payload: [u8; PAYLOAD_LEN],
}

impl DtmfSender {
    /// A press of `digit` that begins at RTP time `timestamp`. The duration is
    /// kept within 40 ms and 8 s (one segment) and rounded up to 20 ms.
    #[must_use]
    pub fn new(digit: Digit, duration: Duration, timestamp: u32) -> Self {
        let frames = duration.as_millis().div_ceil(u128::from(FRAME_MS)).clamp(MIN_FRAMES, MAX_FRAMES);
        let total = frames as u16 * FRAME_SAMPLES as u16;
        Self { digit, timestamp, total, sent: 0, ends_left: END_PACKETS }
    }

    /// RTP units that the press takes, for the timestamp of what follows.
    #[must_use]
    pub fn units(&self) -> u32 {
        u32::from(self.total)
    }
}

impl Iterator for DtmfSender {
    type Item = EventPacket;

    fn next(&mut self) -> Option<EventPacket> {
        if self.ends_left == 0 {
            return None;
        }
        let marker = self.sent == 0;
        if self.sent < self.total {
            self.sent += FRAME_SAMPLES as u16;
        }
        let end = self.sent >= self.total;
        self.ends_left -= u8::from(end);
        let payload = EventPayload { event: self.digit.event(), end, volume: VOLUME, duration: self.sent }.to_bytes();
        Some(EventPacket { marker, timestamp: self.timestamp, payload })
    }
}

/// The final packet is sent three times in all (RFC 4733 2.5.1.4).
const END_PACKETS: u8 = 3;
/// -10 dBm0, what telephones send.
const VOLUME: u8 = 10;
/// 40 ms, the shortest tone a receiver must know (ITU-T Q.24).
const MIN_FRAMES: u128 = 2;
/// 8 s: 64,000 units stay within one segment of 65,535.
const MAX_FRAMES: u128 = 8 * SAMPLE_RATE_HZ as u128 / FRAME_SAMPLES as u128;
