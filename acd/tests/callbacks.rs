//! Callbacks: the pinned table of contact-centre.md section 5 row by row, and what else must hold of them.

mod desk;

use acd::*;
use clock::*;
use desk::callbacks::*;
use desk::*;

#[test]
fn the_pinned_table() {
    let mut desk = closed_desk();
    // t0: A asks and is admitted, slot 1, key (t0).
    let a = taken(&mut desk, ask(A));
    let t0 = desk.now.wall;
    assert_eq!((a.is_duplicate, a.place, a.callback.state), (false, Some(1), CallbackState::Queued));
    assert_eq!((a.callback.arrived, counts(&desk)), (t0, (1, 0)));
    // t1: B asks and is admitted, slot 2, key (t1).
    desk.pass(secs(10));
    let b = taken(&mut desk, ask(B));
    assert_eq!((b.place, b.callback.arrived, counts(&desk)), (Some(2), desk.now.wall, (2, 0)));
    // t2: C asks and is not admitted.
    desk.pass(secs(10));
    assert_eq!(say(&mut desk, ask(C)).0, Err(CallbackRefusal::Limit));
    // ... on the line he takes the way of a call that nobody answered.
    let (call, _) = desk.call_from(SUPPORT, Some(C), 0);
    assert_eq!(press(&mut desk, call, C).0, Err(CallbackRefusal::Limit));
    assert!(desk.waiting(SUPPORT).is_empty());
    assert_eq!(CallbackRefusal::Limit.word(), "limit", "callback.rejected {{reason: limit}}");
    // t3: A asks again: the first is kept with t0, no slot is used.
    let again = taken(&mut desk, ask(A));
    assert_eq!((again.is_duplicate, again.callback.id, again.callback.arrived), (true, a.callback.id, t0));
    assert_eq!(counts(&desk), (2, 0));
    // A is over: the slot is free.
    desk.say(Input::CancelCallback { request: Some(RequestId(9)), pick: CallbackPick::Id(a.callback.id), why: "api" });
    assert_eq!(counts(&desk), (1, 0));
    assert!(!taken(&mut desk, ask(C)).is_duplicate);
}

#[test]
fn a_slot_frees_when_a_callback_completes_or_expires() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    desk.busy(1, 900, 1);
    let a = taken(&mut desk, ask(A));
    taken(&mut desk, ask(B));
    assert_eq!(say(&mut desk, ask(C)).0, Err(CallbackRefusal::Limit));
    // It completes.
    let effects = desk.free(1, CallId(900), 1, false);
    let order = begun(&effects).expect("a call");
    desk.claim(offered(&effects));
    step(&mut desk, order.call, CallbackStep::Dialing);
    assert_eq!((counts(&desk), say(&mut desk, ask(C)).0), ((1, 1), Err(CallbackRefusal::Limit)), "dialing counts");
    step(&mut desk, order.call, CallbackStep::Connected);
    assert_eq!(state(&desk, a.callback.id), None);
    taken(&mut desk, ask(C));
    // They expire.
    desk.free(1, order.call, 2, true);
    desk.status(1, Status::Paused);
    let expired = desk.pass(secs(25 * 3600));
    assert!(changes(&expired).contains(&CallbackState::Expired));
    assert_eq!(counts(&desk), (0, 0));
}

#[test]
fn duplicates_are_of_one_queue_and_ties_go_by_sequence() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[]), queue(SALES, &[])], &[]);
    let first = taken(&mut desk, ask(A));
    let second = taken(&mut desk, ask(B));
    assert_eq!(first.callback.arrived, second.callback.arrived, "at the same moment");
    assert!(first.callback.seq < second.callback.seq);
    assert_eq!((first.place, second.place), (Some(1), Some(2)));
    let elsewhere = taken(&mut desk, CallbackRequest { queue: Some(SALES), ..ask(A) });
    assert!(!elsewhere.is_duplicate);
}

