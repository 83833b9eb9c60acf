//! By position in the queue: top down and progressive ring begin at the first, round robin after the last one offered.

use std::collections::BTreeSet;

/// The first after `last`; when there is none, the first of all, and `true` since the round begins again.
pub(crate) fn after(agents: &BTreeSet<(i64, usize)>, last: i64) -> Option<(bool, i64, usize)> {
    let next = agents.range((last.saturating_add(1), 0)..).next().map(|(key, slot)| (false, *key, *slot));
    next.or_else(|| agents.first().map(|(key, slot)| (true, *key, *slot)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_goes_on_and_begins_again() {
        let agents = BTreeSet::from([(0, 7), (2, 5), (3, 6)]);
        assert_eq!(after(&agents, -1), Some((false, 0, 7)));
        assert_eq!(after(&agents, 0), Some((false, 2, 5)));
        assert_eq!(after(&agents, 3), Some((true, 0, 7)));
        assert_eq!(after(&BTreeSet::new(), 0), None);
    }
}
