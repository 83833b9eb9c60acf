//! Civil time at the edge: RFC 3339 in UTC with `Z`, and the wall clock.

use std::time::{SystemTime, UNIX_EPOCH};

use clock::WallTime;

/// What the wall clock shows.
#[allow(clippy::disallowed_methods, reason = "a shell reads the clock; cores get it as an argument")]
pub(crate) fn wall_now() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallTime::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// `2026-07-30T12:34:56.000001Z`.
pub(crate) fn rfc3339(time: WallTime) -> String {
    let micros = time.as_micros();
    let (days, of_day) = (micros.div_euclid(MICROS_A_DAY), micros.rem_euclid(MICROS_A_DAY));
    let (year, month, day) = civil_from_days(days);
    let seconds = of_day / 1_000_000;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:06}Z",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        of_day % 1_000_000
    )
}

/// Reads RFC 3339 (section 5.6), with `Z` or an offset, to microseconds; finer digits are cut.
pub(crate) fn parse_rfc3339(text: &str) -> Option<WallTime> {
    let bytes = text.as_bytes();
    let separators = [(4, b"-"), (7, b"-"), (13, b":"), (16, b":")];
    if bytes.len() < 20 || separators.iter().any(|(at, mark)| bytes.get(*at) != Some(&mark[0])) {
        return None;
    }
    if !matches!(bytes.get(10), Some(b'T' | b't')) {
        return None;
    }
    let (year, month, day) = (digits(text, 0, 4)?, digits(text, 5, 7)?, digits(text, 8, 10)?);
    let (hour, minute, second) = (digits(text, 11, 13)?, digits(text, 14, 16)?, digits(text, 17, 19)?);
    if !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (fraction, zone) = fraction_micros(text.get(19..)?)?;
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some(WallTime::from_micros((seconds - offset_seconds(zone)?) * 1_000_000 + fraction))
}

fn digits(text: &str, from: usize, to: usize) -> Option<i64> {
    let part = text.get(from..to)?;
    part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten()
}

fn fraction_micros(rest: &str) -> Option<(i64, &str)> {
    let Some(after_dot) = rest.strip_prefix('.') else { return Some((0, rest)) };
    let len = after_dot.bytes().take_while(u8::is_ascii_digit).count();
    let (fraction, zone) = after_dot.split_at_checked(len)?;
    let micros =
        fraction.bytes().chain(std::iter::repeat(b'0')).take(6).fold(0, |sum, b| sum * 10 + i64::from(b - b'0'));
    (len > 0).then_some((micros, zone))
}

fn offset_seconds(zone: &str) -> Option<i64> {
    if zone == "Z" || zone == "z" {
        return Some(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    if zone.len() != 6 || zone.as_bytes().get(3) != Some(&b':') {
        return None;
    }
    let (hours, minutes) = (digits(zone, 1, 3)?, digits(zone, 4, 6)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar; years start in March here,
/// so that the leap day is a year's last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * DAYS_AN_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_EPOCH
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + DAYS_TO_EPOCH;
    let era = shifted.div_euclid(DAYS_AN_ERA);
    let day_of_era = shifted.rem_euclid(DAYS_AN_ERA);
    let of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let of_year = day_of_era - (365 * of_era + of_era / 4 - of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + of_era + i64::from(month <= 2), month, day)
}

const MICROS_A_DAY: i64 = 86_400_000_000;
/// Days of 400 Gregorian years.
const DAYS_AN_ERA: i64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const DAYS_TO_EPOCH: i64 = 719_468;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read_back() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_400_000_001, "2000-02-29T00:00:00.000001Z"),
            (1_785_414_896_250_000, "2026-07-30T12:34:56.250000Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(rfc3339(WallTime::from_micros(micros)), text);
            assert_eq!(parse_rfc3339(text), Some(WallTime::from_micros(micros)), "{text}");
        }
    }

    #[test]
    fn offsets_and_fractions_are_understood() {
        let noon = parse_rfc3339("2026-07-30T12:00:00Z");
        assert!(noon.is_some());
        assert_eq!(parse_rfc3339("2026-07-30T14:30:00.0+02:30"), noon);
        assert_eq!(parse_rfc3339("2026-07-30t10:00:00.0000009-02:00"), noon);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let wrong = [
            "",
            "now",
            "2026-07-30",
            "2026-07-30T12:00:00",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-07-30T24:00:00Z",
            "2026-07-30T12:00:00.Z",
            "2026-07-30T12:00:00+2:00",
            "2026-07-30T12:00:00é",
            "+026-07-30T12:00:00Z",
        ];
        for text in wrong {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }
}
