//! Verdicts of the dial gate as they are journaled.

use dialer::gate::{Asked, LocalTime, Rule, Tried, Verdict};
use journal_core::{DialClause, DialClock, DialDecision, DialDenial, DialEvidence, DialOccasion, DialTried, Entry};

/// The entry that keeps a verdict: to be journaled before the entry of what is dialed.
#[must_use]
pub fn decision(verdict: Verdict, occasion: DialOccasion) -> Entry {
    let Verdict { denial, evidence } = verdict;
    let denial = denial.map(|denial| DialDenial {
        rule: denial.rule.word().to_owned(),
        clause: denial.clause,
        because: denial.because,
    });
    let clause = |Asked { clause, verified }| DialClause { id: clause.into_owned(), verified };
    let clock = |LocalTime { zone, time }| DialClock { zone, time };
    let kept = DialEvidence {
        rules: evidence.rules.into_iter().map(Rule::word).map(str::to_owned).collect(),
        rule_set: evidence.rule_set,
        clauses: evidence.clauses.into_iter().map(clause).collect(),
        clocks: evidence.clocks.into_iter().map(clock).collect(),
        regions: evidence.regions,
        tried: evidence.tried.map(tried),
        consents: evidence.consents,
        lists: evidence.lists,
    };
    let (at, number) = (evidence.at, evidence.number);
    Entry::DialDecision(Box::new(DialDecision { at, number, occasion, denial, evidence: kept }))
}

const fn tried(tried: Tried) -> DialTried {
    let Tried { lead, number, lead_today, number_today, lead_in_24_h, number_in_24_h } = tried;
    DialTried { lead, number, lead_today, number_today, lead_in_24_h, number_in_24_h }
}
