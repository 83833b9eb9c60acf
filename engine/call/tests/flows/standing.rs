//! Standing legs: an agent's phone that stays connected between calls, and is no call (DESIGN sections 1 and 8).

use core::time::Duration;

use call::{Input, OfferOutcome, StandingStep};
use clock::LegId;
use journal_core::{CallEvent, CallStatus, Entry};
use media_graph::{PlaySource, ToneKind};
use sdp::Direction;
use sip::Method;

use crate::rig::plan::{STANDING_CODE, SUPPORT_DID, agent_id};
use crate::rig::{World, start_line};

const COMFORT: PlaySource = PlaySource::Tone(ToneKind::Comfort);
const CUE: PlaySource = PlaySource::Tone(ToneKind::Cue);

/// An agent whose standing leg is up.
fn standing() -> (World, usize, usize, LegId) {
    let mut world = World::new();
    let (carrier, agent) = (world.carrier(), world.agent("1001"));
    world.input(Input::CallStandingLeg { agent: agent_id("1001") });
    world.phones[agent].ring(world.now.mono);
    world.phones[agent].answer_call(world.now.mono);
    world.settle();
    let leg = *world.media.legs.first().unwrap();
    (world, carrier, agent, leg)
}

/// The same with a customer on it.
fn talking() -> (World, usize, usize, LegId) {
    let (mut world, carrier, agent, leg) = standing();
    world.acd.agents = vec![agent_id("1001")];
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    (world, carrier, agent, leg)
}

fn invites(world: &World, phone: usize) -> usize {
    world.lines_to(phone).iter().filter(|line| line.starts_with("INVITE")).count()
}

fn down(is_his_doing: bool, why: &str) -> StandingStep {
    StandingStep::Down { is_his_doing, why: why.to_owned() }
}

#[test]
fn it_is_no_call_hears_comfort_and_is_probed() {
    let (mut world, _, agent, leg) = standing();
    assert_eq!(world.standing, [(agent_id("1001"), StandingStep::Up { is_his_doing: false })]);
    assert_eq!(world.media.played_to(leg), [COMFORT]);
    assert!(world.calls().is_empty() && world.busy.is_empty(), "no call, and nobody is busy");
    world.secs(61);
    let probes = world.lines_to(agent).iter().filter(|line| line.starts_with("OPTIONS")).count();
    assert_eq!(probes, 6);
    assert_eq!(world.standing_facts, (vec![agent_id("1001")], vec![], vec![]));
    world.input(Input::EndStandingLeg { agent: agent_id("1001") });
    assert!(world.phones[agent].got_bye());
    assert_eq!(world.standing.last(), Some(&(agent_id("1001"), down(false, "normal"))));
    world.assert_nothing_left();
}

#[test]
fn an_offer_is_a_tone_and_a_bridge_and_the_leg_outlives_the_call() {
    let (mut world, carrier, agent, leg) = talking();
    assert_eq!(invites(&world, agent), 1, "nothing rings");
    let customer = *world.media.legs.last().unwrap();
    assert!(world.media.hears(leg, customer) && world.media.hears(customer, leg));
    assert_eq!(world.media.played_to(leg), [CUE]);
    assert_eq!(world.busy.keys().copied().collect::<Vec<_>>(), [], "its claim says so");
    world.secs(4);
    assert!(world.media.played_to(leg).is_empty() && world.media.hears(leg, customer));
    assert_eq!(world.media.recorded_legs(1), [leg]);
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert_eq!(world.media.played_to(leg), [COMFORT]);
    assert!(!world.phones[agent].got_bye());
    let call = world.call();
    assert_eq!(world.freed, [(agent_id("1001"), call, true)]);
    assert_eq!(world.verdict(), (CallStatus::Completed, "normal".to_owned()));
    let legs =
        |world: &World| world.events(call).iter().filter(|event| matches!(event, CallEvent::LegEnded { .. })).count();
    assert_eq!(legs(&world), 2);

    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    assert_eq!((world.calls().len(), invites(&world, agent)), (2, 1), "the next one, on the same leg");
    world.phones[agent].hang_up(world.now.mono);
    world.settle();
    assert!(world.phones[carrier].got_bye());
    assert_eq!(world.standing.last(), Some(&(agent_id("1001"), down(true, "normal"))));
    world.assert_nothing_left();
}

