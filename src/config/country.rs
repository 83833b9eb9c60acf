//! The number plan of the home country, from libphonenumber's data.

use call::NumberPlan;
use phonenumber::metadata::DATABASE;

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
}
