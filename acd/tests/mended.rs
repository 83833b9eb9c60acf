//! Faults of the distributor that storms and readers found, one named test each: none comes back unseen.

mod desk;

use std::sync::Arc;

use acd::*;
use clock::*;
use desk::*;

fn work(call: u128, kind: WorkKind, preferred: Option<u32>) -> Input {
    let (call, preferred) = (CallId(call), preferred.map(AgentId));
    Input::Enqueue(Enqueue { call, shard: SHARD, queue: SUPPORT, kind, preferred, ..Enqueue::default() })
}

/// A client asks for a callback of the queue.
fn ask(number: &str, due_at: Option<WallTime>) -> Input {
    Input::RequestCallback(Box::new(CallbackRequest {
        asker: Asker::Client(RequestId(1)),
        number: Some(number.to_owned()),
        queue: Some(SUPPORT),
        agent: None,
        source: CallbackSource::Api,
        related: None,
        due_at,
        priority: 0,
        device: None,
        is_verified: false,
        is_open: true,
        denied_by: None,
    }))
}

fn desk_of(config: QueueConfig, agents: &[AgentConfig]) -> Desk {
    let ids: Vec<u32> = agents.iter().map(|agent| agent.agent.0).collect();
    let mut desk = Desk::new(&[], &ids);
    desk.say(Input::Configure { queues: vec![config], agents: agents.to_vec() });
    desk
}

/// The call that the opening woke left in the same moment, and the next one was not looked at.
#[test]
fn a_queue_that_opens_as_its_first_call_leaves_serves_the_next_one() {
    let config = QueueConfig { max_conversations: Some(1), ring: secs(300), ..queue(SUPPORT, &[1, 2]) };
    let mut desk = desk_of(config, &[agent(1), agent(2)]);
    let (rings, effects) = desk.call(SUPPORT);
    assert_eq!(offered(&effects).call, rings);
    let (first, _) = desk.call(SUPPORT);
    desk.pass(secs(1));
    let (next, _) = desk.call(SUPPORT);
    let effects = desk.pass(MAX_WAIT - secs(1));
    assert_eq!(left(&effects), [rings, first]);
    assert_eq!(offered(&effects).call, next);
}

/// The earliest of them was taken, though the agent puts another kind of work first.
#[test]
fn of_calls_kept_for_an_agent_the_kind_that_he_puts_first_comes_first() {
    let config = QueueConfig { preferred_for: secs(60), ..queue(SUPPORT, &[1, 2]) };
    let blend = Blend { inbound: Some(1), outbound: Some(0), ..Blend::default() };
    let mut desk = desk_of(config, &[AgentConfig { blend, ..agent(1) }, agent(2)]);
    desk.busy(1, 900, 1);
    assert_eq!(offers(&desk.say(work(11, WorkKind::Inbound, Some(1)))), []);
    desk.pass(secs(1));
    assert_eq!(offers(&desk.say(work(12, WorkKind::Outbound, Some(1)))), []);
    let effects = desk.free(1, CallId(900), 1, true);
    assert_eq!((offered(&effects).call, offered(&effects).agent), (CallId(12), 1));
}

/// It waited for an agent who would never take it, beside another who could.
#[test]
fn a_call_that_becomes_other_work_is_not_kept_for_an_agent_who_takes_none_of_it() {
    let config = QueueConfig { preferred_for: secs(60), ..queue(SUPPORT, &[1, 2]) };
    let blend = Blend { outbound: None, ..Blend::default() };
    let mut desk = desk_of(config, &[AgentConfig { blend, ..agent(1) }, agent(2)]);
    desk.busy(1, 900, 1);
    assert_eq!(offers(&desk.say(work(11, WorkKind::Inbound, Some(1)))), []);
    let effects = desk.say(work(11, WorkKind::Outbound, None));
    assert_eq!((offered(&effects).call, offered(&effects).agent), (CallId(11), 2));
}

