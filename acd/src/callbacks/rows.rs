//! The open callbacks and how they are found.

use std::collections::{BTreeMap, BTreeSet};

use clock::{AgentId, CallId, CallbackId, Instant, QueueId, Rng, ShardId, WallTime};

use crate::contract::Callback;
use crate::order::Stamp;

/// Open callbacks. One that ended is not here.
#[derive(Clone, Debug)]
pub(crate) struct Callbacks {
    pub(crate) rows: BTreeMap<CallbackId, Row>,
    /// Of each caller in each queue the first, unless it is for a time of its own.
    by_number: BTreeMap<(QueueId, String), CallbackId>,
    by_queue: BTreeMap<QueueId, BTreeSet<CallbackId>>,
    by_agent: BTreeMap<AgentId, BTreeSet<CallbackId>>,
    /// By the id under which it waits or is dialed.
    by_work: BTreeMap<CallId, CallbackId>,
    /// Of each agent his own that are due and wait until he is ready: since when, first come first.
    awaiting: BTreeMap<AgentId, BTreeSet<(WallTime, CallbackId)>>,
    /// Agents who became ready and have any of these.
    pub(crate) freed: BTreeSet<AgentId>,
    /// Calls of callers who hear that they are called back.
    pub(crate) parting: BTreeMap<CallId, CallbackId>,
    /// Calls that took the place of a callback over, and where it lay on our clock.
    pub(crate) took_over: BTreeMap<CallId, (Stamp, Callback)>,
    /// Calls of callers who rang in while their callbacks' calls were being made.
    pub(crate) rang_in: BTreeMap<CallId, CallbackId>,
    /// Calls that a shard's last report named and we do not know, since when.
    pub(crate) strangers: BTreeMap<ShardId, BTreeMap<CallId, Instant>>,
    /// Shards that may serve callbacks.
    pub(crate) shards: BTreeSet<ShardId>,
    /// Touched since others were last told.
    pub(crate) touched: BTreeSet<CallbackId>,
    pub(crate) rng: Rng,
}

/// One open callback.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) it: Callback,
    pub(crate) phase: Phase,
    /// The call that it becomes: under this id it waits and is dialed.
    pub(crate) work: CallId,
    /// Where the arrival lies on our clock.
    pub(crate) stamp: Stamp,
    /// The shard that was told to begin its call.
    pub(crate) shard: Option<ShardId>,
    /// Since when that shard's facts do not name the call.
    pub(crate) missing_since: Option<Instant>,
    /// When it is looked at next. By the clocks of the moment in which that was set: a rebuild changes nothing (P10).
    pub(crate) wakes_at: Option<Instant>,
    /// It is an agent's own, due since then, and waits until he is ready.
    pub(crate) awaits_since: Option<WallTime>,
    /// Its caller rang in while its call was being made.
    pub(crate) rang_in: Option<RangIn>,
    /// Names its calls: of its own, as callbacks that begin in one moment have no order that a rebuild would keep (P10).
    pub(super) rng: Rng,
    /// As others were last told.
    pub(crate) told: Option<Callback>,
}

/// What became of a caller who rang in while his callback's call was being made: his line was busy with us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RangIn {
    /// He waits in this call.
    Waits(CallId),
    /// An agent has taken his call.
    Served,
}

/// Where a callback is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Its time has not come.
    NotDue,
    /// Its caller is still on the line, where he hears that he is called back: his own phone would be busy.
    Parting {
        /// His call.
        call: CallId,
        /// When it is over at the latest.
        until: Instant,
    },
    /// Among the work that waits.
    Waiting {
        /// The customer is called while the agent's lease is open.
        is_dialing: bool,
    },
    /// An agent has it.
    Claimed {
        /// The customer's phone is being called.
        is_dialing: bool,
    },
    /// Until its next attempt.
    Resting,
    /// Until its queue opens.
    Shelved,
}

impl Row {
    /// A callback whose time has not come.
    pub(crate) fn new(it: Callback, stamp: Stamp, now: WallTime, mut rng: Rng) -> Self {
        let (phase, work) = (Phase::NotDue, CallId::mint(now, &mut rng));
        let (shard, missing_since, wakes_at, awaits_since) = (None, None, None, None);
        let (rang_in, told) = (None, None);
        Self { it, phase, work, stamp, shard, missing_since, wakes_at, awaits_since, rang_in, rng, told }
    }
}

impl Callbacks {
    pub(crate) fn new(rng: Rng) -> Self {
        Self {
            rows: BTreeMap::new(),
            by_number: BTreeMap::new(),
            by_queue: BTreeMap::new(),
            by_agent: BTreeMap::new(),
            by_work: BTreeMap::new(),
            awaiting: BTreeMap::new(),
            freed: BTreeSet::new(),
            parting: BTreeMap::new(),
            took_over: BTreeMap::new(),
            rang_in: BTreeMap::new(),
            strangers: BTreeMap::new(),
            shards: BTreeSet::new(),
            touched: BTreeSet::new(),
            rng,
        }
    }

    /// Enters a callback into every index.
    pub(crate) fn insert(&mut self, row: Row) {
        let (id, it) = (row.it.id, &row.it);
        if let Some(queue) = it.queue {
            self.by_queue.entry(queue).or_default().insert(id);
            if it.due_at.is_none() {
                self.by_number.entry((queue, it.number.clone())).or_insert(id);
            }
        }
        if let Some(agent) = it.agent {
            self.by_agent.entry(agent).or_default().insert(id);
        }
        self.by_work.insert(row.work, id);
        self.touched.insert(id);
        self.rows.insert(id, row);
    }

