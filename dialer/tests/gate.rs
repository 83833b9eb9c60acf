//! The gate's rule sets, case by case: hours, zones, holidays, attempts, consents, lock-out, ring, lists.

use std::sync::Arc;
use std::time::Duration;

use clock::WallTime;
use dialer::gate::*;

fn at(text: &str) -> WallTime {
    hours::moment(text).expect("a moment of RFC 3339")
}

/// A campaign's attempt of which all is known and nothing speaks against it but perhaps the hour.
fn attempt(terms: &Terms) -> Attempt<'_> {
    Attempt {
        terms,
        zone: None,
        region: None,
        history: Some(History::default()),
        consents: &[],
        ring: Some(Duration::from_secs(20)),
        agent_waits: false,
    }
}

fn terms(rule_set: Choice) -> Terms {
    Terms { rule_set, ..Terms::default() }
}

fn judged(number: &str, moment: &str, attempt: Attempt<'_>) -> Verdict {
    let facts = Facts { attempt: Some(attempt), ..Facts::new(number, Purpose::Campaign, at(moment)) };
    judge(&Rules::default(), &Lists::default(), &facts)
}

/// The clause that denies, or the rule's word where it is none's, or that it is allowed.
fn decides(verdict: &Verdict) -> &str {
    match &verdict.denial {
        None => "allowed",
        Some(denial) => denial.clause.as_deref().unwrap_or(denial.rule.word()),
    }
}

fn by_hours(rule_set: Choice, number: &str, moment: &str) -> String {
    decides(&judged(number, moment, attempt(&terms(rule_set)))).to_owned()
}

#[test]
fn hours_are_those_of_the_called_person() {
    let us = |number, moment| by_hours(Choice::Us, number, moment);
    // New York, a Wednesday in winter: five hours behind UTC.
    assert_eq!(us("+12125550100", "2026-01-14T12:59:00Z"), "us.tsr.calling-hours");
    assert_eq!(us("+12125550100", "2026-01-14T13:00:00Z"), "allowed", "8:00");
    assert_eq!(us("+12125550100", "2026-01-15T01:59:59Z"), "allowed", "20:59");
    assert_eq!(us("+12125550100", "2026-01-15T02:00:00Z"), "us.tsr.calling-hours", "21:00");
    assert_eq!(us("+12125550100", "2026-07-15T12:00:00Z"), "allowed", "8:00 in summer");
    // Los Angeles at the same moment.
    assert_eq!(us("+13105550100", "2026-01-14T13:00:00Z"), "us.tsr.calling-hours");
    // An exchange of 423 that nobody lists: Tennessee's east and its middle.
    assert_eq!(us("+14235550100", "2026-01-14T13:30:00Z"), "us.tsr.calling-hours", "7:30 in the middle");
    assert_eq!(us("+14235550100", "2026-01-15T02:30:00Z"), "us.tsr.calling-hours", "21:30 in the east");
    assert_eq!(us("+14235550100", "2026-01-14T14:00:00Z"), "allowed");
}