#[test]
fn a_log_out_waits_for_the_end_of_the_call() {
    let (mut world, carrier, agent, _) = talking();
    world.input(Input::EndStandingLeg { agent: agent_id("1001") });
    assert!(!world.phones[agent].got_bye());
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert!(world.phones[agent].got_bye());
    assert_eq!(world.standing.last(), Some(&(agent_id("1001"), down(false, "normal"))));
    world.assert_nothing_left();
}

#[test]
fn a_phone_that_is_not_there_or_does_not_want_it() {
    let mut world = World::new();
    world.input(Input::CallStandingLeg { agent: agent_id("1001") });
    assert_eq!(world.standing, [(agent_id("1001"), down(false, "no_device"))]);
    for (status, step) in [(486, down(true, "busy")), (603, down(true, "rejected")), (503, down(false, "upstream"))] {
        let mut world = World::new();
        let agent = world.agent("1001");
        world.input(Input::CallStandingLeg { agent: agent_id("1001") });
        world.phones[agent].reject(world.now.mono, status);
        world.settle();
        assert_eq!(world.standing, [(agent_id("1001"), step)], "{status}");
        world.assert_nothing_left();
    }
    let mut world = World::new();
    let agent = world.agent("1001");
    world.input(Input::CallStandingLeg { agent: agent_id("1001") });
    world.phones[agent].ring(world.now.mono);
    world.secs(31);
    assert_eq!(world.standing, [(agent_id("1001"), down(true, "no_answer"))]);
    world.assert_nothing_left();
}

#[test]
fn a_dead_phone_is_found_by_the_probe() {
    let (mut world, _, agent, _) = standing();
    world.phones[agent].is_dead = true;
    world.secs(10 + 33 + 5);
    assert_eq!(world.standing.last(), Some(&(agent_id("1001"), down(false, "peer_gone"))));
    assert_eq!(world.standing_facts.0, []);
    world.assert_nothing_left();
}

/// A phone that is muted, or sends nothing while nobody speaks, need not send RTP: between calls it is asked by SIP alone.
#[test]
fn its_silence_between_calls_says_nothing() {
    let (mut world, carrier, agent, leg) = standing();
    assert!(!world.media.watched.contains_key(&leg));
    // A word that crossed.
    world.media.say(media_graph::Event::Silent { leg });
    world.settle();
    assert_eq!(world.standing.len(), 1, "{:?}", world.standing);
    world.acd.agents = vec![agent_id("1001")];
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    assert!(world.media.watched.contains_key(&leg), "in a conversation it is watched as any leg");
    world.secs(25);
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert!(!world.media.watched.contains_key(&leg));
    world.secs(20);
    let probes = world.lines_to(agent).iter().filter(|line| line.starts_with("OPTIONS")).count();
    assert_eq!(probes, 4, "each ten seconds, whatever it does");
    world.input(Input::EndStandingLeg { agent: agent_id("1001") });
    world.assert_nothing_left();
}

/// On hold while nobody is on it, as its agent talks on another line of his phone: whoever were bridged to it would hear nobody.
#[test]
fn on_hold_between_calls_it_is_not_for_customers() {
    let (mut world, carrier, agent, leg) = standing();
    world.phones[agent].reinvite(world.now.mono, Direction::SendOnly);
    world.settle();
    assert_eq!(world.standing.last(), Some(&(agent_id("1001"), StandingStep::Held { is_held: true })));
    world.secs(6);
    assert_eq!(world.standing_facts, (vec![], vec![agent_id("1001")], vec![]));
    world.phones[agent].reinvite(world.now.mono, Direction::SendRecv);
    world.settle();
    assert_eq!(world.standing.last(), Some(&(agent_id("1001"), StandingStep::Held { is_held: false })));
    // In a call it is his call that is on hold; when that is over, the leg is.
    world.acd.agents = vec![agent_id("1001")];
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    assert!(world.media.hears(leg, *world.media.legs.last().unwrap()));
    world.phones[agent].reinvite(world.now.mono, Direction::SendOnly);
    world.secs(6);
    assert_eq!((world.standing.len(), world.standing_facts.1.len()), (3, 0), "{:?}", world.standing);
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert_eq!(world.standing.last(), Some(&(agent_id("1001"), StandingStep::Held { is_held: true })));
    world.input(Input::EndStandingLeg { agent: agent_id("1001") });
    world.assert_nothing_left();
}

