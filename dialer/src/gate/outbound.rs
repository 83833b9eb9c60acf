//! What the node itself lets out: its outbound policy and its routes, asked before a campaign's number is dialed.
//!
//! Whoever makes the call asks it again; a lead that it would refuse is denied here, with rule and evidence, and not
//! tried as if a line had failed.

use std::collections::BTreeSet;

use super::verdict::{Denial, Rule};

/// Where the node dials at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbound {
    /// Country code of the home country without `+`.
    pub home: String,
    /// Foreign country codes that may be dialed.
    pub countries: Vec<String>,
    /// E.164 prefixes that may never be dialed: premium rate.
    pub denied_prefixes: Vec<String>,
    /// Own numbers, E.164: nothing of ours is called.
    pub own_numbers: BTreeSet<String>,
    /// Patterns of the routes out, each a prefix with `+`, or `*` for all.
    pub routes: Vec<String>,
}

/// Why a number is not let out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forbidden<'a> {
    /// This prefix is denied.
    Prefix(&'a str),
    /// It is in no country that may be dialed.
    Abroad,
}

/// Whether a number outside the home country or of a premium prefix may be dialed (DESIGN section 7).
///
/// # Errors
/// Why not.
pub fn let_out<'a>(home: &str, countries: &[String], denied: &'a [String], number: &str) -> Result<(), Forbidden<'a>> {
    let covers = |prefix: &&String| !prefix.is_empty() && number.starts_with(prefix.as_str());
    if let Some(prefix) = denied.iter().find(covers) {
        return Err(Forbidden::Prefix(prefix));
    }
    let is_of = |country: &str| {
        !country.is_empty() && number.strip_prefix('+').is_some_and(|digits| digits.starts_with(country))
    };
    let is_permitted = is_of(home) || countries.iter().any(|country| is_of(country));
    if is_permitted { Ok(()) } else { Err(Forbidden::Abroad) }
}

impl Outbound {
    /// What speaks against a number.
    pub(super) fn denies(&self, number: &str) -> Option<Denial> {
        let policy = |because: String| Some(Denial::by(Rule::OutboundPolicy, because));
        if self.own_numbers.contains(number) {
            return policy(format!("{number} is an own number"));
        }
        match let_out(&self.home, &self.countries, &self.denied_prefixes, number) {
            Err(Forbidden::Prefix(prefix)) => {
                return policy(format!("{number} begins with {prefix}, a denied prefix of the node"));
            }
            Err(Forbidden::Abroad) => {
                return policy(format!("{number} is neither in the home country nor in one that the node may dial"));
            }
            Ok(()) => {}
        }
        let takes = |pattern: &String| pattern == "*" || number.starts_with(pattern.as_str());
        let has_route = self.routes.iter().any(takes);
        (!has_route).then(|| Denial::by(Rule::NoRoute, format!("no route takes {number}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_numbers_denied_prefixes_other_countries_and_missing_routes_are_told_apart() {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let outbound = Outbound {
            home: "44".to_owned(),
            countries: words(&["353"]),
            denied_prefixes: words(&["+449", "", "+353 15"]),
            own_numbers: words(&["+442071830001"]).into_iter().collect(),
            routes: words(&["+44"]),
        };
        let said = |number: &str| outbound.denies(number).map(|denial| (denial.rule, denial.because));
        assert_eq!(said("+442079460000"), None);
        for (number, rule, because) in [
            ("+442071830001", Rule::OutboundPolicy, "own number"),
            ("+449012345678", Rule::OutboundPolicy, "begins with +449"),
            ("+12125550100", Rule::OutboundPolicy, "neither in the home country"),
            ("+35316081000", Rule::NoRoute, "no route takes"),
        ] {
            let (by, why) = said(number).expect("denied");
            assert_eq!((by, why.contains(because)), (rule, true), "{number}: {why}");
        }
    }
}
