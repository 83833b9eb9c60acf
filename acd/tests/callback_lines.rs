//! Callbacks of callers who are on the line: about to leave it, or back on it.

mod desk;

use acd::*;
use clock::*;
use desk::callbacks::*;
use desk::*;

/// Else his own phone is busy, for he is still told that he is called back.
#[test]
fn a_caller_is_not_called_back_before_he_is_off_the_line() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    let (call, ringing) = desk.call_from(SUPPORT, Some(A), 0);
    assert_eq!(offered(&ringing).call, call);
    let (answer, effects) = pressed(&mut desk, call, A);
    let (id, _) = answer.expect("he is called back");
    assert_eq!((begun(&effects), state(&desk, id), counts(&desk)), (None, Some(CallbackState::Queued), (1, 0)));
    let effects = desk.pass(UNREACHABLE_REST + secs(1));
    assert_eq!(begun(&effects), None, "the agent is ready again, and he still on the line");
    let effects = desk.say(Input::CallerGone { call });
    assert_eq!(begun(&effects).map(|order| order.number), Some(A.to_owned()));
    // A shard that never says so delays him a minute.
    let mut desk = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    let (call, _) = desk.call_from(SUPPORT, Some(A), 0);
    pressed(&mut desk, call, A).0.expect("he is called back");
    assert!(begun(&desk.pass(secs(61))).is_some());
}

#[test]
fn who_comes_to_ask_for_a_callback_need_not_be_let_in() {
    let rules = QueueConfig { max_waiting: 1, join_empty: Some(Empty::Offline), ..queue(SUPPORT, &[1]) };
    let mut desk = Desk::new(&[rules], &[]);
    let enters = |desk: &mut Desk, call, is_let_in| {
        let (call, caller) = (CallId(call), Some(A.to_owned()));
        desk.say(Input::Enqueue(Enqueue {
            call,
            queue: SUPPORT,
            shard: SHARD,
            caller,
            is_let_in,
            ..Enqueue::default()
        }))
    };
    let is_refused = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::LeaveQueue { .. }));
    assert!(is_refused(&enters(&mut desk, 1, false)), "nobody is there");
    assert!(!is_refused(&enters(&mut desk, 2, true)));
    press(&mut desk, CallId(2), A).0.expect("he is called back");
}

/// A callback of A that agent 1 has taken and whose customer is being called, as A rings in and waits.
fn rings_in() -> (Desk, CallbackId, CallbackOrder, CallId) {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1, 2])], &[1, 2]);
    desk.busy(2, 900, 1);
    let (reply, effects) = say(&mut desk, ask(A));
    let (id, order) = (reply.expect("taken").callback.id, begun(&effects).expect("a call"));
    desk.claim(offered(&effects));
    step(&mut desk, order.call, CallbackStep::Dialing);
    desk.pass(secs(5));
    let (other, _) = desk.call_from(SUPPORT, Some(B), 0);
    let (back, _) = desk.call_from(SUPPORT, Some(A), 0);
    assert_eq!(desk.waiting(SUPPORT), [other, back], "his callback may still come through");
    (desk, id, order, back)
}

#[test]
fn who_rings_in_while_he_is_called_has_the_place_once_that_call_is_over() {
    let (mut desk, id, order, back) = rings_in();
    let effects = step(&mut desk, order.call, failed(true));
    assert_eq!((changes(&effects), state(&desk, id)), (vec![CallbackState::Superseded], None));
    assert_eq!(desk.waiting(SUPPORT)[0], back);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Enqueued { call, .. } if *call == back)));
    // He presses the key: what he asked for first is kept.
    assert!(press(&mut desk, back, A).0.unwrap().1);
}

#[test]
fn who_was_served_while_he_was_called_is_not_called_again() {
    let (mut desk, id, order, back) = rings_in();
    let (other, _) = (desk.waiting(SUPPORT)[0], desk.gone(desk.waiting(SUPPORT)[0]));
    assert_ne!(other, back);
    let effects = desk.free(2, CallId(900), 1, false);
    assert_eq!(offered(&effects).call, back);
    desk.claim(offered(&effects));
    let effects = step(&mut desk, order.call, failed(true));
    assert_eq!((changes(&effects), state(&desk, id)), (vec![CallbackState::Superseded], None));
    // Who gave up is called again.
    let (mut desk, id, order, back) = rings_in();
    desk.gone(back);
    step(&mut desk, order.call, failed(true));
    assert_eq!(state(&desk, id), Some(CallbackState::NoAnswer));
}

