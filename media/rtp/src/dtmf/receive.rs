//! From event packets to presses (RFC 4733 2.5.2).

use core::time::Duration;

use clock::Instant;

use super::{Digit, DtmfEvent, EventPayload, LOST_END_AFTER};
use crate::SAMPLE_RATE_HZ;

/// Follows the keys of one RTP stream.
#[derive(Clone, Debug, Default)]
pub struct DtmfReceiver {
    pressed: Option<Pressed>,
    /// Timestamp of the last press that ended: its repetitions are not news.
    finished: Option<u32>,
}

/// A key that is down.
#[derive(Clone, Copy, Debug)]
struct Pressed {
    digit: Digit,
    /// Timestamp of the current segment.
    timestamp: u32,
    /// Length of the segments before it, in RTP units.
    earlier: u32,
    /// Longest duration seen in this segment.
    duration: u16,
    last_packet: Instant,
}

/// What one packet or timeout brought: at most the end of the former press,
/// then start and end of a new one, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard([Option<DtmfEvent>; 3]);

impl IntoIterator for Heard {
    type Item = DtmfEvent;
    type IntoIter = std::iter::Flatten<std::array::IntoIter<Option<DtmfEvent>, 3>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().flatten()
    }
}

impl DtmfReceiver {
    /// Nothing pressed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the payload of an event packet with its RTP timestamp. Payloads
    /// that are too short, and events that are no keys, bring nothing.
    pub fn on_packet(&mut self, timestamp: u32, payload: &[u8], now: Instant) -> Heard {
        let Some(event) = EventPayload::parse(payload) else { return Heard::default() };
        let Some(digit) = Digit::from_event(event.event) else { return Heard::default() };
        if self.is_old(timestamp) {
            return Heard::default();
        }
        let mut heard = Heard::default();
        if !self.extend(digit, timestamp, event.duration, now) {
            heard.0[0] = self.release();
            heard.0[1] = Some(DtmfEvent::Started(digit));
            self.pressed = Some(Pressed { digit, timestamp, earlier: 0, duration: event.duration, last_packet: now });
        }
        if event.end {
            heard.0[2] = self.release();
        }
        heard
    }

    /// Ends a press whose end packets were lost, [`LOST_END_AFTER`] its last
    /// packet. Early calls do nothing.
    pub fn handle_timeout(&mut self, now: Instant) -> Heard {
        match self.poll_timeout() {
            Some(at) if at <= now => Heard([self.release(), None, None]),
            _ => Heard::default(),
        }
    }

    /// When [`Self::handle_timeout`] has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.pressed.map(|pressed| pressed.last_packet + LOST_END_AFTER)
    }

    /// The source changed: what is down comes up, and timestamps start afresh.
    pub fn reset(&mut self) -> Heard {
        let heard = Heard([self.release(), None, None]);
        self.finished = None;
        heard
    }

    /// Whether a packet belongs to a press that is over, or to one before it.
    /// Timestamps further back are a restarted clock, and news.
    fn is_old(&self, timestamp: u32) -> bool {
        let behind = |newest: u32| newest.wrapping_sub(timestamp);
        self.finished.is_some_and(|finished| behind(finished) < OLD_UNITS)
            || self.pressed.is_some_and(|p| (1..OLD_UNITS).contains(&behind(p.timestamp)))
    }

    /// Applies a packet to the press it continues; `false` if it is a new one.
    /// A key held beyond 65,535 units goes on in a segment whose timestamp
    /// is where the former one ended (RFC 4733 2.5.1.3).
    fn extend(&mut self, digit: Digit, timestamp: u32, duration: u16, now: Instant) -> bool {
        let Some(pressed) = self.pressed.as_mut().filter(|p| p.digit == digit) else { return false };
        let ahead = timestamp.wrapping_sub(pressed.timestamp);
        if ahead != 0 && ahead != SEGMENT_UNITS {
            return false;
        }
        if ahead == SEGMENT_UNITS {
            pressed.earlier = pressed.earlier.saturating_add(SEGMENT_UNITS);
            pressed.timestamp = timestamp;
            pressed.duration = 0;
        }
        pressed.duration = pressed.duration.max(duration);
        pressed.last_packet = now;
        true
    }

    fn release(&mut self) -> Option<DtmfEvent> {
        let pressed = self.pressed.take()?;
        self.finished = Some(pressed.timestamp);
        let units = pressed.earlier.saturating_add(u32::from(pressed.duration));
        let duration = Duration::from_micros(u64::from(units) * 1_000_000 / u64::from(SAMPLE_RATE_HZ));
        Some(DtmfEvent::Ended { digit: pressed.digit, duration })
    }
}

/// The longest segment of a long press.
const SEGMENT_UNITS: u32 = 0xffff;
/// How far back a packet can be late rather than from a restarted clock: 5 s.
const OLD_UNITS: u32 = 5 * SAMPLE_RATE_HZ;
