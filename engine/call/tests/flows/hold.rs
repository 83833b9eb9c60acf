//! Hold by re-INVITE, and other changes of a session.

use journal_core::{CallEvent, CallStatus};
use media_graph::PlaySource;
use sdp::Direction;

use crate::rig::World;
use crate::rig::plan::{SUPPORT_DID, agent_id};

/// A customer who talks to agent 1001 of a queue.
fn talking() -> (World, usize, usize) {
    let mut world = World::new();
    let (carrier, agent) = (world.carrier(), world.agent("1001"));
    world.acd.agents = vec![agent_id("1001")];
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    world.phones[agent].answer_call(world.now.mono);
    world.settle();
    (world, carrier, agent)
}

#[test]
fn the_other_side_hears_music_and_the_holder_nothing() {
    let (mut world, carrier, agent) = talking();
    let legs: Vec<_> = world.media.legs.iter().copied().collect();
    let (customer_leg, agent_leg) = (legs[0], legs[1]);
    world.phones[agent].reinvite(world.now.mono, Direction::SendOnly);
    world.settle();
    assert_eq!(world.media.played_to(customer_leg), [PlaySource::Music("waiting".to_owned())]);
    assert!(!world.media.hears(agent_leg, customer_leg) && !world.media.hears(customer_leg, agent_leg));
    assert!(!world.media.remotes[&agent_leg].may_send, "no RTP to the holder");
    assert!(world.media.recorded_legs(0).is_empty(), "hold is silence in the recording");
    assert_eq!(world.lines_to(carrier).iter().filter(|line| line.starts_with("INVITE")).count(), 0, "we anchor media");
    world.secs(30);
    world.phones[agent].reinvite(world.now.mono, Direction::SendRecv);
    world.settle();
    assert!(world.media.hears(agent_leg, customer_leg) && world.media.players.is_empty());
    assert_eq!(world.media.recorded_legs(0), [customer_leg]);
    let call = world.call();
    let is_hold = |event: &&CallEvent| matches!(event, CallEvent::Held { .. } | CallEvent::Resumed { .. });
    assert_eq!(world.events(call).into_iter().filter(is_hold).count(), 2);
    world.phones[carrier].hang_up(world.now.mono);
    world.assert_nothing_left();
    assert_eq!(world.media.recorded[0].1, 30_000, "one recording, hold included");
}

