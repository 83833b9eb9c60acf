//! Who may join, who leaves when nobody is there, who gets his place again, and where callers stand.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod desk;

use acd::*;
use clock::*;
use desk::*;

fn left(effects: &[Effect]) -> Vec<LeaveReason> {
    effects
        .iter()
        .filter_map(|effect| if let Effect::LeaveQueue { why, .. } = effect { Some(*why) } else { None })
        .collect()
}

fn status(desk: &mut Desk, agent: u32, status: Status) -> Vec<Effect> {
    desk.say(Input::SetStatus { request: None, agent: AgentId(agent), status, reason: None })
}

fn position(desk: &mut Desk, call: CallId) -> u32 {
    let said = desk.say(Input::AskPlace { call });
    let [Effect::Place { call: about, position, .. }] = said[..] else { panic!("{said:?}") };
    assert_eq!(about, call);
    position
}

#[test]
fn nobody_joins_while_nobody_is_there() {
    let table = [
        (Empty::Offline, [LeaveReason::Empty].as_slice(), [].as_slice(), [].as_slice()),
        (Empty::Paused, &[LeaveReason::Empty], &[LeaveReason::Empty], &[]),
        (Empty::NotReady, &[LeaveReason::Empty], &[LeaveReason::Empty], &[LeaveReason::Empty]),
    ];
    for (rule, offline, paused, busy) in table {
        let support = QueueConfig { join_empty: Some(rule), ..queue(SUPPORT, &[1]) };
        let mut desk = Desk::new(&[support], &[1]);
        status(&mut desk, 1, Status::Offline);
        assert_eq!(left(&desk.call(SUPPORT).1), offline, "{rule:?}");
        status(&mut desk, 1, Status::Paused);
        assert_eq!(left(&desk.call(SUPPORT).1), paused, "{rule:?}");
        desk.acd.handle(desk.now, Input::ShardLost { shard: SHARD });
        status(&mut desk, 1, Status::Ready);
        // The first has the agent, who is busy then.
        assert_eq!(left(&desk.call(SUPPORT).1), [], "{rule:?}");
        assert_eq!(left(&desk.call(SUPPORT).1), busy, "{rule:?}");
    }
    let mut desk = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    status(&mut desk, 1, Status::Offline);
    assert_eq!(left(&desk.call(SUPPORT).1), [], "without a rule everyone may wait");
}

#[test]
fn a_full_queue_says_so() {
    let mut desk = Desk::new(&[QueueConfig { max_waiting: 1, ..queue(SUPPORT, &[]) }], &[]);
    assert_eq!(left(&desk.call(SUPPORT).1), []);
    assert_eq!(left(&desk.call(SUPPORT).1), [LeaveReason::Full]);
    assert_eq!(left(&desk.pass(MAX_WAIT)), [LeaveReason::TimedOut]);
}

#[test]
fn callers_leave_once_nobody_has_been_there_for_long_enough() {
    let support = QueueConfig {
        leave_empty: Some(Empty::Paused),
        leave_empty_after: secs(30),
        max_wait: secs(600),
        ..queue(SUPPORT, &[1])
    };
    let mut desk = Desk::new(&[support], &[1]);
    status(&mut desk, 1, Status::Paused);
    desk.call(SUPPORT);
    desk.pass(secs(10));
    desk.call(SUPPORT);
    assert_eq!(left(&desk.pass(secs(19))), []);
    // He is back just in time, and rings for the first of them, whom he misses.
    let offered = status(&mut desk, 1, Status::Ready);
    assert!(offered.iter().any(|effect| matches!(effect, Effect::Offer { .. })));
    assert_eq!(left(&desk.pass(secs(5))), []);
    status(&mut desk, 1, Status::Paused);
    assert_eq!(left(&desk.pass(secs(29))), []);
    let over = desk.pass(secs(1));
    assert_eq!(left(&over), [LeaveReason::Empty, LeaveReason::Empty]);
    let tally = desk.acd.queue_snapshot(SUPPORT).unwrap().tally;
    assert_eq!((tally.entered, tally.timed_out), (2, 2));
    assert_eq!(desk.acd.counts().timers, 0, "nobody waits for anything");
}

