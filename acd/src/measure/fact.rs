//! What figures are made of.

use clock::{AgentId, CallId, QueueId, WallTime};

use crate::contract::State;

/// Something that happened, as the journal says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A call between own parties began: it counts nowhere.
    Internal {
        /// The call.
        call: CallId,
        /// When.
        at: WallTime,
    },
    /// A call entered a queue. Once more for the same queue says nothing new; for another one it was moved.
    Entered {
        /// The call.
        call: CallId,
        /// The queue.
        queue: QueueId,
        /// When: its wait runs from here.
        at: WallTime,
    },
    /// A call left its queue.
    Left {
        /// The call.
        call: CallId,
        /// The queue.
        queue: QueueId,
        /// When.
        at: WallTime,
        /// How.
        how: Leave,
    },
    /// A call ended; one that waited still did not leave in order.
    CallEnded {
        /// The call.
        call: CallId,
        /// When.
        at: WallTime,
    },
    /// An agent's state became another one.
    State {
        /// The agent.
        agent: AgentId,
        /// The state.
        state: State,
        /// When.
        at: WallTime,
    },
    /// The node started: what ran before it ended when the last fact was written.
    Started {
        /// When.
        at: WallTime,
    },
}

/// How a call left a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leave {
    /// An agent answered.
    Answered,
    /// The caller hung up.
    Abandoned,
    /// The longest wait was over.
    TimedOut,
    /// A rule or a key sent the call elsewhere: nobody was there, no room, the caller chose, or asked for one callback
    /// too many.
    Overflowed,
    /// To another queue.
    Moved,
    /// A callback was asked for: the caller waits no more on the line.
    Callback,
    /// We ended it.
    Ended,
}

/// A call's stay in a queue, from the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The call.
    pub call: CallId,
    /// The queue.
    pub queue: QueueId,
    /// When it entered.
    pub entered: WallTime,
    /// When and how it left; `None` while it waits.
    pub left: Option<(WallTime, Leave)>,
}

impl Fact {
    /// When it happened.
    #[must_use]
    pub const fn at(&self) -> WallTime {
        match self {
            Self::Internal { at, .. }
            | Self::Entered { at, .. }
            | Self::Left { at, .. }
            | Self::CallEnded { at, .. }
            | Self::State { at, .. }
            | Self::Started { at } => *at,
        }
    }
}
