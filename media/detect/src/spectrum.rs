//! The power spectrum of 64 ms of sound: a Fourier transform of 512 real samples under a Hann window.
//!
//! Sines come from a table made at compile time by a series, not from the platform's library, whose last bits differ.

/// Samples of one window.
pub(crate) const WINDOW: usize = 512;
/// Bins of the spectrum: 0 to 4,000 Hz.
pub(crate) const BINS: usize = WINDOW / 2;
/// Width of a bin, Hz.
pub(crate) const BIN_HZ: f64 = 8_000.0 / WINDOW as f64;

/// Power of each bin, scaled so that the bins of a signal sum up to its mean square.
pub(crate) fn power(samples: &[f64; WINDOW]) -> [f64; BINS] {
    // Even samples as real, odd ones as imaginary parts: one transform of half the length.
    let mut z = [(0.0, 0.0); BINS];
    for (i, pair) in samples.as_chunks::<2>().0.iter().enumerate() {
        z[reversed(i)] = (pair[0] * hann(2 * i), pair[1] * hann(2 * i + 1));
    }
    transform(&mut z);
    let mut bins = [0.0; BINS];
    for (k, bin) in bins.iter_mut().enumerate() {
        let (re, im) = z[k];
        let (mre, mim) = z[(BINS - k) % BINS];
        let (even_re, even_im) = ((re + mre) / 2.0, (im - mim) / 2.0);
        let (odd_re, odd_im) = ((im + mim) / 2.0, (mre - re) / 2.0);
        let (c, s) = (COS[k], -SIN[k]);
        let x_re = even_re + c * odd_re - s * odd_im;
        let x_im = even_im + c * odd_im + s * odd_re;
        *bin = (x_re * x_re + x_im * x_im) * SCALE;
    }
    bins
}

/// The transform of the permuted values, in place (Cooley and Tukey, 1965).
fn transform(z: &mut [(f64, f64); BINS]) {
    let mut half = 1;
    while half < BINS {
        let stride = WINDOW / (2 * half);
        for start in (0..BINS).step_by(2 * half) {
            for j in 0..half {
                let (c, s) = (COS[j * stride], -SIN[j * stride]);
                let (a, b) = (z[start + j], z[start + j + half]);
                let t = (b.0 * c - b.1 * s, b.0 * s + b.1 * c);
                z[start + j] = (a.0 + t.0, a.1 + t.1);
                z[start + j + half] = (a.0 - t.0, a.1 - t.1);
            }
        }
        half *= 2;
    }
}

/// `at` with its eight bits in reverse order.
fn reversed(at: usize) -> usize {
    usize::from((at as u8).reverse_bits())
}

/// Cosine of `k`/512 of a turn.
pub(crate) fn cosine(k: usize) -> f64 {
    let k = k % WINDOW;
    if k < BINS { COS[k] } else { -COS[k - BINS] }
}

fn hann(n: usize) -> f64 {
    0.5 - 0.5 * cosine(n)
}

/// Both halves of the spectrum, over the sum of the squared window (3/8 of its length).
const SCALE: f64 = 2.0 / (WINDOW as f64 * WINDOW as f64 * 0.375);

/// Cosine and sine of k/512 of a turn, for half a turn.
static COS: [f64; BINS] = table(WINDOW / 4);
static SIN: [f64; BINS] = table(0);

/// Sines from `ahead`/512 of a turn on.
const fn table(ahead: usize) -> [f64; BINS] {
    let mut out = [0.0; BINS];
    let mut k = 0;
    while k < BINS {
        let at = k + ahead;
        // Folded into the first quarter, where the series converges fast.
        let (folded, sign) = if at > BINS { (at - BINS, -1.0) } else { (at, 1.0) };
        let near = if folded > BINS / 2 { BINS - folded } else { folded };
        out[k] = sign * sine(core::f64::consts::TAU * near as f64 / WINDOW as f64);
        k += 1;
    }
    out
}

/// Taylor's series, for 0 to a quarter of a turn.
const fn sine(x: f64) -> f64 {
    let (mut term, mut sum, mut n) = (x, x, 1.0);
    while n < 24.0 {
        term = -term * x * x / ((n + 1.0) * (n + 2.0));
        sum += term;
        n += 2.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_the_librarys_to_the_last_digits() {
        for k in 0..BINS {
            let angle = core::f64::consts::TAU * k as f64 / WINDOW as f64;
            assert!((COS[k] - angle.cos()).abs() < 1e-14 && (SIN[k] - angle.sin()).abs() < 1e-14, "{k}");
        }
    }

    #[test]
    fn a_sine_stands_in_its_bins_and_power_is_kept() {
        let step = core::f64::consts::TAU * 1_000.0 / 8_000.0;
        let mut samples = [0.0; WINDOW];
        samples.iter_mut().enumerate().for_each(|(i, s)| *s = 1_000.0 * (step * i as f64 + 0.3).sin());
        let bins = power(&samples);
        let lobe: f64 = bins[62..=66].iter().sum();
        let all: f64 = bins.iter().sum();
        assert!((all / 500_000.0 - 1.0).abs() < 0.01, "{all}");
        assert!(lobe / all > 0.9999);
    }
}
