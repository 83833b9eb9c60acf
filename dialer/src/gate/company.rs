//! The company's own rules: do-not-call lists, black and white lists, countries, PINs.

use std::sync::Arc;

use super::facts::{Facts, Personal, Purpose};
use super::lists::Lists;
use super::outbound::Outbound;
use super::pattern::Pattern;
use super::rule_set::Choice;
use super::verdict::{Denial, Evidence, Rule};

/// The company's own rules, from the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Numbers and prefixes that are never dialed.
    pub blacklist: Vec<Pattern>,
    /// When not empty: nothing else is dialed.
    pub whitelist: Vec<Pattern>,
    /// Country codes with `+` that may be dialed; empty: no rule of the gate's own.
    pub countries: Vec<Pattern>,
    /// What takes a PIN.
    pub pin: Option<PinRule>,
    /// Where the node dials at all, asked of campaigns; none: the call engine alone asks it.
    pub outbound: Option<Arc<Outbound>>,
    /// Which law what agents dial from a screen goes by. Campaigns name their own.
    pub rule_set: Choice,
    /// Clauses whose text somebody compared with its source, in the order of their ids.
    pub verified: Vec<Verified>,
}

/// Destinations that a person reaches only with a PIN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinRule {
    /// Which numbers.
    pub numbers: Vec<Pattern>,
    /// The PIN.
    pub pin: String,
}

/// Somebody compared a clause with the text of its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Id of the clause.
    pub clause: String,
    /// Who, and when, as the configuration says it.
    pub by: String,
}

impl Rules {
    /// Who compared a clause with the text of its source; none: nobody has, and it is not verified.
    #[must_use]
    pub fn verified_by(&self, clause: &str) -> Option<&str> {
        let found = self.verified.binary_search_by(|verified| verified.clause.as_str().cmp(clause)).ok()?;
        self.verified.get(found).map(|verified| verified.by.as_str())
    }
}

/// What speaks against an attempt by the company's own rules; which were asked is noted in the evidence.
pub(super) fn denies(rules: &Rules, lists: &Lists, facts: &Facts<'_>, evidence: &mut Evidence) -> Option<Denial> {
    if !lists.are_known() {
        let because = "the do-not-call lists are not known yet".to_owned();
        return Some(Denial::by(Rule::FactsMissing, because));
    }
    let outbound = rules.outbound.as_ref().filter(|_| facts.purpose == Purpose::Campaign);
    let denial = first_denial(rules, lists, facts).or_else(|| outbound?.denies(facts.number));
    let last = denial.as_ref().map(|denial| denial.rule);
    evidence.rules = asked(rules, lists, facts).filter(|rule| last.is_none_or(|last| *rule <= last)).collect();
    if evidence.rules.contains(&Rule::ImportedDoNotCall) {
        evidence.lists = lists.imported().iter().map(|list| list.said()).collect();
    }
    denial
}

/// The rules that there are for such an attempt, in their order.
fn asked(rules: &Rules, lists: &Lists, facts: &Facts<'_>) -> impl Iterator<Item = Rule> {
    let has = |patterns: &[Pattern]| !patterns.is_empty();
    let personal = |list: fn(&Personal) -> &Vec<Pattern>| facts.personal.is_some_and(|personal| has(list(personal)));
    let asked = [
        (Rule::DoNotCall, true),
        (Rule::CampaignDoNotCall, facts.attempt.is_some()),
        (Rule::ImportedDoNotCall, !is_asked_for(facts) && !lists.imported().is_empty()),
        (Rule::CompanyBlacklist, has(&rules.blacklist)),
        (Rule::CompanyWhitelist, has(&rules.whitelist)),
        (Rule::PersonalBlacklist, personal(|lists| &lists.blacklist)),
        (Rule::PersonalWhitelist, personal(|lists| &lists.whitelist)),
        (Rule::Country, has(&rules.countries)),
        (Rule::Pin, rules.pin.is_some()),
        (Rule::OutboundPolicy, facts.purpose == Purpose::Campaign && rules.outbound.is_some()),
        (Rule::NoRoute, facts.purpose == Purpose::Campaign && rules.outbound.is_some()),
    ];
    asked.into_iter().filter(|(_, is_asked)| *is_asked).map(|(rule, _)| rule)
}

