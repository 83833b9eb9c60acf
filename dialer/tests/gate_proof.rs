//! The gate against a naive judge that shares nothing with it but the data of zones: it reads that file line by line,
//! asks another library's calendar, and knows the hours of each law by a table of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use clock::{Rng, WallTime};
use dialer::gate::*;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

/// What the file says of each prefix.
struct Plan {
    zones: BTreeMap<String, Vec<TimeZone>>,
    areas: BTreeMap<String, Vec<String>>,
}

impl Plan {
    fn read() -> Self {
        let text = include_str!("../data/number-zones.txt");
        let named = |kind: &'static str| text.lines().filter_map(move |line| line.strip_prefix(kind));
        let known: Vec<TimeZone> = named("zone ").map(|name| TimeZone::get(name).expect("a zone")).collect();
        let words = |rest: &str| rest.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let zones = named("prefix ").map(|rest| {
            let words = words(rest);
            (
                words[0].clone(),
                words[1..].iter().map(|at| known[at.parse::<usize>().expect("a number")].clone()).collect(),
            )
        });
        let areas = named("area ").map(|rest| (words(rest)[0].clone(), words(rest)[1..].to_vec()));
        Self { zones: zones.collect(), areas: areas.collect() }
    }

    fn longest<'a, T>(table: &'a BTreeMap<String, Vec<T>>, number: &str) -> &'a [T] {
        let digits = number.trim_start_matches('+');
        let known = (1..=digits.len()).rev().find_map(|length| table.get(&digits[..length]));
        known.map_or(&[], Vec::as_slice)
    }

    fn zones(&self, number: &str) -> &[TimeZone] {
        Self::longest(&self.zones, number)
    }

    fn regions(&self, number: &str) -> &[String] {
        Self::longest(&self.areas, number)
    }
}

/// Day of the week, Monday 0, and minute of the day on a clock there.
fn clock_of(zone: &TimeZone, at: Timestamp) -> (usize, i32) {
    let local = at.to_zoned(zone.clone()).datetime();
    let weekday = local.weekday().to_monday_zero_offset() as usize;
    (weekday, i32::from(local.hour()) * 60 + i32::from(local.minute()))
}

/// Hours of the week as three words: Monday to Friday, Saturday, Sunday.
fn is_within(hours: &str, (weekday, minute): (usize, i32)) -> bool {
    let day = hours.split(' ').nth(weekday.saturating_sub(4)).expect("three words");
    let in_minutes = |text: &str| {
        let (hour, minute) = text.split_once(':').unwrap_or((text, "0"));
        hour.parse::<i32>().expect("an hour") * 60 + minute.parse::<i32>().expect("a minute")
    };
    day.split_once('-').is_some_and(|(from, until)| (in_minutes(from)..in_minutes(until)).contains(&minute))
}

/// The stricter states, as tables of law firms and vendors have them.
const STATES: [(&str, &str); 20] = [
    ("US-AL", "8-20 8-20 no"),
    ("US-CT", "9-20 9-20 9-20"),
    ("US-FL", "8-20 8-20 8-20"),
    ("US-KY", "10-21 10-21 10-21"),
    ("US-LA", "8-20 8-20 no"),
    ("US-MA", "8-20 8-20 8-20"),
    ("US-MD", "8-20 8-20 8-20"),
    ("US-MI", "9-21 9-21 9-21"),
    ("US-MN", "9-21 9-21 9-21"),
    ("US-MS", "8-20 8-20 no"),
    ("US-NM", "9-21 9-21 9-21"),
    ("US-NV", "9-20 9-20 9-20"),
    ("US-OK", "8-20 8-20 8-20"),
    ("US-OR", "8-20 8-20 8-20"),
    ("US-RI", "9-18 10-17 no"),
    ("US-SD", "9-21 9-21 no"),
    ("US-TX", "9-21 9-21 12-21"),
    ("US-UT", "8-21 8-21 no"),
    ("US-WA", "8-20 8-20 8-20"),
    ("US-WY", "8-20 8-20 8-20"),
];