#[test]
fn the_checks_come_in_their_order() {
    let mut desk = closed_desk();
    taken(&mut desk, ask(A));
    taken(&mut desk, ask(B));
    let worst = |number: &str| CallbackRequest { is_open: false, denied_by: Some("do_not_call"), ..ask(number) };
    assert!(taken(&mut desk, worst(A)).is_duplicate, "the duplicate before all");
    assert_eq!(say(&mut desk, worst(C)).0, Err(CallbackRefusal::Limit));
    let mut free = closed_desk();
    assert_eq!(say(&mut free, worst(C)).0, Err(CallbackRefusal::Closed));
    let denied = CallbackRequest { denied_by: Some("do_not_call"), ..ask(C) };
    assert_eq!(say(&mut free, denied).0, Err(CallbackRefusal::Denied("do_not_call")));
    assert_eq!(say(&mut free, CallbackRequest { number: None, ..ask(C) }).0, Err(CallbackRefusal::NumberWithheld));
    let nowhere = CallbackRequest { queue: Some(QueueId(99)), ..ask(C) };
    assert_eq!(say(&mut free, nowhere).0, Err(CallbackRefusal::UnknownQueue));
}

#[test]
fn limits_of_a_queue_and_of_an_extension_are_settings_and_zero_is_none() {
    let rules = CallbackRules { max: 0, ..CallbackRules::default() };
    let mut desk = Desk::new(&[QueueConfig { callbacks: rules, ..queue(SUPPORT, &[]) }], &[1]);
    for number in 0..50 {
        taken(&mut desk, ask(&format!("+4420700010{number:02}")));
    }
    let own = |number: &str| CallbackRequest { queue: None, agent: Some(AgentId(1)), ..ask(number) };
    taken(&mut desk, own(A));
    taken(&mut desk, own(B));
    assert_eq!(say(&mut desk, own(C)).0, Err(CallbackRefusal::Limit), "two of an extension");
    desk.reachable(1, false);
    let mut away = Desk::new(&[queue(SUPPORT, &[])], &[1]);
    away.reachable(1, false);
    assert_eq!(say(&mut away, own(A)).0, Err(CallbackRefusal::NoDevice));
}

#[test]
fn it_is_served_exactly_when_the_held_call_would_have_been() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    desk.busy(1, 900, 1);
    let (before, _) = desk.call_from(SUPPORT, Some("+442070000010"), 0);
    desk.pass(secs(5));
    let (asks, _) = desk.call_from(SUPPORT, Some(A), 0);
    let arrived = desk.now.wall;
    desk.pass(secs(5));
    let (after, _) = desk.call_from(SUPPORT, Some("+442070000011"), 0);
    desk.pass(secs(30));
    let (answer, effects) = press(&mut desk, asks, A);
    let (id, is_duplicate) = answer.expect("he is called back");
    assert!(!is_duplicate && changes(&effects) == [CallbackState::Queued]);
    let known = desk.acd.callback(id).expect("it waits");
    assert_eq!((known.callback.arrived, known.callback.related, known.place), (arrived, Some(asks), Some(2)));
    assert_eq!(desk.waiting(SUPPORT), [before, after], "he is not on the line any more");
    let tally = desk.acd.queue_snapshot(SUPPORT).unwrap().tally;
    assert_eq!((tally.entered, tally.called_back, tally.abandoned), (3, 1, 0));
    // Who stayed and came before him is first, who came after him is behind him.
    let first = desk.free(1, CallId(900), 1, false);
    assert_eq!(offered(&first).call, before);
    desk.claim(offered(&first));
    let second = desk.free(1, before, 2, false);
    let order = begun(&second).expect("the callback's call begins");
    assert_eq!((offered(&second).call, order.number.as_str()), (order.call, A));
    assert_eq!(state(&desk, id), Some(CallbackState::Reserved));
    // A decline is no attempt: it waits on, in its place, and the same call goes on.
    let declined = desk.ended(offered(&second), OfferOutcome::Refused);
    assert_eq!((changes(&declined), begun(&declined)), (vec![CallbackState::Queued], None));
    let again = desk.pass(REFUSED_REST);
    assert_eq!((offered(&again).call, begun(&again)), (order.call, None));
    desk.claim(offered(&again));
    assert_eq!(state(&desk, id), Some(CallbackState::Dialing));
    let connected = step(&mut desk, order.call, CallbackStep::Connected);
    assert_eq!(changes(&connected), [CallbackState::Connected]);
}

