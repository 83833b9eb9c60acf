//! Why a lead is not being dialed, in every case.

use core::time::Duration;
use std::sync::Arc;

use clock::{AgentId, LeadId};
use dialer::campaign::{Again, Method, Outcome, Recycle, Step};
use dialer::contract::Doing;
use dialer::hopper::{Booked, Done};
use dialer::runner::{Explained, Hold, Keeps, WhyNot};

use super::scene;
use super::world::{Scene, World, actor};

/// Few leads, no caps; the first and the thirty-seventh share a number, the fourth's is on the do-not-call list.
pub(crate) fn few(seed: u64, agents: u32) -> Scene {
    let mut scene = Scene { leads: 40, agents, ..scene(seed, Method::Progressive) };
    (scene.definition.terms.caps.number_in_24_h, scene.definition.terms.caps.lead) = (None, None);
    let lists = &scene.definition.lists;
    scene.definition.lists = lists.iter().take(1).copied().collect();
    scene
}

fn why(world: &World, lead: u128) -> Explained {
    let campaign = world.campaign().campaign;
    world.dialer.why_not(campaign, LeadId(lead), world.now()).expect("the campaign")
}

#[test]
fn leads_that_wait_say_for_what() {
    let mut world = World::new(few(3, 0));
    world.run_for(5);
    let WhyNot::Next { ahead: 0, hold: Some(Hold::NoAgents) } = why(&world, 1).why else {
        panic!("{:?}", why(&world, 1));
    };
    assert!(matches!(why(&world, 3).why, WhyNot::Next { ahead: 1, .. }), "{:?}", why(&world, 3));
    // Leads of the other list, and those that are none: the dialer does not hold them.
    assert_eq!(why(&world, 2), Explained { why: WhyNot::NotRead, numbers: Vec::new() });
    assert_eq!(why(&world, 99).why, WhyNot::NotRead);
    world.step(Step::Pause(actor("ann")));
    assert!(matches!(why(&world, 1).why, WhyNot::Status(_)));
}

#[test]
fn a_number_that_another_lead_has_keeps_it() {
    let mut world = World::new(few(3, 1));
    while !matches!(why(&world, 1).why, WhyNot::InFlight(_)) {
        world.run_for(1);
    }
    let explained = why(&world, 37);
    assert!(matches!(explained.why, WhyNot::NumberCalled { .. }), "{explained:?}");
    assert_eq!(explained.numbers[0].why, Some(Keeps::Called));
    while matches!(why(&world, 1).why, WhyNot::InFlight(_)) {
        world.run_for(1);
    }
    let explained = why(&world, 37);
    assert!(matches!(explained.why, WhyNot::NumberRests { .. }), "{explained:?}");
}

#[test]
fn what_the_gate_denies_is_told_with_rule_number_and_end() {
    let mut scene = few(3, 1);
    scene.definition.lists[0].list = clock::ListId(2);
    let mut world = World::new(scene);
    world.run_for(2);
    // Its turn has not come, and waiting does not help.
    let explained = why(&world, 4);
    let WhyNot::Denied { rule, again_at: None, .. } = &explained.why else { panic!("{explained:?}") };
    assert_eq!(rule.word(), "do_not_call");
    assert!(matches!(&explained.numbers[0].why, Some(Keeps::Denied(..))), "{explained:?}");
    world.run_for(600);
    assert_eq!(why(&world, 4).why, WhyNot::Done(Done::Denied));
}

#[test]
fn a_number_that_is_left_alone_says_what_came_of_it() {
    let mut scene = Scene { others: 1, ..few(3, 1) };
    let hour = Again { after: Duration::from_secs(3_600), times: 1, next_number: true };
    let rules = [(Outcome::NoAnswer, hour), (Outcome::Busy, hour), (Outcome::Machine, hour)];
    scene.definition.recycle = Recycle { rules: rules.into(), attempts_max: 9 };
    let mut world = World::new(scene);
    world.run_for(2_000);
    let all: Vec<Explained> = (1..=40).map(|lead| why(&world, lead)).collect();
    let left = all.iter().flat_map(|lead| &lead.numbers).find(|number| number.why == Some(Keeps::LeftAlone));
    assert_eq!(left.and_then(|left| left.last).map(|(outcome, _)| outcome), Some(Outcome::Unobtainable), "{all:#?}");
    let waits = all.iter().find(|lead| matches!(lead.why, WhyNot::Retry { .. })).expect("one waits");
    assert!(waits.numbers.iter().all(|number| number.why.is_some()), "so do its numbers: {waits:?}");
    assert!(all.iter().any(|lead| matches!(lead.why, WhyNot::Done(_))));
}

