//! What becomes of a lead after an attempt.

use clock::WallTime;

use super::lead::{Booked, Done};
use super::tries::Tries;
use crate::campaign::{Outcome, Recycle};

/// What becomes of a lead.
pub struct After;

impl After {
    /// Counts the outcome of an attempt of `number` that ended at `now`, and says when the lead comes again. It is done
    /// when whom we call was reached for good, when it was tried as often as it may be, or when no number is left.
    pub fn attempt(tries: &mut Tries, number: &str, outcome: Outcome, now: WallTime, recycle: &Recycle) -> Booked {
        tries.count(number, outcome, now, recycle);
        let rule = recycle.after(outcome);
        let called = tries.place_of(number);
        let is_used_up = called.is_some_and(|at| tries.is_used_up(at, recycle));
        match rule {
            None if outcome.is_ours() => return Booked::Retry(now + after_ours(tries, outcome)),
            None if outcome.is_of_lead() => return Booked::Done(Done::Outcome),
            _ if tries.counted >= recycle.attempts_max && rule.is_some() => return Booked::Done(Done::Exhausted),
            _ if outcome.is_of_lead() && is_used_up => return Booked::Done(Done::Exhausted),
            Some(again) if !again.next_number && called.is_some() && !is_used_up => {
                return Booked::Retry(now + again.after);
            }
            _ => {}
        }
        // Where there is no such number nobody was rung, and nobody is called twice in a row.
        let soonest = if outcome == Outcome::Unobtainable { now } else { now + Recycle::AFTER_MIN };
        // Behind the one that was called, and round: of those that are due at once the next, then who is due first.
        let first = called.map_or(0, |at| at + 1);
        let count = tries.by_number.len();
        let round = (first..first + count).map(|at| at % count).filter(|at| !tries.is_spent(*at, recycle));
        let due = round.map(|at| (tries.due(at, recycle).map_or(soonest, |due| due.max(soonest)), at));
        match due.min_by_key(|(due, _)| *due) {
            Some(_) if tries.counted >= recycle.attempts_max => Booked::Done(Done::Exhausted),
            Some((due, at)) => {
                tries.number = u8::try_from(at).unwrap_or_default();
                Booked::Retry(due)
            }
            None if rule.is_none() => Booked::Done(Done::Outcome),
            None => Booked::Done(Done::Exhausted),
        }
    }
}

