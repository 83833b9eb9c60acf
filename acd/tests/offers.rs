//! The rules of offers, one by one (DESIGN sections 4 and 9).

mod desk;

use acd::*;
use clock::*;
use desk::*;

fn support(agents: &[u32]) -> Desk {
    Desk::new(&[queue(SUPPORT, agents)], agents)
}

#[test]
fn first_in_first_out_within_priority() {
    let mut desk = support(&[1]);
    desk.status(1, Status::Paused);
    let (first, _) = desk.call(SUPPORT);
    let (second, _) = desk.call(SUPPORT);
    let (urgent, _) = desk.call_from(SUPPORT, None, 5);
    assert_eq!(desk.waiting(SUPPORT), [urgent, first, second]);
    let mut effects = desk.status(1, Status::Ready);
    for call in [urgent, first, second] {
        let ringing = offered(&effects);
        assert_eq!(ringing.call, call);
        assert_eq!(granted(&desk.claim(ringing)), 1);
        desk.free(1, call, 1, true);
        effects = desk.pass(WRAP_UP);
    }
}

#[test]
fn an_agent_of_two_queues_takes_the_older_call_of_both() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1]), queue(SALES, &[1])], &[1]);
    desk.status(1, Status::Paused);
    let (older, _) = desk.call(SALES);
    desk.pass(secs(1));
    let (younger, _) = desk.call(SUPPORT);
    assert_eq!(offered(&desk.status(1, Status::Ready)).call, older);
    assert_eq!(offered(&desk.gone(older)).call, younger);
}

#[test]
fn the_longest_idle_counts_from_the_last_queue_call_not_from_a_pause_or_sign_on() {
    let mut desk = support(&[1, 2, 3]);
    let (call, taker) = desk.talk(SUPPORT);
    assert_eq!(taker, 1, "never called: by id");
    desk.pass(secs(10));
    desk.free(1, call, 1, true);
    desk.pass(secs(10));
    desk.status(2, Status::Paused);
    desk.status(2, Status::Ready);
    desk.reachable(3, false);
    desk.reachable(3, true);
    desk.busy(2, 99, 7);
    desk.free(2, CallId(99), 7, true);
    assert_eq!(desk.talk(SUPPORT).1, 2);
    assert_eq!(desk.talk(SUPPORT).1, 3);
    assert_eq!(desk.talk(SUPPORT).1, 1);
}

#[test]
fn an_offer_says_why() {
    let mut desk = support(&[1, 2]);
    desk.pass(secs(7));
    let (call, effects) = desk.call(SUPPORT);
    let why = effects.iter().find_map(|effect| match effect {
        Effect::Offer { why, .. } => Some(why.as_ref().clone()),
        _ => None,
    });
    let why = why.unwrap();
    assert_eq!((why.candidates, why.idle, why.waited, why.attempt), (2, secs(7), secs(0), 1));
    let named: Vec<_> = why.agents.iter().map(|one| (one.agent.0, one.standing, one.figure)).collect();
    assert_eq!(named, [(1, Standing::Chosen, 7_000), (2, Standing::Behind, 7_000)]);
    assert_eq!(why.others, Others { behind: 1, ..Others::default() });
    assert_eq!(desk.acd.why_waits(call), Some(WhyWaits::Rings(1)));
    let idle = |id| desk.acd.why_idle(AgentId(id)).unwrap();
    assert_eq!((idle(2).state, idle(2).queues[0].reason), (State::Ready, NoCall::Rings));
    assert_eq!(idle(1).state, State::Reserved);
}

#[test]
fn a_claim_is_granted_once_and_every_other_changes_nothing() {
    let mut desk = support(&[1]);
    let (_, effects) = desk.call(SUPPORT);
    let ringing = offered(&effects);
    let stale = Ringing { generation: Generation(ringing.generation.0 + 1), ..ringing };
    let effects = desk.claim(stale);
    assert_eq!((granted(&effects), refused(&effects), effects.len()), (0, 1, 1));
    assert_eq!(granted(&desk.claim(ringing)), 1);
    assert_eq!(desk.state(1), State::OnCall);
    assert_eq!(desk.claim(ringing), [], "answered already");
    let unknown = Ringing { offer: OfferId(5), ..ringing };
    assert_eq!(refused(&desk.claim(unknown)), 1);
    assert_eq!(desk.state(1), State::OnCall);
}

#[test]
fn a_late_claim_is_refused_and_leaves_the_agent_as_he_is() {
    let mut desk = support(&[1]);
    let (call, effects) = desk.call(SUPPORT);
    let old = offered(&effects);
    assert_eq!(withdrawn(&desk.gone(call)), [(old.offer, WithdrawReason::CallerGone)]);
    let (_, effects) = desk.call(SUPPORT);
    let new = offered(&effects);
    assert_eq!(refused(&desk.claim(old)), 1);
    assert_eq!(desk.ended(old, OfferOutcome::NoAnswer), []);
    assert_eq!(desk.state(1), State::Reserved);
    assert_eq!(granted(&desk.claim(new)), 1);
}