#[test]
fn who_gives_up_and_rings_again_in_time_has_his_place() {
    let support = QueueConfig { rejoin: secs(60), ..queue(SUPPORT, &[]) };
    let mut desk = Desk::new(&[support, queue(SALES, &[])], &[]);
    let (first, _) = desk.call_from(SUPPORT, Some("+441"), 0);
    desk.pass(secs(1));
    desk.call_from(SUPPORT, Some("+442"), 0);
    desk.pass(secs(20));
    desk.gone(first);
    assert_eq!(desk.acd.counts().places, 1);
    desk.pass(secs(59));
    let (again, _) = desk.call_from(SUPPORT, Some("+441"), 0);
    assert_eq!(position(&mut desk, again), 1);
    assert_eq!(desk.acd.counts().places, 0, "given once");
    desk.gone(again);
    desk.pass(secs(61));
    let (late, _) = desk.call_from(SUPPORT, Some("+441"), 0);
    assert_eq!(position(&mut desk, late), 1, "the other one's wait is over by now");
    let (withheld, _) = desk.call_from(SUPPORT, None, 0);
    desk.gone(withheld);
    let (elsewhere, _) = desk.call_from(SALES, Some("+443"), 0);
    desk.gone(elsewhere);
    assert_eq!(desk.acd.counts().places, 0, "no number, or no such rule");
}

/// What is told of a place is what a restart gives back.
#[test]
fn a_place_that_is_kept_is_told_so_that_a_restart_can_give_it_back() {
    let rules = [QueueConfig { rejoin: secs(60), ..queue(SUPPORT, &[]) }];
    let mut desk = Desk::new(&rules, &[]);
    let arrived = desk.now.wall;
    let (call, _) = desk.call_from(SUPPORT, Some("+441"), 0);
    desk.pass(secs(20));
    let said = desk.say(Input::CallerGone { call });
    let until = desk.now.wall + secs(60);
    let kept = Effect::PlaceKept { queue: SUPPORT, caller: "+441".to_owned(), arrived, until };
    assert!(said.contains(&kept), "{said:?}");

    let mut after = Desk::new(&rules, &[]);
    after.pass(secs(25));
    after.say(Input::RestorePlace { queue: SUPPORT, caller: "+441".to_owned(), arrived, until, ordered: None });
    let (other, _) = after.call_from(SUPPORT, Some("+442"), 0);
    let (again, _) = after.call_from(SUPPORT, Some("+441"), 0);
    assert_eq!((position(&mut after, again), position(&mut after, other)), (1, 2));
    let said = after.say(Input::CallerGone { call: other });
    assert!(said.iter().any(|effect| matches!(effect, Effect::PlaceKept { .. })), "his own place too: {said:?}");
}

#[test]
fn who_leaves_by_a_key_did_not_give_up() {
    let mut desk = Desk::new(&[QueueConfig { rejoin: secs(60), ..queue(SUPPORT, &[1]) }], &[1]);
    let (call, _) = desk.call_from(SUPPORT, Some("+441"), 0);
    let said = desk.say(Input::CallerMoved { call });
    assert!(
        said.iter().any(|effect| matches!(effect, Effect::Withdraw { reason: WithdrawReason::Moved, .. })),
        "{said:?}"
    );
    let tally = desk.acd.queue_snapshot(SUPPORT).unwrap().tally;
    assert_eq!((tally.moved, tally.abandoned, desk.acd.counts().places), (1, 0, 0));
}

#[test]
fn positions_count_all_who_are_served_before() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    let calls: Vec<CallId> = (0..4).map(|_| desk.call(SUPPORT).0).collect();
    let (urgent, _) = desk.call_from(SUPPORT, None, 5);
    let stand: Vec<u32> = calls.iter().map(|call| position(&mut desk, *call)).collect();
    assert_eq!(stand, [2, 3, 4, 5], "the first rings, and an urgent one came before them");
    assert_eq!(position(&mut desk, urgent), 1);
    assert_eq!(desk.say(Input::AskPlace { call: CallId(99) }), []);
}

#[test]
fn an_overflown_caller_brings_his_arrival_along() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[]), queue(SALES, &[])], &[]);
    let arrived = desk.now.wall;
    desk.pass(secs(30));
    let (before, _) = desk.call(SALES);
    let call = CallId(77);
    desk.say(Input::Enqueue(Enqueue { call, queue: SALES, arrived: Some(arrived), ..Enqueue::default() }));
    assert_eq!((position(&mut desk, call), position(&mut desk, before)), (1, 2));
}
