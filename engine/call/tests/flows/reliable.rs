//! Reliable provisional responses through a call (RFC 3262).

use journal_core::CallStatus;
use sip::ua::Body;

use crate::rig::plan::{CARRIER, demo};
use crate::rig::{World, phone::header};

/// Agent 1001, whose phone requires reliable responses, has dialed a number over a trunk that is asked for them.
fn dialed() -> (World, usize, usize) {
    let mut plan = demo();
    plan.trunks.get_mut(&CARRIER).unwrap().reliable_provisionals = true;
    let mut world = World::with(plan, 5);
    let (carrier, caller) = (world.carrier(), world.agent("1001"));
    world.phones[caller].headers = vec![("Require", "100rel".to_owned())];
    world.phones[caller].call(world.now.mono, "02079460000");
    world.settle();
    (world, carrier, caller)
}

/// The carrier's early media, to be acknowledged.
fn early_media(world: &mut World, carrier: usize, rseq: u32) {
    let phone = &mut world.phones[carrier];
    let body = Body::sdp(phone.answer());
    let headers = vec![("Require", "100rel".to_owned()), ("RSeq", rseq.to_string())];
    phone.ua.provisional(world.now.mono, phone.session.unwrap(), 183, Some(body), headers);
    world.settle();
}

#[test]
fn early_media_passes_and_both_sides_acknowledge_it() {
    let (mut world, carrier, caller) = dialed();
    assert!(header(world.phones[carrier].invite_received(), "Supported").contains("100rel"));
    early_media(&mut world, carrier, 5);
    assert_eq!(header(world.last_to(carrier, "PRACK"), "RAck"), "5 1 INVITE");
    assert_eq!(world.phones[caller].provisionals(), [183]);
    let early = world.last_to(caller, "183");
    assert!(!early.body().is_empty() && header(early, "Require") == "100rel");
    assert_eq!(world.media.remotes.len(), 2, "both hear before the answer");
    world.phones[carrier].answer_call(world.now.mono);
    world.settle();
    assert!(world.phones[caller].is_answered());
    world.secs(2);
    world.phones[caller].hang_up(world.now.mono);
    world.settle();
    assert_eq!(world.verdict(), (CallStatus::Completed, "normal".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn a_caller_who_never_acknowledges_is_refused_and_the_callee_left() {
    let (mut world, carrier, caller) = dialed();
    world.phones[caller].is_dead = true;
    early_media(&mut world, carrier, 5);
    world.secs(33);
    assert!(world.phones[carrier].got_cancel());
    assert_eq!(world.verdict(), (CallStatus::Failed, "no_ack".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn an_answer_before_the_acknowledgement_waits_for_it() {
    let (mut world, carrier, caller) = dialed();
    world.phones[caller].is_mute = true;
    early_media(&mut world, carrier, 5);
    world.phones[carrier].answer_call(world.now.mono);
    world.settle();
    assert!(!world.phones[caller].is_answered());
    world.phones[caller].is_mute = false;
    world.secs(2);
    assert!(world.phones[caller].is_answered());
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert_eq!(world.verdict(), (CallStatus::Completed, "normal".to_owned()));
    world.assert_nothing_left();
}
