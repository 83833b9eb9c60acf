//! A rate that is learned online: events over the time in which they could have happened.

use core::time::Duration;

/// A learned rate. What it saw counts less with each further observation, and a
/// prior stands in for what it has not seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rate {
    /// Events seen, the older ones for less.
    events: f64,
    /// Exposure in seconds, the older for less.
    exposure_s: f64,
    prior: Prior,
}

/// What is believed before anything was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Prior {
    /// Mean time to an event, in seconds.
    pub(crate) mean_s: f64,
    /// How many events this belief is worth.
    pub(crate) weight: f64,
    /// Observations after which an old one counts for 1/e.
    pub(crate) memory: f64,
}

impl Rate {
    /// Nothing seen yet.
    pub(crate) const fn new(prior: Prior) -> Self {
        Self { events: 0.0, exposure_s: 0.0, prior }
    }

    /// One more observation: `exposed` passed, and then the event happened, or
    /// it did not (censored: something else ended the observation).
    pub(crate) fn observe(&mut self, exposed: Duration, happened: bool) {
        self.forget();
        self.events += f64::from(u8::from(happened));
        self.exposure_s += exposed.as_secs_f64();
    }

    /// Exposure that goes on.
    pub(crate) fn expose(&mut self, exposed_s: f64) {
        self.exposure_s += exposed_s;
    }

    /// The event happened, its exposure is counted already.
    pub(crate) fn happen(&mut self) {
        self.forget();
        self.events += 1.0;
    }

    fn forget(&mut self) {
        let kept = 1.0 - 1.0 / self.prior.memory;
        self.events *= kept;
        self.exposure_s *= kept;
    }

    /// Events a second; above zero.
    pub(crate) fn per_second(&self) -> f64 {
        self.per_second_after(0.0)
    }

    /// The same with exposure that is not counted yet.
    pub(crate) fn per_second_after(&self, exposed_s: f64) -> f64 {
        let Prior { mean_s, weight, .. } = self.prior;
        (self.events + weight) / (self.exposure_s + exposed_s + weight * mean_s)
    }

    /// Events seen so far, the older ones for less.
    pub(crate) const fn events(&self) -> f64 {
        self.events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIOR: Prior = Prior { mean_s: 100.0, weight: 4.0, memory: 50.0 };

    #[test]
    fn a_rate_begins_with_its_prior_and_ends_with_what_it_sees() {
        let mut rate = Rate::new(PRIOR);
        assert!((rate.per_second() - 0.01).abs() < 1e-12);
        for _ in 0..2_000 {
            rate.observe(Duration::from_secs(5), false);
            rate.observe(Duration::from_secs(15), true);
        }
        // One event in 20 s; the prior is worth 4 events of about 29.
        assert!((rate.per_second() - (25.0 + 4.0) / (500.0 + 400.0)).abs() < 1e-3, "{}", rate.per_second());
    }

    #[test]
    fn old_observations_are_forgotten() {
        let mut rate = Rate::new(Prior { weight: 0.1, ..PRIOR });
        for _ in 0..500 {
            rate.observe(Duration::from_secs(10), true);
        }
        for _ in 0..500 {
            rate.observe(Duration::from_secs(40), true);
        }
        assert!((1.0 / rate.per_second() - 40.0).abs() < 1.0, "{}", rate.per_second());
    }

    #[test]
    fn exposure_without_an_event_lowers_the_rate() {
        let mut rate = Rate::new(PRIOR);
        let before = rate.per_second();
        rate.observe(Duration::from_secs(60), false);
        assert!(rate.per_second() < before && rate.per_second() > 0.0);
    }
}