#[test]
fn nobody_answers_and_it_comes_again_in_its_old_place_until_it_is_exhausted() {
    let rules = CallbackRules { attempts_max: 2, retry_after: secs(60), ..CallbackRules::default() };
    let mut desk = Desk::new(&[QueueConfig { callbacks: rules, ..queue(SUPPORT, &[1]) }], &[1]);
    let (reply, effects) = say(&mut desk, ask(A));
    let id = reply.unwrap().callback.id;
    let first = begun(&effects).unwrap();
    desk.claim(offered(&effects));
    step(&mut desk, first.call, CallbackStep::Dialing);
    let over = step(&mut desk, first.call, failed(true));
    assert_eq!((changes(&over), counts(&desk)), (vec![CallbackState::NoAnswer], (1, 0)));
    let known = desk.acd.callback(id).unwrap().callback;
    assert_eq!((known.attempts, known.next_at), (1, Some(desk.now.wall + secs(60))));
    desk.busy(1, 901, 7);
    desk.free(1, first.call, 5, false);
    let (later, _) = desk.call_from(SUPPORT, Some(B), 0);
    desk.pass(secs(61));
    assert_eq!(desk.acd.callback(id).unwrap().place, Some(1), "before {later}: it arrived before");
    let again = desk.free(1, CallId(901), 7, false);
    let second = begun(&again).unwrap();
    assert_ne!(second.call, first.call, "each attempt is a call of its own");
    desk.claim(offered(&again));
    step(&mut desk, second.call, CallbackStep::Dialing);
    let over = step(&mut desk, second.call, failed(true));
    assert_eq!((changes(&over), state(&desk, id)), (vec![CallbackState::Exhausted], None));
    assert!(changes(&step(&mut desk, second.call, CallbackStep::Connected)).is_empty(), "it ends once");
}

#[test]
fn what_can_never_be_reached_is_not_tried_again() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    let (_, effects) = say(&mut desk, ask(A));
    let order = begun(&effects).unwrap();
    desk.claim(offered(&effects));
    step(&mut desk, order.call, CallbackStep::Dialing);
    assert_eq!(changes(&step(&mut desk, order.call, failed(false))), [CallbackState::Exhausted]);
}

#[test]
fn who_rings_again_has_the_place_and_the_callback_is_over() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    desk.busy(1, 900, 1);
    let (call, _) = desk.call_from(SUPPORT, Some(A), 0);
    let arrived = desk.now.wall;
    let (id, _) = press(&mut desk, call, A).0.unwrap();
    desk.pass(secs(20));
    let (other, _) = desk.call_from(SUPPORT, Some(B), 0);
    let (back, effects) = desk.call_from(SUPPORT, Some(A), 0);
    assert_eq!((changes(&effects), state(&desk, id)), (vec![CallbackState::Superseded], None));
    assert_eq!(desk.waiting(SUPPORT), [back, other], "by the arrival of {arrived:?}");
    // Nobody else gets his slot while he waits, however many ring in.
    taken(&mut desk, ask("+442070000004"));
    assert_eq!(say(&mut desk, ask(C)).0, Err(CallbackRefusal::Limit));
    assert_eq!(press(&mut desk, other, B).0, Err(CallbackRefusal::Limit));
    // He presses the key again: what he asked for first is kept, with its place.
    let (again, is_duplicate) = press(&mut desk, back, A).0.unwrap();
    let kept = desk.acd.callback(again).unwrap();
    assert!(is_duplicate);
    assert_eq!((kept.callback.arrived, kept.place), (arrived, Some(1)));
    assert_eq!(counts(&desk), (2, 0), "as many as may be");
    // He rings once more and is served: now the slot is free.
    let (back, _) = desk.call_from(SUPPORT, Some(A), 0);
    assert_eq!(say(&mut desk, ask(C)).0, Err(CallbackRefusal::Limit));
    desk.say(Input::CallerGone { call: back });
    assert!(say(&mut desk, ask(C)).0.is_ok());
}

