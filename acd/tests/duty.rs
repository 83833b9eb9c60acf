//! The rules of an agent's duty: wrap-up and dispositions, pauses, offers that he does not take, probes, queues chosen,
//! lines, and the log of his states.

mod desk;

use acd::*;
use clock::*;
use desk::*;

fn with(change: impl Fn(&mut QueueConfig)) -> Desk {
    let mut rules = queue(SUPPORT, &[1]);
    change(&mut rules);
    Desk::new(&[rules], &[1])
}

fn dispose(desk: &mut Desk, call: CallId) -> Vec<Effect> {
    let (agent, code) = (AgentId(1), "sold".to_owned());
    let disposed = Box::new(Disposed { agent, call, code, is_success: true, ..Disposed::default() });
    desk.say(Input::Dispose { request: Some(RequestId(7)), disposed })
}

/// Codes of what was said of calls.
fn codes(effects: &[Effect]) -> Vec<&str> {
    let said = effects.iter().filter_map(|effect| match effect {
        Effect::Disposed(said) => Some(said.code.as_str()),
        _ => None,
    });
    said.collect()
}

fn notes(effects: &[Effect]) -> Vec<Note> {
    let notes = effects.iter().filter_map(|effect| match effect {
        Effect::Noted { note, .. } => Some(note.clone()),
        _ => None,
    });
    notes.collect()
}

fn probes(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::Probe { .. })).count()
}

/// A call taken and ended.
fn served(desk: &mut Desk) -> CallId {
    let (call, _) = desk.talk(SUPPORT);
    desk.free(1, call, 1, true);
    call
}