#[test]
fn nobody_asks_for_a_callback_of_one_who_waits_on_the_line() {
    let mut desk = closed_desk();
    let (call, _) = desk.call_from(SUPPORT, Some(A), 0);
    assert_eq!(say(&mut desk, ask(A)).0, Err(CallbackRefusal::CallerWaits));
    let later = CallbackRequest { due_at: Some(desk.now.wall + secs(3600)), ..ask(A) };
    assert!(say(&mut desk, later).0.is_ok(), "by then he is off the line");
    assert!(say(&mut desk, ask(B)).0.is_ok());
    desk.gone(call);
    assert!(say(&mut desk, ask(A)).0.is_ok());
}

/// Its caller rang in, and a restart cut him: he was promised it, has nothing in its place, and it is told that it is open.
#[test]
fn a_superseded_one_that_a_restart_gives_back_waits_in_its_place_and_is_told() {
    let mut desk = closed_desk();
    let known = taken(&mut desk, ask(A)).callback;
    let mut after = closed_desk();
    after.now = desk.now;
    let back = Callback { state: CallbackState::Superseded, ..known.clone() };
    let effects = after.say(Input::RestoreCallback(Box::new(back)));
    assert_eq!(
        (changes(&effects), state(&after, known.id)),
        (vec![CallbackState::Queued], Some(CallbackState::Queued))
    );
    // He rings in again: it is superseded as before, and the place is his.
    after.call_from(SUPPORT, Some(B), 0);
    let (call, effects) = after.call_from(SUPPORT, Some(A), 0);
    assert_eq!(changes(&effects), [CallbackState::Superseded]);
    assert_eq!(after.waiting(SUPPORT)[0], call);
}

/// The same when it is his shard that breaks: it cuts him, not the node, and he need not wait for a restart.
#[test]
fn a_superseded_one_whose_caller_a_broken_shard_cuts_waits_again_in_its_place() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[])], &[]);
    let known = taken(&mut desk, ask(A)).callback;
    desk.pass(secs(10));
    let (behind, _) = desk.call_from(SUPPORT, Some(B), 0);
    desk.say(Input::CallerGone { call: behind });
    let behind = taken(&mut desk, ask(B)).callback;
    let (_, effects) = desk.call_from(SUPPORT, Some(A), 0);
    assert_eq!(changes(&effects), [CallbackState::Superseded]);
    let cut = desk.say(Input::ShardLost { shard: SHARD });
    assert_eq!((changes(&cut), state(&desk, known.id)), (vec![CallbackState::Queued], Some(CallbackState::Queued)));
    let back = desk.acd.callback(known.id).expect("it waits");
    assert_eq!((back.place, back.callback.arrived), (Some(1), known.arrived));
    assert_eq!(desk.acd.callback(behind.id).expect("it waits").place, Some(2));
    // He rings in and gives up: nobody owes him anything.
    let (call, effects) = desk.call_from(SUPPORT, Some(A), 0);
    assert_eq!(changes(&effects), [CallbackState::Superseded]);
    desk.gone(call);
    assert!(changes(&desk.say(Input::ShardLost { shard: SHARD })).is_empty());
}

/// He rang in twice, and the shard of the call that had the place breaks: the other call has it.
#[test]
fn who_waits_in_another_call_as_a_shard_breaks_has_the_place_there() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[])], &[]);
    taken(&mut desk, ask(A));
    desk.pass(secs(10));
    desk.call_from(SUPPORT, Some(A), 0);
    let (between, call) = (CallId(900), CallId(901));
    for (call, caller) in [(between, B), (call, A)] {
        let (shard, caller) = (ShardId(SHARD.0 + 1), Some(caller.to_owned()));
        desk.say(Input::Enqueue(Enqueue { call, shard, queue: SUPPORT, caller, ..Enqueue::default() }));
    }
    let cut = desk.say(Input::ShardLost { shard: SHARD });
    assert_eq!((changes(&cut), desk.waiting(SUPPORT)), (vec![], vec![call, between]));
}
