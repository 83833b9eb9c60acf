//! Person or machine, by the shape of the greeting: a weighted sum of four features, as logistic regression fits it.

use crate::greeting::Features;

/// Person or machine, with percent of confidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) is_machine: bool,
    pub(crate) confidence: u8,
}

/// Judges a complete greeting. In doubt it is a person: the odds against must be [`ODDS`].
pub(crate) fn of_complete(features: &Features) -> Judgement {
    let score = score(features);
    let is_machine = score > ODDS;
    let machine = logistic(score);
    let share = if is_machine { machine } else { 1.0 - machine };
    Judgement { is_machine, confidence: percent(share) }
}

/// Logarithm of the odds that it is a machine.
fn score(features: &Features) -> f64 {
    let s = |d: core::time::Duration| d.as_millis() as f64 / 1_000.0;
    WEIGHTS[0]
        + WEIGHTS[1] * s(features.span).min(8.0)
        + WEIGHTS[2] * s(features.longest).min(4.0)
        + WEIGHTS[3] * s(features.lead).min(2.0)
        + WEIGHTS[4] * s(features.pause).min(0.6)
        + WEIGHTS[5] * f64::from(features.syllables)
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

/// Constant, span, longest phrase, lead and longest pause in seconds, syllables. Fitted by tools/train-detection.py.
const WEIGHTS: [f64; 6] = [-14.71, -0.70, 1.25, 1.76, 15.70, 0.41];
/// How sure a machine must be, as a logarithm of odds.
const ODDS: f64 = 1.2;