#[test]
fn each_mode_of_wrap_up_ends_as_it_says() {
    use WrapUpMode::{Mandatory, Optional, Strict, Timed};
    // Mode; ended by `ready` and what is said then; ended by a disposition; state and what is said at its time.
    let not_set: &[&str] = &["not_set"];
    type Row<'a> = (WrapUpMode, bool, &'a [&'a str], bool, State, &'a [&'a str]);
    let rows: [Row<'_>; 4] = [
        (Optional, true, &[], true, State::Ready, &[]),
        (Timed, true, not_set, true, State::Ready, not_set),
        (Strict, false, &[], false, State::Ready, not_set),
        (Mandatory, false, &[], true, State::Paused, not_set),
    ];
    for (mode, yields, said, disposable, after, said_then) in rows {
        let desk = || {
            let mut desk = with(|rules| (rules.wrap_up_mode, rules.expects_disposition) = (mode, true));
            let call = served(&mut desk);
            assert_eq!(desk.state(1), State::WrapUp, "{mode:?}");
            (desk, call)
        };
        let (mut ready, _) = desk();
        let effects = ready.status(1, Status::Ready);
        assert_eq!((ready.state(1) == State::Ready, codes(&effects)), (yields, said.to_vec()), "{mode:?}");
        let (mut disposed, call) = desk();
        let effects = dispose(&mut disposed, call);
        assert_eq!((disposed.state(1) == State::Ready, codes(&effects)), (disposable, vec!["sold"]), "{mode:?}");
        assert!(codes(&disposed.pass(WRAP_UP)).is_empty(), "{mode:?}: it was said");
        let (mut late, _) = desk();
        assert_eq!(codes(&late.pass(WRAP_UP)), said_then, "{mode:?}");
        assert_eq!(late.state(1), after, "{mode:?}");
    }
}

#[test]
fn what_is_said_in_the_call_is_asked_for_no_more() {
    let mut desk = with(|rules| {
        (rules.wrap_up_mode, rules.expects_disposition) = (WrapUpMode::Mandatory, true);
    });
    let (call, _) = desk.talk(SUPPORT);
    dispose(&mut desk, call);
    desk.free(1, call, 1, true);
    assert_eq!(desk.state(1), State::Ready);
    let late = served(&mut desk);
    desk.pass(WRAP_UP);
    assert_eq!(desk.reason(1).as_deref(), Some("wrap_up_overdue"));
    assert_eq!(codes(&dispose(&mut desk, late)), ["sold"], "said after all");
}

#[test]
fn a_wrap_up_is_extended_within_what_the_queue_allows() {
    let mut desk = with(|rules| rules.wrap_up_extension = secs(10));
    let extend = |desk: &mut Desk, by| {
        let effects = desk.say(Input::ExtendWrapUp { request: Some(RequestId(1)), agent: AgentId(1), by: secs(by) });
        match effects.last() {
            Some(Effect::Reply { result, .. }) => result.as_ref().err().copied(),
            other => panic!("no reply: {other:?}"),
        }
    };
    assert_eq!(extend(&mut desk, 1), Some(CommandError::NoWrapUp));
    served(&mut desk);
    assert_eq!(extend(&mut desk, 6), None);
    assert_eq!(extend(&mut desk, 6), Some(CommandError::WrapUpExtensionOver { left_s: 4 }));
    desk.pass(WRAP_UP + secs(5));
    assert_eq!(desk.state(1), State::WrapUp);
    desk.pass(secs(1));
    assert_eq!(desk.state(1), State::Ready);
}

#[test]
fn a_sign_off_in_mid_call_is_told_and_applies_after_the_call() {
    let mut desk = with(|_| {});
    let (call, _) = desk.talk(SUPPORT);
    let effects = desk.status(1, Status::Offline);
    let deferred = Note::StatusDeferred { status: Status::Offline, after: State::OnCall, call: Some(call) };
    assert_eq!(notes(&effects), [deferred]);
    assert_eq!(desk.state(1), State::OnCall);
    desk.free(1, call, 1, true);
    desk.pass(WRAP_UP);
    assert_eq!(desk.state(1), State::Offline);
}

#[test]
fn a_pause_that_reaches_its_limit_is_told_or_ended() {
    for (at_limit, after) in
        [(AtLimit::Warn, State::Paused), (AtLimit::Ready, State::Ready), (AtLimit::SignOff, State::Offline)]
    {
        let mut desk = with(|_| {});
        let rule = PauseRule { reason: "lunch".to_owned(), limit: Some(secs(60)), day_limit: Some(secs(90)), at_limit };
        desk.say(Input::AgentRules { pauses: vec![rule], probe_every: None });
        desk.status(1, Status::Paused);
        assert_eq!(notes(&desk.pass(secs(59))), []);
        let (reason, of_day, limit, then) = ("lunch".to_owned(), false, secs(60), at_limit);
        assert_eq!(notes(&desk.pass(secs(1))), [Note::PauseLimit { reason: reason.clone(), of_day, limit, then }]);
        assert_eq!(desk.state(1), after, "{at_limit:?}");
        desk.status(1, Status::Ready);
        desk.status(1, Status::Paused);
        let told = notes(&desk.pass(secs(40)));
        assert_eq!(
            told,
            [Note::PauseLimit { reason, of_day: true, limit: secs(90), then }],
            "60 s of the day are gone"
        );
    }
}

#[test]
fn a_pause_is_held_to_its_day_only() {
    let mut desk = with(|_| {});
    let day = 86_400;
    let midnight = (desk.now.wall.as_micros() / 1_000_000 / day + 1) * day;
    let until_midnight = midnight - desk.now.wall.as_micros() / 1_000_000;
    desk.pass(secs(until_midnight as u64 - 50));
    let rule = PauseRule { reason: "lunch".to_owned(), day_limit: Some(secs(60)), ..PauseRule::default() };
    desk.say(Input::AgentRules { pauses: vec![rule], probe_every: None });
    desk.status(1, Status::Paused);
    assert_eq!(notes(&desk.pass(secs(109))).len(), 0, "50 s of it were yesterday's");
    assert_eq!(notes(&desk.pass(secs(2))).len(), 1);
}

#[test]
fn offers_not_taken_rest_pause_and_sign_off_by_the_rules_of_the_queue_or_the_agent() {
    let rule = NotTaken { rest: secs(9), pause_after: Some(2), sign_off_after: 3 };
    let rules = OfferRules { missed: rule, refused: rule, unreachable: rule };
    for (outcome, reason) in [
        (OfferOutcome::NoAnswer, "rona"),
        (OfferOutcome::Refused, "refused"),
        (OfferOutcome::Unreachable, "unreachable"),
    ] {
        let mut desk = with(|queue| queue.not_taken = Some(rules));
        let (_, effects) = desk.call(SUPPORT);
        desk.ended(offered(&effects), outcome);
        assert_eq!(offers(&desk.pass(secs(8))), [], "{outcome:?}: he rests");
        let next = offered(&desk.pass(secs(1)));
        desk.ended(next, outcome);
        assert_eq!((desk.state(1), desk.reason(1).as_deref()), (State::Paused, Some(reason)));
        let next = offered(&desk.status(1, Status::Ready));
        desk.ended(next, outcome);
        assert_eq!(desk.state(1), State::Ready, "counted anew since he said that he is there");
    }
    let signed_off = NotTaken { sign_off_after: 1, ..rule };
    let mut desk = with(|queue| queue.not_taken = Some(OfferRules { refused: signed_off, ..rules }));
    let (_, effects) = desk.call(SUPPORT);
    desk.ended(offered(&effects), OfferOutcome::Refused);
    assert_eq!((desk.state(1), desk.reason(1).as_deref()), (State::Offline, Some("refused")));
}

#[test]
fn ready_phones_are_asked_from_time_to_time_and_silent_ones_get_no_offer() {
    let mut desk = with(|_| {});
    assert_eq!(probes(&desk.pass(secs(600))), 0, "nobody is asked unless rules say so");
    desk.say(Input::AgentRules { pauses: Vec::new(), probe_every: Some(secs(30)) });
    let asked = probes(&desk.pass(secs(3_000)));
    assert!((90..=112).contains(&asked), "{asked} in 100 intervals");
    let answers = |desk: &mut Desk, answers| desk.say(Input::Answers { agent: AgentId(1), answers });
    answers(&mut desk, false);
    assert_eq!((desk.state(1), desk.reason(1).as_deref()), (State::Offline, Some("no_answer_to_probe")));
    let (call, effects) = desk.call(SUPPORT);
    assert_eq!(offers(&effects), []);
    assert!(probes(&desk.pass(secs(100))) >= 2, "whether he is back");
    assert_eq!(offered(&answers(&mut desk, true)).call, call);
    answers(&mut desk, false);
    desk.reachable(1, false);
    desk.reachable(1, true);
    assert_ne!(desk.state(1), State::Offline, "a phone that registers is there");
    desk.status(1, Status::Paused);
    assert_eq!(probes(&desk.pass(secs(300))), 0);
}

#[test]
fn the_end_of_a_wrap_up_asks_and_no_offer_waits_for_the_answer() {
    let mut desk = with(|_| {});
    desk.say(Input::AgentRules { pauses: Vec::new(), probe_every: Some(secs(3_000)) });
    served(&mut desk);
    let (call, _) = desk.call(SUPPORT);
    let effects = desk.pass(WRAP_UP);
    assert_eq!((probes(&effects), offered(&effects).call), (1, call));
}

#[test]
fn an_agent_serves_the_queues_that_he_chose() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1]), queue(SALES, &[1])], &[1]);
    let choose = |desk: &mut Desk, queues| {
        desk.say(Input::ChooseQueues { request: Some(RequestId(3)), agent: AgentId(1), queues })
    };
    let effects = choose(&mut desk, Some(vec![SALES]));
    assert_eq!(notes(&effects), [Note::QueuesChosen { queues: Some(vec![SALES]) }]);
    let (support, effects) = desk.call(SUPPORT);
    assert_eq!(offers(&effects), []);
    let (sales, effects) = desk.call(SALES);
    let ringing = offered(&effects);
    assert_eq!(ringing.call, sales);
    let effects = choose(&mut desk, Some(vec![SUPPORT]));
    assert_eq!(withdrawn(&effects).len(), 1, "an offer of a queue that he left is taken back");
    assert_eq!(offered(&effects).call, support);
    let effects = choose(&mut desk, None);
    assert_eq!(withdrawn(&effects), [], "what rings for him may ring on");
}

