//! The media thread's end of a recording: notes what came and when, and hands
//! it on in batches. It copies bytes; decoding and mixing is the writer's work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clock::Instant;
use media_graph::RecorderId;
use rtp_core::g711::Law;
use rtp_core::packet::Header;
use rtp_core::{Frame, SAMPLE_RATE_HZ};

use super::{Batch, Coding, LATE_SAMPLES, Pause, Piece};

/// One recording as the media thread sees it.
#[derive(Debug)]
pub(crate) struct Tap {
    recorder: RecorderId,
    started: Instant,
    sources: Vec<Source>,
    pieces: Vec<Piece>,
    bytes: Vec<u8>,
    /// End of the last batch that the writer took.
    delivered: u64,
    lost: Option<(u64, u64)>,
    /// Since when time stands still.
    paused: Option<Instant>,
    pauses: Vec<Pause>,
    failed: Arc<AtomicBool>,
}

/// A source on a channel, and where its timestamps lie in the recording.
#[derive(Debug)]
struct Source {
    channel: u8,
    place: u32,
    ssrc: u32,
    /// This timestamp is that sample.
    timestamp: u32,
    at: i64,
    /// Behind the last sample placed.
    end: i64,
    /// The newest sequence number, and a bit for each of the 64 before it that came:
    /// a packet that the network doubled must not sound twice as loud.
    newest: u16,
    came: u64,
}

impl Tap {
    /// A recording that starts now.
    pub(crate) fn new(recorder: RecorderId, now: Instant) -> Self {
        Self {
            recorder,
            started: now,
            sources: Vec::new(),
            pieces: Vec::new(),
            bytes: Vec::new(),
            delivered: 0,
            lost: None,
            paused: None,
            pauses: Vec::new(),
            failed: Arc::default(),
        }
    }

    /// What the writer sets when it gives the recording up.
    pub(crate) fn failure(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.failed)
    }

    /// Whether it did.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Which recording this is.
    pub(crate) fn recorder(&self) -> RecorderId {
        self.recorder
    }

    /// A packet of the leg at `place` for `channel`. False when it was dropped: the batch is full.
    pub(crate) fn packet(
        &mut self,
        channel: u8,
        place: u32,
        header: &Header,
        law: Law,
        payload: &[u8],
        now: Instant,
    ) -> bool {
        if self.paused.is_some() {
            return true;
        }
        if self.is_full(payload.len()) {
            return false;
        }
        let arrival = self.samples_at(now) as i64;
        let source = self.source(channel, place, header, arrival);
        if source.is_repeated(header.sequence) {
            return true;
        }
        if let Some(at) = source.place(header.timestamp, payload.len(), arrival) {
            self.push(channel, Coding::Law(law), at, payload.iter().copied());
        }
        true
    }

    /// A frame of the player at `place` for `channel`; `ssrc` and timestamps
    /// are needed for what crosses a network only, so frames follow each other.
    pub(crate) fn frame(&mut self, channel: u8, place: u32, frame: &Frame, now: Instant) -> bool {
        if self.paused.is_some() {
            return true;
        }
        if self.is_full(frame.len() * 2) {
            return false;
        }
        let arrival = self.samples_at(now) as i64;
        let header = Header::default();
        let source = self.source(channel, place, &header, arrival);
        let timestamp = source.timestamp.wrapping_add((source.end - source.at) as u32);
        if let Some(at) = source.place(timestamp, frame.len(), arrival) {
            self.push(channel, Coding::Linear, at, frame.iter().flat_map(|sample| sample.to_le_bytes()));
        }
        true
    }

    /// Lets time stand still from `now` on.
    pub(crate) fn pause(&mut self, now: Instant) {
        self.paused.get_or_insert(now);
    }

    /// Lets time go on at `now`. What was heard before says nothing about where the next packet belongs.
    pub(crate) fn resume(&mut self, now: Instant) {
        let Some(since) = self.paused.take() else { return };
        let pause = now.since(since);
        self.started += pause;
        self.sources.clear();
        let duration_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        let at_sample = self.samples_at(now);
        if self.pauses.len() < MAX_PAUSES {
            self.pauses.push(Pause { at_sample, duration_ms });
        }
    }

    /// Closes the batch at `now`.
    pub(crate) fn batch(&mut self, now: Instant) -> Batch {
        let until = self.samples_at(now);
        // The next batch will be as large as this one.
        let (pieces, bytes) = (Vec::with_capacity(self.pieces.len()), Vec::with_capacity(self.bytes.len()));
        let (pieces, bytes) = (std::mem::replace(&mut self.pieces, pieces), std::mem::replace(&mut self.bytes, bytes));
        let (lost, pauses) = (self.lost.take(), std::mem::take(&mut self.pauses));
        Batch { recorder: self.recorder, until, lost, pauses, pieces, bytes }
    }

    /// The writer took the batch.
    pub(crate) fn delivered(&mut self, until: u64) {
        self.delivered = until;
    }

    /// The writer had no room for the batch.
    pub(crate) fn refused(&mut self, batch: Batch) {
        self.pauses.splice(0..0, batch.pauses);
        self.lost = Some((self.delivered, batch.until.saturating_sub(self.delivered)));
    }

    fn is_full(&self, more: usize) -> bool {
        self.pieces.len() >= MAX_PIECES || self.bytes.len() + more > MAX_BATCH_BYTES
    }

    fn samples_at(&self, now: Instant) -> u64 {
        let now = self.paused.unwrap_or(now);
        (now.since(self.started).as_micros() * u128::from(SAMPLE_RATE_HZ) / 1_000_000) as u64
    }

    /// The source with its anchor; a new one, or one with a new SSRC, is anchored by its arrival.
    fn source(&mut self, channel: u8, place: u32, header: &Header, arrival: i64) -> &mut Source {
        let known = self.sources.iter().position(|s| s.channel == channel && s.place == place);
        let at = known.unwrap_or_else(|| {
            // The oldest gives way: only that many sources can be connected at once.
            if self.sources.len() >= MAX_TAPPED {
                self.sources.remove(0);
            }
            self.sources.push(Source::new(channel, place, header, arrival));
            self.sources.len() - 1
        });
        let source = &mut self.sources[at];
        if source.ssrc != header.ssrc {
            (source.ssrc, source.newest, source.came) = (header.ssrc, header.sequence, 0);
            source.anchor(header.timestamp, arrival);
        }
        source
    }

    fn push(&mut self, channel: u8, coding: Coding, at: u64, bytes: impl Iterator<Item = u8>) {
        let start = self.bytes.len();
        self.bytes.extend(bytes);
        self.pieces.push(Piece { channel, coding, at, start, len: self.bytes.len() - start });
    }
}

