//! Summing voices with saturation.

use crate::{FRAME_SAMPLES, Frame};

/// Adds `voice` to a sum of up to 65,535 voices.
pub fn add(sum: &mut [i32; FRAME_SAMPLES], voice: &Frame) {
    sum.iter_mut().zip(voice).for_each(|(s, v)| *s += i32::from(*v));
}

/// The sum as a frame, clipped to 16 bits.
#[must_use]
pub fn saturate(sum: &[i32; FRAME_SAMPLES]) -> Frame {
    let mut out = [0; FRAME_SAMPLES];
    out.iter_mut().zip(sum).for_each(|(o, s)| *o = clip(*s));
    out
}

/// The sum of all voices.
#[must_use]
pub fn sum<'a>(voices: impl IntoIterator<Item = &'a Frame>) -> Frame {
    let mut total = [0; FRAME_SAMPLES];
    voices.into_iter().for_each(|voice| add(&mut total, voice));
    saturate(&total)
}

/// What one listener hears of a conference: everybody but himself. `total` is
/// the unclipped sum of all voices, his own included, so n listeners cost 2n
/// additions and not n squared.
#[must_use]
pub fn all_but(total: &[i32; FRAME_SAMPLES], own: &Frame) -> Frame {
    let mut out = [0; FRAME_SAMPLES];
    out.iter_mut().zip(total).zip(own).for_each(|((o, t), v)| *o = clip(t - i32::from(*v)));
    out
}

fn clip(sample: i32) -> i16 {
    sample.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voices_add_and_saturate() {
        assert_eq!(sum(&[[1_000; 160], [-300; 160]]), [700; 160]);
        assert_eq!(sum(&[[30_000; 160], [30_000; 160]]), [i16::MAX; 160]);
        assert_eq!(sum(&[[-30_000; 160], [-30_000; 160]]), [i16::MIN; 160]);
        assert_eq!(sum(&[]), [0; 160]);
    }

    #[test]
    fn everybody_hears_the_others_even_where_the_sum_would_clip() {
        let voices = [[30_000; 160], [20_000; 160], [-5_000; 160]];
        let mut total = [0; FRAME_SAMPLES];
        voices.iter().for_each(|v| add(&mut total, v));
        assert_eq!(all_but(&total, &voices[0]), [15_000; 160]);
        assert_eq!(all_but(&total, &voices[1]), [25_000; 160]);
        assert_eq!(all_but(&total, &voices[2]), [i16::MAX; 160]);
    }
}