#[test]
fn a_holder_is_asked_by_options_and_not_watched() {
    let (mut world, carrier, agent) = talking();
    let agent_leg = *world.media.legs.last().unwrap();
    assert!(world.media.watched.contains_key(&agent_leg));
    world.phones[agent].reinvite(world.now.mono, Direction::Inactive);
    world.settle();
    assert!(!world.media.watched.contains_key(&agent_leg));
    // A word that crossed the hold.
    world.media.say(media_graph::Event::Silent { leg: agent_leg });
    world.settle();
    assert!(!world.phones[carrier].got_bye());
    world.secs(185);
    let asked = world.lines_to(agent).iter().filter(|line| line.starts_with("OPTIONS")).count();
    assert_eq!(asked, 3);
    assert!(!world.phones[carrier].got_bye());
    world.phones[agent].is_dead = true;
    world.secs(130);
    assert!(world.phones[carrier].got_bye(), "a holder that does not answer is gone");
    assert_eq!(world.verdict(), (CallStatus::Failed, "peer_gone".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn both_hold_and_one_comes_back() {
    let (mut world, carrier, agent) = talking();
    let legs: Vec<_> = world.media.legs.iter().copied().collect();
    world.phones[agent].reinvite(world.now.mono, Direction::SendOnly);
    world.settle();
    world.phones[carrier].reinvite(world.now.mono, Direction::SendOnly);
    world.settle();
    assert_eq!(world.media.graph.edges().count(), 0);
    world.phones[agent].reinvite(world.now.mono, Direction::SendRecv);
    world.settle();
    assert_eq!(world.media.played_to(legs[1]).len(), 1, "the agent hears music now");
    world.phones[agent].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn an_offer_that_cannot_be_answered_changes_nothing() {
    let (mut world, carrier, agent) = talking();
    let before = world.media.remotes.clone();
    let session = world.phones[agent].session.unwrap();
    world.phones[agent].ua.reinvite(world.now.mono, session, sip::ua::Body::sdp("v=0\r\nnonsense"));
    world.settle();
    assert_eq!(world.media.remotes, before);
    assert!(!world.phones[carrier].got_bye());
    world.phones[agent].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn hold_while_waiting_in_the_queue() {
    let mut world = World::new();
    let carrier = world.carrier();
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    world.phones[carrier].reinvite(world.now.mono, Direction::SendOnly);
    world.settle();
    let leg = *world.media.legs.first().unwrap();
    assert!(!world.media.watched.contains_key(&leg));
    world.phones[carrier].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn another_codec_or_port_is_between_that_party_and_us() {
    let (mut world, carrier, agent) = talking();
    let legs: Vec<_> = world.media.legs.iter().copied().collect();
    let edges: Vec<_> = world.media.graph.edges().collect();
    let to_carrier = world.lines_to(carrier).len();
    world.phones[agent].codecs = vec![sdp::Codec::Pcmu];
    world.phones[agent].reinvite(world.now.mono, Direction::SendRecv);
    world.settle();
    assert_eq!(world.media.remotes[&legs[1]].codec, media_graph::Codec::Pcmu);
    assert_eq!(world.media.remotes[&legs[0]].codec, media_graph::Codec::Pcma);
    assert_eq!(world.media.graph.edges().collect::<Vec<_>>(), edges);
    assert_eq!(world.lines_to(carrier).len(), to_carrier);
    world.phones[agent].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn what_his_phone_does_not_hold_is_set_aside_while_he_talks_on_another_line() {
    for phone_holds_too in [false, true] {
        let (mut world, carrier, agent) = talking();
        let legs: Vec<_> = world.media.legs.iter().copied().collect();
        let (customer, line) = (legs[0], legs[1]);
        let (first, session) = (world.call(), world.phones[agent].session);
        let other = world.agent("1002");
        world.phones[agent].call(world.now.mono, "1002");
        world.settle();
        assert!(world.media.hears(customer, line), "it only rings");
        world.phones[other].answer_call(world.now.mono);
        world.settle();
        let holds = |world: &World| {
            let is_hold = |event: &&CallEvent| matches!(event, CallEvent::Held { .. } | CallEvent::Resumed { .. });
            world.events(first).into_iter().filter(is_hold).count()
        };
        assert_eq!(world.media.played_to(customer), [PlaySource::Music("waiting".to_owned())]);
        assert!(!world.media.hears(line, customer) && !world.media.hears(customer, line));
        assert!(!world.media.watched.contains_key(&line), "its silence says nothing");
        assert_eq!(holds(&world), 1);
        let second = core::mem::replace(&mut world.phones[agent].session, session);
        if phone_holds_too {
            world.phones[agent].reinvite(world.now.mono, Direction::SendOnly);
            world.settle();
            assert_eq!(holds(&world), 1, "it is on hold already");
        }
        world.phones[other].hang_up(world.now.mono);
        world.settle();
        assert_eq!(world.media.hears(line, customer), !phone_holds_too, "it comes back, unless the phone holds it");
        if phone_holds_too {
            world.phones[agent].session = session;
            world.phones[agent].reinvite(world.now.mono, Direction::SendRecv);
            world.settle();
        }
        assert_ne!(second, session);
        assert!(world.media.hears(line, customer) && world.media.hears(customer, line));
        assert_eq!(holds(&world), 2);
        world.phones[carrier].hang_up(world.now.mono);
        world.assert_nothing_left();
    }
}
