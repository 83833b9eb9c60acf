//! How much more or less people answer than they did on the whole: a factor
//! that follows steps within a minute.

/// A belief about the factor: a grid of its logarithm, filtered by counts.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    belief: [f64; POINTS],
    /// The factor of each point.
    factors: [f64; POINTS],
    /// Where the factor is after a jump.
    jumps: [f64; POINTS],
}

impl Scale {
    /// Nothing is known: about 1.
    pub(super) fn new() -> Self {
        let factors = core::array::from_fn(|at| log_factor(at).exp());
        Self { belief: bell(PRIOR_DEVIATION), factors, jumps: bell(JUMP_DEVIATION) }
    }

    /// `came` answers were seen where `expected` would have been at a factor of 1, over `seconds`.
    pub(super) fn observe(&mut self, came: u32, expected: f64, seconds: f64) {
        self.wander(seconds);
        if expected > 0.0 || came > 0 {
            let expected = expected.max(LEAST_EXPECTED);
            let came = i32::try_from(came).unwrap_or(i32::MAX);
            for (p, factor) in self.belief.iter_mut().zip(self.factors) {
                *p *= (-expected * (factor - 1.0)).exp() * factor.powi(came);
            }
            self.normalize();
        }
    }

    /// The factor to reckon with.
    pub(super) fn mean(&self) -> f64 {
        self.belief.iter().zip(self.factors).map(|(p, factor)| p * factor).sum()
    }

    /// The factor moves by a percent a second, and now and then jumps.
    fn wander(&mut self, seconds: f64) {
        let spread = (WANDER_A_SECOND * WANDER_A_SECOND * seconds / (STEP * STEP) / 2.0).min(0.25);
        let jump = 1.0 - (-seconds / JUMP_EVERY_S).exp();
        let before = self.belief;
        for at in 0..POINTS {
            let lower = before[at.saturating_sub(1)];
            let upper = before[(at + 1).min(POINTS - 1)];
            let stayed = before[at] * (1.0 - 2.0 * spread) + spread * (lower + upper);
            self.belief[at] = stayed * (1.0 - jump) + jump * self.jumps[at];
        }
    }

    fn normalize(&mut self) {
        let sum: f64 = self.belief.iter().sum();
        if sum > 0.0 && sum.is_finite() {
            self.belief.iter_mut().for_each(|p| *p /= sum);
        } else {
            *self = Self::new();
        }
    }
}

fn log_factor(at: usize) -> f64 {
    (at as f64 - (POINTS - 1) as f64 / 2.0) * STEP
}

/// A normal law about a factor of 1, with this deviation of the logarithm.
fn bell(deviation: f64) -> [f64; POINTS] {
    let law: [f64; POINTS] = core::array::from_fn(|at| (-(log_factor(at) / deviation).powi(2) / 2.0).exp());
    let sum: f64 = law.iter().sum();
    law.map(|p| p / sum)
}

/// Points of the grid: from a sixth to sixfold.
const POINTS: usize = 41;
/// Between two points, in the logarithm.
const STEP: f64 = 0.09;
/// Deviation of the first belief, in the logarithm.
const PRIOR_DEVIATION: f64 = 0.7;
/// What the factor moves in a second, in the logarithm: half of itself in an hour. With few agents there is an answer a
/// minute, and who believes in more than this takes chance for change.
const WANDER_A_SECOND: f64 = 0.01;
/// A jump happens about so often ...
const JUMP_EVERY_S: f64 = 1800.0;
/// ... and leads hereabouts, as a deviation of the logarithm from what is usual.
const JUMP_DEVIATION: f64 = 0.5;
/// An answer where none was thought possible is not proof of an infinite factor.
const LEAST_EXPECTED: f64 = 1e-3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_followed_within_a_minute() {
        let mut scale = Scale::new();
        // One answer a second is expected; then twice as many come.
        (0..600).for_each(|_| scale.observe(1, 1.0, 1.0));
        assert!((scale.mean() - 1.0).abs() < 0.15, "{}", scale.mean());
        (0..60).for_each(|_| scale.observe(2, 1.0, 1.0));
        assert!(scale.mean() > 1.6, "{}", scale.mean());
    }

    #[test]
    fn nothing_seen_changes_nothing_much() {
        let mut scale = Scale::new();
        let before = scale.mean();
        (0..100).for_each(|_| scale.observe(0, 0.0, 0.5));
        assert!((scale.mean() - before).abs() < 0.3);
    }
}