    /// Takes a callback out of every index.
    pub(crate) fn remove(&mut self, id: CallbackId) -> Option<Row> {
        self.await_no_more(id);
        let row = self.rows.remove(&id)?;
        self.touched.remove(&id);
        self.by_work.remove(&row.work);
        if let Phase::Parting { call, .. } = row.phase {
            self.parting.remove(&call);
        }
        if let Some(RangIn::Waits(call)) = row.rang_in {
            self.rang_in.remove(&call);
        }
        if let Some(queue) = row.it.queue {
            let key = (queue, row.it.number.clone());
            if self.by_number.get(&key) == Some(&id) {
                self.by_number.remove(&key);
            }
            take_from(&mut self.by_queue, queue, id);
        }
        if let Some(agent) = row.it.agent {
            take_from(&mut self.by_agent, agent, id);
        }
        Some(row)
    }

    /// It waits, or is dialed, under another call from now.
    pub(crate) fn renew_work(&mut self, id: CallbackId, now: WallTime) {
        let Some(row) = self.rows.get_mut(&id) else { return };
        let work = CallId::mint(now, &mut row.rng);
        self.by_work.remove(&core::mem::replace(&mut row.work, work));
        row.shard = None;
        row.missing_since = None;
        self.by_work.insert(work, id);
    }

    /// The callback that waits or is dialed under this call.
    pub(crate) fn of_work(&self, work: CallId) -> Option<CallbackId> {
        self.by_work.get(&work).copied()
    }

    /// The open callback of a caller in a queue.
    pub(crate) fn of_caller(&self, queue: QueueId, number: &str) -> Option<CallbackId> {
        self.by_number.get(&(queue, number.to_owned())).copied()
    }

    /// The callbacks of a queue.
    pub(crate) fn of_queue(&self, queue: QueueId) -> impl Iterator<Item = CallbackId> + '_ {
        self.by_queue.get(&queue).into_iter().flatten().copied()
    }

    /// The queues that have any.
    pub(crate) fn queues(&self) -> impl Iterator<Item = QueueId> + '_ {
        self.by_queue.keys().copied()
    }

    /// An agent's own.
    pub(crate) fn of_agent(&self, agent: AgentId) -> impl Iterator<Item = CallbackId> + '_ {
        self.by_agent.get(&agent).into_iter().flatten().copied()
    }

    /// An agent's own is due, and he is not ready.
    pub(crate) fn await_agent(&mut self, id: CallbackId) {
        let Some(row) = self.rows.get_mut(&id).filter(|row| row.awaits_since.is_none()) else { return };
        let Some(agent) = row.it.agent else { return };
        let since = row.it.next_at.or(row.it.due_at).unwrap_or(row.it.requested_at);
        row.awaits_since = Some(since);
        self.awaiting.entry(agent).or_default().insert((since, id));
    }

    /// He is called, or it is over.
    pub(crate) fn await_no_more(&mut self, id: CallbackId) {
        let Some(row) = self.rows.get_mut(&id) else { return };
        let Some((since, agent)) = row.awaits_since.take().zip(row.it.agent) else { return };
        take_from(&mut self.awaiting, agent, (since, id));
    }

    /// Of an agent's own that wait for him the one that is due longest.
    pub(crate) fn first_awaiting(&self, agent: AgentId) -> Option<CallbackId> {
        self.awaiting.get(&agent)?.first().map(|(_, id)| *id)
    }

    /// The call of one of an agent's own that was begun and is not connected.
    pub(crate) fn begun_own(&self, agent: AgentId) -> Option<CallId> {
        let is_begun = |row: &&Row| matches!(row.phase, Phase::Claimed { .. });
        self.of_agent(agent).filter_map(|id| self.rows.get(&id)).find(is_begun).map(|row| row.work)
    }

    /// An agent is ready: whatever waits for him is looked at before the next offer.
    pub(crate) fn agent_ready(&mut self, agent: AgentId) {
        if self.awaiting.contains_key(&agent) {
            self.freed.insert(agent);
        }
    }

    /// A callback that counts for the limit: its time has come and it is not over.
    pub(crate) fn is_due(&self, id: CallbackId) -> bool {
        self.rows.get(&id).is_some_and(|row| row.phase != Phase::NotDue)
    }

    /// Its caller rang in while its call is being made.
    pub(crate) fn note_rang_in(&mut self, id: CallbackId, call: CallId) {
        let Some(row) = self.rows.get_mut(&id) else { return };
        if let Some(RangIn::Waits(former)) = row.rang_in.replace(RangIn::Waits(call)) {
            self.rang_in.remove(&former);
        }
        self.rang_in.insert(call, id);
    }

    /// A call left its queue, to an agent or not.
    pub(crate) fn call_left(&mut self, call: CallId, is_served: bool) {
        self.took_over.remove(&call);
        let rang_in = self.rang_in.remove(&call).and_then(|id| self.rows.get_mut(&id));
        if let Some(row) = rang_in {
            row.rang_in = is_served.then_some(RangIn::Served);
        }
    }

    /// What is remembered of it may have changed.
    pub(crate) fn touch(&mut self, id: CallbackId) {
        self.touched.insert(id);
    }

    /// A shard for the next call.
    pub(crate) fn shard_for(&self, id: CallbackId) -> ShardId {
        let nth = usize::try_from(id.0 % self.shards.len().max(1) as u128).unwrap_or(0);
        self.shards.iter().nth(nth).copied().unwrap_or_default()
    }
}

fn take_from<K: Ord, V: Ord>(index: &mut BTreeMap<K, BTreeSet<V>>, key: K, value: V) {
    if let Some(ids) = index.get_mut(&key) {
        ids.remove(&value);
        if ids.is_empty() {
            index.remove(&key);
        }
    }
}
