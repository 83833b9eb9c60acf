//! Calls put together from speech, silence, tones and noise, as G.711 brings them.

use clock::Rng;
use detect::{FRAME_SAMPLES, Frame};
use rtp_core::g711::Law;
use rtp_core::wav::Wav;

/// Samples of a call, before noise and coding.
#[derive(Default)]
pub(crate) struct Sound {
    samples: Vec<f64>,
}

/// Colours of noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noise {
    /// The same power at every frequency.
    White,
    /// 3 dB less each octave: rooms, streets.
    Pink,
    /// Mains hum of 50 Hz with its harmonics, and a little white noise.
    Hum,
}

impl Sound {
    /// Samples of a WAV file.
    pub(crate) fn from_wav(bytes: &[u8]) -> Self {
        let wav = Wav::parse(bytes).expect("a WAV file of 8 kHz");
        Self { samples: wav.mono().map(f64::from).collect() }
    }

    /// Seconds so far.
    pub(crate) fn seconds(&self) -> f64 {
        self.samples.len() as f64 / RATE
    }

    /// Appends silence.
    pub(crate) fn silence(&mut self, seconds: f64) {
        self.samples.resize(self.samples.len() + count(seconds), 0.0);
    }

    /// Appends speech without its first seconds, brought to a level (root of the mean square of its louder parts).
    pub(crate) fn speech(&mut self, speech: &Self, clipped_s: f64, rms: f64) {
        let gain = rms / speech.active_rms();
        self.samples
            .extend(speech.samples.iter().skip(count(clipped_s)).map(|s| (s * gain).clamp(-32_000.0, 32_000.0)));
    }

    /// Appends a tone with ramps of 5 ms.
    pub(crate) fn tone(&mut self, hz: &[f64], seconds: f64, rms: f64) {
        let (n, ramp) = (count(seconds), count(0.005));
        let peak = rms * (2.0 / hz.len() as f64).sqrt();
        self.samples.extend((0..n).map(|i| {
            let edge = (i.min(n - 1 - i) as f64 / ramp as f64).min(1.0);
            hz.iter().map(|hz| edge * peak * (core::f64::consts::TAU * hz * i as f64 / RATE).sin()).sum::<f64>()
        }));
    }

    /// Adds noise of a level to all of it.
    pub(crate) fn noise(&mut self, kind: Noise, rms: f64, rng: &mut Rng) {
        let mut pink = [0.0; 3];
        for (i, sample) in self.samples.iter_mut().enumerate() {
            let white = gauss(rng);
            *sample += rms
                * match kind {
                    Noise::White => white,
                    Noise::Pink => pinked(&mut pink, white),
                    Noise::Hum => hum(i) + 0.1 * white,
                };
        }
    }

    /// Whole frames, through G.711.
    pub(crate) fn frames(&self, law: Law) -> Vec<Frame> {
        let coded = |s: &f64| law.decode(law.encode(s.round().clamp(-32_768.0, 32_767.0) as i16));
        let samples: Vec<i16> = self.samples.iter().map(coded).collect();
        samples.as_chunks::<FRAME_SAMPLES>().0.to_vec()
    }

    /// Level of what is within 20 dB of the loudest 20 ms.
    fn active_rms(&self) -> f64 {
        let powers: Vec<f64> =
            self.samples.chunks(FRAME_SAMPLES).map(|c| c.iter().map(|s| s * s).sum::<f64>() / c.len() as f64).collect();
        let loudest = powers.iter().copied().fold(1.0, f64::max);
        let active: Vec<f64> = powers.into_iter().filter(|p| *p > loudest / 100.0).collect();
        (active.iter().sum::<f64>() / active.len().max(1) as f64).sqrt().max(1.0)
    }
}

/// Kellet's filter of three poles, scaled to a root mean square of about one.
fn pinked(state: &mut [f64; 3], white: f64) -> f64 {
    state[0] = 0.997_65 * state[0] + white * 0.099_046;
    state[1] = 0.963 * state[1] + white * 0.296_516_4;
    state[2] = 0.57 * state[2] + white * 1.052_691_3;
    (state.iter().sum::<f64>() + white * 0.184_8) / 2.6
}

fn hum(i: usize) -> f64 {
    let at = |hz: f64, part: f64| part * (core::f64::consts::TAU * hz * i as f64 / RATE).sin();
    at(50.0, 1.2) + at(150.0, 0.6) + at(250.0, 0.2)
}

/// A normal number of mean 0 and variance 1 (sum of twelve even ones).
fn gauss(rng: &mut Rng) -> f64 {
    (0..12).map(|_| rng.unit()).sum::<f64>() - 6.0
}

fn count(seconds: f64) -> usize {
    (seconds * RATE).round().max(0.0) as usize
}

const RATE: f64 = 8_000.0;
