//! An agent's own callbacks beside the calls of his queues: blended work.

mod desk;

use acd::*;
use clock::*;
use desk::callbacks::*;
use desk::*;

/// A callback of agent 1's own, for a time of its own.
fn plan(desk: &mut Desk, number: &str, after_s: u64) -> CallbackId {
    let due_at = Some(desk.now.wall + secs(after_s));
    taken(desk, CallbackRequest { queue: None, agent: Some(AgentId(1)), due_at, ..ask(number) }).callback.id
}

/// Agent 1 talks, two callers wait, and a callback of his own has been due for a minute.
fn backlog() -> (Desk, CallbackId) {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    desk.busy(1, 900, 1);
    let id = plan(&mut desk, A, 10);
    desk.call_from(SUPPORT, Some(B), 0);
    desk.call_from(SUPPORT, Some(C), 0);
    assert_eq!(begun(&desk.pass(secs(70))), None, "he talks");
    (desk, id)
}

#[test]
fn what_is_due_begins_as_soon_as_its_agent_is_free_before_the_next_call_of_his_queue() {
    let (mut desk, id) = backlog();
    let effects = desk.free(1, CallId(900), 1, false);
    let order = begun(&effects).expect("his own");
    assert_eq!((order.callback, offers(&effects).len()), (id, 0));
    assert_eq!((desk.state(1), state(&desk, id)), (State::Reserved, Some(CallbackState::Reserved)));
    let shown = desk.acd.agent_snapshot(AgentId(1)).and_then(|agent| agent.call);
    assert_eq!(shown, Some(order.call));
    assert!(offers(&desk.pass(secs(20))).is_empty(), "his phone rings for his own");
    // He answers, talks and hangs up: the queue is next.
    desk.say(Input::AgentBusy(fact(1, order.call, 5, None)));
    step(&mut desk, order.call, CallbackStep::Dialing);
    step(&mut desk, order.call, CallbackStep::Connected);
    assert_eq!(desk.state(1), State::OnCall);
    assert_eq!(offers(&desk.free(1, order.call, 5, true)).len(), 1);
}

#[test]
fn it_begins_when_a_wrap_up_or_a_pause_is_over_too() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    let (call, _) = desk.talk(SUPPORT);
    plan(&mut desk, A, 1);
    desk.call_from(SUPPORT, Some(B), 0);
    desk.pass(secs(30));
    let effects = desk.free(1, call, 5, true);
    assert_eq!((desk.state(1), begun(&effects)), (State::WrapUp, None));
    let effects = desk.pass(WRAP_UP);
    assert_eq!((begun(&effects).is_some(), offers(&effects).len()), (true, 0));
}

#[test]
fn one_that_fails_or_is_called_off_leaves_its_agent_to_the_queue() {
    for is_cancelled in [false, true] {
        let (mut desk, id) = backlog();
        let order = begun(&desk.free(1, CallId(900), 1, false)).expect("his own");
        let effects = match is_cancelled {
            false => step(&mut desk, order.call, failed(true)),
            true => desk.say(Input::CancelCallback { request: None, pick: CallbackPick::Id(id), why: "api" }),
        };
        assert_eq!((offers(&effects).len(), desk.state(1)), (1, State::Reserved));
    }
}

#[test]
fn one_that_is_called_off_or_expires_while_it_waits_for_its_agent_is_begun_no_more() {
    for is_cancelled in [false, true] {
        let (mut desk, id) = backlog();
        if is_cancelled {
            desk.say(Input::CancelCallback { request: None, pick: CallbackPick::Id(id), why: "api" });
        } else {
            assert_eq!(changes(&desk.pass(secs(24 * 3600))), [CallbackState::Expired]);
        }
        let effects = desk.free(1, CallId(900), 1, false);
        assert_eq!((begun(&effects), desk.acd.counts().callbacks), (None, 0));
    }
}

/// The longest due comes first, and an agent who is built anew from a checkpoint has the same.
#[test]
fn the_one_that_is_due_longest_is_first_also_after_a_rebuild() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    desk.busy(1, 900, 1);
    plan(&mut desk, A, 60);
    plan(&mut desk, B, 30);
    desk.pass(secs(90));
    desk.acd = Acd::restore(desk.acd.checkpoint(), desk.now);
    let first = begun(&desk.free(1, CallId(900), 1, false)).expect("his own");
    assert_eq!(first.number, B);
    desk.acd = Acd::restore(desk.acd.checkpoint(), desk.now);
    assert_eq!(desk.state(1), State::Reserved);
    let effects = step(&mut desk, first.call, failed(false));
    assert_eq!(begun(&effects).map(|order| order.number), Some(A.to_owned()));
}

