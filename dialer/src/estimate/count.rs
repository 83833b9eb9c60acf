//! Whom a campaign would call: its leads, one by one, in a memory that does not grow with them.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use clock::WallTime;

use crate::campaign::Definition;
use crate::gate::{self, Consents, Facts, History, Lists, Purpose, Rule, Rules, packed};
use crate::hopper::{Booked, Lead};
use crate::runner::lasts;

/// What leads are judged by: as they would be dialed at `at`.
#[derive(Clone, Copy, Debug)]
pub struct Law<'a> {
    /// The campaign.
    pub definition: &'a Definition,
    /// The company's own rules.
    pub rules: &'a Rules,
    /// The do-not-call lists.
    pub lists: &'a Lists,
    /// Consents of numbers, beside those of leads.
    pub consents: &'a Consents,
    /// When.
    pub at: WallTime,
}

/// Leads that take alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Class {
    /// Numbers that may be dialed, at least one.
    pub numbers: u8,
    /// Tries of the campaign's maximum that are used up.
    pub tried: u32,
}

/// What the lists of a campaign hold for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// All leads.
    pub leads: u64,
    /// Those that are done.
    pub done: u64,
    /// Those that may be called.
    pub to_call: u64,
    /// Their numbers that may be dialed.
    pub numbers: u64,
    /// Numbers of theirs that an earlier lead has too; from a sample once there are more than a million.
    pub duplicates: u64,
    /// Leads of which no number may be dialed, by what stands against the last of them.
    pub denied: BTreeMap<Rule, u64>,
    /// Numbers that may not be dialed, of whichever leads.
    pub numbers_denied: u64,
    /// Those that may be called, by what they take.
    pub classes: BTreeMap<Class, u64>,
}

/// Counts leads.
#[derive(Clone, Debug, Default)]
pub struct Counter {
    counted: Counted,
    seen: Seen,
    /// At which of the moments the last lead could be called: the next one mostly can too.
    open: usize,
}

impl Counter {
    /// Counts a lead.
    pub fn take(&mut self, lead: &Lead, law: Law<'_>) {
        self.counted.leads += 1;
        if matches!(lead.booked, Some(Booked::Done(_))) {
            self.counted.done += 1;
            return;
        }
        let (mut numbers, mut last) = (0_u8, Rule::Number);
        for (number, _) in &lead.numbers {
            match self.denied(lead, number, law) {
                Some(rule) => {
                    self.counted.numbers_denied += 1;
                    last = rule;
                }
                None => {
                    numbers = numbers.saturating_add(1);
                    self.counted.duplicates += packed(number).map_or(0, |number| self.seen.take(number));
                }
            }
        }
        if numbers == 0 {
            *self.counted.denied.entry(last).or_default() += 1;
            return;
        }
        self.counted.to_call += 1;
        self.counted.numbers += u64::from(numbers);
        *self.counted.classes.entry(Class { numbers, tried: lead.tries.counted }).or_default() += 1;
    }

    /// What was counted so far.
    #[must_use]
    pub fn counted(&self) -> Counted {
        self.counted.clone()
    }

    /// What stands against a number at all times; what does so only now, such as the hour, is asked at others too.
    fn denied(&mut self, lead: &Lead, number: &str, law: Law<'_>) -> Option<Rule> {
        let mut found = None;
        let consents = law.consents.of(number, &lead.consents);
        for turn in 0..MOMENTS.len() {
            let which = (self.open + turn) % MOMENTS.len();
            let at = law.at + Duration::from_secs(MOMENTS.get(which).map_or(0, |hours| hours * 3_600));
            let attempt = gate::Attempt {
                terms: &law.definition.terms,
                zone: lead.zone.as_deref(),
                region: lead.region.as_deref(),
                history: Some(History { lead: lead.tries.facts(), ..History::default() }),
                consents: &consents,
                ring: Some(Duration::from_secs(law.definition.ring_min_s.into())),
                agent_waits: law.definition.method.keeps_agent(),
            };
            let facts = Facts { attempt: Some(attempt), ..Facts::new(number, Purpose::Campaign, at) };
            let verdict = gate::judge(law.rules, law.lists, &facts);
            let Some(denial) = &verdict.denial else {
                self.open = which;
                return None;
            };
            found = Some(denial.rule);
            if lasts(&verdict) {
                break;
            }
        }
        found
    }
}

/// Numbers that were seen: all, until there are too many; then those of a half, a quarter ... of all numbers.
#[derive(Clone, Debug, Default)]
struct Seen {
    numbers: BTreeSet<u64>,
    halvings: u32,
}

impl Seen {
    /// How many numbers this one stands for that were there before: none or, of a sample, as many as it is one of.
    fn take(&mut self, number: u64) -> u64 {
        if !self.is_sampled(number) {
            return 0;
        }
        if !self.numbers.insert(number) {
            return 1 << self.halvings;
        }
        while self.numbers.len() > SEEN_MAX {
            self.halvings += 1;
            let sampled = |number: &u64| mixed(*number).trailing_zeros() >= self.halvings;
            self.numbers.retain(sampled);
        }
        0
    }

