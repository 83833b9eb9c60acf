//! How loud a sound is in 20 bands that lie as ears hear pitch (mel), 200 to 3,600 Hz: the colour by which words differ.

use crate::spectrum::{BIN_HZ, BINS};

/// Half decibels of the mean square in each band.
pub(crate) type Colour = [u8; BANDS];

/// How many bands.
pub(crate) const BANDS: usize = 20;

/// The colour of a spectrum.
pub(crate) fn of(bins: &[f64; BINS]) -> Colour {
    // Between two edges one band ends and the next begins: sums from edge to edge, of the rising band and of all.
    let mut sums = [(0.0, 0.0); BANDS + 1];
    for (power, (between, share)) in bins.iter().zip(&PLACES) {
        if let Some((rising, all)) = sums.get_mut(*between) {
            *rising += power * share;
            *all += power;
        }
    }
    core::array::from_fn(|band| {
        let (rising, (next, all)) = (sums[band].0, sums[band + 1]);
        half_decibels(rising + (all - next))
    })
}

/// Of 1 and more, to 0.03 dB: the platform's logarithm differs in its last bits.
fn half_decibels(power: f64) -> u8 {
    let bits = (power.max(0.0) + 1.0).to_bits();
    let exponent = (bits >> 52) as f64 - 1_023.0;
    let mantissa = f64::from_bits((bits & ((1 << 52) - 1)) | (1_023 << 52));
    let log2 = exponent + (2.0 - mantissa / 3.0) * mantissa - 5.0 / 3.0;
    (log2 * HALF_DECIBELS_OF_TWO) as u8
}

/// After which edge a bin lies, and how far on the way to the next.
static PLACES: [(usize, f64); BINS] = places();

const fn places() -> [(usize, f64); BINS] {
    let mut out = [(usize::MAX, 0.0); BINS];
    let mut k = 0;
    while k < BINS {
        let hz = k as f64 * BIN_HZ;
        let mut edge = 0;
        while edge <= BANDS {
            if hz > EDGES_HZ[edge] && hz <= EDGES_HZ[edge + 1] {
                out[k] = (edge, (hz - EDGES_HZ[edge]) / (EDGES_HZ[edge + 1] - EDGES_HZ[edge]));
            }
            edge += 1;
        }
        k += 1;
    }
    out
}

/// Where each band begins, is widest, and ends: with the first edge, the second and the third, and so on.
const EDGES_HZ: [f64; BANDS + 2] = [
    200.0, 269.6, 344.6, 425.3, 512.3, 606.1, 707.0, 815.8, 933.0, 1_059.3, 1_195.3, 1_341.9, 1_499.7, 1_669.8,
    1_853.1, 2_050.5, 2_263.1, 2_492.2, 2_739.0, 3_004.9, 3_291.4, 3_600.0,
];
/// 20 times the logarithm of 2 to the base of 10.
const HALF_DECIBELS_OF_TWO: f64 = 6.020_6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_loud_in_its_band() {
        let mut bins = [0.0; BINS];
        bins[64] = 1e6;
        let colour = of(&bins);
        let loudest = (0..BANDS).max_by_key(|n| colour[*n]).unwrap_or_default();
        assert!(EDGES_HZ[loudest] < 1_000.0 && EDGES_HZ[loudest + 2] > 1_000.0, "{colour:?}");
        for (power, expected) in [(0.0, 0), (9.0, 20), (99.0, 40), (1e6, 120)] {
            assert!(half_decibels(power).abs_diff(expected) <= 1, "{power}: {}", half_decibels(power));
        }
    }
}