#[test]
fn a_silent_shard_loses_the_offer_at_ring_time_and_grace() {
    let mut desk = support(&[1, 2]);
    let (call, effects) = desk.call(SUPPORT);
    let ringing = offered(&effects);
    let due = desk.now.mono + RING + OFFER_GRACE;
    assert_eq!(desk.acd.poll_timeout(), Some((due, TimerReason::OfferOverdue)));
    let effects = desk.pass(RING + OFFER_GRACE);
    assert_eq!(withdrawn(&effects), [(ringing.offer, WithdrawReason::Overdue)]);
    let next = offered(&effects);
    assert_eq!((next.call, next.agent), (call, 2));
    assert_eq!(refused(&desk.claim(ringing)), 1);
    assert_eq!(desk.state(1), State::Ready);
}

#[test]
fn a_missed_call_goes_to_the_next_agent_and_keeps_its_place() {
    let mut desk = support(&[1, 2]);
    let (first, effects) = desk.call(SUPPORT);
    let ringing = offered(&effects);
    desk.status(2, Status::Paused);
    let (second, _) = desk.call(SUPPORT);
    desk.pass(RING);
    assert_eq!(offers(&desk.ended(ringing, OfferOutcome::NoAnswer)), []);
    assert_eq!(desk.waiting(SUPPORT), [first, second]);
    let next = offered(&desk.status(2, Status::Ready));
    assert_eq!((next.call, next.agent, next.generation), (first, 2, Generation(2)));
    let after_rest = offered(&desk.pass(MISSED_REST));
    assert_eq!((after_rest.call, after_rest.agent), (second, 1));
}

#[test]
fn three_rings_missed_in_a_row_pause_with_reason_rona() {
    let mut desk = support(&[1]);
    let (_, effects) = desk.call(SUPPORT);
    let mut ringing = offered(&effects);
    for missed in 1..=3 {
        desk.pass(RING);
        let effects = desk.ended(ringing, OfferOutcome::NoAnswer);
        assert_eq!(desk.acd.agent_snapshot(AgentId(1)).unwrap().missed, missed);
        if missed == 3 {
            let reason = Some("rona".to_owned());
            let told = Effect::StatusChanged { agent: AgentId(1), status: Status::Paused, reason };
            assert!(effects.contains(&told), "{effects:?}");
        } else {
            ringing = offered(&desk.pass(MISSED_REST));
        }
    }
    assert_eq!((desk.state(1), desk.reason(1).as_deref()), (State::Paused, Some("rona")));
    assert_eq!(offers(&desk.pass(secs(60))), []);
    desk.status(1, Status::Ready);
    assert_eq!(desk.acd.agent_snapshot(AgentId(1)).unwrap().missed, 0);
}

#[test]
fn an_answered_call_resets_the_count_of_missed_ones() {
    let mut desk = support(&[1]);
    for _ in 0..4 {
        let (call, effects) = desk.call(SUPPORT);
        let ringing = offered(&effects);
        desk.ended(ringing, OfferOutcome::NoAnswer);
        let again = offered(&desk.pass(MISSED_REST));
        desk.claim(again);
        desk.free(1, call, 1, true);
        desk.pass(WRAP_UP);
    }
    assert_eq!(desk.state(1), State::Ready);
}

#[test]
fn an_agent_alone_is_offered_the_call_again_after_his_rest() {
    let rests = [
        (OfferOutcome::NoAnswer, MISSED_REST),
        (OfferOutcome::Refused, REFUSED_REST),
        (OfferOutcome::Unreachable, UNREACHABLE_REST),
        (OfferOutcome::Withdrawn, UNREACHABLE_REST),
    ];
    for (outcome, rest) in rests {
        let mut desk = support(&[1]);
        let (call, effects) = desk.call(SUPPORT);
        let ringing = offered(&effects);
        assert_eq!(offers(&desk.ended(ringing, outcome)), [], "{outcome:?}");
        let until = desk.now.mono + rest;
        assert_eq!(desk.acd.why_idle(AgentId(1)).unwrap().resting, Some(rest));
        assert_eq!(desk.acd.poll_timeout(), Some((until, TimerReason::Rest)));
        assert_eq!(offered(&desk.pass(rest)).call, call, "{outcome:?}");
    }
}

#[test]
fn a_refused_offer_goes_to_the_others_at_once() {
    let mut desk = support(&[1, 2, 3]);
    let (call, mut effects) = desk.call(SUPPORT);
    for id in [1, 2, 3] {
        let ringing = offered(&effects);
        assert_eq!((ringing.agent, ringing.call), (id, call));
        effects = desk.ended(ringing, OfferOutcome::Refused);
    }
    desk.pass(REFUSED_REST - secs(1));
    let (_, effects) = desk.call(SUPPORT);
    assert_eq!(offers(&effects), [], "all three rest");
}

