//! United Kingdom.

use super::{LIVE_AFTER_ABANDONED, LIVE_AFTER_MACHINE, RING, clause, day};
use crate::gate::calendar::{Holiday, Kept, When};
use crate::gate::facts::ConsentTo;
use crate::gate::rule_set::{Clause, ConsentWhen, Demand, RuleSet, Territory, Week};

/// United Kingdom: Ofcom, PECR, the code of the Direct Marketing Association.
pub const UK: RuleSet = RuleSet {
    id: "uk",
    name: "United Kingdom",
    version: day(2026, 11, 21),
    territory: Territory::UnitedKingdom,
    clauses: CLAUSES,
};

const CLAUSES: &[Clause] = &[
    clause(
        "uk.dma.calling-hours",
        "Monday to Friday 8:00 to 21:00, Saturday and Sunday 9:00 to 21:00 of the called person.",
        "Direct Marketing Association (UK), Code of Practice, 21.41, as cited by callcentrehelper.com; no statute sets hours",
        day(2003, 12, 11),
        Demand::Hours(Week {
            weekdays: Some((8 * 60, 21 * 60)),
            saturday: Some((9 * 60, 21 * 60)),
            sunday: Some((9 * 60, 21 * 60)),
        }),
    )
    .and_agents(),
    clause(
        "uk.bank-holidays",
        "Campaigns do not call on bank holidays of England and Wales.",
        "Good practice after the same code, which warns of bank holidays; dates: Banking and Financial Dealings Act 1971, Schedule 1, without days proclaimed for a single year",
        day(2003, 12, 11),
        Demand::NotOn(BANK_HOLIDAYS),
    ),
    clause(
        "uk.pecr.21a-claims-management",
        "Claims management is offered only to who consented to such calls before.",
        "Privacy and Electronic Communications Regulations 2003 (SI 2003/2426), regulation 21A",
        day(2018, 9, 8),
        Demand::Consent { when: ConsentWhen::ClaimsManagement, to: ConsentTo::ClaimsManagement },
    ),
    clause(
        "uk.pecr.19-recorded",
        "Recorded messages are played only to who consented to them before.",
        "Privacy and Electronic Communications Regulations 2003 (SI 2003/2426), regulation 19",
        day(2003, 12, 11),
        Demand::Consent { when: ConsentWhen::RecordedVoice, to: ConsentTo::ArtificialVoice },
    ),
    clause(
        "uk.pecr.19-ai-voice",
        "Machines talk only to who consented to them before.",
        "The same regulation, read widely: whether it covers voices that are made on the spot is not decided",
        day(2003, 12, 11),
        Demand::Consent { when: ConsentWhen::AiVoice, to: ConsentTo::ArtificialVoice },
    ),
    clause(
        "uk.pecr.21-tps-28-days",
        "The register of the Telephone Preference Service is at most 28 days old.",
        "Privacy and Electronic Communications Regulations 2003 (SI 2003/2426), regulation 21(3)",
        day(2003, 12, 11),
        Demand::ListAge { days: 28 },
    )
    .and_agents(),
    clause(
        "uk.ofcom.abandoned-72h",
        "For 72 hours after an abandoned call, only with an agent who waits for the call.",
        "Ofcom, Persistent misuse: a statement of Ofcom's general policy, 20 December 2016",
        day(2017, 3, 1),
        LIVE_AFTER_ABANDONED,
    ),
    clause(
        "uk.ofcom.machine-24h",
        "For 24 hours after a machine was found, only with an agent who waits for the call.",
        "Ofcom, Persistent misuse: a statement of Ofcom's general policy, 20 December 2016",
        day(2017, 3, 1),
        LIVE_AFTER_MACHINE,
    ),
    clause(
        "uk.ofcom.abandoned-3-percent",
        "At most 3 % of the calls that people answer are abandoned in 24 hours; no share is safe since 2017.",
        "Ofcom, Persistent misuse: statements of 2008, 2010 and 20 December 2016",
        day(2008, 9, 10),
        Demand::Abandoned { per_mille: 30 },
    ),
    clause(
        "uk.ofcom.abandoned-message",
        "Who is left without an agent hears within 2 seconds who called, and how to say that he wants no more calls.",
        "Ofcom, Persistent misuse: a statement of Ofcom's general policy, 20 December 2016",
        day(2008, 9, 10),
        Demand::AbandonMessage,
    ),
    clause(
        "uk.ofcom.ring-15s",
        "It rings for at least 15 seconds before it is given up.",
        "Ofcom, Persistent misuse: a statement of Ofcom's general policy, 20 December 2016",
        day(2017, 3, 1),
        RING,
    ),
];

const BANK_HOLIDAYS: &[Holiday] = &[
    Holiday { name: "New Year's Day", when: When::On(1, 1), kept: Kept::Monday },
    Holiday { name: "Good Friday", when: When::Easter(-2), kept: Kept::Itself },
    Holiday { name: "Easter Monday", when: When::Easter(1), kept: Kept::Itself },
    Holiday { name: "Early May bank holiday", when: When::Nth(5, 0, 1), kept: Kept::Itself },
    Holiday { name: "Spring bank holiday", when: When::Last(5, 0), kept: Kept::Itself },
    Holiday { name: "Summer bank holiday", when: When::Last(8, 0), kept: Kept::Itself },
    Holiday { name: "Christmas Day", when: When::On(12, 25), kept: Kept::TwoLater },
    Holiday { name: "Boxing Day", when: When::On(12, 26), kept: Kept::TwoLater },
];
