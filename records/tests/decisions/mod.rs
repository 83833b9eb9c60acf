//! What the dial gate said, in the database.

use clock::{AgentId, AttemptId, CallId, CallbackId, CampaignId, LeadId, QueueId};
use journal_core::{DialClause, DialDecision, DialDenial, DialEvidence, DialOccasion, Entry};
use records::{Decision, DecisionFilter, DecisionSubject};

use crate::world::{On, World, at};

/// Each is a row once, also when the journal is read again, and the newest comes first.
pub(crate) async fn decisions_are_kept_once_and_found_by_what_they_are_about(on: On) {
    let world = World::open(on).await;
    for (second, occasion) in occasions().into_iter().enumerate() {
        world.append(Entry::DialDecision(Box::new(decision(second as u64, occasion))));
    }
    world.applied().await;
    let copy = world.stop().await;
    let old = copy.store.copy();
    let world = copy.start().await;
    world.append(Entry::DialDecision(Box::new(decision(
        9,
        DialOccasion::ClickToCall { agent: AgentId(2), call: None },
    ))));
    world.applied().await;
    let disk = world.stop().await;
    disk.store.restore(&old);
    let world = disk.start().await;
    world.applied().await;

    let all = found(&world, DecisionFilter::default()).await;
    let words: Vec<&str> = all.iter().map(|kept| kept.occasion.as_str()).collect();
    assert_eq!(words, ["click_to_call", "campaign", "callback_dialed", "callback_asked", "click_to_call"]);
    assert!(all.windows(2).all(|pair| pair[0].id > pair[1].id));
    let campaign = &all[1];
    assert_eq!((campaign.allowed, campaign.rule.as_deref()), (false, Some("calling_hours")));
    assert_eq!((campaign.queue.as_deref(), campaign.at), (Some("support"), at(3)));
    assert_eq!(campaign.evidence, evidence());
    let subject = DecisionSubject { campaign: Some(CampaignId(3).to_string()), ..DecisionSubject::default() };
    assert_eq!(found(&world, DecisionFilter { subject, ..all_of() }).await, all[1..2]);
    let dialed = DecisionFilter { call: Some(CallId(8)), ..all_of() };
    assert_eq!(found(&world, dialed).await[0].subject.callback, Some(CallbackId(7).to_string()));
    assert_eq!(found(&world, DecisionFilter { allowed: Some(true), ..all_of() }).await.len(), 3);
    let by_rule = DecisionFilter { rule: vec!["calling_hours".into()], clause: vec!["us.x".into()], ..all_of() };
    assert_eq!(found(&world, by_rule).await.len(), 2);
    let of_agent = DecisionFilter { agent: vec!["1001".into()], occasion: vec!["click_to_call".into()], ..all_of() };
    assert_eq!(found(&world, of_agent).await.len(), 1);
    let between = DecisionFilter { at_gte: Some(at(1)), at_lt: Some(at(3)), ..all_of() };
    assert_eq!(found(&world, between).await.len(), 2);
    assert!(found(&world, DecisionFilter { number: Some("+1".into()), ..all_of() }).await.is_empty());
    assert!(found(&world, DecisionFilter { account: "other".into(), ..all_of() }).await.is_empty());

    let (first, more) = world.database.decisions(&DecisionFilter { limit: 2, ..all_of() }).await.unwrap();
    assert!(more && first == all[..2]);
    let rest = DecisionFilter { before: Some(first[1].id), ..all_of() };
    assert_eq!(world.database.decisions(&rest).await.unwrap(), (all[2..].to_vec(), false));
    assert_eq!(all[0].id.to_string().parse(), Ok(all[0].id));
}

async fn found(world: &World, filter: DecisionFilter) -> Vec<Decision> {
    let account = if filter.account.is_empty() { "demo".to_owned() } else { filter.account };
    world.database.decisions(&DecisionFilter { account, limit: 100, ..filter }).await.unwrap().0
}

fn all_of() -> DecisionFilter {
    DecisionFilter { account: "demo".into(), limit: 100, ..DecisionFilter::default() }
}

/// Those with a call are allowed.
fn occasions() -> [DialOccasion; 4] {
    let (queue, agent) = (Some(QueueId(2)), Some(AgentId(1)));
    [
        DialOccasion::ClickToCall { agent: AgentId(1), call: Some(CallId(6)) },
        DialOccasion::CallbackAsked { queue, agent: None, call: Some(CallId(5)) },
        DialOccasion::CallbackDialed { callback: CallbackId(7), queue, agent, call: CallId(8) },
        DialOccasion::Campaign {
            campaign: CampaignId(3),
            queue,
            lead: LeadId(4),
            attempt: Some(AttemptId(5)),
            agent: None,
        },
    ]
}

fn decision(second: u64, occasion: DialOccasion) -> DialDecision {
    let denial = occasion.call().is_none().then(|| DialDenial {
        rule: "calling_hours".into(),
        clause: Some("us.x".into()),
        because: "it is late".into(),
    });
    DialDecision { at: at(second), number: "+12125550100".into(), occasion, denial, evidence: evidence() }
}

fn evidence() -> DialEvidence {
    let clauses = vec![DialClause { id: "us.x".into(), verified: true }];
    DialEvidence { rule_set: Some("us 2026-11-21".into()), clauses, ..DialEvidence::default() }
}
