//! Power of one frequency in a block of samples, for tests and detection.

use crate::SAMPLE_RATE_HZ;

/// Power of `frequency_hz` in 8 kHz samples, as the mean square of a sine of
/// that frequency: a full-scale sine gives about 32767^2 / 2. Zero for no samples.
#[must_use]
pub fn power(samples: &[i16], frequency_hz: f64) -> f64 {
    if samples.is_empty() {
        return 0.0;
    }
    let coefficient = 2.0 * (std::f64::consts::TAU * frequency_hz / f64::from(SAMPLE_RATE_HZ)).cos();
    let (mut s1, mut s2) = (0.0, 0.0);
    for sample in samples {
        let s0 = f64::from(*sample) + coefficient * s1 - s2;
        (s2, s1) = (s1, s0);
    }
    let n = samples.len() as f64;
    let energy = s1 * s1 + s2 * s2 - coefficient * s1 * s2;
    2.0 * energy / (n * n)
}

/// Mean square of all samples: what [`power`] is a part of.
#[must_use]
pub fn total_power(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|s| f64::from(*s) * f64::from(*s)).sum();
    sum / (samples.len().max(1) as f64)
}

/// How many decibels `wanted_hz` lies above `other_hz`; at most 200 either way.
#[must_use]
pub fn ratio_db(samples: &[i16], wanted_hz: f64, other_hz: f64) -> f64 {
    let floor = 1e-10;
    let ratio = (power(samples, wanted_hz) + floor) / (power(samples, other_hz) + floor);
    (10.0 * ratio.log10()).clamp(-200.0, 200.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hz: f64, amplitude: f64, n: usize) -> Vec<i16> {
        let step = std::f64::consts::TAU * hz / f64::from(SAMPLE_RATE_HZ);
        (0..n).map(|i| (amplitude * (step * i as f64).sin()).round() as i16).collect()
    }

    #[test]
    fn a_sine_has_its_power_at_its_frequency() {
        let tone = sine(1_000.0, 10_000.0, 800);
        assert!((power(&tone, 1_000.0) / 5e7 - 1.0).abs() < 0.01);
        assert!((total_power(&tone) / 5e7 - 1.0).abs() < 0.01);
        assert!(ratio_db(&tone, 1_000.0, 440.0) > 60.0);
        assert!(ratio_db(&tone, 440.0, 1_000.0) < -60.0);
    }

    #[test]
    fn silence_has_none() {
        assert_eq!((power(&[], 1_000.0), total_power(&[])), (0.0, 0.0));
        assert_eq!((power(&[0; 160], 1_000.0), ratio_db(&[0; 160], 1.0, 2.0)), (0.0, 0.0));
    }
}
