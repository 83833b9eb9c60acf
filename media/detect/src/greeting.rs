//! The shape of what is said after the answer: phrases and pauses, from one flag a frame.

use core::fmt;
use core::time::Duration;

use crate::contract::Seconds;
use crate::melody::Melody;
use crate::voice::Voiced;

/// The shape of a greeting. What a person and a machine differ in is mostly how long they speak without a pause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// From the answer to the first word.
    pub lead: Duration,
    /// From the first word to the last so far, pauses included.
    pub span: Duration,
    /// In phrases, pauses left out.
    pub spoken: Duration,
    /// The longest phrase.
    pub longest: Duration,
    /// The first phrase.
    pub opening: Duration,
    /// The longest pause between phrases.
    pub pause: Duration,
    /// How many phrases: runs of speech with pauses of 160 ms or more between them.
    pub phrases: u32,
    /// About how many syllables: peaks of loudness.
    pub syllables: u32,
    /// How much of the voice was lower than its end, percent: much after a question, little after a statement; 50 where
    /// it is not known.
    pub ending: u8,
    /// The same of the highest end of a sentence: sentences are parted by pauses of 300 ms or more.
    pub highest_ending: u8,
    /// Hundred times the logarithm of the odds that a machine speaks, by the words that were heard; 0 after the verdict.
    pub words: i32,
}

impl Features {
    /// A pause between phrases, on average.
    #[must_use]
    pub fn mean_pause(&self) -> Duration {
        self.span.saturating_sub(self.spoken) / self.phrases.saturating_sub(1).max(1)
    }
}

impl fmt::Display for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phrases = if self.phrases == 1 { "phrase" } else { "phrases" };
        write!(f, "spoke {}, about {} syllables in {} {phrases}", Seconds(self.span), self.syllables, self.phrases)?;
        if self.phrases > 1 {
            write!(f, ", the longest of {}, with pauses up to {}", Seconds(self.longest), Seconds(self.pause))?;
        }
        match self.ending {
            0..=24 => f.write_str(", ending low")?,
            25..=59 => {}
            _ => f.write_str(", ending high")?,
        }
        match self.words {
            ..=-100 => f.write_str(", with words of people")?,
            100.. => f.write_str(", with words of recordings")?,
            _ => {}
        }
        write!(f, ", {} after the answer", Seconds(self.lead))
    }
}

/// Phrases so far. Times are in frames since it was made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Phrases {
    now: u32,
    /// The run of voice that is not yet long enough to count: its start, its frames with voice and since without.
    run: Option<Run>,
    first: u32,
    phrase_from: u32,
    /// The frame after the last one with voice.
    last: u32,
    closed: u32,
    longest: u32,
    /// The first phrase, once it is over.
    opening: Option<u32>,
    pause: u32,
    count: u32,
    syllables: u32,
    melody: Melody,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    from: u32,
    voiced: u32,
    gap: u32,
}

impl Phrases {
    /// Takes the next frame's flag.
    pub(crate) fn next(&mut self, Voiced { is_voice, syllables, period }: Voiced) {
        let at = self.now;
        self.now = self.now.saturating_add(1);
        if self.run.is_some() || is_voice {
            self.syllables = self.syllables.saturating_add(u32::from(syllables));
        }
        if !is_voice {
            self.run = self.run.and_then(|run| (run.gap + 1 < RUN_GAP).then_some(Run { gap: run.gap + 1, ..run }));
            return;
        }
        let before = self.run.unwrap_or(Run { from: at, voiced: 0, gap: 0 });
        let run = Run { voiced: before.voiced + 1, gap: 0, ..before };
        self.run = Some(run);
        if run.voiced >= RUN_LEAST {
            self.count_in(run.from, at + 1);
            if let Some(period) = period {
                self.melody.sing(period);
            }
        }
    }

    /// Whether anybody has spoken.
    pub(crate) fn any(&self) -> bool {
        self.count > 0
    }

    /// First frame of the first word, and the frame after the last word.
    pub(crate) fn bounds(&self) -> (u32, u32) {
        (self.first, self.last)
    }

    /// The shape so far.
    pub(crate) fn features(&self) -> Features {
        let open = self.last.saturating_sub(self.phrase_from);
        Features {
            lead: frames(self.first),
            span: frames(self.last.saturating_sub(self.first)),
            spoken: frames(self.closed.saturating_add(open)),
            longest: frames(self.longest.max(open)),
            opening: frames(self.opening.unwrap_or(open)),
            pause: frames(self.pause),
            phrases: self.count,
            syllables: self.syllables,
            ending: self.melody.ending().unwrap_or(50),
            highest_ending: self.melody.highest_ending().unwrap_or(50),
            words: 0,
        }
    }

    fn count_in(&mut self, from: u32, to: u32) {
        let gap = from.saturating_sub(self.last);
        if self.count == 0 {
            (self.first, self.phrase_from, self.count) = (from, from, 1);
        } else if gap >= PHRASE_GAP {
            let closed = self.last.saturating_sub(self.phrase_from);
            self.closed = self.closed.saturating_add(closed);
            self.longest = self.longest.max(closed);
            self.opening.get_or_insert(closed);
            self.pause = self.pause.max(gap);
            if gap >= SENTENCE_GAP {
                self.melody.pause();
            }
            self.phrase_from = from;
            self.count = self.count.saturating_add(1);
        }
        self.last = to;
    }
}

/// So many frames of 20 ms.
pub(crate) fn frames(n: u32) -> Duration {
    Duration::from_millis(u64::from(n) * 20)
}

/// A run of 60 ms of voice is speech; shorter ones are clicks.
const RUN_LEAST: u32 = 3;
/// A run outlives one frame without voice.
const RUN_GAP: u32 = 2;
/// Pauses of 160 ms part phrases; shorter ones are within words (stops).
const PHRASE_GAP: u32 = 8;
/// Pauses of 300 ms part sentences.
const SENTENCE_GAP: u32 = 15;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pattern: &[(bool, u32)]) -> Phrases {
        let mut phrases = Phrases::default();
        pattern.iter().for_each(|(voice, n)| {
            (0..*n).for_each(|_| phrases.next(Voiced { is_voice: *voice, ..Voiced::default() }))
        });
        phrases
    }

    #[test]
    fn stops_part_no_phrases_and_clicks_are_none() {
        let said = of(&[(false, 10), (true, 2), (false, 10), (true, 20), (false, 7), (true, 10), (false, 30)]);
        let features = said.features();
        assert_eq!((features.phrases, said.bounds()), (1, (22, 59)));
        assert_eq!((features.lead, features.span), (frames(22), frames(37)));
    }

    #[test]
    fn pauses_part_phrases() {
        let features = of(&[(true, 20), (false, 15), (true, 50), (false, 8), (true, 5)]).features();
        assert_eq!((features.phrases, features.longest, features.pause), (3, frames(50), frames(15)));
        assert_eq!((features.spoken, features.span), (frames(75), frames(98)));
    }
}
