use clock::AgentId;

use super::*;

const READY: AgentId = AgentId(1);
const GONE: AgentId = AgentId(2);

fn at(second: i64) -> WallTime {
    WallTime::from_micros(second * 1_000_000)
}

fn state(agent: AgentId, state: AgentState, second: i64) -> Entry {
    let cause = StateCause::Chosen;
    Entry::AgentStateChanged { agent, state, reason: None, call: None, at: at(second), cause }
}

fn replay(entries: &[Entry]) -> Replay {
    let mut replay = Replay::default();
    entries.iter().for_each(|entry| replay.apply(entry).expect("in order"));
    replay
}

/// Agent and begin of what was said.
fn said(entries: &[Entry]) -> Vec<(AgentId, WallTime)> {
    let each = entries.iter().map(|entry| match entry {
        Entry::AgentStateChanged { agent, state: AgentState::Offline, reason, at, cause, .. } => {
            assert_eq!((reason.as_deref(), *cause), (Some("node_down"), StateCause::NodeDown));
            (*agent, *at)
        }
        other => panic!("{other:?}"),
    });
    each.collect()
}

#[test]
fn who_was_signed_on_is_unknown_from_the_last_sign_of_life() {
    let before =
        [state(READY, AgentState::Ready, 10), state(GONE, AgentState::Offline, 11), Entry::NodeAlive { at: at(60) }];
    let mut replay = replay(&before);
    let down = node_down(&replay, at(90));
    assert_eq!(said(&down), [(READY, at(60))]);
    down.iter().for_each(|entry| replay.apply(entry).expect("in order"));
    assert_eq!(node_down(&replay, at(95)), [], "a second crash before he is configured adds nothing");
}

#[test]
fn a_clock_that_was_set_back_makes_no_interval_of_negative_length() {
    let replay = replay(&[state(READY, AgentState::Ready, 10), Entry::NodeAlive { at: at(60) }]);
    assert_eq!(said(&node_down(&replay, at(40))), [(READY, at(40))]);
    assert_eq!(node_down(&replay, at(5)), []);
}