#[test]
fn states_are_stricter() {
    let us = |number, moment| by_hours(Choice::Us, number, moment);
    assert_eq!(us("+13055550100", "2026-01-15T01:00:00Z"), "us.fl.calling-hours", "20:00 in Miami");
    assert_eq!(us("+12145550100", "2026-01-14T14:30:00Z"), "us.tx.calling-hours", "8:30 in Dallas");
    assert_eq!(us("+12145550100", "2026-01-18T17:30:00Z"), "us.tx.calling-hours", "11:30 on a Sunday");
    assert_eq!(us("+12145550100", "2026-01-18T18:00:00Z"), "allowed", "12:00");
    assert_eq!(us("+14015550100", "2026-01-17T22:00:00Z"), "us.ri.calling-hours", "17:00 on a Saturday");
    assert_eq!(us("+12055550100", "2026-01-18T18:00:00Z"), "us.al.calling-hours", "a Sunday");
    assert_eq!(us("+12055550100", "2026-07-03T18:00:00Z"), "us.al.holidays", "kept for Saturday 4 July");
    assert_eq!(us("+15045550100", "2026-02-17T18:00:00Z"), "us.la.holidays", "Mardi Gras");
    // The state that the lead's data names holds beside that of the number.
    let terms = terms(Choice::Us);
    let moved = Attempt { region: Some("US-FL"), ..attempt(&terms) };
    assert_eq!(decides(&judged("+12125550100", "2026-01-15T01:30:00Z", moved)), "us.fl.calling-hours");
    // One that nobody knows might be any of them.
    let unknown = Attempt { region: Some("Flordia"), ..attempt(&terms) };
    assert_eq!(judged("+12125550100", "2026-01-14T18:00:00Z", unknown).denied_by(), Some("unknown_region"));
    let letters = Attempt { region: Some("KY"), ..attempt(&terms) };
    assert_eq!(decides(&judged("+12125550100", "2026-01-14T14:30:00Z", letters)), "us.ky.calling-hours", "no island");
    // Before a rule is in force it does not bind.
    assert_eq!(us("+15035550100", "2025-12-30T15:59:00Z"), "us.tsr.calling-hours");
    assert_eq!(us("+15035550100", "2025-12-31T04:30:00Z"), "allowed", "20:30 in Oregon");
    assert_eq!(us("+15035550100", "2026-01-07T04:30:00Z"), "us.or.calling-hours");
}

#[test]
fn countries_have_their_own_hours() {
    let uk = |moment| by_hours(Choice::Uk, "+442071838750", moment);
    assert_eq!(uk("2026-01-17T08:30:00Z"), "uk.dma.calling-hours", "a Saturday");
    assert_eq!(uk("2026-01-16T08:30:00Z"), "allowed");
    assert_eq!(uk("2026-12-28T12:00:00Z"), "uk.bank-holidays", "kept for Boxing Day on a Saturday");
    assert_eq!(uk("2026-04-06T12:00:00Z"), "uk.bank-holidays", "Easter Monday");
    let canada = |moment| by_hours(Choice::Canada, "+14165550100", moment);
    assert_eq!(canada("2026-01-15T02:15:00Z"), "allowed", "21:15");
    assert_eq!(canada("2026-01-15T02:30:00Z"), "canada.utr.calling-hours", "21:30");
    assert_eq!(canada("2026-01-17T23:00:00Z"), "canada.utr.calling-hours", "18:00 on a Saturday");
}

#[test]
fn a_rule_set_is_for_its_territory_and_numbers_choose_theirs() {
    let noon = "2026-01-14T18:00:00Z";
    assert_eq!(by_hours(Choice::Us, "+442071838750", noon), "territory");
    assert_eq!(by_hours(Choice::Us, "+14165550100", noon), "territory");
    assert_eq!(by_hours(Choice::Canada, "+12125550100", noon), "territory");
    assert_eq!(by_hours(Choice::Uk, "+12125550100", noon), "territory");
    let chosen = |number| judged(number, noon, attempt(&terms(Choice::ByNumber))).evidence.rule_set;
    assert_eq!(chosen("+12125550100").as_deref(), Some("us 2026-11-21"));
    assert_eq!(chosen("+14165550100").as_deref(), Some("canada 2026-11-21"));
    assert_eq!(chosen("+442071838750").as_deref(), Some("uk 2026-11-21"));
    assert_eq!(chosen("+18765550100").as_deref(), Some("neutral 2026-11-21"), "Jamaica");
    assert_eq!(by_hours(Choice::ByNumber, "+18005550100", noon), "territory", "toll-free: nobody knows where");
}

