//! What supervisors do with waiting calls: carried out once, told to the
//! shard before what follows, and refused when the call was quicker.

mod desk;

use acd::*;
use clock::*;
use desk::{Desk, SALES, SUPPORT, offered, offers, queue, secs, withdrawn};

const REQUEST: RequestId = RequestId(7);

fn steer(desk: &mut Desk, call: CallId, steering: Steering) -> Vec<Effect> {
    desk.say(Input::Steer(Steer { request: Some(REQUEST), call, steering }))
}

/// What became of an order: carried out, nothing to do, refused.
fn outcome(effects: &[Effect]) -> Option<Result<bool, CommandError>> {
    effects.iter().find_map(|effect| match effect {
        Effect::Steered { request: Some(REQUEST), .. } => Some(Ok(true)),
        Effect::Reply { request: REQUEST, result: Ok(Reply::Steered(_)) } => Some(Ok(false)),
        Effect::Reply { request: REQUEST, result: Err(error) } => Some(Err(*error)),
        _ => None,
    })
}

#[test]
fn a_call_moves_with_its_arrival_or_as_the_last() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1]), queue(SALES, &[2])], &[1, 2]);
    desk.talk(SUPPORT);
    desk.talk(SALES);
    let (old, _) = desk.call(SUPPORT);
    let (older, _) = desk.call(SUPPORT);
    desk.pass(secs(5));
    let (there, _) = desk.call(SALES);
    let keep = Steering::Move { queue: SALES, keep_arrival: true };
    let effects = steer(&mut desk, old, keep);
    let told = effects.iter().position(|effect| matches!(effect, Effect::Steered { queue: SUPPORT, .. }));
    let placed = effects.iter().position(|effect| matches!(effect, Effect::Enqueued { queue: SALES, .. }));
    assert!(told.is_some() && told < placed, "the shard moves it before it has its place there: {effects:?}");
    steer(&mut desk, older, Steering::Move { queue: SALES, keep_arrival: false });
    assert_eq!(desk.waiting(SALES), [old, there, older]);
    assert_eq!(desk.waiting(SUPPORT), []);
    assert_eq!(outcome(&steer(&mut desk, old, keep)), Some(Ok(false)), "it is there already");
}

#[test]
fn a_ringing_call_that_is_moved_rings_no_more() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1]), queue(SALES, &[2])], &[1, 2]);
    let (call, effects) = desk.call(SUPPORT);
    let ringing = offered(&effects);
    let effects = steer(&mut desk, call, Steering::Move { queue: SALES, keep_arrival: true });
    assert_eq!(withdrawn(&effects), [(ringing.offer, WithdrawReason::Moved)]);
    assert_eq!(offered(&effects).agent, 2);
    assert_eq!(desk.state(1), State::Ready);
}

#[test]
fn a_priority_changes_the_order_and_nothing_else() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    desk.talk(SUPPORT);
    let (first, _) = desk.call(SUPPORT);
    let (second, _) = desk.call(SUPPORT);
    assert_eq!(outcome(&steer(&mut desk, second, Steering::Prioritise { priority: 3 })), Some(Ok(true)));
    assert_eq!(desk.waiting(SUPPORT), [second, first]);
    assert_eq!(outcome(&steer(&mut desk, second, Steering::Prioritise { priority: 3 })), Some(Ok(false)));
    assert_eq!(desk.acd.snapshot().queues[0].waiting[0].priority, 3);
}

#[test]
fn a_call_is_pulled_to_a_ready_agent_whatever_the_order() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1]), queue(SALES, &[2])], &[1, 2]);
    desk.talk(SUPPORT);
    let (first, _) = desk.call(SUPPORT);
    let (second, _) = desk.call(SUPPORT);
    let pull = |agent| Steering::Pull { agent: AgentId(agent) };
    assert_eq!(outcome(&steer(&mut desk, second, pull(1))), Some(Err(CommandError::AgentNotReady)));
    assert_eq!(outcome(&steer(&mut desk, second, pull(9))), Some(Err(CommandError::UnknownAgent)));
    let effects = steer(&mut desk, second, pull(2));
    let ringing = offered(&effects);
    assert_eq!((ringing.call, ringing.agent), (second, 2));
    assert_eq!(outcome(&steer(&mut desk, second, pull(2))), Some(Ok(false)), "his phone rings for it");
    desk.claim(ringing);
    assert_eq!(desk.state(2), State::OnCall);
    assert_eq!(desk.waiting(SUPPORT), [first]);
}

