//! Where a number may be: time zones, and in North America the state, by the number's first digits.
//!
//! The facts are libphonenumber's (Apache-2.0), made into `data/number-zones.txt` by `tools/make-number-zones`.

use std::sync::LazyLock;

use hours::Zone;

/// Where a number may be, as far as its digits tell.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    zones: &'static [u16],
    regions: &'static [&'static str],
    country: Country,
}

/// What kind of numbering plan a number is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Country {
    /// Country code 1, which two dozen countries share: the region tells which.
    NorthAmerica,
    /// Country code 44.
    UnitedKingdom,
    /// Any other.
    Other,
}

impl Place {
    /// The place of a number (E.164).
    #[must_use]
    pub fn of(number: &str) -> Self {
        let country = match number.as_bytes() {
            [b'+', b'1', ..] => Country::NorthAmerica,
            [b'+', b'4', b'4', ..] => Country::UnitedKingdom,
            _ => Country::Other,
        };
        let zones = PLAN.longest(&PLAN.prefixes, number).map_or(&[][..], |zones| zones);
        let regions = PLAN.longest(&PLAN.areas, number).map_or(&[][..], |regions| regions);
        Self { zones, regions, country }
    }

    /// All zones that it may be in; none where that is not known.
    pub fn zones(&self) -> impl Iterator<Item = &'static Zone> {
        self.zones.iter().filter_map(|index| PLAN.zones.get(usize::from(*index)))
    }

    /// States and provinces (ISO 3166-2, `US-FL`) or countries (`JM`) of a North American number; none of others.
    #[must_use]
    pub fn regions(&self) -> &'static [&'static str] {
        self.regions
    }

    /// The kind of numbering plan.
    #[must_use]
    pub fn country(&self) -> Country {
        self.country
    }
}

/// The zone of that IANA name: `Area/City`, or `UTC`. Letters alone (`EST`) are none: IANA's have no summer time, and who
/// writes them mostly means the clock that has.
#[must_use]
pub fn zone_named(name: &str) -> Option<Zone> {
    match PLAN.zones.binary_search_by(|zone| zone.name().cmp(name)) {
        Ok(found) => PLAN.zones.get(found).cloned(),
        Err(_) => Zone::named(name).filter(|_| name.contains('/') || name.eq_ignore_ascii_case("UTC")),
    }
}

/// Which data the places are from, with its version: `phonenumbers 9.0.43`.
#[must_use]
pub fn source() -> &'static str {
    PLAN.source
}

/// How many prefixes have zones, and how many area codes regions.
#[must_use]
pub fn counts() -> (usize, usize) {
    (PLAN.prefixes.len(), PLAN.areas.len())
}

