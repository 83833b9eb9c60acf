//! What one queue has learned, and the wait that follows for a place in its line.

use core::time::Duration;

use clock::Instant;

use super::forecast::{Forecast, Rates, seconds, upper};
use super::rate::{Prior, Rate};

/// The estimator of one queue: learns from each call that leaves, and from the
/// agents whom its calls hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimator {
    service: Rate,
    /// Agents who are held by a call of this queue now.
    held: u32,
    /// Up to when their time is counted.
    counted: Instant,
    patience: Rate,
    /// Mean time that phones ring until they are answered, as an average that forgets.
    ring_s: f64,
    /// Wait of the caller who was answered last (LES), while nobody waits.
    last_wait: Option<Duration>,
}

/// Where a call stands, and who serves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Calls that are served before it: of its queue, and of other queues as far
    /// as they need the same agents (a part of a call for a part of the agents).
    pub ahead: f64,
    /// Agents who serve its queue and are on duty: ready, reserved, on a call or in wrap-up.
    pub agents: u32,
    /// Ready ones among them: with more of them than calls ahead, nobody waits.
    pub ready: u32,
    /// How long the call at the head of the line has waited; `None` when nobody waits.
    pub head_waited: Option<Duration>,
    /// Calls in the line from its head to its end.
    pub length: u32,
}

/// What the estimate stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// An agent is ready: no wait.
    Ready,
    /// QL with abandonment and learned rates.
    QueueLength,
    /// Too little was seen so far: the wait of the head of the line.
    HeadOfLine,
    /// Nothing was seen and nobody waits: usual rates of a call centre.
    Prior,
}

/// An expected wait, from now to the agent's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// The mean.
    pub mean: Duration,
    /// The upper quantile, for announcing: [`UPPER`] of the callers wait no longer.
    pub upper: Duration,
    /// What it stands on.
    pub basis: Basis,
    /// Agents on duty when it was made.
    pub agents: u32,
    /// Calls that are served before, rounded up.
    pub ahead: u32,
}

impl Default for Estimator {
    fn default() -> Self {
        Self::new()
    }
}

impl Estimator {
    /// Nothing learned yet.
    #[must_use]
    pub const fn new() -> Self {
        let (service, patience) = (Rate::new(SERVICE), Rate::new(PATIENCE));
        Self { service, held: 0, counted: Instant::ZERO, patience, ring_s: USUAL_RING_S, last_wait: None }
    }

    /// An agent is held by a call of this queue from now: his phone begins to ring.
    pub fn begin(&mut self, now: Instant) {
        self.count(now);
        self.held = self.held.saturating_add(1);
    }

    /// He is free again: after call and wrap-up (`served`), or as he did not take the call. Time that
    /// agents were held counts as it passes, not when a call ends: so the short calls, which end first, do not make the
    /// service look quicker than it is.
    pub fn free(&mut self, now: Instant, served: bool) {
        self.count(now);
        self.held = self.held.saturating_sub(1);
        if served {
            self.service.observe(now, Duration::ZERO, true);
        }
    }

    /// So many agents are held, counted anew.
    pub(crate) fn recount(&mut self, now: Instant, held: u32) {
        // Nothing is touched where it agrees, so that an owner built anew has the same numbers to the last bit.
        if self.held != held {
            self.count(now);
            self.held = held;
        }
    }

    fn count(&mut self, now: Instant) {
        self.service.expose(self.uncounted_s(now));
        self.counted = self.counted.max(now);
    }

    fn uncounted_s(&self, now: Instant) -> f64 {
        f64::from(self.held) * (now - self.counted).as_secs_f64()
    }

    /// A call was answered after `waited`, of which the phone rang for `rang`.
    pub fn answered(&mut self, now: Instant, waited: Duration, rang: Duration) {
        let (waited, rang) = (waited.min(MAX_OBSERVED), rang.min(MAX_OBSERVED));
        self.patience.observe(now, waited, false);
        self.ring_s += (rang.as_secs_f64() - self.ring_s) / RING_MEMORY;
        self.last_wait = Some(waited);
    }

