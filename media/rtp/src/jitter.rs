//! The jitter buffer of a side that is decoded: for mixing, recording and
//! transcoding. A plain relay needs none.
//!
//! It is a ring of samples on the sender's timeline with one cursor, which
//! [`JitterBuffer::pop`] moves by a frame each tick. What the network does
//! moves the cursor too, and that is the whole of the adaptation:
//! * a packet that comes when its time is past, while nothing after it was
//!   played, pulls the cursor back: the delay grows by just what was late;
//! * when every packet for a while came more than a frame too early, one frame
//!   is folded into the next: the delay shrinks by 20 ms. That also follows a
//!   sender whose clock is fast, and a slow one is followed by pulling back.
//!
//! Loss and pauses (DTX) need nothing: the cursor goes on, and finds silence.

mod lateness;
mod ring;

use core::time::Duration;

use clock::Instant;

use crate::packet::Header;
use crate::{FRAME_MS, FRAME_SAMPLES, Frame, SAMPLE_RATE_HZ};
use lateness::Lateness;
use ring::Ring;

/// Most delay that lateness may build up; what is later than this is dropped.
pub const MAX_DELAY: Duration = Duration::from_millis(200);
/// Samples that the ring holds: 512 ms, delay and burst included.
pub const CAPACITY_SAMPLES: usize = 4_096;
/// Delay at the start of a stream; it shrinks or grows from there.
pub const START_DELAY: Duration = Duration::from_millis(20);

/// What [`JitterBuffer::pop`] found for one tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Popped {
    /// At least some of the frame came; what is missing is silence.
    Frame,
    /// Nothing came for this tick; the frame is silence.
    Gap,
}

/// What [`JitterBuffer::push`] did with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It will be played.
    Kept,
    /// It came too late, or twice.
    Late,
    /// It lies far from the stream; believed only if 60 ms of packets go on like it.
    Wild,
    /// The stream began anew with it: another SSRC, or a jump in its timestamps.
    Restarted,
}

/// Counters since the buffer was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JitterCounts {
    /// Packets kept.
    pub kept: u64,
    /// Packets that came too late or twice.
    pub late: u64,
    /// Packets far from the stream.
    pub wild: u64,
    /// Ticks without anything to play while a stream was running.
    pub gaps: u64,
    /// Times that the delay grew.
    pub grown: u64,
    /// Times that the delay shrank by a frame.
    pub shrunk: u64,
    /// Times that the stream began anew.
    pub restarts: u64,
}

/// A bounded, adaptive jitter buffer for one stream of 8 kHz samples.
#[derive(Clone, Debug)]
pub struct JitterBuffer {
    stream: Option<Stream>,
    counts: JitterCounts,
}

/// Times on the sender's timeline are offsets in samples from its first
/// packet, so that they neither wrap nor start at zero.
#[derive(Clone, Debug)]
struct Stream {
    ssrc: u32,
    newest_sequence: u16,
    /// RTP timestamp and offset of one packet, to place the next.
    anchor: (u32, i64),
    ring: Ring,
    /// Offset of the next sample to play.
    cursor: i64,
    /// Up to here samples were played: nothing before it is taken.
    played: i64,
    /// When the last tick was; the next is a frame later.
    last_pop: Option<Instant>,
    lateness: Lateness,
    /// A packet far off the timeline: its timestamp, and since when only such came.
    wild: Option<(u32, Instant)>,
}

impl Default for JitterBuffer {
    fn default() -> Self {
        Self::new()
    }
}

impl JitterBuffer {
    /// Empty; memory is taken with the first packet.
    #[must_use]
    pub fn new() -> Self {
        Self { stream: None, counts: JitterCounts::default() }
    }

    /// Takes the decoded samples of a packet that came at `now`, at most
    /// 120 ms of them; what is beyond that is cut off.
    pub fn push(&mut self, header: &Header, samples: &[i16], now: Instant) -> Pushed {
        let samples = samples.get(..MAX_PACKET_SAMPLES).unwrap_or(samples);
        let pushed = match &mut self.stream {
            Some(stream) if stream.ssrc == header.ssrc => stream.push(header, samples, now, &mut self.counts),
            _ => Pushed::Restarted,
        };
        match pushed {
            Pushed::Restarted => {
                self.counts.restarts += u64::from(self.stream.is_some());
                self.counts.kept += 1;
                let last_pop = self.stream.as_ref().and_then(|s| s.last_pop);
                self.stream = Some(Stream::new(header, samples, last_pop));
            }
            Pushed::Kept => self.counts.kept += 1,
            Pushed::Late => self.counts.late += 1,
            Pushed::Wild => self.counts.wild += 1,
        }
        pushed
    }

    /// Takes the frame of the tick at `now`. Call it every 20 ms.
    pub fn pop(&mut self, now: Instant, out: &mut Frame) -> Popped {
        out.fill(0);
        match &mut self.stream {
            Some(stream) => stream.pop(now, out, &mut self.counts),
            None => Popped::Gap,
        }
    }

    /// Audio between the cursor and the newest packet: what a packet that
    /// comes now will wait, but for the rest of the current tick.
    #[must_use]
    pub fn depth(&self) -> Duration {
        let samples = self.stream.as_ref().map_or(0, |s| (s.ring.end() - s.cursor).max(0));
        Duration::from_micros(samples as u64 * 1_000_000 / u64::from(SAMPLE_RATE_HZ))
    }

    /// What happened so far.
    #[must_use]
    pub fn counts(&self) -> JitterCounts {
        self.counts
    }

