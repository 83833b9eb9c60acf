//! Blind transfer by REFER.

use journal_core::{CallEvent, CallStatus};

use crate::rig::World;
use crate::rig::phone::CUSTOMER;
use crate::rig::plan::{ECHO_DID, SUPPORT_DID, VOICEMAIL_DID, agent_id};

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
fn a_refer_in_the_moment_of_the_answer_waits_for_the_claim() {
    let mut world = World::new();
    let (carrier, agent, target) = (world.carrier(), world.agent("1001"), world.agent("1002"));
    world.acd.agents = vec![agent_id("1001")];
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    world.acd.is_dead = true;
    world.phones[agent].answer_call(world.now.mono);
    world.settle();
    refer(&mut world, agent, "1002");
    assert_eq!(accepted(&world, agent), None);
    world.acd.is_dead = false;
    world.secs(1);
    assert_eq!(accepted(&world, agent), Some(202));
    world.phones[target].answer_call(world.now.mono);
    world.secs(1);
    assert!(world.phones[agent].got_bye());
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
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
fn the_second_wait_is_no_part_of_the_one_recording() {
    let (mut world, carrier, agent, target) = talking();
    world.secs(9);
    world.acd.agents = vec![agent_id("1002")];
    refer(&mut world, agent, SUPPORT_DID);
    world.secs(7);
    assert!(world.media.recorded_legs(0).is_empty());
    world.phones[target].answer_call(world.now.mono);
    world.secs(20);
    let legs: Vec<_> = world.media.legs.iter().copied().collect();
    assert_eq!((world.media.recorded_legs(0), world.media.recorded_legs(1)), (vec![legs[0]], vec![legs[1]]));
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    let call = world.call();
    assert_eq!(world.media.recorded, [(format!("recordings/2026/11/20/{call}"), 30_000)]);
    let started = |event: &&&CallEvent| matches!(event, CallEvent::RecordingStarted { .. });
    assert_eq!(world.events(call).iter().filter(started).count(), 1);
    let length = |event: &CallEvent| matches!(event, CallEvent::RecordingEnded { duration_ms: 30_000, .. });
    assert!(world.has(call, length));
    world.assert_nothing_left();
}

#[test]
fn a_box_at_the_end_of_a_recorded_call_is_not_in_its_recording() {
    let (mut world, carrier, agent, _) = talking();
    world.secs(4);
    refer(&mut world, agent, VOICEMAIL_DID);
    world.secs(60);
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    let lengths: Vec<u64> = world.media.recorded.iter().map(|(_, duration_ms)| *duration_ms).collect();
    assert_eq!(lengths, [57_000, 5_000], "the message, and the talk before it");
    world.assert_nothing_left();
}

#[test]
fn after_a_conversation_who_leaves_nothing_in_a_box_hung_up_and_did_not_give_up() {
    let (mut world, carrier, agent, _) = talking();
    refer(&mut world, agent, VOICEMAIL_DID);
    world.millis(500);
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert_eq!(world.verdict(), (CallStatus::Completed, "normal".to_owned()));
    world.assert_nothing_left();
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
    for (replaces, status) in [("a%3Bto-tag%3Db%3Bfrom-tag%3Dc", 481), ("nonsense", 400)] {
        world.phones[agent].events.clear();
        world.phones[agent].refer(world.now.mono, &format!("<sip:1002@demo.local?Replaces={replaces}>"));
        world.settle();
        assert_eq!(accepted(&world, agent), Some(status));
    }
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

/// The agent talks to a customer on hold and to 1002, whom he consults; both his sessions.
fn consulting() -> (World, usize, usize, usize, [sip::ua::SessionId; 2]) {
    let (mut world, carrier, agent, target) = talking();
    world.phones[agent].reinvite(world.now.mono, sdp::Direction::SendOnly);
    world.settle();
    let first = world.phones[agent].session.unwrap();
    world.phones[agent].call(world.now.mono, "1002");
    world.settle();
    world.phones[target].answer_call(world.now.mono);
    world.secs(2);
    let second = world.phones[agent].session.unwrap();
    (world, carrier, agent, target, [first, second])
}

/// REFER on one session with Replaces for the other.
fn join(world: &mut World, agent: usize, on: sip::ua::SessionId, replaces: sip::ua::SessionId) {
    let dialog = world.phones[agent].ua.dialog(replaces).unwrap();
    let tag = |address: &str| sip::NameAddr::parse(address).unwrap().tag().unwrap().to_owned();
    let (ours, theirs) = (tag(&dialog.local), tag(&dialog.remote));
    let header = format!("{}%3Bto-tag%3D{theirs}%3Bfrom-tag%3D{ours}", dialog.call_id.replace('@', "%40"));
    world.phones[agent].session = Some(on);
    world.phones[agent].refer(world.now.mono, &format!("<sip:1002@demo.local?Replaces={header}>"));
    world.secs(1);
}

#[test]
fn attended_joins_the_customer_with_the_consulted_agent() {
    for refer_on_first in [true, false] {
        let (mut world, carrier, agent, target, [first, second]) = consulting();
        let calls = world.calls();
        let (on, replaces) = if refer_on_first { (first, second) } else { (second, first) };
        join(&mut world, agent, on, replaces);
        assert_eq!(accepted(&world, agent), Some(202));
        assert_eq!(world.phones[agent].sipfrags(), [100, 200]);
        assert!(
            world.phones[agent].events.iter().filter(|event| matches!(event, sip::ua::Event::Ended { .. })).count()
                == 2
        );
        let legs: Vec<_> = world.media.legs.iter().copied().collect();
        assert!(legs.len() == 2 && world.media.hears(legs[0], legs[1]) && world.media.hears(legs[1], legs[0]));
        assert_eq!((world.media.recorded_legs(0), world.media.recorded_legs(1)), (vec![legs[0]], vec![legs[1]]));
        assert_eq!(world.ended(calls[1]).cause.code, "transferred", "the consultation is over");
        assert_eq!(world.ended(calls[1]).status, CallStatus::Completed);
        assert_eq!(world.busy.values().collect::<Vec<_>>(), [&agent_id("1002")]);
        world.secs(5);
        assert_eq!(world.facts.last().unwrap().0[0].call, calls[0]);
        world.phones[carrier].hang_up(world.now.mono);
        world.secs(1);
        assert!(world.phones[target].got_bye());
        assert!(world.has(
            calls[0],
            |event| matches!(event, CallEvent::Transferred { agent: Some(who), .. } if *who == agent_id("1002"))
        ));
        world.assert_nothing_left();
    }
}

#[test]
fn a_consultation_that_still_rings_cannot_be_joined() {
    let (mut world, carrier, agent, target) = talking();
    let first = world.phones[agent].session.unwrap();
    world.phones[agent].call(world.now.mono, "1002");
    world.settle();
    world.phones[target].ring(world.now.mono);
    world.settle();
    let second = world.phones[agent].session.unwrap();
    let Some(dialog) = world.phones[agent].ua.dialog(second) else { panic!("an early dialog") };
    let tag = sip::NameAddr::parse(&dialog.local).unwrap().tag().unwrap().to_owned();
    let ringing = world.last_to(agent, "180").to().unwrap().tag().unwrap().to_owned();
    let header = format!("{}%3Bto-tag%3D{ringing}%3Bfrom-tag%3D{tag}", dialog.call_id.replace('@', "%40"));
    world.phones[agent].session = Some(first);
    world.phones[agent].refer(world.now.mono, &format!("<sip:1002@demo.local?Replaces={header}>"));
    world.settle();
    assert_eq!(accepted(&world, agent), Some(603));
    world.phones[agent].session = Some(second);
    world.phones[agent].hang_up(world.now.mono);
    world.phones[carrier].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn an_invite_that_would_replace_a_dialog_is_refused_and_is_no_call() {
    let (mut world, carrier, agent, target) = talking();
    let dialog = world.phones[agent].ua.dialog(world.phones[agent].session.unwrap()).unwrap();
    let tag = |address: &str| sip::NameAddr::parse(address).unwrap().tag().unwrap().to_owned();
    let (theirs, ours) = (tag(&dialog.remote), tag(&dialog.local));
    let ours_at_the_node = format!("{};to-tag={theirs};from-tag={ours}", dialog.call_id);
    let turned_round = format!("{};to-tag={ours};from-tag={theirs}", dialog.call_id);
    let unknown = "nobody@here;to-tag=1;from-tag=2".to_owned();
    for (replaces, status) in [(ours_at_the_node, 603), (turned_round, 481), (unknown, 481), ("x".to_owned(), 400)] {
        world.phones[target].replace(world.now.mono, "1001", &replaces);
        world.settle();
        assert_eq!(world.phones[target].refusal_status(), Some(status), "{replaces}");
        world.phones[target].events.clear();
    }
    let stranger = world.stranger("127.0.0.9:5060");
    world.phones[stranger].replace(world.now.mono, "1001", "nobody@here;to-tag=1;from-tag=2");
    world.settle();
    assert_eq!(world.phones[stranger].refusal_status(), Some(401), "who may not call learns nothing");
    assert_eq!(world.calls().len(), 1);
    assert!(!world.phones[carrier].got_bye() && !world.phones[agent].got_bye());
    world.phones[carrier].hang_up(world.now.mono);
    world.assert_nothing_left();
}
