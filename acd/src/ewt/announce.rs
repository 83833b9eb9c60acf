//! What one caller was told, and what he may be told next: rounded up, and
//! never raised without a cause.

use core::time::Duration;

use super::estimator::Estimate;

/// What one caller was told last about his wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Promise {
    told: Option<Told>,
}

/// A wait as it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The wait: whole half minutes up to five minutes, then whole minutes, then five minutes, then quarter hours.
    pub wait: Duration,
    /// Why it is longer than what was said before, if it is.
    pub raised_by: Option<RaisedBy>,
}

/// What may raise a wait that was announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RaisedBy {
    /// Fewer agents are on duty.
    AgentsLeft,
    /// Calls of higher priority, or with older rights, came before this one.
    OthersCameFirst,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    wait: Duration,
    agents: u32,
    ahead: u32,
}

impl Promise {
    /// Nothing was said yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { told: None }
    }

    /// What to say now. Without a cause it is never more than what was said before.
    pub fn next(&mut self, estimate: &Estimate) -> Announcement {
        let Estimate { upper, agents, ahead, .. } = *estimate;
        let wait = rounded_up(upper);
        let (wait, raised_by) = match self.told {
            Some(told) if wait > told.wait => match cause(told, agents, ahead) {
                Some(cause) => (wait, Some(cause)),
                None => (told.wait, None),
            },
            _ => (wait, None),
        };
        // A cause stays one until the value was raised for it.
        let (agents, ahead) = match self.told {
            Some(told) if raised_by.is_none() => (told.agents.max(agents), told.ahead.min(ahead)),
            _ => (agents, ahead),
        };
        self.told = Some(Told { wait, agents, ahead });
        Announcement { wait, raised_by }
    }
}

fn cause(told: Told, agents: u32, ahead: u32) -> Option<RaisedBy> {
    if agents < told.agents {
        Some(RaisedBy::AgentsLeft)
    } else if ahead > told.ahead {
        Some(RaisedBy::OthersCameFirst)
    } else {
        None
    }
}

/// Up to what people say: finer for short waits.
fn rounded_up(wait: Duration) -> Duration {
    let step_s = match wait.as_secs() {
        0..300 => 30,
        300..900 => 60,
        900..3_600 => 300,
        _ => 900,
    };
    let whole_s = wait.as_millis().div_ceil(1000).max(1);
    let steps = u64::try_from(whole_s.div_ceil(step_s)).unwrap_or(u64::MAX);
    Duration::from_secs(steps.saturating_mul(step_s as u64))
}

#[cfg(test)]
mod tests {
    use super::super::estimator::Basis;
    use super::*;

    fn estimate(upper_s: u64, agents: u32, ahead: u32) -> Estimate {
        let upper = Duration::from_secs(upper_s);
        Estimate { mean: upper, upper, basis: Basis::QueueLength, agents, ahead }
    }

    #[test]
    fn a_wait_is_rounded_up_to_what_people_say() {
        let rounded = |ms| rounded_up(Duration::from_millis(ms)).as_secs();
        let table = [(0, 30), (29_001, 30), (30_001, 60), (299_000, 300), (300_500, 360), (899_999, 900)];
        for (ms, seconds) in table {
            assert_eq!(rounded(ms), seconds, "{ms} ms");
        }
        assert_eq!((rounded(901_000), rounded(3_601_000)), (1_200, 4_500));
    }

    #[test]
    fn a_wait_falls_freely_and_rises_only_with_a_cause() {
        let mut promise = Promise::new();
        let mut say = |upper_s, agents, ahead| {
            let said = promise.next(&estimate(upper_s, agents, ahead));
            (said.wait.as_secs(), said.raised_by)
        };
        assert_eq!(say(100, 5, 4), (120, None));
        assert_eq!(say(200, 5, 3), (120, None), "slower service is no cause");
        assert_eq!(say(50, 6, 2), (60, None));
        assert_eq!(say(100, 5, 2), (120, Some(RaisedBy::AgentsLeft)));
        assert_eq!(say(200, 5, 2), (120, None), "a cause counts once");
        assert_eq!(say(200, 5, 3), (210, Some(RaisedBy::OthersCameFirst)));
    }

    #[test]
    fn a_cause_that_did_not_raise_yet_stays_one() {
        let mut promise = Promise::new();
        promise.next(&estimate(100, 5, 2));
        assert_eq!(promise.next(&estimate(110, 4, 2)).raised_by, None);
        assert_eq!(promise.next(&estimate(150, 4, 2)).raised_by, Some(RaisedBy::AgentsLeft));
    }
}
