//! What a crash must give back of a place that a person changed: a callback whose caller rang in, a supervisor's priority.

use clock::{CallId, CallbackId, LegId, QueueId, WallTime};
use journal_core::*;

const QUEUE: QueueId = QueueId(1);
const NUMBER: &str = "+442070000001";

fn at(seconds: i64) -> WallTime {
    WallTime::from_micros(1_700_000_000_000_000 + seconds * 1_000_000)
}

fn step(call: u128, seq: u32, event: CallEvent) -> Entry {
    Entry::Call(CallEntry { call: CallId(call), seq, at: at(i64::from(seq)), event })
}

fn started() -> CallEvent {
    CallEvent::Started {
        direction: Direction::Inbound,
        internal: false,
        from: NUMBER.to_owned(),
        to: "+442071830001".to_owned(),
        parent: None,
        trunk: None,
        agent: None,
    }
}

fn entered() -> CallEvent {
    CallEvent::QueueEntered { queue: QUEUE, arrived: at(0), priority: 0 }
}

fn ended(code: &str) -> CallEvent {
    let cause = Cause { who: Who::System, q850: Some(16), sip: Some(200), code: code.to_owned() };
    CallEvent::Ended { status: CallStatus::Failed, outcome: Outcome::Error, cause }
}

fn callback(id: u128, state: CallbackState, related: Option<CallId>) -> Entry {
    Entry::Callback(Shared::from(CallbackEntry {
        callback: CallbackId(id),
        owner: CallbackOwner::Acd,
        state,
        number: NUMBER.to_owned(),
        queue: Some(QUEUE),
        agent: None,
        source: CallbackSource::Key,
        related,
        call: None,
        served_by: None,
        requested_at: at(0),
        arrived: at(0),
        seq: 1,
        priority: 0,
        due_at: None,
        next_at: None,
        expires_at: at(86_400),
        attempts: 0,
        device: None,
        is_verified: false,
        why: None,
        at: at(0),
        steps: Vec::new(),
    }))
}

/// He was promised to be called back, rings in and waits in call 2; then this.
fn open_after(then: &[Entry]) -> Vec<CallbackId> {
    let mut replay = Replay::default();
    let before = [
        callback(1, CallbackState::Queued, Some(CallId(1))),
        step(2, 1, started()),
        callback(1, CallbackState::Superseded, Some(CallId(1))),
        step(2, 2, entered()),
    ];
    for entry in before.iter().chain(then) {
        assert_eq!(replay.apply(entry), Ok(()));
    }
    replay.callbacks().iter().map(|known| known.callback).collect()
}

#[test]
fn a_callback_whose_caller_waits_on_the_line_comes_back_if_a_crash_cuts_him() {
    let his = [CallbackId(1)];
    assert_eq!(open_after(&[]), his, "the node dies now");
    for code in [code::NODE_RESTART, code::SHARD_RESTART] {
        let cut = step(2, 3, ended(code));
        assert_eq!(open_after(core::slice::from_ref(&cut)), his, "it dies again before the ACD said that it is open");
        let again = callback(1, CallbackState::Queued, Some(CallId(1)));
        assert_eq!(open_after(&[again.clone(), cut.clone()]), his);
        let over = callback(1, CallbackState::Connected, Some(CallId(1)));
        assert_eq!(open_after(&[cut, again, over]), []);
    }
}

#[test]
fn who_was_served_gave_up_or_asked_anew_is_not_called_back_for_the_first() {
    let answered = CallEvent::Answered { leg: LegId(7), agent: None };
    assert_eq!(open_after(&[step(2, 3, answered)]), []);
    assert_eq!(open_after(&[step(2, 3, ended("canceled"))]), []);
    assert_eq!(open_after(&[callback(3, CallbackState::Queued, Some(CallId(2)))]), [CallbackId(3)]);
}

#[test]
fn a_supervisors_priority_comes_with_the_place_of_who_was_cut_over_two_crashes() {
    let mut replay = Replay::default();
    let steering = Steering::Prioritised { priority: 9 };
    let first = [
        step(1, 1, started()),
        step(1, 2, entered()),
        step(1, 3, CallEvent::QueueSteered { queue: QUEUE, steering }),
        step(1, 4, entered()),
        step(1, 5, ended(code::NODE_RESTART)),
    ];
    for entry in &first {
        assert_eq!(replay.apply(entry), Ok(()));
    }
    let ordered = |replay: &Replay| replay.places(at(60)).first().and_then(|(_, kept)| kept.place.ordered);
    assert_eq!(ordered(&replay), Some(9));
    for entry in [step(2, 1, started()), step(2, 2, entered())] {
        assert_eq!(replay.apply(&entry), Ok(()));
    }
    assert_eq!(ordered(&replay), Some(9), "his new call has it from the place");
}
