//! The rules of statuses, states and wrap-up, one by one (DESIGN section 9).

mod desk;

use acd::*;
use clock::*;
use desk::*;

fn support(agents: &[u32]) -> Desk {
    Desk::new(&[queue(SUPPORT, agents)], agents)
}

#[test]
fn without_a_phone_an_agent_is_offline_and_ready_at_registration() {
    let mut desk = support(&[1]);
    desk.reachable(1, false);
    assert_eq!((desk.state(1), desk.reason(1).as_deref()), (State::Offline, Some("no_device")));
    desk.status(1, Status::Ready);
    assert_eq!((desk.state(1), desk.reason(1).as_deref()), (State::Offline, Some("no_device")));
    let (call, effects) = desk.call(SUPPORT);
    assert_eq!(offers(&effects), []);
    assert_eq!(offered(&desk.reachable(1, true)).call, call);
    desk.status(1, Status::Paused);
    desk.reachable(1, false);
    desk.reachable(1, true);
    assert_eq!((desk.state(1), desk.reason(1).as_deref()), (State::Paused, Some("lunch")));
}

#[test]
fn a_phone_that_registers_before_its_agent_is_configured_counts() {
    let mut desk = support(&[1]);
    desk.reachable(2, true);
    desk.configure(&[queue(SUPPORT, &[1, 2])], &[1, 2]);
    assert_eq!(desk.state(2), State::Ready);
}

#[test]
fn pausing_signing_off_or_losing_the_phone_while_it_rings_ends_the_offer() {
    type Act = fn(&mut Desk) -> Vec<Effect>;
    let acts: [(Act, WithdrawReason, State); 4] = [
        (|desk| desk.status(1, Status::Paused), WithdrawReason::Paused, State::Paused),
        (|desk| desk.status(1, Status::Offline), WithdrawReason::Offline, State::Offline),
        (|desk| desk.reachable(1, false), WithdrawReason::Offline, State::Offline),
        (|desk| desk.busy(1, 99, 7), WithdrawReason::Busy, State::OnCall),
    ];
    for (act, reason, state) in acts {
        let mut desk = support(&[1]);
        let (call, effects) = desk.call(SUPPORT);
        let ringing = offered(&effects);
        let (younger, _) = desk.call(SUPPORT);
        assert_eq!(withdrawn(&act(&mut desk)), [(ringing.offer, reason)]);
        assert_eq!(desk.state(1), state);
        assert_eq!(desk.waiting(SUPPORT), [call, younger], "the caller keeps his place");
        assert_eq!(refused(&desk.claim(ringing)), 1);
    }
}

#[test]
fn a_status_chosen_in_a_call_applies_after_it_and_its_wrap_up() {
    let mut desk = support(&[1]);
    let (call, _) = desk.talk(SUPPORT);
    let effects = desk.status(1, Status::Paused);
    let reason = Some("lunch".to_owned());
    assert_eq!(effects[0], Effect::StatusChanged { agent: AgentId(1), status: Status::Paused, reason });
    assert_eq!(desk.state(1), State::OnCall);
    desk.free(1, call, 1, true);
    assert_eq!(desk.state(1), State::WrapUp);
    desk.pass(WRAP_UP);
    assert_eq!((desk.state(1), desk.reason(1).as_deref()), (State::Paused, Some("lunch")));
}

#[test]
fn wrap_up_lasts_exactly_and_the_next_call_comes_with_its_end() {
    let mut desk = support(&[1]);
    let (call, _) = desk.talk(SUPPORT);
    let (next, _) = desk.call(SUPPORT);
    assert_eq!(offers(&desk.free(1, call, 1, true)), []);
    assert_eq!(desk.acd.poll_timeout(), Some((desk.now.mono + WRAP_UP, TimerReason::WrapUp)));
    assert_eq!(offered(&desk.pass(WRAP_UP)).call, next);
}

