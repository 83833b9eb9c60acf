//! One queue and its waiting calls; the profiles of its agents.

use std::collections::{BTreeMap, BTreeSet};

use clock::{AgentId, CallId, Instant, QueueId, ShardId, WallTime};

use crate::contract::{QueueConfig, QueueTally};
use crate::explain::Decision;
use crate::order::{CallKey, Stamp};

/// A queue's rules and tally, and the index of its calls: each waiting call is
/// in exactly one of `open` and `ringing`, so the head of `open` is always one
/// that can be offered.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    pub(crate) config: QueueConfig,
    pub(crate) tally: QueueTally,
    pub(crate) open: BTreeMap<CallKey, CallId>,
    pub(crate) ringing: BTreeMap<CallKey, CallId>,
    /// The profiles that serve it.
    pub(crate) profiles: Vec<usize>,
    /// Changed since others were last told.
    pub(crate) changed: bool,
}

/// A call that waits.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) call: CallId,
    pub(crate) shard: ShardId,
    pub(crate) queue: QueueId,
    pub(crate) key: CallKey,
    /// What people read; `key` decides.
    pub(crate) arrived: WallTime,
    /// End of the longest wait.
    pub(crate) until: Instant,
    pub(crate) offered_to: Option<AgentId>,
    /// Offers so far.
    pub(crate) attempts: u32,
    pub(crate) decisions: Vec<Decision>,
    /// Since when its shard's facts do not name it.
    pub(crate) missing_since: Option<Instant>,
}

/// Agents that serve the same queues. A freed agent looks at the heads of his
/// queues, a new call at the heads of its profiles: no decision scans agents or
/// calls (pacing.md section 8).
#[derive(Clone, Debug, Default)]
pub(crate) struct Profile {
    /// Slots of the queues, ascending.
    pub(crate) queues: Vec<usize>,
    /// Idle agents: longest idle first, then by id (slots are in order of ids).
    pub(crate) idle: BTreeSet<(Stamp, usize)>,
    /// Agents in each state, by `State as usize`.
    pub(crate) states: [u32; 6],
    /// Changed since others were last told.
    pub(crate) changed: bool,
}

impl Queue {
    /// An empty queue.
    pub(crate) fn new(config: QueueConfig) -> Self {
        Self {
            config,
            tally: QueueTally::default(),
            open: BTreeMap::new(),
            ringing: BTreeMap::new(),
            profiles: Vec::new(),
            changed: true,
        }
    }

    /// Calls on the line.
    pub(crate) fn waiting(&self) -> usize {
        self.open.len() + self.ringing.len()
    }

    /// The call that is served first.
    pub(crate) fn head(&self) -> Option<(CallKey, CallId)> {
        self.open.first_key_value().map(|(key, call)| (*key, *call))
    }

    /// All waiting calls in the order in which they will be served.
    pub(crate) fn in_order(&self) -> Vec<CallId> {
        let mut all: Vec<(CallKey, CallId)> = self.open.iter().chain(&self.ringing).map(|(k, c)| (*k, *c)).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, call)| call).collect()
    }
}
