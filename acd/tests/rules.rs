//! The rules that order calls and hold them back: ring groups, steps, priority, deadlines, preferred agents, kinds of
//! work, limits of conversations.

mod desk;

use std::sync::Arc;

use acd::*;
use clock::*;
use desk::{Desk, SALES, SHARD, SUPPORT, granted, left, offered, offers, queue, refused, secs, withdrawn};

fn desk(config: QueueConfig, agents: &[AgentConfig]) -> Desk {
    let mut desk = Desk::new(&[], &[]);
    desk.say(Input::Configure { queues: vec![config], agents: agents.to_vec() });
    for agent in agents {
        desk.reachable(agent.agent.0, true);
    }
    desk
}

fn plain(ids: &[u32]) -> Vec<AgentConfig> {
    ids.iter().map(|id| desk::agent(*id)).collect()
}

fn skilled(id: u32, skills: &[(u32, u8)]) -> AgentConfig {
    let skills = skills.iter().map(|(skill, level)| Skill { skill: SkillId(*skill), level: *level }).collect();
    AgentConfig { skills, ..desk::agent(id) }
}

fn need(skill: u32, level: u8) -> Vec<Need> {
    vec![Need { skill: SkillId(skill), level }]
}

fn agents_of(effects: &[Effect]) -> Vec<u32> {
    offers(effects).iter().map(|offer| offer.agent).collect()
}

/// Why the first of these offers was made.
fn why_of(effects: &[Effect]) -> Why {
    let why = effects.iter().find_map(|effect| match effect {
        Effect::Offer { why, .. } => Some((**why).clone()),
        _ => None,
    });
    why.expect("an offer")
}

#[test]
fn all_ring_one_is_granted_and_nobody_has_missed_anything() {
    let mut desk = desk(QueueConfig { strategy: Strategy::RingAll, ..queue(SUPPORT, &[1, 2, 3]) }, &plain(&[1, 2, 3]));
    let (call, effects) = desk.call(SUPPORT);
    let rings = offers(&effects);
    assert_eq!(agents_of(&effects), [1, 2, 3]);
    let effects = desk.claim(rings[1]);
    assert_eq!((granted(&effects), refused(&effects)), (1, 0));
    let others = [rings[0].offer, rings[2].offer].map(|offer| (offer, WithdrawReason::AnsweredElsewhere));
    assert_eq!(withdrawn(&effects), others);
    assert_eq!((desk.state(1), desk.state(2), desk.state(3)), (State::Ready, State::OnCall, State::Ready));
    // Both answered at once: the second gets a refusal, and is as free as before.
    let late = desk.claim(rings[2]);
    assert_eq!((granted(&late), refused(&late)), (0, 1));
    assert_eq!(desk.acd.agent_snapshot(AgentId(3)).unwrap().missed, 0);
    assert_eq!(desk.acd.why_waits(call), None);
    assert_eq!(agents_of(&desk.call(SUPPORT).1), [1, 3], "they ring again at once, in the order they were in");
}

#[test]
fn who_becomes_free_joins_a_ring_only_when_nobody_else_waits() {
    let mut desk = desk(QueueConfig { strategy: Strategy::RingAll, ..queue(SUPPORT, &[1, 2]) }, &plain(&[1, 2]));
    desk.busy(2, 77, 9);
    let (first, effects) = desk.call(SUPPORT);
    assert_eq!(agents_of(&effects), [1]);
    let (second, _) = desk.call(SUPPORT);
    let effects = desk.free(2, CallId(77), 9, true);
    assert_eq!(offered(&effects).call, second, "the one for whom nobody rings");
    let effects = desk.gone(second);
    assert_eq!((offered(&effects).call, offered(&effects).agent), (first, 2));
    // The whole group ends with the caller.
    assert_eq!(withdrawn(&desk.gone(first)).len(), 2);
    assert_eq!(desk.acd.counts().offers, 0);
}

