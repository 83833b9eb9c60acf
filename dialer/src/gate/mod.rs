//! The dial gate: rules and facts in, a verdict with its evidence out.
//!
//! It stands before callbacks, click-to-call and campaigns, and is asked at the moment of dialing. First come the
//! company's own rules (`company`: do-not-call lists, black and white lists, countries, PINs), then those of the rule
//! set (`law`: hours, holidays, consents, attempts ...), which is data (`rule_sets`). The first rule that denies
//! decides; what a rule depends on and nobody knows denies too. The node's outbound policy and its routes (`outbound`)
//! are asked for campaigns; before what agents dial and before callbacks the call engine asks them itself.

mod calendar;
mod company;
mod consent;
mod facts;
mod imported;
mod law;
mod lists;
mod numbers;
mod outbound;
mod pattern;
mod place;
mod region;
mod rule_set;
mod rule_sets;
mod verdict;

pub use calendar::{Day, Holiday, Kept, When};
pub use company::{PinRule, Rules, Verified};
pub use consent::{CONSENTS_MAX, ConsentTold, Consents};
pub use facts::{
    Attempt, Caps, Consent, ConsentTo, Facts, History, Personal, Purpose, RECENT, Subject, Terms, Tries, Voice,
};
pub use imported::Imported;
pub use lists::{Full, IMPORTED_MAX, Listed, Lists, NUMBERS_MAX, PREFIXES_MAX};
pub use numbers::{NUMBERS_MAX as IMPORTED_NUMBERS_MAX, Numbers, packed};
pub use outbound::{Forbidden, Outbound, let_out};
pub use pattern::{BadPattern, Pattern};
pub use place::{Country, Place, counts as place_counts, source as place_source, zone_named};
pub use region::{has_states, region_named};
pub use rule_set::{Binds, Choice, Clause, ConsentWhen, Demand, NoRuleSet, RuleSet, Territory, Week};
pub use rule_sets::{CANADA, NEUTRAL, RULE_SETS, UK, US, clause_named};
pub use verdict::{Asked, Denial, Evidence, LocalTime, Rule, Tried, Verdict};

/// Judges one attempt at the moment of dialing: what it allows is dialed at once, or judged again.
///
/// Each such verdict is kept, whichever way it goes. Whoever asks hands it on with what he does (in an effect of his
/// core), and the owner around him journals the entry that `call::decision(verdict, occasion)` makes of it, before the
/// entry of what is dialed; the projector makes a row of `compliance_decisions` of it. The occasion of an attempt of a
/// campaign is `journal_core::DialOccasion::Campaign`, with the attempt's id where it is allowed. A verdict that is
/// asked for only to choose among leads, or to explain, is not kept.
#[must_use]
pub fn judge(rules: &Rules, lists: &Lists, facts: &Facts<'_>) -> Verdict {
    let mut evidence = Evidence {
        number: facts.number.to_owned(),
        purpose: facts.purpose,
        at: facts.at,
        rules: Vec::new(),
        rule_set: None,
        clauses: Vec::new(),
        clocks: Vec::new(),
        regions: Vec::new(),
        tried: None,
        consents: Vec::new(),
        lists: Vec::new(),
    };
    let denial = no_number(facts)
        .or_else(|| company::denies(rules, lists, facts, &mut evidence))
        .or_else(|| law::denies(rules, lists, facts, &mut evidence));
    Verdict { denial, evidence }
}

/// What stands against a number whatever the hour and whoever asks: do-not-call lists, black and white lists, countries,
/// and what the node itself never dials. For lists of leads, which are read long before anything is dialed; each attempt
/// is judged in full all the same. A missing route is nobody's fault yet.
#[must_use]
pub fn stands_against(rules: &Rules, lists: &Lists, number: &str) -> Option<Denial> {
    let facts = Facts::new(number, Purpose::Campaign, clock::WallTime::from_micros(0));
    let of_node = || rules.outbound.as_ref()?.denies(number).filter(|denial| denial.rule == Rule::OutboundPolicy);
    company::first_denial(rules, lists, &facts).or_else(of_node)
}

/// A campaign dials numbers and nothing else. What an agent dials was read by the plan before it came here.
fn no_number(facts: &Facts<'_>) -> Option<Denial> {
    let is_refused = facts.purpose == Purpose::Campaign && packed(facts.number).is_none();
    is_refused.then(|| Denial::by(Rule::Number, "what is to be dialed is no number in E.164".to_owned()))
}

#[cfg(test)]
mod tests;
