//! Tones by formula: any sample of any tone by its index, so that a player can
//! start, stop and seek to the sample and needs no state.
//!
//! Levels: 0 dBm0 is a sine 3.14 dB below the A-law overload point (G.711 4,
//! table 5), a peak of 22,826.

use std::sync::LazyLock;

use crate::SAMPLE_RATE_HZ;

/// A tone that we play.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    /// 1004 Hz at 0 dBm0, without end: the telephone network's milliwatt.
    Milliwatt,
    /// UK ringing: 400 and 450 Hz at -19 dBm0 each; 0.4 s on, 0.2 s off, 0.4 s on, 2 s off.
    Ringback,
    /// UK engaged: 400 Hz at -19 dBm0; 0.375 s on, 0.375 s off.
    Busy,
    /// 1000 Hz at -13 dBm0 for 0.25 s, once: speak now.
    Beep,
    /// 620 Hz at -19 dBm0 for 0.1 s, once: somebody is there.
    Cue,
    /// Nothing, without end.
    Silence,
}

impl Tone {
    /// Sample `index`, counted from the tone's start. Silence after a tone's end.
    #[must_use]
    pub fn sample(self, index: u64) -> i16 {
        let shape = self.shape();
        let within = match self.total_samples() {
            Some(len) if index >= len => return 0,
            _ => index % shape.cycle().max(1),
        };
        if !shape.sounds_at(within) {
            return 0;
        }
        let sum: i32 = shape.frequencies_hz.iter().map(|hz| sine(*hz, index, shape.peak)).sum();
        sum.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
    }

    /// Fills `out` with samples from `index` on.
    pub fn fill(self, index: u64, out: &mut [i16]) {
        out.iter_mut().zip(index..).for_each(|(sample, at)| *sample = self.sample(at));
    }

    /// Samples until the tone is over; `None` if it repeats for ever.
    #[must_use]
    pub fn total_samples(self) -> Option<u64> {
        matches!(self, Self::Beep | Self::Cue).then(|| self.shape().cycle())
    }

    fn shape(self) -> &'static Shape {
        match self {
            Self::Milliwatt => &MILLIWATT,
            Self::Ringback => &RINGBACK,
            Self::Busy => &BUSY,
            Self::Beep => &BEEP,
            Self::Cue => &CUE,
            Self::Silence => &SILENCE,
        }
    }
}

/// Frequencies that sound together, and their cadence.
struct Shape {
    frequencies_hz: &'static [u32],
    /// Peak of each frequency.
    peak: i32,
    /// Samples on and off in turn, on first.
    cadence: &'static [u64],
}

impl Shape {
    fn cycle(&self) -> u64 {
        self.cadence.iter().sum()
    }

    fn sounds_at(&self, mut within: u64) -> bool {
        for (i, len) in self.cadence.iter().enumerate() {
            if within < *len {
                return i % 2 == 0;
            }
            within -= len;
        }
        false
    }
}

/// A sine of a whole number of hertz repeats after 8,000 samples at most, so
/// one second of 1 Hz holds every value there is.
fn sine(frequency_hz: u32, index: u64, peak: i32) -> i32 {
    let rate = u64::from(SAMPLE_RATE_HZ);
    let at = (index % rate) * u64::from(frequency_hz) % rate;
    let unit = SECOND_OF_1_HZ.get(at as usize).copied().unwrap_or(0);
    (unit * peak) >> UNIT_BITS
}

static SECOND_OF_1_HZ: LazyLock<Vec<i32>> = LazyLock::new(|| {
    let angle = |n: u32| std::f64::consts::TAU * f64::from(n) / f64::from(SAMPLE_RATE_HZ);
    (0..SAMPLE_RATE_HZ).map(|n| (angle(n).sin() * f64::from(1 << UNIT_BITS)).round() as i32).collect()
});

/// Fraction bits of the table; 16 bits of peak and 15 of these stay within 31.
const UNIT_BITS: u32 = 15;
const MS: u64 = SAMPLE_RATE_HZ as u64 / 1_000;
const PEAK_0_DBM0: i32 = 22_826;
const PEAK_MINUS_13_DBM0: i32 = 5_110;
const PEAK_MINUS_19_DBM0: i32 = 2_561;

const MILLIWATT: Shape = Shape { frequencies_hz: &[1_004], peak: PEAK_0_DBM0, cadence: &[1_000 * MS] };
const RINGBACK: Shape = Shape {
    frequencies_hz: &[400, 450],
    peak: PEAK_MINUS_19_DBM0,
    cadence: &[400 * MS, 200 * MS, 400 * MS, 2_000 * MS],
};
const BUSY: Shape = Shape { frequencies_hz: &[400], peak: PEAK_MINUS_19_DBM0, cadence: &[375 * MS, 375 * MS] };
const CUE: Shape = Shape { frequencies_hz: &[620], peak: PEAK_MINUS_19_DBM0, cadence: &[100 * MS] };
const SILENCE: Shape = Shape { frequencies_hz: &[], peak: 0, cadence: &[1_000 * MS] };
const BEEP: Shape = Shape { frequencies_hz: &[1_000], peak: PEAK_MINUS_13_DBM0, cadence: &[250 * MS] };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::goertzel;

    fn take(tone: Tone, from: u64, n: usize) -> Vec<i16> {
        let mut out = vec![1; n];
        tone.fill(from, &mut out);
        out
    }

    fn dbm0(samples: &[i16]) -> f64 {
        10.0 * (goertzel::total_power(samples) / (f64::from(PEAK_0_DBM0).powi(2) / 2.0)).log10()
    }

    #[test]
    fn milliwatt_is_1004_hz_at_0_dbm0_without_end() {
        let tone = take(Tone::Milliwatt, 80_000_000_000, 8_000);
        assert!(dbm0(&tone).abs() < 0.01);
        assert!(goertzel::ratio_db(&tone, 1_004.0, 1_000.0) > 50.0);
        assert_eq!(Tone::Milliwatt.total_samples(), None);
        assert_eq!(tone, take(Tone::Milliwatt, 0, 8_000));
    }

    #[test]
    fn ringback_has_both_frequencies_and_the_double_ring() {
        let ring = take(Tone::Ringback, 0, 24_000);
        assert!((dbm0(&ring[..3_200]) + 16.0).abs() < 0.1);
        assert!(goertzel::ratio_db(&ring[..3_200], 400.0, 425.0) > 20.0);
        assert!(goertzel::ratio_db(&ring[..3_200], 450.0, 425.0) > 20.0);
        assert_eq!(ring[3_200..4_800], [0; 1_600]);
        assert!(goertzel::total_power(&ring[4_800..8_000]) > 1e6);
        assert_eq!(ring[8_000..], [0; 16_000]);
        assert!(goertzel::total_power(&take(Tone::Ringback, 24_000, 3_200)) > 1e6);
    }

    #[test]
    fn busy_and_beep_keep_their_times_to_the_sample() {
        let busy = take(Tone::Busy, 0, 6_000);
        assert!((dbm0(&busy[..3_000]) + 19.0).abs() < 0.1);
        assert_eq!(busy[3_000..], [0; 3_000]);
        let beep = take(Tone::Beep, 0, 4_000);
        assert!((dbm0(&beep[..2_000]) + 13.0).abs() < 0.1);
        assert_eq!((Tone::Beep.total_samples(), &beep[2_000..]), (Some(2_000), &[0; 2_000][..]));
    }
}