/// The hours that all hold for a number; none where nobody may be called.
fn hours_of(plan: &Plan, choice: Choice, number: &str) -> Option<Vec<&'static str>> {
    let regions = plan.regions(number);
    let is_in = |country: &str| regions.iter().any(|region| region.starts_with(country));
    let federal = "8-21 8-21 8-21";
    match choice {
        Choice::Neutral => Some(vec![federal]),
        Choice::Uk => number.starts_with("+44").then(|| vec!["8-21 9-21 9-21"]),
        Choice::Canada => is_in("CA-").then(|| vec!["9-21:30 10-18 10-18"]),
        Choice::Us => is_in("US-").then(|| {
            let states = STATES.iter().filter(|(state, _)| regions.iter().any(|region| region == state));
            states.map(|(_, hours)| *hours).chain([federal]).collect()
        }),
        Choice::ByNumber => None,
    }
}

/// The naive judge: every clock, every law.
fn is_open(plan: &Plan, choice: Choice, number: &str, at: Timestamp) -> bool {
    let (zones, hours) = (plan.zones(number), hours_of(plan, choice, number));
    let Some(hours) = hours.filter(|_| !zones.is_empty()) else { return false };
    zones.iter().all(|zone| hours.iter().all(|hours| is_within(hours, clock_of(zone, at))))
}

fn judged(terms: &Terms, number: &str, at: Timestamp) -> Verdict {
    let attempt = Attempt {
        terms,
        zone: None,
        region: None,
        history: Some(History::default()),
        consents: &[],
        ring: Some(Duration::from_secs(15)),
        agent_waits: false,
    };
    let at = WallTime::from_micros(at.as_microsecond());
    let facts = Facts { attempt: Some(attempt), ..Facts::new(number, Purpose::Campaign, at) };
    judge(&Rules::default(), &Lists::default(), &facts)
}

/// A prefix as a number.
fn padded(prefix: &str) -> String {
    format!("+{prefix:5<11}")
}

/// The gate and the naive judge agree; a holiday is the gate's alone to know here, and may only deny.
fn compare(plan: &Plan, terms: &Terms, number: &str, at: Timestamp) -> bool {
    let verdict = judged(terms, number, at);
    let expected = is_open(plan, terms.rule_set, number, at);
    let is_holiday = verdict.denied_by() == Some("holiday");
    assert!(
        verdict.is_allowed() == expected || (expected && is_holiday),
        "{number} at {at} by {:?}: expected {expected}, got {verdict:?}",
        terms.rule_set
    );
    verdict.is_allowed()
}

/// Changes of a zone's clock in five years; each of them to be looked at from a day before to a day after.
fn changes(zone: &TimeZone) -> Vec<Timestamp> {
    let moment = |text: &str| text.parse::<Timestamp>().expect("a moment");
    let (from, until) = (moment("2026-01-05T00:00:00Z"), moment("2031-01-01T00:00:00Z"));
    zone.following(from).map(|change| change.timestamp()).take_while(|change| *change < until).collect()
}

#[test]
fn nobody_is_called_out_of_hours_in_any_zone_over_any_change_of_clocks() {
    let plan = Plan::read();
    let terms = Terms::default();
    let mut by_zone: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (prefix, zones) in &plan.zones {
        for zone in zones {
            by_zone.entry(zone.iana_name().expect("a name")).or_default().push(prefix);
        }
    }
    assert!(by_zone.len() > 280);
    let (mut judged, mut allowed) = (0_u32, 0_u32);
    for (name, prefixes) in by_zone {
        let zone = TimeZone::get(name).expect("a zone");
        // A place that never changes its clock is looked at all the same.
        let mut moments = changes(&zone);
        moments.push("2027-03-14T10:00:00Z".parse().unwrap());
        for change in moments {
            // The fewest zones, so that hours are open at all, and the first of the others.
            let fewest = prefixes.iter().min_by_key(|prefix| plan.zones[**prefix].len()).expect("one");
            for prefix in [*fewest, prefixes[0]] {
                for step in -14..=14 {
                    // Every 1 h 43 min, so that all minutes of the hour come.
                    let at = change.checked_add((step * 103).minutes()).unwrap();
                    allowed += u32::from(compare(&plan, &terms, &padded(prefix), at));
                    judged += 1;
                }
            }
        }
    }
    assert!(judged > 40_000 && allowed > judged / 3, "{allowed} allowed of {judged}");
}

