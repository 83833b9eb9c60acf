use super::*;
use crate::ScheduleFault;

fn at(text: &str) -> WallTime {
    crate::moment(text).unwrap()
}

fn schedule(zone: &str, open: &[&str], holidays: &[&str]) -> Schedule {
    let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    Schedule::parse("office", zone, &owned(open), &owned(holidays)).unwrap()
}

fn office() -> Schedule {
    schedule(
        "Europe/London",
        &["mon-fri 09:00-17:30", "sat 10:00-13:00"],
        &[
            "12-25 Christmas Day",
            "12-24 09:00-12:00 Christmas Eve",
            "2026-04-03 Good Friday",
            "12-29..01-02 Stocktaking",
        ],
    )
}

#[test]
fn a_week_in_winter_and_in_summer() {
    let office = office();
    for (moment, expected) in [
        // Friday 20 November 2026: London is UTC.
        ("2026-11-20T08:59:59Z", Hours::Closed),
        ("2026-11-20T09:00:00Z", Hours::Open),
        ("2026-11-20T17:29:59Z", Hours::Open),
        ("2026-11-20T17:30:00Z", Hours::Closed),
        ("2026-11-21T12:59:00Z", Hours::Open),
        ("2026-11-22T12:00:00Z", Hours::Closed),
        // Wednesday 1 July 2026: an hour ahead of it.
        ("2026-07-01T07:59:59Z", Hours::Closed),
        ("2026-07-01T08:00:00Z", Hours::Open),
        ("2026-07-01T16:30:00Z", Hours::Closed),
    ] {
        assert_eq!(office.at(at(moment)), expected, "{moment}");
    }
}

#[test]
fn holidays_of_every_year_of_one_year_and_over_the_turn_of_it() {
    let office = office();
    for (moment, expected) in [
        ("2026-12-25T10:00:00Z", Hours::Holiday("Christmas Day")),
        ("2030-12-25T10:00:00Z", Hours::Holiday("Christmas Day")),
        ("2026-12-24T10:00:00Z", Hours::Open),
        ("2026-12-24T12:00:00Z", Hours::Holiday("Christmas Eve")),
        ("2026-04-03T10:00:00Z", Hours::Holiday("Good Friday")),
        ("2028-04-03T10:00:00Z", Hours::Open),
        ("2026-12-28T10:00:00Z", Hours::Open),
        ("2026-12-29T10:00:00Z", Hours::Holiday("Stocktaking")),
        ("2027-01-01T10:00:00Z", Hours::Holiday("Stocktaking")),
        ("2027-01-04T10:00:00Z", Hours::Open),
    ] {
        assert_eq!(office.at(at(moment)), expected, "{moment}");
    }
}

/// London, 29 March 2026: 01:00 UTC is 02:00 on the wall; 25 October: 01:00 UTC is 01:00 for the second time.
#[test]
fn the_nights_on_which_clocks_are_set() {
    let night = schedule("Europe/London", &["daily 01:00-02:00"], &[]);
    assert_eq!(night.at(at("2026-03-29T00:59:59Z")), Hours::Closed, "00:59:59 on the wall");
    assert_eq!(night.at(at("2026-03-29T01:00:00Z")), Hours::Closed, "already 02:00: the hour is left out");
    assert_eq!(night.at(at("2026-10-25T00:30:00Z")), Hours::Open, "01:30 for the first time");
    assert_eq!(night.at(at("2026-10-25T01:30:00Z")), Hours::Open, "and for the second");
    assert_eq!(night.at(at("2026-10-25T02:00:00Z")), Hours::Closed);
    assert_eq!(night.opens(at("2026-03-29T00:30:00Z")), Some(at("2026-03-30T00:00:00Z")), "the next night");
    // The office opens by the clock on the wall the day before and after.
    let office = schedule("Europe/London", &["daily 09:00-17:00"], &[]);
    assert_eq!(office.opens(at("2026-03-28T08:00:00Z")), Some(at("2026-03-28T09:00:00Z")));
    assert_eq!(office.opens(at("2026-03-28T18:00:00Z")), Some(at("2026-03-29T08:00:00Z")));
    assert_eq!(office.opens(at("2026-10-24T18:00:00Z")), Some(at("2026-10-25T09:00:00Z")));
    // South of the equator the other way round, and at half hours elsewhere.
    let sydney = schedule("Australia/Sydney", &["mon-fri 09:00-17:00"], &[]);
    assert_eq!(sydney.at(at("2026-01-04T22:00:00Z")), Hours::Open, "Monday 09:00 in summer, UTC+11");
    assert_eq!(sydney.at(at("2026-07-05T22:00:00Z")), Hours::Closed, "Monday 08:00 in winter, UTC+10");
    let kolkata = schedule("Asia/Kolkata", &["mon 09:00-17:00"], &[]);
    assert_eq!(kolkata.at(at("2026-07-06T03:30:00Z")), Hours::Open);
    assert_eq!(kolkata.at(at("2026-07-06T03:29:59Z")), Hours::Closed);
}

