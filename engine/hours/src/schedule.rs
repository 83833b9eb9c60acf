//! A week of open spans, and days that differ.

use std::collections::BTreeSet;

use clock::WallTime;

use crate::zone::{Civil, MINUTES_A_DAY, Zone};

/// When something is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// Where its clock hangs.
    pub zone: Zone,
    /// Open spans of each day, Monday first.
    pub week: [Vec<Span>; 7],
    /// Days that differ; the first that matches counts.
    pub holidays: Vec<Holiday>,
}

/// Open from a minute of the day until before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First open minute, 0 to 1439.
    pub from: u16,
    /// First closed minute, 1 to 1440.
    pub until: u16,
}

/// A day, or days in a row, whose hours differ from those of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holiday {
    /// First day.
    pub first: Day,
    /// Last day.
    pub last: Day,
    /// What people call it; may be empty.
    pub name: String,
    /// Open spans all the same; mostly none.
    pub open: Vec<Span>,
}

/// A day of every year, or of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// None: every year.
    pub year: Option<i16>,
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
}

/// What a schedule says of a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hours<'a> {
    /// Open.
    Open,
    /// Out of hours.
    Closed,
    /// Closed for a holiday of that name.
    Holiday(&'a str),
}

impl Hours<'_> {
    /// The stable word: `open`, `closed` or `holiday`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Holiday(_) => "holiday",
        }
    }
}

impl Schedule {
    /// One that is always open.
    #[must_use]
    pub fn always(name: &str) -> Self {
        let day = || vec![Span { from: 0, until: MINUTES_A_DAY }];
        Self { name: name.to_owned(), zone: Zone::utc(), week: core::array::from_fn(|_| day()), holidays: Vec::new() }
    }

    /// Whether it is open at a moment.
    #[must_use]
    pub fn at(&self, moment: WallTime) -> Hours<'_> {
        let now = self.zone.civil(moment);
        let covers = |spans: &[Span]| spans.iter().any(|span| (span.from..span.until).contains(&now.minute));
        match self.holidays.iter().find(|holiday| holiday.covers(now)) {
            Some(holiday) if covers(&holiday.open) => Hours::Open,
            Some(holiday) => Hours::Holiday(&holiday.name),
            None if self.week.get(now.weekday).is_some_and(|day| covers(day)) => Hours::Open,
            None => Hours::Closed,
        }
    }

    /// The first moment from this one on at which it is open; none within a year.
    #[must_use]
    pub fn opens(&self, from: WallTime) -> Option<WallTime> {
        if self.at(from) == Hours::Open {
            return Some(from);
        }
        (0..=DAYS_AHEAD).find_map(|days| {
            let day = self.zone.civil(self.zone.moment(from, days, NOON)?);
            let holiday = self.holidays.iter().find(|holiday| holiday.covers(day));
            let spans = holiday.map_or_else(|| self.week.get(day.weekday), |holiday| Some(&holiday.open))?;
            let openings = spans.iter().filter_map(|span| self.zone.moment(from, days, span.from));
            openings.filter(|moment| *moment > from && self.at(*moment) == Hours::Open).min()
        })
    }
}

impl Schedule {
    /// The first moment from this one on at which it is not open; none within two days.
    #[must_use]
    pub fn closes(&self, from: WallTime) -> Option<WallTime> {
        if self.at(from) != Hours::Open {
            return Some(from);
        }
        // Spans end, or a day begins that differs.
        let ends = self.week.iter().chain(self.holidays.iter().map(|holiday| &holiday.open)).flatten();
        let minutes: BTreeSet<u16> = ends.map(|span| span.until % MINUTES_A_DAY).chain([0]).collect();
        let is_closed = |moment: &WallTime| *moment > from && self.at(*moment) != Hours::Open;
        (0..=CLOSES_AHEAD).find_map(|days| {
            let moments = minutes.iter().filter_map(|minute| self.zone.moment(from, days, *minute));
            moments.filter(is_closed).min()
        })
    }
}

impl Holiday {
    fn covers(&self, date: Civil) -> bool {
        let today = (date.year, date.month, date.day);
        let at = |day: Day| (day.year.unwrap_or(date.year), day.month, day.day);
        let (first, last) = (at(self.first), at(self.last));
        if self.first.year.is_none() && last < first {
            // Over the turn of the year, every year.
            return today >= first || today <= last;
        }
        (first..=last).contains(&today)
    }
}

/// No day lacks its noon: clocks are set at night.
const NOON: u16 = 12 * 60;
/// A schedule that does not open within a year is closed for good.
const DAYS_AHEAD: i32 = 366;
/// Nobody waits longer, so nobody needs to know of a later end.
const CLOSES_AHEAD: i32 = 2;

#[cfg(test)]
mod tests;