/// It stayed kept for another agent, so that nobody joined those who rang for it, and nothing told him from one who had
/// gone home.
#[test]
fn a_call_that_is_pulled_is_kept_for_nobody_any_more() {
    let config = QueueConfig { strategy: Strategy::RingAll, preferred_for: secs(60), ..queue(SUPPORT, &[1, 2, 3]) };
    let mut desk = desk_of(config, &[agent(1), agent(2), agent(3)]);
    desk.busy(1, 900, 1);
    assert_eq!(offers(&desk.say(work(11, WorkKind::Inbound, Some(1)))), []);
    let steering = Steering::Pull { agent: AgentId(2) };
    let effects = desk.say(Input::Steer(Steer { request: None, call: CallId(11), steering }));
    assert_eq!(offers(&effects).iter().map(|offer| offer.agent).collect::<Vec<_>>(), [2, 3]);
}

/// The rebuilt one drew anew when each phone is probed, so whatever chance chose afterwards differed from what was told.
#[test]
fn a_rebuilt_distributor_draws_no_probes_and_so_chooses_the_same_agents() {
    let ids: Vec<u32> = (1..=9).collect();
    let config = QueueConfig { strategy: Strategy::Random, ..queue(SUPPORT, &ids) };
    let mut desk = Desk::new(&[config], &ids);
    desk.say(Input::AgentRules { pauses: Vec::new(), probe_every: Some(secs(60)) });
    desk.pass(secs(5));
    let (checkpoint, mut told) = (desk.acd.checkpoint(), Vec::new());
    for call in 800..806 {
        desk.now = desk.now.plus(secs(1));
        told.push((desk.now, Some(work(call, WorkKind::Inbound, None))));
        desk.say(work(call, WorkKind::Inbound, None));
    }
    let mut again = checkpoint.replay(&told);
    assert_eq!(again.snapshot(), desk.acd.snapshot());
    assert_eq!(again.poll_timeout(), desk.acd.poll_timeout());
}

/// Which of two that began in one moment got which name was the order of their timers, which a rebuild does not keep: the
/// shards' words about one were taken for words about the other.
#[test]
fn a_rebuilt_distributor_names_the_calls_of_callbacks_as_the_former_one_did() {
    for first in [0, 1] {
        let mut desk = Desk::new(&[queue(SUPPORT, &[1, 2])], &[1, 2]);
        let begun = ["+442070000001", "+442070000002"].map(|number| {
            let effects = desk.say(ask(number, None));
            offered(&effects).call
        });
        for nth in [first, 1 - first] {
            let step = CallbackStep::Failed { may_retry: true, why: "busy".to_owned() };
            desk.say(Input::CallbackStep { call: begun[nth], step });
        }
        let checkpoint = desk.acd.checkpoint();
        desk.now = desk.now.plus(secs(5));
        desk.acd.handle_timeout(desk.now);
        assert_eq!([desk.state(1), desk.state(2)], [State::Reserved; 2]);
        assert_eq!(checkpoint.replay(&[(desk.now, None)]).snapshot(), desk.acd.snapshot());
    }
}

/// The rebuilt one timed its callbacks anew by a wall clock that had been set since, and began them where the former one
/// had not.
#[test]
fn a_rebuilt_distributor_wakes_callbacks_when_the_former_one_would() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    let due_at = desk.now.wall + secs(100);
    desk.say(ask("+442070000001", Some(due_at)));
    desk.now.wall = desk.now.wall + secs(60);
    let checkpoint = desk.acd.checkpoint();
    desk.now = desk.now.plus(secs(50));
    desk.acd.handle_timeout(desk.now);
    let mut again = checkpoint.replay(&[(desk.now, None)]);
    assert_eq!(again.snapshot(), desk.acd.snapshot());
    assert_eq!(again.poll_timeout(), desk.acd.poll_timeout());
    assert_eq!(desk.acd.callback_snapshots()[0].callback.state, CallbackState::Requested);
}