#[test]
fn what_is_not_known_closes() {
    let noon = "2026-01-14T18:00:00Z";
    assert_eq!(by_hours(Choice::Neutral, "+88351000000", noon), "neutral.calling-hours");
    let verdict = judged("+18005550100", noon, attempt(&Terms::default()));
    assert_eq!(verdict.denied_by(), Some("unknown_time_zone"));
    let terms = Terms::default();
    // The lead's own data may say it; what nobody understands closes.
    let known = Attempt { zone: Some("America/New_York"), ..attempt(&terms) };
    assert_eq!(decides(&judged("+18005550100", noon, known)), "allowed");
    let wrong = Attempt { zone: Some("America/Atlantis"), ..attempt(&terms) };
    assert_eq!(judged("+12125550100", noon, wrong).denied_by(), Some("unknown_time_zone"));
    // No campaign, no history, no ring, no number.
    let bare = Facts::new("+12125550100", Purpose::Campaign, at(noon));
    assert_eq!(judge(&Rules::default(), &Lists::default(), &bare).denied_by(), Some("facts_missing"));
    let unknown = Attempt { history: None, ..attempt(&terms) };
    assert_eq!(judged("+12125550100", noon, unknown).denied_by(), Some("facts_missing"));
    let unknown = Attempt { ring: None, ..attempt(&terms) };
    assert_eq!(judged("+12125550100", noon, unknown).denied_by(), Some("facts_missing"));
    for number in ["", "+", "2125550100", "+1212555010x", "sip:+12125550100"] {
        assert_eq!(judged(number, noon, attempt(&terms)).denied_by(), Some("number"), "{number}");
    }
}

#[test]
fn a_zone_of_the_leads_own_decides_among_those_of_the_number_and_holds_beside_others() {
    let terms = terms(Choice::Us);
    let in_zone = |number, zone, moment| {
        let attempt = Attempt { zone: Some(zone), ..attempt(&terms) };
        decides(&judged(number, moment, attempt)).to_owned()
    };
    assert_eq!(in_zone("+14235550100", "America/New_York", "2026-01-14T13:30:00Z"), "allowed", "8:30 there");
    let moved = |moment| in_zone("+12125550100", "America/Los_Angeles", moment);
    assert_eq!(moved("2026-01-14T14:00:00Z"), "us.tsr.calling-hours", "6:00 where he lives");
    assert_eq!(moved("2026-01-15T03:00:00Z"), "us.tsr.calling-hours", "22:00 where the number is from");
    assert_eq!(moved("2026-01-14T18:00:00Z"), "allowed");
}

#[test]
fn attempts_are_counted_by_lead_number_day_and_24_hours() {
    let moment = "2026-01-14T18:00:00Z";
    // 13:00 in New York: three today, one yesterday evening less than 24 hours ago, one before.
    let recent = ["14T17:00:00", "14T16:00:00", "14T05:00:00", "14T04:59:59", "13T18:00:00"]
        .map(|text| at(&format!("2026-01-{text}Z")));
    let history = History {
        lead: Tries { total: 9, recent: &recent },
        number: Tries { total: 12, recent: &recent },
        ..History::default()
    };
    let capped = |caps| {
        let terms = Terms { caps, ..Terms::default() };
        let verdict = judged("+12125550100", moment, Attempt { history: Some(history), ..attempt(&terms) });
        assert_eq!(
            verdict.evidence.tried,
            Some(Tried { lead: 9, number: 12, lead_today: 3, number_today: 3, lead_in_24_h: 4, number_in_24_h: 4 })
        );
        verdict.denial.map(|denial| denial.because)
    };
    let (none, said) = (Caps::default(), |text: &str| Some(text.to_owned()));
    assert_eq!(capped(none), None);
    assert_eq!(capped(Caps { lead: Some(9), ..none }), said("9 attempts of the lead, the campaign's cap is 9"));
    assert_eq!(capped(Caps { lead: Some(10), number: Some(13), ..none }), None);
    assert!(capped(Caps { number: Some(12), ..none }).is_some());
    assert!(capped(Caps { lead_a_day: Some(3), ..none }).is_some());
    assert!(capped(Caps { number_a_day: Some(3), ..none }).is_some());
    assert_eq!(capped(Caps { lead_a_day: Some(4), number_a_day: Some(4), ..none }), None);
    assert!(capped(Caps { lead_in_24_h: Some(4), ..none }).is_some());
    assert!(capped(Caps { number_in_24_h: Some(4), ..none }).is_some());
    assert_eq!(capped(Caps { lead_in_24_h: Some(5), number_in_24_h: Some(5), ..none }), None);
    // Florida's own: three in 24 hours.
    let terms = terms(Choice::Us);
    let florida = |count: usize| {
        let history = History { number: Tries { total: 9, recent: &recent[..count] }, ..History::default() };
        decides(&judged("+13055550100", moment, Attempt { history: Some(history), ..attempt(&terms) })).to_owned()
    };
    assert_eq!((florida(3).as_str(), florida(2).as_str()), ("us.fl.three-in-24h", "allowed"));
}

