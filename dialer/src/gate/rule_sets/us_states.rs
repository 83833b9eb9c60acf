//! Rules of the states of the United States that are stricter than the federal ones.
//!
//! Collected from secondary sources (tables of vendors and law firms); where these name only a year, or none, the
//! effective date is the first day of the year of the act as far as known.

use super::{clause, day, hours};
use crate::gate::calendar::{Holiday, Kept, When};
use crate::gate::rule_set::{Clause, Demand, Week};

pub(super) const CLAUSES: &[Clause] = &[
    clause(
        "us.al.calling-hours",
        "Monday to Saturday 8:00 to 20:00, not on Sunday.",
        "Code of Alabama 8-19C-5 and 8-19A-14",
        day(1999, 1, 1),
        Demand::Hours(Week::but_sunday(8, 20)),
    )
    .and_agents()
    .only_in(&["US-AL"]),
    clause(
        "us.ct.calling-hours",
        "Between 9:00 and 20:00.",
        "Connecticut General Statutes 42-288a, as of Public Act 23-98",
        day(2023, 10, 1),
        Demand::Hours(Week::daily(9, 20)),
    )
    .and_agents()
    .only_in(&["US-CT"]),
    clause(
        "us.fl.calling-hours",
        "Between 8:00 and 20:00.",
        "Florida Statutes 501.616(6)(a)",
        day(2021, 7, 1),
        Demand::Hours(Week::daily(8, 20)),
    )
    .and_agents()
    .only_in(&["US-FL"]),
    clause(
        "us.ky.calling-hours",
        "Between 10:00 and 21:00.",
        "Kentucky Revised Statutes 367.46955",
        day(1999, 1, 1),
        Demand::Hours(Week::daily(10, 21)),
    )
    .and_agents()
    .only_in(&["US-KY"]),
    clause(
        "us.la.calling-hours",
        "Monday to Saturday 8:00 to 20:00, not on Sunday.",
        "Louisiana Public Service Commission, General Order R-29617, section V(A)(2); La. R.S. 45:811",
        day(2009, 1, 1),
        Demand::Hours(Week::but_sunday(8, 20)),
    )
    .and_agents()
    .only_in(&["US-LA"]),
    clause(
        "us.ma.calling-hours",
        "Between 8:00 and 20:00.",
        "Massachusetts General Laws, chapter 159C, section 3",
        day(2003, 1, 1),
        Demand::Hours(Week::daily(8, 20)),
    )
    .and_agents()
    .only_in(&["US-MA"]),
    clause(
        "us.md.calling-hours",
        "Between 8:00 and 20:00.",
        "Maryland, Stop the Spam Calls Act of 2023, Commercial Law 14-4501 and following",
        day(2024, 1, 1),
        Demand::Hours(Week::daily(8, 20)),
    )
    .and_agents()
    .only_in(&["US-MD"]),
    clause(
        "us.mi.calling-hours",
        "Between 9:00 and 21:00.",
        "Michigan Compiled Laws 445.111 and following",
        day(2003, 1, 1),
        Demand::Hours(Week::daily(9, 21)),
    )
    .and_agents()
    .only_in(&["US-MI"]),
    clause(
        "us.mn.calling-hours",
        "Between 9:00 and 21:00.",
        "Minnesota Statutes 325E.30",
        day(1994, 1, 1),
        Demand::Hours(Week::daily(9, 21)),
    )
    .and_agents()
    .only_in(&["US-MN"]),
    clause(
        "us.ms.calling-hours",
        "Monday to Saturday 8:00 to 20:00, not on Sunday.",
        "Mississippi Code 77-3-723",
        day(2003, 7, 1),
        Demand::Hours(Week::but_sunday(8, 20)),
    )
    .and_agents()
    .only_in(&["US-MS"]),
    clause(
        "us.nv.calling-hours",
        "Between 9:00 and 20:00.",
        "Nevada Revised Statutes 598.0918",
        day(2003, 1, 1),
        Demand::Hours(Week::daily(9, 20)),
    )
    .and_agents()
    .only_in(&["US-NV"]),
    clause(
        "us.nm.calling-hours",
        "Between 9:00 and 21:00.",
        "New Mexico Statutes 57-12-22",
        day(2003, 1, 1),
        Demand::Hours(Week::daily(9, 21)),
    )
    .and_agents()
    .only_in(&["US-NM"]),
    clause(
        "us.ok.calling-hours",
        "Between 8:00 and 20:00.",
        "Oklahoma Telephone Solicitation Act of 2022, 15 O.S. 775C.4",
        day(2022, 11, 1),
        Demand::Hours(Week::daily(8, 20)),
    )
    .and_agents()
    .only_in(&["US-OK"]),
    clause(
        "us.or.calling-hours",
        "Between 8:00 and 20:00.",
        "Oregon, House Bill 3865 of 2025",
        day(2026, 1, 1),
        Demand::Hours(Week::daily(8, 20)),
    )
    .and_agents()
    .only_in(&["US-OR"]),
    clause(
        "us.ri.calling-hours",
        "Monday to Friday 9:00 to 18:00, Saturday 10:00 to 17:00, not on Sunday.",
        "Rhode Island General Laws 5-61-3.6",
        day(1999, 1, 1),
        Demand::Hours(RHODE_ISLAND),
    )
    .and_agents()
    .only_in(&["US-RI"]),
    clause(
        "us.sd.calling-hours",
        "Monday to Saturday 9:00 to 21:00, not on Sunday.",
        "South Dakota Codified Laws 37-30A-3",
        day(2003, 1, 1),
        Demand::Hours(Week::but_sunday(9, 21)),
    )
    .and_agents()
    .only_in(&["US-SD"]),
    clause(
        "us.tx.calling-hours",
        "Monday to Saturday 9:00 to 21:00, Sunday 12:00 to 21:00.",
        "Texas Business and Commerce Code 301.051",
        day(2009, 4, 1),
        Demand::Hours(TEXAS),
    )
    .and_agents()
    .only_in(&["US-TX"]),
    clause(
        "us.ut.calling-hours",
        "Monday to Saturday 8:00 to 21:00, not on Sunday.",
        "Utah Code 13-25a-103",
        day(1996, 1, 1),
        Demand::Hours(Week::but_sunday(8, 21)),
    )
    .and_agents()
    .only_in(&["US-UT"]),
    clause(
        "us.wa.calling-hours",
        "Between 8:00 and 20:00.",
        "Revised Code of Washington 80.36.390 and 19.158.040",
        day(2022, 6, 9),
        Demand::Hours(Week::daily(8, 20)),
    )
    .and_agents()
    .only_in(&["US-WA"]),
    clause(
        "us.wy.calling-hours",
        "Between 8:00 and 20:00.",
        "Wyoming Statutes 40-12-302",
        day(2001, 1, 1),
        Demand::Hours(Week::daily(8, 20)),
    )
    .and_agents()
    .only_in(&["US-WY"]),
    clause(
        "us.fl.three-in-24h",
        "At most three attempts of a number within 24 hours.",
        "Florida Statutes 501.616(6)(b)",
        day(2021, 7, 1),
        THREE_IN_24_H,
    )
    .only_in(&["US-FL"]),
    clause(
        "us.md.three-in-24h",
        "At most three attempts of a number within 24 hours.",
        "Maryland, Stop the Spam Calls Act of 2023, Commercial Law 14-4501 and following",
        day(2024, 1, 1),
        THREE_IN_24_H,
    )
    .only_in(&["US-MD"]),
    clause(
        "us.ok.three-in-24h",
        "At most three attempts of a number within 24 hours.",
        "Oklahoma Telephone Solicitation Act of 2022, 15 O.S. 775C.4",
        day(2022, 11, 1),
        THREE_IN_24_H,
    )
    .only_in(&["US-OK"]),
    clause(
        "us.or.three-in-24h",
        "At most three attempts of a number within 24 hours.",
        "Oregon, House Bill 3865 of 2025",
        day(2026, 1, 1),
        THREE_IN_24_H,
    )
    .only_in(&["US-OR"]),
    clause(
        "us.al.holidays",
        "Not on legal holidays.",
        "Code of Alabama 8-19C-5; dates: 1-3-8",
        day(1999, 1, 1),
        Demand::NotOn(ALABAMA),
    )
    .and_agents()
    .only_in(&["US-AL"]),
    clause(
        "us.la.holidays",
        "Not on legal holidays.",
        "Louisiana Public Service Commission, General Order R-29617; days that the governor proclaims are not in it",
        day(2009, 1, 1),
        Demand::NotOn(LOUISIANA),
    )
    .and_agents()
    .only_in(&["US-LA"]),
    clause(
        "us.ms.holidays",
        "Not on legal holidays.",
        "Mississippi Code 77-3-723; dates: 3-3-7",
        day(2003, 7, 1),
        Demand::NotOn(MISSISSIPPI),
    )
    .and_agents()
    .only_in(&["US-MS"]),
    clause(
        "us.pa.holidays",
        "Not on legal holidays.",
        "Pennsylvania, Act 80 of 2019, 73 P.S. 2245.2",
        day(2020, 2, 1),
        Demand::NotOn(PENNSYLVANIA),
    )
    .and_agents()
    .only_in(&["US-PA"]),
    clause(
        "us.ri.holidays",
        "Not on legal holidays.",
        "Rhode Island General Laws 5-61-3.6; dates: 25-1-1",
        day(1999, 1, 1),
        Demand::NotOn(RHODE_ISLAND_DAYS),
    )
    .and_agents()
    .only_in(&["US-RI"]),
    clause(
        "us.ut.holidays",
        "Not on legal holidays.",
        "Utah Code 13-25a-103; dates: 63G-1-301",
        day(1996, 1, 1),
        Demand::NotOn(UTAH),
    )
    .and_agents()
    .only_in(&["US-UT"]),
];