#[test]
fn a_lead_that_another_campaign_calls_says_which() {
    let mut world = World::new(few(3, 1));
    let theirs = |world: &World, lead| world.dialer.why_not(world.other(), LeadId(lead), world.now()).expect("it").why;
    world.begin_other();
    while !matches!(why(&world, 1).why, WhyNot::InFlight(_)) {
        world.run_for(1);
    }
    let WhyNot::InFlight(attempt) = why(&world, 1).why else { panic!("{:?}", why(&world, 1)) };
    assert_eq!(theirs(&world, 1), WhyNot::Elsewhere(world.campaign().campaign, attempt));
    assert!(matches!(theirs(&world, 3), WhyNot::Next { .. }), "{:?}", theirs(&world, 3));
}

#[test]
fn what_is_still_read_after_a_start_says_so() {
    let mut world = World::new(few(3, 0));
    world.booked(LeadId(1), Booked::Retry(world.now().wall));
    world.read_failure = 1.0;
    world.run_for(30);
    assert_eq!(why(&world, 1).why, WhyNot::Reading, "the database is away");
    world.read_failure = 0.0;
    world.run_for(30);
    assert!(matches!(why(&world, 1).why, WhyNot::Next { .. }), "{:?}", why(&world, 1));
}

#[test]
fn outside_the_schedule_a_lead_says_when_it_opens() {
    let mut scene = few(3, 1);
    // It is Monday noon.
    let hours = hours::Schedule::parse("shop", "UTC", &["mon-fri 14:00-18:00".to_owned()], &[]);
    scene.definition.schedule = Some(Arc::new(hours.expect("hours")));
    let mut world = World::new(scene);
    world.run_for(5);
    let WhyNot::Schedule(Some(opens)) = why(&world, 1).why else { panic!("{:?}", why(&world, 1)) };
    assert_eq!(opens.as_micros() - world.now().wall.as_micros(), 7_195_000_000, "at two");
    assert_eq!(world.judge.dials, 0);
}

#[test]
fn a_callback_that_is_due_says_that_its_agent_is_away() {
    let mut world = World::new(few(3, 2));
    world.callback_in = Some(Duration::from_secs(60));
    while world.callback_in.is_some() {
        world.run_for(1);
    }
    let (lead, agent) = (1..=40)
        .find_map(|lead| match why(&world, lead).why {
            WhyNot::Callback { agent: Some(agent), is_due: false, .. } => Some((lead, agent)),
            _ => None,
        })
        .expect("it was promised");
    world.run_for(120);
    let due = why(&world, lead).why;
    assert!(matches!(due, WhyNot::Callback { agent: Some(his), is_due: true, .. } if his == agent), "{due:?}");
    world.agent(agent, Doing::Ready);
    world.run_for(2);
    assert!(!matches!(why(&world, lead).why, WhyNot::Callback { .. }), "he keeps it: {:?}", why(&world, lead));
    assert_ne!(agent, AgentId(0));
}

/// The lead is mended while it waits for its next try: what it has now was bad before.
#[test]
fn a_lead_without_a_good_number_says_so() {
    let mut scene = Scene { others: 1, ..few(3, 1) };
    let hour = Again { after: Duration::from_secs(3_600), times: 1, next_number: true };
    let rules = [(Outcome::NoAnswer, hour), (Outcome::Busy, hour), (Outcome::Machine, hour)];
    scene.definition.recycle = Recycle { rules: rules.into(), attempts_max: 9 };
    let mut world = World::new(scene);
    world.run_for(2_000);
    let bad = |lead: &Explained| {
        let left = lead.numbers.iter().find(|number| number.why == Some(Keeps::LeftAlone))?;
        matches!(lead.why, WhyNot::Retry { .. }).then(|| left.number.clone())
    };
    let (lead, number) = (1..=40).find_map(|lead| Some((lead, bad(&why(&world, lead))?))).expect("one waits");
    world.mend(LeadId(lead), &[&number]);
    world.run_for(10);
    assert_eq!(why(&world, lead).why, WhyNot::NoneLeft);
}
