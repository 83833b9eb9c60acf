//! Campaigns, their leads and attempts: each entry replaces the row of the former; lists page over them; numbers have
//! a history that the dial gate goes by.

use clock::{AttemptId, CallId, CampaignId, LeadId, ListId};
use journal_core::{
    AnswerEntry, AttemptEntry, AttemptTimes, CampaignEntry, CampaignEvent, CampaignLeadEntry, CampaignStep,
    Disposition, Entry, FormAnswers, LeadBooked, LeadNumberTries, LeadTries, Shared,
};
use records::{Attempt, AttemptFilter, CampaignLeadFilter, ListFigures};

use crate::world::{AGENT, On, World, at};

/// Every outcome on two lists, some with a disposition: figures of spans are a recount of the attempts, and the time of
/// agents is what lies within the span.
pub(crate) async fn figures_of_campaigns_are_a_recount_of_their_attempts(on: On) {
    let world = World::open(on).await;
    let outcomes = ["connected", "connected", "abandoned", "hung_up", "machine", "busy", "not_dialed", "no_answer"];
    for (n, outcome) in (1..=80).zip(outcomes.into_iter().cycle()) {
        figure(&world, n, outcome);
    }
    let step = |since, until| CampaignStep {
        campaign: CAMPAIGN,
        event: CampaignEvent::Worked { agent: AGENT, since: at(since) },
        at: at(until),
    };
    for (since, until) in [(0, 30), (30, 45), (100, 130)] {
        world.append(Entry::CampaignStep(Box::new(step(since, until))));
    }
    world.applied().await;
    let filter =
        AttemptFilter { account: "demo".to_owned(), campaign: CAMPAIGN, limit: 200, ..AttemptFilter::default() };
    let (attempts, _) = world.database.attempts(&filter).await.unwrap();
    assert_eq!(attempts.len(), 80);
    for (from, to) in [(0, 1_000), (50, 90), (110, 111), (500, 600)] {
        let figures = world.database.campaign_figures("demo", CAMPAIGN, (at(from), at(to))).await.unwrap();
        for list in [8, 9].map(ListId) {
            let found = figures.lists.iter().find(|known| known.list == Some(list)).copied();
            assert_eq!(found.unwrap_or_default(), recount(&attempts, list, (from, to)), "{from} to {to}");
        }
        let within = |since: u64, until: u64| until.min(to).saturating_sub(since.max(from));
        let worked = within(0, 30) + within(30, 45) + within(100, 130);
        assert_eq!(figures.agent_micros, worked * 1_000_000, "{from} to {to}");
    }
    let first = attempts.iter().find(|attempt| attempt.id == AttemptId(1)).unwrap();
    assert_eq!(first.answers.as_deref(), Some("{\"age\":44,\"plan\":\"Gold\",\"share\":0.5}"));
    assert_eq!(first.disposition, Some(("sold".to_owned(), true)));
    let span = (at(0), at(1_000), at(10));
    let counts = world.database.desk_counts("demo", CAMPAIGN, Some("1001"), span).await.unwrap();
    assert_eq!((counts.dialed, counts.connected, counts.successes), (20, 20, 10));
    assert_eq!(counts.dispositions, [("sold".to_owned(), "Sold".to_owned(), 10)]);
    let all = world.database.desk_counts("demo", CAMPAIGN, None, span).await.unwrap();
    assert_eq!((all.dialed, all.connected), (80, 20));
    let notes = world.database.lead_notes("demo", CAMPAIGN, LeadId(1)).await.unwrap();
    assert_eq!(notes.iter().map(|note| note.code.as_str()).collect::<Vec<_>>(), ["sold"]);
}