#[test]
fn a_caller_who_rings_again_while_an_agent_rings_for_his_callback_is_first() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    let (_, effects) = say(&mut desk, ask(A));
    let order = begun(&effects).unwrap();
    let (back, effects) = desk.call_from(SUPPORT, Some(A), 0);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Withdraw { .. })));
    assert!(effects.contains(&Effect::EndCallback { shard: SHARD, call: order.call }));
    assert_eq!(offered(&effects).call, back);
}

#[test]
fn with_the_customer_first_the_lease_lasts_until_he_has_rung_and_the_agent_too() {
    let rules = CallbackRules { customer_first: true, ring: secs(40), ..CallbackRules::default() };
    let mut desk = Desk::new(&[QueueConfig { callbacks: rules, ..queue(SUPPORT, &[1, 2]) }], &[1, 2]);
    let (reply, effects) = say(&mut desk, ask(A));
    let id = reply.unwrap().callback.id;
    let order = begun(&effects).unwrap();
    assert!(order.customer_first);
    let lease = offered(&effects);
    step(&mut desk, order.call, CallbackStep::Dialing);
    assert_eq!(state(&desk, id), Some(CallbackState::Dialing));
    assert!(desk.pass(secs(40 + 15 + 4)).iter().all(|effect| !matches!(effect, Effect::Withdraw { .. })));
    // The agent misses it: the next one is asked, and the customer waits on the line.
    let next = desk.ended(lease, OfferOutcome::NoAnswer);
    assert_eq!((offered(&next).call, begun(&next)), (order.call, None));
    desk.claim(offered(&next));
    assert_eq!(changes(&step(&mut desk, order.call, CallbackStep::Connected)), [CallbackState::Connected]);
}

#[test]
fn a_customer_who_hangs_up_while_he_waits_for_an_agent_is_tried_again() {
    let rules = CallbackRules { customer_first: true, ..CallbackRules::default() };
    let mut desk = Desk::new(&[QueueConfig { callbacks: rules, ..queue(SUPPORT, &[1]) }], &[1]);
    let (reply, effects) = say(&mut desk, ask(A));
    let id = reply.unwrap().callback.id;
    let order = begun(&effects).unwrap();
    step(&mut desk, order.call, CallbackStep::Dialing);
    desk.gone(order.call);
    assert_eq!((state(&desk, id), desk.state(1)), (Some(CallbackState::NoAnswer), State::Ready));
}

#[test]
fn an_agents_own_is_begun_at_once_and_a_planned_one_when_it_is_due_and_he_is_free() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    let own = |due_at| CallbackRequest { queue: None, agent: Some(AgentId(1)), due_at, ..ask(A) };
    let (_, effects) = say(&mut desk, own(None));
    let first = begun(&effects).expect("an order");
    assert_eq!(first.agent, Some(AgentId(1)));
    step(&mut desk, first.call, failed(false));
    let due = desk.now.wall + secs(600);
    let planned = taken(&mut desk, own(Some(due)));
    assert_eq!((planned.callback.state, planned.callback.due_at), (CallbackState::Requested, Some(due)));
    assert!(taken(&mut desk, own(Some(due))).is_duplicate);
    desk.busy(1, 900, 1);
    assert_eq!(begun(&desk.pass(secs(620))), None, "he is busy");
    let begun = begun(&desk.free(1, CallId(900), 1, false)).expect("he is free");
    let answered = step(&mut desk, begun.call, CallbackStep::Dialing);
    assert_eq!(changes(&answered), [CallbackState::Dialing]);
    assert_eq!(changes(&step(&mut desk, begun.call, CallbackStep::Connected)), [CallbackState::Connected]);
}

