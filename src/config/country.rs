//! The number plan of the home country, from libphonenumber's data.

use call::NumberPlan;
use phonenumber::metadata::{DATABASE, Descriptor};

/// How numbers are written in `country` (two letters); `None` for a country that is not known.
pub fn number_plan(country: &str) -> Option<NumberPlan> {
    let metadata = DATABASE.by_id(country)?;
    let kinds = metadata.descriptors();
    let kinds = [Some(kinds.general()), kinds.fixed_line(), kinds.mobile(), kinds.toll_free(), kinds.shared_cost()];
    let lengths: Vec<u16> = kinds.into_iter().flatten().flat_map(|kind| kind.possible_length()).copied().collect();
    let shortest = lengths.iter().min().copied().unwrap_or(FEWEST_DIGITS).min(MAX_DIGITS);
    let longest = lengths.iter().max().copied().unwrap_or(MAX_DIGITS).min(MAX_DIGITS);
    Some(NumberPlan {
        country_code: metadata.country_code().to_string(),
        trunk_prefix: metadata.national_prefix().unwrap_or_default().to_owned(),
        international_prefix: international_prefix(metadata.country_code()),
        national_digits: (shortest as u8, longest as u8),
        ..NumberPlan::default()
    })
}

/// The premium rate numbers of `country` as E.164 prefixes, which nobody dials by default (DESIGN section 7).
pub fn premium_prefixes(country: &str) -> Vec<String> {
    let Some(metadata) = DATABASE.by_id(country) else { return Vec::new() };
    let kinds = metadata.descriptors();
    let Some(premium) = kinds.premium_rate() else { return Vec::new() };
    let common: Vec<&Descriptor> =
        [kinds.fixed_line(), kinds.mobile(), kinds.toll_free()].into_iter().flatten().collect();
    let is_premium = |number: &str| premium.is_match(number) && !common.iter().any(|kind| kind.is_match(number));
    let lengths = if premium.possible_length().is_empty() { kinds.general() } else { premium }.possible_length();
    let denied = |prefix: &u16| {
        let samples = lengths.iter().flat_map(|length| FILLERS.map(|filler| filled(*prefix, filler, *length)));
        samples.into_iter().any(|number| is_premium(&number))
    };
    let country_code = metadata.country_code();
    (LEAST_PREFIX..=MOST_PREFIX).filter(denied).map(|prefix| format!("+{country_code}{prefix}")).collect()
}

/// A national number of `length` digits that begins with `prefix`.
fn filled(prefix: u16, filler: char, length: u16) -> String {
    let mut number = prefix.to_string();
    while number.len() < usize::from(length) {
        number.push(filler);
    }
    number
}

/// The countries of the North American plan dial `011`, nearly all others `00`
/// (ITU-T E.123, E.164.1 annex); further ones are settable when they are asked for.
fn international_prefix(country_code: u16) -> String {
    match country_code {
        1 => "011",
        7 => "810",
        61 => "0011",
        81 => "010",
        _ => "00",
    }
    .to_owned()
}

/// Where libphonenumber names no length: short enough for every numbering plan.
const FEWEST_DIGITS: u16 = 4;
/// ITU-T E.164: at most 15 digits with the country code.
const MAX_DIGITS: u16 = 15;
/// Prefixes of premium rates are told apart by four digits: enough for every
/// country of the data, few enough to try them all at the start.
const LEAST_PREFIX: u16 = 1_000;
const MOST_PREFIX: u16 = 9_999;
/// What completes a prefix to a number: the patterns leave the rest of it open.
const FILLERS: [char; 2] = ['0', '5'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn great_britain_and_nowhere() {
        let plan = number_plan("GB").expect("known");
        assert_eq!((plan.country_code.as_str(), plan.trunk_prefix.as_str()), ("44", "0"));
        assert_eq!(plan.international_prefix, "00");
        assert!(plan.national_digits.0 >= 7 && plan.national_digits.1 == 10);
        assert_eq!(number_plan("ZZ"), None);
    }

    #[test]
    fn premium_rates_are_denied_and_nothing_else() {
        let gb = premium_prefixes("GB");
        let denied = |number: &str| gb.iter().any(|prefix| number.starts_with(prefix.as_str()));
        for premium in ["+449098790001", "+449110000000", "+448712345678", "+449821234567"] {
            assert!(denied(premium), "{premium}");
        }
        for common in ["+442071830001", "+447700900123", "+448001111111", "+443001234567", "+441632960000"] {
            assert!(!denied(common), "{common}");
        }
        assert!(premium_prefixes("US").contains(&"+19005".to_owned()));
        assert!(premium_prefixes("DE").contains(&"+499001".to_owned()));
        assert_eq!(premium_prefixes("ZZ"), Vec::<String>::new());
    }
}
