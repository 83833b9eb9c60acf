//! Samples by their offset on the sender's timeline.

use super::CAPACITY_SAMPLES;

/// A ring that knows of each sample whether it came.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    samples: Box<[i16; CAPACITY_SAMPLES]>,
    end: i64,
}

impl Ring {
    pub(super) fn new() -> Self {
        Self { samples: Box::new([ABSENT; CAPACITY_SAMPLES]), end: 0 }
    }

    /// The offset behind the newest sample that was written.
    pub(super) fn end(&self) -> i64 {
        self.end
    }

    /// Puts samples in; the caller keeps them within the capacity of what was not taken.
    pub(super) fn write(&mut self, at: i64, samples: &[i16]) {
        for (offset, sample) in (at..).zip(samples) {
            if let Some(place) = self.samples.get_mut(place_of(offset)) {
                *place = (*sample).max(ABSENT + 1);
            }
        }
        self.end = self.end.max(at + samples.len() as i64);
    }

    /// Takes samples out, silence where none came. `false` if none came at all.
    pub(super) fn take(&mut self, at: i64, out: &mut [i16]) -> bool {
        let mut present = false;
        for (offset, sample) in (at..).zip(out) {
            *sample = 0;
            if let Some(place) = self.samples.get_mut(place_of(offset)).filter(|place| **place != ABSENT) {
                *sample = core::mem::replace(place, ABSENT);
                present = true;
            }
        }
        present
    }
}

fn place_of(offset: i64) -> usize {
    offset.rem_euclid(CAPACITY_SAMPLES as i64) as usize
}

/// Marks a sample that did not come: no G.711 code decodes to it, and samples
/// of other sources are moved up by one.
const ABSENT: i16 = i16::MIN;
