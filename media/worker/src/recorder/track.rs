//! One recording's file: sound is put into a short window by its position, and
//! written once it is too old to change.
#![allow(clippy::disallowed_types, reason = "a shell: recordings are files")]

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use rtp_core::g711::Law;
use rtp_core::wav;
pub(super) use rtp_core::wav::HEADER_LEN;

use super::manifest::{Gap, GapReason, Pause};
use super::{Batch, Coding, LATE_SAMPLES, Piece};

/// A file that grows.
#[derive(Debug)]
pub(crate) struct Track {
    file: Arc<File>,
    channels: u8,
    /// Interleaved samples from `written` on.
    window: Vec<i16>,
    /// Samples a channel that are in the file.
    written: u64,
    in_header: u64,
    gaps: Vec<Gap>,
    pauses: Vec<Pause>,
    /// Codings seen a channel: A-law, u-law, linear.
    codings: [[bool; 3]; 2],
    scratch: Vec<u8>,
}

impl Track {
    /// Starts a file with the header of an empty recording.
    pub(crate) fn start(file: File, channels: u8) -> io::Result<Self> {
        file.write_all_at(&header(channels, 0), 0)?;
        Ok(Self {
            file: Arc::new(file),
            channels,
            window: Vec::new(),
            written: 0,
            in_header: 0,
            gaps: Vec::new(),
            pauses: Vec::new(),
            codings: [[false; 3]; 2],
            scratch: Vec::new(),
        })
    }

    /// Takes a batch and writes what is old enough; with `last` all of it, to the batch's end.
    pub(crate) fn take(&mut self, batch: &Batch, last: bool) -> io::Result<()> {
        let until = batch.until.min(MAX_SAMPLES);
        if let Some((at_sample, samples)) = batch.lost
            && self.gaps.len() < MAX_GAPS
        {
            self.gaps.push(Gap { at_sample, samples: Some(samples), reason: GapReason::Overload });
        }
        let room = MAX_GAPS.saturating_sub(self.pauses.len());
        self.pauses.extend(batch.pauses.iter().take(room));
        for piece in &batch.pieces {
            if let Some(bytes) = batch.bytes.get(piece.start..piece.start + piece.len) {
                self.put(piece, bytes, until + LATE_SAMPLES);
            }
        }
        self.write_until(if last { until } else { until.saturating_sub(LATE_SAMPLES) })
    }

    /// Brings the sizes in the header up to date; true when they changed.
    pub(crate) fn refresh_header(&mut self) -> io::Result<bool> {
        if self.in_header == self.written {
            return Ok(false);
        }
        self.file.write_all_at(&header(self.channels, self.written), 0)?;
        self.in_header = self.written;
        Ok(true)
    }

    /// The open file.
    pub(crate) fn file(&self) -> &Arc<File> {
        &self.file
    }

    /// Samples a channel in the file.
    pub(crate) fn samples(&self) -> u64 {
        self.written
    }

    /// Stretches that are silent because we lost them.
    pub(crate) fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Where time stood still.
    pub(crate) fn pauses(&self) -> &[Pause] {
        &self.pauses
    }

    /// The codings that each channel came in.
    pub(crate) fn codecs(&self) -> Vec<Vec<&'static str>> {
        let words = |seen: &[bool; 3]| {
            ["pcma", "pcmu", "linear"].into_iter().zip(seen).filter(|(_, seen)| **seen).map(|(word, _)| word).collect()
        };
        self.codings.iter().take(usize::from(self.channels)).map(words).collect()
    }

    /// Adds a piece to the window, without what is written already or lies at or beyond `end`.
    fn put(&mut self, piece: &Piece, bytes: &[u8], end: u64) {
        let channels = usize::from(self.channels);
        let channel = usize::from(piece.channel);
        if channel >= channels {
            return;
        }
        self.codings[channel][coding_index(piece.coding)] = true;
        let width = if piece.coding == Coding::Linear { 2 } else { 1 };
        let skip = usize::try_from(self.written.saturating_sub(piece.at)).unwrap_or(usize::MAX);
        let first = piece.at.max(self.written);
        let room = usize::try_from(end.saturating_sub(first)).unwrap_or(0);
        let samples = (bytes.len() / width).saturating_sub(skip).min(room);
        if samples == 0 {
            return;
        }
        let from = (first - self.written) as usize;
        let needed = (from + samples) * channels;
        if self.window.len() < needed {
            self.window.resize(needed, 0);
        }
        let places = self.window[from * channels..needed].iter_mut().skip(channel).step_by(channels);
        let bytes = &bytes[skip * width..];
        match piece.coding {
            Coding::Law(law) => places.zip(bytes).for_each(|(place, code)| add(place, law.decode(*code))),
            Coding::Linear => {
                let samples = bytes.as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair));
                places.zip(samples).for_each(|(place, sample)| add(place, sample));
            }
        }
    }

    fn write_until(&mut self, until: u64) -> io::Result<()> {
        let Some(samples) = until.checked_sub(self.written).filter(|samples| *samples > 0) else { return Ok(()) };
        let (mut left, channels) = (samples, usize::from(self.channels));
        while left > 0 {
            let now = left.min(WRITE_SAMPLES);
            let wanted = now as usize * channels;
            if self.window.len() < wanted {
                self.window.resize(wanted, 0);
            }
            self.scratch.clear();
            self.scratch.extend(self.window[..wanted].iter().flat_map(|sample| sample.to_le_bytes()));
            let at = HEADER_LEN as u64 + self.written * channels as u64 * 2;
            self.file.write_all_at(&self.scratch, at)?;
            self.window.drain(..wanted);
            self.written += now;
            left -= now;
        }
        Ok(())
    }
}

/// The header of so many samples a channel.
pub(super) fn header(channels: u8, samples: u64) -> [u8; HEADER_LEN] {
    let bytes = samples.saturating_mul(u64::from(channels) * 2);
    wav::header(u16::from(channels), u32::try_from(bytes).unwrap_or(wav::MAX_DATA_LEN))
}

/// The channels that a header of ours names, whatever its sizes say; `None` for any other file.
pub(super) fn channels_in(found: &[u8; HEADER_LEN]) -> Option<u8> {
    let channels = found[22];
    let mut ours = header(channels, 0);
    for at in [wav::RIFF_SIZE_AT, wav::DATA_SIZE_AT] {
        ours[at..at + 4].copy_from_slice(&found[at..at + 4]);
    }
    (matches!(channels, 1 | 2) && ours == *found).then_some(channels)
}

fn add(place: &mut i16, sample: i16) {
    *place = place.saturating_add(sample);
}

fn coding_index(coding: Coding) -> usize {
    match coding {
        Coding::Law(Law::A) => 0,
        Coding::Law(Law::U) => 1,
        Coding::Linear => 2,
    }
}

/// Samples of one write: a second, so that a long silence after a gap takes no large buffer.
const WRITE_SAMPLES: u64 = 8_000;
/// The longest recording: 24 hours, well below the 4 GiB that the format can name.
const MAX_SAMPLES: u64 = 24 * 3_600 * 8_000;
/// Gaps, and pauses, that one manifest lists; the disk that makes more is broken and raises its own alarm.
const MAX_GAPS: usize = 1_000;