#[test]
fn one_more_joins_after_each_time_while_the_former_ring_on() {
    let strategy = Strategy::ProgressiveRing { every: secs(4) };
    let mut desk = desk(QueueConfig { strategy, ..queue(SUPPORT, &[3, 1, 2]) }, &plain(&[1, 2, 3]));
    let (call, effects) = desk.call(SUPPORT);
    assert_eq!(agents_of(&effects), [3], "the first in position");
    assert_eq!(desk.acd.poll_timeout(), Some((desk.now.mono + secs(4), TimerReason::Join)));
    let first = offered(&effects);
    assert_eq!(agents_of(&desk.pass(secs(4))), [1]);
    assert_eq!(agents_of(&desk.pass(secs(4))), [2]);
    assert_eq!(desk.acd.why_waits(call), Some(WhyWaits::Rings(3)));
    assert_eq!(withdrawn(&desk.claim(first)).len(), 2);
}

#[test]
fn a_call_asks_for_less_as_it_waits_and_keeps_its_place() {
    let step = |after, level| Step { after: secs(after), required: need(1, level), ..Step::default() };
    let steps = vec![step(0, 5), step(10, 3), Step { after: secs(20), ..Step::default() }];
    let agents = [skilled(1, &[(1, 3)]), skilled(2, &[])];
    let mut desk = desk(QueueConfig { steps, ..queue(SUPPORT, &[1, 2]) }, &agents);
    let (first, effects) = desk.call(SUPPORT);
    assert_eq!(agents_of(&effects), []);
    let Some(WhyWaits::NobodyFree(others)) = desk.acd.why_waits(first) else { panic!("nobody can take it") };
    assert_eq!((others.skill, others.behind), (2, 0));
    let why = desk.acd.why_idle(AgentId(1)).unwrap();
    assert_eq!(why.queues[0].reason, NoCall::Skill(need(1, 5)[0]));
    let asked = Input::WhyWait { request: RequestId(7), calls: vec![CallId(999), first] };
    let waits = Waits { call: first, why: WhyWaits::NobodyFree(others), required: need(1, 5) };
    let answer = Effect::Reply { request: RequestId(7), result: Ok(Reply::WhyWait(vec![waits])) };
    assert_eq!(desk.say(asked), [answer], "what does not wait is left out");
    desk.pass(secs(5));
    let (second, _) = desk.call(SUPPORT);
    let effects = desk.pass(secs(5));
    assert_eq!((offered(&effects).call, offered(&effects).agent), (first, 1), "level 3 will do after 10 s");
    assert_eq!(agents_of(&desk.pass(secs(9))), []);
    let refused = desk.ended(offered(&effects), OfferOutcome::Refused);
    assert_eq!(agents_of(&refused), []);
    let effects = desk.pass(secs(1));
    assert_eq!(
        (offered(&effects).call, offered(&effects).agent),
        (first, 2),
        "anybody after 20 s, and he is first still"
    );
    assert_eq!(desk.waiting(SUPPORT), [first, second]);
}

#[test]
fn lower_levels_first_and_higher_ones_only_when_a_step_says_so() {
    let agents = [(1, 2), (2, 1), (3, 3)].map(|(id, level)| QueueAgent { agent: AgentId(id), level, weight: 1 });
    let level = |after, level_max| Step { after: secs(after), level_max, ..Step::default() };
    let steps = vec![level(0, Some(2)), level(30, None)];
    let config = QueueConfig { agents: agents.to_vec(), steps, ..queue(SUPPORT, &[]) };
    let mut desk = desk(config, &plain(&[1, 2, 3]));
    assert_eq!(agents_of(&desk.call(SUPPORT).1), [2]);
    assert_eq!(agents_of(&desk.call(SUPPORT).1), [1]);
    let (call, effects) = desk.call(SUPPORT);
    assert_eq!(agents_of(&effects), []);
    assert_eq!(desk.acd.why_idle(AgentId(3)).unwrap().queues[0].reason, NoCall::Level);
    let Some(WhyWaits::NobodyFree(others)) = desk.acd.why_waits(call) else { panic!("nobody may take it") };
    assert_eq!((others.level, others.states[State::Reserved as usize]), (1, 2));
    assert!(offers(&desk.pass(secs(30))).iter().any(|offer| offer.agent == 3));
}

#[test]
fn priority_is_worth_waiting_and_nobody_starves() {
    let config = QueueConfig { priority_worth: Some(secs(60)), max_wait: secs(9_999), ..queue(SUPPORT, &[1]) };
    let mut desk = desk(config, &plain(&[1]));
    desk.busy(1, 77, 9);
    let (early, _) = desk.call(SUPPORT);
    desk.pass(secs(59));
    let (vip, _) = desk.call_from(SUPPORT, None, 1);
    desk.pass(secs(2));
    let (late_vip, _) = desk.call_from(SUPPORT, None, 1);
    assert_eq!(desk.waiting(SUPPORT), [vip, early, late_vip]);
}

