//! Whether 64 ms of sound are one pure tone, two tones together, or neither.

use crate::bands::{self, Colour};
use crate::contract::{FRAME_SAMPLES, Frame};
use crate::period;
use crate::spectrum::{BIN_HZ, BINS, WINDOW, power};

/// What 64 ms of sound are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sounding {
    /// Mean square, 200 to 3,600 Hz.
    pub(crate) level: f64,
    /// Its pitches.
    pub(crate) pitch: Pitch,
    /// Period of the voice in it, samples.
    pub(crate) period: Option<f64>,
    /// How loud it is in each band; all zero for silence.
    pub(crate) colour: Colour,
}

/// How many tones.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Pitch {
    /// Speech, noise, music, silence.
    #[default]
    None,
    /// One tone, Hz.
    One(f64),
    /// Two tones together, the lower first, Hz.
    Two(f64, f64),
}

impl Pitch {
    /// Both pitches in whole hertz; the second 0 if there is one.
    pub(crate) fn hz(self) -> (u16, u16) {
        match self {
            Self::None => (0, 0),
            Self::One(hz) => (whole(hz), 0),
            Self::Two(low, high) => (whole(low), whole(high)),
        }
    }

    /// Whether it is the same tone, give or take what a spectrum of 64 ms leaves open.
    pub(crate) fn is_like(self, other: Self) -> bool {
        let near = |a: f64, b: f64| (a - b).abs() < SAME_HZ;
        match (self, other) {
            (Self::One(a), Self::One(b)) => near(a, b),
            (Self::Two(a, b), Self::Two(c, d)) => near(a, c) && near(b, d),
            // Two that are close look like one between them at times.
            (Self::One(a), Self::Two(b, c)) | (Self::Two(b, c), Self::One(a)) => {
                c - b < 60.0 && a > b - 5.0 && a < c + 5.0
            }
            _ => false,
        }
    }
}

/// The last 64 ms.
#[derive(Clone, Debug)]
pub(crate) struct Tones {
    samples: [f64; WINDOW],
    /// Frames until the window is full for the first time.
    to_fill: u8,
}

impl Tones {
    pub(crate) fn new() -> Self {
        Self { samples: [0.0; WINDOW], to_fill: WINDOW.div_ceil(FRAME_SAMPLES) as u8 }
    }

    /// Takes the next frame and says what the 64 ms up to its end are; the period only if it is asked for.
    pub(crate) fn next(&mut self, frame: &Frame, of_voice: bool) -> Sounding {
        self.samples.copy_within(frame.len().., 0);
        let fresh = self.samples.iter_mut().skip(WINDOW - frame.len());
        fresh.zip(frame).for_each(|(into, sample)| *into = f64::from(*sample));
        if self.to_fill > 0 {
            self.to_fill -= 1;
            return Sounding::default();
        }
        let square: f64 = self.samples.iter().map(|s| s * s).sum::<f64>() / WINDOW as f64;
        if square < QUIET {
            return Sounding { level: square, ..Sounding::default() };
        }
        let bins = power(&self.samples);
        let level: f64 = bins[LOWEST_BIN..=HIGHEST_BIN].iter().sum();
        let period = of_voice.then(|| period::of(&bins)).flatten();
        Sounding { level, pitch: pitch(&bins, level), period, colour: bands::of(&bins) }
    }
}

/// The pitch of a spectrum; even noise is not held against a tone above it.
fn pitch(bins: &[f64; BINS], level: f64) -> Pitch {
    let noise = noise(bins);
    let peak = highest(bins, None);
    let (first, lobe) = (bins[peak], LOBE.map(|by| bins[peak + by - 2]));
    let clean = (level - noise).max(level * LEAST_CLEAN);
    let around: f64 = lobe.iter().sum();
    if around > ONE_TONE * clean && lobe[0].max(lobe[4]) < SKIRT * first {
        return Pitch::One(exact_hz(bins, peak));
    }
    let second = highest(bins, Some(peak));
    let other: f64 = LOBE.map(|by| second + by - 2).iter().filter(|k| k.abs_diff(peak) > 2).map(|k| bins[*k]).sum();
    if bins[second] < first * SECOND_LEAST || around + other < TWO_TONES * clean {
        return Pitch::None;
    }
    let (low, high) = (peak.min(second), peak.max(second));
    Pitch::Two(exact_hz(bins, low), exact_hz(bins, high))
}

