//! Echo, tone and voicemail.

use journal_core::{CallEvent, CallStatus, Outcome, Who};
use media_graph::{Event, PlaySource, ToneKind};

use crate::rig::World;
use crate::rig::phone::header;
use crate::rig::plan::{ECHO_DID, SUPPORT, SUPPORT_DID, TONE_DID, VOICEMAIL_DID};

fn calling(number: &str) -> (World, usize) {
    let mut world = World::new();
    let carrier = world.carrier();
    world.phones[carrier].call(world.now.mono, number);
    world.settle();
    assert!(world.phones[carrier].is_answered());
    (world, carrier)
}

#[test]
fn the_echo_hears_itself_without_a_prompt() {
    let (mut world, carrier) = calling(ECHO_DID);
    let leg = *world.media.legs.first().unwrap();
    assert!(world.media.hears(leg, leg) && world.media.players.is_empty());
    world.secs(3);
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert_eq!(world.verdict(), (CallStatus::Completed, "normal".to_owned()));
    let call = world.call();
    assert!(world.has(call, |event| matches!(event, CallEvent::Started { internal: true, .. })));
    assert!(world.has(call, |event| matches!(event, CallEvent::Answered { agent: None, .. })));
    world.assert_nothing_left();
}

#[test]
fn the_tone_is_1004_hz() {
    let (mut world, carrier) = calling(TONE_DID);
    let leg = *world.media.legs.first().unwrap();
    assert_eq!(world.media.played_to(leg), [PlaySource::Tone(ToneKind::Milliwatt)]);
    world.phones[carrier].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn a_voicemail_of_five_seconds_is_kept() {
    let (mut world, carrier) = calling(VOICEMAIL_DID);
    let leg = *world.media.legs.first().unwrap();
    let greeting = [PlaySource::Prompt("voicemail".to_owned()), PlaySource::Tone(ToneKind::Beep)];
    assert_eq!(world.media.played_to(leg), greeting);
    world.secs(8);
    assert_eq!(world.media.recorded_legs(0), [leg]);
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    let call = world.call();
    let ended = world.ended(call);
    assert_eq!((ended.status, ended.outcome), (CallStatus::Completed, Outcome::Voicemail));
    assert_eq!((ended.cause.who, ended.cause.code.as_str()), (Who::Caller, "normal"));
    let path = format!("voicemails/2026/11/20/{call}");
    assert!(world.has(call, |event| matches!(
        event,
        CallEvent::VoicemailLeft { queue: SUPPORT, path: at, duration_ms: 5000 } if *at == path
    )));
    world.assert_nothing_left();
}

#[test]
fn a_voicemail_below_the_least_length_is_not_kept() {
    let (mut world, carrier) = calling(VOICEMAIL_DID);
    world.millis(4_500);
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    let call = world.call();
    assert_eq!(world.verdict(), (CallStatus::Canceled, "canceled".to_owned()));
    assert!(!world.has(call, |event| matches!(event, CallEvent::VoicemailLeft { .. })));
    assert_eq!(world.media.recorded, [], "no file stays");
    world.assert_nothing_left();
}

#[test]
fn a_message_that_the_hash_key_ends_too_early_is_not_kept() {
    let (mut world, carrier) = calling(VOICEMAIL_DID);
    let leg = *world.media.legs.first().unwrap();
    world.millis(4_500);
    world.media.say(Event::Digit { leg, digit: '#' });
    world.settle();
    assert!(world.phones[carrier].got_bye());
    assert_eq!(world.verdict(), (CallStatus::Canceled, "canceled".to_owned()));
    assert!(!world.has(world.call(), |event| matches!(event, CallEvent::VoicemailLeft { .. })));
    assert_eq!(world.media.recorded, [], "no file stays");
    world.assert_nothing_left();
}

#[test]
fn the_hash_key_ends_the_message_once_it_is_safe() {
    let (mut world, carrier) = calling(VOICEMAIL_DID);
    let leg = *world.media.legs.first().unwrap();
    world.secs(10);
    world.media.say(Event::Digit { leg, digit: '#' });
    world.settle();
    assert!(world.phones[carrier].got_bye());
    let call = world.call();
    assert_eq!(world.ended(call).outcome, Outcome::Voicemail);
    let left = world.entries.iter().position(|entry| {
        matches!(entry, journal_core::Entry::Call(entry) if matches!(entry.event, CallEvent::VoicemailLeft { .. }))
    });
    let (_, _, gate) = world.sent.iter().rev().find(|(_, message, _)| message.is_request()).unwrap();
    assert_eq!(*gate, left.map(|index| index as u64 + 1), "BYE says that the message was accepted");
    world.assert_nothing_left();
}

#[test]
fn the_hash_key_skips_the_prompt_and_the_longest_message_ends() {
    let (mut world, carrier) = calling(VOICEMAIL_DID);
    let leg = *world.media.legs.first().unwrap();
    world.secs(1);
    world.media.say(Event::Digit { leg, digit: '#' });
    world.settle();
    assert_eq!(world.media.recorded_legs(0), [leg]);
    assert!(world.media.watched.contains_key(&leg));
    world.secs(121);
    assert!(world.phones[carrier].got_bye());
    assert!(world.has(world.call(), |event| matches!(event, CallEvent::VoicemailLeft { duration_ms: 120_000, .. })));
    world.assert_nothing_left();
}

#[test]
fn after_the_wait_the_caller_leaves_a_message() {
    let (mut world, carrier) = calling(SUPPORT_DID);
    world.secs(120);
    let call = world.call();
    world.acd.forget(call);
    world.input(call::Input::LeaveQueue { call, queue: SUPPORT, why: call::Unserved::TimedOut });
    world.secs(10);
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    let ended = world.ended(call);
    assert_eq!((ended.status, ended.outcome), (CallStatus::Completed, Outcome::Voicemail));
    assert!(world.acd.gone.is_empty());
    world.assert_nothing_left();
}

#[test]
fn after_the_wait_the_caller_leaves_nothing() {
    let (mut world, carrier) = calling(SUPPORT_DID);
    let call = world.call();
    world.acd.forget(call);
    world.input(call::Input::LeaveQueue { call, queue: SUPPORT, why: call::Unserved::TimedOut });
    world.secs(1);
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert_eq!(world.verdict(), (CallStatus::NoAnswer, "wait_over".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn without_a_prompt_the_box_still_records() {
    let mut world = World::new();
    let carrier = world.carrier();
    world.media.no_prompts = true;
    world.phones[carrier].call(world.now.mono, VOICEMAIL_DID);
    world.secs(5);
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert_eq!(world.ended(world.call()).outcome, Outcome::Voicemail);
    assert_eq!(world.dropped, ["play_failed"]);
    world.assert_nothing_left();
}

#[test]
fn a_message_that_cannot_be_written_is_a_failure() {
    let (mut world, carrier) = calling(VOICEMAIL_DID);
    world.secs(8);
    world.media.disk_full = true;
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert_eq!(world.verdict(), (CallStatus::Failed, "media_unavailable".to_owned()));
    assert!(!world.has(world.call(), |event| matches!(event, CallEvent::VoicemailLeft { .. })));
    world.assert_nothing_left();
}

#[test]
fn a_call_ended_over_rest_keeps_its_message() {
    let (mut world, carrier) = calling(VOICEMAIL_DID);
    world.secs(8);
    let call = world.call();
    world.input(call::Input::HangUp { request: clock::RequestId(1), call });
    assert!(world.phones[carrier].got_bye());
    assert!(header(world.last_to(carrier, "BYE"), "Reason").starts_with("Q.850;cause=16"));
    assert_eq!(world.ended(call).outcome, Outcome::Voicemail);
    world.assert_nothing_left();
}