#[test]
fn consent_is_demanded_of_machines_that_talk_and_of_claims_management() {
    let consent = |to, given: &str, revoked: Option<&str>| Consent {
        to,
        id: "consent-1".to_owned(),
        given_at: at(given),
        revoked_at: revoked.map(at),
    };
    let ask = |terms: &Terms, number: &str, consents: &[Consent]| {
        let verdict = judged(number, "2026-01-14T18:00:00Z", Attempt { consents, ..attempt(terms) });
        (decides(&verdict).to_owned(), verdict.evidence.consents.len())
    };
    let denied = |clause: &str| (clause.to_owned(), 0);
    let allowed = ("allowed".to_owned(), 1);
    let ai = |rule_set| Terms { rule_set, voice: Voice::Ai, ..Terms::default() };
    let given = [consent(ConsentTo::ArtificialVoice, "2025-01-01T00:00:00Z", None)];
    let revoked = [consent(ConsentTo::ArtificialVoice, "2025-01-01T00:00:00Z", Some("2026-01-14T18:00:00Z"))];
    let later = [consent(ConsentTo::ArtificialVoice, "2026-01-14T18:00:01Z", None)];
    let other = [consent(ConsentTo::ClaimsManagement, "2025-01-01T00:00:00Z", None)];
    assert_eq!(ask(&ai(Choice::Us), "+12125550100", &[]), denied("us.fcc.24-17-ai-voice"));
    assert_eq!(ask(&ai(Choice::Us), "+12125550100", &given), allowed);
    assert_eq!(ask(&ai(Choice::Us), "+12125550100", &revoked), denied("us.fcc.24-17-ai-voice"));
    assert_eq!(ask(&ai(Choice::Us), "+12125550100", &later), denied("us.fcc.24-17-ai-voice"));
    assert_eq!(ask(&ai(Choice::Us), "+12125550100", &other).0, "us.fcc.24-17-ai-voice");
    assert_eq!(ask(&ai(Choice::Canada), "+14165550100", &[]), denied("canada.utr.ai-voice"));
    assert_eq!(ask(&ai(Choice::Uk), "+442071838750", &[]), denied("uk.pecr.19-ai-voice"));
    let claims = Terms { rule_set: Choice::Uk, subject: Subject::ClaimsManagement, ..Terms::default() };
    assert_eq!(ask(&claims, "+442071838750", &[]), denied("uk.pecr.21a-claims-management"));
    assert_eq!(ask(&claims, "+442071838750", &other), allowed);
    let recorded = Terms { rule_set: Choice::Us, voice: Voice::Recorded, ..Terms::default() };
    assert_eq!(ask(&recorded, "+12125550100", &[]), denied("us.fcc.recorded-voice"));
}

