//! What the distributor teaches its estimators, and the waits that follow for
//! its lines (`ewt`). Nothing here decides anything.

use std::collections::BTreeMap;

use clock::{AgentId, CallId, QueueId};

use crate::acd::Acd;
use crate::agent::Engaged;
use crate::contract::{QueueSnapshot, Snapshot, State, WaitingSnapshot, WorkKind};
use crate::ewt::{Estimate, Forecast, Line};
use crate::limits::OFFER_GRACE;
use crate::order::CallKey;
use crate::queue::{Queue, Waiting};
use crate::waiting::Left;

/// The place of a waiting call in the one order over all queues: smaller is served first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank(pub(crate) CallKey);

/// A queue whose calls compete for the agents of another one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rival {
    /// The queue.
    pub queue: QueueId,
    /// The part of the other queue's agents who serve this one too, 0 to 1: so much of each of its calls is before a
    /// call of the other queue.
    pub share: f64,
}

/// One who waits in a queue, in the one order of callers and callbacks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InLine<'a> {
    /// Who waits.
    pub waiting: &'a WaitingSnapshot,
    /// How many of his queue are served before him, plus one.
    pub place: u32,
    /// How long he is expected to wait; `None` while nobody is on duty who serves the queue.
    pub expected: Option<Estimate>,
}

impl Snapshot {
    /// All who wait in a queue, callers and callbacks, in the order in which they will be served. Costs as much as
    /// there are calls that compete.
    #[must_use]
    pub fn line(&self, queue: QueueId) -> Vec<InLine<'_>> {
        let Some(row) = self.queue(queue) else { return Vec::new() };
        let mut forecast = Forecast::new(row.estimator.rates(self.now.mono, on_duty(row.agents)));
        let mut rivals: Vec<(f64, f64, _)> =
            self.rivals(row).map(|(share, line)| (share, 0.0, line.peekable())).collect();
        let mut own = 0.0;
        let whole = self.competing(row, 0.0);
        let mut estimate = |call: &WaitingSnapshot| {
            if !call.offered_to.is_empty() {
                return row.estimator.estimate_in(&mut forecast, Line { ready: 1, ..whole });
            }
            let mut ahead = own;
            for (share, passed, line) in &mut rivals {
                while line.next_if(|rival| rival.rank < call.rank).is_some() {
                    *passed += 1.0;
                }
                ahead += *share * *passed;
            }
            own += 1.0;
            row.estimator.estimate_in(&mut forecast, Line { ahead, ..whole })
        };
        let in_line = |(waiting, place)| InLine { waiting, place, expected: estimate(waiting) };
        in_order(row).zip(1..).map(in_line).collect()
    }

    /// The expected wait of each caller on the line of a queue, in their order.
    #[must_use]
    pub fn expected(&self, queue: QueueId) -> Vec<Option<Estimate>> {
        let callers = self.line(queue).into_iter().filter(|one| one.waiting.callback.is_none());
        callers.map(|one| one.expected).collect()
    }

    /// The expected wait of a call that would come now, with the usual priority.
    #[must_use]
    pub fn expected_next(&self, queue: QueueId) -> Option<Estimate> {
        let row = self.queue(queue)?;
        let ahead = self.rivals(row).map(|(share, line)| share * line.count() as f64).sum::<f64>();
        row.estimator.estimate(self.now.mono, self.competing(row, ahead + open(row).count() as f64))
    }

    /// A queue.
    #[must_use]
    pub fn queue(&self, queue: QueueId) -> Option<&QueueSnapshot> {
        let index = self.queues.binary_search_by_key(&queue, |row| row.queue).ok()?;
        self.queues.get(index)
    }

    fn rivals<'a>(
        &'a self,
        row: &'a QueueSnapshot,
    ) -> impl Iterator<Item = (f64, impl Iterator<Item = &'a WaitingSnapshot>)> {
        row.rivals.iter().filter_map(|rival| Some((rival.share, open(self.queue(rival.queue)?))))
    }

    fn competing(&self, row: &QueueSnapshot, ahead: f64) -> Line {
        let head = open(row).next().map(|head| self.now.wall.millis_since(head.arrived));
        let length = u32::try_from(open(row).count()).unwrap_or(u32::MAX);
        let head_waited = head.map(core::time::Duration::from_millis);
        Line { ahead, agents: on_duty(row.agents), ready: row.agents[State::Ready as usize], head_waited, length }
    }
}

impl Acd {
    /// The expected wait of a waiting call; `None` when it does not wait, or while nobody is on duty who serves its
    /// queue. Costs as much as there are calls before it.
    #[must_use]
    pub fn expected(&self, call: CallId) -> Option<Estimate> {
        let row = self.calls.get(&call)?;
        let queue = &self.queues[self.queue_slot(row.queue)?];
        let states = self.states_of(self.queue_slot(row.queue)?);
        let is_ringing = !row.ringing.is_empty();
        let ready = if is_ringing { 1 } else { states[State::Ready as usize] };
        let before = |queue: &Queue| self.open(queue).take_while(|other| other.key < row.key).count() as f64;
        let ahead = if is_ringing { 0.0 } else { before(queue) };
        let rivals = queue.rivals.iter().filter(|_| !is_ringing);
        let rivals = rivals.filter_map(|rival| Some(rival.share * before(&self.queues[self.queue_slot(rival.queue)?])));
        let head_waited = self.open(queue).next().map(|head| head.since.age(self.now.mono));
        let length = u32::try_from(self.open(queue).count()).unwrap_or(u32::MAX);
        let line = Line { ahead: ahead + rivals.sum::<f64>(), agents: on_duty(states), ready, head_waited, length };
        queue.estimator.estimate(self.now.mono, line)
    }