#[test]
fn deadlines_order_calls_over_queues() {
    let rule = |id, target| QueueConfig { by_deadline: true, service_level: secs(target), ..queue(id, &[1]) };
    let mut desk = desk(rule(SUPPORT, 60), &plain(&[1]));
    desk.say(Input::Configure { queues: vec![rule(SUPPORT, 60), rule(SALES, 20)], agents: plain(&[1]) });
    desk.busy(1, 77, 9);
    let (slow, _) = desk.call(SUPPORT);
    desk.pass(secs(30));
    let (quick, _) = desk.call(SALES);
    desk.pass(secs(20));
    let (late, _) = desk.call(SALES);
    let first = offered(&desk.free(1, CallId(77), 9, true));
    assert_eq!(first.call, quick, "its 20 s are over first");
    desk.gone(quick);
    assert_eq!(desk.acd.why_waits(slow), Some(WhyWaits::Rings(1)));
    assert!(matches!(desk.acd.why_waits(late), Some(WhyWaits::NobodyFree(_))));
}

#[test]
fn a_caller_is_kept_for_the_agent_whom_he_talked_to_last() {
    let config = QueueConfig { preferred_for: secs(20), wrap_up: secs(0), ..queue(SUPPORT, &[1, 2]) };
    let mut desk = desk(config, &plain(&[1, 2]));
    let (call, effects) = desk.call_from(SUPPORT, Some("+441"), 0);
    assert_eq!(agents_of(&effects), [1]);
    desk.claim(offered(&effects));
    let (again, effects) = desk.call_from(SUPPORT, Some("+441"), 0);
    assert_eq!(agents_of(&effects), [], "agent 2 is free and not the one");
    let until = desk.now.mono + secs(20);
    assert_eq!(desk.acd.why_waits(again), Some(WhyWaits::HeldFor { agent: AgentId(1), until }));
    let held = NoCall::HeldFor { agent: AgentId(1), left: secs(20) };
    assert_eq!(desk.acd.why_idle(AgentId(2)).unwrap().queues[0].reason, held);
    desk.pass(secs(5));
    let effects = desk.free(1, call, 5, true);
    assert_eq!((offered(&effects).call, offered(&effects).agent), (again, 1));
    // He does not take it: now anybody may.
    assert_eq!(agents_of(&desk.ended(offered(&effects), OfferOutcome::Refused)), [2]);
}

#[test]
fn a_caller_is_kept_only_for_a_while_and_for_nobody_who_is_away() {
    let config = QueueConfig { preferred_for: secs(20), ..queue(SUPPORT, &[1, 2]) };
    let mut desk = desk(config, &plain(&[1, 2]));
    desk.say(Input::LastAgents(vec![("+441".to_owned(), AgentId(1)), ("+442".to_owned(), AgentId(1))]));
    desk.busy(1, 77, 9);
    let (waited, effects) = desk.call_from(SUPPORT, Some("+441"), 0);
    assert_eq!(agents_of(&effects), []);
    let effects = desk.pass(secs(20));
    assert_eq!((offered(&effects).call, offered(&effects).agent), (waited, 2));
    desk.claim(offered(&effects));
    desk.free(2, waited, 5, false);
    let (held, effects) = desk.call_from(SUPPORT, Some("+442"), 0);
    assert_eq!(agents_of(&effects), []);
    let effects = desk.reachable(1, false);
    assert_eq!((offered(&effects).call, offered(&effects).agent), (held, 2));
}