#[test]
fn a_known_agent_who_joins_a_weighted_queue_gets_his_share_and_not_every_call() {
    let weighted = |agents: &[u32]| QueueConfig { strategy: Strategy::Weighted, ..queue(SUPPORT, agents) };
    let mut desk = Desk::new(&[weighted(&[1, 2]), queue(SALES, &[3])], &[1, 2, 3]);
    let serve = |desk: &mut Desk| {
        let (call, agent) = desk.talk(SUPPORT);
        desk.free(agent, call, 1, true);
        desk.pass(secs(10));
        agent
    };
    assert_eq!((0..8).map(|_| serve(&mut desk)).collect::<Vec<_>>(), [1, 2, 1, 2, 1, 2, 1, 2]);
    desk.configure(&[weighted(&[1, 2, 3]), queue(SALES, &[3])], &[1, 2, 3]);
    let mut served: Vec<u32> = (0..6).map(|_| serve(&mut desk)).collect();
    served.sort_unstable();
    assert_eq!(served, [1, 1, 2, 2, 3, 3]);
}

/// He was kept for the very agent who had sent him on.
#[test]
fn a_caller_whom_his_agent_sends_back_into_the_queue_is_for_others() {
    let config = QueueConfig { preferred_for: secs(20), ..queue(SUPPORT, &[1, 2]) };
    let own: Owners = Arc::new([("+441".into(), AgentId(1))].into());
    let none = Owners::default();
    for (wrap_up, owner, owners) in [(2, None, &none), (0, None, &none), (0, Some(AgentId(1)), &none), (0, None, &own)]
    {
        let mut desk = desk_of(QueueConfig { wrap_up: secs(wrap_up), ..config.clone() }, &[agent(1), agent(2)]);
        desk.say(Input::Owners(owners.clone()));
        let enter = |call: CallId| {
            let (caller, preferred) = (Some("+441".to_owned()), owner);
            Input::Enqueue(Enqueue { call, shard: SHARD, queue: SUPPORT, caller, preferred, ..Enqueue::default() })
        };
        let effects = desk.say(enter(CallId(11)));
        assert_eq!(offered(&effects).agent, 1);
        desk.claim(offered(&effects));
        desk.pass(secs(1));
        desk.free(1, CallId(11), 5, true);
        let effects = desk.say(enter(CallId(11)));
        assert_eq!(offered(&effects).agent, 2, "wrap-up {wrap_up}, {owner:?}, {owners:?}");
        desk.gone(CallId(11));
        // When he rings again it is another call, and that one knows him.
        desk.pass(secs(10));
        desk.busy(1, 900, 1);
        assert_eq!(offers(&desk.say(enter(CallId(12)))), []);
    }
}

/// What strategies choose by changed while he was listed: he stayed among the idle ones as he had been before.
#[test]
fn an_agent_of_two_lines_who_has_hung_up_is_offered_nothing_in_his_wrap_up() {
    let mut desk = desk_of(queue(SUPPORT, &[1, 2]), &[AgentConfig { lines: 2, ..agent(1) }, agent(2)]);
    desk.pass(secs(5));
    let (first, by) = desk.talk(SUPPORT);
    assert_eq!(by, 1);
    desk.pass(secs(5));
    let (second, by) = desk.talk(SUPPORT);
    assert_eq!(by, 2, "his hands are free");
    desk.free(2, second, 6, true);
    desk.pass(WRAP_UP);
    desk.free(1, first, 5, true);
    assert_eq!(desk.state(1), State::WrapUp);
    assert_eq!(offered(&desk.call(SUPPORT).1).agent, 2);
}