#[test]
fn a_call_goes_back_into_the_line_at_its_place_or_at_the_end() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1, 2])], &[1]);
    let (call, effects) = desk.call(SUPPORT);
    let ringing = offered(&effects);
    let (later, _) = desk.call(SUPPORT);
    let effects = steer(&mut desk, call, Steering::Requeue { keep_arrival: true });
    assert_eq!(withdrawn(&effects), [(ringing.offer, WithdrawReason::Moved)]);
    assert_eq!(offers(&effects), [], "who rang for it is left alone for a moment: others come first");
    assert_eq!(desk.waiting(SUPPORT), [call, later]);
    steer(&mut desk, call, Steering::Requeue { keep_arrival: false });
    assert_eq!(desk.waiting(SUPPORT), [later, call]);
    assert_eq!(offered(&desk.pass(MISSED_REST)).call, later);
}

#[test]
fn who_had_a_call_taken_back_rests_as_the_rules_say() {
    let mut rules = queue(SUPPORT, &[1]);
    let mut not_taken = OfferRules::default();
    not_taken.missed.rest = secs(7);
    rules.not_taken = Some(not_taken);
    let mut desk = Desk::new(&[rules], &[1]);
    let (call, effects) = desk.call(SUPPORT);
    offered(&effects);
    steer(&mut desk, call, Steering::Requeue { keep_arrival: true });
    assert!(offers(&desk.pass(secs(7) - MISSED_REST)).is_empty(), "not after the time that others rest");
    assert_eq!(offered(&desk.pass(MISSED_REST)).call, call);
}

#[test]
fn what_was_quicker_has_won() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1]), queue(SALES, &[])], &[1]);
    let (talking, _) = desk.talk(SUPPORT);
    let (waiting, _) = desk.call(SUPPORT);
    let orders = [
        Steering::Move { queue: SALES, keep_arrival: true },
        Steering::Prioritise { priority: 1 },
        Steering::Pull { agent: AgentId(1) },
        Steering::Requeue { keep_arrival: true },
    ];
    for steering in orders {
        assert_eq!(outcome(&steer(&mut desk, talking, steering)), Some(Err(CommandError::NotWaiting)));
        assert_eq!(outcome(&steer(&mut desk, CallId(999), steering)), Some(Err(CommandError::NotWaiting)));
    }
    let nowhere = Steering::Move { queue: QueueId(99), keep_arrival: true };
    assert_eq!(outcome(&steer(&mut desk, waiting, nowhere)), Some(Err(CommandError::UnknownQueue)));
    desk.configure(&[queue(SUPPORT, &[1]), QueueConfig { max_waiting: 0, ..queue(SALES, &[]) }], &[1]);
    assert_eq!(outcome(&steer(&mut desk, waiting, orders[0])), Some(Err(CommandError::QueueFull)));
    assert_eq!(desk.waiting(SUPPORT), [waiting], "a refusal changes nothing");
}

#[test]
fn orders_about_the_call_of_a_callback_are_refused_and_change_nothing() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1]), queue(SALES, &[2])], &[1, 2]);
    let call = CallId(77);
    let callback = Enqueue { call, shard: desk::SHARD, queue: SUPPORT, kind: WorkKind::Callback, ..Enqueue::default() };
    let ringing = offered(&desk.say(Input::Enqueue(callback)));
    assert_eq!(ringing.agent, 1);
    for steering in [
        Steering::Move { queue: SALES, keep_arrival: true },
        Steering::Prioritise { priority: 9 },
        Steering::Pull { agent: AgentId(2) },
        Steering::Requeue { keep_arrival: false },
    ] {
        let effects = steer(&mut desk, call, steering);
        assert_eq!(outcome(&effects), Some(Err(CommandError::NotWaiting)));
        assert_eq!((offers(&effects).len(), withdrawn(&effects).len()), (0, 0), "{effects:?}");
    }
    assert_eq!((desk.state(1), desk.state(2)), (State::Reserved, State::Ready));
}