#[test]
fn an_agent_of_two_lines_gets_a_second_call_and_no_third() {
    let config = AgentConfig { lines: 2, ..agent(1) };
    let mut desk = with(|_| {});
    desk.say(Input::Configure { queues: vec![queue(SUPPORT, &[1])], agents: vec![config] });
    let (first, _) = desk.talk(SUPPORT);
    let (second, effects) = desk.call(SUPPORT);
    assert_eq!(desk.state(1), State::OnCall);
    desk.claim(offered(&effects));
    let now = |desk: &Desk| desk.acd.agent_snapshot(AgentId(1)).unwrap();
    assert_eq!(now(&desk).calls, [first, second]);
    let holds = |desk: &mut Desk, call, holds| {
        desk.say(Input::AgentHolds { agent: AgentId(1), call, leg: LegId(call.0 as u64), holds })
    };
    holds(&mut desk, first, true);
    assert_eq!((now(&desk).call, now(&desk).held), (Some(second), vec![first]), "his call is the active one");
    holds(&mut desk, second, true);
    holds(&mut desk, first, false);
    assert_eq!((now(&desk).call, now(&desk).held), (Some(first), vec![second]));
    let (third, effects) = desk.call(SUPPORT);
    assert_eq!(offers(&effects), []);
    let effects = desk.free(1, first, 1, true);
    assert_eq!(offered(&effects).call, third, "a line is free");
    desk.gone(third);
    desk.status(1, Status::Paused);
    let (_, effects) = desk.call(SUPPORT);
    assert_eq!(offers(&effects), [], "nothing new for one who pauses after his calls");
    desk.free(1, second, 2, true);
    assert_eq!(desk.state(1), State::WrapUp, "of both calls, once");
}