#[test]
fn the_minutes_about_each_edge_are_judged_right_on_the_days_of_a_change() {
    let plan = Plan::read();
    for (choice, number, zone) in [
        (Choice::Us, "+12125550100", "America/New_York"),
        (Choice::Us, "+13055550100", "America/New_York"),
        (Choice::Us, "+16025550100", "America/Phoenix"),
        (Choice::Us, "+18085550100", "Pacific/Honolulu"),
        (Choice::Canada, "+17095550100", "America/St_Johns"),
        (Choice::Uk, "+442071838750", "Europe/London"),
        (Choice::Neutral, "+61285550100", "Australia/Sydney"),
        (Choice::Neutral, "+56225550100", "America/Santiago"),
    ] {
        let terms = Terms { rule_set: choice, ..Terms::default() };
        let mut moments = changes(&TimeZone::get(zone).unwrap());
        moments.push("2026-06-10T00:00:00Z".parse().unwrap());
        for change in moments {
            for minute in -1_440..1_440 {
                compare(&plan, &terms, number, change.checked_add(minute.minutes()).unwrap());
            }
        }
    }
}

#[test]
fn every_law_holds_at_any_moment_for_any_number_of_its_country() {
    let plan = Plan::read();
    let mut rng = Rng::new(7);
    let areas: Vec<&String> = plan.areas.keys().collect();
    let prefixes: Vec<&String> = plan.zones.keys().collect();
    let mut allowed = 0_u32;
    for _ in 0..60_000 {
        let prefix = if rng.chance(0.8) {
            areas[rng.below(areas.len() as u64) as usize]
        } else {
            prefixes[rng.below(prefixes.len() as u64) as usize]
        };
        let digits = rng.below(10_000_000);
        let number: String = format!("+{prefix}{digits:07}").chars().take(12).collect();
        let number = if rng.chance(0.1) { "+442079460000".to_owned() } else { number };
        let choice = [Choice::Neutral, Choice::Us, Choice::Us, Choice::Uk, Choice::Canada][rng.below(5) as usize];
        // Three years from 2026-01-07, when the newest clause of a state has been in force for a week.
        let at = Timestamp::from_second(1_767_744_000 + rng.below(3 * 365 * 86_400) as i64).unwrap();
        let terms = Terms { rule_set: choice, ..Terms::default() };
        allowed += u32::from(compare(&plan, &terms, &number, at));
    }
    assert!(allowed > 5_000, "{allowed}");
}

#[test]
fn a_number_of_no_known_zone_is_never_called() {
    let plan = Plan::read();
    let mut rng = Rng::new(11);
    let mut unknown = 0;
    for _ in 0..100_000 {
        let number = format!("+{}", 10_000_000 + rng.below(999_999_999_999));
        if !plan.zones(&number).is_empty() {
            continue;
        }
        unknown += 1;
        let at = Timestamp::from_second(1_767_744_000 + rng.below(365 * 86_400) as i64).unwrap();
        for rule_set in [Choice::Neutral, Choice::Us, Choice::Uk, Choice::Canada, Choice::ByNumber] {
            let verdict = judged(&Terms { rule_set, ..Terms::default() }, &number, at);
            assert!(!verdict.is_allowed(), "{number} at {at}");
        }
    }
    assert!(unknown > 1_000, "{unknown}");
}

fn number() -> impl Strategy<Value = String> {
    "\\+(44|1212|49)[1-3]{2,6}[0-9]{3}".prop_map(|number| number)
}

