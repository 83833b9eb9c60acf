//! A queue calls nobody back out of its opening hours (contact-centre.md section 5).

mod desk;

use std::sync::Arc;

use acd::*;
use clock::*;
use desk::callbacks::*;
use desk::*;
use hours::Schedule;

/// The desk's clock begins on a Tuesday at 22:13:20.
fn hours(open: &[&str]) -> Option<Arc<Schedule>> {
    let open: Vec<String> = open.iter().map(|span| (*span).to_owned()).collect();
    Some(Arc::new(Schedule::parse("office", "UTC", &open, &[]).expect("a schedule")))
}

fn with_hours(open: &[&str], agents: &[u32]) -> QueueConfig {
    QueueConfig { hours: hours(open), ..queue(SUPPORT, agents) }
}

fn is_next_at(desk: &Desk, id: CallbackId, civil: &str) -> bool {
    desk.acd.callback(id).and_then(|known| known.callback.next_at) == hours::moment(civil)
}

/// Open until 22:15 and from 8:00 on.
const OFFICE: &[&str] = &["mon-sun 08:00-22:15"];

#[test]
fn what_waits_when_its_queue_closes_is_dialed_when_it_opens_in_its_place() {
    let mut desk = Desk::new(&[with_hours(OFFICE, &[1])], &[1]);
    desk.busy(1, 900, 1);
    let first = taken(&mut desk, ask(A)).callback.id;
    taken(&mut desk, ask(B));
    assert_eq!(begun(&desk.pass(secs(100))), None, "he talks, and it is 22:15");
    assert_eq!((state(&desk, first), counts(&desk)), (Some(CallbackState::Queued), (2, 0)));
    assert!(is_next_at(&desk, first, "2023-11-15T08:00Z"), "{:?}", desk.acd.callback(first));
    assert_eq!(begun(&desk.free(1, CallId(900), 1, false)), None, "out of hours");
    assert_eq!(desk.state(1), State::Ready);
    assert_eq!(begun(&desk.pass(secs(9 * 3_600 + 2_700 - 1))), None, "a second before it opens");
    let order = begun(&desk.pass(secs(1))).expect("it opens");
    assert_eq!((order.callback, order.number.as_str()), (first, A));
}

#[test]
fn whose_phone_rings_as_it_closes_is_asked_no_more() {
    let mut desk = Desk::new(&[with_hours(OFFICE, &[1])], &[1]);
    desk.pass(secs(95));
    let effects = say(&mut desk, ask(A)).1;
    let (offer, order) = (offered(&effects), begun(&effects).expect("its call"));
    let effects = desk.pass(secs(5));
    assert_eq!(withdrawn(&effects), [(offer.offer, WithdrawReason::CallerGone)]);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::EndCallback { call, .. } if *call == order.call)));
    assert_eq!((desk.state(1), state(&desk, order.callback)), (State::Ready, Some(CallbackState::Queued)));
    // What its call still says is of no account.
    step(&mut desk, order.call, failed(false));
    let again = begun(&desk.pass(secs(12 * 3_600))).expect("it opens");
    assert!(again.callback == order.callback && again.call != order.call);
}

#[test]
fn who_is_being_called_as_it_closes_is_called_on_and_the_next_attempt_waits_for_its_hours() {
    let mut desk = Desk::new(&[with_hours(OFFICE, &[1])], &[1]);
    let effects = say(&mut desk, ask(A)).1;
    let (offer, order) = (offered(&effects), begun(&effects).expect("its call"));
    desk.claim(offer);
    step(&mut desk, order.call, CallbackStep::Dialing);
    desk.pass(secs(110));
    assert_eq!(state(&desk, order.callback), Some(CallbackState::Dialing));
    step(&mut desk, order.call, failed(true));
    desk.free(1, order.call, 5, false);
    assert_eq!(begun(&desk.pass(secs(9 * 3_600))), None, "callback_retry_s is over, the queue is closed");
    assert!(begun(&desk.pass(secs(3_600))).is_some());
}

/// The line lets him ask at any time: he hears the truth, that he is called back, and does not hear when.
#[test]
fn who_asks_on_the_line_when_it_is_closed_is_called_when_it_opens_and_his_time_runs_from_then() {
    let mut desk = Desk::new(&[with_hours(&["fri 12:00-12:30"], &[1])], &[1]);
    desk.status(1, Status::Paused);
    let call = desk.call_from(SUPPORT, Some(A), 0).0;
    let id = press(&mut desk, call, A).0.expect("taken").0;
    desk.status(1, Status::Ready);
    assert!(is_next_at(&desk, id, "2023-11-17T12:00Z"));
    let begins = desk.pass(secs(3 * 24 * 3_600));
    assert_eq!(begun(&begins).map(|order| order.callback), Some(id), "its 24 hours run from Friday noon");
}

#[test]
fn who_rings_in_while_it_rests_has_its_place() {
    let mut desk = Desk::new(&[with_hours(&["mon-sun 08:00-09:00"], &[])], &[]);
    let id = taken(&mut desk, ask(A)).callback.id;
    desk.pass(secs(60));
    desk.call_from(SUPPORT, Some(B), 0);
    let (call, effects) = desk.call_from(SUPPORT, Some(A), 0);
    assert_eq!(changes(&effects), [CallbackState::Superseded]);
    assert_eq!((desk.waiting(SUPPORT)[0], state(&desk, id)), (call, None));
}

#[test]
fn other_hours_and_a_queue_that_is_gone_count_at_once_and_a_rebuild_changes_nothing() {
    let closed = with_hours(&["mon-sun 08:00-09:00"], &[1]);
    for is_gone in [false, true] {
        let mut desk = Desk::new(core::slice::from_ref(&closed), &[1]);
        let id = taken(&mut desk, ask(A)).callback.id;
        desk.pass(secs(60));
        desk.acd = Acd::restore(desk.acd.checkpoint(), desk.now);
        let effects = match is_gone {
            false => desk.configure(&[queue(SUPPORT, &[1])], &[1]),
            true => desk.configure(&[queue(SALES, &[1])], &[1]),
        };
        assert_eq!(begun(&effects).map(|order| order.callback), (!is_gone).then_some(id));
        assert_eq!(desk.acd.counts().callbacks, usize::from(!is_gone));
    }
    let mut desk = Desk::new(&[closed], &[1]);
    taken(&mut desk, ask(A));
    desk.pass(secs(100));
    desk.acd = Acd::restore(desk.acd.checkpoint(), desk.now);
    assert!(begun(&desk.pass(secs(10 * 3_600))).is_some(), "it still opens");
}

#[test]
fn what_comes_back_from_a_restart_waits_for_its_hours_too() {
    let mut desk = Desk::new(&[queue(SUPPORT, &[])], &[]);
    let id = taken(&mut desk, ask(A)).callback.id;
    let known = desk.acd.callback(id).expect("it is open").callback;
    let mut after = Desk::new(&[with_hours(&["mon-sun 08:00-09:00"], &[1])], &[1]);
    assert_eq!(begun(&after.say(Input::RestoreCallback(Box::new(known)))), None);
    assert!(begun(&after.pass(secs(10 * 3_600))).is_some());
}