#[test]
fn for_72_hours_after_an_abandoned_call_only_with_an_agent_who_waits() {
    let moment = "2026-01-14T18:00:00Z";
    for (rule_set, number, clause) in [
        (Choice::Neutral, "+12125550100", "neutral.abandoned-72h"),
        (Choice::Uk, "+442071838750", "uk.ofcom.abandoned-72h"),
    ] {
        let terms = terms(rule_set);
        let abandoned = |when: &str, agent_waits, terms| {
            let history = History { abandoned_at: Some(at(when)), ..History::default() };
            let attempt = Attempt { history: Some(history), agent_waits, ..attempt(terms) };
            decides(&judged(number, moment, attempt)).to_owned()
        };
        assert_eq!(abandoned("2026-01-11T18:00:01Z", false, &terms), clause);
        assert_eq!(abandoned("2026-01-11T18:00:01Z", true, &terms), "allowed");
        assert_eq!(abandoned("2026-01-11T18:00:00Z", false, &terms), "allowed", "72 hours are over");
        assert_eq!(abandoned("2026-01-15T18:00:00Z", false, &terms), clause, "a clock set back");
    }
    let terms = Terms::default();
    let history = History { machine_at: Some(at("2026-01-13T18:00:01Z")), ..History::default() };
    let machine = Attempt { history: Some(history), ..attempt(&terms) };
    assert_eq!(decides(&judged("+12125550100", moment, machine)), "neutral.machine-24h");
    // A machine that talks is no live agent.
    let bot = Terms { voice: Voice::Ai, ..Terms::default() };
    let machine = Attempt { agent_waits: true, terms: &bot, ..machine };
    assert_eq!(decides(&judged("+12125550100", moment, machine)), "neutral.machine-24h");
}

#[test]
fn it_rings_for_fifteen_seconds() {
    let terms = Terms::default();
    let rings = |ms| {
        let attempt = Attempt { ring: Some(Duration::from_millis(ms)), ..attempt(&terms) };
        decides(&judged("+12125550100", "2026-01-14T18:00:00Z", attempt)).to_owned()
    };
    assert_eq!((rings(14_999).as_str(), rings(15_000).as_str()), ("neutral.ring-15s", "allowed"));
}

#[test]
fn lists_deny_by_number_and_wildcard_each_in_its_reach() {
    let noon = at("2026-01-14T18:00:00Z");
    let listed = || Listed { reason: Some("asked us".to_owned()), since: WallTime::from_micros(1) };
    let mut own = Lists::default();
    own.add(&"+12125550101".parse().unwrap(), listed()).unwrap();
    own.add(&"+1646*".parse().unwrap(), listed()).unwrap();
    let imported = Imported {
        name: "registry".to_owned(),
        as_of: at("2026-01-01T00:00:00Z"),
        numbers: Numbers::new(vec![12_125_550_102]).unwrap(),
        prefixes: vec!["+1917*".parse().unwrap()],
    };
    own.replace_imported(vec![Arc::new(imported)]);
    let mut campaign = Lists::default();
    campaign.add(&"+12125550103".parse().unwrap(), listed()).unwrap();
    campaign.add(&"+1718*".parse().unwrap(), listed()).unwrap();
    let terms = Terms { rule_set: Choice::Us, do_not_call: Arc::new(campaign), ..Terms::default() };
    let word = |number, purpose| {
        let attempt = (purpose == Purpose::Campaign).then(|| attempt(&terms));
        let facts = Facts { attempt, ..Facts::new(number, purpose, noon) };
        judge(&Rules::default(), &own, &facts).denied_by()
    };
    for (number, campaign, click, callback) in [
        ("+12125550100", None, None, None),
        ("+12125550101", Some("do_not_call"), Some("do_not_call"), Some("do_not_call")),
        ("+16465550100", Some("do_not_call"), Some("do_not_call"), Some("do_not_call")),
        ("+12125550102", Some("imported_do_not_call"), Some("imported_do_not_call"), None),
        ("+19175550100", Some("imported_do_not_call"), Some("imported_do_not_call"), None),
        ("+12125550103", Some("campaign_do_not_call"), None, None),
        ("+17185550100", Some("campaign_do_not_call"), None, None),
    ] {
        assert_eq!(word(number, Purpose::Campaign), campaign, "{number}");
        assert_eq!(word(number, Purpose::ClickToCall), click, "{number}");
        assert_eq!(word(number, Purpose::QueueCallback), callback, "{number}");
        assert_eq!(word(number, Purpose::AgentCallback), callback, "{number}");
    }
    // A version of the registry that is more than 31 days old.
    let late = Facts {
        attempt: Some(attempt(&terms)),
        ..Facts::new("+12125550100", Purpose::Campaign, at("2026-02-02T18:00:00Z"))
    };
    assert_eq!(decides(&judge(&Rules::default(), &own, &late)), "us.tsr.registry-31-days");
}