proptest! {
    /// Listed is what stands there, or begins as a wildcard does: on any of the lists.
    #[test]
    fn wildcards_deny_what_begins_so_and_nothing_else(
        own in prop::collection::vec(("\\+(44|1212|49)[1-3]{0,4}", any::<bool>()), 0..8),
        exact in prop::collection::vec(number(), 0..8),
        asked in prop::collection::vec(number(), 1..20),
        which in 0..3,
    ) {
        let listed = || Listed { reason: None, since: WallTime::from_micros(0) };
        let prefixes: Vec<&str> = own.iter().filter(|(_, is_used)| *is_used).map(|(prefix, _)| prefix.as_str()).collect();
        let patterns = prefixes.iter().map(|prefix| format!("{prefix}*")).chain(exact.iter().cloned());
        let patterns: Vec<Pattern> = patterns.map(|text| text.parse().unwrap()).collect();
        let (mut internal, mut campaign) = (Lists::default(), Lists::default());
        match which {
            0 => for pattern in &patterns { internal.add(pattern, listed()).unwrap(); },
            1 => for pattern in &patterns { campaign.add(pattern, listed()).unwrap(); },
            _ => {
                let prefixes = patterns.iter().filter(|pattern| pattern.is_prefix()).cloned().collect();
                let numbers = exact.iter().filter_map(|number| packed(number)).collect();
                let numbers = Numbers::new(numbers).unwrap();
                let list = Imported { name: "x".to_owned(), as_of: WallTime::from_micros(0), numbers, prefixes };
                internal.replace_imported(vec![Arc::new(list)]);
            }
        }
        let word = ["do_not_call", "campaign_do_not_call", "imported_do_not_call"][which as usize];
        let terms = Terms { do_not_call: Arc::new(campaign), ..Terms::default() };
        let attempt = Attempt {
            terms: &terms, zone: None, region: None, history: None, consents: &[], ring: None, agent_waits: false,
        };
        for number in asked.iter().chain(&exact) {
            let facts = Facts { attempt: Some(attempt), ..Facts::new(number, Purpose::Campaign, WallTime::from_micros(0)) };
            let is_denied = judge(&Rules::default(), &internal, &facts).denied_by() == Some(word);
            let expected = exact.contains(number) || prefixes.iter().any(|prefix| number.starts_with(prefix));
            prop_assert_eq!(is_denied, expected, "{}", number);
        }
    }

    /// Caps by counting: whoever was tried as often is not tried again; every count that is unknown denies.
    #[test]
    fn caps_are_never_exceeded(
        minutes in prop::collection::vec(0..4_000_i64, 0..10),
        caps in prop::collection::vec(prop::option::of(1..6_u32), 6),
        older in 0..4_u32,
        is_known in prop::bool::weighted(0.9),
    ) {
        // 15:00 in New York; its day began 15 hours ago.
        let now: Timestamp = "2026-06-10T19:00:00Z".parse().unwrap();
        let at = WallTime::from_micros(now.as_microsecond());
        let ago = |minutes: i64| WallTime::from_micros(at.as_micros() - minutes * 60_000_000);
        let recent: Vec<WallTime> = minutes.iter().map(|minutes| ago(*minutes)).collect();
        let total = recent.len() as u32 + older;
        let tries = Tries { total, recent: &recent };
        let terms = Terms {
            caps: Caps {
                lead: caps[0], number: caps[1], lead_a_day: caps[2], number_a_day: caps[3],
                lead_in_24_h: caps[4], number_in_24_h: caps[5],
            },
            ..Terms::default()
        };
        let history = History { lead: tries, number: tries, ..History::default() };
        let attempt = Attempt {
            terms: &terms, zone: None, region: None, history: Some(history).filter(|_| is_known), consents: &[],
            ring: Some(Duration::from_secs(15)), agent_waits: false,
        };
        let facts = Facts { attempt: Some(attempt), ..Facts::new("+12125550100", Purpose::Campaign, at) };
        let verdict = judge(&Rules::default(), &Lists::default(), &facts);
        let within = |limit: i64| minutes.iter().filter(|minutes| **minutes <= limit).count() as u32;
        // A day ago to the minute is just over.
        let (today, day) = (within(15 * 60), within(24 * 60 - 1));
        let counts = [total, total, today, today, day, day];
        let reached = caps.iter().zip(counts).any(|(cap, count)| cap.is_some_and(|cap| count >= cap));
        prop_assert_eq!(verdict.is_allowed(), is_known && !reached, "{:?}", verdict);
    }
}
