//! Who gets whom: the first waiting call that has an idle agent, and the
//! longest idle of them, until no such pair is left.

use clock::CallId;

use crate::acd::Acd;
use crate::limits::MAX_WOKEN;
use crate::order::CallKey;

/// What an input set free. Before it no pair was left, so every new pair has an
/// agent or a call of these.
#[derive(Clone, Debug, Default)]
pub(crate) struct Woken {
    agents: Vec<usize>,
    calls: Vec<CallId>,
    everything: bool,
}

impl Woken {
    pub(crate) fn agent(&mut self, slot: usize) {
        self.agents.push(slot);
        self.bound();
    }

    pub(crate) fn call(&mut self, call: CallId) {
        self.calls.push(call);
        self.bound();
    }

    /// All queues are to be looked at: slots may have changed.
    pub(crate) fn everything(&mut self) {
        self.everything = true;
        self.bound();
    }

    /// Many at once are not worth looking at one by one.
    fn bound(&mut self) {
        self.everything |= self.agents.len() + self.calls.len() > MAX_WOKEN;
        if self.everything {
            self.agents.clear();
            self.calls.clear();
        }
    }

    fn is_empty(&self) -> bool {
        self.agents.is_empty() && self.calls.is_empty() && !self.everything
    }
}

impl Acd {
    /// Makes every offer that can be made. Each takes an idle agent away, so it ends.
    pub(crate) fn dispatch(&mut self) {
        if self.woken.is_empty() {
            return;
        }
        while let Some((call, slot, candidates)) = self.next_pair() {
            self.open_offer(call, slot, candidates);
        }
        self.woken = Woken::default();
    }

    /// The first call that has an idle agent, with the longest idle agent of its
    /// queue and the number of idle ones.
    fn next_pair(&self) -> Option<(CallId, usize, u32)> {
        let (_, call) = if self.woken.everything { self.first_of_all() } else { self.first_of_woken() }?;
        let queue = self.queue_slot(self.calls.get(&call)?.queue)?;
        let slot = self.longest_idle(queue)?;
        let profiles = self.queues[queue].profiles.iter();
        let candidates: usize = profiles.map(|profile| self.profiles[*profile].idle.len()).sum();
        Some((call, slot, u32::try_from(candidates).unwrap_or(u32::MAX)))
    }

    /// The first call that a woken agent can take, or that woke and finds an agent.
    fn first_of_woken(&self) -> Option<(CallKey, CallId)> {
        let of_agents = self.woken.agents.iter().filter(|slot| self.agents[**slot].listed).filter_map(|slot| {
            let queues = self.profiles[self.agents[*slot].profile].queues.iter();
            queues.filter_map(|queue| self.queues[*queue].head()).min()
        });
        let of_calls = self.woken.calls.iter().filter_map(|call| {
            let row = self.calls.get(call).filter(|row| row.offered_to.is_none())?;
            self.longest_idle(self.queue_slot(row.queue)?).map(|_| (row.key, row.call))
        });
        of_agents.chain(of_calls).min()
    }

    /// The first call of all queues that have an idle agent.
    fn first_of_all(&self) -> Option<(CallKey, CallId)> {
        let with_agents =
            self.queues.iter().filter(|queue| queue.profiles.iter().any(|p| !self.profiles[*p].idle.is_empty()));
        with_agents.filter_map(|queue| queue.head()).min()
    }

    /// The slot of the longest idle agent of a queue; the lowest id among equals.
    pub(crate) fn longest_idle(&self, queue: usize) -> Option<usize> {
        let heads = self.queues[queue].profiles.iter().filter_map(|profile| self.profiles[*profile].idle.first());
        heads.min().map(|(_, slot)| *slot)
    }
}
