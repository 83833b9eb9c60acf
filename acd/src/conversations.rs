//! How many conversations a queue has at the same time, and no more than it may.

use clock::{CallId, QueueId};

use crate::acd::Acd;

impl Acd {
    /// A call of the queue rings, or an agent talks in one.
    pub(crate) fn conversation_began(&mut self, queue: QueueId) {
        if let Some(slot) = self.queue_slot(queue) {
            self.queues[slot].busy += 1;
            self.check_limit(slot);
        }
    }

    /// It rings no more, or he does not talk any more.
    pub(crate) fn conversation_over(&mut self, queue: QueueId) {
        if let Some(slot) = self.queue_slot(queue) {
            let busy = &mut self.queues[slot].busy;
            *busy = busy.saturating_sub(1);
            self.check_limit(slot);
        }
    }

    /// Counts anew, from the rows alone.
    pub(crate) fn count_conversations(&mut self) {
        self.queues.iter_mut().for_each(|queue| (queue.busy, queue.closed) = (0, false));
        let ringing = self.calls.each().filter(|row| !row.ringing.is_empty()).map(|row| row.queue);
        let talking = self.agents.iter().flat_map(|agent| &agent.legs).filter_map(|leg| leg.queue);
        let all: Vec<QueueId> = ringing.chain(talking).chain(self.gone_conversations()).collect();
        for queue in all {
            if let Some(slot) = self.queue_slot(queue) {
                self.queues[slot].busy += 1;
            }
        }
        for slot in 0..self.queues.len() {
            self.check_limit(slot);
        }
    }

    /// Closes a queue that has as many conversations as it may, and opens it again.
    fn check_limit(&mut self, slot: usize) {
        let queue = &mut self.queues[slot];
        let closed = queue.config.max_conversations.is_some_and(|max| queue.busy >= max);
        if core::mem::replace(&mut queue.closed, closed) == closed {
            return;
        }
        for class in &queue.classes {
            self.open.close(*class, closed);
            if !closed {
                self.woken.class(*class);
            }
        }
        if !closed {
            let is_of = |call: &&CallId| self.calls.get(call).is_some_and(|row| row.queue == queue.config.queue);
            let held: Vec<CallId> = self.held.values().flatten().map(|(_, call)| call).filter(is_of).copied().collect();
            held.into_iter().for_each(|call| self.woken.call(call));
        }
    }
}
