//! What happened how often: a rule that never came up was not tested.

use core::fmt::Write as _;
use std::collections::BTreeMap;

/// Counts by the name of a transition or rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Coverage(BTreeMap<&'static str, u64>);

impl Coverage {
    pub(crate) fn hit(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            *self.0.entry(what).or_default() += count;
        }
    }

    /// The table, and what of `wanted` was seen less than `least` times.
    pub(crate) fn against(&self, wanted: &[&'static str], least: u64) -> (String, Vec<&'static str>) {
        let mut table = String::new();
        let mut all = self.0.clone();
        for what in wanted {
            all.entry(what).or_default();
        }
        for (what, count) in &all {
            let _ = writeln!(table, "{count:>10}  {what}");
        }
        let rare = wanted.iter().filter(|what| all[*what] < least).copied();
        (table, rare.collect())
    }
}
