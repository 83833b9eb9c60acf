//! Blind transfer by REFER.

use journal_core::{CallEvent, CallStatus};

use crate::rig::World;
use crate::rig::phone::CUSTOMER;
use crate::rig::plan::{ECHO_DID, SUPPORT_DID, agent_id};

/// A customer talks to agent 1001; the phone of 1002 is there too.
fn talking() -> (World, usize, usize, usize) {
    let mut world = World::new();
    let (carrier, agent, target) = (world.carrier(), world.agent("1001"), world.agent("1002"));
    world.acd.agents = vec![agent_id("1001")];
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    world.phones[agent].answer_call(world.now.mono);
    world.secs(1);
    (world, carrier, agent, target)
}

fn refer(world: &mut World, agent: usize, to: &str) {
    world.phones[agent].refer(world.now.mono, &format!("<sip:{to}@demo.local>"));
    world.settle();
}

fn accepted(world: &World, agent: usize) -> Option<u16> {
    world.phones[agent].events.iter().find_map(|event| match event {
        sip::ua::Event::ReferDone { response, .. } => response.as_ref().map(sip::Message::status),
        _ => None,
    })
}

#[test]
fn to_an_extension() {
    let (mut world, carrier, agent, target) = talking();
    refer(&mut world, agent, "1002");
    assert_eq!(accepted(&world, agent), Some(202));
    assert_eq!(world.phones[target].invite_received().from().unwrap().uri.user().unwrap(), CUSTOMER);
    world.phones[target].ring(world.now.mono);
    world.secs(2);
    world.phones[target].answer_call(world.now.mono);
    world.secs(1);
    assert_eq!(world.phones[agent].sipfrags(), [100, 180, 200]);
    assert!(world.phones[agent].got_bye());
    let legs: Vec<_> = world.media.legs.iter().copied().collect();
    assert_eq!(legs.len(), 2);
    assert!(world.media.hears(legs[0], legs[1]) && world.media.hears(legs[1], legs[0]));
    assert_eq!((world.media.recorded_legs(0), world.media.recorded_legs(1)), (vec![legs[0]], vec![legs[1]]));
    let call = world.call();
    assert_eq!(world.freed, [(agent_id("1001"), call, true)]);
    let (facts, ..) = {
        world.secs(5);
        world.facts.last().unwrap().clone()
    };
    assert_eq!((facts.len(), facts[0].agent, facts[0].call), (1, agent_id("1002"), call));
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert!(world.phones[target].got_bye());
    assert!(world.has(call, |event| matches!(event, CallEvent::TransferStarted { to, .. } if to == "1002")));
    assert!(world.has(
        call,
        |event| matches!(event, CallEvent::Transferred { agent: Some(who), .. } if *who == agent_id("1002"))
    ));
    assert_eq!(world.verdict(), (CallStatus::Completed, "normal".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn to_a_number_through_the_trunk() {
    let (mut world, carrier, agent, _) = talking();
    let customer = world.phones[carrier].session;
    refer(&mut world, agent, "02079460000");
    assert_ne!(world.phones[carrier].session, customer, "the carrier is called too");
    world.phones[carrier].answer_call(world.now.mono);
    world.secs(1);
    assert_eq!(world.phones[agent].sipfrags(), [100, 200]);
    assert!(world.phones[agent].got_bye());
    world.phones[carrier].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn to_an_own_number() {
    let (mut world, carrier, agent, _) = talking();
    refer(&mut world, agent, ECHO_DID);
    world.secs(1);
    assert_eq!(world.phones[agent].sipfrags(), [100, 200]);
    assert!(world.phones[agent].got_bye());
    let leg = *world.media.legs.first().unwrap();
    assert!(world.media.hears(leg, leg));
    world.phones[carrier].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn to_a_queue() {
    let (mut world, carrier, agent, target) = talking();
    world.acd.agents = vec![agent_id("1002")];
    refer(&mut world, agent, SUPPORT_DID);
    assert!(world.phones[target].is_called());
    world.phones[target].answer_call(world.now.mono);
    world.secs(1);
    assert!(world.phones[agent].got_bye());
    let call = world.call();
    assert_eq!(world.events(call).iter().filter(|event| matches!(event, CallEvent::QueueEntered { .. })).count(), 2);
    world.phones[carrier].hang_up(world.now.mono);
    world.assert_nothing_left();
    assert_eq!(world.freed.len(), 2);
}

#[test]
fn a_target_that_refuses_leaves_the_call_where_it_was() {
    let (mut world, carrier, agent, target) = talking();
    refer(&mut world, agent, "1002");
    world.phones[target].reject(world.now.mono, 486);
    world.settle();
    assert_eq!(world.phones[agent].sipfrags(), [100, 486]);
    let legs: Vec<_> = world.media.legs.iter().copied().collect();
    assert!(legs.len() == 2 && world.media.hears(legs[0], legs[1]));
    assert!(world.has(world.call(), |event| matches!(event, CallEvent::TransferFailed { status: 486, .. })));
    assert!(!world.phones[agent].got_bye() && !world.phones[carrier].got_bye());
    world.phones[agent].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn targets_that_do_not_exist_or_are_denied() {
    for (to, status) in [("1999", 404), ("0033123456789", 403), ("1003", 480)] {
        let (mut world, carrier, agent, _) = talking();
        refer(&mut world, agent, to);
        assert_eq!((accepted(&world, agent), world.phones[agent].sipfrags()), (Some(202), vec![100, status]), "{to}");
        world.phones[carrier].hang_up(world.now.mono);
        world.assert_nothing_left();
    }
}

#[test]
fn the_transferor_leaves_at_once_and_the_call_goes_on() {
    let (mut world, carrier, agent, target) = talking();
    refer(&mut world, agent, "1002");
    world.phones[agent].hang_up(world.now.mono);
    world.secs(1);
    let customer = *world.media.legs.first().unwrap();
    assert_eq!(world.media.played_to(customer).len(), 1, "he hears it ring");
    world.phones[target].answer_call(world.now.mono);
    world.secs(1);
    assert!(!world.phones[carrier].got_bye());
    let legs: Vec<_> = world.media.legs.iter().copied().collect();
    assert!(world.media.hears(legs[0], legs[1]));
    world.phones[target].hang_up(world.now.mono);
    world.settle();
    assert!(world.phones[carrier].got_bye());
    world.assert_nothing_left();
}

#[test]
fn the_transferor_left_and_the_target_refuses() {
    let (mut world, carrier, agent, target) = talking();
    refer(&mut world, agent, "1002");
    world.phones[agent].hang_up(world.now.mono);
    world.secs(1);
    world.phones[target].reject(world.now.mono, 486);
    world.settle();
    assert!(world.phones[carrier].got_bye());
    assert_eq!(world.verdict(), (CallStatus::Completed, "busy".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn the_customer_leaves_while_the_target_rings() {
    let (mut world, carrier, agent, target) = talking();
    refer(&mut world, agent, "1002");
    world.phones[target].ring(world.now.mono);
    world.settle();
    world.phones[carrier].hang_up(world.now.mono);
    world.secs(1);
    assert!(world.phones[target].got_cancel() && world.phones[agent].got_bye());
    assert_eq!(world.phones[agent].sipfrags().last(), Some(&487));
    world.assert_nothing_left();
}

#[test]
fn customers_and_second_transfers_and_nonsense_are_refused() {
    let (mut world, carrier, agent, target) = talking();
    refer(&mut world, carrier, "1002");
    assert_eq!(accepted(&world, carrier), Some(403));
    let replaces = "<sip:1002@demo.local?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>";
    world.phones[agent].refer(world.now.mono, replaces);
    world.settle();
    assert_eq!(accepted(&world, agent), Some(501));
    world.phones[agent].events.clear();
    refer(&mut world, agent, "1002");
    refer(&mut world, agent, "1003");
    let statuses: Vec<u16> = world.phones[agent]
        .events
        .iter()
        .filter_map(|event| match event {
            sip::ua::Event::ReferDone { response, .. } => response.as_ref().map(sip::Message::status),
            _ => None,
        })
        .collect();
    assert_eq!(statuses, [202, 491]);
    world.phones[target].answer_call(world.now.mono);
    world.secs(1);
    world.phones[carrier].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn the_called_party_of_an_extension_call_transfers() {
    let mut world = World::new();
    let (caller, callee, target) = (world.agent("1001"), world.agent("1002"), world.agent("1003"));
    world.phones[caller].call(world.now.mono, "1002");
    world.settle();
    world.phones[callee].answer_call(world.now.mono);
    world.settle();
    refer(&mut world, callee, "1003");
    world.phones[target].answer_call(world.now.mono);
    world.secs(1);
    assert!(world.phones[callee].got_bye() && !world.phones[caller].got_bye());
    world.phones[caller].hang_up(world.now.mono);
    world.assert_nothing_left();
}
