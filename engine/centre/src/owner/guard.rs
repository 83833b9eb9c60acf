//! What catches a panic, counts it, and knows what is quarantined.

use core::time::Duration;
use std::any::Any;
use std::collections::{BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};

use clock::Instant;

use super::Named;

/// What an operator must hear of a broken owner: counted, logged as an error, shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// An assertion broke; the owner was built anew and goes on.
    Broke {
        /// What the input named that was being handled, if anything.
        named: Option<Named>,
        /// What the assertion said.
        why: String,
    },
    /// The same input broke it twice: inputs that name this are refused until it is released or the node restarts.
    Quarantined(Named),
    /// An operator let it be handled again.
    Released(Named),
    /// It broke more than [`BREAKS_A_MINUTE_MAX`] times in a minute, or could not be built anew: the process must end.
    GaveUp,
}

/// One owner's guard.
#[derive(Debug, Default)]
pub(super) struct Guard {
    breaks: VecDeque<Instant>,
    quarantined: BTreeSet<Named>,
    gave_up: bool,
}

impl Guard {
    /// Counts a break at `now`; false when there were too many.
    pub(super) fn may_rebuild(&mut self, now: Instant) -> bool {
        while self.breaks.front().is_some_and(|at| now.since(*at) >= MINUTE) {
            self.breaks.pop_front();
        }
        self.breaks.push_back(now);
        self.breaks.len() <= BREAKS_A_MINUTE_MAX
    }

    pub(super) const fn give_up(&mut self) {
        self.gave_up = true;
    }

    pub(super) const fn has_given_up(&self) -> bool {
        self.gave_up
    }

    /// True when something is quarantined: only then is it worth asking what an input names.
    pub(super) fn bars_anything(&self) -> bool {
        !self.quarantined.is_empty()
    }

    pub(super) fn bars(&self, named: &Named) -> bool {
        self.quarantined.contains(named)
    }

    /// False when it was quarantined before, or as much is as may be: its inputs go on breaking the owner, which the
    /// limit of breaks ends.
    pub(super) fn quarantine(&mut self, named: Named) -> bool {
        self.quarantined.len() < QUARANTINED_MAX && self.quarantined.insert(named)
    }

    /// True when it was quarantined.
    pub(super) fn release(&mut self, named: &Named) -> bool {
        self.quarantined.remove(named)
    }
}

/// Runs `work`; what an assertion said when it broke. Whoever calls drops whatever `work` has changed.
pub(super) fn attempt<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| words_of(payload.as_ref()))
}

fn words_of(payload: &(dyn Any + Send)) -> String {
    let said = payload.downcast_ref::<&str>().map(|words| (*words).to_owned());
    said.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no words".to_owned())
}

const MINUTE: Duration = Duration::from_secs(60);
/// Ten incidents a minute, each tried twice: more means that the fault is in every input, and that a fresh process with
/// its journal read anew is the better chance.
pub const BREAKS_A_MINUTE_MAX: usize = 20;
/// Quarantined things of one owner: far more than the limit of breaks lets through in an hour.
pub const QUARANTINED_MAX: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_assertion_said_is_kept() {
        assert_eq!(attempt(|| 7), Ok(7));
        assert_eq!(attempt(|| panic!("a leg without a call")).map(|()| 0), Err("a leg without a call".to_owned()));
        let broken = attempt(|| assert_eq!(1 + 1, 3, "sums"));
        assert!(broken.is_err_and(|why| why.contains("sums")));
    }

    #[test]
    fn breaks_are_bounded_in_any_minute() {
        let at = |seconds: u64| Instant::from_nanos(seconds * 1_000_000_000);
        let mut guard = Guard::default();
        assert!((0..BREAKS_A_MINUTE_MAX).all(|_| guard.may_rebuild(at(1))));
        assert!(!guard.may_rebuild(at(60)));
        assert!(guard.may_rebuild(at(200)));
    }
}