#[test]
fn a_caller_is_kept_only_for_who_could_have_his_call() {
    let config = QueueConfig { preferred_for: secs(20), ..queue(SUPPORT, &[1, 2]) };
    let known = || Input::LastAgents(vec![("+441".to_owned(), AgentId(1))]);
    let takes = |desk: &mut Desk| agents_of(&desk.call_from(SUPPORT, Some("+441"), 0).1);
    // He serves other queues at present.
    let mut chosen = desk(config.clone(), &plain(&[1, 2]));
    chosen.say(known());
    chosen.say(Input::ChooseQueues { request: None, agent: AgentId(1), queues: Some(vec![SALES]) });
    assert_eq!(takes(&mut chosen), [2]);
    // His phone does not answer; a call that was kept for him goes to anybody.
    let mut silent = desk(config.clone(), &plain(&[1, 2]));
    silent.say(known());
    silent.busy(1, 77, 9);
    assert_eq!(takes(&mut silent), []);
    let effects = silent.say(Input::Answers { agent: AgentId(1), answers: false });
    assert_eq!(agents_of(&effects), [2]);
    assert_eq!(silent.say(Input::CallerGone { call: offered(&effects).call }).len(), 2);
    assert_eq!(takes(&mut silent), [2], "nor is the next one");
    // He lacks what the queue requires, at the beginning or from a step on.
    let step = |after, level| Step { after: secs(after), required: need(1, level), ..Step::default() };
    for (steps, later) in [(vec![step(0, 2)], 0), (vec![step(0, 1), step(5, 2)], 5)] {
        let agents = [skilled(1, &[(1, 1)]), skilled(2, &[(1, 2)])];
        let mut lacking = desk(QueueConfig { steps, ..config.clone() }, &agents);
        lacking.say(known());
        lacking.busy(1, 77, 9);
        let at_once = takes(&mut lacking);
        let then = agents_of(&lacking.pass(secs(5)));
        assert_eq!((at_once, then), if later == 0 { (vec![2], vec![]) } else { (vec![], vec![2]) });
    }
}

#[test]
fn who_chose_other_queues_is_not_named_among_those_who_came_behind() {
    let mut desk = desk(queue(SUPPORT, &[1, 2, 3]), &plain(&[1, 2, 3]));
    desk.say(Input::ChooseQueues { request: None, agent: AgentId(2), queues: Some(vec![SALES]) });
    desk.reachable(3, false);
    let (_, effects) = desk.call(SUPPORT);
    let why = why_of(&effects);
    let named: Vec<_> = why.agents.iter().map(|one| (one.agent.0, one.standing)).collect();
    assert_eq!(named, [(1, Standing::Chosen), (3, Standing::State(State::Offline))]);
    assert_eq!((why.candidates, why.others.behind), (1, 0));
}

#[test]
fn a_caller_is_kept_for_his_owner_and_for_his_last_agent_where_that_one_is_away() {
    let config = QueueConfig { preferred_for: secs(20), ..queue(SUPPORT, &[1, 2, 3]) };
    let mut desk = desk(config, &plain(&[1, 2, 3]));
    desk.say(Input::LastAgents(vec![("+441".to_owned(), AgentId(1))]));
    desk.say(Input::Owners(Arc::new([("+441".into(), AgentId(2)), ("+442".into(), AgentId(9))].into())));
    desk.busy(2, 77, 9);
    let (call, effects) = desk.call_from(SUPPORT, Some("+441"), 0);
    assert_eq!(agents_of(&effects), [], "his owner talks, and is waited for");
    let until = desk.now.mono + secs(20);
    assert_eq!(desk.acd.why_waits(call), Some(WhyWaits::HeldFor { agent: AgentId(2), until }));
    let effects = desk.pass(secs(20));
    assert_eq!(offered(&effects).call, call, "for a while, then anybody may");
    desk.gone(call);
    desk.status(2, Status::Offline);
    let (_, effects) = desk.call_from(SUPPORT, Some("+441"), 0);
    assert_eq!(agents_of(&effects), [1], "the owner is not there, his last agent is");
    let (_, effects) = desk.call_from(SUPPORT, Some("+442"), 0);
    assert_eq!(agents_of(&effects), [3], "of an owner who is no agent of the queue nothing is expected");
}