/// Nobody but the journal knows of it after a restart of the node: it begins once its agent is there.
#[test]
fn one_that_was_due_before_a_restart_begins_as_its_agent_comes() {
    let (desk, id) = backlog();
    let known = desk.acd.callback(id).expect("it is open").callback;
    let mut after = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    after.status(1, Status::Paused);
    after.now = desk.now;
    assert_eq!(begun(&after.say(Input::RestoreCallback(Box::new(known)))), None);
    after.call_from(SUPPORT, Some(C), 0);
    let effects = after.status(1, Status::Ready);
    assert_eq!((begun(&effects).map(|order| order.callback), offers(&effects).len()), (Some(id), 0));
}

/// In storms of random events: nobody who has a callback of his own that is due is ever ready, or offered a call instead.
#[test]
fn nobody_is_ready_or_offered_a_call_while_one_of_his_own_is_due() {
    let (mut begun_in_all, mut late) = (0, 0);
    for seed in 1..=40 {
        let mut desk = Desk::new(&[queue(SUPPORT, &[1, 2])], &[1, 2]);
        let mut rng = Rng::new(seed);
        let (mut legs, mut orders) = (Vec::new(), Vec::new());
        for nth in 0..600 {
            let owing: Vec<u32> = (1..=2).filter(|agent| owes(&desk, *agent)).collect();
            let effects = storm(&mut desk, &mut rng, nth, &mut legs, &mut orders);
            let ringing = offers(&effects);
            assert!(ringing.iter().all(|offer| !owes(&desk, offer.agent)), "seed {seed}: {ringing:?}");
            for agent in 1..=2 {
                assert!(
                    !owes(&desk, agent) || desk.state(agent) != State::Ready,
                    "seed {seed}: {agent} waits for nothing"
                );
            }
            let begins = effects.iter().filter_map(|effect| match effect {
                Effect::BeginCallback { order, .. } => Some((**order).clone()),
                _ => None,
            });
            for order in begins {
                late += usize::from(order.agent.is_some_and(|agent| owing.contains(&agent.0)));
                orders.push(order);
                begun_in_all += 1;
            }
        }
    }
    assert!(begun_in_all > 500 && late > 100, "{begun_in_all} {late}");
}

/// A callback of his own is due, and nobody has begun it.
fn owes(desk: &Desk, agent: u32) -> bool {
    desk.acd.callback_snapshots().iter().any(|known| {
        let it = &known.callback;
        let waits = matches!(it.state, CallbackState::Requested | CallbackState::NoAnswer);
        it.agent == Some(AgentId(agent)) && waits && it.next_at.or(it.due_at).is_none_or(|at| at <= desk.now.wall)
    })
}

/// One event: callers, conversations, callbacks, pauses, time.
fn storm(
    desk: &mut Desk,
    rng: &mut Rng,
    nth: u64,
    legs: &mut Vec<(u32, CallId, u64)>,
    orders: &mut Vec<CallbackOrder>,
) -> Vec<Effect> {
    let one = 1 + (rng.next_u64() % 2) as u32;
    match rng.next_u64() % 20 {
        0 => {
            let due_at = Some(desk.now.wall + secs(1 + rng.next_u64() % 20));
            let number = format!("+4420700{nth:05}");
            say(desk, CallbackRequest { queue: None, agent: Some(AgentId(one)), due_at, ..ask(&number) }).1
        }
        1 | 2 => desk.call_from(SUPPORT, Some(C), 0).1,
        3 if !legs.iter().any(|(agent, ..)| *agent == one) => {
            let call = CallId(u128::from(900 + nth));
            legs.push((one, call, nth));
            desk.busy(one, call.0, nth)
        }
        4 if !legs.is_empty() => {
            let (agent, call, leg) = legs.remove(0);
            desk.free(agent, call, leg, false)
        }
        5 => desk.status(one, if rng.chance(0.8) { Status::Ready } else { Status::Paused }),
        6 if !orders.is_empty() => {
            let order = orders.remove(0);
            let ends = [failed(true), failed(false), CallbackStep::Connected];
            step(desk, order.call, ends[(rng.next_u64() % 3) as usize].clone())
        }
        _ => desk.pass(secs(1)),
    }
}
