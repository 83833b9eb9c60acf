//! One target's health: what its answers to OPTIONS say.

use core::time::Duration;

use clock::WallTime;

use super::{HealthConfig, Reason};

/// What is known of one target.
#[derive(Clone, Debug)]
pub(super) struct Health {
    pub(super) up: bool,
    pub(super) reason: Reason,
    /// Since when it is as it is.
    pub(super) since: WallTime,
    answers: u32,
    failures: u32,
}

impl Health {
    /// A target that nobody has asked: nothing speaks against it.
    pub(super) fn new(now: WallTime, is_asked: bool) -> Self {
        let reason = if is_asked { Reason::NotAskedYet } else { Reason::Ok };
        Self { up: true, reason, since: now, answers: 0, failures: 0 }
    }

    /// Takes the status of an answer; `None` when there was none. True when something changed.
    pub(super) fn take(&mut self, now: WallTime, config: &HealthConfig, status: Option<u16>) -> bool {
        let failure = match status {
            None | Some(408) => Some(Reason::Unanswered),
            Some(503) => Some(Reason::Unavailable),
            Some(_) => None,
        };
        let (up, reason) = match failure {
            None => {
                (self.answers, self.failures) = (self.answers.saturating_add(1), 0);
                let up = self.up || self.answers >= config.up_after;
                (up, if up { Reason::Ok } else { self.reason })
            }
            Some(why) => {
                (self.answers, self.failures) = (0, self.failures.saturating_add(1));
                let up = self.up && self.failures < config.down_after;
                (up, if up { self.reason } else { why })
            }
        };
        let changed = (up, reason) != (self.up, self.reason);
        if changed {
            (self.up, self.reason, self.since) = (up, reason, now);
        }
        changed
    }
}

/// How long an answer to OPTIONS may take: a target that needs longer is no use for a call, and three
/// retransmissions (RFC 3261 17.1.2) have had their chance.
pub(super) fn patience(config: &HealthConfig) -> Duration {
    config.interval.min(PATIENCE_MAX)
}

/// Three retransmissions have had their answer by then (0.5, 1.5 and 3.5 s: RFC 3261 17.1.2.2).
const PATIENCE_MAX: Duration = Duration::from_secs(4);

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: HealthConfig = HealthConfig { interval: Duration::from_secs(30), up_after: 2, down_after: 3 };

    #[test]
    fn down_after_three_failures_up_after_two_answers_and_any_answer_counts() {
        let now = WallTime::from_micros(0);
        let mut health = Health::new(now, true);
        assert!(health.up && health.reason == Reason::NotAskedYet);
        assert!(health.take(now, &CONFIG, Some(405)) && health.reason == Reason::Ok);
        for (status, up, reason) in [
            (None, true, Reason::Ok),
            (Some(503), true, Reason::Ok),
            (Some(404), true, Reason::Ok),
            (None, true, Reason::Ok),
            (Some(408), true, Reason::Ok),
            (Some(503), false, Reason::Unavailable),
            (None, false, Reason::Unanswered),
            (Some(200), false, Reason::Unanswered),
            (None, false, Reason::Unanswered),
            (Some(200), false, Reason::Unanswered),
            (Some(200), true, Reason::Ok),
        ] {
            health.take(now, &CONFIG, status);
            assert_eq!((health.up, health.reason), (up, reason), "{status:?}");
        }
    }
}
