//! IANA time zones, from the data compiled in.

use clock::WallTime;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// A time zone by its IANA name, e.g. `Europe/London`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// What calendar and clock on the wall say in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// Year.
    pub year: i16,
    /// Month, 1 to 12.
    pub month: i8,
    /// Day of the month, 1 to 31.
    pub day: i8,
    /// Day of the week, Monday 0 to Sunday 6.
    pub weekday: usize,
    /// Minute of the day, 0 to 1439.
    pub minute: u16,
}

impl Zone {
    /// The zone of that name; none when IANA has no such zone.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TimeZoneDatabase::bundled().get(name).ok().map(Self)
    }

    /// Coordinated universal time.
    #[must_use]
    pub const fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// Its IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// Date and time of day at a moment.
    #[must_use]
    pub fn civil(&self, at: WallTime) -> Civil {
        let local = self.0.to_datetime(timestamp(at));
        Civil {
            year: local.year(),
            month: local.month(),
            day: local.day(),
            weekday: usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or(0),
            minute: u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap_or(0),
        }
    }

    /// The day of a moment: from one midnight to the next, 23 to 25 hours.
    #[must_use]
    pub fn day(&self, at: WallTime) -> Option<core::ops::Range<WallTime>> {
        Some(self.moment(at, 0, 0)?..self.moment(at, 1, 0)?)
    }

    /// The moment at which calendar and clock on the wall say this, `2026-12-25T10:00` or with seconds; none when it
    /// cannot be read. A time that a clock set forward leaves out is the moment so much later; of one that it shows
    /// twice it is the first.
    #[must_use]
    pub fn local(&self, text: &str) -> Option<WallTime> {
        let local: jiff::civil::DateTime = text.contains('T').then(|| text.parse().ok()).flatten()?;
        Some(WallTime::from_micros(self.0.to_timestamp(local).ok()?.as_microsecond()))
    }

    /// What the clock on the wall is ahead of UTC at a moment, microseconds.
    pub(crate) fn offset_micros(&self, at: WallTime) -> i64 {
        i64::from(self.0.to_offset(timestamp(at)).seconds()) * 1_000_000
    }

    /// The moment at which the clock on the wall shows `minute` on the day `days` after that of `at`. A time that a
    /// clock set forward leaves out is the moment so much later; of one that it shows twice it is the first.
    pub(crate) fn moment(&self, at: WallTime, days: i32, minute: u16) -> Option<WallTime> {
        let date: Date = self.0.to_datetime(timestamp(at)).date();
        let date = date.checked_add(jiff::Span::new().try_days(days + i32::from(minute / MINUTES_A_DAY)).ok()?).ok()?;
        let minute = minute % MINUTES_A_DAY;
        let time = Time::new(i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?, 0, 0).ok()?;
        let moment = self.0.to_timestamp(date.to_datetime(time)).ok()?;
        Some(WallTime::from_micros(moment.as_microsecond()))
    }
}

/// A moment as people write it (RFC 3339): `2026-12-25T10:00:00Z`, `2026-12-25T10:00:00+01:00`.
#[must_use]
pub fn moment(text: &str) -> Option<WallTime> {
    let moment: Timestamp = text.parse().ok()?;
    Some(WallTime::from_micros(moment.as_microsecond()))
}

/// The same the other way, in UTC.
#[must_use]
pub fn written(moment: WallTime) -> String {
    timestamp(moment).to_string()
}

/// Times that no calendar has (before the year -9999) are the epoch.
fn timestamp(at: WallTime) -> Timestamp {
    Timestamp::from_microsecond(at.as_micros()).unwrap_or(Timestamp::UNIX_EPOCH)
}

pub(crate) const MINUTES_A_DAY: u16 = 24 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5545 3.3.5: a local time that does not exist has the offset from before the gap, the first of two counts.
    #[test]
    fn times_that_clocks_leave_out_or_show_twice_are_those_before_the_change() {
        for (zone, text, utc) in [
            ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:30:00Z"),
            ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30:00Z"),
            ("Europe/Berlin", "2026-03-29T02:00", "2026-03-29T01:00:00Z"),
            // At midnight, and by half an hour.
            ("America/Havana", "2026-03-08T00:30", "2026-03-08T05:30:00Z"),
            ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:45:00Z"),
            // A day that Samoa never had.
            ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T22:00:00Z"),
        ] {
            assert_eq!(Zone::named(zone).unwrap().local(text), moment(utc), "{zone} {text}");
        }
    }

    #[test]
    fn local_times_are_moments() {
        let london = Zone::named("Europe/London").unwrap();
        let is = |text: &str, utc: &str| assert_eq!(london.local(text), moment(utc), "{text}");
        is("2026-12-25T10:00", "2026-12-25T10:00:00Z");
        is("2026-07-01T10:00:30", "2026-07-01T09:00:30Z");
        is("2026-03-29T01:30", "2026-03-29T01:30:00Z");
        is("2026-10-25T01:30", "2026-10-25T00:30:00Z");
        for unread in ["", "noon", "2026-12-25", "2026-13-25T10:00", "2026-12-25T10:00Z"] {
            assert_eq!(london.local(unread), None, "{unread}");
        }
    }
}
