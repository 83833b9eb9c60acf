//! The civil date of a wall time, in UTC: days since the epoch as year, month
//! and day of the proleptic Gregorian calendar (Hinnant, "chrono-compatible
//! low-level date algorithms").

use clock::WallTime;

/// Whole days since 1970-01-01.
pub(crate) fn day_number(at: WallTime) -> i64 {
    at.as_micros().div_euclid(MICROS_A_DAY)
}

/// `2026/11/20`: the folder of a day.
pub(crate) fn date_path(at: WallTime) -> String {
    let (year, month, day) = date(day_number(at));
    format!("{year:04}/{month:02}/{day:02}")
}

/// Year, month 1 to 12 and day 1 to 31.
fn date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468; // days from 0000-03-01 to the epoch
    let era = shifted.div_euclid(146_097); // days of 400 years
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153; // from March
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

const MICROS_A_DAY: i64 = 86_400_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_that_are_known() {
        let path = |seconds: i64| date_path(WallTime::from_micros(seconds * 1_000_000));
        assert_eq!(path(0), "1970/01/01");
        assert_eq!(path(951_782_400), "2000/02/29");
        assert_eq!(path(951_868_800), "2000/03/01");
        assert_eq!(path(1_795_132_799), "2026/11/19");
        assert_eq!(path(1_795_132_800), "2026/11/20");
        assert_eq!(path(-1), "1969/12/31");
    }
}
