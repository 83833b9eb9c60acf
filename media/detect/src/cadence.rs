//! Tones of the network that come and go: ringback, busy, congestion, and those that stay (E.180 5 to 8).
//!
//! Countries differ in pitch (400, 425, 440 and 480, 480 and 620 Hz ...) more than in rhythm: the rhythm decides.

use crate::contract::Heard;
use crate::tone::{Pitch, Sounding};

/// What a rhythm means, and on which evidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rhythm {
    pub(crate) heard: Heard,
    pub(crate) pitch: Pitch,
    /// Frames that it sounded and paused last.
    pub(crate) on: u32,
    pub(crate) off: u32,
}

/// The tone that comes and goes. Times are in frames.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cadence {
    pitch: Pitch,
    peak: f64,
    is_on: bool,
    /// Length of the state so far, and of what looks like the next state.
    length: u32,
    against: u32,
    /// Frames of another tone of the network.
    other: u32,
    /// On and off, oldest first.
    past: [(u32, u32); PAST],
    known: usize,
}

impl Cadence {
    /// Takes the next 64 ms; says what the rhythm means as far as it is known.
    pub(crate) fn next(&mut self, heard: Sounding) -> Option<Rhythm> {
        let is_progress = in_band(heard.pitch);
        let same = is_progress && (self.pitch == Pitch::None || self.pitch.is_like(heard.pitch));
        let loud = heard.level > self.peak * HALF_WINDOW;
        self.step(same && loud, heard);
        self.other = if is_progress && !same { self.other + 1 } else { 0 };
        if self.other >= OTHER_AFTER {
            *self = Self { pitch: heard.pitch, peak: heard.level, is_on: true, length: self.other, ..Self::default() };
        }
        self.meaning()
    }

    /// Whether a tone of the network sounds, longer than a vowel may seem to be one.
    pub(crate) fn is_running(&self) -> bool {
        self.is_on && self.length >= CERTAIN
    }

    fn step(&mut self, on: bool, heard: Sounding) {
        if self.pitch == Pitch::None {
            if on {
                *self = Self { pitch: heard.pitch, peak: heard.level, is_on: true, length: 1, ..Self::default() };
            }
            return;
        }
        if on {
            self.peak = self.peak.max(heard.level);
            // Two tones that are close look like one until the window is full.
            if matches!(heard.pitch, Pitch::Two(..)) {
                self.pitch = heard.pitch;
            }
        }
        if on == self.is_on {
            self.length = self.length.saturating_add(1 + self.against);
            self.against = 0;
        } else {
            self.against += 1;
            if self.against >= CHANGES {
                self.turn();
            }
        }
        if !self.is_on && self.length > FORGOTTEN {
            *self = Self::default();
        }
    }

    /// The state has changed.
    fn turn(&mut self) {
        let length = core::mem::replace(&mut self.length, self.against);
        self.against = 0;
        if self.is_on && length < ON_LEAST {
            *self = Self::default();
            return;
        }
        if self.is_on {
            self.past.rotate_left(1);
            self.past[PAST - 1] = (length, 0);
            self.known = (self.known + 1).min(PAST);
        } else {
            self.past[PAST - 1].1 = length;
        }
        self.is_on = !self.is_on;
    }

    fn meaning(&self) -> Option<Rhythm> {
        let (on, _) = self.past[PAST - 1];
        let of = |heard, on, off| Some(Rhythm { heard, pitch: self.pitch, on, off });
        if self.is_on {
            return if self.length >= STEADY { of(Heard::Unobtainable, self.length, 0) } else { None };
        }
        if self.known >= 1 && RING_ON.contains(&on) && self.length >= RING_OFF {
            return of(Heard::Ringback, on, self.length);
        }
        if self.known < PAST {
            return None;
        }
        let [(on_1, off_1), (on_2, off_2), (on_3, _)] = self.past;
        let fits = [on_1, off_1, on_2, off_2, on_3].iter().all(|n| BUSY_PART.contains(n));
        let near = |a: u32, b: u32| a.abs_diff(b) <= NEAR;
        let cycle = on_2 + off_2;
        if !fits || !near(on_1, on_3) || !near(on_1 + off_1, cycle) {
            return None;
        }
        // The UK's congestion is the one in which long and short take turns.
        let takes_turns = on_1.abs_diff(on_2) > 2 * NEAR;
        let fast = cycle <= FAST_CYCLE;
        let is_even = near(on_1, on_2) && near(off_1, off_2);
        match (is_even, takes_turns, fast) {
            (true, _, false) => of(Heard::Busy, on_3, off_2),
            (true, _, true) | (_, true, _) => of(Heard::Congestion, on_3, off_2),
            _ => None,
        }
    }
}

fn in_band(pitch: Pitch) -> bool {
    match pitch {
        Pitch::None => false,
        Pitch::One(hz) => LOWEST_HZ < hz && hz < HIGHEST_HZ,
        Pitch::Two(low, high) => LOWEST_HZ < low && high < HIGHEST_HZ,
    }
}

/// A rhythm is known by three tones and the pauses between.
const PAST: usize = 3;
/// Every country's tones are between 350 and 620 Hz, give or take what is measured.
const LOWEST_HZ: f64 = 330.0;
const HIGHEST_HZ: f64 = 650.0;
/// A window half filled has a quarter of the power; then the tone began or ended.
const HALF_WINDOW: f64 = 0.25;
/// 40 ms of the other state are a change, less is noise.
const CHANGES: u32 = 2;
/// 80 ms of another tone make it the one to follow.
const OTHER_AFTER: u32 = 4;
/// 80 ms: shorter tones are none of the network's.
const ON_LEAST: u32 = 4;
/// 160 ms.
const CERTAIN: u32 = 8;
/// Three seconds: the longest ring is two.
const STEADY: u32 = 150;
/// A ring sounds 0.35 to 2.5 s and pauses for at least 1.5 s.
const RING_ON: core::ops::RangeInclusive<u32> = 17..=125;
const RING_OFF: u32 = 75;
/// Busy and congestion: 120 to 660 ms each (E.180 6 and 7).
const BUSY_PART: core::ops::RangeInclusive<u32> = 5..=38;
/// Measured lengths differ by up to 60 ms, the first most.
const NEAR: u32 = 3;
/// Up to 620 ms a cycle it is congestion: 0.25 s on, 0.25 s off; busy has 0.75 to 1 s.
const FAST_CYCLE: u32 = 31;
/// Seven seconds without the tone: it is over.
const FORGOTTEN: u32 = 350;
