//! Good practice where no law is chosen: what the stricter laws agree in.

use super::{GOOD_PRACTICE, LIVE_AFTER_ABANDONED, LIVE_AFTER_MACHINE, RING, clause, day};
use crate::gate::rule_set::{Clause, Demand, RuleSet, Territory, Week};

/// No country's law.
pub const NEUTRAL: RuleSet = RuleSet {
    id: "neutral",
    name: "Good practice, no country's law",
    version: day(2026, 11, 21),
    territory: Territory::Anywhere,
    clauses: CLAUSES,
};

const CLAUSES: &[Clause] = &[
    clause(
        "neutral.calling-hours",
        "Campaigns call between 8:00 and 21:00 of the called person.",
        "Good practice: the hours of 16 CFR 310.4(c), which most countries do not exceed",
        GOOD_PRACTICE,
        Demand::Hours(Week::daily(8, 21)),
    ),
    clause(
        "neutral.abandoned-72h",
        "For 72 hours after an abandoned call, only with an agent who waits for the call.",
        "Good practice: Ofcom, statement on persistent misuse, 20 December 2016",
        GOOD_PRACTICE,
        LIVE_AFTER_ABANDONED,
    ),
    clause(
        "neutral.machine-24h",
        "For 24 hours after a machine was found, only with an agent who waits for the call.",
        "Good practice: Ofcom, statement on persistent misuse, 20 December 2016",
        GOOD_PRACTICE,
        LIVE_AFTER_MACHINE,
    ),
    clause(
        "neutral.ring-15s",
        "It rings for at least 15 seconds before it is given up.",
        "Good practice: 16 CFR 310.4(b)(4)(ii)",
        GOOD_PRACTICE,
        RING,
    ),
];
