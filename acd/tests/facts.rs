//! Leases against what shards report (DESIGN section 4): what stands in two
//! reports is repaired and counted, what is in flight is no false alarm.

mod desk;

use acd::*;
use clock::*;
use desk::*;

fn support(agents: &[u32]) -> Desk {
    Desk::new(&[queue(SUPPORT, agents)], agents)
}

/// The same report, twice, 5 s apart: what each brought.
fn twice(desk: &mut Desk, legs: &[AgentFact], waiting: &[WaitingFact], offers: &[Ringing]) -> [Vec<Effect>; 2] {
    let first = desk.facts(legs, waiting, offers);
    desk.pass(secs(5));
    [first, desk.facts(legs, waiting, offers)]
}

#[test]
fn a_lease_without_a_leg_is_freed_without_wrap_up() {
    let mut desk = support(&[1]);
    desk.talk(SUPPORT);
    let [first, second] = twice(&mut desk, &[], &[], &[]);
    assert_eq!((repairs(&first), repairs(&second)), (0, 1));
    assert_eq!(desk.state(1), State::Ready);
    assert_eq!(desk.acd.counts().repaired, 1);
}

#[test]
fn a_leg_that_is_named_stays_and_its_end_is_understood() {
    let mut desk = support(&[1]);
    let (call, _) = desk.talk(SUPPORT);
    let leg = fact(1, call, 5, Some(SUPPORT));
    for _ in 0..4 {
        assert_eq!(repairs(&desk.facts(&[leg], &[], &[])), 0);
        desk.pass(secs(5));
    }
    desk.free(1, call, 5, true);
    assert_eq!(desk.state(1), State::WrapUp);
    assert_eq!(desk.acd.counts().legs, 0);
}

#[test]
fn one_missing_report_is_no_difference() {
    let mut desk = support(&[1]);
    let (call, _) = desk.talk(SUPPORT);
    let leg = fact(1, call, 5, Some(SUPPORT));
    for legs in [&[][..], &[leg], &[], &[leg], &[]] {
        assert_eq!(repairs(&desk.facts(legs, &[], &[])), 0);
        desk.pass(secs(5));
    }
    assert_eq!(desk.state(1), State::OnCall);
}

#[test]
fn two_reports_in_a_hurry_are_one() {
    let mut desk = support(&[1]);
    desk.talk(SUPPORT);
    for _ in 0..10 {
        assert_eq!(repairs(&desk.facts(&[], &[], &[])), 0);
    }
    assert_eq!(desk.state(1), State::OnCall);
}

#[test]
fn an_unknown_leg_makes_its_agent_busy() {
    let mut desk = support(&[1]);
    let leg = fact(1, CallId(99), 7, None);
    let [first, second] = twice(&mut desk, &[leg], &[], &[]);
    assert_eq!((repairs(&first), repairs(&second)), (0, 1));
    assert_eq!(desk.state(1), State::OnCall);
    assert_eq!(desk.acd.counts().suspects, 0);
}

#[test]
fn a_leg_that_another_shard_names_has_moved() {
    let mut desk = support(&[1]);
    desk.busy(1, 99, 7);
    let moved = AgentFact { shard: ShardId(1), ..fact(1, CallId(99), 7, None) };
    for _ in 0..3 {
        desk.say(Input::Facts { shard: ShardId(1), legs: vec![moved], waiting: vec![], offers: vec![] });
        assert_eq!(repairs(&desk.facts(&[], &[], &[])), 0);
        desk.pass(secs(5));
    }
    assert_eq!(desk.state(1), State::OnCall);
}

#[test]
fn a_forgotten_call_is_put_back_by_its_arrival() {
    let mut desk = support(&[]);
    let forgotten = waits(&desk, CallId(500), SUPPORT);
    desk.pass(secs(3));
    let (known, _) = desk.call(SUPPORT);
    let known_fact = waits(&desk, known, SUPPORT);
    let [first, second] = twice(&mut desk, &[], &[forgotten.clone(), known_fact], &[]);
    assert_eq!((repairs(&first), repairs(&second)), (0, 1));
    assert_eq!(desk.waiting(SUPPORT), [forgotten.call, known]);
    let told = second.iter().any(|e| matches!(e, Effect::Enqueued { arrived, .. } if *arrived == forgotten.arrived));
    assert!(told, "{second:?}");
}

#[test]
fn a_call_that_its_shard_does_not_have_is_gone() {
    let mut desk = support(&[1]);
    let (_, effects) = desk.call(SUPPORT);
    let ringing = offered(&effects);
    let [first, second] = twice(&mut desk, &[], &[], &[]);
    assert_eq!((repairs(&first), repairs(&second)), (0, 1));
    assert_eq!(withdrawn(&second), [(ringing.offer, WithdrawReason::CallerGone)]);
    assert_eq!(desk.state(1), State::Ready);
    assert_eq!(desk.acd.counts().waiting, 0);
}

#[test]
fn a_phone_that_rings_for_no_offer_is_told_to_stop() {
    let mut desk = support(&[1]);
    let (call, effects) = desk.call(SUPPORT);
    let ringing = offered(&effects);
    desk.gone(call);
    let [first, second] = twice(&mut desk, &[], &[], &[ringing]);
    assert_eq!((withdrawn(&first).len(), repairs(&first)), (0, 0));
    assert_eq!((withdrawn(&second), repairs(&second)), (vec![(ringing.offer, WithdrawReason::Overdue)], 1));
}

#[test]
fn a_lost_shard_leaves_nothing_behind_and_needs_no_repair() {
    let mut desk = support(&[1, 2, 3]);
    desk.talk(SUPPORT);
    desk.call(SUPPORT);
    desk.busy(3, 99, 7);
    let (call, _) = desk.call(SUPPORT);
    desk.say(Input::Enqueue(Enqueue { call, shard: ShardId(1), queue: SUPPORT, ..Enqueue::default() }));
    let effects = desk.say(Input::ShardLost { shard: SHARD });
    assert_eq!(repairs(&effects), 0);
    assert_eq!(offered(&effects).call, call, "the other shard's call");
    let counts = desk.acd.counts();
    assert_eq!((counts.legs, counts.waiting, counts.offers), (0, 1, 1));
}