/// An attempt as it ended, of list 8 or 9; of each second that connected something was sold.
fn figure(world: &World, n: u64, outcome: &str) {
    let is = |words: &[&str]| words.contains(&outcome).then(|| at(n + 20));
    let answered = is(&["connected", "abandoned", "hung_up", "machine"]);
    let connected = is(&["connected"]);
    let (attempt, call) = (AttemptId(n.into()), CallId(n.into()));
    let times = AttemptTimes {
        ordered_at: at(n),
        answered_at: answered,
        connected_at: connected,
        ended_at: Some(at(n + 40)),
        ..AttemptTimes::default()
    };
    world.append(Entry::Attempt(Shared::from(AttemptEntry {
        attempt,
        campaign: CAMPAIGN,
        lead: LeadId(u128::from(n.div_ceil(2))),
        list: ListId(8 + u128::from(n.div_ceil(2) % 2)),
        number: format!("+447{n:09}"),
        call: Some(call),
        agent: connected.map(|_| AGENT),
        times,
        outcome: Some(outcome.to_owned()),
        ..AttemptEntry::default()
    })));
    if n % 8 == 1 {
        let (code, label, by) = ("sold".to_owned(), "Sold".to_owned(), "demo".to_owned());
        let (note, callback) = (None, None);
        let said =
            Disposition { call, agent: AGENT, code, label, is_success: true, note, callback, at: at(n + 41), by };
        world.append(Entry::Disposition(Box::new(said)));
        let answers = [
            ("age", AnswerEntry::Number(44_000_000)),
            ("plan", AnswerEntry::Text("Gold".to_owned())),
            ("share", AnswerEntry::Number(500_000)),
        ];
        let answers = answers.map(|(name, answer)| (name.to_owned(), answer)).into();
        let by = "demo".to_owned();
        let given = FormAnswers { campaign: CAMPAIGN, attempt, call, agent: AGENT, answers, by, at: at(n + 41) };
        world.append(Entry::FormAnswers(Box::new(given)));
    }
}

fn recount(attempts: &[Attempt], list: ListId, (from, to): (u64, u64)) -> ListFigures {
    let of_list = || attempts.iter().filter(move |attempt| attempt.lead.is_some_and(|(_, its)| its == list));
    let within = |attempt: &&Attempt| attempt.times.ended_at.is_some_and(|ended| (at(from)..at(to)).contains(&ended));
    let count = |fits: &dyn Fn(&Attempt) -> bool| of_list().filter(within).filter(|one| fits(one)).count() as u64;
    let is = |one: &Attempt, words: &[&str]| words.contains(&one.outcome.as_deref().unwrap_or_default());
    let dialed_by_then = |one: &&Attempt| one.times.ordered_at < at(to) && !is(one, &["not_dialed"]);
    let leads: std::collections::BTreeSet<_> = of_list().filter(dialed_by_then).map(|one| one.lead).collect();
    let attempts = count(&|_| true);
    ListFigures {
        list: (attempts > 0 || !leads.is_empty()).then_some(list),
        attempts,
        dialed: count(&|one| !is(one, &["not_dialed"])),
        answered: count(&|one| one.times.answered_at.is_some()),
        people: count(&|one| is(one, &["connected", "abandoned", "hung_up", "message"])),
        connected: count(&|one| one.times.connected_at.is_some()),
        abandoned: count(&|one| is(one, &["abandoned"])),
        machines: count(&|one| is(one, &["machine", "machine_message"])),
        successes: count(&|one| one.disposition.as_ref().is_some_and(|(_, is_success)| *is_success)),
        leads_dialed: leads.len() as u64,
    }
}

pub(crate) async fn campaigns_their_leads_and_attempts_are_rows(on: On) {
    let world = World::open(on).await;
    for status in ["pending", "running"] {
        let (name, method, status) = ("Autumn".to_owned(), "predictive".to_owned(), status.to_owned());
        let entry = CampaignEntry { campaign: CAMPAIGN, name, method, status, at: at(1), ..CampaignEntry::default() };
        world.append(Entry::Campaign(Shared::from(entry)));
    }
    for lead in 1..=5 {
        dial(&world, lead, "no_answer");
        world.append(Entry::CampaignLead(Box::new(lead_entry(lead, LeadBooked::Retry(at(900))))));
    }
    world.append(Entry::CampaignLead(Box::new(lead_entry(5, LeadBooked::Done("exhausted".to_owned())))));
    dial(&world, 6, "abandoned");
    world.applied().await;
    assert_eq!((world.count("campaigns").await, world.count("campaign_leads").await), (1, 5));
    assert_eq!(world.count("attempts").await, 6);
    check_leads(&world).await;
    check_attempts(&world).await;
    let known = world.database.number_histories("demo", &[447_000_000_001, 447_000_000_006, 1], at(0)).await.unwrap();
    assert_eq!(known.len(), 2);
    assert_eq!((known[&447_000_000_001].total, known[&447_000_000_001].abandoned_at), (1, None));
    assert_eq!(known[&447_000_000_006].abandoned_at, Some(at(46)));
    assert_eq!(known[&447_000_000_006].recent, [at(6)]);
}

