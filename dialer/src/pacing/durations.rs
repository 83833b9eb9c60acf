//! How long something lasts, learned from what was seen: talk and wrap-up.
//!
//! What still lasts is counted too, as having lasted so long (the estimator of
//! Kaplan and Meier, 1958): in the first minutes only short talks are over, and
//! whoever learns from those alone believes that everybody is free at once.

use super::agents::STEPS;

/// A distribution of durations over bins that grow by a constant factor, with
/// slow forgetting and a prior.
#[derive(Clone, Debug)]
pub(super) struct Durations {
    /// Those that got as far as each bin, and are over.
    reached: [f64; BINS],
    /// Those that ended in it.
    ended: [f64; BINS],
    /// Chance to be over before each bin.
    below: [f64; BINS + 1],
    /// Where each bin begins, s.
    edges: [f64; BINS + 1],
}

impl Durations {
    /// Begins with a lognormal belief of this mean (s) and coefficient of variation, worth `PRIOR_WEIGHT` observations.
    pub(super) fn believed(mean_s: f64, cv: f64) -> Self {
        let sigma_squared = (1.0 + cv * cv).ln();
        let mu = mean_s.ln() - sigma_squared / 2.0;
        let mut durations = Self { reached: [0.0; BINS], ended: [0.0; BINS], below: [0.0; BINS + 1], edges: edges() };
        let mut before = 0.0;
        for bin in 0..BINS {
            let until = super::risk::normal_cdf((durations.edges[bin + 1].ln() - mu) / sigma_squared.sqrt());
            durations.reached[bin] = PRIOR_WEIGHT * (1.0 - before);
            durations.ended[bin] = PRIOR_WEIGHT * (until - before);
            before = until;
        }
        durations.refresh([].into_iter());
        durations
    }

    /// One was seen to its end.
    pub(super) fn saw(&mut self, seconds: f64) {
        let last = bin_of(seconds);
        self.reached[..=last].iter_mut().for_each(|reached| *reached += 1.0);
        self.ended[last] += 1.0;
    }

    /// What was seen counts a little less from now.
    pub(super) fn forget(&mut self, keep: f64) {
        self.reached.iter_mut().chain(&mut self.ended).for_each(|weight| *weight *= keep);
    }

    /// Brings the distribution up to date; `ages` are those of what still lasts, s.
    pub(super) fn refresh(&mut self, ages: impl Iterator<Item = f64>) {
        let mut lasting = [0.0; BINS];
        for age in ages {
            lasting[bin_of(age)] += 1.0;
        }
        let mut beyond: f64 = lasting.iter().sum();
        let mut lasts = 1.0;
        for (bin, inside) in lasting.into_iter().enumerate() {
            self.below[bin] = 1.0 - lasts;
            // Who is in the bin now has got through half of it.
            beyond -= inside;
            let at_risk = self.reached[bin] + beyond + inside / 2.0;
            if at_risk > 0.0 {
                lasts *= 1.0 - (self.ended[bin] / at_risk).min(1.0);
            }
        }
        self.below[BINS] = 1.0;
    }

    /// Chance that it is over within `seconds`.
    pub(super) fn within(&self, seconds: f64) -> f64 {
        if seconds <= 0.0 {
            return 0.0;
        }
        let bin = bin_of(seconds);
        let (from, to) = (self.edges[bin], self.edges[bin + 1]);
        let share = ((seconds - from) / (to - from)).clamp(0.0, 1.0);
        self.below[bin] + (self.below[bin + 1] - self.below[bin]) * share
    }

    /// Chance that what has lasted `age` seconds is over within `seconds` more.
    pub(super) fn ends_within(&self, age: f64, seconds: f64) -> f64 {
        let lasts = 1.0 - self.within(age);
        if lasts < LEAST_TAIL {
            // Longer than anything seen: as likely to end as the longest ones were.
            return 1.0 - (-seconds / age.max(1.0)).exp();
        }
        ((self.within(age + seconds) - self.within(age)) / lasts).clamp(0.0, 1.0)
    }

    /// Chances that what has lasted `age` seconds is over in the first, second, ... `step` from now.
    pub(super) fn ends(&self, age: f64, step: f64) -> [f64; STEPS] {
        let before = self.within(age);
        let lasts = 1.0 - before;
        let mut ended = 0.0;
        core::array::from_fn(|nth| {
            let seconds = step * (nth + 1) as f64;
            let until = if lasts < LEAST_TAIL {
                1.0 - (-seconds / age.max(1.0)).exp()
            } else {
                ((self.within(age + seconds) - before) / lasts).clamp(0.0, 1.0)
            };
            let now = until - ended;
            ended = until;
            now
        })
    }
}

fn edges() -> [f64; BINS + 1] {
    let mut edges = [0.0; BINS + 1];
    let mut edge = FIRST_S;
    for place in &mut edges[1..] {
        *place = edge;
        edge *= GROWTH;
    }
    edges
}

fn bin_of(seconds: f64) -> usize {
    if seconds < FIRST_S {
        return 0;
    }
    // A float to integer cast saturates; a duration beyond the last edge is in the last bin.
    let bin = ((seconds / FIRST_S).ln() * BINS_EACH_E) as usize + 1;
    bin.min(BINS - 1)
}

/// Bins: the last begins at 3.5 hours.
const BINS: usize = 64;
/// Where the second bin begins, s.
const FIRST_S: f64 = 1.0;
/// Each bin is so much longer than the one before.
const GROWTH: f64 = 1.166;
/// Bins while a duration grows by the factor e: one over the logarithm of `GROWTH`.
const BINS_EACH_E: f64 = 6.511_303_156_500_426;
/// Observations that the belief at the start is worth.
const PRIOR_WEIGHT: f64 = 12.0;
/// Below this share the tail is too thin to divide by.
const LEAST_TAIL: f64 = 1e-3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_still_lasts_counts() {
        // A hundred talks of 200 s began together; after a minute the few short ones are over.
        let mut learned = Durations::believed(150.0, 1.2);
        (0..10).for_each(|_| learned.saw(30.0));
        learned.refresh((0..90).map(|_| 60.0));
        assert!(learned.within(60.0) < 0.2, "{}", learned.within(60.0));
        learned.refresh(core::iter::empty());
        assert!(learned.within(60.0) > 0.4, "without them it would believe {}", learned.within(60.0));
    }

    #[test]
    fn many_observations_outweigh_the_belief() {
        let mut learned = Durations::believed(150.0, 1.2);
        (0..2_000).for_each(|nth| learned.saw(20.0 + f64::from(nth % 20)));
        learned.refresh(core::iter::empty());
        assert!(learned.within(18.0) < 0.02);
        assert!(learned.within(42.0) > 0.97);
        assert!(learned.ends_within(30.0, 15.0) > 0.95);
    }

    #[test]
    fn longer_than_anything_seen_still_ends() {
        let learned = Durations::believed(10.0, 0.1);
        assert!(learned.ends_within(10_000.0, 1_000_000.0) > 0.9);
    }
}