/// Whatever happens, and however the wall clock jumps: what is told of each agent is a log that never goes back, whose
/// last line is true at every moment.
#[test]
fn the_log_of_states_tiles_the_time() {
    let mut rng = Rng::new(3);
    let mut desk = Desk::new(&[queue(SUPPORT, &[1, 2, 3]), queue(SALES, &[2, 3])], &[1, 2, 3]);
    desk.say(Input::AgentRules { pauses: Vec::new(), probe_every: Some(secs(20)) });
    let mut last: [Option<(State, Option<String>, WallTime)>; 4] = Default::default();
    let mut legs: Vec<(u32, CallId, u64)> = Vec::new();
    for step in 0..4_000 {
        let id = 1 + rng.below(3) as u32;
        let effects = match rng.below(9) {
            0 => desk.call(if rng.chance(0.5) { SUPPORT } else { SALES }).1,
            1 => desk.status(id, [Status::Ready, Status::Paused, Status::Offline][rng.below(3) as usize]),
            2 => desk.reachable(id, rng.chance(0.8)),
            3 => desk.say(Input::Answers { agent: AgentId(id), answers: rng.chance(0.7) }),
            4 if !legs.is_empty() => {
                let (agent, call, leg) = legs.swap_remove(rng.below(legs.len() as u64) as usize);
                desk.free(agent, call, leg, true)
            }
            5 => {
                let jump = rng.below(20_000_000) as i64 - 10_000_000;
                desk.now.wall = WallTime::from_micros(desk.now.wall.as_micros() + jump);
                Vec::new()
            }
            _ => desk.pass(secs(rng.below(8))),
        };
        let mut told = effects;
        for ringing in offers(&told) {
            if rng.chance(0.7) {
                told.extend(desk.claim(ringing));
                legs.push((ringing.agent, ringing.call, 10_000 + step));
            }
        }
        for effect in &told {
            let Effect::StateChanged { agent, state, reason, at, .. } = effect else { continue };
            let row = &mut last[agent.0 as usize];
            assert!(row.as_ref().is_none_or(|(_, _, before)| before <= at), "the log goes back");
            *row = Some((*state, reason.clone(), *at));
        }
        for id in 1..=3 {
            let now = desk.acd.agent_snapshot(AgentId(id)).unwrap();
            if let Some((state, reason, _)) = &last[id as usize] {
                assert_eq!((*state, reason), (now.state, &now.reason), "step {step}");
            }
        }
    }
}
