//! A rate that is learned online: events over the time in which they could have happened.

use core::time::Duration;

use clock::Instant;

/// A learned rate. What it saw counts less with each further observation, and a
/// prior stands in for what it has not seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rate {
    /// Events seen, the older ones for less.
    events: f64,
    /// Exposure in seconds, the older for less.
    exposure_s: f64,
    /// What was seen at the latest moment. Kept apart in whole numbers, so that the order of what happens at one moment
    /// changes nothing: timers of one moment have no order that a restart would keep.
    latest: Latest,
    prior: Prior,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Latest {
    at: Instant,
    observations: i32,
    events: u32,
    exposure_ns: u64,
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
        let latest = Latest { at: Instant::ZERO, observations: 0, events: 0, exposure_ns: 0 };
        Self { events: 0.0, exposure_s: 0.0, latest, prior }
    }

    /// One more observation at `now`: `exposed` passed, and then the event happened, or
    /// it did not (censored: something else ended the observation).
    pub(crate) fn observe(&mut self, now: Instant, exposed: Duration, happened: bool) {
        if now != self.latest.at {
            (self.events, self.exposure_s) = self.with_latest();
            self.latest = Latest { at: now, ..Latest::default() };
        }
        self.latest.observations = self.latest.observations.saturating_add(1);
        self.latest.events = self.latest.events.saturating_add(u32::from(happened));
        let exposed_ns = u64::try_from(exposed.as_nanos()).unwrap_or(u64::MAX);
        self.latest.exposure_ns = self.latest.exposure_ns.saturating_add(exposed_ns);
    }

    /// Exposure that goes on.
    pub(crate) fn expose(&mut self, exposed_s: f64) {
        self.exposure_s += exposed_s;
    }

    /// Events a second; above zero.
    pub(crate) fn per_second(&self) -> f64 {
        self.per_second_after(0.0)
    }

    /// The same with exposure that is not counted yet.
    pub(crate) fn per_second_after(&self, exposed_s: f64) -> f64 {
        let Prior { mean_s, weight, .. } = self.prior;
        let (events, exposure_s) = self.with_latest();
        (events + weight) / (exposure_s + exposed_s + weight * mean_s)
    }

    /// Events seen so far, the older ones for less.
    pub(crate) fn events(&self) -> f64 {
        self.with_latest().0
    }

    fn with_latest(&self) -> (f64, f64) {
        let Latest { observations, events, exposure_ns, .. } = self.latest;
        let kept = (1.0 - 1.0 / self.prior.memory).powi(observations);
        let latest_s = Duration::from_nanos(exposure_ns).as_secs_f64();
        (self.events * kept + f64::from(events), self.exposure_s * kept + latest_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIOR: Prior = Prior { mean_s: 100.0, weight: 4.0, memory: 50.0 };

    fn at(seconds: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn the_order_within_one_moment_says_nothing() {
        let seen =
            [(0.3, true), (7.7, false), (0.1, true)].map(|(seconds, event)| (Duration::from_secs_f64(seconds), event));
        let (mut one, mut other) = (Rate::new(PRIOR), Rate::new(PRIOR));
        seen.iter().for_each(|(exposed, event)| one.observe(at(9), *exposed, *event));
        seen.iter().rev().for_each(|(exposed, event)| other.observe(at(9), *exposed, *event));
        assert_eq!(one, other);
    }

    #[test]
    fn a_rate_begins_with_its_prior_and_ends_with_what_it_sees() {
        let mut rate = Rate::new(PRIOR);
        assert!((rate.per_second() - 0.01).abs() < 1e-12);
        for second in 0..2_000 {
            rate.observe(at(second), Duration::from_secs(5), false);
            rate.observe(at(second), Duration::from_secs(15), true);
        }
        // One event in 20 s; the prior is worth 4 events of about 29.
        assert!((rate.per_second() - (25.0 + 4.0) / (500.0 + 400.0)).abs() < 1e-3, "{}", rate.per_second());
    }

    #[test]
    fn old_observations_are_forgotten() {
        let mut rate = Rate::new(Prior { weight: 0.1, ..PRIOR });
        for second in 0..500 {
            rate.observe(at(second), Duration::from_secs(10), true);
        }
        for second in 500..1_000 {
            rate.observe(at(second), Duration::from_secs(40), true);
        }
        assert!((1.0 / rate.per_second() - 40.0).abs() < 1.0, "{}", rate.per_second());
    }

    #[test]
    fn exposure_without_an_event_lowers_the_rate() {
        let mut rate = Rate::new(PRIOR);
        let before = rate.per_second();
        rate.observe(at(1), Duration::from_secs(60), false);
        assert!(rate.per_second() < before && rate.per_second() > 0.0);
    }
}
