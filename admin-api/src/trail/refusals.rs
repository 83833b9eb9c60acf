//! How often the log is told that somebody was refused: one who tries on and on does not fill it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Trail;

/// When each was told last.
#[derive(Debug, Default)]
pub(crate) struct RefusalLimits(Mutex<BTreeMap<(String, String), Instant>>);

impl RefusalLimits {
    /// True for the first refusal of an operation to somebody within [`ONCE_IN`].
    pub(super) fn may_tell(&self, trail: &Trail, now: Instant) -> bool {
        let Trail(Some(told)) = trail else { return false };
        self.take((told.note.actor_id.clone(), told.note.action.clone()), now)
    }

    fn take(&self, who_what: (String, String), now: Instant) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= MAX_KNOWN {
            told.retain(|_, at| now.saturating_duration_since(*at) < ONCE_IN);
        }
        let is_new = told.get(&who_what).is_none_or(|at| now.saturating_duration_since(*at) >= ONCE_IN);
        let may = is_new && (told.len() < MAX_KNOWN || told.contains_key(&who_what));
        if may {
            told.insert(who_what, now);
        }
        may
    }
}

/// A minute shows that somebody tries, and when he began and ended.
const ONCE_IN: Duration = Duration::from_secs(60);
/// Pairs of somebody and an operation: so many entries a minute are the most there can be.
const MAX_KNOWN: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_who_tries_on_is_told_once_a_minute() {
        let (limits, now) = (RefusalLimits::default(), Instant::now());
        let of = |who: &str, what: &str| (who.to_owned(), what.to_owned());
        assert!(limits.take(of("a", "hang_up"), now));
        assert!(!limits.take(of("a", "hang_up"), now + ONCE_IN / 2));
        assert!(limits.take(of("a", "originate"), now) && limits.take(of("b", "hang_up"), now));
        assert!(limits.take(of("a", "hang_up"), now + ONCE_IN));
        let many = (0..2 * MAX_KNOWN).filter(|who| limits.take(of(&who.to_string(), "x"), now + ONCE_IN)).count();
        assert!(many <= MAX_KNOWN, "{many}");
    }
}
