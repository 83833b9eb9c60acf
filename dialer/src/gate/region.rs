//! States and provinces as lists write them: rules of states go by their codes.

/// The ISO 3166-2 code of a state or province of the United States or Canada that is written as its code (`US-FL`), as its
/// two letters (`FL`) or by its name (`Florida`); none: there is no such state.
#[must_use]
pub fn region_named(said: &str) -> Option<&'static str> {
    let plain: String = said.trim().chars().filter(|character| *character != '.').collect();
    let is = |word: &str| word.eq_ignore_ascii_case(&plain);
    let letters = |code: &'static str| code.split_once('-').map_or(code, |(_, letters)| letters);
    let found = REGIONS.iter().find(|(code, name)| is(code) || is(letters(code)) || is(name));
    found.map(|(code, _)| *code)
}

/// Whether regions of that country (ISO 3166-1) have rules of their own, so that a region must be one that is known.
#[must_use]
pub fn has_states(country: &str) -> bool {
    matches!(country, "US" | "CA" | "PR" | "GU" | "VI" | "AS" | "MP")
}

/// States, the District of Columbia and territories of the United States, provinces and territories of Canada.
const REGIONS: &[(&str, &str)] = &[
    ("US-AL", "Alabama"),
    ("US-AK", "Alaska"),
    ("US-AS", "American Samoa"),
    ("US-AZ", "Arizona"),
    ("US-AR", "Arkansas"),
    ("US-CA", "California"),
    ("US-CO", "Colorado"),
    ("US-CT", "Connecticut"),
    ("US-DE", "Delaware"),
    ("US-DC", "District of Columbia"),
    ("US-DC", "Washington DC"),
    ("US-FL", "Florida"),
    ("US-GA", "Georgia"),
    ("US-GU", "Guam"),
    ("US-HI", "Hawaii"),
    ("US-ID", "Idaho"),
    ("US-IL", "Illinois"),
    ("US-IN", "Indiana"),
    ("US-IA", "Iowa"),
    ("US-KS", "Kansas"),
    ("US-KY", "Kentucky"),
    ("US-LA", "Louisiana"),
    ("US-ME", "Maine"),
    ("US-MD", "Maryland"),
    ("US-MA", "Massachusetts"),
    ("US-MI", "Michigan"),
    ("US-MN", "Minnesota"),
    ("US-MS", "Mississippi"),
    ("US-MO", "Missouri"),
    ("US-MT", "Montana"),
    ("US-NE", "Nebraska"),
    ("US-NV", "Nevada"),
    ("US-NH", "New Hampshire"),
    ("US-NJ", "New Jersey"),
    ("US-NM", "New Mexico"),
    ("US-NY", "New York"),
    ("US-NC", "North Carolina"),
    ("US-ND", "North Dakota"),
    ("US-MP", "Northern Mariana Islands"),
    ("US-OH", "Ohio"),
    ("US-OK", "Oklahoma"),
    ("US-OR", "Oregon"),
    ("US-PA", "Pennsylvania"),
    ("US-PR", "Puerto Rico"),
    ("US-RI", "Rhode Island"),
    ("US-SC", "South Carolina"),
    ("US-SD", "South Dakota"),
    ("US-TN", "Tennessee"),
    ("US-TX", "Texas"),
    ("US-UT", "Utah"),
    ("US-VT", "Vermont"),
    ("US-VI", "Virgin Islands"),
    ("US-VI", "US Virgin Islands"),
    ("US-VA", "Virginia"),
    ("US-WA", "Washington"),
    ("US-WV", "West Virginia"),
    ("US-WI", "Wisconsin"),
    ("US-WY", "Wyoming"),
    ("CA-AB", "Alberta"),
    ("CA-BC", "British Columbia"),
    ("CA-MB", "Manitoba"),
    ("CA-NB", "New Brunswick"),
    ("CA-NL", "Newfoundland and Labrador"),
    ("CA-NL", "Newfoundland"),
    ("CA-NS", "Nova Scotia"),
    ("CA-NT", "Northwest Territories"),
    ("CA-NU", "Nunavut"),
    ("CA-ON", "Ontario"),
    ("CA-PE", "Prince Edward Island"),
    ("CA-QC", "Quebec"),
    ("CA-QC", "Québec"),
    ("CA-SK", "Saskatchewan"),
    ("CA-YT", "Yukon"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_known_however_it_is_written() {
        for said in ["US-FL", "us-fl", "FL", "fl", " Florida ", "FLORIDA"] {
            assert_eq!(region_named(said), Some("US-FL"), "{said}");
        }
        assert_eq!(region_named("D.C."), Some("US-DC"));
        assert_eq!(region_named("ON"), Some("CA-ON"));
        assert_eq!(region_named("CA"), Some("US-CA"), "California, not Canada");
        for said in ["", "Kent", "US", "US-XX", "FLA", "Floridaa"] {
            assert_eq!(region_named(said), None, "{said}");
        }
    }

    #[test]
    fn each_region_that_numbers_are_in_has_a_name() {
        let known = |code: &str| region_named(code) == Some(code);
        let text = include_str!("../../data/number-zones.txt");
        let areas = text.lines().filter(|line| line.starts_with("area "));
        let states = areas.flat_map(|line| line.split(' ').skip(2)).filter(|region| region.contains('-'));
        let unknown: Vec<_> = states.filter(|region| !known(region)).collect();
        assert_eq!(unknown, [""; 0]);
    }
}