/// Power of the noise: that of the middle bin, which no tone touches, in every bin.
fn noise(bins: &[f64; BINS]) -> f64 {
    let mut sorted = *bins;
    let used = &mut sorted[LOWEST_BIN..=HIGHEST_BIN];
    let n = used.len();
    let (_, middle, _) = used.select_nth_unstable_by(n / 2, f64::total_cmp);
    *middle * n as f64 * MEDIAN_TO_MEAN
}

/// The highest bin, away from another peak and higher than its neighbours.
fn highest(bins: &[f64; BINS], away_from: Option<usize>) -> usize {
    let free =
        |k: &usize| away_from.is_none_or(|peak| k.abs_diff(peak) >= 2 && bins[*k] >= bins[*k - 1].min(bins[*k + 1]));
    let top = (LOWEST_BIN..=HIGHEST_BIN).filter(|k| free(k) && (away_from.is_none() || is_local_top(bins, *k)));
    top.max_by(|a, b| bins[*a].total_cmp(&bins[*b])).unwrap_or(LOWEST_BIN)
}

fn is_local_top(bins: &[f64; BINS], k: usize) -> bool {
    bins[k] >= bins[k - 1] && bins[k] >= bins[k + 1]
}

/// The pitch between bins, from the ratio of the two highest under a Hann window.
fn exact_hz(bins: &[f64; BINS], peak: usize) -> f64 {
    let (below, at, above) = (bins[peak - 1].sqrt(), bins[peak].sqrt(), bins[peak + 1].sqrt());
    let towards = |side: f64| if at > 0.0 { (2.0 * side / at - 1.0) / (side / at + 1.0) } else { 0.0 };
    let offset = if above > below { towards(above) } else { -towards(below) };
    (peak as f64 + offset.clamp(-0.5, 0.5)) * BIN_HZ
}

fn whole(hz: f64) -> u16 {
    (hz + 0.5) as u16
}

/// Bins beside a peak, two to each side.
const LOBE: [usize; 5] = [0, 1, 2, 3, 4];
/// 203 Hz: below it is hum.
const LOWEST_BIN: usize = 13;
/// 3,594 Hz: above it telephones carry nothing.
const HIGHEST_BIN: usize = 230;
/// Mean square of silence (-60 dBFS): not worth a spectrum.
const QUIET: f64 = 33.0 * 33.0;
/// Noise power in a bin has an exponential law: its mean is 1 / ln 2 times its median.
const MEDIAN_TO_MEAN: f64 = core::f64::consts::LOG2_E;
/// A tone is not believed because of noise alone: at most half of the level is taken off.
const LEAST_CLEAN: f64 = 0.5;
/// Share of the power that one tone must have; vowels stay below.
const ONE_TONE: f64 = 0.82;
/// Share of the power that two tones must have.
const TWO_TONES: f64 = 0.8;
/// Two bins off its middle a tone is 14 dB down.
const SKIRT: f64 = 0.12;
/// The weaker of two tones is at most 12 dB below the other (E.180 allows 6).
const SECOND_LEAST: f64 = 1.0 / 16.0;
/// Pitches nearer than this are the same.
const SAME_HZ: f64 = 14.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(hz: &[f64]) -> Pitch {
        let mut tones = Tones::new();
        let mut last = Sounding::default();
        for n in 0..6 {
            let frame: Frame = core::array::from_fn(|i| {
                let t = (n * 160 + i) as f64 / 8_000.0;
                hz.iter().map(|hz| 3_000.0 * (core::f64::consts::TAU * hz * t).sin()).sum::<f64>() as i16
            });
            last = tones.next(&frame, false);
        }
        last.pitch
    }

    #[test]
    fn tones_of_the_network_are_told_apart() {
        for hz in [400.0, 425.0, 913.8, 985.2, 1_100.0, 1_428.5, 1_776.7, 2_100.0] {
            let Pitch::One(found) = hear(&[hz]) else { panic!("{hz}: {:?}", hear(&[hz])) };
            assert!((found - hz).abs() < 1.5, "{hz} {found}");
        }
        for (low, high) in [(350.0, 440.0), (440.0, 480.0), (480.0, 620.0), (400.0, 450.0), (697.0, 1_209.0)] {
            let Pitch::Two(a, b) = hear(&[low, high]) else { panic!("{low} {high}: {:?}", hear(&[low, high])) };
            assert!((a - low).abs() < 12.0 && (b - high).abs() < 12.0, "{low} {high}: {a} {b}");
        }
        assert_eq!(hear(&[300.0, 600.0, 900.0, 1_200.0]), Pitch::None);
    }
}