const THREE_IN_24_H: Demand = Demand::Attempts { max: 3, within: hours(24) };
const RHODE_ISLAND: Week = Week { weekdays: Some((9 * 60, 18 * 60)), saturday: Some((10 * 60, 17 * 60)), sunday: None };
const TEXAS: Week = Week { sunday: Some((12 * 60, 21 * 60)), ..Week::daily(9, 21) };

const ALABAMA: &[Holiday] = &[
    Holiday { name: "New Year's Day", when: When::On(1, 1), kept: Kept::Nearest },
    Holiday { name: "Birthday of Martin Luther King, Jr.", when: When::Nth(1, 0, 3), kept: Kept::Itself },
    Holiday { name: "Washington's Birthday", when: When::Nth(2, 0, 3), kept: Kept::Itself },
    Holiday { name: "Mardi Gras", when: When::Easter(-47), kept: Kept::Itself },
    Holiday { name: "Confederate Memorial Day", when: When::Nth(4, 0, 4), kept: Kept::Itself },
    Holiday { name: "Memorial Day", when: When::Last(5, 0), kept: Kept::Itself },
    Holiday { name: "Jefferson Davis' Birthday", when: When::Nth(6, 0, 1), kept: Kept::Itself },
    Holiday { name: "Juneteenth", when: When::On(6, 19), kept: Kept::Nearest },
    Holiday { name: "Independence Day", when: When::On(7, 4), kept: Kept::Nearest },
    Holiday { name: "Labor Day", when: When::Nth(9, 0, 1), kept: Kept::Itself },
    Holiday { name: "Columbus Day", when: When::Nth(10, 0, 2), kept: Kept::Itself },
    Holiday { name: "Veterans Day", when: When::On(11, 11), kept: Kept::Nearest },
    Holiday { name: "Thanksgiving Day", when: When::Nth(11, 3, 4), kept: Kept::Itself },
    Holiday { name: "Rosa Parks Day", when: When::On(12, 1), kept: Kept::Nearest },
    Holiday { name: "Christmas Day", when: When::On(12, 25), kept: Kept::Nearest },
];

