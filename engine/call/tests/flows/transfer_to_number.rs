//! What an own number says holds for whoever is transferred or led to it as for whoever dials it.

use std::sync::Arc;

use call::{CallNeeds, CallStep, EntryPlan, Exit, Gate, Overflow, Plan, Target, Unserved};
use clock::{SkillId, WallTime};
use hours::Schedule;
use journal_core::CallEvent;

use crate::rig::World;
use crate::rig::plan::{SUPPORT, SUPPORT_DID, TONE_DID, agent_id, demo};
use crate::rules;

/// Friday 20 November 2026, 12:00 in London.
const NOON: WallTime = WallTime::from_micros(1_795_176_000_000_000);
const NIGHT: WallTime = WallTime::from_micros(1_795_212_000_000_000);

/// The number of the tone leads to `target`, by day, for callers who are to have Spanish.
fn plan(target: Target) -> Plan {
    let mut plan = demo();
    let open = ["mon-fri 09:00-17:30".to_owned()];
    let schedule = Arc::new(Schedule::parse("office", "Europe/London", &open, &[]).unwrap());
    let closed = Exit::Message("closed".to_owned());
    let gate = Some(Gate { schedule, holiday: closed.clone(), closed });
    plan.dids.insert(TONE_DID.to_owned(), target);
    plan.needs.insert(TONE_DID.to_owned(), spanish());
    plan.entries.insert(TONE_DID.to_owned(), EntryPlan { language: Some("es".to_owned()), gate });
    plan
}

fn spanish() -> CallNeeds {
    CallNeeds { steps: vec![CallStep { required: vec![(SkillId(1), 3)], ..CallStep::default() }], priority: 7 }
}

/// A customer talks to agent 1001, who transfers him to the number; the phone of 1002 is there too.
fn transferred(target: Target, wall: WallTime) -> (World, usize, usize) {
    let mut world = World::starting(plan(target), 7, wall);
    let (carrier, agent, other) = (world.carrier(), world.agent("1001"), world.agent("1002"));
    world.acd.agents = vec![agent_id("1001")];
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    world.phones[agent].answer_call(world.now.mono);
    world.secs(1);
    world.phones[agent].refer(world.now.mono, &format!("<sip:{TONE_DID}@demo.local>"));
    world.settle();
    (world, carrier, other)
}

fn hang_up(mut world: World, carrier: usize) {
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    world.assert_nothing_left();
}

#[test]
fn priority_and_skills_of_the_number_count_for_who_is_transferred_to_it() {
    let (world, carrier, _) = transferred(Target::Queue(SUPPORT), NOON);
    assert_eq!(world.acd.needs, [CallNeeds::default(), spanish()]);
    let call = world.call();
    assert!(world.has(call, |event| matches!(event, CallEvent::HoursChecked { to: None, .. })));
    hang_up(world, carrier);
}

#[test]
fn a_number_that_is_closed_is_closed_for_who_is_transferred_to_it() {
    let (world, carrier, _) = transferred(Target::Queue(SUPPORT), NIGHT);
    assert_eq!(world.acd.enqueued.len(), 1, "the first wait only");
    let call = world.call();
    assert!(world.has(call, |event| matches!(event, CallEvent::HoursChecked { to: Some(_), .. })));
    hang_up(world, carrier);
}

#[test]
fn the_number_of_an_agent_rings_by_day_and_is_closed_by_night() {
    let target = Target::Agent(agent_id("1002"));
    let (world, carrier, other) = transferred(target, NOON);
    assert!(world.phones[other].is_called());
    hang_up(world, carrier);
    let (world, carrier, other) = transferred(target, NIGHT);
    assert!(!world.phones[other].is_called());
    hang_up(world, carrier);
}

/// As for whoever dials it.
#[test]
fn what_an_own_number_says_holds_for_who_is_led_to_it_by_a_key_or_an_overflow() {
    let needs = CallNeeds { priority: 7, ..CallNeeds::default() };
    let with_number = |plan: &mut Plan| {
        plan.dids.insert(TONE_DID.to_owned(), Target::Queue(rules::SALES));
        plan.needs.insert(TONE_DID.to_owned(), needs.clone());
        plan.entries.insert(TONE_DID.to_owned(), EntryPlan { language: Some("fr".to_owned()), gate: None });
        plan.queues.get_mut(&rules::SALES).unwrap().announcements = rules::told();
    };
    let mut by_key = rules::plan();
    with_number(&mut by_key);
    by_key.menus.get_mut(&rules::MAIN).unwrap().keys.insert("7".to_owned(), Exit::Number(TONE_DID.to_owned()));
    let (mut world, carrier) = rules::calling(by_key, NOON);
    rules::press(&mut world, "7");
    assert_eq!((world.acd.enqueued[0].1, &world.acd.needs[0]), (rules::SALES, &needs));
    assert!(rules::prompts(&world)[0].starts_with("fr/"), "{:?}", rules::prompts(&world));
    rules::hang_up(world, carrier).assert_nothing_left();

    let to = Exit::Number(TONE_DID.to_owned());
    let overflow = [(Unserved::TimedOut, Overflow { to, keeps_arrival: false })].into();
    let mut by_overflow = rules::plan();
    with_number(&mut by_overflow);
    by_overflow.dids.insert(SUPPORT_DID.to_owned(), Target::Queue(SUPPORT));
    by_overflow.queues.get_mut(&SUPPORT).unwrap().overflow = overflow;
    let (mut world, carrier) = rules::calling(by_overflow, NOON);
    let call = world.call();
    rules::leave(&mut world, call, SUPPORT, Unserved::TimedOut);
    assert_eq!(world.acd.needs, [CallNeeds::default(), needs.clone()]);
    rules::hang_up(world, carrier).assert_nothing_left();
}
