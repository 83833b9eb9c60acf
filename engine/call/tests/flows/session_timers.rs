//! Session timers of calls (RFC 4028): refreshes that nobody hears of, and calls that end for want of one.

use journal_core::{CallEvent, CallStatus};
use sip::ua::{Event, SessionTimers};

use crate::rig::World;
use crate::rig::plan::{SUPPORT_DID, agent_id};

/// A customer who talks to agent 1001 of a queue.
fn talking() -> (World, usize, usize) {
    let mut world = World::new();
    let (carrier, agent) = (world.carrier(), world.agent("1001"));
    talk(world, carrier, agent)
}

fn talk(mut world: World, carrier: usize, agent: usize) -> (World, usize, usize) {
    world.acd.agents = vec![agent_id("1001")];
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    world.phones[agent].answer_call(world.now.mono);
    world.settle();
    (world, carrier, agent)
}

fn count(world: &World, phone: usize, line: &str) -> usize {
    world.lines_to(phone).iter().filter(|sent| sent.starts_with(line)).count()
}

#[test]
fn both_sides_are_refreshed_and_nobody_hears_of_it() {
    let (mut world, carrier, agent) = talking();
    world.secs(4_000);
    // The customer refreshes his call; to the agent we are the caller, so the refreshes are ours.
    assert_eq!((count(&world, carrier, "UPDATE"), count(&world, agent, "UPDATE")), (0, 4));
    let events = world.events(world.call());
    assert!(!events.iter().any(|event| matches!(event, CallEvent::Held { .. } | CallEvent::Resumed { .. })));
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert_eq!(world.verdict(), (CallStatus::Completed, "normal".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn a_caller_who_stops_refreshing_loses_the_call() {
    let (mut world, carrier, agent) = talking();
    world.phones[carrier].is_dead = true;
    world.secs(1_767);
    assert!(!world.phones[agent].got_bye());
    world.secs(2);
    assert!(world.phones[agent].got_bye(), "half an hour less 32 s");
    assert_eq!(world.verdict(), (CallStatus::Failed, "peer_gone".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn an_agents_phone_that_answers_no_refresh_is_gone() {
    let (mut world, carrier, agent) = talking();
    world.phones[agent].is_dead = true;
    world.secs(940);
    assert!(world.phones[carrier].got_bye(), "UPDATE after 900 s, and 32 s for its answer");
    assert_eq!(world.verdict(), (CallStatus::Failed, "peer_gone".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn a_phone_that_takes_reinvites_only_is_refreshed_with_what_holds() {
    let mut world = World::new();
    let (carrier, agent) = (world.carrier(), world.agent("1001"));
    world.phones[carrier].set_timers(SessionTimers { interval: None, ..SessionTimers::default() });
    world.phones[carrier].headers = vec![("Session-Expires", "600;refresher=uas".to_owned())];
    world.phones[carrier].knows_no_update = true;
    let (mut world, carrier, agent) = talk(world, carrier, agent);
    world.secs(300);
    let offer = world.phones[carrier].events.iter().find_map(|event| match event {
        Event::Reinvite { request, .. } => Some(request.body().clone()),
        _ => None,
    });
    let offer = sdp::Session::parse(&offer.expect("a refresh")).unwrap();
    let said = world.phones[carrier].remote.clone().expect("our answer");
    assert_eq!(offer, said, "the same description, its version too");
    world.phones[carrier].answer_reinvite(world.now.mono, &offer);
    world.secs(299);
    assert!(!world.phones[agent].got_bye());
    assert_eq!(count(&world, carrier, "INVITE"), 1);
    world.secs(200);
    assert!(world.phones[agent].got_bye(), "the next one was not answered");
    world.assert_nothing_left();
}