/// How long it waits after what was our fault, the oftener that happened in a row the longer.
fn after_ours(tries: &mut Tries, outcome: Outcome) -> core::time::Duration {
    let times = tries.by_outcome.entry(outcome).or_default();
    let after = Recycle::after_ours(*times);
    *times = times.saturating_add(1);
    after
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::campaign::Again;

    const ONE: &str = "+442071838701";
    const TWO: &str = "+442071838702";
    const THREE: &str = "+442071838703";
    const HOUR: Duration = Duration::from_secs(3_600);
    const START: WallTime = WallTime::from_micros(0);
    const SOON: Duration = Recycle::AFTER_MIN;

    fn tries(numbers: &[&str]) -> Tries {
        let mut tries = Tries::default();
        tries.follow(numbers.iter().copied());
        tries
    }

    fn rule(outcome: Outcome, times: u8, next_number: bool) -> Recycle {
        Recycle { rules: [(outcome, Again { after: HOUR, times, next_number })].into(), attempts_max: 10 }
    }

    #[test]
    fn other_numbers_come_first_then_the_first_again() {
        let recycle = rule(Outcome::NoAnswer, 1, true);
        let mut tries = tries(&[ONE, TWO]);
        let mut end = |number, now| {
            (After::attempt(&mut tries, number, Outcome::NoAnswer, now, &recycle), usize::from(tries.number))
        };
        assert_eq!(end(ONE, START), (Booked::Retry(START + SOON), 1));
        assert_eq!(end(TWO, START + SOON), (Booked::Retry(START + HOUR), 0), "an hour after its own attempt");
        assert_eq!(end(ONE, START + HOUR), (Booked::Retry(START + HOUR + SOON), 1));
        assert_eq!(end(TWO, START + HOUR + SOON), (Booked::Done(Done::Exhausted), 1));
    }

    #[test]
    fn a_bad_number_is_left_alone_and_the_others_are_tried_on() {
        let recycle = Recycle::default();
        for bad in [Outcome::Unobtainable, Outcome::Fax] {
            let mut tries = tries(&[ONE, TWO, THREE]);
            let mut end = |number, outcome, now| After::attempt(&mut tries, number, outcome, now, &recycle);
            assert_eq!(end(ONE, Outcome::NoAnswer, START), Booked::Retry(START + SOON));
            let at_once = if bad == Outcome::Unobtainable { START + SOON } else { START + SOON * 2 };
            assert_eq!(end(TWO, bad, START + SOON), Booked::Retry(at_once));
            assert_eq!(end(THREE, Outcome::NoAnswer, START + SOON * 2), Booked::Retry(START + HOUR * 4));
            assert_eq!(tries.number, 0);
            let alive: Vec<usize> = tries.alive(&recycle).collect();
            assert_eq!(alive, [0, 2], "{bad:?}");
            let round = START + HOUR * 4;
            let mut end = |number, outcome, now| After::attempt(&mut tries, number, outcome, now, &recycle);
            assert_eq!(end(ONE, bad, round), Booked::Retry(round + SOON * 2), "when the third is due");
            assert_eq!(end(THREE, bad, round + SOON * 2), Booked::Done(last_word(bad)), "none is left");
        }
    }

    /// The default rules name what is unobtainable, and not fax machines.
    fn last_word(outcome: Outcome) -> Done {
        if outcome == Outcome::Fax { Done::Outcome } else { Done::Exhausted }
    }

    #[test]
    fn each_number_has_its_own_tries_and_its_own_time() {
        let recycle = rule(Outcome::Busy, 1, false);
        let mut tries = tries(&[ONE, TWO]);
        let mut end =
            |number, now| (After::attempt(&mut tries, number, Outcome::Busy, now, &recycle), usize::from(tries.number));
        assert_eq!(end(ONE, START), (Booked::Retry(START + HOUR), 0), "it stays with the one that is busy");
        assert_eq!(end(ONE, START + HOUR), (Booked::Retry(START + HOUR + SOON), 1), "until that is used up");
        assert_eq!(end(TWO, START + HOUR * 2), (Booked::Retry(START + HOUR * 3), 1));
        assert_eq!(end(TWO, START + HOUR * 3), (Booked::Done(Done::Exhausted), 1));
    }

    #[test]
    fn whoever_was_reached_is_not_tried_by_his_other_numbers() {
        for outcome in [Outcome::Connected, Outcome::Refused, Outcome::MachineMessage, Outcome::Message] {
            let booked = After::attempt(&mut tries(&[ONE, TWO]), ONE, outcome, START, &Recycle::default());
            assert_eq!(booked, Booked::Done(Done::Outcome), "{outcome:?}");
        }
        let (mut tries, recycle) = (tries(&[ONE, TWO]), Recycle::default());
        let mut end = |now| After::attempt(&mut tries, ONE, Outcome::HungUp, now, &recycle);
        assert_eq!(end(START), Booked::Retry(START + HOUR * 24));
        assert_eq!(end(START + HOUR * 24), Booked::Done(Done::Exhausted));
    }

    #[test]
    fn what_is_our_fault_uses_no_try_up() {
        let recycle = Recycle { attempts_max: 1, ..Recycle::default() };
        let mut tries = tries(&[ONE]);
        let mut ours = || After::attempt(&mut tries, ONE, Outcome::Failed, START, &recycle);
        let after: Vec<_> = (0..40).map(|_| ours()).collect();
        assert_eq!(after[0], Booked::Retry(START + SOON));
        assert_eq!(after[1], Booked::Retry(START + SOON * 2));
        assert!(after[5..].iter().all(|after| *after == Booked::Retry(START + Recycle::OURS_MAX)), "never given up");
        assert_eq!(tries.counted, 0);
        assert_eq!(After::attempt(&mut tries, ONE, Outcome::Busy, START, &recycle), Booked::Done(Done::Exhausted));
        assert_eq!(After::attempt(&mut tries, ONE, Outcome::Connected, START, &recycle), Booked::Done(Done::Outcome));
    }

    #[test]
    fn what_came_of_a_number_stays_with_it_when_the_lead_gets_others() {
        let recycle = Recycle::default();
        let mut tries = tries(&[ONE, TWO]);
        After::attempt(&mut tries, ONE, Outcome::Unobtainable, START, &recycle);
        assert_eq!(tries.number, 1);
        tries.follow([THREE, ONE, TWO].into_iter());
        assert_eq!((tries.number, tries.alive(&recycle).collect::<Vec<_>>()), (2, vec![2, 0]));
        tries.follow([ONE].into_iter());
        assert_eq!(tries.alive(&recycle).count(), 0, "only the bad one is left");
        // It was being called when it was taken out: what came of it says nothing of the others.
        let booked = After::attempt(&mut tries, TWO, Outcome::Unobtainable, START, &recycle);
        assert_eq!(booked, Booked::Done(Done::Exhausted));
        tries.follow([THREE].into_iter());
        let booked = After::attempt(&mut tries, TWO, Outcome::Unobtainable, START, &recycle);
        assert_eq!((booked, tries.alive(&recycle).count()), (Booked::Retry(START), 1));
        tries.follow([ONE, TWO].into_iter());
        tries.reset();
        assert_eq!(tries.alive(&recycle).count(), 2, "a reset forgets");
    }

    #[test]
    fn what_an_older_journal_tells_still_holds() {
        // Twice no answer of the lead, its second number comes next.
        let older = Tries { number: 1, by_outcome: [(Outcome::NoAnswer, 2)].into(), ..Tries::default() };
        let recycle = rule(Outcome::NoAnswer, 3, true);
        let (mut open, mut read) = (older.clone(), older);
        open.stand_in(2, TWO);
        let booked = After::attempt(&mut open, TWO, Outcome::NoAnswer, START, &recycle);
        assert_eq!((booked, open.number), (Booked::Retry(START + SOON), 0));
        open.follow([ONE, TWO].into_iter());
        assert_eq!((open.number, open.by_number[1].last.is_some()), (0, true));
        read.follow([ONE, TWO].into_iter());
        assert_eq!(read.number, 1);
        let mut end = |number| After::attempt(&mut read, number, Outcome::NoAnswer, START, &recycle);
        assert_eq!(end(TWO), Booked::Retry(START + SOON));
        end(ONE);
        assert_eq!(end(TWO), Booked::Retry(START + HOUR), "its third retry was its last");
        assert_eq!(end(ONE), Booked::Done(Done::Exhausted));
    }
}
