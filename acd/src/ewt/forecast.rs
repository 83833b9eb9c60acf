//! The sum over the calls ahead, once for a whole line.

use core::time::Duration;

/// The rates that decide a wait, in events a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// All serving agents together become free this often: s mu.
    pub service: f64,
    /// A waiting caller gives up this often: theta.
    pub patience: f64,
}

/// Walks along a line from its head: the expected wait of a call with so many
/// before it. Asking in rising order costs one step a call; to ask for fewer than
/// before begins again.
#[derive(Clone, Copy, Debug)]
pub struct Forecast {
    rates: Rates,
    /// Terms summed: i = 0 .. `terms` - 1.
    terms: u32,
    mean_s: f64,
    variance_s2: f64,
}

impl Forecast {
    /// At the head of the line. Rates below one event in a year count as that.
    #[must_use]
    pub const fn new(rates: Rates) -> Self {
        let rates = Rates { service: rates.service.max(MIN_RATE), patience: rates.patience.max(0.0) };
        Self { rates, terms: 0, mean_s: 0.0, variance_s2: 0.0 }
    }

    /// Mean and variance, in seconds, of the wait of a call with `ahead` before
    /// it; a part of a call counts for its part.
    pub fn at(&mut self, ahead: f64) -> (f64, f64) {
        let ahead = if ahead.is_finite() { ahead.clamp(0.0, MAX_AHEAD) } else { 0.0 };
        let whole = ahead as u32 + 1;
        if whole < self.terms {
            *self = Self::new(self.rates);
        }
        while self.terms < whole {
            let mean_s = self.term(self.terms);
            self.mean_s += mean_s;
            self.variance_s2 += mean_s * mean_s;
            self.terms += 1;
        }
        let (part, next_s) = (ahead.fract(), self.term(whole));
        (self.mean_s + part * next_s, self.variance_s2 + part * next_s * next_s)
    }

    /// Mean time until one of the agents or of the `before` callers makes a place free.
    fn term(&self, before: u32) -> f64 {
        1.0 / (self.rates.service + f64::from(before) * self.rates.patience)
    }
}

/// The value that a wait of this mean and variance stays below with the
/// probability that belongs to `normal_quantile`: a sum of exponential times is
/// near to a gamma distribution (Wilson and Hilferty 1931).
pub(crate) fn upper(mean_s: f64, variance_s2: f64, normal_quantile: f64) -> Duration {
    if mean_s <= 0.0 || variance_s2 <= 0.0 {
        return seconds(mean_s);
    }
    let shape = mean_s * mean_s / variance_s2;
    let root = 1.0 - 1.0 / (9.0 * shape) + normal_quantile / (3.0 * shape.sqrt());
    seconds(mean_s * (root * root * root).max(0.0))
}

/// A duration of so many seconds, bounded.
pub(crate) fn seconds(seconds: f64) -> Duration {
    if seconds.is_finite() { Duration::from_secs_f64(seconds.clamp(0.0, MAX_WAIT_S)) } else { Duration::ZERO }
}

/// Lowest rate: one event in a year, so that no division ends in infinity.
const MIN_RATE: f64 = 1.0 / (366.0 * 86_400.0);
/// More calls than an ACD holds ([`crate::Limits`]): the end of the walk.
const MAX_AHEAD: f64 = 1_000_000.0;
/// Longest wait that is ever forecast: a day says "not today".
const MAX_WAIT_S: f64 = 86_400.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_that_of_the_paper_in_any_order() {
        let mut forecast = Forecast::new(Rates { service: 0.5, patience: 0.1 });
        let sum = |ahead: u32| (0..=ahead).map(|i| 1.0 / (0.5 + f64::from(i) * 0.1)).sum::<f64>();
        for ahead in [0, 3, 3, 9, 1, 30] {
            assert!((forecast.at(f64::from(ahead)).0 - sum(ahead)).abs() < 1e-9);
        }
        let between = forecast.at(2.5).0;
        assert!((between - (sum(2) + sum(3)) / 2.0).abs() < 1e-9);
    }

    #[test]
    fn odd_numbers_end_in_a_bounded_wait() {
        for service in [0.0, f64::NAN, f64::INFINITY, -1.0] {
            for ahead in [f64::NAN, -3.0, 1e18, 2.0] {
                let (mean, variance) = Forecast::new(Rates { service, patience: -1.0 }).at(ahead);
                assert!(upper(mean, variance, 0.67) <= Duration::from_secs(86_400));
            }
        }
    }

    #[test]
    fn the_upper_quantile_of_one_and_of_many_exponential_times_is_near_the_exact_one() {
        // One: -ln(1 - 0.75) = 1.386 means. Nine: the 75 % quantile of gamma(9) is 10.80.
        assert!((upper(10.0, 100.0, 0.674_49).as_secs_f64() - 13.86).abs() < 0.1);
        assert!((upper(9.0, 9.0, 0.674_49).as_secs_f64() - 10.80).abs() < 0.02);
    }
}