const LOUISIANA: &[Holiday] = &[
    Holiday { name: "New Year's Day", when: When::On(1, 1), kept: Kept::Nearest },
    Holiday { name: "Birthday of Martin Luther King, Jr.", when: When::Nth(1, 0, 3), kept: Kept::Itself },
    Holiday { name: "Mardi Gras", when: When::Easter(-47), kept: Kept::Itself },
    Holiday { name: "Good Friday", when: When::Easter(-2), kept: Kept::Itself },
    Holiday { name: "Memorial Day", when: When::Last(5, 0), kept: Kept::Itself },
    Holiday { name: "Juneteenth", when: When::On(6, 19), kept: Kept::Nearest },
    Holiday { name: "Independence Day", when: When::On(7, 4), kept: Kept::Nearest },
    Holiday { name: "Labor Day", when: When::Nth(9, 0, 1), kept: Kept::Itself },
    Holiday { name: "Election Day", when: When::AfterNth(11, 0, 1, 1), kept: Kept::Itself },
    Holiday { name: "Veterans Day", when: When::On(11, 11), kept: Kept::Nearest },
    Holiday { name: "Thanksgiving Day", when: When::Nth(11, 3, 4), kept: Kept::Itself },
    Holiday { name: "Day after Thanksgiving", when: When::AfterNth(11, 3, 4, 1), kept: Kept::Itself },
    Holiday { name: "Christmas Day", when: When::On(12, 25), kept: Kept::Nearest },
];

