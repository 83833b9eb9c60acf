//! Canada.

use super::{GOOD_PRACTICE, LIVE_AFTER_ABANDONED, LIVE_AFTER_MACHINE, RING, clause, day};
use crate::gate::calendar::{Holiday, Kept, When};
use crate::gate::facts::ConsentTo;
use crate::gate::rule_set::{Clause, ConsentWhen, Demand, RuleSet, Territory, Week};

/// Canada: the Unsolicited Telecommunications Rules of the CRTC.
pub const CANADA: RuleSet = RuleSet {
    id: "canada",
    name: "Canada",
    version: day(2026, 11, 21),
    territory: Territory::Regions("CA-"),
    clauses: CLAUSES,
};

const CLAUSES: &[Clause] = &[
    clause(
        "canada.utr.calling-hours",
        "Monday to Friday 9:00 to 21:30, Saturday and Sunday 10:00 to 18:00 of the called person.",
        "CRTC Unsolicited Telecommunications Rules, Part III, section 23 (Telecom Decision CRTC 2007-48)",
        day(2008, 9, 30),
        Demand::Hours(Week {
            weekdays: Some((9 * 60, 21 * 60 + 30)),
            saturday: Some((10 * 60, 18 * 60)),
            sunday: Some((10 * 60, 18 * 60)),
        }),
    )
    .and_agents(),
    clause(
        "canada.holidays",
        "Campaigns do not call on holidays of the whole country.",
        "Good practice; dates: Canada Labour Code, section 166",
        day(2008, 9, 30),
        Demand::NotOn(HOLIDAYS),
    ),
    clause(
        "canada.utr.recorded",
        "Recorded messages are played only to who expressly consented to them before.",
        "CRTC Unsolicited Telecommunications Rules, Part IV (automatic dialing-announcing devices)",
        day(2008, 9, 30),
        Demand::Consent { when: ConsentWhen::RecordedVoice, to: ConsentTo::ArtificialVoice },
    ),
    clause(
        "canada.utr.ai-voice",
        "Machines talk only to who expressly consented to them before.",
        "The same Part IV, whose definition names synthesized voice messages",
        day(2008, 9, 30),
        Demand::Consent { when: ConsentWhen::AiVoice, to: ConsentTo::ArtificialVoice },
    ),
    clause(
        "canada.utr.dncl-31-days",
        "The version of the National Do Not Call List is at most 31 days old.",
        "CRTC Unsolicited Telecommunications Rules, Part II",
        day(2008, 9, 30),
        Demand::ListAge { days: 31 },
    )
    .and_agents(),
    clause(
        "canada.abandoned-72h",
        "For 72 hours after an abandoned call, only with an agent who waits for the call.",
        "Good practice: Ofcom, statement on persistent misuse, 20 December 2016",
        GOOD_PRACTICE,
        LIVE_AFTER_ABANDONED,
    ),
    clause(
        "canada.machine-24h",
        "For 24 hours after a machine was found, only with an agent who waits for the call.",
        "Good practice: Ofcom, statement on persistent misuse, 20 December 2016",
        GOOD_PRACTICE,
        LIVE_AFTER_MACHINE,
    ),
    clause(
        "canada.utr.abandoned-5-percent",
        "At most 5 % of the calls that people answer are abandoned in a calendar month.",
        "CRTC Unsolicited Telecommunications Rules, Part III (Telecom Decision CRTC 2007-48)",
        day(2008, 9, 30),
        Demand::Abandoned { per_mille: 50 },
    ),
    clause(
        "canada.abandoned-message",
        "Who is left without an agent hears who called.",
        "Good practice: 16 CFR 310.4(b)(4)(iii)",
        GOOD_PRACTICE,
        Demand::AbandonMessage,
    ),
    clause(
        "canada.ring-15s",
        "It rings for at least 15 seconds before it is given up.",
        "Good practice: 16 CFR 310.4(b)(4)(ii)",
        GOOD_PRACTICE,
        RING,
    ),
];

const HOLIDAYS: &[Holiday] = &[
    Holiday { name: "New Year's Day", when: When::On(1, 1), kept: Kept::Itself },
    Holiday { name: "Good Friday", when: When::Easter(-2), kept: Kept::Itself },
    Holiday { name: "Victoria Day", when: When::Before(5, 25, 0), kept: Kept::Itself },
    Holiday { name: "Canada Day", when: When::On(7, 1), kept: Kept::SundayToMonday },
    Holiday { name: "Labour Day", when: When::Nth(9, 0, 1), kept: Kept::Itself },
    Holiday { name: "National Day for Truth and Reconciliation", when: When::On(9, 30), kept: Kept::Itself },
    Holiday { name: "Thanksgiving", when: When::Nth(10, 0, 2), kept: Kept::Itself },
    Holiday { name: "Remembrance Day", when: When::On(11, 11), kept: Kept::Itself },
    Holiday { name: "Christmas Day", when: When::On(12, 25), kept: Kept::Itself },
    Holiday { name: "Boxing Day", when: When::On(12, 26), kept: Kept::Itself },
];