/// He was counted among the others, as one in a call.
#[test]
fn an_agent_with_a_line_left_is_none_of_the_others_of_his_own_second_call() {
    let two = |id| AgentConfig { lines: 2, ..agent(id) };
    let mut desk = desk_of(queue(SUPPORT, &[1, 2]), &[two(1), two(2)]);
    desk.busy(2, 900, 1);
    desk.busy(2, 901, 2);
    desk.talk(SUPPORT);
    let why = |effects: &[Effect]| {
        let why = effects.iter().find_map(|effect| match effect {
            Effect::Offer { why, .. } => Some((**why).clone()),
            _ => None,
        });
        why.expect("an offer")
    };
    let (_, effects) = desk.call(SUPPORT);
    let said = why(&effects);
    assert_eq!((offered(&effects).agent, said.candidates), (1, 1));
    assert_eq!(
        (said.others.states[State::OnCall as usize], said.others.resting),
        (1, 0),
        "the other, who has none left"
    );
    // One who rests while another talks with a line left.
    desk.ended(offered(&effects), OfferOutcome::CallerGone);
    desk.free(2, CallId(900), 1, false);
    let said = why(&desk.call(SUPPORT).1);
    let others: Vec<_> = said.agents.iter().map(|one| (one.agent.0, one.standing)).collect();
    assert_eq!((said.candidates, said.others.behind, said.others.states), (2, 1, [0; 6]));
    assert_eq!(others, [(1, Standing::Chosen), (2, Standing::Behind)]);
}

/// He was in wrap-up again, with nothing awaited and no way out.
#[test]
fn a_disposition_given_on_another_call_ends_the_wrap_up_for_good() {
    for wrap_up_mode in [WrapUpMode::Optional, WrapUpMode::Mandatory] {
        let config = QueueConfig { wrap_up_mode, expects_disposition: true, wrap_up: secs(60), ..queue(SUPPORT, &[1]) };
        let mut desk = desk_of(config, &[agent(1)]);
        let (call, _) = desk.talk(SUPPORT);
        desk.free(1, call, 5, true);
        desk.busy(1, 900, 1);
        let (agent, code) = (AgentId(1), "sold".to_owned());
        let disposed = Box::new(Disposed { agent, call, code, ..Disposed::default() });
        desk.say(Input::Dispose { request: Some(RequestId(7)), disposed });
        assert_eq!(desk.state(1), State::OnCall);
        desk.free(1, CallId(900), 1, true);
        assert_eq!(desk.state(1), State::Ready, "{wrap_up_mode:?}");
        assert_eq!(desk.acd.counts().timers, 0);
    }
}

/// Two words about one place: he gave up, and his shard broke. The shorter time was the one that counted.
#[test]
fn a_place_that_is_kept_twice_is_kept_for_the_longer_time() {
    let mut desk = desk_of(QueueConfig { rejoin: secs(20), ..queue(SUPPORT, &[]) }, &[]);
    let arrived = desk.now.wall;
    let (call, _) = desk.call_from(SUPPORT, Some("+441"), 0);
    desk.pass(secs(1));
    desk.say(Input::CallerGone { call });
    for kept in [secs(600), secs(5)] {
        let until = desk.now.wall + kept;
        desk.say(Input::RestorePlace { queue: SUPPORT, caller: "+441".to_owned(), arrived, until, ordered: None });
    }
    desk.pass(secs(300));
    let (other, _) = desk.call_from(SUPPORT, Some("+442"), 0);
    let (again, effects) = desk.call_from(SUPPORT, Some("+441"), 0);
    let entered = Effect::Enqueued { call: again, shard: SHARD, queue: SUPPORT, arrived, priority: 0 };
    assert!(effects.contains(&entered), "{effects:?}, before {other}");
}

/// They made it one that is dialed, and nothing ended that.
#[test]
fn what_the_lost_call_of_a_callback_still_says_changes_nothing() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    let call = offered(&desk.say(ask("+442070000001", None))).call;
    desk.say(Input::ShardLost { shard: SHARD });
    let before = desk.acd.callback_snapshots()[0].callback.clone();
    assert_eq!(before.state, CallbackState::NoAnswer);
    desk.say(Input::CallbackStep { call, step: CallbackStep::Dialing });
    assert_eq!(desk.acd.callback_snapshots()[0].callback, before);
}

