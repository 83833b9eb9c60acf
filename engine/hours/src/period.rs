//! Periods of clock and calendar, for what is counted by them.

use clock::WallTime;

use crate::zone::Zone;

/// A period of the clock on the wall, or of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// 15 minutes, from the full hour on.
    QuarterHour,
    /// 30 minutes.
    HalfHour,
    /// From one full hour to the next.
    Hour,
    /// From midnight to midnight: 23 to 25 hours where clocks are set.
    Day,
    /// From Monday.
    Week,
    /// From the first of the month.
    Month,
}

impl Period {
    /// When the period ends that `at` is in: the first moment of the next one, always later than `at`. None beyond the
    /// calendar's end.
    #[must_use]
    pub fn end(self, zone: &Zone, at: WallTime) -> Option<WallTime> {
        let civil = zone.civil(at);
        let days = match self {
            Self::QuarterHour => return clock_end(zone, at, MINUTE * 15),
            Self::HalfHour => return clock_end(zone, at, MINUTE * 30),
            Self::Hour => return clock_end(zone, at, MINUTE * 60),
            Self::Day => 1,
            Self::Week => 7 - i32::try_from(civil.weekday).unwrap_or(0),
            Self::Month => i32::from(days_of(civil.year, civil.month)) + 1 - i32::from(civil.day),
        };
        zone.moment(at, days, 0).filter(|end| *end > at)
    }
}

/// By what the clock shows: where it is set meanwhile, the period ends so much earlier or later.
fn clock_end(zone: &Zone, at: WallTime, length: i64) -> Option<WallTime> {
    let offset = zone.offset_micros(at);
    let shown = at.as_micros().checked_add(offset)?;
    let end = shown.div_euclid(length).checked_add(1)?.checked_mul(length)?;
    end.checked_sub(offset).map(WallTime::from_micros)
}

const fn days_of(year: i16, month: i8) -> i8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

const MINUTE: i64 = 60_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moment;

    #[track_caller]
    fn ends(zone: &str, at: &str, cases: &[(Period, &str)]) {
        let zone = Zone::named(zone).unwrap();
        for (period, end) in cases {
            assert_eq!(period.end(&zone, moment(at).unwrap()), moment(end), "{period:?} {at}");
        }
    }

    #[test]
    fn periods_end_where_the_calendar_says() {
        let monday = [
            (Period::QuarterHour, "2026-12-28T00:15:00Z"),
            (Period::HalfHour, "2026-12-28T00:30:00Z"),
            (Period::Hour, "2026-12-28T01:00:00Z"),
            (Period::Day, "2026-12-29T00:00:00Z"),
            (Period::Week, "2027-01-04T00:00:00Z"),
            (Period::Month, "2027-01-01T00:00:00Z"),
        ];
        ends("UTC", "2026-12-28T00:00:00Z", &monday);
        ends("UTC", "2028-02-10T13:59:59.999999Z", &[(Period::Month, "2028-03-01T00:00:00Z")]);
        ends("UTC", "1969-12-31T23:30:00Z", &[(Period::Week, "1970-01-05T00:00:00Z")]);
    }

    #[test]
    fn zones_have_their_own_midnight_and_their_own_hours() {
        ends(
            "Asia/Kolkata",
            "2026-03-01T18:29:00Z",
            &[(Period::Hour, "2026-03-01T18:30:00Z"), (Period::Day, "2026-03-01T18:30:00Z")],
        );
        // Clocks go forward at 01:00 UTC: the day has 23 hours; and back: 25.
        ends(
            "Europe/London",
            "2026-03-29T00:00:00Z",
            &[(Period::Day, "2026-03-29T23:00:00Z"), (Period::Month, "2026-03-31T23:00:00Z")],
        );
        ends("Europe/London", "2026-10-24T23:00:00Z", &[(Period::Day, "2026-10-26T00:00:00Z")]);
        ends("Europe/London", "2026-10-25T00:30:00Z", &[(Period::Hour, "2026-10-25T01:00:00Z")]);
    }

    #[test]
    fn periods_follow_each_other() {
        for name in ["Australia/Lord_Howe", "America/Sao_Paulo", "America/Havana", "Pacific/Apia", "Africa/Cairo"] {
            let zone = Zone::named(name).unwrap();
            for period in [Period::QuarterHour, Period::Hour, Period::Day, Period::Week, Period::Month] {
                let mut at = moment("2011-12-20T00:00:00Z").unwrap();
                for _ in 0..500 {
                    let end = period.end(&zone, at).unwrap();
                    assert!(end > at, "{name} {period:?}");
                    at = end;
                }
            }
        }
    }
}