impl Source {
    fn new(channel: u8, place: u32, header: &Header, arrival: i64) -> Self {
        let (ssrc, timestamp) = (header.ssrc, header.timestamp);
        Self { channel, place, ssrc, timestamp, at: arrival, end: arrival, newest: header.sequence, came: 0 }
    }

    /// Whether this sequence number came before, among the newest 64; older ones are left to the writer's window.
    fn is_repeated(&mut self, sequence: u16) -> bool {
        let ahead = sequence.wrapping_sub(self.newest);
        if ahead != 0 && ahead < 1 << 15 {
            self.came = self.came.checked_shl(u32::from(ahead)).unwrap_or(0);
            self.newest = sequence;
        }
        let bit = 1u64.checked_shl(u32::from(self.newest.wrapping_sub(sequence))).unwrap_or(0);
        let repeated = self.came & bit != 0;
        self.came |= bit;
        repeated
    }

    /// Where `len` samples with this timestamp belong; `None` to leave them
    /// out, one packet now and then, when the sender's clock runs fast.
    fn place(&mut self, timestamp: u32, len: usize, arrival: i64) -> Option<u64> {
        let mut at = self.at + i64::from(timestamp.wrapping_sub(self.timestamp) as i32);
        let ahead = at - arrival;
        if ahead > JUMP_SAMPLES || ahead < -(LATE_SAMPLES as i64) {
            self.anchor(timestamp, arrival);
            at = self.at;
        } else if ahead > AHEAD_SAMPLES {
            self.at -= len as i64;
            return None;
        }
        (self.timestamp, self.at) = (timestamp, at);
        self.end = self.end.max(at + len as i64);
        u64::try_from(at).ok()
    }

    /// Makes `timestamp` the present, but never on top of what is placed already.
    fn anchor(&mut self, timestamp: u32, arrival: i64) {
        self.timestamp = timestamp;
        self.at = if self.end > arrival + AHEAD_SAMPLES { arrival } else { arrival.max(self.end) };
    }
}