#[test]
fn ready_in_wrap_up_ends_it() {
    let mut desk = support(&[1]);
    let (call, _) = desk.talk(SUPPORT);
    let (next, _) = desk.call(SUPPORT);
    desk.free(1, call, 1, true);
    assert_eq!(offered(&desk.status(1, Status::Ready)).call, next);
}

#[test]
fn wrap_up_follows_only_queue_calls_in_which_he_talked() {
    let mut desk = support(&[1]);
    desk.busy(1, 99, 7);
    assert_eq!(desk.state(1), State::OnCall);
    desk.free(1, CallId(99), 7, true);
    assert_eq!(desk.state(1), State::Ready);
    let (call, _) = desk.talk(SUPPORT);
    desk.free(1, call, 1, false);
    assert_eq!(desk.state(1), State::Ready);
    desk.say(Input::AgentBusy(fact(1, CallId(98), 8, Some(SUPPORT))));
    desk.free(1, CallId(98), 8, true);
    assert_eq!(desk.state(1), State::WrapUp, "a queue's call that was transferred to him");
}

#[test]
fn a_leg_of_the_same_call_is_another_leg() {
    let mut desk = support(&[1]);
    let (call, _) = desk.talk(SUPPORT);
    // He transfers the call to himself: his phone refuses, and he talks on.
    desk.say(Input::AgentBusy(fact(1, call, 2, Some(SUPPORT))));
    desk.free(1, call, 2, false);
    assert_eq!(desk.state(1), State::OnCall);
    desk.free(1, call, 1, true);
    assert_eq!(desk.state(1), State::WrapUp);
}

#[test]
fn wrap_up_holds_across_all_queues_and_after_a_transfer() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1]), queue(SALES, &[1])], &[1]);
    let (customer, _) = desk.talk(SUPPORT);
    desk.busy(1, 99, 7); // A consultation, then the customer is handed on.
    desk.free(1, customer, 1, true);
    assert_eq!(desk.state(1), State::OnCall);
    desk.pass(secs(10));
    desk.free(1, CallId(99), 7, true);
    assert_eq!(desk.state(1), State::WrapUp);
    let (call, effects) = desk.call(SALES);
    assert_eq!(offers(&effects), []);
    assert_eq!(offered(&desk.pass(WRAP_UP)).call, call);
}

#[test]
fn a_queue_without_wrap_up_gives_the_next_call_at_once() {
    let mut rules = queue(SUPPORT, &[1]);
    rules.wrap_up = secs(0);
    let mut desk = Desk::new(&[rules], &[1]);
    let (call, _) = desk.talk(SUPPORT);
    let (next, _) = desk.call(SUPPORT);
    assert_eq!(offered(&desk.free(1, call, 1, true)).call, next);
}

#[test]
fn any_live_leg_makes_him_busy_in_any_status_until_the_last_has_ended() {
    let mut desk = support(&[1]);
    desk.status(1, Status::Offline);
    desk.busy(1, 98, 7);
    desk.busy(1, 98, 7);
    desk.busy(1, 99, 8);
    assert_eq!(desk.acd.counts().legs, 2);
    desk.free(1, CallId(98), 7, false);
    desk.free(1, CallId(97), 6, false);
    assert_eq!(desk.state(1), State::OnCall);
    desk.free(1, CallId(99), 8, false);
    assert_eq!(desk.state(1), State::Offline);
}

#[test]
fn a_command_is_answered_with_the_agent_as_he_is_then() {
    let mut desk = support(&[1]);
    let say = |desk: &mut Desk, id| {
        let (request, agent) = (Some(RequestId(4)), AgentId(id));
        desk.say(Input::SetStatus { request, agent, status: Status::Paused, reason: Some("lunch".to_owned()) })
    };
    let effects = say(&mut desk, 1);
    let Some(Effect::Reply { request, result: Ok(Reply::Agent(agent)) }) = effects.last() else {
        panic!("no reply: {effects:?}")
    };
    assert_eq!((request.0, agent.status, agent.state), (4, Status::Paused, State::Paused));
    let unknown = Effect::Reply { request: RequestId(4), result: Err(CommandError::UnknownAgent) };
    assert_eq!(say(&mut desk, 2), [unknown]);
    assert_eq!(say(&mut desk, 1).len(), 1, "the same status is no change");
}