#[test]
fn a_night_shift_runs_over_midnight_and_over_the_weekend() {
    let night = schedule("UTC", &["fri-sun 22:00-06:00"], &[]);
    for (moment, expected) in [
        ("2026-11-20T21:59:00Z", Hours::Closed),
        ("2026-11-20T22:00:00Z", Hours::Open),
        ("2026-11-21T05:59:00Z", Hours::Open),
        ("2026-11-21T06:00:00Z", Hours::Closed),
        ("2026-11-23T05:00:00Z", Hours::Open),
        ("2026-11-24T05:00:00Z", Hours::Closed),
    ] {
        assert_eq!(night.at(at(moment)), expected, "{moment}");
    }
    let always = schedule("UTC", &["daily 00:00-24:00"], &[]);
    assert_eq!(always.at(at("2026-11-20T23:59:59Z")), Hours::Open);
}

#[test]
fn the_next_opening_passes_over_holidays() {
    let office = office();
    assert_eq!(office.opens(at("2026-11-20T10:00:00Z")), Some(at("2026-11-20T10:00:00Z")), "open now");
    assert_eq!(office.opens(at("2026-11-21T14:00:00Z")), Some(at("2026-11-23T09:00:00Z")), "Monday");
    assert_eq!(office.opens(at("2026-12-24T13:00:00Z")), Some(at("2026-12-26T10:00:00Z")), "Saturday after Christmas");
    assert_eq!(schedule("UTC", &[], &[]).opens(at("2026-11-20T10:00:00Z")), None);
}

#[test]
fn moments_are_read_and_written() {
    assert_eq!(crate::written(at("2026-12-25T11:00:00+01:00")), "2026-12-25T10:00:00Z");
    assert_eq!(crate::moment("tomorrow"), None);
    assert_eq!(Schedule::always("open").at(at("2026-12-25T10:00:00Z")), Hours::Open);
}

#[test]
fn it_closes_at_the_end_of_a_span_or_as_a_holiday_begins() {
    let office = office();
    let nights = schedule("Europe/London", &["daily 00:00-24:00"], &["12-25 Christmas Day"]);
    for (schedule, from, expected) in [
        (&office, "2026-11-20T12:00:00Z", Some("2026-11-20T17:30:00Z")),
        (&office, "2026-07-01T12:00:00Z", Some("2026-07-01T16:30:00Z")),
        (&office, "2026-12-24T10:00:00Z", Some("2026-12-24T12:00:00Z")),
        (&office, "2026-11-22T12:00:00Z", Some("2026-11-22T12:00:00Z")),
        (&nights, "2026-12-24T10:00:00Z", Some("2026-12-25T00:00:00Z")),
        (&nights, "2026-11-20T12:00:00Z", None),
        (&Schedule::always("always"), "2026-11-20T12:00:00Z", None),
    ] {
        assert_eq!(schedule.closes(at(from)), expected.map(at), "{from}");
    }
    let split = schedule("Europe/London", &["fri 09:00-12:00", "fri 12:00-13:00", "fri 14:00-15:00"], &[]);
    assert_eq!(split.closes(at("2026-11-20T10:00:00Z")), Some(at("2026-11-20T13:00:00Z")), "one span meets the next");
}

#[test]
fn every_fault_is_named() {
    let faults = Schedule::parse(
        "broken",
        "Europe/Atlantis",
        &[
            "mon 9-17".into(),
            "someday 09:00-10:00".into(),
            "mon".into(),
            "mon 10:00-10:00".into(),
            "sun-mon 09:00-10:00".into(),
        ],
        &[
            "13-01".into(),
            "2025-02-29".into(),
            "02-29 Leap day".into(),
            "2026-05-02..2026-05-01".into(),
            "Christmas".into(),
        ],
    );
    let faults = faults.unwrap_err();
    assert_eq!(faults[0], ScheduleFault::Zone("Europe/Atlantis".into()));
    let open = faults.iter().filter(|fault| matches!(fault, ScheduleFault::Open(_))).count();
    let holidays = faults.iter().filter(|fault| matches!(fault, ScheduleFault::Holiday(_))).count();
    assert_eq!((open, holidays), (4, 4), "{faults:?}");
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(line in ".{0,40}", zone in "[A-Za-z/_]{0,20}") {
        let _ = Schedule::parse("any", &zone, std::slice::from_ref(&line), std::slice::from_ref(&line));
    }

    #[test]
    fn what_closes_is_open_until_then(minutes in 0_i64..2_000_000) {
        let office = office();
        let from = WallTime::from_micros(1_760_000_000_000_000 + minutes * 60_000_000);
        let closes = office.closes(from).unwrap();
        proptest::prop_assert!(office.at(closes) != Hours::Open);
        if closes > from {
            proptest::prop_assert_eq!(office.at(from), Hours::Open);
            proptest::prop_assert_eq!(office.at(WallTime::from_micros(closes.as_micros() - 1)), Hours::Open);
        }
    }

    #[test]
    fn what_opens_is_open_then_and_not_before(minutes in 0_i64..2_000_000) {
        let office = office();
        let from = WallTime::from_micros(1_760_000_000_000_000 + minutes * 60_000_000);
        let opens = office.opens(from).unwrap();
        proptest::prop_assert_eq!(office.at(opens), Hours::Open);
        if opens > from {
            proptest::prop_assert!(office.at(WallTime::from_micros(opens.as_micros() - 1)) != Hours::Open);
            proptest::prop_assert!(office.at(from) != Hours::Open);
        }
    }
}
