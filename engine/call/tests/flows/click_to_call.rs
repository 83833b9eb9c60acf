//! Click-to-call: the agent's phone first, then the other side.

use call::{CommandError, Input, Reply};
use clock::RequestId;
use dialer::gate::PinRule;
use journal_core::{CallEvent, CallStatus, Direction, Durability};
use media_graph::{PlaySource, ToneKind};

use crate::rig::World;
use crate::rig::plan::{ECHO_DID, agent_id, demo};

const REQUEST: RequestId = RequestId(9);

fn clicked(to: &str) -> (World, usize, usize, usize) {
    let mut world = World::new();
    let (carrier, agent, other) = (world.carrier(), world.agent("1001"), world.agent("1002"));
    world.input(Input::Originate { request: REQUEST, from_agent: agent_id("1001"), to: to.to_owned(), pin: None });
    (world, carrier, agent, other)
}

#[test]
fn to_a_number() {
    let (mut world, carrier, agent, _) = clicked("02079460000");
    let (_, result, gate) = &world.replies[0];
    let Ok(Reply::Called(new)) = result else { panic!("{result:?}") };
    // Its start, and what the dial gate said.
    assert_eq!((new.call, gate.unwrap()), (world.call(), (2, Durability::Synced)));
    let from = world.phones[agent].invite_received().from().unwrap();
    assert_eq!(from.uri.user().unwrap(), "+442079460000", "his phone shows whom it will call");
    assert!(!world.phones[carrier].is_called());
    world.phones[agent].answer_call(world.now.mono);
    world.settle();
    let leg = *world.media.legs.first().unwrap();
    assert_eq!(world.media.played_to(leg), [PlaySource::Tone(ToneKind::RingBack)]);
    assert_eq!(world.phones[carrier].invite_received().from().unwrap().uri.user().unwrap(), "+442071830000");
    world.phones[carrier].ring(world.now.mono);
    world.phones[carrier].answer_call(world.now.mono);
    world.settle();
    let legs: Vec<_> = world.media.legs.iter().copied().collect();
    assert!(world.media.hears(legs[0], legs[1]) && world.media.players.is_empty());
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    let call = world.call();
    assert!(world.has(call, |event| matches!(
        event,
        CallEvent::Started { direction: Direction::OutboundDial, internal: false, agent: Some(_), .. }
    )));
    assert_eq!(world.verdict(), (CallStatus::Completed, "normal".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn to_an_extension_and_to_a_service() {
    let (mut world, _, agent, other) = clicked("1002");
    world.phones[agent].answer_call(world.now.mono);
    world.settle();
    assert_eq!(world.busy.len(), 2);
    world.phones[other].answer_call(world.now.mono);
    world.settle();
    world.phones[agent].hang_up(world.now.mono);
    world.assert_nothing_left();
    assert!(world.has(world.call(), |event| matches!(event, CallEvent::Started { internal: true, .. })));

    let (mut world, _, agent, _) = clicked(ECHO_DID);
    world.phones[agent].answer_call(world.now.mono);
    world.settle();
    let leg = *world.media.legs.first().unwrap();
    assert!(world.media.hears(leg, leg));
    world.phones[agent].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn the_agent_does_not_take_his_own_phone() {
    let (mut world, carrier, agent, _) = clicked("02079460000");
    world.phones[agent].ring(world.now.mono);
    world.secs(31);
    assert!(world.phones[agent].got_cancel() && !world.phones[carrier].is_called());
    assert_eq!(world.verdict(), (CallStatus::NoAnswer, "no_answer".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn the_other_side_refuses() {
    let (mut world, carrier, agent, _) = clicked("02079460000");
    world.phones[agent].answer_call(world.now.mono);
    world.settle();
    world.phones[carrier].reject(world.now.mono, 486);
    world.settle();
    assert!(world.phones[agent].got_bye());
    assert_eq!(world.verdict(), (CallStatus::NoAnswer, "busy".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn what_cannot_be_carried_out_is_told() {
    for (agent, to, error) in [
        ("1009", "1002", CommandError::UnknownAgent),
        ("1001", "1999", CommandError::BadDestination),
        ("1001", "0033123456789", CommandError::Denied),
        ("1003", "1002", CommandError::NoDevice),
    ] {
        let (mut world, ..) = clicked("1002");
        world.input(Input::Originate { request: REQUEST, from_agent: agent_id(agent), to: to.to_owned(), pin: None });
        assert_eq!(world.replies[1].1, Err(error));
    }
    let (mut world, ..) = clicked("1002");
    world.input(Input::JournalFailing(true));
    world.input(Input::Originate { request: REQUEST, from_agent: agent_id("1001"), to: "1002".to_owned(), pin: None });
    assert!(matches!(world.replies[1].1, Err(CommandError::Unavailable(_))));
}

#[test]
fn rest_ends_a_call_that_rings() {
    let (mut world, _, agent, _) = clicked("1002");
    let call = world.call();
    world.input(Input::HangUp { request: REQUEST, call });
    assert!(world.phones[agent].got_cancel());
    assert_eq!(world.verdict().0, CallStatus::Canceled);
    world.input(Input::HangUp { request: REQUEST, call });
    assert_eq!(world.replies[2].1, Err(CommandError::UnknownCall));
    world.assert_nothing_left();
}

#[test]
fn what_takes_a_pin_is_dialed_with_it_alone() {
    for (pin, is_called) in [(None, false), (Some("1234"), false), (Some("4711"), true)] {
        let mut plan = demo();
        let numbers = vec!["+442079*".parse().unwrap()];
        plan.dial_rules.pin = Some(PinRule { numbers, pin: "4711".to_owned() });
        let mut world = World::with(plan, 1);
        let agent = world.agent("1001");
        let (to, pin) = ("+442079460123".to_owned(), pin.map(str::to_owned));
        world.input(Input::Originate { request: REQUEST, from_agent: agent_id("1001"), to, pin });
        assert_eq!((world.phones[agent].is_called(), world.replies[0].1.is_ok()), (is_called, is_called));
    }
}