const MISSISSIPPI: &[Holiday] = &[
    Holiday { name: "New Year's Day", when: When::On(1, 1), kept: Kept::SundayToMonday },
    Holiday { name: "Birthday of Martin Luther King, Jr.", when: When::Nth(1, 0, 3), kept: Kept::Itself },
    Holiday { name: "Washington's Birthday", when: When::Nth(2, 0, 3), kept: Kept::Itself },
    Holiday { name: "Confederate Memorial Day", when: When::Last(4, 0), kept: Kept::Itself },
    Holiday { name: "Memorial Day", when: When::Last(5, 0), kept: Kept::Itself },
    Holiday { name: "Independence Day", when: When::On(7, 4), kept: Kept::SundayToMonday },
    Holiday { name: "Labor Day", when: When::Nth(9, 0, 1), kept: Kept::Itself },
    Holiday { name: "Veterans Day", when: When::On(11, 11), kept: Kept::SundayToMonday },
    Holiday { name: "Thanksgiving Day", when: When::Nth(11, 3, 4), kept: Kept::Itself },
    Holiday { name: "Christmas Day", when: When::On(12, 25), kept: Kept::SundayToMonday },
];

const PENNSYLVANIA: &[Holiday] = &[
    Holiday { name: "New Year's Day", when: When::On(1, 1), kept: Kept::SundayToMonday },
    Holiday { name: "Birthday of Martin Luther King, Jr.", when: When::Nth(1, 0, 3), kept: Kept::Itself },
    Holiday { name: "Washington's Birthday", when: When::Nth(2, 0, 3), kept: Kept::Itself },
    Holiday { name: "Good Friday", when: When::Easter(-2), kept: Kept::Itself },
    Holiday { name: "Memorial Day", when: When::Last(5, 0), kept: Kept::Itself },
    Holiday { name: "Flag Day", when: When::On(6, 14), kept: Kept::SundayToMonday },
    Holiday { name: "Juneteenth", when: When::On(6, 19), kept: Kept::SundayToMonday },
    Holiday { name: "Independence Day", when: When::On(7, 4), kept: Kept::SundayToMonday },
    Holiday { name: "Labor Day", when: When::Nth(9, 0, 1), kept: Kept::Itself },
    Holiday { name: "Columbus Day", when: When::Nth(10, 0, 2), kept: Kept::Itself },
    Holiday { name: "Election Day", when: When::AfterNth(11, 0, 1, 1), kept: Kept::Itself },
    Holiday { name: "Veterans Day", when: When::On(11, 11), kept: Kept::SundayToMonday },
    Holiday { name: "Thanksgiving Day", when: When::Nth(11, 3, 4), kept: Kept::Itself },
    Holiday { name: "Christmas Day", when: When::On(12, 25), kept: Kept::SundayToMonday },
];

