//! What a limit's windows hold: people who answered, and those of them who were abandoned.
//!
//! They are counted by whoever keeps the campaign's ledger, outlive days and restarts, and come to the pacing before each
//! tick. People called machines are in neither count: their share is the audited estimate.

use super::contract::Rules;

/// People who answered, and those who got no agent in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// People who answered, the abandoned ones included.
    pub people: u64,
    /// Of them: abandoned.
    pub abandoned: u64,
}

/// The counts of every window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The last 30 days.
    pub month: Count,
    /// The last 24 hours.
    pub day: Count,
    /// The running day.
    pub today: Count,
    /// The running hour.
    pub hour: Count,
}

impl Counts {
    /// Another abandoned call would break the limit of a window: numbers are dialled for idle agents alone until more
    /// people have been served. `agents` are those at work.
    #[must_use]
    pub fn is_spent(&self, rules: &Rules, agents: u32) -> bool {
        let strict = || self.day.left(rules, STRICT_DEVIATIONS, agents, STRICT_FIRST_PEOPLE) < STRICT_RESERVE;
        (rules.strict_day && strict()) || self.month.left(rules, 0.0, agents, FIRST_PEOPLE) < 1.0
    }
}

impl Count {
    /// Abandoned calls that the cap would still allow, with detection errors so many standard deviations above their mean,
    /// and some more as long as fewer than `first_people` for each agent have answered.
    fn left(&self, rules: &Rules, deviations: f64, agents: u32, first_people: f64) -> f64 {
        let (errors, agents) = (rules.people_called_machines, f64::from(agents.max(1)));
        // Those called machines answered too, and nobody counted them.
        let people = self.people as f64 / (1.0 - errors);
        let called_machines = people * errors + deviations * (people * errors * (1.0 - errors)).sqrt();
        let at_first = (FIRST + FIRST_OF_AGENT * agents) * (1.0 - people / (first_people * agents)).max(0.0);
        rules.target_abandon * people + at_first - called_machines - self.abandoned as f64
    }
}

/// The first calls prove nothing: so many more may be abandoned, less and less ...
const FIRST: f64 = 4.0;
/// ... and so many more for each agent: they all begin at once, when nothing is known yet, and whom they talk with is
/// counted when he has hung up ...
const FIRST_OF_AGENT: f64 = 0.25;
/// ... and none from so many people for each agent on: a day and a half of talks of three minutes ...
const FIRST_PEOPLE: f64 = 200.0;
/// ... and where each day counts, before its end.
const STRICT_FIRST_PEOPLE: f64 = 100.0;
/// What must be left of a day: numbers that ring when it is spent may be abandoned too.
const STRICT_RESERVE: f64 = 2.0;
/// Detection errors of a day above their mean, in standard deviations: one day in a hundred has more.
const STRICT_DEVIATIONS: f64 = 2.33;

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    fn rules(strict_day: bool, people_called_machines: f64) -> Rules {
        let connect_limit = Duration::from_secs(2);
        Rules { target_abandon: 0.03, connect_limit, max_lines: 100, people_called_machines, strict_day }
    }

    fn month(people: u64, abandoned: u64) -> Counts {
        Counts { month: Count { people, abandoned }, ..Counts::default() }
    }

    #[test]
    fn the_last_abandoned_call_that_is_allowed_is_the_last() {
        assert!(!month(20_000, 599).is_spent(&rules(false, 0.0), 10));
        assert!(month(20_000, 600).is_spent(&rules(false, 0.0), 10));
        // One percent of those who answered are called machines: a third of what is allowed.
        assert!(!month(19_800, 399).is_spent(&rules(false, 0.01), 10));
        assert!(month(19_800, 400).is_spent(&rules(false, 0.01), 10));
    }

    #[test]
    fn the_first_answers_prove_nothing() {
        assert!(!month(0, 0).is_spent(&rules(true, 0.0), 10));
        assert!(!month(20, 5).is_spent(&rules(false, 0.0), 10));
        assert!(month(20, 7).is_spent(&rules(false, 0.0), 10));
    }

    #[test]
    fn a_day_counts_by_itself_where_it_is_strict() {
        let counts = Counts { day: Count { people: 1_000, abandoned: 40 }, ..month(20_000, 300) };
        assert!(!counts.is_spent(&rules(false, 0.0), 10));
        assert!(counts.is_spent(&rules(true, 0.0), 10));
    }
}