    /// Forgets the stream, as after a change of the source; counters stay.
    pub fn reset(&mut self) {
        self.stream = None;
    }
}

impl Stream {
    fn new(header: &Header, samples: &[i16], last_pop: Option<Instant>) -> Self {
        let mut ring = Ring::new();
        ring.write(0, samples);
        Self {
            ssrc: header.ssrc,
            newest_sequence: header.sequence,
            anchor: (header.timestamp, 0),
            ring,
            cursor: -START_SAMPLES,
            played: -START_SAMPLES,
            last_pop,
            lateness: Lateness::new(),
            wild: None,
        }
    }

    fn push(&mut self, header: &Header, samples: &[i16], now: Instant, counts: &mut JitterCounts) -> Pushed {
        let (timestamp, offset) = self.anchor;
        let at = offset + i64::from(header.timestamp.wrapping_sub(timestamp) as i32);
        let next = header.sequence == self.newest_sequence.wrapping_add(1);
        let newer = header.sequence.wrapping_sub(self.newest_sequence) < 1 << 15;
        let end = at + samples.len() as i64;
        let repeated = self.newest_sequence.wrapping_sub(header.sequence) < MAX_MISORDER;
        let too_far = end > self.cursor + CAPACITY_SAMPLES as i64;
        let too_late = at < self.cursor - MAX_DELAY_SAMPLES;
        if too_late && repeated {
            return Pushed::Late;
        }
        if too_far || too_late {
            return self.push_wild(header, next && too_far, now);
        }
        self.wild = None;
        if newer {
            self.newest_sequence = header.sequence;
            self.anchor = (header.timestamp, at);
        }
        let overtaken = self.ring.end() > at + CAPACITY_SAMPLES as i64;
        if end <= self.played || overtaken || samples.is_empty() {
            return Pushed::Late;
        }
        if at < self.cursor && at >= self.played {
            self.cursor = at;
            self.lateness.grew(now);
            counts.grown += 1;
        }
        let from = (self.played.max(self.cursor) - at).clamp(0, samples.len() as i64);
        self.ring.write(at + from, &samples[from as usize..]);
        if let Some(last_pop) = self.last_pop {
            self.lateness.note(deadline(last_pop, at - self.cursor), now);
        }
        Pushed::Kept
    }

    /// A jump is believed when the sequence shows that nothing lies between,
    /// or when packets went on from it, and only those, for a while
    /// (after a network stall, old packets come in one burst and are just late).
    fn push_wild(&mut self, header: &Header, in_sequence: bool, now: Instant) -> Pushed {
        let (last, since) = self.wild.unwrap_or((header.timestamp, now));
        let follows = self.wild.is_some() && header.timestamp.wrapping_sub(last) <= MAX_PACKET_SAMPLES as u32;
        if in_sequence || (follows && now.since(since) >= WILD_AFTER) {
            return Pushed::Restarted;
        }
        self.wild = Some((header.timestamp, if follows { since } else { now }));
        Pushed::Wild
    }

    fn pop(&mut self, now: Instant, out: &mut Frame, counts: &mut JitterCounts) -> Popped {
        self.last_pop = Some(now);
        let waiting = self.ring.end() - self.cursor;
        if waiting >= 2 * FRAME_SAMPLES as i64 && self.lateness.should_shrink(now) {
            self.fold();
            counts.shrunk += 1;
        }
        let from = self.cursor;
        self.cursor += FRAME_SAMPLES as i64;
        if self.ring.take(from, out) {
            self.played = self.cursor;
            return Popped::Frame;
        }
        counts.gaps += 1;
        Popped::Gap
    }

    /// Drops the frame at the cursor by fading it into the one after it.
    fn fold(&mut self) {
        let (mut first, mut second) = ([0; FRAME_SAMPLES], [0; FRAME_SAMPLES]);
        let next = self.cursor + FRAME_SAMPLES as i64;
        // Silence is just left out.
        if self.ring.take(self.cursor, &mut first) {
            self.ring.take(next, &mut second);
            let n = FRAME_SAMPLES as i32;
            for (i, (s, f)) in (0..).zip(second.iter_mut().zip(&first)) {
                *s = ((i32::from(*f) * (n - i) + i32::from(*s) * i) / n) as i16;
            }
            self.ring.write(next, &second);
        }
        self.cursor = next;
        self.played = self.played.max(next);
    }
}

/// When a sample `ahead` of the cursor must be there: the tick that plays it.
fn deadline(last_pop: Instant, ahead: i64) -> Instant {
    let ticks = u32::try_from(ahead.max(0) / FRAME_SAMPLES as i64).unwrap_or(0).saturating_add(1);
    last_pop + FRAME * ticks
}

/// A sequence number less than this behind the newest is an old packet (RFC 3550 A.1).
const MAX_MISORDER: u16 = 100;
const FRAME: Duration = Duration::from_millis(FRAME_MS as u64);
const START_SAMPLES: i64 = samples_in(START_DELAY);
/// `MAX_DELAY` on the clock of the stream.
const MAX_DELAY_SAMPLES: i64 = samples_in(MAX_DELAY);
/// The longest packet time in use with G.711 is 60 ms; twice that.
const MAX_PACKET_SAMPLES: usize = 960;
/// Packets all far off for this long are the stream's new place.
const WILD_AFTER: Duration = Duration::from_millis(60);

const fn samples_in(duration: Duration) -> i64 {
    duration.as_millis() as i64 * SAMPLE_RATE_HZ as i64 / 1_000
}

#[cfg(test)]
mod tests;