/// Pieces of one batch: 200 ms of two channels hold 20 at 20 ms a packet; ten times that is a flood.
const MAX_PIECES: usize = 256;
/// Bytes of one batch, for the same reason.
const MAX_BATCH_BYTES: usize = 64 * 1024;
/// Pauses between two batches: transfers take longer than 200 ms each, this bounds a caller of ours that errs.
const MAX_PAUSES: usize = 64;
/// Sources remembered: two channels of a full conference.
const MAX_TAPPED: usize = 64;
/// A source this far ahead of the clock has a fast clock: 200 ms.
const AHEAD_SAMPLES: i64 = 1_600;
/// A source this far ahead has jumped: 1 s.
const JUMP_SAMPLES: i64 = 8_000;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(millis)
    }

    fn header(timestamp: u32) -> Header {
        Header { timestamp, ssrc: 5, sequence: (timestamp / 160) as u16, ..Header::default() }
    }

    fn places(tap: &mut Tap) -> Vec<u64> {
        tap.batch(at(0)).pieces.iter().map(|piece| piece.at).collect()
    }

    #[test]
    fn timestamps_place_what_jitter_delays() {
        let mut tap = Tap::new(RecorderId(1), at(0));
        for (timestamp, millis) in [(1_000, 50), (1_160, 95), (1_480, 110), (1_320, 111)] {
            assert!(tap.packet(0, 1, &header(timestamp), Law::A, &[0; 160], at(millis)));
        }
        assert_eq!(places(&mut tap), [400, 560, 880, 720]);
    }

    #[test]
    fn silence_suppression_leaves_its_silence_and_a_new_clock_starts_at_its_arrival() {
        let mut tap = Tap::new(RecorderId(1), at(0));
        tap.packet(0, 1, &header(0), Law::A, &[0; 160], at(0));
        tap.packet(0, 1, &header(16_000), Law::A, &[0; 160], at(2_000));
        tap.packet(0, 1, &header(900_000), Law::A, &[0; 160], at(2_020));
        tap.packet(0, 1, &Header { ssrc: 6, ..header(3) }, Law::A, &[0; 160], at(2_500));
        assert_eq!(places(&mut tap), [0, 16_000, 16_160, 20_000]);
    }

    #[test]
    fn a_fast_clock_loses_a_packet_now_and_then_and_stays_near() {
        let mut tap = Tap::new(RecorderId(1), at(0));
        let mut newest = 0;
        for packet in 0..1_000u64 {
            // 1 % fast: a packet each 19.8 ms.
            let now = Instant::ZERO + Duration::from_micros(packet * 19_800);
            tap.packet(0, 1, &header(packet as u32 * 160), Law::A, &[0; 160], now);
            newest = tap.batch(now).pieces.first().map_or(newest, |piece| piece.at);
            assert!(newest <= packet * 19_800 * 8 / 1_000 + AHEAD_SAMPLES as u64);
        }
    }

    #[test]
    fn frames_follow_each_other_and_a_flood_is_refused() {
        let mut tap = Tap::new(RecorderId(1), at(0));
        tap.frame(1, 9, &[7; 160], at(100));
        tap.frame(1, 9, &[7; 160], at(123));
        assert_eq!(places(&mut tap), [800, 960]);
        let flood = |n| Header { sequence: n, ..header(0) };
        let taken = (0..1_000).filter(|n| tap.packet(0, 1, &flood(*n), Law::A, &[0; 160], at(200))).count();
        assert_eq!(taken, MAX_PIECES);
        assert_eq!(tap.batch(at(300)).pieces.len(), MAX_PIECES);
    }

    #[test]
    fn a_pause_is_left_out_and_told() {
        let mut tap = Tap::new(RecorderId(1), at(0));
        tap.packet(0, 1, &header(0), Law::A, &[0; 160], at(0));
        tap.pause(at(1_000));
        tap.pause(at(2_000));
        tap.packet(0, 1, &header(12_000), Law::A, &[0; 160], at(1_500));
        assert_eq!(tap.batch(at(3_000)).until, 8_000, "time stands still");
        tap.resume(at(3_500));
        tap.resume(at(3_600));
        tap.packet(0, 1, &header(28_800), Law::A, &[0; 160], at(3_600));
        let batch = tap.batch(at(4_000));
        assert_eq!((batch.until, batch.pieces[0].at), (12_000, 8_800));
        assert_eq!(batch.pauses, [Pause { at_sample: 8_000, duration_ms: 2_500 }]);
        assert!(tap.batch(at(4_200)).pauses.is_empty());
    }

    #[test]
    fn a_doubled_packet_is_taken_once() {
        let mut tap = Tap::new(RecorderId(1), at(0));
        for sequence in [65_534u16, 65_535, 65_535, 1, 0, 1, 0, 65_534] {
            let timestamp = u32::from(sequence.wrapping_add(2)) * 160;
            tap.packet(0, 1, &Header { sequence, timestamp, ssrc: 5, ..Header::default() }, Law::A, &[0; 160], at(9));
        }
        assert_eq!(places(&mut tap).len(), 4);
    }
}