#[test]
fn own_callbacks_that_are_due_together_ring_one_after_the_other() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    let due_at = Some(desk.now.wall + secs(600));
    for number in [A, B, C] {
        taken(&mut desk, CallbackRequest { queue: None, agent: Some(AgentId(1)), due_at, ..ask(number) });
    }
    let orders = |effects: &[Effect]| effects.iter().filter(|one| matches!(one, Effect::BeginCallback { .. })).count();
    let effects = desk.pass(secs(600));
    assert_eq!(orders(&effects), 1, "his phone rings for one of the three");
    let first = begun(&effects).unwrap();
    assert_eq!(orders(&desk.pass(secs(60))), 0, "while it is dialed the others wait");
    step(&mut desk, first.call, CallbackStep::Dialing);
    desk.say(Input::AgentBusy(fact(1, first.call, 5, None)));
    step(&mut desk, first.call, CallbackStep::Connected);
    assert_eq!(orders(&desk.pass(secs(60))), 0, "he talks");
    let effects = desk.free(1, first.call, 5, true);
    assert_eq!((orders(&effects), desk.state(1)), (1, State::Reserved), "the next one");
    let effects = step(&mut desk, begun(&effects).unwrap().call, failed(false));
    assert_eq!(orders(&effects), 1, "and the last");
}

#[test]
fn a_planned_one_rings_no_agent_who_pauses_or_has_signed_off() {
    for away in [Status::Paused, Status::Offline] {
        let mut desk = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
        let due_at = Some(desk.now.wall + secs(600));
        taken(&mut desk, CallbackRequest { queue: None, agent: Some(AgentId(1)), due_at, ..ask(A) });
        desk.status(1, away);
        assert_eq!(begun(&desk.pass(secs(660))), None, "{away:?}");
        assert!(begun(&desk.status(1, Status::Ready)).is_some(), "{away:?}");
    }
}

/// He was kept for the agent who dialed him and had not reached him.
#[test]
fn whom_we_call_back_knows_the_agent_only_once_they_have_talked() {
    let config = QueueConfig { preferred_for: secs(20), wrap_up: secs(0), ..queue(SUPPORT, &[1, 2]) };
    for talked in [false, true] {
        let mut desk = Desk::new(core::slice::from_ref(&config), &[1, 2]);
        let (_, effects) = say(&mut desk, ask(A));
        let ringing = offered(&effects);
        desk.claim(ringing);
        step(&mut desk, ringing.call, CallbackStep::Dialing);
        if talked {
            step(&mut desk, ringing.call, CallbackStep::Connected);
        }
        // He rings in; the agent is in the callback still.
        let (_, effects) = desk.call_from(SUPPORT, Some(A), 0);
        let to: Vec<u32> = offers(&effects).iter().map(|offer| offer.agent).collect();
        assert_eq!(to, if talked { vec![] } else { vec![2] });
    }
}

#[test]
fn a_planned_one_of_a_queue_arrives_when_it_is_due() {
    let mut desk = closed_desk();
    let due = desk.now.wall + secs(600);
    let planned = taken(&mut desk, CallbackRequest { due_at: Some(due), ..ask(A) });
    assert_eq!((planned.place, counts(&desk)), (None, (0, 0)));
    taken(&mut desk, ask(B));
    desk.pass(secs(601));
    let known = desk.acd.callback(planned.callback.id).unwrap();
    assert_eq!((known.callback.state, known.callback.arrived, known.place), (CallbackState::Queued, due, Some(2)));
}

