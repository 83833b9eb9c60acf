//! United States: the federal rules. Those of the states stand in `us_states`.

use super::us_states;
use super::{GOOD_PRACTICE, LIVE_AFTER_ABANDONED, LIVE_AFTER_MACHINE, RING, clause, day};
use crate::gate::facts::ConsentTo;
use crate::gate::rule_set::{Clause, ConsentWhen, Demand, RuleSet, Territory, Week};

/// United States: FTC, FCC and the states.
pub const US: RuleSet = RuleSet {
    id: "us",
    name: "United States",
    version: day(2026, 11, 21),
    territory: Territory::Regions("US-"),
    clauses: &CLAUSES,
};

const CLAUSES: [Clause; FEDERAL.len() + us_states::CLAUSES.len()] = {
    let mut all = [FEDERAL[0]; FEDERAL.len() + us_states::CLAUSES.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = if at < FEDERAL.len() { FEDERAL[at] } else { us_states::CLAUSES[at - FEDERAL.len()] };
        at += 1;
    }
    all
};

const FEDERAL: &[Clause] = &[
    clause(
        "us.tsr.calling-hours",
        "Between 8:00 and 21:00 of the called person.",
        "FTC Telemarketing Sales Rule, 16 CFR 310.4(c); FCC, 47 CFR 64.1200(c)(1)",
        day(1995, 12, 31),
        Demand::Hours(Week::daily(8, 21)),
    )
    .and_agents(),
    clause(
        "us.fcc.24-17-ai-voice",
        "Machines talk only to who consented to artificial voices before.",
        "FCC 24-17, Declaratory Ruling of 8 February 2024: AI voices are artificial voices of 47 USC 227(b), 47 CFR 64.1200(a)",
        day(2024, 2, 8),
        Demand::Consent { when: ConsentWhen::AiVoice, to: ConsentTo::ArtificialVoice },
    ),
    clause(
        "us.fcc.recorded-voice",
        "Recorded messages are played only to who consented in writing before.",
        "47 CFR 64.1200(a)(2) and (3); 16 CFR 310.4(b)(1)(v)",
        day(2013, 10, 16),
        Demand::Consent { when: ConsentWhen::RecordedVoice, to: ConsentTo::ArtificialVoice },
    ),
    clause(
        "us.tsr.registry-31-days",
        "The version of the national do-not-call registry is at most 31 days old.",
        "16 CFR 310.4(b)(3)(iv); 47 CFR 64.1200(c)(2)(i)(D)",
        day(2005, 1, 1),
        Demand::ListAge { days: 31 },
    )
    .and_agents(),
    clause(
        "us.tsr.abandoned-3-percent",
        "At most 3 % of the calls that people answer are abandoned, by campaign, in each 30 days.",
        "16 CFR 310.4(b)(4)(i); 47 CFR 64.1200(a)(7)",
        day(2008, 12, 1),
        Demand::Abandoned { per_mille: 30 },
    ),
    clause(
        "us.tsr.abandoned-message",
        "Who is left without an agent for 2 seconds hears name and telephone number of the seller.",
        "16 CFR 310.4(b)(4)(iii); 47 CFR 64.1200(a)(7)(i)",
        day(2003, 10, 1),
        Demand::AbandonMessage,
    ),
    clause(
        "us.tsr.ring-15s",
        "It rings for at least 15 seconds, or four rings, before it is given up.",
        "16 CFR 310.4(b)(4)(ii); 47 CFR 64.1200(a)(6)",
        day(2003, 10, 1),
        RING,
    ),
    clause(
        "us.abandoned-72h",
        "For 72 hours after an abandoned call, only with an agent who waits for the call.",
        "Good practice: Ofcom, statement on persistent misuse, 20 December 2016",
        GOOD_PRACTICE,
        LIVE_AFTER_ABANDONED,
    ),
    clause(
        "us.machine-24h",
        "For 24 hours after a machine was found, only with an agent who waits for the call.",
        "Good practice: Ofcom, statement on persistent misuse, 20 December 2016",
        GOOD_PRACTICE,
        LIVE_AFTER_MACHINE,
    ),
];
