//! What others may see: all of it, or what changed.

use clock::{AgentId, QueueId};

use crate::acd::Acd;
use crate::contract::{AgentSnapshot, QueueSnapshot, Snapshot, WaitingSnapshot, WorkKind};
use crate::queue::Waiting;

/// Who changed since others were last told: what a publisher copies anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Agents, by id; one without a snapshot is gone.
    pub agents: Vec<AgentId>,
    /// Queues, by id: their calls, tally or agents.
    pub queues: Vec<QueueId>,
}

impl Acd {
    /// Everything. Costs as much as there is; a publisher takes it once and then
    /// follows [`Acd::take_changes`].
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let agents = self.agents.iter().map(|row| row.snapshot(self.now)).collect();
        let queues = (0..self.queues.len()).map(|slot| self.queue_view(slot)).collect();
        Snapshot { now: self.now, agents, queues, callbacks: self.callback_snapshots() }
    }

    /// Who changed since the last time, at the cost of what changed.
    pub fn take_changes(&mut self) -> Changes {
        let mut agents: Vec<AgentId> = core::mem::take(&mut self.changed_agents).into_keys().collect();
        agents.sort_unstable();
        for profile in &mut self.profiles {
            if core::mem::take(&mut profile.changed) {
                for served in &profile.queues {
                    self.queues[served.queue].changed = true;
                }
            }
        }
        let queues = self.queues.iter_mut().filter_map(|queue| {
            let changed = core::mem::take(&mut queue.changed);
            changed.then_some(queue.config.queue)
        });
        Changes { agents, queues: queues.collect() }
    }

    /// One agent.
    #[must_use]
    pub fn agent_snapshot(&self, agent: AgentId) -> Option<AgentSnapshot> {
        self.agent_slot(agent).map(|slot| self.agents[slot].snapshot(self.now))
    }

    /// One queue.
    #[must_use]
    pub fn queue_snapshot(&self, queue: QueueId) -> Option<QueueSnapshot> {
        self.queue_slot(queue).map(|slot| self.queue_view(slot))
    }

    fn queue_view(&self, slot: usize) -> QueueSnapshot {
        let queue = &self.queues[slot];
        let calls = queue.calls.values().filter_map(|call| self.calls.get(call));
        let (called_back, waiting) = calls.partition::<Vec<_>, _>(|row| row.kind == WorkKind::Callback);
        let called_back = called_back.into_iter().map(|row| {
            let callback = self.callbacks.of_work(row.call);
            WaitingSnapshot { callback, ..row.snapshot() }
        });
        QueueSnapshot {
            queue: queue.config.queue,
            waiting: waiting.into_iter().map(Waiting::snapshot).collect(),
            called_back: called_back.collect(),
            agents: self.states_of(slot),
            callbacks: self.callback_counts(queue.config.queue),
            tally: queue.tally,
            estimator: queue.estimator,
            rivals: queue.rivals.clone(),
        }
    }

    /// Number of a queue's agents in each state.
    pub(crate) fn states_of(&self, queue: usize) -> [u32; 6] {
        let mut sum = [0; 6];
        for profile in &self.queues[queue].profiles {
            for (total, count) in sum.iter_mut().zip(self.profiles[*profile].states) {
                *total += count;
            }
        }
        sum
    }
}