#[test]
fn it_is_dialed_by_a_code_once() {
    let mut world = World::new();
    let (agent, second) = (world.agent("1001"), world.unregistered("1001"));
    world.phones[agent].call(world.now.mono, STANDING_CODE);
    world.settle();
    assert!(world.phones[agent].is_answered() && world.calls().is_empty());
    assert_eq!(world.standing, [(agent_id("1001"), StandingStep::Up { is_his_doing: true })]);
    world.phones[second].call(world.now.mono, STANDING_CODE);
    world.settle();
    assert!(!world.phones[second].is_answered());
    assert_eq!(world.last_to(second, "486").status(), 486);
    world.phones[agent].hang_up(world.now.mono);
    world.settle();
    assert_eq!(world.standing.last(), Some(&(agent_id("1001"), down(true, "normal"))));
    world.assert_nothing_left();
}

#[test]
fn a_leg_that_drops_while_the_acd_decides_gives_the_caller_back() {
    let (mut world, carrier, agent, _) = standing();
    world.acd.agents = vec![agent_id("1001")];
    world.acd.is_dead = true;
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    world.acd.is_dead = false;
    let inputs = world.acd.take_inputs(world.now);
    for input in inputs {
        world.shard.handle(world.now, input);
    }
    // The offer was claimed; the phone hangs up before the answer.
    world.acd.is_dead = true;
    world.settle();
    world.phones[agent].hang_up(world.now.mono);
    world.settle();
    world.acd.is_dead = false;
    world.settle();
    assert_eq!(world.acd.enqueued.len(), 2, "he waits again");
    assert!(world.acd.since[1].is_some(), "since he came");
    assert_eq!(world.acd.is_let_in, [false, true], "nobody need be there now");
    assert!(!world.phones[carrier].got_bye());
    assert_eq!(world.acd.outcomes, Vec::<OfferOutcome>::new());
    world.phones[carrier].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn a_transfer_takes_the_call_and_leaves_the_leg() {
    let (mut world, carrier, agent, leg) = talking();
    let other = world.agent("1002");
    world.phones[agent].refer(world.now.mono, "sip:1002@127.0.0.1");
    world.settle();
    world.phones[other].answer_call(world.now.mono);
    world.settle();
    assert!(!world.phones[agent].got_bye());
    assert_eq!(world.media.played_to(leg), [COMFORT]);
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    world.input(Input::EndStandingLeg { agent: agent_id("1001") });
    world.assert_nothing_left();
}

#[test]
fn a_restart_ends_it_once_and_nothing_else() {
    let (mut world, carrier, ..) = talking();
    let dialogs: Vec<_> = world
        .entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Dialog(dialog) => Some(dialog.call),
            _ => None,
        })
        .collect();
    let call = world.call();
    assert!(dialogs.iter().any(|home| *home != call), "its dialog is that of its home");
    world.input(Input::Drain);
    world.phones[carrier].hang_up(world.now.mono);
    world.run(Duration::from_millis(10));
    let bye =
        |(_, message, _): &&(core::net::SocketAddr, sip::Message, Option<u64>)| message.method() == Some(&Method::Bye);
    assert_eq!(
        world.sent.iter().filter(bye).count(),
        1,
        "{:?}",
        world.sent.iter().map(|(_, m, _)| start_line(m)).collect::<Vec<_>>()
    );
    world.secs(40);
    assert!(world.drained);
}