#[test]
fn a_restart_gives_back_the_same_queue() {
    let rules = CallbackRules { max: 0, ..CallbackRules::default() };
    let config = QueueConfig { callbacks: rules, ..queue(SUPPORT, &[1]) };
    let mut desk = Desk::new(core::slice::from_ref(&config), &[1]);
    desk.busy(1, 900, 1);
    let mut journal = std::collections::BTreeMap::new();
    let mut note = |effects: Vec<Effect>| {
        for effect in effects {
            if let Effect::CallbackChanged(callback) = effect {
                journal.insert(callback.id, *callback);
            }
        }
    };
    for (number, gap) in [(A, 0), (B, 0), (C, 3)] {
        desk.pass(secs(gap));
        note(say(&mut desk, ask(number)).1);
    }
    let order = |desk: &Desk| {
        let mut known = desk.acd.callback_snapshots();
        known.sort_by_key(|known| known.place);
        known.into_iter().map(|known| (known.callback.number, known.callback.arrived, known.place)).collect::<Vec<_>>()
    };
    let before = order(&desk);
    let mut entries: Vec<Callback> = journal.into_values().collect();
    entries.sort_by_key(|callback| callback.seq);
    let mut after = Desk::new(&[config], &[1]);
    after.reachable(1, false);
    after.now = desk.now.plus(secs(30));
    for callback in entries {
        after.say(Input::RestoreCallback(Box::new(callback)));
    }
    assert_eq!(order(&after), before);
    let effects = after.reachable(1, true);
    assert_eq!(begun(&effects).map(|order| order.number), Some(A.to_owned()));
}

#[test]
fn what_it_asks_of_an_agent_survives_a_restart() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    let skilled = Step { required: vec![Need { skill: SkillId(7), level: 1 }], ..Step::default() };
    let steps = vec![skilled, Step { after: secs(60), ..Step::default() }];
    let (call, caller) = (CallId(50), Some(A.to_owned()));
    let work = Enqueue { call, shard: SHARD, queue: SUPPORT, caller, steps: steps.clone(), ..Enqueue::default() };
    desk.say(Input::Enqueue(work));
    let (_, effects) = press(&mut desk, call, A);
    let journaled = effects.iter().find_map(|effect| match effect {
        Effect::CallbackChanged(callback) => Some(callback.clone()),
        _ => None,
    });
    let journaled = journaled.expect("it is journaled");
    assert_eq!(journaled.steps, steps);
    let mut after = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    assert_eq!(begun(&after.say(Input::RestoreCallback(journaled))), None, "the agent lacks the skill");
    assert!(begun(&after.pass(secs(61))).is_some(), "after a minute it is asked for no more");
}

#[test]
fn callers_and_callbacks_stand_in_one_line_with_their_places_and_expected_waits() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    desk.talk(SUPPORT);
    let (first, _) = desk.call_from(SUPPORT, Some(A), 0);
    let (second, _) = desk.call_from(SUPPORT, Some(B), 0);
    press(&mut desk, first, A).0.expect("he is called back");
    let later = taken(&mut desk, ask(C));
    let view = desk.acd.snapshot();
    let line = view.line(SUPPORT);
    let seen: Vec<_> = line.iter().map(|one| (one.place, one.waiting.callback.is_some())).collect();
    assert_eq!(seen, [(1, true), (2, false), (3, true)]);
    let ahead: Vec<_> = line.iter().map(|one| one.expected.map(|estimate| estimate.ahead)).collect();
    assert_eq!(ahead, [Some(0), Some(1), Some(2)]);
    assert_eq!((line[1].expected, view.expected(SUPPORT)), (desk.acd.expected(second), vec![line[1].expected]));
    assert_eq!((later.place, later.expected), (Some(3), line[2].expected));
    let places: Vec<_> = view.callbacks.iter().map(|known| (known.callback.number.as_str(), known.place)).collect();
    assert!(places.contains(&(A, Some(1))) && places.contains(&(C, Some(3))), "{places:?}");
    assert_eq!(view.expected_next(SUPPORT).map(|estimate| estimate.ahead), Some(3));
}

#[test]
fn a_wall_clock_that_is_set_back_makes_no_rest_longer() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    let (_, effects) = say(&mut desk, ask(A));
    desk.claim(offered(&effects));
    let call = begun(&effects).unwrap().call;
    step(&mut desk, call, CallbackStep::Dialing);
    step(&mut desk, call, failed(true));
    desk.free(1, call, 1, false);
    let resting = desk.acd.callback_snapshots()[0].callback.clone();
    desk.now.wall = WallTime::from_micros(desk.now.wall.as_micros() - 3_600_000_000);
    // Nor over a restart.
    let mut after = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    after.now.wall = desk.now.wall;
    after.say(Input::RestoreCallback(Box::new(resting)));
    assert!(begun(&after.pass(secs(301))).is_some());
    assert!(begun(&desk.pass(secs(301))).is_some());
}

