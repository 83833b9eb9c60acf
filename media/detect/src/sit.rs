//! Special information tones: three tones that rise, low, middle and high (E.180 9; ANSI T1.401 names the reason by
//! which of two pitches the first two have, and which of two lengths).

use crate::contract::Sit;
use crate::single::{Single, Singles};

/// The special information tone whose third tone sounds now, with its pitches.
pub(crate) fn heard(singles: &Singles) -> Option<(Sit, (u16, u16, u16))> {
    let third = singles.sounding().filter(|tone| tone.frames() >= THIRD_LEAST)?;
    let (first, second) = singles.past()?;
    let of_band = |tone: &Single, band: (f64, f64)| band.0 <= tone.hz && tone.hz <= band.1;
    if !(of_band(&first, LOW) && of_band(&second, MIDDLE) && of_band(&third, HIGH)) {
        return None;
    }
    // From one beginning to the next: gaps are at most 30 ms (E.180), and one window is needed to tell.
    let (of_first, of_second) = (second.from - first.from, third.from - second.from);
    let fits = |frames: u32| (TONE_LEAST..=TONE_MOST).contains(&frames);
    let whole = |tone: Single| (tone.hz + 0.5) as u16;
    (fits(of_first) && fits(of_second))
        .then(|| (kind(&first, of_first, &second, of_second, &third), (whole(first), whole(second), whole(third))))
}

fn kind(first: &Single, of_first: u32, second: &Single, of_second: u32, third: &Single) -> Sit {
    if (first.hz - 950.0).abs() < ITU_NEAR && third.hz > ITU_HIGH {
        return Sit::Itu;
    }
    let is_low = first.hz < (913.8 + 985.2) / 2.0;
    let is_low_second = second.hz < (1_370.6 + 1_428.5) / 2.0;
    match (is_low, of_first > LONG_FIRST, is_low_second, of_second > LONG_SECOND) {
        (true, false, true, false) => Sit::Intercept,
        (false, true, true, false) => Sit::VacantCode,
        (true, false, false, true) | (false, false, true, true) => Sit::Reorder,
        (false, true, false, true) | (true, true, true, true) => Sit::NoCircuit,
        (true, true, false, false) => Sit::Ineffective,
        _ => Sit::Itu,
    }
}

/// E.180's pitches and what they may be off (50 Hz), ANSI's within.
const LOW: (f64, f64) = (890.0, 1_010.0);
const MIDDLE: (f64, f64) = (1_340.0, 1_460.0);
const HIGH: (f64, f64) = (1_740.0, 1_860.0);
/// E.180: 330 ms, give or take 70; ANSI: 274 or 380 ms. With a gap and a window.
const TONE_LEAST: u32 = 11;
const TONE_MOST: u32 = 24;
/// 80 ms of the third tone are enough.
const THIRD_LEAST: u32 = 4;
/// Between 274 and 380 ms; the first seems 20 ms longer, as silence lies before it.
const LONG_FIRST: u32 = 17;
const LONG_SECOND: u32 = 16;
/// How far from 950 Hz, and above which third pitch, it is E.180's.
const ITU_NEAR: f64 = 18.0;
const ITU_HIGH: f64 = 1_788.0;
