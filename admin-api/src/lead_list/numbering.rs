//! Numbers of lists, read by the plans of the call engine.

use std::collections::BTreeMap;

use call::NumberPlan;
use dialer::list::Numbering;

/// The plans of the countries that a list names.
#[derive(Clone, Debug)]
pub(super) struct Plans {
    plan: fn(&str) -> Option<NumberPlan>,
    known: BTreeMap<String, Option<NumberPlan>>,
}

impl Plans {
    /// Plans as `plan` makes them.
    pub(super) fn new(plan: fn(&str) -> Option<NumberPlan>) -> Self {
        Self { plan, known: BTreeMap::new() }
    }

    fn of(&mut self, country: &str) -> Option<&NumberPlan> {
        // Two letters: there are no more of them than some hundreds.
        if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        if !self.known.contains_key(country) {
            self.known.insert(country.to_owned(), (self.plan)(country));
        }
        self.known.get(country)?.as_ref()
    }
}

impl Numbering for Plans {
    fn e164(&mut self, country: &str, dialed: &str) -> Option<String> {
        self.of(country)?.e164(dialed)
    }

    fn trunk_prefix(&mut self, country: &str) -> Option<String> {
        Some(self.of(country)?.trunk_prefix.clone())
    }
}
