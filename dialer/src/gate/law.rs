//! What a rule set says of an attempt, and how often a campaign tries anyone.

use core::time::Duration;

use clock::WallTime;
use hours::{Civil, Zone};

use super::calendar::Day;
use super::company::Rules;
use super::facts::{Attempt, Caps, ConsentTo, Facts, History, Purpose, Subject, Voice};
use super::lists::Lists;
use super::place::{Country, Place, zone_named};
use super::region::region_named;
use super::rule_set::{Clause, ConsentWhen, Demand, RuleSet};
use super::verdict::{Asked, Denial, Evidence, LocalTime, Rule, Tried};

/// What speaks against an attempt by the rule set; what it is judged by is noted in the evidence.
pub(super) fn denies(rules: &Rules, lists: &Lists, facts: &Facts<'_>, evidence: &mut Evidence) -> Option<Denial> {
    let choice = match (facts.purpose, &facts.attempt) {
        // The customer asked for it.
        (Purpose::QueueCallback | Purpose::AgentCallback, _) => return None,
        (Purpose::ClickToCall, _) => rules.rule_set,
        (Purpose::Campaign, Some(attempt)) => attempt.terms.rule_set,
        (Purpose::Campaign, None) => return Some(missing("nothing is known of the campaign")),
    };
    let place = Place::of(facts.number);
    let Some(set) = choice.rule_set(&place).filter(|set| set.territory.has(&place)) else {
        let because = format!("{} is not known to be in the territory of the rule set {}", facts.number, choice.word());
        return Some(Denial::by(Rule::Territory, because));
    };
    let judged = Judged::new(facts, lists, &place);
    judged.note(set, evidence);
    if let Some(region) = judged.unknown_region(set) {
        let because = format!("the lead's state {region:?} is not known, and states have rules of their own");
        return Some(Denial::by(Rule::UnknownRegion, because));
    }
    for clause in set.clauses.iter().filter(|clause| judged.is_bound_by(clause)) {
        let verified = rules.verified_by(clause.id).is_some();
        evidence.clauses.push(Asked { clause: clause.id.into(), verified });
        if let Some(denial) = judged.denied_by(clause) {
            return Some(denial);
        }
    }
    judged.capped(evidence.tried)
}

/// An attempt with what follows from where it goes.
struct Judged<'a> {
    facts: &'a Facts<'a>,
    attempt: Option<&'a Attempt<'a>>,
    lists: &'a Lists,
    /// The zones that the called person may be in, with what their clocks show; none: not known.
    clocks: Vec<(Zone, Civil)>,
    regions: Vec<&'static str>,
    /// The state that the lead names, where there is none of that name.
    unknown_region: Option<&'a str>,
    /// In UTC.
    today: Day,
}

impl<'a> Judged<'a> {
    fn new(facts: &'a Facts<'a>, lists: &'a Lists, place: &Place) -> Self {
        let attempt = facts.attempt.as_ref();
        let named = attempt.and_then(|attempt| attempt.zone);
        let own = named.map(zone_named);
        let by_number = place.zones().cloned();
        let zones: Vec<Zone> = match own {
            None => by_number.collect(),
            // A zone that nobody knows closes, whatever the number says.
            Some(None) => Vec::new(),
            Some(Some(own)) => {
                let by_number: Vec<_> = by_number.collect();
                if by_number.contains(&own) { vec![own] } else { by_number.into_iter().chain([own]).collect() }
            }
        };
        let clocks = zones
            .into_iter()
            .map(|zone| {
                let civil = zone.civil(facts.at);
                (zone, civil)
            })
            .collect();
        let mut regions = place.regions().to_vec();
        let stated = attempt.and_then(|attempt| attempt.region).filter(|_| place.country() == Country::NorthAmerica);
        let named = stated.and_then(region_named);
        regions.extend(named.filter(|region| !place.regions().contains(region)));
        let unknown_region = stated.filter(|_| named.is_none());
        Self { facts, attempt, lists, clocks, regions, unknown_region, today: Zone::utc().civil(facts.at).into() }
    }

    fn note(&self, set: &RuleSet, evidence: &mut Evidence) {
        evidence.rule_set = Some(format!("{} {}", set.id, set.version));
        evidence.regions = self.regions.iter().map(|region| (*region).to_owned()).collect();
        evidence.clocks = self.clocks.iter().map(|(zone, civil)| shown(zone, civil)).collect();
        evidence.tried = self.history().map(|history| self.tried(history));
        let standing = self.attempt.into_iter().flat_map(|attempt| attempt.consents);
        evidence.consents =
            standing.filter(|consent| consent.stands(self.facts.at)).map(|consent| consent.id.clone()).collect();
    }