async fn check_leads(world: &World) {
    let mut filter = CampaignLeadFilter {
        account: "demo".to_owned(),
        campaign: CAMPAIGN,
        states: vec!["retry"],
        limit: 3,
        ..CampaignLeadFilter::default()
    };
    let (first, more) = world.database.campaign_leads(&filter).await.unwrap();
    assert_eq!((first.len(), more), (3, true));
    filter.after = first.last().map(|lead| lead.lead);
    let (second, more) = world.database.campaign_leads(&filter).await.unwrap();
    assert_eq!((second.iter().map(|lead| lead.lead).collect::<Vec<_>>(), more), (vec![LeadId(4)], false));
    assert_eq!(second[0].tries, tries());
    let of = world.database.campaign_leads_of(CAMPAIGN, &[LeadId(5), LeadId(9)]).await.unwrap();
    assert_eq!(of.iter().map(|lead| &lead.booked).collect::<Vec<_>>(), [&LeadBooked::Done("exhausted".to_owned())]);
}

async fn check_attempts(world: &World) {
    let filter = AttemptFilter { account: "demo".to_owned(), campaign: CAMPAIGN, limit: 4, ..AttemptFilter::default() };
    let (newest, more) = world.database.attempts(&filter).await.unwrap();
    assert_eq!((newest.iter().map(|attempt| attempt.id.0).collect::<Vec<_>>(), more), (vec![6, 5, 4, 3], true));
    assert_eq!(newest[0].outcome.as_deref(), Some("abandoned"));
    assert_eq!(newest[0].detected, Some(("person".to_owned(), 97, "short".to_owned())));
    let filter = AttemptFilter { lead: Some(LeadId(2)), ..filter };
    let (of_lead, _) = world.database.attempts(&filter).await.unwrap();
    assert_eq!(of_lead.iter().map(|attempt| attempt.number.as_str()).collect::<Vec<_>>(), ["+447000000002"]);
}

/// An attempt as it begins, and as it ends.
fn dial(world: &World, n: u64, outcome: &str) {
    let begun = AttemptEntry {
        attempt: AttemptId(n.into()),
        campaign: CAMPAIGN,
        lead: LeadId(n.into()),
        list: ListId(9),
        number: format!("+447{n:09}"),
        times: AttemptTimes { ordered_at: at(n), ..AttemptTimes::default() },
        ..AttemptEntry::default()
    };
    world.append(Entry::Attempt(Shared::from(begun.clone())));
    let times = AttemptTimes { ended_at: Some(at(n + 40)), ..begun.times };
    let detected = Some(("person".to_owned(), 97, "short".to_owned()));
    let ending = Some(("no_answer".to_owned(), "no_answer".to_owned(), 19, Some(480)));
    let ended = AttemptEntry { times, detected, ending, outcome: Some(outcome.to_owned()), ..begun };
    world.append(Entry::Attempt(Shared::from(ended)));
}

fn lead_entry(lead: u64, booked: LeadBooked) -> CampaignLeadEntry {
    let (campaign, list, lead) = (CAMPAIGN, ListId(9), LeadId(lead.into()));
    CampaignLeadEntry { campaign, list, lead, booked, tries: tries(), disposition: None, at: at(50) }
}

fn tries() -> LeadTries {
    let last = Some(("no_answer".to_owned(), at(40)));
    let number = |number: &str, last: Option<&str>| LeadNumberTries {
        number: number.to_owned(),
        ended: last.map(|word| (word.to_owned(), 1)).into_iter().collect(),
        last: last.map(|word| (word.to_owned(), at(1))),
    };
    LeadTries {
        by_number: vec![number("+442070000001", Some("unobtainable")), number("+442070000002", None)],
        total: 1,
        counted: 1,
        recent: vec![at(1)],
        by_outcome: vec![("no_answer".to_owned(), 1)],
        last,
        number: 0,
    }
}

const CAMPAIGN: CampaignId = CampaignId(77);
