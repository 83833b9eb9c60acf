//! Days of the calendar, and which of them are holidays.

use hours::Civil;

/// A day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// Year.
    pub year: i16,
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
}

/// A day of each year on which nobody is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holiday {
    /// What people call it.
    pub name: &'static str,
    /// When it is.
    pub when: When,
    /// Which further day is kept for it when it falls on a weekend.
    pub kept: Kept,
}

/// The day of a holiday, in any year. Weekdays count from Monday 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Of this month the day.
    On(i8, i8),
    /// Of this month that weekday for the n-th time.
    Nth(i8, i64, i64),
    /// So many days after it.
    AfterNth(i8, i64, i64, i64),
    /// Of this month that weekday for the last time.
    Last(i8, i64),
    /// The last such weekday before a day of a month.
    Before(i8, i8, i64),
    /// So many days after Easter Sunday.
    Easter(i64),
}

/// What happens to a holiday on a weekend. The day itself is always kept too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Nothing.
    Itself,
    /// From Sunday to Monday.
    SundayToMonday,
    /// From Saturday to Friday, from Sunday to Monday.
    Nearest,
    /// From both days to Monday.
    Monday,
    /// Two days later, as Christmas and the day after it.
    TwoLater,
}

impl From<Civil> for Day {
    fn from(civil: Civil) -> Self {
        Self { year: civil.year, month: civil.month, day: civil.day }
    }
}

impl core::fmt::Display for Day {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl Holiday {
    /// Whether that day is this holiday, or the day kept for it.
    #[must_use]
    pub fn is_on(&self, day: Day) -> bool {
        let wanted = number(day);
        // What is kept for New Year's Day may lie in the year before.
        [day.year, day.year.saturating_add(1)].into_iter().any(|year| {
            let itself = self.when.of(year);
            wanted == itself || wanted == self.kept.of(itself)
        })
    }
}

impl When {
    /// Its day of that year, in days since the epoch.
    fn of(self, year: i16) -> i64 {
        let on = |month: i8, day: i8| number(Day { year, month, day });
        let nth = |month: i8, wanted: i64, n: i64| {
            let first = on(month, 1);
            first + (wanted - weekday(first)).rem_euclid(7) + 7 * (n - 1)
        };
        match self {
            Self::On(month, day) => on(month, day),
            Self::Nth(month, weekday, n) => nth(month, weekday, n),
            Self::AfterNth(month, weekday, n, days) => nth(month, weekday, n) + days,
            Self::Last(month, wanted) => {
                let last = if month == 12 { on(12, 31) } else { on(month + 1, 1) - 1 };
                last - (weekday(last) - wanted).rem_euclid(7)
            }
            Self::Before(month, day, wanted) => {
                let before = on(month, day) - 1;
                before - (weekday(before) - wanted).rem_euclid(7)
            }
            Self::Easter(days) => easter(year) + days,
        }
    }
}

impl Kept {
    fn of(self, itself: i64) -> i64 {
        let (is_saturday, is_sunday) = (weekday(itself) == SATURDAY, weekday(itself) == SUNDAY);
        match self {
            Self::SundayToMonday | Self::Nearest | Self::Monday if is_sunday => itself + 1,
            Self::Nearest if is_saturday => itself - 1,
            Self::Monday if is_saturday => itself + 2,
            Self::TwoLater if is_saturday || is_sunday => itself + 2,
            _ => itself,
        }
    }
}

/// Days since 1970-01-01 of the Gregorian calendar, by the count of days in eras of 400 years.
fn number(day: Day) -> i64 {
    let (month, date) = (i64::from(day.month), i64::from(day.day));
    let year = i64::from(day.year) - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + date - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Monday 0 to Sunday 6; the epoch was a Thursday.
fn weekday(number: i64) -> i64 {
    (number + 3).rem_euclid(7)
}

/// Easter Sunday of the Gregorian calendar (the "anonymous" computus).
fn easter(year: i16) -> i64 {
    let y = i64::from(year);
    let (a, b, c) = (y.rem_euclid(19), y.div_euclid(100), y.rem_euclid(100));
    let (d, e, g) = (b / 4, b % 4, (8 * b + 13) / 25);
    let h = (19 * a + b - d - g + 15).rem_euclid(30);
    let l = (32 + 2 * e + 2 * (c / 4) - h - c % 4).rem_euclid(7);
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19).rem_euclid(32);
    number(Day { year, month: i8::try_from(month).unwrap_or(4), day: i8::try_from(day).unwrap_or(1) })
}

const SATURDAY: i64 = 5;
const SUNDAY: i64 = 6;

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i16, month: i8, day: i8) -> Day {
        Day { year, month, day }
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!((number(day(1970, 1, 1)), number(day(2000, 3, 1))), (0, 11_017));
        assert_eq!(weekday(number(day(2026, 11, 21))), SATURDAY);
        // Easter as almanacs have it.
        for (year, month, date) in [(2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2027, 3, 28), (2038, 4, 25)] {
            assert_eq!(easter(year), number(day(year, month, date)), "{year}");
        }
    }

    #[test]
    fn holidays_are_kept_where_they_fall_on_a_weekend() {
        let is_on = |when, kept, date| Holiday { name: "", when, kept }.is_on(date);
        assert!(is_on(When::Nth(11, 3, 4), Kept::Itself, day(2026, 11, 26)), "Thanksgiving");
        assert!(is_on(When::AfterNth(11, 3, 4, 1), Kept::Itself, day(2026, 11, 27)));
        assert!(is_on(When::Last(5, 0), Kept::Itself, day(2026, 5, 25)), "Memorial Day");
        assert!(is_on(When::Last(12, 3), Kept::Itself, day(2026, 12, 31)));
        assert!(is_on(When::Before(5, 25, 0), Kept::Itself, day(2026, 5, 18)), "Victoria Day");
        assert!(is_on(When::Easter(-2), Kept::Itself, day(2026, 4, 3)), "Good Friday");
        // Independence Day 2026 is a Saturday, New Year's Day 2028 too, Christmas 2027 as well.
        assert!(is_on(When::On(7, 4), Kept::Nearest, day(2026, 7, 3)));
        assert!(is_on(When::On(7, 4), Kept::Nearest, day(2026, 7, 4)), "the day itself too");
        assert!(!is_on(When::On(7, 4), Kept::SundayToMonday, day(2026, 7, 6)));
        assert!(is_on(When::On(1, 1), Kept::Nearest, day(2027, 12, 31)), "in the year before");
        assert!(is_on(When::On(1, 1), Kept::Monday, day(2028, 1, 3)));
        assert!(is_on(When::On(12, 25), Kept::TwoLater, day(2027, 12, 27)));
        assert!(is_on(When::On(12, 26), Kept::TwoLater, day(2027, 12, 28)));
        assert!(is_on(When::On(12, 25), Kept::TwoLater, day(2022, 12, 27)), "a Sunday");
    }
}
