//! Campaigns, their leads and attempts: each entry replaces the row of the former; lists page over them; numbers have
//! a history that the dial gate goes by.

use clock::{AttemptId, CampaignId, LeadId, ListId};
use journal_core::{
    AttemptEntry, AttemptTimes, CampaignEntry, CampaignLeadEntry, Entry, LeadBooked, LeadTries, Shared,
};
use records::{AttemptFilter, CampaignLeadFilter};

use crate::world::{On, World, at};

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
    LeadTries {
        total: 1,
        counted: 1,
        recent: vec![at(1)],
        by_outcome: vec![("no_answer".to_owned(), 1)],
        last,
        number: 0,
    }
}

const CAMPAIGN: CampaignId = CampaignId(77);