#[test]
fn agents_have_lists_of_their_own() {
    let personal =
        Personal { blacklist: vec!["+1212555*".parse().unwrap()], whitelist: vec!["+1212*".parse().unwrap()] };
    let word = |number| {
        let facts =
            Facts { personal: Some(&personal), ..Facts::new(number, Purpose::ClickToCall, at("2026-01-14T03:00:00Z")) };
        judge(&Rules::default(), &Lists::default(), &facts).denied_by()
    };
    assert_eq!(word("+12125550100"), Some("personal_blacklist"));
    assert_eq!(word("+13105550100"), Some("personal_whitelist"));
    assert_eq!(word("+12129990100"), None);
}

#[test]
fn agents_who_dial_are_bound_by_hours_only_where_a_law_is_chosen() {
    let night = at("2026-01-14T06:00:00Z");
    let by = |rule_set, purpose| {
        let rules = Rules { rule_set, ..Rules::default() };
        let facts = Facts::new("+12125550100", purpose, night);
        judge(&rules, &Lists::default(), &facts).denied_by()
    };
    assert_eq!(by(Choice::Neutral, Purpose::ClickToCall), None, "as ever");
    assert_eq!(by(Choice::Us, Purpose::ClickToCall), Some("calling_hours"));
    assert_eq!(by(Choice::Us, Purpose::QueueCallback), None, "he asked for it");
    assert_eq!(by(Choice::Us, Purpose::AgentCallback), None);
}

#[test]
fn a_verdict_is_stored_with_what_it_went_by() {
    let verdict = judged("+13055550100", "2026-01-15T01:00:00Z", attempt(&terms(Choice::Us)));
    let denial = verdict.denial.clone().unwrap();
    assert_eq!((denial.rule, denial.clause.as_deref()), (Rule::CallingHours, Some("us.fl.calling-hours")));
    assert_eq!(
        denial.because,
        "it is 2026-01-14 20:00 in America/New_York, outside Mon-Fri 08:00-20:00, Sat 08:00-20:00, Sun 08:00-20:00"
    );
    assert_eq!(verdict.evidence.regions, ["US-FL"]);
    let clock = LocalTime { zone: "America/New_York".to_owned(), time: "2026-01-14 20:00".to_owned() };
    assert_eq!(verdict.evidence.clocks, [clock]);
    let stored = postcard::to_allocvec(&verdict).unwrap();
    assert_eq!(postcard::from_bytes::<Verdict>(&stored).unwrap(), verdict);
}

#[test]
fn every_clause_says_where_it_stands() {
    let clauses: Vec<&Clause> = RuleSet::ALL.iter().flat_map(|set| set.clauses).collect();
    let mut ids: Vec<&str> = clauses.iter().map(|clause| clause.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), clauses.len(), "no id twice");
    for set in RuleSet::ALL {
        assert!(
            set.clauses.iter().any(|clause| matches!(clause.demand, Demand::Hours(_)) && clause.regions.is_empty())
        );
        for clause in set.clauses {
            assert!(clause.id.starts_with(&format!("{}.", set.id)), "{}", clause.id);
            assert!(clause.says.ends_with('.') && clause.source.len() > 10, "{}", clause.id);
            assert!((1990..2100).contains(&clause.effective.year), "{}", clause.id);
            if let Demand::Attempts { within, .. } = clause.demand {
                assert!(within <= RECENT, "{} looks back farther than histories reach", clause.id);
            }
        }
    }
    assert_eq!("by_number".parse(), Ok(Choice::ByNumber));
    assert!("mars".parse::<Choice>().is_err());
}
