//! Draws that the whole simulated world shares.

use core::time::Duration;

use clock::Rng;

/// Evenly between `least` and `most`.
pub(crate) fn between(rng: &mut Rng, least: Duration, most: Duration) -> Duration {
    let span = u64::try_from(most.saturating_sub(least).as_nanos()).unwrap_or(u64::MAX);
    least + Duration::from_nanos(rng.below(span.saturating_add(1)))
}

/// Exponential with this mean, cut at twenty times it.
pub(crate) fn exponential(rng: &mut Rng, mean: Duration) -> Duration {
    let draw = -(1.0 - rng.unit()).ln();
    mean.mul_f64(draw.min(20.0))
}

/// An index below `len`; 0 when there is none.
pub(crate) fn index(rng: &mut Rng, len: usize) -> usize {
    usize::try_from(rng.below(len as u64)).unwrap_or(0)
}

/// One of these numbers, from `least` to `most`.
pub(crate) fn number(rng: &mut Rng, least: u64, most: u64) -> u64 {
    least + rng.below(most.saturating_sub(least) + 1)
}

/// A share between `least` and `most`, or zero in half of all draws: a swarm wants worlds without a fault as much as
/// worlds full of it.
pub(crate) fn share(rng: &mut Rng, least: f64, most: f64) -> f64 {
    let present = rng.chance(0.5);
    let drawn = least + rng.unit() * (most - least);
    if present { drawn } else { 0.0 }
}