    /// Calls of a queue for which nobody rings yet, in order.
    fn open<'a>(&'a self, queue: &'a Queue) -> impl Iterator<Item = &'a Waiting> {
        let rows = queue.calls.values().filter_map(|call| self.calls.get(call));
        rows.filter(|row| row.ringing.is_empty())
    }

    /// An agent's phone begins to ring for a call of this queue.
    pub(crate) fn engage(&mut self, slot: usize, queue: QueueId) {
        self.disengage(slot);
        let Some(queue_slot) = self.queue_slot(queue) else { return };
        self.queues[queue_slot].estimator.begin(self.now.mono);
        self.agents[slot].engaged = Some(Engaged { queue, served: false });
    }

    /// An agent whom neither a call nor what follows it holds any more is free again.
    pub(crate) fn disengage_if_free(&mut self, slot: usize) {
        let agent = &self.agents[slot];
        let busy = matches!(agent.shown.state, State::Reserved | State::OnCall | State::WrapUp);
        if !busy && agent.engaged.is_some() {
            self.disengage(slot);
        }
    }

    /// He is held no more.
    pub(crate) fn disengage(&mut self, slot: usize) {
        let Some(held) = self.agents[slot].engaged.take() else { return };
        if let Some(queue_slot) = self.queue_slot(held.queue) {
            self.queues[queue_slot].estimator.free(self.now.mono, held.served);
        }
    }

    /// An agent's claim of a call was granted, before the call leaves its queue.
    pub(crate) fn learn_answered(&mut self, slot: usize, call: CallId, deadline: clock::Instant) {
        if let Some(held) = &mut self.agents[slot].engaged {
            held.served = true;
        }
        let Some(row) = self.calls.get(&call) else { return };
        let Some(queue_slot) = self.queue_slot(row.queue) else { return };
        let queue = &mut self.queues[queue_slot];
        let left = deadline - self.now.mono;
        let rang = (queue.config.ring + OFFER_GRACE).saturating_sub(left);
        queue.estimator.answered(self.now.mono, row.since.age(self.now.mono), rang);
    }

    /// A call left its queue without an answer.
    pub(crate) fn learn_left(&mut self, row: &Waiting, how: Left) {
        let Some(queue_slot) = self.queue_slot(row.queue) else { return };
        let (now, estimator) = (self.now.mono, &mut self.queues[queue_slot].estimator);
        let waited = row.since.age(now);
        match how {
            // Who waits for a callback says nothing of those on the line.
            _ if row.kind != WorkKind::Inbound => {}
            Left::Answered => {}
            Left::Abandoned => estimator.abandoned(now, waited),
            Left::TimedOut | Left::Moved | Left::CalledBack => estimator.left(now, waited),
        }
    }

    /// Which queues share agents, and by how much; and how many agents each estimator holds, anew from the rows.
    pub(crate) fn index_rivals(&mut self) {
        let mut served: BTreeMap<AgentId, Vec<usize>> = BTreeMap::new();
        for (slot, queue) in self.queues.iter().enumerate() {
            for agent in &queue.config.agents {
                served.entry(agent.agent).or_default().push(slot);
            }
        }
        let mut common: BTreeMap<(usize, usize), u32> = BTreeMap::new();
        for slots in served.values() {
            for one in slots {
                for other in slots.iter().filter(|other| *other != one) {
                    *common.entry((*one, *other)).or_default() += 1;
                }
            }
        }
        for slot in 0..self.queues.len() {
            let of = self.queues[slot].config.agents.len().max(1) as f64;
            let rivals = common.range((slot, 0)..(slot + 1, 0));
            let rivals = rivals.map(|((_, other), number)| Rival {
                queue: self.queues[*other].config.queue,
                share: f64::from(*number) / of,
            });
            let rivals = rivals.collect();
            let queue = self.queues[slot].config.queue;
            let holds = |agent: &&crate::agent::Agent| agent.engaged.is_some_and(|held| held.queue == queue);
            let held = u32::try_from(self.agents.iter().filter(holds).count()).unwrap_or(u32::MAX);
            let row = &mut self.queues[slot];
            row.rivals = rivals;
            row.estimator.recount(self.now.mono, held);
        }
    }
}

/// Agents who serve: those who are ready, and those whom a call or a wrap-up holds.
fn on_duty(states: [u32; 6]) -> u32 {
    [State::Ready, State::Reserved, State::OnCall, State::WrapUp].iter().map(|state| states[*state as usize]).sum()
}

/// Calls for which nobody rings yet.
fn open(row: &QueueSnapshot) -> impl Iterator<Item = &WaitingSnapshot> {
    in_order(row).filter(|call| call.offered_to.is_empty())
}

/// Callers and callbacks in their one order.
fn in_order(row: &QueueSnapshot) -> impl Iterator<Item = &WaitingSnapshot> {
    let (mut callers, mut called_back) = (row.waiting.iter().peekable(), row.called_back.iter().peekable());
    core::iter::from_fn(move || match (callers.peek(), called_back.peek()) {
        (Some(caller), Some(callback)) if callback.rank < caller.rank => called_back.next(),
        (None, _) => called_back.next(),
        _ => callers.next(),
    })
}
