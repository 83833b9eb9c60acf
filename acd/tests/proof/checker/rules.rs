//! The routing rules, as scans: who may have a call, which call is first, who gets it.

use clock::*;

use super::{Checker, nanos};

impl Checker {
    /// Waiting calls in the order in which they are to be served.
    pub(super) fn in_order(&self) -> Vec<CallId> {
        let mut all: Vec<CallId> = self.calls.keys().copied().collect();
        all.sort_by_key(|call| self.key(*call));
        all
    }

    fn key(&self, call: CallId) -> (core::cmp::Reverse<i32>, i64, u64) {
        let row = &self.calls[&call];
        (core::cmp::Reverse(row.priority), row.arrived, row.seq)
    }

    /// The first waiting call that does not ring and that somebody can take.
    pub(super) fn first_to_serve(&self) -> Option<CallId> {
        let free: Vec<AgentId> = self.free_agents();
        if free.is_empty() {
            return None;
        }
        let waiting = self.calls.iter().filter(|(_, row)| row.ringing.is_empty());
        let takeable = waiting.filter(|(call, _)| free.iter().any(|agent| self.can_take(*agent, **call)));
        takeable.map(|(call, _)| *call).min_by_key(|call| self.key(*call))
    }

    /// Agents who can take a call now, the one who is to get it first.
    pub(super) fn candidates(&self, call: CallId) -> Vec<AgentId> {
        let mut ids: Vec<AgentId> =
            self.free_agents().into_iter().filter(|agent| self.can_take(*agent, call)).collect();
        ids.sort_by_key(|id| (nanos(self.agents[id].idle_since()), *id));
        ids
    }

    fn free_agents(&self) -> Vec<AgentId> {
        self.agents.iter().filter(|(_, person)| person.is_free()).map(|(id, _)| *id).collect()
    }

    /// The rules in force let this free agent have this call.
    fn can_take(&self, agent: AgentId, call: CallId) -> bool {
        self.queues[&self.calls[&call].queue].config.has(agent)
    }
}