    /// A caller gave up after `waited`.
    pub fn abandoned(&mut self, now: Instant, waited: Duration) {
        self.patience.observe(now, waited.min(MAX_OBSERVED), true);
    }

    /// A call left otherwise after `waited`: by time, by an agent's hand, by a key. It says only that the caller was
    /// patient so long.
    pub fn left(&mut self, now: Instant, waited: Duration) {
        self.patience.observe(now, waited.min(MAX_OBSERVED), false);
    }

    /// The rates for `agents` on duty.
    #[must_use]
    pub fn rates(&self, now: Instant, agents: u32) -> Rates {
        let service = self.service.per_second_after(self.uncounted_s(now));
        Rates { service: f64::from(agents) * service, patience: self.patience.per_second() }
    }

    /// The wait of the call that stands at `line`; `None` while nobody is on
    /// duty who could serve it: then there is no honest number.
    #[must_use]
    pub fn estimate(&self, now: Instant, line: Line) -> Option<Estimate> {
        self.estimate_in(&mut Forecast::new(self.rates(now, line.agents)), line)
    }

    /// The same along a whole line: `forecast` is of [`Self::rates`] of the same agents.
    #[must_use]
    pub fn estimate_in(&self, forecast: &mut Forecast, line: Line) -> Option<Estimate> {
        if line.agents == 0 {
            return None;
        }
        let ahead = if line.ahead.is_finite() { line.ahead.max(0.0) } else { 0.0 };
        let (mean, upper, basis) = if ahead < f64::from(line.ready) {
            (Duration::ZERO, Duration::ZERO, Basis::Ready)
        } else {
            self.wait(forecast, line, ahead)
        };
        let ring = seconds(self.ring_s);
        let ahead = ahead.ceil() as u32;
        Some(Estimate { mean: mean + ring, upper: upper + ring, basis, agents: line.agents, ahead })
    }

    /// Until the offer: by queue length, or by the head of the line while the service rate is not known.
    fn wait(&self, forecast: &mut Forecast, line: Line, ahead: f64) -> (Duration, Duration, Basis) {
        let by_length = |forecast: &mut Forecast, basis| {
            let (mean_s, variance_s2) = forecast.at(ahead);
            (seconds(mean_s), upper(mean_s, variance_s2, UPPER_NORMAL), basis)
        };
        if self.service.events() >= IDENTIFIABLE {
            return by_length(forecast, Basis::QueueLength);
        }
        // The head came through the whole line in this time, so a call behind so many of it needs as much of it.
        let through = line.head_waited.or(self.last_wait);
        let Some(through) = through.filter(|through| *through >= SHORTEST_HEAD) else {
            return by_length(forecast, Basis::Prior);
        };
        let share = ((ahead + 1.0) / f64::from(line.length.max(1))).min(LONGEST_SHARE);
        let mean_s = through.as_secs_f64() * share;
        // As if as many exponential times were to pass as there are calls.
        let variance_s2 = mean_s * mean_s / (ahead + 1.0);
        (seconds(mean_s), upper(mean_s, variance_s2, UPPER_NORMAL), Basis::HeadOfLine)
    }
}

/// Part of the callers who wait no longer than the upper value.
pub const UPPER: f64 = 0.75;
/// The quantile of the normal distribution for [`UPPER`].
const UPPER_NORMAL: f64 = 0.674_49;

