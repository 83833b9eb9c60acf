//! Peers, media and time that fail: every call ends with a cause, and nothing stays behind.

use core::time::Duration;

use call::{Input, RestoredCall};
use clock::CallId;
use journal_core::outcome::Reached;
use journal_core::{CallEvent, CallStatus, Entry, Outcome, RecordingState, Who};
use media_graph::Event;

use crate::rig::World;
use crate::rig::phone::header;
use crate::rig::plan::{ECHO_DID, SUPPORT_DID, agent_id, demo};

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
fn a_lost_ack_ends_the_call() {
    let mut world = World::new();
    let carrier = world.carrier();
    world.phones[carrier].loses_acks = true;
    world.phones[carrier].call(world.now.mono, ECHO_DID);
    world.secs(40);
    assert!(world.phones[carrier].got_bye());
    let ended = world.ended(world.call());
    assert_eq!((ended.status, ended.cause.who, ended.cause.code.as_str()), (CallStatus::Failed, Who::Caller, "no_ack"));
    world.assert_nothing_left();
}

#[test]
fn rtp_that_stops_ends_the_call() {
    let (mut world, carrier, agent) = talking();
    let leg = *world.media.legs.last().unwrap();
    assert_eq!(world.media.watched[&leg], Duration::from_secs(60));
    world.media.say(Event::Silent { leg });
    world.settle();
    assert!(world.phones[carrier].got_bye() && world.phones[agent].got_bye());
    let ended = world.ended(world.call());
    assert_eq!((ended.status, ended.outcome, ended.cause.who), (CallStatus::Failed, Outcome::Error, Who::Agent));
    assert_eq!(ended.cause.code, "rtp_timeout");
    world.assert_nothing_left();
}

#[test]
fn a_waiting_caller_who_never_sent_rtp_waits_on_one_whose_rtp_stops_is_gone() {
    let mut world = World::new();
    let carrier = world.carrier();
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    let leg = *world.media.legs.last().unwrap();
    world.media.say(Event::Silent { leg });
    world.settle();
    assert!(!world.phones[carrier].got_bye());
    world.media.say(Event::FirstPacket { leg });
    world.media.say(Event::Silent { leg });
    world.settle();
    assert!(world.phones[carrier].got_bye());
    assert_eq!(world.ended(world.call()).cause.code, "rtp_timeout");
    world.assert_nothing_left();
}

#[test]
fn a_phone_that_dies_in_mid_call_leaves_nothing() {
    let (mut world, carrier, agent) = talking();
    world.phones[agent].is_dead = true;
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert_eq!(world.verdict(), (CallStatus::Completed, "normal".to_owned()));
    assert_eq!(world.freed.len(), 1, "the agent is free at once");
    world.assert_nothing_left();
}

#[test]
fn no_port_is_left() {
    let mut world = World::new();
    let carrier = world.carrier();
    world.media.no_ports = true;
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    assert_eq!(world.phones[carrier].refusal_status(), Some(503));
    assert!(header(world.phones[carrier].refusal().unwrap(), "Reason").contains("cause=47"));
    let ended = world.ended(world.call());
    assert_eq!((ended.cause.code.as_str(), ended.cause.sip), ("media_unavailable", Some(503)));
    world.assert_nothing_left();
}

