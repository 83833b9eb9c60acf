//! How high a voice is at the end of what it says, against all that it said: questions rise, statements fall.

/// The periods of one voice so far.
#[derive(Clone, Debug)]
pub(crate) struct Melody {
    /// How often each period came, in half samples.
    often: [u16; PERIODS],
    known: u32,
    /// The latest, oldest first.
    last: [u16; LAST],
    /// The shortest at the end of a sentence, but for the last sentence.
    highest_end: u16,
}

impl Default for Melody {
    fn default() -> Self {
        Self { often: [0; PERIODS], known: 0, last: [0; LAST], highest_end: u16::MAX }
    }
}

impl Melody {
    /// Takes the period of a frame, samples.
    pub(crate) fn sing(&mut self, period: f64) {
        let at = self.folded(period * 2.0) as usize;
        let Some(often) = self.often.get_mut(at) else { return };
        *often = often.saturating_add(1);
        self.known = self.known.saturating_add(1);
        self.last.rotate_left(1);
        self.last[LAST - 1] = at as u16;
    }

    /// A sentence is over, and another follows.
    pub(crate) fn pause(&mut self) {
        if self.known >= KNOWN_LEAST {
            self.highest_end = self.highest_end.min(self.end());
        }
    }

    /// How much of the voice was lower than its end, percent; `None` while too little is known.
    pub(crate) fn ending(&self) -> Option<u8> {
        self.higher_than(self.end())
    }

    /// How much of the voice was lower than the highest end of a sentence, percent.
    pub(crate) fn highest_ending(&self) -> Option<u8> {
        self.higher_than(self.end().min(self.highest_end))
    }

    fn end(&self) -> u16 {
        let mut last = self.last;
        last.sort_unstable();
        last[LAST / 2]
    }

    fn higher_than(&self, period: u16) -> Option<u8> {
        if self.known < KNOWN_LEAST {
            return None;
        }
        let end = usize::from(period);
        let lower: u32 = self.often.iter().skip(end + 1).map(|n| u32::from(*n)).sum();
        let like = u32::from(self.often[end.min(PERIODS - 1)]);
        Some(((lower * 2 + like) * 50 / self.known) as u8)
    }

    /// An octave off the middle of what is known is a mistake of what measures.
    fn folded(&self, period: f64) -> f64 {
        if self.known < KNOWN_LEAST {
            return period;
        }
        let mut below = 0;
        let is_middle = |often: &u16| {
            below += u32::from(*often);
            below * 2 >= self.known
        };
        let middle = self.often.iter().position(is_middle).unwrap_or_default() as f64;
        if period > middle * OCTAVE {
            period / 2.0
        } else if period * OCTAVE < middle {
            period * 2.0
        } else {
            period
        }
    }
}

/// Periods up to 125 samples (64 Hz).
const PERIODS: usize = 250;
/// The end is the middle one of the last 60 to 100 ms of voice.
const LAST: usize = 3;
/// 200 ms of voice tell its middle.
const KNOWN_LEAST: u32 = 10;
/// Further from the middle than this it is nearer to its octave.
const OCTAVE: f64 = 1.6;

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(periods: impl IntoIterator<Item = f64>) -> Option<u8> {
        let mut melody = Melody::default();
        periods.into_iter().for_each(|period| melody.sing(period));
        melody.ending()
    }

    #[test]
    fn questions_rise_and_statements_fall() {
        let even = || (0..20).map(|n| 60.0 + f64::from(n % 5));
        assert!(ending(even().chain([50.0; 4])).expect("known") > 90);
        assert!(ending(even().chain([70.0; 4])).expect("known") < 10);
        assert_eq!(ending([60.0; 9]), None);
    }

    #[test]
    fn the_highest_end_is_that_of_any_sentence() {
        let mut melody = Melody::default();
        (0..20).map(|n| 60.0 + f64::from(n % 5)).chain([50.0; 4]).for_each(|period| melody.sing(period));
        melody.pause();
        [70.0; 4].into_iter().for_each(|period| melody.sing(period));
        assert!(melody.ending().expect("known") < 10 && melody.highest_ending().expect("known") > 80);
    }

    #[test]
    fn an_octave_off_is_the_same() {
        assert_eq!(ending([60.0; 20].into_iter().chain([30.0, 120.0, 60.0])), Some(50));
    }
}
