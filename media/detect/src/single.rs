//! Tones one after the other: beeps of recording machines, fax tones, and what three of them in a row make (`sit`).

use crate::tone::{Pitch, Sounding};

/// One tone, as far as it has sounded. Times are in frames of the same count as its owner's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Single {
    /// First frame whose 64 ms were this tone.
    pub(crate) from: u32,
    /// The frame after the last such.
    pub(crate) to: u32,
    /// Mean pitch, Hz.
    pub(crate) hz: f64,
    /// Least and largest level, its first and last frames (half filled windows) left out.
    level: (f64, f64),
    /// Lowest and highest pitch, likewise.
    range_hz: (f64, f64),
    before_hz: f64,
}

impl Single {
    /// How many frames it lasted.
    pub(crate) fn frames(&self) -> u32 {
        self.to - self.from
    }

    /// Whether it lasts, and level and pitch hardly change, as a machine's do and a voice's do not.
    pub(crate) fn is_certain(&self) -> bool {
        self.frames() >= CERTAIN
            && self.level.1 <= self.level.0 * STEADY
            && self.range_hz.1 - self.range_hz.0 <= STEADY_HZ
    }
}

/// The tone that sounds, and the two before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Singles {
    now: u32,
    sounding: Option<Single>,
    before_level: f64,
    past: [Option<Single>; 2],
}

impl Singles {
    /// Takes the next 64 ms; says which tone just ended, if one did.
    pub(crate) fn next(&mut self, heard: Sounding) -> Option<Single> {
        let at = self.now;
        self.now = self.now.saturating_add(1);
        let level = core::mem::replace(&mut self.before_level, heard.level);
        let Pitch::One(hz) = heard.pitch else { return self.end() };
        match &mut self.sounding {
            Some(tone) if (tone.hz - hz).abs() < DRIFT_HZ && heard.level > tone.level.1 * FADED => {
                let n = f64::from(tone.to - tone.from);
                tone.hz = (tone.hz * n + hz) / (n + 1.0);
                tone.to = at + 1;
                // The frame before counts now that it was not the last.
                if tone.frames() > RAMP {
                    tone.level = (tone.level.0.min(level), tone.level.1.max(level));
                    let of = tone.before_hz;
                    tone.range_hz = (tone.range_hz.0.min(of), tone.range_hz.1.max(of));
                }
                tone.before_hz = hz;
                None
            }
            _ => {
                let ended = self.end();
                self.sounding = Some(Single {
                    from: at,
                    to: at + 1,
                    hz,
                    level: (f64::MAX, 0.0),
                    range_hz: (f64::MAX, 0.0),
                    before_hz: hz,
                });
                ended
            }
        }
    }

    /// The tone that sounds now.
    pub(crate) fn sounding(&self) -> Option<Single> {
        self.sounding
    }

    /// The two tones before the one that sounds, older first, if there were two.
    pub(crate) fn past(&self) -> Option<(Single, Single)> {
        Some((self.past[0]?, self.past[1]?))
    }

    fn end(&mut self) -> Option<Single> {
        let ended = self.sounding.take().filter(|tone| tone.frames() >= LEAST);
        if ended.is_some() {
            self.past = [self.past[1], ended];
        }
        ended
    }
}

/// A tone that wanders off by more is another.
const DRIFT_HZ: f64 = 12.0;
/// A quarter of its level is its end (half of a window).
const FADED: f64 = 0.25;
/// Frames until the window is filled.
const RAMP: u32 = 4;
/// 60 ms: shorter ones are chance.
const LEAST: u32 = 3;
/// 100 ms of the same are no vowel.
const CERTAIN: u32 = 5;
/// Pitches of a steady tone lie within 6 Hz.
const STEADY_HZ: f64 = 6.0;
/// Levels of a steady tone lie within 2 dB.
const STEADY: f64 = 1.6;