/// A usual call with its wrap-up, worth four calls until there are own ones; a
/// memory of 1,000 calls follows the shifts of a day and averages cv 1 to about 2 %.
const SERVICE: Prior = Prior { mean_s: 240.0, weight: 4.0, memory: 1_000.0 };
/// Usual patience, worth four who give up; a memory of 4,000 callers, of whom a tenth may give up.
const PATIENCE: Prior = Prior { mean_s: 240.0, weight: 4.0, memory: 4_000.0 };
/// Agents freed from which on the service rate is taken for known: a fifth of error in the mean at cv 1.
const IDENTIFIABLE: f64 = 20.0;
/// Seconds that a phone rings until it is answered, before any was seen.
const USUAL_RING_S: f64 = 4.0;
/// Answers after which an old one counts for 1/e.
const RING_MEMORY: f64 = 100.0;
/// A caller who waited longer says no more than that.
const MAX_OBSERVED: Duration = Duration::from_secs(4 * 3600);
/// A head that came just now says nothing of the line.
const SHORTEST_HEAD: Duration = Duration::from_secs(5);
/// A call that stands far beyond the end of the known line: no more than this many times its wait.
const LONGEST_SHARE: f64 = 10.0;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 400_000;
    const LINE: Line = Line { ahead: 3.0, agents: 10, ready: 0, head_waited: None, length: 3 };

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn at(seconds: u64) -> Instant {
        Instant::ZERO + secs(seconds)
    }

    fn serve(estimator: &mut Estimator, from: u64, seconds: u64) {
        estimator.begin(at(from));
        estimator.free(at(from + seconds), true);
    }

    fn learned() -> Estimator {
        let mut estimator = Estimator::new();
        for call in 0..4_000 {
            serve(&mut estimator, call * 100, 100);
            estimator.answered(at(call * 100), secs(30), secs(2));
            estimator.abandoned(at(call * 100), secs(30));
        }
        estimator
    }

    #[test]
    fn learned_rates_give_the_sum_over_the_calls_ahead_and_the_ring() {
        let estimate = learned().estimate(at(NOW), LINE).unwrap();
        let sum: f64 = (0..4).map(|i| 1.0 / (10.0 / 100.0 + f64::from(i) / 60.0)).sum();
        assert_eq!(estimate.basis, Basis::QueueLength);
        assert!((estimate.mean.as_secs_f64() - sum - 2.0).abs() < 1.0, "{estimate:?} {sum}");
        assert!(estimate.upper > estimate.mean);
        assert_eq!((estimate.agents, estimate.ahead), (10, 3));
    }

    #[test]
    fn a_ready_agent_means_no_wait_and_nobody_on_duty_no_number() {
        let ready = learned().estimate(at(NOW), Line { ahead: 0.0, ready: 1, ..LINE }).unwrap();
        assert_eq!((ready.basis, ready.mean), (Basis::Ready, ready.upper));
        assert!(ready.mean < secs(3));
        assert_eq!(learned().estimate(at(NOW), Line { agents: 0, ..LINE }), None);
    }

    #[test]
    fn the_head_of_the_line_stands_in_until_agents_became_free() {
        let mut estimator = Estimator::new();
        let line = Line { head_waited: Some(secs(80)), length: 4, ..LINE };
        let last = estimator.estimate(at(NOW), line).unwrap();
        assert_eq!(last.basis, Basis::HeadOfLine);
        assert!((last.mean.as_secs_f64() - 84.0).abs() < 0.1, "{last:?}");
        let first = estimator.estimate(at(NOW), Line { ahead: 0.0, ..line }).unwrap();
        assert!((first.mean.as_secs_f64() - 24.0).abs() < 0.1, "{first:?}");
        assert_eq!(estimator.estimate(at(NOW), LINE).unwrap().basis, Basis::Prior);
        (0..30).for_each(|call| serve(&mut estimator, call * 100, 100));
        assert_eq!(estimator.estimate(at(NOW), line).unwrap().basis, Basis::QueueLength);
    }

    #[test]
    fn agents_who_are_held_and_not_free_again_slow_the_service() {
        let mut estimator = learned();
        let before = estimator.estimate(at(NOW), LINE).unwrap().mean;
        (0..5).for_each(|_| estimator.begin(at(NOW)));
        assert!(estimator.estimate(at(NOW + 3_600), LINE).unwrap().mean > before);
        estimator.free(at(NOW + 3_600), false);
        assert!(estimator.estimate(at(NOW + 3_600), LINE).unwrap().mean > before);
    }

    #[test]
    fn odd_lines_give_bounded_numbers() {
        for ahead in [f64::NAN, f64::INFINITY, -1.0, 1e12] {
            let estimate = learned().estimate(at(NOW), Line { ahead, ..LINE }).unwrap();
            assert!(estimate.upper <= secs(86_400 + 60), "{estimate:?}");
        }
    }
}
