//! The period of a voice: the lag at which 64 ms of sound are most like themselves, from the power spectrum
//! (Wiener and Khinchin), 80 to 1,500 Hz.

use crate::spectrum::{BINS, WINDOW, cosine};

/// Period of a voice in samples (20 to 120: 400 to 67 Hz); `None` for what has none.
pub(crate) fn of(bins: &[f64; BINS]) -> Option<f64> {
    let whole: f64 = bins[LOWEST_BIN..HIGHEST_BIN].iter().sum();
    if whole <= 0.0 {
        return None;
    }
    let mut like = [0.0; LAGS];
    for (lag, like) in (SHORTEST..).step_by(STEP).zip(&mut like) {
        *like = at_lag(bins, lag) / whole;
    }
    let most = like.iter().copied().fold(0.0, f64::max);
    if most < VOICED {
        return None;
    }
    // A voice is as much like itself at twice its period: the first lag that is nearly the best is it.
    let first =
        (1..LAGS - 1).find(|n| like[*n] >= most * NEARLY && like[*n] >= like[n - 1] && like[*n] >= like[n + 1])?;
    let (before, at, after) = (like[first - 1], like[first], like[first + 1]);
    let bend = before - 2.0 * at + after;
    let offset = if bend < 0.0 { 0.5 * (before - after) / bend } else { 0.0 };
    Some(SHORTEST as f64 + STEP as f64 * (first as f64 + offset.clamp(-0.5, 0.5)))
}

/// How like itself the sound is after `lag` samples; the window's own part is taken out.
fn at_lag(bins: &[f64; BINS], lag: usize) -> f64 {
    let used = bins.iter().enumerate().take(HIGHEST_BIN).skip(LOWEST_BIN);
    let sum: f64 = used.map(|(k, power)| power * cosine(k * lag)).sum();
    let x = lag as f64 / WINDOW as f64;
    let hann = (1.0 - x) * (2.0 + cosine(lag)) / 3.0 + cosine(WINDOW * 3 / 4 + lag) / core::f64::consts::TAU;
    sum / hann
}

/// 400 Hz down to 67 Hz, every second sample.
const SHORTEST: usize = 20;
const STEP: usize = 2;
const LAGS: usize = 51;
/// 78 to 1,500 Hz.
const LOWEST_BIN: usize = 5;
const HIGHEST_BIN: usize = 96;
/// Half of the power must repeat.
const VOICED: f64 = 0.5;
const NEARLY: f64 = 0.88;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_period_of_harmonics_is_theirs() {
        for hz in [90.0, 130.0, 220.0, 310.0] {
            let wave = |i: usize| {
                (1..8)
                    .map(|n| (core::f64::consts::TAU * hz * f64::from(n) * i as f64 / 8_000.0 + f64::from(n)).sin())
                    .sum()
            };
            let samples: [f64; WINDOW] = core::array::from_fn(wave);
            let period = of(&crate::spectrum::power(&samples)).expect("a voice");
            assert!((8_000.0 / period / hz - 1.0).abs() < 0.02, "{hz}: {}", 8_000.0 / period);
        }
    }
}