    /// The state that nobody knows, where clauses go by states.
    fn unknown_region(&self, set: &RuleSet) -> Option<&'a str> {
        self.unknown_region.filter(|_| set.clauses.iter().any(|clause| !clause.regions.is_empty()))
    }

    fn is_bound_by(&self, clause: &Clause) -> bool {
        let is_here = clause.regions.is_empty() || clause.regions.iter().any(|region| self.regions.contains(region));
        is_here && clause.binds(self.facts.purpose) && clause.effective <= self.today
    }

    fn denied_by(&self, clause: &Clause) -> Option<Denial> {
        let (rule, because) = match clause.demand {
            Demand::Hours(week) => self.out_of_hours(|civil| week.of(civil.weekday), &week)?,
            Demand::NotOn(holidays) => {
                if self.clocks.is_empty() {
                    return Some(self.nowhere(clause));
                }
                self.clocks.iter().find_map(|(zone, civil)| {
                    let holiday = holidays.iter().find(|holiday| holiday.is_on(Day::from(*civil)))?;
                    Some((Rule::Holiday, format!("it is {} in {}", holiday.name, zone.name())))
                })?
            }
            Demand::Attempts { max, within } => self.tried_too_often(max, within)?,
            Demand::Consent { when, to } => self.without_consent(when, to)?,
            Demand::AgentAfterAbandoned(span) => self.only_live(span, "abandoned", |history| history.abandoned_at)?,
            Demand::AgentAfterMachine(span) => self.only_live(span, "found to be a machine's", |h| h.machine_at)?,
            Demand::Ring(least) => match self.attempt.and_then(|attempt| attempt.ring) {
                Some(ring) if ring >= least => return None,
                Some(ring) => (Rule::MinRing, format!("it would ring for {} s", ring.as_secs_f32())),
                None => (Rule::FactsMissing, "how long it rings is not known".to_owned()),
            },
            // Of the campaign as a whole, not of one attempt.
            Demand::Abandoned { .. } | Demand::AbandonMessage => return None,
            Demand::ListAge { days } => {
                let oldest = Duration::from_secs(u64::from(days) * 86_400);
                let is_old = |list: &&std::sync::Arc<super::Imported>| list.as_of + oldest < self.facts.at;
                let list = self.lists.imported().iter().find(is_old)?;
                (Rule::ListTooOld, format!("the imported list {} is more than {days} days old", list.said()))
            }
        };
        Some(Denial { rule, clause: Some(clause.id.to_owned()), because })
    }

    /// Every zone that the called person may be in must be within the hours.
    fn out_of_hours(&self, hours: impl Fn(&Civil) -> Option<(u16, u16)>, week: &super::Week) -> Option<(Rule, String)> {
        if self.clocks.is_empty() {
            return Some((Rule::UnknownTimeZone, self.no_zone()));
        }
        let is_open = |civil: &Civil| hours(civil).is_some_and(|(from, until)| (from..until).contains(&civil.minute));
        let (zone, civil) = self.clocks.iter().find(|(_, civil)| !is_open(civil))?;
        let shown = shown(zone, civil);
        Some((Rule::CallingHours, format!("it is {} in {}, outside {week}", shown.time, shown.zone)))
    }

    fn nowhere(&self, clause: &Clause) -> Denial {
        Denial { rule: Rule::UnknownTimeZone, clause: Some(clause.id.to_owned()), because: self.no_zone() }
    }

    fn no_zone(&self) -> String {
        match self.attempt.and_then(|attempt| attempt.zone) {
            Some(zone) => format!("the lead's time zone {zone:?} is not known"),
            None => format!("no time zone is known for {}", self.facts.number),
        }
    }

    fn history(&self) -> Option<&'a History<'a>> {
        self.attempt.and_then(|attempt| attempt.history.as_ref())
    }

    fn tried_too_often(&self, max: u32, within: Duration) -> Option<(Rule, String)> {
        let Some(history) = self.history() else { return Some(no_history()) };
        let tries = history.number.since(after(self.facts.at, within));
        let because = || format!("{tries} attempts of the number in {} hours", within.as_secs() / 3_600);
        (tries >= max).then(|| (Rule::Attempts, because()))
    }

    fn without_consent(&self, when: ConsentWhen, to: ConsentTo) -> Option<(Rule, String)> {
        let Some(attempt) = self.attempt else {
            return Some((Rule::FactsMissing, "who speaks and about what is not known".to_owned()));
        };
        let (is_needed, what) = match when {
            ConsentWhen::AiVoice => (attempt.terms.voice == Voice::Ai, "a machine talks"),
            ConsentWhen::RecordedVoice => (attempt.terms.voice == Voice::Recorded, "a recorded message is played"),
            ConsentWhen::ClaimsManagement => {
                (attempt.terms.subject == Subject::ClaimsManagement, "it is about claims management")
            }
        };
        let stands = attempt.consents.iter().any(|consent| consent.to == to && consent.stands(self.facts.at));
        (is_needed && !stands).then(|| (Rule::Consent, format!("{what}, and no consent to that stands")))
    }

    fn only_live(
        &self,
        span: Duration,
        what: &str,
        last: impl Fn(&History<'_>) -> Option<WallTime>,
    ) -> Option<(Rule, String)> {
        let Some(attempt) = self.attempt else { return Some(no_history()) };
        // Who waits is a person: a machine that talks is no live agent.
        if attempt.agent_waits && attempt.terms.voice == Voice::Person {
            return None;
        }
        let Some(history) = &attempt.history else { return Some(no_history()) };
        let last = last(history).filter(|last| *last > after(self.facts.at, span))?;
        let because = format!("{} was {what} at {}", self.facts.number, hours::written(last));
        Some((Rule::LiveAgentOnly, format!("{because}, less than {} hours ago", span.as_secs() / 3_600)))
    }

    /// The campaign's own caps.
    fn capped(&self, tried: Option<Tried>) -> Option<Denial> {
        let caps: Caps = self.attempt?.terms.caps;
        let limits =
            [caps.lead, caps.number, caps.lead_a_day, caps.number_a_day, caps.lead_in_24_h, caps.number_in_24_h];
        if limits.iter().all(Option::is_none) {
            return None;
        }
        let Some(tried) = tried else { return Some(missing("earlier attempts are not known")) };
        if self.clocks.is_empty() {
            return Some(Denial::by(Rule::UnknownTimeZone, self.no_zone()));
        }
        let counts = [
            (tried.lead, "of the lead"),
            (tried.number, "of the number"),
            (tried.lead_today, "of the lead today"),
            (tried.number_today, "of the number today"),
            (tried.lead_in_24_h, "of the lead in 24 hours"),
            (tried.number_in_24_h, "of the number in 24 hours"),
        ];
        limits.into_iter().zip(counts).find_map(|(max, (count, what))| {
            let max = max.filter(|max| count >= *max)?;
            Some(Denial::by(Rule::Attempts, format!("{count} attempts {what}, the campaign's cap is {max}")))
        })
    }

    /// Where he may be in several zones, his day began when it began in the first of them.
    fn tried(&self, history: &History<'_>) -> Tried {
        let midnights = self.clocks.iter().filter_map(|(zone, _)| Some(zone.day(self.facts.at)?.start));
        let day = after(self.facts.at, DAY);
        let today = midnights.min().unwrap_or(day);
        Tried {
            lead: history.lead.total,
            number: history.number.total,
            lead_today: history.lead.since(today),
            number_today: history.number.since(today),
            lead_in_24_h: history.lead.since(day),
            number_in_24_h: history.number.since(day),
        }
    }
}

fn shown(zone: &Zone, civil: &Civil) -> LocalTime {
    let (day, minute) = (Day::from(*civil), civil.minute);
    LocalTime { zone: zone.name().to_owned(), time: format!("{day} {:02}:{:02}", minute / 60, minute % 60) }
}

/// The first moment that is less than `span` ago: what is exactly that old does not count any more.
fn after(at: WallTime, span: Duration) -> WallTime {
    let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    WallTime::from_micros(at.as_micros().saturating_sub(micros).saturating_add(1))
}

fn missing(because: &str) -> Denial {
    Denial::by(Rule::FactsMissing, because.to_owned())
}

fn no_history() -> (Rule, String) {
    (Rule::FactsMissing, "earlier attempts are not known".to_owned())
}

const DAY: Duration = Duration::from_secs(86_400);