    fn is_sampled(&self, number: u64) -> bool {
        mixed(number).trailing_zeros() >= self.halvings
    }
}

/// Bits that have nothing to do with the digits (splitmix64).
const fn mixed(number: u64) -> u64 {
    let first = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let second = (first ^ (first >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    second ^ (second >> 31)
}

/// Hours from now at which a number is judged: four times of a day, and of days of which one is a working day.
const MOMENTS: [u64; 12] = [0, 6, 12, 18, 24, 30, 36, 42, 72, 78, 84, 90];
/// Some 20 MB.
const SEEN_MAX: usize = 1_000_000;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use clock::QueueId;

    use super::*;
    use crate::campaign::{Method, Service};
    use crate::gate::{Choice, ConsentTo, ConsentTold, Listed, Pattern, Voice};
    use crate::hopper::{Done, NumberHistory, Tries};

    fn lead(numbers: &[&str]) -> Lead {
        let numbers = numbers.iter().map(|number| ((*number).to_owned(), NumberHistory::default())).collect();
        Lead { numbers, ..Lead::default() }
    }

    fn lists(patterns: &[&str]) -> Lists {
        let mut lists = Lists::default();
        for pattern in patterns {
            let pattern: Pattern = pattern.parse().expect("a pattern");
            lists.add(&pattern, Listed { reason: None, since: WallTime::default() }).expect("room");
        }
        lists
    }

    #[test]
    fn leads_are_counted_by_what_they_take() {
        let mut definition = Definition::new("Autumn", Method::Progressive, Service::Queue(QueueId(1)));
        definition.terms.rule_set = Choice::Uk;
        definition.terms.do_not_call = Arc::new(lists(&["+442079460003"]));
        let (rules, barred) = (Rules::default(), lists(&["+442079460002"]));
        // A Sunday night in London: nobody may be called now, and most may at another hour.
        let at = hours::moment("2026-11-22T02:00:00Z").expect("a moment");
        let consents = Consents::default();
        let law = Law { definition: &definition, rules: &rules, lists: &barred, consents: &consents, at };
        let mut counter = Counter::default();
        let done = Lead { booked: Some(Booked::Done(Done::Exhausted)), ..lead(&["+442079460009"]) };
        let tried = Tries { counted: 2, ..Tries::default() };
        let leads = [
            lead(&["+442079460001"]),
            lead(&["+442079460002"]),
            lead(&["+442079460003"]),
            lead(&["+442079460002", "+442079460004", "+442079460005"]),
            lead(&["+442079460001"]),
            Lead { tries: tried, ..lead(&["+442079460006"]) },
            Lead { zone: Some("Europe/Nowhere".to_owned()), ..lead(&["+442079460007"]) },
            done,
        ];
        leads.iter().for_each(|lead| counter.take(lead, law));
        let class = |numbers, tried| Class { numbers, tried };
        let expected = Counted {
            leads: 8,
            done: 1,
            to_call: 4,
            numbers: 5,
            duplicates: 1,
            denied: [(Rule::DoNotCall, 1), (Rule::CampaignDoNotCall, 1), (Rule::UnknownTimeZone, 1)].into(),
            numbers_denied: 4,
            classes: [(class(1, 0), 2), (class(2, 0), 1), (class(1, 2), 1)].into(),
        };
        assert_eq!(counter.counted(), expected);
    }

    #[test]
    fn who_agreed_is_counted_as_one_who_may_be_called() {
        let service = Service::Message(clock::MessageId(1));
        let mut definition = Definition::new("Autumn", Method::Bot { concurrent: 1 }, service);
        (definition.terms.rule_set, definition.terms.voice) = (Choice::Uk, Voice::Recorded);
        let at = hours::moment("2026-11-23T12:00:00Z").expect("a moment");
        let (rules, lists, mut consents) = (Rules::default(), lists(&[]), Consents::default());
        let (number, given) = ("+442079460001".to_owned(), Some("consent".to_owned()));
        let told = ConsentTold { number, to: ConsentTo::ArtificialVoice, given, at: WallTime::default() };
        assert!(consents.take(&told));
        let law = Law { definition: &definition, rules: &rules, lists: &lists, consents: &consents, at };
        let mut counter = Counter::default();
        [lead(&["+442079460001"]), lead(&["+442079460002"])].iter().for_each(|lead| counter.take(lead, law));
        let counted = counter.counted();
        assert_eq!((counted.to_call, counted.denied), (1, [(Rule::Consent, 1)].into()));
    }

    #[test]
    fn numbers_beyond_what_is_kept_are_sampled() {
        let mut seen = Seen::default();
        let all = SEEN_MAX as u64 * 3 / 2;
        let first: u64 = (0..all).map(|number| seen.take(number)).sum();
        assert!(first == 0 && seen.numbers.len() <= SEEN_MAX, "{first} {}", seen.numbers.len());
        let again: u64 = (0..all).map(|number| seen.take(number)).sum();
        assert!(again.abs_diff(all) < all / 100, "{again} of {all}");
    }
}