#[test]
fn a_call_goes_to_those_who_were_lent_the_skill_that_it_asks_for() {
    let mut desk = desk(queue(SUPPORT, &[1, 2, 3]), &plain(&[1, 2, 3]));
    let lent = |agents: &[u32]| {
        let skills = agents.iter().map(|agent| (AgentId(*agent), vec![SkillId(1 << 31)]));
        Input::Lent(Arc::new(skills.collect()))
    };
    desk.say(lent(&[2]));
    let asks = Step { required: vec![Need { skill: SkillId(1 << 31), level: 1 }], ..Step::default() };
    let work = |call| Enqueue {
        call: CallId(call),
        shard: SHARD,
        queue: SUPPORT,
        steps: vec![asks.clone()],
        ..Enqueue::default()
    };
    let first = offered(&desk.say(Input::Enqueue(work(901))));
    assert_eq!(first.agent, 2);
    assert_eq!(agents_of(&desk.say(Input::Enqueue(work(902)))), [], "he is taken, and nobody else has it");
    assert_eq!(agents_of(&desk.say(lent(&[2]))), [], "nothing is new");
    assert_eq!(agents_of(&desk.say(lent(&[2, 3]))), [3], "from now he has it too");
    desk.say(lent(&[]));
    let (_, effects) = desk.call(SUPPORT);
    assert_eq!(agents_of(&effects), [1], "a call that asks for nothing goes to anybody");
    assert_eq!(agents_of(&desk.say(Input::Enqueue(work(903)))), []);
}

#[test]
fn kinds_of_work_in_the_order_of_the_agent() {
    let blend = Blend { inbound: Some(1), callback: Some(0), outbound: None };
    let agents = [AgentConfig { blend, ..desk::agent(1) }];
    let mut desk = desk(queue(SUPPORT, &[1]), &agents);
    desk.busy(1, 77, 9);
    let work = |call, kind| Enqueue { call: CallId(call), shard: SHARD, queue: SUPPORT, kind, ..Enqueue::default() };
    for (call, kind) in [(901, WorkKind::Outbound), (902, WorkKind::Inbound), (903, WorkKind::Callback)] {
        desk.say(Input::Enqueue(work(call, kind)));
    }
    let effects = desk.free(1, CallId(77), 9, true);
    assert_eq!(offered(&effects).call, CallId(903), "callbacks come first for him");
    assert_eq!(offered(&desk.gone(CallId(903))).call, CallId(902));
    assert_eq!(agents_of(&desk.gone(CallId(902))), []);
    assert_eq!(desk.acd.why_idle(AgentId(1)).unwrap().queues[0].reason, NoCall::Kind);
}

#[test]
fn a_queue_has_no_more_conversations_than_it_may() {
    let config = QueueConfig { max_conversations: Some(1), wrap_up: secs(0), ..queue(SUPPORT, &[1, 2]) };
    let mut desk = desk(config, &plain(&[1, 2]));
    desk.pass(secs(1));
    let (talking, effects) = desk.call(SUPPORT);
    let first = offered(&effects);
    let (second, effects) = desk.call(SUPPORT);
    assert_eq!(agents_of(&effects), [], "one rings");
    assert_eq!(desk.acd.why_waits(second), Some(WhyWaits::Conversations { max: 1 }));
    desk.claim(first);
    assert_eq!(desk.acd.why_waits(second), Some(WhyWaits::Conversations { max: 1 }));
    assert_eq!(desk.acd.why_idle(AgentId(2)).unwrap().queues[0].reason, NoCall::Conversations { max: 1 });
    desk.pass(secs(1));
    let effects = desk.free(1, talking, 5, true);
    assert_eq!((offered(&effects).call, offered(&effects).agent), (second, 2));
    assert_eq!(left(&effects), []);
}

#[test]
fn the_same_decisions_follow_from_a_checkpoint() {
    for strategy in [Strategy::Random, Strategy::RoundRobin, Strategy::Weighted, Strategy::RingAll] {
        let ids: Vec<u32> = (1..=9).collect();
        let config = QueueConfig { strategy, ..queue(SUPPORT, &ids) };
        let mut desk = desk(config, &plain(&ids));
        for _ in 0..3 {
            let (_, effects) = desk.call(SUPPORT);
            offers(&effects).first().map(|offer| desk.claim(*offer));
        }
        let checkpoint = desk.acd.checkpoint();
        let mut told = Vec::new();
        for call in 800..820 {
            desk.now = desk.now.plus(secs(1));
            let input = Input::Enqueue(Enqueue { call: CallId(call), queue: SUPPORT, ..Enqueue::default() });
            told.push((desk.now, Some(input.clone())));
            desk.say(input);
        }
        let again = checkpoint.replay(&told);
        assert_eq!(again.snapshot(), desk.acd.snapshot(), "{strategy:?}");
    }
}
