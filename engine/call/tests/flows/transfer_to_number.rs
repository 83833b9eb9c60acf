//! What an own number says holds for whoever is transferred to it as for whoever dials it.

use std::sync::Arc;

use call::{CallNeeds, CallStep, EntryPlan, Exit, Gate, Plan, Target};
use clock::{SkillId, WallTime};
use hours::Schedule;
use journal_core::CallEvent;

use crate::rig::World;
use crate::rig::plan::{SUPPORT, SUPPORT_DID, TONE_DID, agent_id, demo};

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
