//! The dial gate: rules and facts in, a verdict with its evidence out.
//!
//! It stands before callbacks and click-to-call. Each rule is a row of
//! [`Rule::ORDER`] and an arm of one function, so that further rules (calling
//! windows, attempts, consent) are a fact, a row and an arm. The outbound policy
//! of the call engine (home country, premium prefixes, rights of the agent) is
//! consulted beside it and is not repeated here.

mod lists;
mod pattern;

pub use lists::{Full, Listed, Lists, NUMBERS_MAX, PREFIXES_MAX};
pub use pattern::{BadPattern, Pattern};

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
}

/// Destinations that a person reaches only with a PIN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinRule {
    /// Which numbers.
    pub numbers: Vec<Pattern>,
    /// The PIN.
    pub pin: String,
}

/// What is known of one attempt at the moment in which it would be dialed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts<'a> {
    /// The number, E.164.
    pub number: &'a str,
    /// What it is dialed for.
    pub purpose: Purpose,
    /// The PIN that was typed, if one was.
    pub pin: Option<&'a str>,
}

/// What an attempt is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// A customer asked to be called back.
    QueueCallback,
    /// An agent calls a customer back.
    AgentCallback,
    /// An agent dials from a screen.
    ClickToCall,
}

/// A rule of the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// The internal do-not-call list.
    DoNotCall,
    /// The company's black list.
    Blacklist,
    /// The company's white list.
    Whitelist,
    /// Countries that may be dialed.
    Country,
    /// Destinations that take a PIN.
    Pin,
}

/// What the gate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every rule of [`Rule::ORDER`] lets it pass.
    Allow,
    /// One does not.
    Deny {
        /// The first that does not.
        rule: Rule,
        /// Why, in words: which entry, since when, by whom.
        evidence: String,
    },
}

impl Rule {
    /// All rules, in the order in which they are asked; the first that denies decides.
    pub const ORDER: [Self; 5] = [Self::DoNotCall, Self::Blacklist, Self::Whitelist, Self::Country, Self::Pin];

    /// The stable word of the API and of events.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::DoNotCall => "do_not_call",
            Self::Blacklist => "company_blacklist",
            Self::Whitelist => "company_whitelist",
            Self::Country => "country",
            Self::Pin => "pin",
        }
    }
}

impl Verdict {
    /// Nothing denies it.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allow)
    }

    /// The word of the rule that denies it.
    #[must_use]
    pub fn denied_by(&self) -> Option<&'static str> {
        match self {
            Self::Allow => None,
            Self::Deny { rule, .. } => Some(rule.word()),
        }
    }
}

/// Judges one attempt.
#[must_use]
pub fn judge(rules: &Rules, lists: &Lists, facts: &Facts<'_>) -> Verdict {
    let denied = |rule: &Rule| against(*rule, rules, lists, facts).map(|evidence| (*rule, evidence));
    match Rule::ORDER.iter().find_map(denied) {
        Some((rule, evidence)) => Verdict::Deny { rule, evidence },
        None => Verdict::Allow,
    }
}

/// What speaks against the attempt by one rule.
fn against(rule: Rule, rules: &Rules, lists: &Lists, facts: &Facts<'_>) -> Option<String> {
    let number = facts.number;
    match rule {
        Rule::DoNotCall => {
            let (pattern, listed) = lists.find(number)?;
            let reason = listed.reason.as_deref().unwrap_or("no reason given");
            Some(format!("{number} is on the do-not-call list as {pattern} ({reason})"))
        }
        Rule::Blacklist => {
            let pattern = matching(&rules.blacklist, number)?;
            Some(format!("{number} is on the company's black list as {pattern}"))
        }
        Rule::Whitelist => {
            let allowed = rules.whitelist.is_empty() || matching(&rules.whitelist, number).is_some();
            (!allowed).then(|| format!("{number} is not on the company's white list"))
        }
        Rule::Country => {
            let allowed = rules.countries.is_empty() || matching(&rules.countries, number).is_some();
            (!allowed).then(|| format!("{number} is in no country that may be dialed"))
        }
        Rule::Pin => {
            let rule = rules.pin.as_ref()?;
            let pattern = matching(&rule.numbers, number)?;
            match facts.pin {
                None => Some(format!("{pattern} takes a PIN, and none was given")),
                Some(pin) if !same(pin, &rule.pin) => Some(format!("{pattern} takes a PIN, and another was given")),
                Some(_) => None,
            }
        }
    }
}

fn matching<'a>(patterns: &'a [Pattern], number: &str) -> Option<&'a Pattern> {
    patterns.iter().find(|pattern| pattern.takes(number))
}

/// Takes the same time wherever they differ.
fn same(one: &str, other: &str) -> bool {
    let differences = one.bytes().zip(other.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
    one.len() == other.len() && differences == 0
}

#[cfg(test)]
mod tests;
