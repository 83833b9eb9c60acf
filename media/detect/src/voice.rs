//! Whether somebody speaks in a frame: its power between 250 and 2,200 Hz, against the noise of late.
//!
//! The band holds nearly all of a voice's power and half of white noise's, none of a mains hum's. The noise floor is the
//! least power of 40 ms in the last three seconds, which any speech pauses for.

use crate::contract::Frame;

/// The power of frames, and the floor under it.
#[derive(Clone, Debug)]
pub(crate) struct Voice {
    high_pass: Biquad,
    low_pass: Biquad,
    before: f64,
    /// Least power of each 100 ms, newest at `at`.
    least: [f64; SPANS],
    at: usize,
    in_span: usize,
    loudest: f64,
    speaks: bool,
    syllables: Syllables,
}

/// What a frame holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Voiced {
    /// Somebody speaks.
    pub(crate) is_voice: bool,
    /// So many syllables ended in it.
    pub(crate) syllables: u8,
    /// Period of the voice, samples.
    pub(crate) period: Option<f64>,
}

impl Voice {
    pub(crate) fn new() -> Self {
        Self {
            high_pass: Biquad::new(HIGH_PASS),
            low_pass: Biquad::new(LOW_PASS),
            before: f64::MAX,
            least: [f64::MAX; SPANS],
            at: 0,
            in_span: 0,
            loudest: 0.0,
            speaks: false,
            syllables: Syllables::default(),
        }
    }

    /// Takes the next frame and says what it holds.
    pub(crate) fn next(&mut self, frame: &Frame) -> Voiced {
        let mut halves = [0.0; 2];
        for (half, samples) in halves.iter_mut().zip(frame.chunks_exact(frame.len() / 2)) {
            let passed = samples.iter().map(|s| self.low_pass.next(self.high_pass.next(f64::from(*s))));
            *half = passed.map(|s| s * s).sum::<f64>() / samples.len() as f64;
        }
        let power = (halves[0] + halves[1]) / 2.0;
        let smooth = if self.before == f64::MAX { power } else { (power + self.before) / 2.0 };
        self.before = power;
        self.settle(smooth);
        let floor = self.floor();
        self.loudest = (self.loudest * LOUDEST_FALLS).max(smooth);
        let over = if self.speaks { STAYS } else { BEGINS };
        self.speaks = power > floor * over && power > self.loudest * FAINT;
        let least = (floor * SYLLABLE_OVER_FLOOR).max(self.loudest * SYLLABLE_BELOW_LOUDEST);
        let syllables = halves.into_iter().map(|half| u8::from(self.syllables.next(half, least))).sum();
        Voiced { is_voice: self.speaks, syllables, period: None }
    }

    /// The noise floor, mean square.
    fn floor(&self) -> f64 {
        let least = self.least.iter().copied().fold(f64::MAX, f64::min);
        (least * LEAST_TO_MEAN).max(LOWEST_FLOOR)
    }

    fn settle(&mut self, power: f64) {
        if self.in_span == SPAN_FRAMES {
            self.at = (self.at + 1) % SPANS;
            self.least[self.at] = f64::MAX;
            self.in_span = 0;
        }
        self.in_span += 1;
        self.least[self.at] = self.least[self.at].min(power);
    }
}

/// Counts syllables: peaks of power with dips of 3 dB between them (after de Jong and Wempe, 2009).
#[derive(Clone, Debug, Default)]
struct Syllables {
    past: [f64; 2],
    rises: bool,
    extreme: f64,
}

impl Syllables {
    /// Takes the power of 10 ms; says whether a peak above `least` is over.
    fn next(&mut self, power: f64, least: f64) -> bool {
        let smooth = (self.past[0] + 2.0 * self.past[1] + power) / 4.0;
        self.past = [self.past[1], power];
        if self.rises {
            self.extreme = self.extreme.max(smooth);
            if smooth * DIP < self.extreme {
                let counts = self.extreme > least;
                (self.rises, self.extreme) = (false, smooth);
                return counts;
            }
        } else {
            self.extreme = self.extreme.min(smooth);
            if smooth > self.extreme * DIP {
                (self.rises, self.extreme) = (true, smooth);
            }
        }
        false
    }
}

/// A filter of second order (Butterworth), direct form two, transposed.
#[derive(Clone, Debug)]
struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
    s: [f64; 2],
}

impl Biquad {
    const fn new((b, a): ([f64; 3], [f64; 2])) -> Self {
        Self { b, a, s: [0.0; 2] }
    }

    fn next(&mut self, x: f64) -> f64 {
        let y = self.b[0] * x + self.s[0];
        self.s[0] = self.b[1] * x - self.a[0] * y + self.s[1];
        self.s[1] = self.b[2] * x - self.a[1] * y;
        y
    }
}

/// Second-order Butterworth filters at 8 kHz: 250 Hz and up, 2,200 Hz and down.
const HIGH_PASS: ([f64; 3], [f64; 2]) = (
    [0.870_330_779_310_334_4, -1.740_661_558_620_668_8, 0.870_330_779_310_334_4],
    [-1.723_776_172_762_509, 0.757_546_944_478_828_9],
);
const LOW_PASS: ([f64; 3], [f64; 2]) = (
    [0.340_447_980_501_308_4, 0.680_895_961_002_616_7, 0.340_447_980_501_308_4],
    [0.184_213_803_077_535_63, 0.177_578_119_027_698_04],
);

/// 100 ms.
const SPAN_FRAMES: usize = 5;
/// Three seconds: longer than any breath of speech without a dip.
const SPANS: usize = 30;
/// The least of so many measurements of the same noise lies so far below its mean.
const LEAST_TO_MEAN: f64 = 1.3;
/// Voice begins 4 dB above the floor and goes on down to 2.5 dB above it.
const BEGINS: f64 = 2.5;
const STAYS: f64 = 1.8;
/// 30 dB below the loudest of late it is breath or echo.
const FAINT: f64 = 0.001;
/// 3 dB.
const DIP: f64 = 2.0;
/// A syllable's peak is 6 dB above the floor and at most 20 dB below the loudest.
const SYLLABLE_OVER_FLOOR: f64 = 4.0;
const SYLLABLE_BELOW_LOUDEST: f64 = 0.01;
/// The loudest fades by 3 dB a second.
const LOUDEST_FALLS: f64 = 0.986;
/// Mean square (-62 dBFS): what telephones send as silence stays below.
const LOWEST_FLOOR: f64 = 25.0 * 25.0;