/// Whoever is called asked for it.
const fn is_asked_for(facts: &Facts<'_>) -> bool {
    matches!(facts.purpose, Purpose::QueueCallback | Purpose::AgentCallback)
}

/// Of these rules the first that denies, whether the lists have come or not.
pub(super) fn first_denial(rules: &Rules, lists: &Lists, facts: &Facts<'_>) -> Option<Denial> {
    let number = facts.number;
    listed(lists, facts)
        .or_else(|| {
            let pattern = matching(&rules.blacklist, number)?;
            let because = format!("{number} is on the company's black list as {pattern}");
            Some(Denial::by(Rule::CompanyBlacklist, because))
        })
        .or_else(|| {
            let is_denied = !rules.whitelist.is_empty() && matching(&rules.whitelist, number).is_none();
            let because = || format!("{number} is not on the company's white list");
            is_denied.then(|| Denial::by(Rule::CompanyWhitelist, because()))
        })
        .or_else(|| personal(facts))
        .or_else(|| {
            let is_denied = !rules.countries.is_empty() && matching(&rules.countries, number).is_none();
            let because = || format!("{number} is in no country that may be dialed");
            is_denied.then(|| Denial::by(Rule::Country, because()))
        })
        .or_else(|| pin(rules.pin.as_ref()?, facts))
}

/// The internal list holds for everything that is dialed, the campaign's for the campaign, imported ones for what
/// nobody asked for.
fn listed(lists: &Lists, facts: &Facts<'_>) -> Option<Denial> {
    let number = facts.number;
    let said = |list: &str, (pattern, listed): (String, &super::Listed)| {
        let reason = listed.reason.as_deref().unwrap_or("no reason given");
        format!("{number} is on the {list} as {pattern} ({reason})")
    };
    let internal = lists.find(number).map(|found| (Rule::DoNotCall, said("do-not-call list", found)));
    let campaign = || {
        let found = facts.attempt.as_ref()?.terms.do_not_call.find(number)?;
        Some((Rule::CampaignDoNotCall, said("campaign's do-not-call list", found)))
    };
    let imported = || {
        let list = lists.imported().iter().filter(|_| !is_asked_for(facts)).find(|list| list.has(number))?;
        Some((Rule::ImportedDoNotCall, format!("{number} is on the imported do-not-call list {}", list.name)))
    };
    let (rule, because) = internal.or_else(campaign).or_else(imported)?;
    Some(Denial::by(rule, because))
}

fn personal(facts: &Facts<'_>) -> Option<Denial> {
    let (personal, number) = (facts.personal?, facts.number);
    if let Some(pattern) = matching(&personal.blacklist, number) {
        return Some(Denial::by(
            Rule::PersonalBlacklist,
            format!("{number} is on the agent's own black list as {pattern}"),
        ));
    }
    let is_denied = !personal.whitelist.is_empty() && matching(&personal.whitelist, number).is_none();
    is_denied.then(|| Denial::by(Rule::PersonalWhitelist, format!("{number} is not on the agent's own white list")))
}

fn pin(rule: &PinRule, facts: &Facts<'_>) -> Option<Denial> {
    let pattern = matching(&rule.numbers, facts.number)?;
    let because = match facts.pin {
        None => format!("{pattern} takes a PIN, and none was given"),
        Some(pin) if !same(pin, &rule.pin) => format!("{pattern} takes a PIN, and another was given"),
        Some(_) => return None,
    };
    Some(Denial::by(Rule::Pin, because))
}

fn matching<'a>(patterns: &'a [Pattern], number: &str) -> Option<&'a Pattern> {
    patterns.iter().find(|pattern| pattern.takes(number))
}

/// Takes the same time wherever they differ.
fn same(one: &str, other: &str) -> bool {
    let differences = one.bytes().zip(other.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
    one.len() == other.len() && differences == 0
}