#[test]
fn a_caller_who_hangs_up_while_it_rings_leaves_the_agent_ready() {
    let mut desk = support(&[1]);
    for told_by_offer in [false, true] {
        let (call, effects) = desk.call(SUPPORT);
        let ringing = offered(&effects);
        if told_by_offer {
            desk.ended(ringing, OfferOutcome::CallerGone);
            assert_eq!(desk.gone(call), [], "told already");
        } else {
            assert_eq!(withdrawn(&desk.gone(call)), [(ringing.offer, WithdrawReason::CallerGone)]);
        }
        assert_eq!(desk.state(1), State::Ready);
        assert_eq!(desk.acd.poll_timeout(), None);
    }
    let tally = desk.acd.queue_snapshot(SUPPORT).unwrap().tally;
    assert_eq!(tally, QueueTally { entered: 2, abandoned: 2, ..QueueTally::default() });
}

#[test]
fn the_longest_wait_ends_exactly_and_takes_an_open_offer_along() {
    let mut desk = support(&[1]);
    desk.status(1, Status::Paused);
    let (call, _) = desk.call(SUPPORT);
    desk.pass(MAX_WAIT - secs(5));
    let ringing = offered(&desk.status(1, Status::Ready));
    assert_eq!(left(&desk.pass(secs(5) - core::time::Duration::from_nanos(1))), []);
    let effects = desk.pass(core::time::Duration::from_nanos(1));
    assert_eq!(withdrawn(&effects), [(ringing.offer, WithdrawReason::WaitOver)]);
    assert_eq!(left(&effects), [call]);
    assert_eq!(desk.state(1), State::Ready);
    assert_eq!(refused(&desk.claim(ringing)), 1);
    assert_eq!(desk.acd.counts().timers, 0);
}

#[test]
fn a_full_or_unknown_queue_is_left_at_once() {
    let mut small = queue(SUPPORT, &[]);
    small.max_waiting = 2;
    let mut desk = Desk::new(&[small], &[]);
    desk.call(SUPPORT);
    desk.call(SUPPORT);
    let (third, effects) = desk.call(SUPPORT);
    assert_eq!(left(&effects), [third]);
    let (lost, effects) = desk.call(QueueId(77));
    assert_eq!(left(&effects), [lost]);
    let tally = desk.acd.queue_snapshot(SUPPORT).unwrap().tally;
    assert_eq!(tally, QueueTally { entered: 3, timed_out: 1, ..QueueTally::default() });
}

#[test]
fn a_moved_call_keeps_its_arrival_and_loses_its_offer() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1]), queue(SALES, &[2])], &[1, 2]);
    desk.status(2, Status::Paused);
    let (moved, effects) = desk.call(SUPPORT);
    let ringing = offered(&effects);
    desk.pass(secs(1));
    let (younger, _) = desk.call(SALES);
    let effects = desk.enqueue(moved, SALES, None, 0);
    assert_eq!(withdrawn(&effects), [(ringing.offer, WithdrawReason::Moved)]);
    assert_eq!(desk.waiting(SALES), [moved, younger]);
    assert_eq!(desk.state(1), State::Ready);
    let tally = desk.acd.queue_snapshot(SUPPORT).unwrap().tally;
    assert_eq!(tally, QueueTally { entered: 1, moved: 1, ..QueueTally::default() });
    let left_at = desk.pass(MAX_WAIT - secs(1));
    assert_eq!(left(&left_at), [], "the longest wait of the new queue");
    assert_eq!(left(&desk.pass(secs(1))).len(), 2);
}

#[test]
fn a_second_enqueue_in_the_same_queue_changes_only_the_priority() {
    let mut desk = support(&[1]);
    let (call, effects) = desk.call(SUPPORT);
    let ringing = offered(&effects);
    let (other, _) = desk.call(SUPPORT);
    assert_eq!(withdrawn(&desk.enqueue(call, SUPPORT, None, -1)), []);
    assert_eq!(desk.waiting(SUPPORT), [other, call]);
    assert_eq!(granted(&desk.claim(ringing)), 1);
    assert_eq!(desk.acd.queue_snapshot(SUPPORT).unwrap().tally.entered, 2);
}

#[test]
fn a_caller_from_before_the_restart_gets_his_place_in_time() {
    let mut desk = support(&[]);
    let before = WallTime::from_micros(desk.now.wall.as_micros() - 90_000_000);
    let until = desk.now.wall + secs(600);
    for caller in ["+447700900001", "+447700900002"] {
        let caller = caller.to_owned();
        desk.say(Input::RestorePlace { queue: SUPPORT, caller, arrived: before, until, ordered: None });
    }
    let (early, _) = desk.call(SUPPORT);
    // The wall clock jumps a day back: the order does not care.
    desk.now.wall = WallTime::from_micros(desk.now.wall.as_micros() - 86_400_000_000);
    let (again, effects) = desk.call_from(SUPPORT, Some("+447700900001"), 0);
    let told = effects.iter().any(|e| matches!(e, Effect::Enqueued { arrived, .. } if *arrived == before));
    assert!(told, "{effects:?}");
    let (twice, _) = desk.call_from(SUPPORT, Some("+447700900001"), 0);
    assert_eq!(desk.waiting(SUPPORT), [again, early, twice], "given once");
    desk.pass(secs(600));
    assert_eq!(desk.acd.counts().places, 0);
    assert_eq!(desk.acd.counts().timers, 0);
}
