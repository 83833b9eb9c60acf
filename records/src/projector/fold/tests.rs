use std::sync::atomic::{AtomicBool, Ordering};

use clock::{AgentId, LegId};
use journal_core::{CallEvent, Cause, Direction, NameKind, Names, Outcome, RecordingState, Who};

use super::*;

/// What an assertion of the fold does, for the tests of the projector.
pub(super) fn break_at(stored: &Stored) {
    static ONCE_BROKEN: AtomicBool = AtomicBool::new(false);
    let Ok(Entry::AgentStateChanged { reason: Some(reason), .. }) = &stored.entry else { return };
    let once = reason == super::super::tests::ONCE && !ONCE_BROKEN.swap(true, Ordering::SeqCst);
    assert!(!once && reason != super::super::tests::ALWAYS, "broken on demand");
}

fn fold() -> Fold {
    let mut names = Names::default();
    names.insert(NameKind::Agent, 1, "demo", "1001");
    Fold::new(Naming { names, home: "demo".to_owned() }, Rules::default())
}

fn stored(sequence: u64, entry: Entry) -> Arc<Stored> {
    let position = Position { node: 1, epoch: 1, sequence };
    Arc::new(Stored { position, written_at: WallTime::default(), entry: Ok(entry) })
}

fn step(sequence: u64, call: u128, seq: u32, event: CallEvent) -> Arc<Stored> {
    stored(sequence, Entry::Call(CallEntry { call: CallId(call), seq, at: WallTime::default(), event }))
}

fn started() -> CallEvent {
    CallEvent::Started {
        direction: Direction::OutboundDial,
        internal: true,
        from: "1001".to_owned(),
        to: "1002".to_owned(),
        parent: None,
        trunk: None,
        agent: Some(AgentId(1)),
    }
}

fn ended() -> CallEvent {
    let cause = Cause { who: Who::Caller, q850: Some(16), sip: None, code: "normal".to_owned() };
    CallEvent::Ended { status: journal_core::CallStatus::Completed, outcome: Outcome::Successful, cause }
}

fn plan(fold: &mut Fold, entries: &[Arc<Stored>]) -> Plan {
    let entries: Vec<_> = entries.iter().collect();
    fold.plan(&entries, entries.last().unwrap().position)
}

fn calls(plan: &Plan) -> Vec<(u128, usize)> {
    let call = |write: &Write| match write {
        Write::Call(rows) => Some((rows.call.id.0, rows.steps.len())),
        _ => None,
    };
    plan.writes.iter().filter_map(call).collect()
}

#[test]
fn rows_come_at_the_end_and_open_calls_hold_the_place_to_resume() {
    let mut fold = fold();
    let first = plan(&mut fold, &[step(1, 1, 1, started()), step(2, 2, 1, started()), step(3, 1, 2, ended())]);
    assert_eq!(calls(&first), [(1, 2)]);
    assert_eq!((first.applied.sequence, first.resume.sequence), (3, 1));
    let second = plan(&mut fold, &[step(4, 2, 2, ended())]);
    assert_eq!(calls(&second), [(2, 2)]);
    assert_eq!((second.applied.sequence, second.resume.sequence), (4, 4));
}

#[test]
fn a_recording_that_ends_after_the_call_writes_it_again_with_the_new_step_only() {
    let mut fold = fold();
    let recording = CallEvent::RecordingStarted { path: "p".to_owned() };
    let ready = CallEvent::RecordingEnded { state: RecordingState::Ready, duration_ms: 5, sha256: [0; 32] };
    let first = [step(1, 1, 1, started()), step(2, 1, 2, recording), step(3, 1, 3, ended())];
    assert_eq!(calls(&plan(&mut fold, &first)), [(1, 3)]);
    let ready = [step(4, 1, 4, ready)];

    let mut restarted = self::fold();
    for stored in &first {
        restarted.restore(stored);
    }
    for fold in [&mut fold, &mut restarted] {
        let last = plan(fold, &ready);
        assert_eq!((calls(&last), last.resume.sequence), (vec![(1, 1)], 4));
    }
}

#[test]
fn what_means_nothing_is_put_aside_with_its_bytes() {
    let mut fold = fold();
    let stray = step(1, 9, 5, ended());
    let twice = [step(2, 1, 1, started()), step(3, 1, 1, started())];
    let legs = step(4, 1, 3, CallEvent::Held { leg: LegId(1) });
    let planned = plan(&mut fold, &[stray, twice[0].clone(), twice[1].clone(), legs]);
    let poisoned = planned.writes.iter().filter_map(|write| match write {
        Write::Poison(poison) => Some((poison.position.sequence, poison.entry.is_empty())),
        _ => None,
    });
    assert_eq!(poisoned.collect::<Vec<_>>(), [(1, false), (3, false), (4, false)]);
    assert_eq!(calls(&plan(&mut fold, &[step(5, 1, 4, ended())])), [(1, 3)], "the call goes on past its gap");
}

#[test]
fn a_call_of_very_many_steps_is_not_held_in_memory() {
    let mut fold = fold();
    let held = |n: u64| step(n, 1, n as u32, CallEvent::Held { leg: LegId(1) });
    let entries: Vec<_> = std::iter::once(step(1, 1, 1, started())).chain((2..=2_100).map(held)).collect();
    let planned = plan(&mut fold, &entries);
    let early = planned.writes.iter().map(|write| match write {
        Write::Steps(_, _, steps) => steps.len(),
        _ => 0,
    });
    assert_eq!(early.collect::<Vec<_>>(), [MAX_UNWRITTEN, MAX_UNWRITTEN]);
    assert_eq!(planned.resume.sequence, 0, "a restart reads the call from its start");
    let last = plan(&mut fold, &[step(2_101, 1, 2_101, ended())]);
    assert_eq!(calls(&last), [(1, 2_101 - 2 * MAX_UNWRITTEN)]);
}