/// G17: a supervisor's order is repeated by nobody; that of a number comes with the call.
#[test]
fn a_priority_that_a_supervisor_gave_comes_with_the_place_that_a_restart_gives_back() {
    for ordered in [None, Some(9)] {
        let mut desk = Desk::new(&[queue(SUPPORT, &[])], &[]);
        let (first, _) = desk.call_from(SUPPORT, Some("+442"), 5);
        let (arrived, until) = (desk.now.wall, desk.now.wall + secs(600));
        desk.say(Input::RestorePlace { queue: SUPPORT, caller: "+441".to_owned(), arrived, until, ordered });
        let (call, _) = desk.call_from(SUPPORT, Some("+441"), 0);
        let order = if ordered.is_some() { [call, first] } else { [first, call] };
        assert_eq!(desk.waiting(SUPPORT), order);
    }
}

/// F9: new rules end no call. Who is taken out while he talks and put back is on that call, is offered no other, and
/// nothing has to be repaired.
#[test]
fn an_agent_who_is_taken_out_while_he_talks_and_put_back_is_still_on_that_call() {
    let rules = [QueueConfig { max_conversations: Some(1), ..queue(SUPPORT, &[1, 2]) }];
    for is_rebuilt in [false, true] {
        let mut desk = Desk::new(&rules, &[1]);
        let (call, agent) = desk.talk(SUPPORT);
        desk.configure(&rules, &[2]);
        let (_, effects) = desk.call_from(SUPPORT, Some("+441"), 0);
        assert!(offers(&effects).is_empty(), "his conversation is the one that the queue may have");
        assert_eq!((desk.acd.agent_snapshot(AgentId(agent)).is_none(), desk.acd.counts().legs), (true, 1));
        if is_rebuilt {
            desk.acd = Acd::restore(desk.acd.checkpoint(), desk.now);
        }
        // Two reports name his leg, while nobody of that name is configured.
        for _ in 0..2 {
            desk.pass(FACTS_SETTLE);
            let waiting: Vec<_> = desk.waiting(SUPPORT).iter().map(|call| waits(&desk, *call, SUPPORT)).collect();
            assert_eq!(repairs(&desk.facts(&[fact(agent, call, 1, Some(SUPPORT))], &waiting, &[])), 0);
        }
        let two_may = [QueueConfig { max_conversations: None, ..rules[0].clone() }];
        let back = desk.configure(&two_may, &[1]);
        assert!(offers(&back).is_empty(), "he has one line");
        assert_eq!(desk.state(agent), State::OnCall);
        let freed = desk.free(agent, call, 1, false);
        assert_eq!((offers(&freed).len(), repairs(&freed), desk.acd.counts().legs), (1, 0, 0));
    }
}

/// The same call ends while he is not configured: nothing of it stays, and he comes back ready.
#[test]
fn the_call_of_an_agent_who_was_taken_out_ends_for_good() {
    let rules = [queue(SUPPORT, &[1])];
    let ways: [fn(&mut Desk, CallId); 3] = [
        |desk, call| drop(desk.free(1, call, 1, true)),
        |desk, _| drop(desk.say(Input::ShardLost { shard: SHARD })),
        |desk, _| {
            for _ in 0..2 {
                desk.facts(&[], &[], &[]);
                desk.pass(FACTS_SETTLE);
            }
        },
    ];
    for end in ways {
        let mut desk = Desk::new(&rules, &[1]);
        let (call, _) = desk.talk(SUPPORT);
        desk.configure(&rules, &[]);
        end(&mut desk, call);
        assert_eq!(desk.acd.counts().legs, 0);
        desk.configure(&rules, &[1]);
        assert_eq!(desk.state(1), State::Ready);
    }
}
