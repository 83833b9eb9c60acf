//! How often a lead is tried, by the very rules by which the hopper books it again.

use core::time::Duration;

use clock::{Rng, WallTime};

use super::count::Class;
use crate::campaign::{Outcome, Recycle};
use crate::hopper::{After, Booked, Tries};

/// What comes of a dialed number, as shares; the rest rings out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    /// A person answers.
    pub people: f64,
    /// A machine answers.
    pub machines: f64,
    /// It is busy.
    pub busy: f64,
    /// There is no such number.
    pub unobtainable: f64,
}

/// What a lead takes, on average.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Walked {
    /// Times that it is dialed.
    pub calls: f64,
    /// Share of leads of whom somebody is reached.
    pub people: f64,
    /// Times that a machine answers.
    pub machines: f64,
    /// From its first try to its last nine leads of ten take no longer, if nothing else keeps them.
    pub span: Duration,
}

/// Walks leads of a class through the rules; whoever is reached is done.
#[must_use]
pub fn walk(class: Class, shares: &Shares, recycle: &Recycle) -> Walked {
    let mut rng = Rng::new(SEED);
    let (mut calls, mut people, mut machines) = (0_u32, 0_u32, 0_u32);
    let mut spans = Vec::new();
    let numbers: Vec<String> = (0..class.numbers).map(|number| format!("+44207183870{number}")).collect();
    for _ in 0..LEADS {
        let mut tries = Tries { counted: class.tried, ..Tries::default() };
        tries.follow(numbers.iter().map(String::as_str));
        let mut at = WallTime::from_micros(0);
        for _ in 0..Recycle::ATTEMPTS_MAX {
            let outcome = shares.draw(rng.unit());
            calls += 1;
            people += u32::from(outcome == Outcome::Connected);
            machines += u32::from(outcome == Outcome::Machine);
            if outcome == Outcome::Connected {
                break;
            }
            let number = numbers.get(usize::from(tries.number)).map_or("", String::as_str);
            match After::attempt(&mut tries, number, outcome, at, recycle) {
                Booked::Retry(again) | Booked::Callback(again, _) => at = again,
                Booked::Done(_) => break,
            }
        }
        spans.push(at.as_micros());
    }
    spans.sort_unstable();
    let long = spans.get(spans.len() * 9 / 10).copied().unwrap_or_default();
    let share = |count: u32| f64::from(count) / f64::from(LEADS);
    let span = Duration::from_micros(u64::try_from(long).unwrap_or_default());
    Walked { calls: share(calls), people: share(people), machines: share(machines), span }
}

impl Shares {
    /// What comes of a number at this chance, 0 to 1.
    fn draw(&self, chance: f64) -> Outcome {
        let outcomes = [
            (self.people, Outcome::Connected),
            (self.machines, Outcome::Machine),
            (self.busy, Outcome::Busy),
            (self.unobtainable, Outcome::Unobtainable),
        ];
        let mut below = 0.0;
        for (share, outcome) in outcomes {
            below += share;
            if chance < below {
                return outcome;
            }
        }
        Outcome::NoAnswer
    }
}

/// Leads that are walked: the figures of an average are within a percent.
const LEADS: u32 = 10_000;
/// Any: the same leads give the same estimate.
const SEED: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::Again;

    const NOBODY: Shares = Shares { people: 0.0, machines: 0.0, busy: 0.0, unobtainable: 0.0 };

    fn twice(next_number: bool) -> Recycle {
        let again = Again { after: Duration::from_secs(3_600), times: 2, next_number };
        Recycle { rules: [(Outcome::NoAnswer, again)].into(), attempts_max: 100 }
    }

    fn walked(numbers: u8, tried: u32, shares: Shares, recycle: &Recycle) -> Walked {
        walk(Class { numbers, tried }, &shares, recycle)
    }

    #[test]
    fn who_is_never_reached_is_tried_as_often_as_the_rules_say() {
        let once = Recycle { rules: [].into(), attempts_max: 6 };
        assert_eq!(walked(1, 0, NOBODY, &once).calls, 1.0);
        let hours = |hours: u64| Duration::from_secs(hours * 3_600);
        let three = walked(1, 0, NOBODY, &twice(false));
        assert_eq!((three.calls, three.people, three.span), (3.0, 0.0, hours(2)));
        assert_eq!(walked(2, 0, NOBODY, &twice(true)).calls, 6.0, "each of both numbers each time");
        let few = Recycle { attempts_max: 4, ..twice(true) };
        assert_eq!(walked(2, 0, NOBODY, &few).calls, 4.0);
        assert_eq!(walked(2, 3, NOBODY, &few).calls, 1.0, "three are used up");
    }

    #[test]
    fn who_is_reached_is_done() {
        let half = walked(1, 0, Shares { people: 0.5, ..NOBODY }, &twice(false));
        // 1 + 1/2 + 1/4 calls, and an eighth is never reached.
        assert!((half.calls - 1.75).abs() < 0.03 && (half.people - 0.875).abs() < 0.02, "{half:?}");
        let machines = walked(1, 0, Shares { machines: 1.0, ..NOBODY }, &twice(false));
        assert_eq!((machines.calls, machines.machines), (1.0, 1.0), "which no rule tries again");
    }
}