/// By a prefix of digits, in order.
type ByPrefix<T> = Vec<(&'static str, Box<[T]>)>;

/// The data, read once: constant, so no state.
struct Plan {
    source: &'static str,
    zones: Vec<Zone>,
    prefixes: ByPrefix<u16>,
    areas: ByPrefix<&'static str>,
}

static PLAN: LazyLock<Plan> = LazyLock::new(|| Plan::read(include_str!("../../data/number-zones.txt")));

impl Plan {
    /// A line that cannot be read leaves its prefix without a zone, which closes it.
    fn read(text: &'static str) -> Self {
        let mut plan = Self { source: "", zones: Vec::new(), prefixes: Vec::new(), areas: Vec::new() };
        for line in text.lines() {
            let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
            let (key, values) = rest.split_once(' ').unwrap_or((rest, ""));
            match kind {
                "source" => plan.source = rest,
                "zone" => plan.zones.extend(Zone::named(rest)),
                "prefix" => {
                    let zones: Option<Box<[u16]>> = values.split(' ').map(|value| value.parse().ok()).collect();
                    plan.prefixes.push((key, zones.unwrap_or_default()));
                }
                "area" => plan.areas.push((key, values.split(' ').collect())),
                _ => {}
            }
        }
        plan.prefixes.sort_unstable_by_key(|(prefix, _)| *prefix);
        plan.areas.sort_unstable_by_key(|(prefix, _)| *prefix);
        plan
    }

    /// What is said of the longest prefix of a number.
    fn longest<T>(&self, table: &'static ByPrefix<T>, number: &str) -> Option<&'static [T]> {
        let digits = number.strip_prefix('+')?;
        (1..=digits.len().min(PREFIX_MAX)).rev().find_map(|length| {
            let prefix = digits.get(..length)?;
            let found = table.binary_search_by_key(&prefix, |(prefix, _)| prefix).ok()?;
            table.get(found).map(|(_, values)| &**values)
        })
    }
}

/// The longest prefix in the data has nine digits.
const PREFIX_MAX: usize = 9;

#[cfg(test)]
mod tests {
    use super::*;

    fn zones(number: &str) -> Vec<&'static str> {
        Place::of(number).zones().map(Zone::name).collect()
    }

    #[test]
    fn the_data_is_whole() {
        let text = include_str!("../../data/number-zones.txt");
        let count = |kind: &str| text.lines().filter(|line| line.starts_with(kind)).count();
        assert_eq!(PLAN.zones.len(), count("zone "), "each zone is one that the time zones compiled in have");
        assert_eq!(counts(), (count("prefix "), count("area ")));
        assert!(counts().0 > 3_000 && counts().1 > 400);
        assert!(PLAN.zones.is_sorted_by(|a, b| a.name() < b.name()), "so that they are found by name");
        assert!(PLAN.prefixes.iter().all(|(prefix, zones)| prefix.len() <= PREFIX_MAX && !zones.is_empty()));
        assert!(PLAN.prefixes.iter().flat_map(|(_, zones)| zones).all(|zone| usize::from(*zone) < PLAN.zones.len()));
        assert!(source().starts_with("phonenumbers "));
    }

    #[test]
    fn zones_are_known_by_the_names_of_iana() {
        let named = |name: &str| zone_named(name).map(|zone| zone.name().to_owned());
        for name in ["Europe/London", "America/Indiana/Knox", "US/Eastern", "Antarctica/Troll", "UTC"] {
            assert_eq!(named(name).as_deref(), Some(name));
        }
        assert_eq!(named("europe/london").as_deref(), Some("Europe/London"));
        for name in ["EST", "PST", "Pacific Time", "Europe/Atlantis", "", "/"] {
            assert_eq!(named(name), None, "{name}");
        }
    }

    #[test]
    fn numbers_have_the_zones_of_their_prefix() {
        assert_eq!(zones("+12125550100"), ["America/New_York"]);
        assert!(zones("+442071838750").contains(&"Europe/London"));
        assert_eq!(zones("+13105550100"), ["America/Los_Angeles"], "an area code by its exchanges");
        assert_eq!(zones("+14235550100"), ["America/Chicago", "America/New_York"], "an exchange that is not listed");
        assert_eq!(zones("+12085550100"), ["America/Boise", "America/Denver", "America/Los_Angeles"]);
        assert!(zones("+76005550100").len() > 10, "a prefix that only its country has");
        assert_eq!(zones("+819012345678"), ["Asia/Tokyo"]);
    }

    #[test]
    fn what_is_nowhere_has_no_zone() {
        for number in ["+18005550100", "+15005550100", "+80012345678", "+88351000000", "", "+", "+1", "2125550100"] {
            assert_eq!(zones(number), [""; 0], "{number}");
            assert!(Place::of(number).regions().is_empty(), "{number}");
        }
    }

    #[test]
    fn north_american_numbers_have_their_state() {
        let regions = |number: &str| Place::of(number).regions();
        assert_eq!(regions("+13055550100"), ["US-FL"]);
        assert_eq!(regions("+12035550100"), ["US-CT"], "by its exchanges");
        assert_eq!(regions("+14165550100"), ["CA-ON"]);
        assert_eq!(regions("+19025550100"), ["CA-NS", "CA-PE"]);
        assert_eq!(regions("+17875550100"), ["US-PR"]);
        assert_eq!(regions("+18765550100"), ["JM"]);
        assert!(regions("+442071838750").is_empty());
    }
}
