//! The rule sets that there are. None of them is legal advice, and each clause says itself where it stands.

mod canada;
mod neutral;
mod uk;
mod us;
mod us_states;

pub use canada::CANADA;
pub use neutral::NEUTRAL;
pub use uk::UK;
pub use us::US;

use core::time::Duration;

use super::calendar::Day;
use super::rule_set::{Binds, Clause, Demand, RuleSet};

/// All of them.
pub const RULE_SETS: [&RuleSet; 4] = [&NEUTRAL, &US, &UK, &CANADA];

/// The clause of this id, whichever rule set it is of.
#[must_use]
pub fn clause_named(id: &str) -> Option<&'static Clause> {
    RULE_SETS.iter().flat_map(|set| set.clauses).find(|clause| clause.id == id)
}

/// A clause that holds in the whole territory.
const fn clause(id: &'static str, says: &'static str, source: &'static str, effective: Day, demand: Demand) -> Clause {
    Clause { id, says, source, effective, binds: Binds::Campaigns, regions: &[], demand }
}

impl Clause {
    /// It binds what agents dial too.
    const fn and_agents(self) -> Self {
        Self { binds: Binds::Sales, ..self }
    }

    /// It holds in these regions only.
    const fn only_in(self, regions: &'static [&'static str]) -> Self {
        Self { regions, ..self }
    }
}

const fn day(year: i16, month: i8, day: i8) -> Day {
    Day { year, month, day }
}

const fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3_600)
}

const LIVE_AFTER_ABANDONED: Demand = Demand::AgentAfterAbandoned(hours(72));
const LIVE_AFTER_MACHINE: Demand = Demand::AgentAfterMachine(hours(24));
const RING: Demand = Demand::Ring(Duration::from_secs(15));
/// What is no law is in force as long as anyone can ask.
const GOOD_PRACTICE: Day = day(2000, 1, 1);
