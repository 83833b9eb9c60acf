//! What becomes of a lead after an attempt.

use clock::WallTime;

use super::lead::{Booked, Done, Lead};
use crate::campaign::{Outcome, Recycle};

/// What becomes of a lead.
pub struct After;

impl After {
    /// Counts the outcome of an attempt that ended at `now`, and says when the lead comes again.
    pub fn attempt(lead: &mut Lead, outcome: Outcome, now: WallTime, recycle: &Recycle) -> Booked {
        let tries = &mut lead.tries;
        tries.last = Some((outcome, now));
        tries.counted = tries.counted.saturating_add(u32::from(!outcome.is_ours()));
        if !outcome.is_ours() {
            tries.by_outcome.retain(|outcome, _| !outcome.is_ours());
        }
        let again = match recycle.after(outcome) {
            Some(again) => again,
            None if outcome.is_ours() => {
                let times = tries.by_outcome.entry(outcome).or_default();
                let after = Recycle::after_ours(*times);
                *times = times.saturating_add(1);
                return Booked::Retry(now + after);
            }
            None => return Booked::Done(Done::Outcome),
        };
        if tries.counted >= recycle.attempts_max {
            return Booked::Done(Done::Exhausted);
        }
        if again.next_number && usize::from(tries.number) + 1 < lead.numbers.len() {
            tries.number += 1;
            return Booked::Retry(now + Recycle::AFTER_MIN);
        }
        let retried = tries.by_outcome.entry(outcome).or_default();
        if *retried >= again.times {
            return Booked::Done(Done::Exhausted);
        }
        *retried += 1;
        if again.next_number {
            tries.number = 0;
        }
        Booked::Retry(now + again.after)
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::super::numbers::NumberHistory;
    use super::*;
    use crate::campaign::Again;

    fn lead(numbers: usize) -> Lead {
        let number = |at| (format!("+4420718387{at:02}"), NumberHistory::default());
        Lead { numbers: (0..numbers).map(number).collect(), ..Lead::default() }
    }

    #[test]
    fn other_numbers_come_first_then_the_first_again() {
        let hour = Duration::from_secs(3_600);
        let recycle = Recycle {
            rules: [(Outcome::NoAnswer, Again { after: hour, times: 1, next_number: true })].into(),
            attempts_max: 10,
        };
        let (mut lead, now) = (lead(2), WallTime::from_micros(0));
        let mut end = || (After::attempt(&mut lead, Outcome::NoAnswer, now, &recycle), lead.tries.number);
        assert_eq!(end(), (Booked::Retry(now + Recycle::AFTER_MIN), 1));
        assert_eq!(end(), (Booked::Retry(now + hour), 0));
        assert_eq!(end(), (Booked::Retry(now + Recycle::AFTER_MIN), 1));
        assert_eq!(end(), (Booked::Done(Done::Exhausted), 1));
    }

    #[test]
    fn what_is_our_fault_uses_no_try_up() {
        let recycle = Recycle { attempts_max: 1, ..Recycle::default() };
        let (mut lead, now) = (lead(1), WallTime::from_micros(0));
        let mut ours = || After::attempt(&mut lead, Outcome::Failed, now, &recycle);
        let after: Vec<_> = (0..40).map(|_| ours()).collect();
        assert_eq!(after[0], Booked::Retry(now + Recycle::AFTER_MIN));
        assert_eq!(after[1], Booked::Retry(now + Recycle::AFTER_MIN * 2));
        assert!(after[5..].iter().all(|after| *after == Booked::Retry(now + Recycle::OURS_MAX)), "never given up");
        assert_eq!(lead.tries.counted, 0);
        assert_eq!(After::attempt(&mut lead, Outcome::Busy, now, &recycle), Booked::Done(Done::Exhausted));
        assert_eq!(After::attempt(&mut lead, Outcome::Connected, now, &recycle), Booked::Done(Done::Outcome));
    }
}