#[test]
fn what_a_broken_shard_had_begun_is_tried_again() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    let (reply, effects) = say(&mut desk, ask(A));
    let id = reply.unwrap().callback.id;
    desk.claim(offered(&effects));
    let call = begun(&effects).unwrap().call;
    step(&mut desk, call, CallbackStep::Dialing);
    let lost = desk.say(Input::ShardLost { shard: SHARD });
    // The order to begin may have reached the new shard: it is taken back.
    assert!(lost.contains(&Effect::EndCallback { shard: SHARD, call }));
    assert_eq!(state(&desk, id), Some(CallbackState::NoAnswer));
    assert!(begun(&desk.pass(secs(301))).is_some());
}

#[test]
fn differences_between_callbacks_and_calls_are_repaired() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    let (reply, effects) = say(&mut desk, ask(A));
    let id = reply.unwrap().callback.id;
    desk.claim(offered(&effects));
    let call = begun(&effects).unwrap().call;
    step(&mut desk, call, CallbackStep::Dialing);
    let facts = |calls: &[CallId]| Input::CallbackFacts { shard: SHARD, calls: calls.to_vec() };
    desk.say(facts(&[call]));
    desk.say(facts(&[CallId(77)]));
    desk.pass(secs(5));
    let repaired = desk.say(facts(&[CallId(77)]));
    assert!(repaired.contains(&Effect::EndCallback { shard: SHARD, call: CallId(77) }));
    assert_eq!(state(&desk, id), Some(CallbackState::NoAnswer));
}

#[test]
fn a_queue_that_is_gone_ends_its_callbacks_at_once_and_what_an_agent_has_goes_on() {
    let rules = CallbackRules { max: 0, ..CallbackRules::default() };
    let support = QueueConfig { callbacks: rules, ..queue(SUPPORT, &[1]) };
    let mut desk = Desk::new(&[support, queue(SALES, &[1])], &[1]);
    let (dialed, effects) = say(&mut desk, ask(A));
    let (dialed, order) = (dialed.expect("a callback").callback.id, begun(&effects).expect("a call"));
    desk.claim(offered(&effects));
    step(&mut desk, order.call, CallbackStep::Dialing);
    let waiting = taken(&mut desk, ask(B)).callback.id;
    let due_at = Some(desk.now.wall + secs(3_600));
    let planned = taken(&mut desk, CallbackRequest { due_at, ..ask(C) }).callback.id;
    let (call, _) = desk.call_from(SUPPORT, Some("+442070000010"), 0);
    let parting = pressed(&mut desk, call, "+442070000010").0.expect("he is called back").0;

    let why = |effects: &[Effect]| {
        let over = effects.iter().filter_map(|effect| match effect {
            Effect::CallbackChanged(over) => Some((over.id, over.state, over.why.clone())),
            _ => None,
        });
        let mut over: Vec<_> = over.collect();
        over.sort_by_key(|(id, ..)| *id != waiting);
        over
    };
    let cancelled = |id| (id, CallbackState::Cancelled, Some("queue_gone".to_owned()));
    let gone = desk.configure(&[queue(SALES, &[1])], &[1]);
    assert_eq!(why(&gone), [cancelled(waiting), cancelled(planned)]);
    assert_eq!(state(&desk, dialed), Some(CallbackState::Dialing));
    assert!(state(&desk, parting).is_some(), "he hears that he is called back");
    let failed = step(&mut desk, order.call, failed(true));
    assert_eq!(why(&failed), [cancelled(dialed)], "nobody could try again");
    assert_eq!(why(&desk.gone(call)), [cancelled(parting)]);
}