const RHODE_ISLAND_DAYS: &[Holiday] = &[
    Holiday { name: "New Year's Day", when: When::On(1, 1), kept: Kept::SundayToMonday },
    Holiday { name: "Birthday of Martin Luther King, Jr.", when: When::Nth(1, 0, 3), kept: Kept::Itself },
    Holiday { name: "Washington's Birthday", when: When::Nth(2, 0, 3), kept: Kept::Itself },
    Holiday { name: "Rhode Island Independence Day", when: When::On(5, 4), kept: Kept::SundayToMonday },
    Holiday { name: "Memorial Day", when: When::Last(5, 0), kept: Kept::Itself },
    Holiday { name: "Juneteenth", when: When::On(6, 19), kept: Kept::SundayToMonday },
    Holiday { name: "Independence Day", when: When::On(7, 4), kept: Kept::SundayToMonday },
    Holiday { name: "Victory Day", when: When::Nth(8, 0, 2), kept: Kept::Itself },
    Holiday { name: "Labor Day", when: When::Nth(9, 0, 1), kept: Kept::Itself },
    Holiday { name: "Columbus Day", when: When::Nth(10, 0, 2), kept: Kept::Itself },
    Holiday { name: "Election Day", when: When::AfterNth(11, 0, 1, 1), kept: Kept::Itself },
    Holiday { name: "Veterans Day", when: When::On(11, 11), kept: Kept::SundayToMonday },
    Holiday { name: "Thanksgiving Day", when: When::Nth(11, 3, 4), kept: Kept::Itself },
    Holiday { name: "Christmas Day", when: When::On(12, 25), kept: Kept::SundayToMonday },
];

const UTAH: &[Holiday] = &[
    Holiday { name: "New Year's Day", when: When::On(1, 1), kept: Kept::Nearest },
    Holiday { name: "Birthday of Martin Luther King, Jr.", when: When::Nth(1, 0, 3), kept: Kept::Itself },
    Holiday { name: "Washington's Birthday", when: When::Nth(2, 0, 3), kept: Kept::Itself },
    Holiday { name: "Memorial Day", when: When::Last(5, 0), kept: Kept::Itself },
    Holiday { name: "Juneteenth", when: When::On(6, 19), kept: Kept::Nearest },
    Holiday { name: "Independence Day", when: When::On(7, 4), kept: Kept::Nearest },
    Holiday { name: "Pioneer Day", when: When::On(7, 24), kept: Kept::Nearest },
    Holiday { name: "Labor Day", when: When::Nth(9, 0, 1), kept: Kept::Itself },
    Holiday { name: "Columbus Day", when: When::Nth(10, 0, 2), kept: Kept::Itself },
    Holiday { name: "Veterans Day", when: When::On(11, 11), kept: Kept::Nearest },
    Holiday { name: "Thanksgiving Day", when: When::Nth(11, 3, 4), kept: Kept::Itself },
    Holiday { name: "Christmas Day", when: When::On(12, 25), kept: Kept::Nearest },
];