#[test]
fn no_port_for_the_agent_is_an_offer_that_failed() {
    let mut world = World::new();
    let carrier = world.carrier();
    world.agent("1001");
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    world.media.no_ports = true;
    world.acd.agents = vec![agent_id("1001")];
    world.settle();
    assert_eq!(world.acd.outcomes, [call::OfferOutcome::Unreachable]);
    assert!(!world.phones[carrier].got_bye());
    world.phones[carrier].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn a_silent_media_worker_is_given_up() {
    let mut world = World::new();
    let carrier = world.carrier();
    world.media.is_dead = true;
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.secs(6);
    assert_eq!(world.phones[carrier].refusal_status(), Some(503));
    assert_eq!(world.verdict(), (CallStatus::Failed, "media_unavailable".to_owned()));
    assert_eq!(world.shard.counts().timers, 0);
}

#[test]
fn a_disk_that_fills_up_in_mid_call_costs_the_recording_alone() {
    let (mut world, carrier, agent) = talking();
    world.secs(3);
    world.media.fail_recording();
    world.secs(3);
    let call = world.call();
    let failed = |event: &CallEvent| matches!(event, CallEvent::RecordingEnded { state: RecordingState::Failed, .. });
    assert!(world.has(call, failed), "told at once, not at the end");
    assert!(!world.phones[carrier].got_bye() && !world.phones[agent].got_bye());
    let legs: Vec<_> = world.media.legs.iter().copied().collect();
    assert!(world.media.hears(legs[0], legs[1]) && world.media.hears(legs[1], legs[0]));
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    let mut replay = journal_core::Replay::default();
    world.entries.iter().for_each(|entry| replay.apply(entry).expect("the journal is whole"));
    assert_eq!(world.ended(call).status, CallStatus::Completed);
    assert_eq!(world.events(call).iter().filter(|event| failed(event)).count(), 1);
    world.assert_nothing_left();
}

#[test]
fn a_recording_that_fails_or_hangs_is_told() {
    let (mut world, carrier, _) = talking();
    world.media.disk_full = true;
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    let call = world.call();
    let failed = |event: &CallEvent| matches!(event, CallEvent::RecordingEnded { state: RecordingState::Failed, .. });
    assert!(world.has(call, failed));
    assert_eq!(world.ended(call).status, CallStatus::Completed, "the call itself was good");
    world.assert_nothing_left();

    let (mut world, carrier, _) = talking();
    world.media.is_dead = true;
    world.phones[carrier].hang_up(world.now.mono);
    world.secs(40);
    assert!(world.has(world.call(), failed));
    assert!(world.dropped.contains(&"recording_unfinished"));
    assert_eq!(world.shard.counts().recorders, 0);
    world.assert_one_end_each();
}

#[test]
fn the_longest_call_ends() {
    let mut plan = demo();
    plan.limits.call_max = Duration::from_secs(60);
    let mut world = World::with(plan, 2);
    let carrier = world.carrier();
    world.phones[carrier].call(world.now.mono, ECHO_DID);
    world.secs(61);
    assert!(world.phones[carrier].got_bye());
    let ended = world.ended(world.call());
    assert_eq!((ended.status, ended.cause.code.as_str()), (CallStatus::Completed, "call_max"));
    world.assert_nothing_left();
}

#[test]
fn a_shutdown_ends_every_call_with_a_record() {
    let (mut world, carrier, agent) = talking();
    let waiting = world.stranger("127.0.0.2:7000");
    world.phones[waiting].call(world.now.mono, SUPPORT_DID);
    world.settle();
    world.input(Input::Drain);
    assert!(!world.drained);
    world.input(Input::EndAll);
    world.secs(1);
    assert!(world.drained);
    assert!([carrier, agent, waiting].iter().all(|phone| world.phones[*phone].got_bye()));
    for call in world.calls() {
        let ended = world.ended(call);
        assert_eq!((ended.status, ended.cause.code.as_str()), (CallStatus::Failed, "shutdown"));
    }
    world.assert_nothing_left();
}

#[test]
fn after_a_crash_every_dialog_ends_and_every_call_has_its_record() {
    let (mut before, carrier, agent) = talking();
    let ringing = before.agent("1002");
    before.phones[agent].refer(before.now.mono, "<sip:1002@demo.local>");
    before.settle();
    assert!(before.phones[ringing].is_called());
    let call = before.call();
    let next_seq = before.journey(call).len() as u32 + 1;
    let mut dialogs = std::collections::BTreeMap::new();
    for entry in &before.entries {
        match entry {
            Entry::Dialog(dialog) => drop(dialogs.insert(dialog.leg, (**dialog).clone())),
            Entry::DialogOver { leg, .. } => drop(dialogs.remove(leg)),
            _ => {}
        }
    }
    assert_eq!(dialogs.len(), 3);
    // The process dies; the phones live on and meet its successor.
    let mut after = World::with(demo(), 99);
    after.phones = before.phones;
    after.now = before.now;
    let dialogs = dialogs.into_values().collect();
    let reached = Reached { conversation: true, ..Reached::default() };
    after.input(Input::Restore(vec![RestoredCall { call, next_seq, reached, has_record: true, dialogs }]));
    after.secs(1);
    assert!(after.phones[carrier].got_bye() && after.phones[agent].got_bye(), "{:?}", after.lines_to(carrier));
    assert!(after.phones[ringing].got_cancel());
    assert!(header(after.last_to(carrier, "BYE"), "Reason").contains("node_restart"));
    let ended = after.ended(call);
    assert_eq!((ended.status, ended.cause.code.as_str()), (CallStatus::Failed, "node_restart"));
    assert_eq!(after.journey(call)[0].seq, next_seq);
    after.secs(100);
    assert_eq!(after.shard.counts(), call::Counts::default());
    assert!(after.owned.is_empty());
}

#[test]
fn facts_name_all_that_is_live() {
    let (mut world, carrier, _) = talking();
    let waiting = world.stranger("127.0.0.2:7000");
    world.phones[waiting].call(world.now.mono, SUPPORT_DID);
    let ringing = world.agent("1002");
    world.acd.agents = vec![agent_id("1002")];
    world.settle();
    world.phones[ringing].ring(world.now.mono);
    world.secs(5);
    let (legs, calls, offers) = world.facts.last().unwrap().clone();
    assert_eq!(legs.iter().map(|fact| fact.agent).collect::<Vec<_>>(), [agent_id("1001")]);
    assert_eq!((calls.len(), calls[0].call), (1, world.calls()[1]));
    assert_eq!(offers.len(), 1);
    world.phones[waiting].hang_up(world.now.mono);
    world.phones[carrier].hang_up(world.now.mono);
    world.secs(5);
    assert_eq!(world.facts.last().unwrap(), &(vec![], vec![], vec![]));
    world.assert_nothing_left();
}

#[test]
fn ids_of_a_successor_are_new() {
    let (world, ..) = talking();
    let mut later = World::starting(demo(), 7, world.now.wall + Duration::from_secs(1));
    let carrier = later.carrier();
    later.phones[carrier].call(later.now.mono, SUPPORT_DID);
    later.settle();
    let (before, after): (CallId, CallId) = (world.call(), later.call());
    assert_ne!(before, after);
    assert!(later.media.legs.first() > world.media.legs.last());
}

#[test]
fn the_caller_cancels_before_his_ports_are_open() {
    let mut world = World::new();
    let carrier = world.carrier();
    world.media.is_slow = true;
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert_eq!(world.phones[carrier].refusal_status().or(Some(487)), Some(487));
    assert_eq!(world.verdict(), (CallStatus::Canceled, "canceled".to_owned()));
    world.media.is_slow = false;
    world.assert_nothing_left();
}

#[test]
fn an_offer_ends_before_the_agents_ports_are_open() {
    let mut world = World::new();
    let carrier = world.carrier();
    let agent = world.agent("1001");
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    world.media.is_slow = true;
    world.acd.agents = vec![agent_id("1001")];
    world.settle();
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    world.media.is_slow = false;
    world.settle();
    assert!(!world.phones[agent].is_called(), "nothing was sent to the agent");
    assert_eq!(world.acd.outcomes, [call::OfferOutcome::CallerGone]);
    world.assert_nothing_left();
}
