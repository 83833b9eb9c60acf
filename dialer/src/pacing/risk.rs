//! The chance that a sum of independent yes-or-no events is at most so much.

/// A sum of independent events, each adding or taking one.
///
/// Small sums are computed exactly; large ones by the normal law with the
/// first correction for skewness (Edgeworth), which is within 0.001 of exact
/// from a variance of `NORMAL_FROM` on.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    mean: f64,
    variance: f64,
    skew: f64,
    /// Chance of each value from `lowest` on, while it is exact.
    exact: Vec<f64>,
    lowest: i64,
    is_exact: bool,
}

impl Sum {
    /// Nothing yet: surely `value`.
    pub(super) fn start(&mut self, value: i64) {
        self.mean = value as f64;
        self.variance = 0.0;
        self.skew = 0.0;
        self.exact.clear();
        self.exact.push(1.0);
        self.lowest = value;
        self.is_exact = true;
    }

    /// One more with chance `p`.
    pub(super) fn gain(&mut self, p: f64) {
        self.add(p, 1.0);
        if self.is_exact {
            self.exact.push(0.0);
            for at in (1..self.exact.len()).rev() {
                self.exact[at] = self.exact[at] * (1.0 - p) + self.exact[at - 1] * p;
            }
            self.exact[0] *= 1.0 - p;
            self.trim();
        }
    }

    /// One less with chance `p`.
    pub(super) fn lose(&mut self, p: f64) {
        self.add(p, -1.0);
        if self.is_exact {
            self.exact.push(0.0);
            self.lowest -= 1;
            for at in (1..self.exact.len()).rev() {
                self.exact[at] = self.exact[at - 1] * (1.0 - p) + self.exact[at] * p;
            }
            self.exact[0] *= p;
            self.trim();
        }
    }

    /// Chance that the sum is at most `value`.
    pub(super) fn at_most(&self, value: i64) -> f64 {
        if self.is_exact {
            let values = self.exact.iter().zip(self.lowest..);
            return values.take_while(|(_, at)| *at <= value).map(|(p, _)| p).sum::<f64>().clamp(0.0, 1.0);
        }
        let deviation = self.variance.sqrt();
        let x = (value as f64 + 0.5 - self.mean) / deviation;
        let skewness = self.skew / (self.variance * deviation);
        (normal_cdf(x) + skewness * (1.0 - x * x) * normal_density(x) / 6.0).clamp(0.0, 1.0)
    }

    fn add(&mut self, p: f64, sign: f64) {
        let spread = p * (1.0 - p);
        self.mean += sign * p;
        self.variance += spread;
        self.skew += sign * spread * (1.0 - 2.0 * p);
        if self.variance >= NORMAL_FROM {
            self.is_exact = false;
        }
    }

    /// Ends that hardly ever happen are cut off.
    fn trim(&mut self) {
        while self.exact.len() > 1 && self.exact[self.exact.len() - 1] < NEGLIGIBLE {
            self.exact.pop();
        }
        let first = self.exact.iter().position(|p| *p >= NEGLIGIBLE).unwrap_or(0);
        if first >= TRIM_FROM {
            self.exact.drain(..first);
            self.lowest += first as i64;
        }
    }
}

/// The standard normal distribution function, within 1e-7 (Abramowitz and Stegun 26.2.17).
pub(super) fn normal_cdf(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let sum =
        t * (0.319_381_530 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let tail = normal_density(x) * sum;
    if x >= 0.0 { 1.0 - tail } else { tail }
}

fn normal_density(x: f64) -> f64 {
    (-x * x / 2.0).exp() * 0.398_942_280_401
}

/// Variance from which on the normal law is good enough.
const NORMAL_FROM: f64 = 9.0;
/// A chance that is not worth computing with.
const NEGLIGIBLE: f64 = 1e-9;
/// Cutting off at the front moves everything, so it waits until it is worth it.
const TRIM_FROM: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    /// The distribution of a sum, by the definition.
    fn exactly(start: i64, gains: &[f64], losses: &[f64], value: i64) -> f64 {
        let mut chances = std::collections::BTreeMap::from([(start, 1.0)]);
        for (p, by) in gains.iter().map(|p| (*p, 1)).chain(losses.iter().map(|p| (*p, -1))) {
            let mut next = std::collections::BTreeMap::new();
            for (at, chance) in chances {
                *next.entry(at).or_insert(0.0) += chance * (1.0 - p);
                *next.entry(at + by).or_insert(0.0) += chance * p;
            }
            chances = next;
        }
        chances.range(..=value).map(|(_, chance)| chance).sum()
    }

    fn sum(start: i64, gains: &[f64], losses: &[f64]) -> Sum {
        let mut sum = Sum::default();
        sum.start(start);
        gains.iter().for_each(|p| sum.gain(*p));
        losses.iter().for_each(|p| sum.lose(*p));
        sum
    }

    #[test]
    fn a_small_sum_is_exact() {
        let (gains, losses) = ([0.1, 0.5, 0.9, 0.03], [0.2, 0.7, 0.01]);
        for value in -5..8 {
            let expected = exactly(1, &gains, &losses, value);
            assert!((sum(1, &gains, &losses).at_most(value) - expected).abs() < 1e-7, "at most {value}");
        }
    }

    #[test]
    fn a_large_sum_is_within_a_tenth_of_a_percent() {
        let gains: Vec<f64> = (0..60).map(|nth| 0.02 + 0.005 * f64::from(nth)).collect();
        let losses: Vec<f64> = (0..200).map(|nth| 0.01 + 0.001 * f64::from(nth % 90)).collect();
        for value in -15..15 {
            let expected = exactly(3, &gains, &losses, value);
            let found = sum(3, &gains, &losses).at_most(value);
            assert!((found - expected).abs() < 1.5e-3, "at most {value}: {found} for {expected}");
        }
    }

    #[test]
    fn the_normal_law_has_its_known_values() {
        for (x, p) in [(0.0, 0.5), (1.0, 0.841_344_7), (-1.959_964, 0.025), (3.0, 0.998_650_1)] {
            assert!((normal_cdf(x) - p).abs() < 2e-7, "{x}");
        }
    }
}
