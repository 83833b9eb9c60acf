//! One queue and its waiting calls.

use std::collections::{BTreeMap, BTreeSet};

use clock::{AgentId, CallId, Instant, QueueId, ShardId, WallTime};

use crate::contract::{QueueConfig, QueueTally, Step, WaitingSnapshot, WorkKind};
use crate::ewt::{Estimator, Promise};
use crate::expected::{Rank, Rival};
use crate::order::{CallKey, Stamp};

/// A queue's rules and tally, and its calls in order.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    pub(crate) config: QueueConfig,
    pub(crate) tally: QueueTally,
    /// Every waiting call, ringing ones included.
    pub(crate) calls: BTreeMap<CallKey, CallId>,
    /// Its agents by slot, ascending.
    pub(crate) seats: Vec<Seat>,
    /// The profiles that serve it.
    pub(crate) profiles: Vec<usize>,
    /// The classes of its calls.
    pub(crate) classes: Vec<usize>,
    /// Position of the agent who was offered a call last, -1 before the first: where round robin goes on.
    pub(crate) cursor: i64,
    /// Conversations and ringing calls.
    pub(crate) busy: u32,
    /// It has as many of them as it may.
    pub(crate) closed: bool,
    /// Since when nobody has been there while callers wait who leave for that.
    pub(crate) empty_since: Option<Instant>,
    /// When its hours are looked at next, for its callbacks.
    pub(crate) hours_at: Option<Instant>,
    /// Changed since others were last told.
    pub(crate) changed: bool,
    pub(crate) estimator: Estimator,
    pub(crate) rivals: Vec<Rival>,
}

/// An agent's place in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seat {
    /// Slot of the agent.
    pub(crate) agent: usize,
    /// In the order of the configuration, from 0.
    pub(crate) position: u32,
    pub(crate) level: u8,
    pub(crate) weight: u32,
}

/// A call that waits.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) call: CallId,
    pub(crate) shard: ShardId,
    pub(crate) queue: QueueId,
    pub(crate) key: CallKey,
    /// When it came, by the clock that decides.
    pub(crate) since: Stamp,
    /// Its own priority.
    pub(crate) priority: i32,
    /// What people read.
    pub(crate) arrived: WallTime,
    /// When it came to this queue: its wait is counted from here, whatever decides its place.
    pub(crate) entered: WallTime,
    /// End of the longest wait.
    pub(crate) until: Instant,
    pub(crate) caller: Option<Box<str>>,
    pub(crate) kind: WorkKind,
    /// What the call asks for itself.
    pub(crate) steps: Box<[Step]>,
    /// When what it asks changes next, as its timer is set.
    pub(crate) next_step: Option<Instant>,
    /// The class that it is in at this moment.
    pub(crate) class: usize,
    /// Whom it is kept for, and until when.
    pub(crate) held: Option<Held>,
    /// Agents who ring for it.
    pub(crate) ringing: Vec<AgentId>,
    /// How often the ring group was widened.
    pub(crate) joins: usize,
    pub(crate) next_join: Option<Instant>,
    pub(crate) stands: Stand,
    /// What its caller was told of his wait.
    pub(crate) promise: Promise,
    /// Offers so far.
    pub(crate) attempts: u32,
    /// Since when its shard's facts do not name it.
    pub(crate) missing_since: Option<Instant>,
}

/// A call is kept for its preferred agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) agent: AgentId,
    pub(crate) until: Instant,
}

/// The one index that a waiting call stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stand {
    /// In none: as many ring for it as may.
    Full,
    /// Nobody rings for it.
    Open,
    /// Some ring for it, and one more may.
    Joining,
    /// For this agent alone.
    Held(AgentId),
}

/// Calls that are kept for one agent, in order.
pub(crate) type HeldCalls = BTreeSet<(CallKey, CallId)>;

impl Queue {
    /// An empty queue.
    pub(crate) fn new(config: QueueConfig) -> Self {
        Self {
            config,
            tally: QueueTally::default(),
            calls: BTreeMap::new(),
            seats: Vec::new(),
            profiles: Vec::new(),
            classes: Vec::new(),
            cursor: -1,
            busy: 0,
            closed: false,
            empty_since: None,
            hours_at: None,
            changed: true,
            estimator: Estimator::new(),
            rivals: Vec::new(),
        }
    }

    /// Calls on the line.
    pub(crate) fn waiting(&self) -> usize {
        self.calls.len()
    }

    pub(crate) fn seat(&self, agent: usize) -> Option<Seat> {
        let at = self.seats.binary_search_by_key(&agent, |seat| seat.agent).ok()?;
        Some(self.seats[at])
    }
}

impl Waiting {
    /// What others may see of it.
    pub(crate) fn snapshot(&self) -> WaitingSnapshot {
        WaitingSnapshot {
            call: self.call,
            arrived: self.arrived,
            entered: self.entered,
            priority: self.priority,
            rank: Rank(self.key),
            offered_to: self.ringing.clone(),
            attempts: self.attempts,
            callback: None,
        }
    }
}
