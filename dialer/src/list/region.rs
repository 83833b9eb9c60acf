//! States and provinces as lists write them: rules of states go by their codes.

/// The ISO 3166-2 code of a state or province of the United States or Canada that is written as its code (`US-FL`), as its
/// two letters (`FL`) or by its name (`Florida`); none: there is no such state.
#[must_use]
pub fn region_named(said: &str) -> Option<String> {
    let plain: String = said.trim().chars().filter(|character| *character != '.').collect();
    let is = |word: &str| word.eq_ignore_ascii_case(&plain);
    let state = |country: &str, names: &[(&str, &str)]| {
        let code = |letters: &str| format!("{country}-{letters}");
        let found = names.iter().find(|(letters, name)| is(letters) || is(name) || is(&code(letters)));
        found.map(|(letters, _)| code(letters))
    };
    state("US", STATES).or_else(|| state("CA", PROVINCES))
}

/// Whether regions of that country (ISO 3166-1) have rules of their own, so that a region must be one that is known.
#[must_use]
pub(super) fn has_states(country: &str) -> bool {
    matches!(country, "US" | "CA" | "PR" | "GU" | "VI" | "AS" | "MP")
}

/// States, the District of Columbia and territories, by the letters of the post.
const STATES: &[(&str, &str)] = &[
    ("AL", "Alabama"),
    ("AK", "Alaska"),
    ("AS", "American Samoa"),
    ("AZ", "Arizona"),
    ("AR", "Arkansas"),
    ("CA", "California"),
    ("CO", "Colorado"),
    ("CT", "Connecticut"),
    ("DE", "Delaware"),
    ("DC", "District of Columbia"),
    ("DC", "Washington DC"),
    ("FL", "Florida"),
    ("GA", "Georgia"),
    ("GU", "Guam"),
    ("HI", "Hawaii"),
    ("ID", "Idaho"),
    ("IL", "Illinois"),
    ("IN", "Indiana"),
    ("IA", "Iowa"),
    ("KS", "Kansas"),
    ("KY", "Kentucky"),
    ("LA", "Louisiana"),
    ("ME", "Maine"),
    ("MD", "Maryland"),
    ("MA", "Massachusetts"),
    ("MI", "Michigan"),
    ("MN", "Minnesota"),
    ("MS", "Mississippi"),
    ("MO", "Missouri"),
    ("MT", "Montana"),
    ("NE", "Nebraska"),
    ("NV", "Nevada"),
    ("NH", "New Hampshire"),
    ("NJ", "New Jersey"),
    ("NM", "New Mexico"),
    ("NY", "New York"),
    ("NC", "North Carolina"),
    ("ND", "North Dakota"),
    ("MP", "Northern Mariana Islands"),
    ("OH", "Ohio"),
    ("OK", "Oklahoma"),
    ("OR", "Oregon"),
    ("PA", "Pennsylvania"),
    ("PR", "Puerto Rico"),
    ("RI", "Rhode Island"),
    ("SC", "South Carolina"),
    ("SD", "South Dakota"),
    ("TN", "Tennessee"),
    ("TX", "Texas"),
    ("UT", "Utah"),
    ("VT", "Vermont"),
    ("VI", "Virgin Islands"),
    ("VI", "US Virgin Islands"),
    ("VA", "Virginia"),
    ("WA", "Washington"),
    ("WV", "West Virginia"),
    ("WI", "Wisconsin"),
    ("WY", "Wyoming"),
];

/// Provinces and territories of Canada.
const PROVINCES: &[(&str, &str)] = &[
    ("AB", "Alberta"),
    ("BC", "British Columbia"),
    ("MB", "Manitoba"),
    ("NB", "New Brunswick"),
    ("NL", "Newfoundland and Labrador"),
    ("NL", "Newfoundland"),
    ("NS", "Nova Scotia"),
    ("NT", "Northwest Territories"),
    ("NU", "Nunavut"),
    ("ON", "Ontario"),
    ("PE", "Prince Edward Island"),
    ("QC", "Quebec"),
    ("QC", "Québec"),
    ("SK", "Saskatchewan"),
    ("YT", "Yukon"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_known_however_it_is_written() {
        for said in ["US-FL", "us-fl", "FL", "fl", " Florida ", "FLORIDA"] {
            assert_eq!(region_named(said).as_deref(), Some("US-FL"), "{said}");
        }
        assert_eq!(region_named("D.C.").as_deref(), Some("US-DC"));
        assert_eq!(region_named("ON").as_deref(), Some("CA-ON"));
        assert_eq!(region_named("CA").as_deref(), Some("US-CA"), "California, not Canada");
        for said in ["", "Kent", "US", "US-XX", "FLA", "Floridaa"] {
            assert_eq!(region_named(said), None, "{said}");
        }
    }

    #[test]
    fn each_region_that_numbers_are_in_has_a_name() {
        let known = |code: &str| region_named(code).as_deref() == Some(code);
        let text = include_str!("../../data/number-zones.txt");
        let areas = text.lines().filter(|line| line.starts_with("area "));
        let states = areas.flat_map(|line| line.split(' ').skip(2)).filter(|region| region.contains('-'));
        let unknown: Vec<_> = states.filter(|region| !known(region)).collect();
        assert_eq!(unknown, [""; 0]);
    }
}
