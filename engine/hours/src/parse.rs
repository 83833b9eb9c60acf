//! Schedules as people write them: `mon-fri 09:00-17:30`, `12-25 Christmas Day`.

use crate::schedule::{Day, Holiday, Schedule, Span};
use crate::zone::{MINUTES_A_DAY, Zone};

/// What is wrong with a written schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleFault {
    /// No such zone.
    #[error("there is no time zone \"{0}\"; expected an IANA name, e.g. \"Europe/London\"")]
    Zone(String),
    /// An opening line.
    #[error("\"{0}\" is not \"<days> <from>-<until>\", e.g. \"mon-fri 09:00-17:30\" or \"sat,sun 10:00-13:00\"")]
    Open(String),
    /// A holiday line.
    #[error(
        "\"{0}\" is not \"<date> [<from>-<until>] [<name>]\" with a date MM-DD or YYYY-MM-DD, or two joined by \"..\""
    )]
    Holiday(String),
    /// More lines than a schedule may have.
    #[error("a schedule has at most {MAX_LINES} lines, this one {0}")]
    TooLong(usize),
}

impl Schedule {
    /// Reads a schedule; every fault at once.
    ///
    /// # Errors
    /// All lines that cannot be read, and an unknown zone.
    pub fn parse(name: &str, zone: &str, open: &[String], holidays: &[String]) -> Result<Self, Vec<ScheduleFault>> {
        let mut faults = Vec::new();
        if open.len() + holidays.len() > MAX_LINES {
            return Err(vec![ScheduleFault::TooLong(open.len() + holidays.len())]);
        }
        let known = Zone::named(zone);
        if known.is_none() {
            faults.push(ScheduleFault::Zone(zone.to_owned()));
        }
        let mut week: [Vec<Span>; 7] = Default::default();
        for line in open {
            if add_open(&mut week, line).is_none() {
                faults.push(ScheduleFault::Open(line.clone()));
            }
        }
        let mut days = Vec::new();
        for line in holidays {
            match holiday(line) {
                Some(day) => days.push(day),
                None => faults.push(ScheduleFault::Holiday(line.clone())),
            }
        }
        let zone = known.unwrap_or(Zone::utc());
        if faults.is_empty() { Ok(Self { name: name.to_owned(), zone, week, holidays: days }) } else { Err(faults) }
    }
}

/// Adds the spans of one line to its days; a span over midnight goes on in the next.
fn add_open(week: &mut [Vec<Span>; 7], line: &str) -> Option<()> {
    let mut words = line.split_whitespace();
    let days = weekdays(words.next()?)?;
    let spans: Vec<(u16, u16)> = words.map(span).collect::<Option<_>>()?;
    if spans.is_empty() {
        return None;
    }
    for day in days {
        for &(from, until) in &spans {
            if from < until {
                week[day].push(Span { from, until });
            } else {
                week[day].push(Span { from, until: MINUTES_A_DAY });
                week[(day + 1) % 7].push(Span { from: 0, until });
            }
        }
    }
    Some(())
}

/// `daily`, or days and ranges of days with commas between: `mon-fri,sun`. A range may run over the weekend.
fn weekdays(text: &str) -> Option<Vec<usize>> {
    if text.eq_ignore_ascii_case("daily") {
        return Some((0..7).collect());
    }
    let day = |name: &str| WEEKDAYS.iter().position(|known| known.eq_ignore_ascii_case(name));
    let mut days = Vec::new();
    for part in text.split(',') {
        match part.split_once('-') {
            None => days.push(day(part)?),
            Some((first, last)) => {
                let (first, last) = (day(first)?, day(last)?);
                days.extend((0..=(last + 7 - first) % 7).map(|step| (first + step) % 7));
            }
        }
    }
    Some(days)
}

/// `09:00-17:30`; `00:00-24:00` is the whole day.
fn span(text: &str) -> Option<(u16, u16)> {
    let (from, until) = text.split_once('-')?;
    let (from, until) = (minute(from)?, minute(until)?);
    (from != until && from < MINUTES_A_DAY && until > 0).then_some((from, until))
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two_digits = |part: &str| (part.len() == 2).then(|| digits(part)).flatten();
    let (hour, minute) = (two_digits(hour)?, two_digits(minute)?);
    let of_day = hour * 60 + minute;
    (minute < 60 && of_day <= MINUTES_A_DAY).then_some(of_day)
}

fn holiday(line: &str) -> Option<Holiday> {
    let (dates, mut rest) = line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
    let (first, last) = match dates.split_once("..") {
        Some((first, last)) => (date(first)?, date(last)?),
        None => (date(dates)?, date(dates)?),
    };
    let backwards = first.year.is_some() && (last.year, last.month, last.day) < (first.year, first.month, first.day);
    if first.year.is_some() != last.year.is_some() || backwards {
        return None;
    }
    let mut open = Vec::new();
    while let Some((from, until)) = rest.split_whitespace().next().and_then(span).filter(|(from, until)| from < until) {
        open.push(Span { from, until });
        rest = rest.trim_start().split_once(char::is_whitespace).map_or("", |(_, rest)| rest);
    }
    Some(Holiday { first, last, name: rest.trim().to_owned(), open })
}

/// `12-25` or `2026-12-25`.
fn date(text: &str) -> Option<Day> {
    let parts: Vec<&str> = text.split('-').collect();
    let (year, month, day) = match parts[..] {
        [month, day] => (None, month, day),
        [year, month, day] if year.len() == 4 => (Some(i16::try_from(digits(year)?).ok()?), month, day),
        _ => return None,
    };
    let (month, day) = (digits(month)?, digits(day)?);
    // 29 February is a day of every year that has one.
    let longest = *DAYS_OF_MONTH.get(usize::from(month).checked_sub(1)?)?;
    if !(1..=longest).contains(&day) || year.is_some_and(|year| month == 2 && day == 29 && !is_leap(year)) {
        return None;
    }
    Some(Day { year, month: i8::try_from(month).ok()?, day: i8::try_from(day).ok()? })
}

fn is_leap(year: i16) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn digits(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAYS_OF_MONTH: [u16; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/// Ten years of holidays in every country of a large company.
const MAX_LINES: usize = 2_000;
