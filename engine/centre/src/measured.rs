//! What journal entries say to the figures of queues: the facts of [`acd::measure`].

use acd::State;
use acd::measure::{Fact, Leave};
use journal_core::{AgentState, CallEvent, Entry, QueueLeft};

/// What an entry says, if it says anything.
#[must_use]
pub fn fact_of(entry: &Entry) -> Option<Fact> {
    match entry {
        Entry::Call(step) => {
            let (call, at) = (step.call, step.at);
            match &step.event {
                CallEvent::Started { internal: true, .. } => Some(Fact::Internal { call, at }),
                CallEvent::QueueEntered { .. } if step.is_callback_place() => None,
                CallEvent::QueueEntered { queue, .. } => Some(Fact::Entered { call, queue: *queue, at }),
                CallEvent::QueueLeft { queue, how } => {
                    Some(Fact::Left { call, queue: *queue, at, how: leave_of(*how) })
                }
                CallEvent::Ended { .. } => Some(Fact::CallEnded { call, at }),
                _ => None,
            }
        }
        Entry::AgentStateChanged { agent, state, at, .. } => {
            Some(Fact::State { agent: *agent, state: state_of(*state), at: *at })
        }
        Entry::NodeStarted { at } => Some(Fact::Started { at: *at }),
        _ => None,
    }
}

/// How a call left, in the words of the figures.
#[must_use]
pub const fn leave_of(how: QueueLeft) -> Leave {
    match how {
        QueueLeft::Answered => Leave::Answered,
        QueueLeft::Abandoned => Leave::Abandoned,
        QueueLeft::TimedOut => Leave::TimedOut,
        QueueLeft::Full | QueueLeft::Empty | QueueLeft::Key | QueueLeft::Closed | QueueLeft::CallbackLimit => {
            Leave::Overflowed
        }
        QueueLeft::CalledBack => Leave::Callback,
        QueueLeft::Moved => Leave::Moved,
        QueueLeft::Ended => Leave::Ended,
    }
}

const fn state_of(state: AgentState) -> State {
    match state {
        AgentState::Offline => State::Offline,
        AgentState::Ready => State::Ready,
        AgentState::Reserved => State::Reserved,
        AgentState::OnCall => State::OnCall,
        AgentState::WrapUp => State::WrapUp,
        AgentState::Paused => State::Paused,
    }
}