#[test]
fn new_rules_keep_what_stands_and_end_in_order_what_is_gone() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1, 2]), queue(SALES, &[2])], &[1, 2]);
    desk.status(1, Status::Paused);
    let (first, effects) = desk.call(SUPPORT);
    let ringing = offered(&effects);
    let (second, _) = desk.call(SUPPORT);
    let (sales, _) = desk.call(SALES);
    let effects = desk.configure(&[queue(SUPPORT, &[1, 3])], &[1, 3]);
    assert_eq!(withdrawn(&effects), [(ringing.offer, WithdrawReason::Offline)]);
    assert_eq!(left(&effects), [sales]);
    assert_eq!(desk.waiting(SUPPORT), [first, second]);
    assert_eq!((desk.state(1), desk.reason(1).as_deref()), (State::Paused, Some("lunch")));
    assert_eq!(offered(&desk.reachable(3, true)).call, first);
    assert_eq!((desk.acd.counts().agents, desk.acd.counts().queues), (2, 1));
}

#[test]
fn limits_refuse_and_count() {
    let limits = Limits { agents: 1, queues: 1, waiting: 1, places: 1, last_agents: 1, owners: 1, callbacks: 1 };
    let mut desk = support(&[]);
    desk.acd = Acd::new(limits, Rng::new(1));
    desk.configure(&[queue(SUPPORT, &[1, 2]), queue(SALES, &[2])], &[1, 2]);
    desk.call(SUPPORT);
    let (second, effects) = desk.call(SUPPORT);
    assert_eq!(left(&effects), [second]);
    let until = desk.now.wall + secs(9);
    for caller in ["a", "b"] {
        desk.say(Input::RestorePlace {
            queue: SUPPORT,
            caller: caller.to_owned(),
            arrived: desk.now.wall,
            until,
            ordered: None,
        });
    }
    let counts = desk.acd.counts();
    assert_eq!((counts.agents, counts.queues, counts.waiting, counts.places, counts.refused), (1, 1, 1, 1, 4));
}

#[test]
fn changes_name_what_a_publisher_must_copy_anew() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1]), queue(SALES, &[2])], &[1, 2]);
    desk.acd.take_changes();
    desk.call(SUPPORT);
    let changes = desk.acd.take_changes();
    assert_eq!(changes, Changes { agents: vec![AgentId(1)], queues: vec![SUPPORT] });
    assert_eq!(desk.acd.take_changes(), Changes::default());
    let whole = desk.acd.snapshot();
    assert_eq!(desk.acd.queue_snapshot(SUPPORT).as_ref(), Some(&whole.queues[0]));
    assert_eq!(desk.acd.agent_snapshot(AgentId(2)).as_ref(), Some(&whole.agents[1]));
}

#[test]
fn an_owner_rebuilt_from_a_checkpoint_goes_on_where_it_was() {
    let mut desk = support(&[1, 2, 3]);
    let (talking, _) = desk.talk(SUPPORT);
    let (ringing, effects) = desk.call(SUPPORT);
    let offer = offered(&effects);
    desk.status(3, Status::Paused);
    let (waiting, _) = desk.call(SUPPORT);
    let (before, counts) = (desk.acd.snapshot(), desk.acd.counts());
    desk.acd = Acd::restore(desk.acd.checkpoint(), desk.now);
    assert_eq!((desk.acd.snapshot(), desk.acd.counts()), (before, counts));
    assert_eq!(desk.acd.poll_effect(), None);
    assert_eq!(desk.waiting(SUPPORT), [ringing, waiting]);
    assert_eq!(granted(&desk.claim(offer)), 1);
    desk.free(1, talking, 1, true);
    assert_eq!(offered(&desk.pass(WRAP_UP)).call, waiting);
}
