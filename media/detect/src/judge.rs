//! Person or machine, by the shape of the greeting and the words heard in it: the sum of what each says (`card`).

use core::time::Duration;

use crate::card::{
    BASE, ENDING, HIGHEST_ENDING, LEAD_MS, LONGEST_MS, MACHINE_FROM, MEAN_PAUSE_MS, OPENING_MS, PAUSE_MS, SHORTEST_MS,
    SPAN_MS, SYLLABLES, WORDS,
};
use crate::greeting::Features;
use crate::words::Heard;

/// Person or machine, with percent of confidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) is_machine: bool,
    pub(crate) confidence: u8,
}

/// Points of one feature: `points[n]` for what is below `below[n]`, the last ones for the rest. A hundred points are a
/// factor of e in the odds that it is a machine.
pub(crate) struct Steps<const N: usize, const M: usize> {
    pub(crate) below: [i32; N],
    pub(crate) points: [i32; M],
}

impl<const N: usize, const M: usize> Steps<N, M> {
    fn of(&self, value: i32) -> i32 {
        let step = self.below.iter().take_while(|limit| value >= **limit).count();
        self.points.get(step).copied().unwrap_or_default()
    }

    fn of_ms(&self, value: Duration) -> i32 {
        self.of(i32::try_from(value.as_millis()).unwrap_or(i32::MAX))
    }
}

/// Judges a complete greeting without a beep. In doubt it is a person: the odds against must be [`MACHINE_FROM`].
pub(crate) fn of_complete(features: &Features) -> Judgement {
    if features.span < SHORTEST_MACHINE {
        return Judgement { is_machine: false, confidence: SHORT_IS_PERSON };
    }
    let score = score(features);
    let is_machine = score >= MACHINE_FROM;
    let machine = logistic(f64::from(score) / 100.0);
    let share = if is_machine { machine } else { 1.0 - machine };
    Judgement { is_machine, confidence: percent(share) }
}

/// Hundred times the logarithm of the odds that it is a machine.
fn score(features: &Features) -> i32 {
    BASE + LEAD_MS.of_ms(features.lead)
        + LONGEST_MS.of_ms(features.longest)
        + OPENING_MS.of_ms(features.opening)
        + PAUSE_MS.of_ms(features.pause)
        + MEAN_PAUSE_MS.of_ms(features.mean_pause())
        + SYLLABLES.of(i32::try_from(features.syllables).unwrap_or(i32::MAX))
        + ENDING.of(i32::from(features.ending))
        + HIGHEST_ENDING.of(i32::from(features.highest_ending))
        + SPAN_MS.of_ms(features.span)
        + features.words
}

/// What the words say that were heard: points of each by the square of how sure it is, so that little counts what may have
/// been something else.
pub(crate) fn of_words(heard: &Heard) -> i32 {
    let square = |sure: u8| i32::from(sure) * i32::from(sure);
    heard.iter().zip(WORDS).map(|(sure, points)| square(*sure) * i32::from(points)).sum::<i32>() / 10_000
}

/// 1 / (1 + e^-x), by squaring: the platform's exponential function differs in its last bits.
fn logistic(x: f64) -> f64 {
    let mut power = 1.0 - x.clamp(-20.0, 20.0) / 4_096.0;
    for _ in 0..12 {
        power *= power;
    }
    1.0 / (1.0 + power)
}

/// 50 to 99 percent.
fn percent(share: f64) -> u8 {
    (share * 100.0).clamp(50.0, 99.0) as u8
}

/// What a machine says before it is silent without a beep takes longer: "hello" says nothing about who says it.
const SHORTEST_MACHINE: Duration = Duration::from_millis(SHORTEST_MS);
/// Percent of the short greetings that are people's, where half of the openings are.
const SHORT_IS_PERSON: u8 = 95;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_end_before_their_limits() {
        let steps = Steps { below: [10, 20], points: [-1, 2, 3] };
        assert_eq!([0, 9, 10, 19, 20, i32::MAX].map(|value| steps.of(value)), [-1, -1, 2, 2, 3, 3]);
    }

    #[test]
    fn a_short_greeting_is_a_person_and_a_long_even_one_a_machine() {
        let hello = Features { span: Duration::from_millis(600), ..Features::default() };
        assert!(!of_complete(&hello).is_machine);
        let message = Features {
            lead: Duration::from_millis(1_200),
            span: Duration::from_millis(6_800),
            spoken: Duration::from_millis(6_100),
            longest: Duration::from_millis(3_000),
            opening: Duration::from_millis(2_200),
            pause: Duration::from_millis(400),
            phrases: 3,
            syllables: 34,
            ending: 3,
            highest_ending: 3,
            words: 0,
        };
        let judged = of_complete(&message);
        assert!(judged.is_machine && judged.confidence > 85, "{judged:?}");
    }
}
