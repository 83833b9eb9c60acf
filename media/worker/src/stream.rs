//! The RTP stream that we send to one peer: one SSRC, sequence numbers and
//! timestamps that go on evenly whoever is being heard (RFC 3550 5.1).
//!
//! A relayed source keeps its own steps, so that loss and reordering on the way
//! to us stay visible to the peer; a switch of sources is a talk spurt that
//! begins right after the last packet.

use clock::{Instant, Rng};
use rtp_core::packet::Header;

/// Who is heard on the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feed {
    /// Packets of a leg (by its place in the graph) with this SSRC.
    Relay(u32, u32),
    /// Frames of our own making, of the player or mix at this place.
    Frames(u32),
}

/// One outgoing stream.
#[derive(Clone, Debug)]
pub(crate) struct OutStream {
    ssrc: u32,
    /// The newest numbers sent, and when that timestamp was first used.
    sequence: u16,
    timestamp: u32,
    stamped: Instant,
    started: bool,
    feed: Option<Offsets>,
    packets: u32,
    bytes: u32,
}

/// What to add to a source's numbers.
#[derive(Clone, Copy, Debug)]
struct Offsets {
    feed: Feed,
    sequence: u16,
    timestamp: u32,
}

impl OutStream {
    /// A stream that starts at random numbers (RFC 3550 5.1).
    pub(crate) fn new(rng: &mut Rng, now: Instant) -> Self {
        Self {
            ssrc: rng.next_u32(),
            sequence: rng.next_u32() as u16,
            timestamp: rng.next_u32(),
            stamped: now,
            started: false,
            feed: None,
            packets: 0,
            bytes: 0,
        }
    }

    /// The header for a relayed packet of `feed`. `event`: a telephone event,
    /// whose timestamp stands still while the key is down (RFC 4733 2.2).
    pub(crate) fn relay(&mut self, place: u32, came: &Header, payload_type: u8, event: bool, now: Instant) -> Header {
        let feed = Feed::Relay(place, came.ssrc);
        let fits = self.feed.filter(|offsets| offsets.feed == feed && self.follows(offsets, came, event, now));
        let switched = fits.is_none();
        let offsets = fits.unwrap_or_else(|| self.switch(feed, came.sequence, came.timestamp, now));
        self.feed = Some(offsets);
        let header = Header {
            marker: came.marker || switched,
            payload_type,
            sequence: came.sequence.wrapping_add(offsets.sequence),
            timestamp: came.timestamp.wrapping_add(offsets.timestamp),
            ssrc: self.ssrc,
        };
        self.note(&header, now);
        header
    }

    /// A packet of the feed that is not passed on: the peer is to see no gap.
    pub(crate) fn skip(&mut self, place: u32, came: &Header) {
        if let Some(offsets) = self.feed.as_mut().filter(|o| o.feed == Feed::Relay(place, came.ssrc)) {
            offsets.sequence = offsets.sequence.wrapping_sub(1);
        }
    }

    /// Forgets whom the stream relays: whoever is next begins right behind the last packet.
    pub(crate) fn release(&mut self) {
        self.feed.take_if(|offsets| matches!(offsets.feed, Feed::Relay(..)));
    }

    /// The header for the next frame of `samples` of our own making.
    pub(crate) fn frame(&mut self, place: u32, samples: u32, payload_type: u8, now: Instant) -> Header {
        let feed = Feed::Frames(place);
        let goes_on = self.feed.is_some_and(|offsets| offsets.feed == feed);
        let step = if goes_on { samples } else { self.samples_since_stamp(samples, now) };
        let header = Header {
            marker: !goes_on,
            payload_type,
            sequence: self.sequence.wrapping_add(1),
            timestamp: self.timestamp.wrapping_add(step),
            ssrc: self.ssrc,
        };
        self.feed = Some(Offsets { feed, sequence: 0, timestamp: 0 });
        self.note(&header, now);
        header
    }

    /// Counts what went out, for sender reports.
    pub(crate) fn sent(&mut self, payload_bytes: usize) {
        self.packets = self.packets.wrapping_add(1);
        self.bytes = self.bytes.wrapping_add(payload_bytes as u32);
    }

    /// Our SSRC.
    pub(crate) fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Packets and payload bytes sent (RFC 3550 6.4.1).
    pub(crate) fn totals(&self) -> (u32, u32) {
        (self.packets, self.bytes)
    }

    /// The RTP time of `now`, for sender reports.
    pub(crate) fn timestamp_at(&self, now: Instant) -> u32 {
        self.timestamp.wrapping_add(self.samples_since_stamp(0, now))
    }

    /// Whether `came` carries on what `offsets` started, or is a restart of its sender.
    fn follows(&self, offsets: &Offsets, came: &Header, event: bool, now: Instant) -> bool {
        let sequence = came.sequence.wrapping_add(offsets.sequence).wrapping_sub(self.sequence) as i16;
        if sequence.unsigned_abs() > MAX_STEP {
            return false;
        }
        let step = came.timestamp.wrapping_add(offsets.timestamp).wrapping_sub(self.timestamp) as i32;
        let elapsed = self.samples_since_stamp(0, now) as i32;
        event || step.wrapping_sub(elapsed).unsigned_abs() <= MAX_DRIFT_SAMPLES
    }

    /// Offsets that put the first packet of a new feed right behind the last one sent.
    fn switch(&self, feed: Feed, sequence: u16, timestamp: u32, now: Instant) -> Offsets {
        let next = self.timestamp.wrapping_add(self.samples_since_stamp(FRAME, now));
        Offsets {
            feed,
            sequence: self.sequence.wrapping_add(1).wrapping_sub(sequence),
            timestamp: next.wrapping_sub(timestamp),
        }
    }

    /// Remembers the newest numbers; a late packet does not turn them back.
    fn note(&mut self, header: &Header, now: Instant) {
        if self.started && (header.sequence.wrapping_sub(self.sequence) as i16) <= 0 {
            return;
        }
        self.sequence = header.sequence;
        if header.timestamp != self.timestamp || !self.started {
            self.timestamp = header.timestamp;
            self.stamped = now;
        }
        self.started = true;
    }

    fn samples_since_stamp(&self, at_least: u32, now: Instant) -> u32 {
        let samples = now.since(self.stamped).as_micros() * u128::from(rtp_core::SAMPLE_RATE_HZ) / 1_000_000;
        // Modulo 2^32 like every RTP timestamp.
        (samples as u32).max(at_least)
    }
}

/// One packet of 20 ms, in samples.
const FRAME: u32 = rtp_core::FRAME_SAMPLES as u32;
/// A larger step of sequence numbers is a restart (RFC 3550 A.1, MAX_DROPOUT).
const MAX_STEP: u16 = 3_000;
/// Timestamps that leave the clock by more are a restart: 10 s, more than any jitter.
const MAX_DRIFT_SAMPLES: u32 = 80_000;

#[cfg(test)]
mod tests;
