//! The agent whom a caller knows: his owner, or the last one he talked to. For a while the call is kept for him.

use std::collections::BTreeMap;

use clock::{AgentId, CallId};

use crate::acd::Acd;
use crate::contract::{Enqueue, Owners, Status};
use crate::order::Stamp;
use crate::queue::Held;

/// With whom each caller talked last.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastAgents {
    by_caller: BTreeMap<Box<str>, (Last, u64)>,
    by_age: BTreeMap<u64, Box<str>>,
    next: u64,
}

/// The last agent of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Last {
    pub(crate) agent: AgentId,
    /// In which call; none from before a restart.
    pub(crate) call: Option<CallId>,
}

impl LastAgents {
    /// Learns the newest; above `limit` the caller who was longest not heard of is forgotten.
    fn learn(&mut self, caller: &str, last: Last, limit: usize) {
        let number = self.next;
        self.next += 1;
        if let Some((_, former)) = self.by_caller.insert(caller.into(), (last, number)) {
            self.by_age.remove(&former);
        }
        self.by_age.insert(number, caller.into());
        if self.by_caller.len() > limit
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.by_caller.remove(&oldest);
        }
    }

    fn find(&self, caller: &str) -> Option<Last> {
        self.by_caller.get(caller).map(|(last, _)| *last)
    }
}

impl Acd {
    /// For whom a call that enters the queue of this slot is to be kept, and until when, if [`Self::may_hold`] allows.
    pub(crate) fn held_for(&self, work: &Enqueue, queue: usize, since: Stamp) -> Option<Held> {
        let until = since.plus(self.queues[queue].config.preferred_for).instant()?;
        if until <= self.now.mono {
            return None;
        }
        let caller = work.caller.as_deref();
        let owner = caller.and_then(|caller| self.owners.get(caller)).copied();
        let last = caller.and_then(|caller| self.last_agents.find(caller));
        let known = owner.into_iter().chain(last.map(|last| last.agent));
        let mut agents = work.preferred.into_iter().chain(known.filter(|agent| self.could_hold(*agent, queue)));
        // Who had this very call has sent it on: it is for others.
        let had_it = |agent: AgentId| last == Some(Last { agent, call: Some(work.call) });
        let agent = agents.find(|agent| !had_it(*agent))?;
        Some(Held { agent, until })
    }

    /// Whether a call that enters the queue of this slot may be kept for him at all; [`Self::may_hold`] has the last word.
    fn could_hold(&self, agent: AgentId, queue: usize) -> bool {
        let slot = self.agent_slot(agent).filter(|slot| self.is_there(*slot));
        slot.is_some_and(|slot| self.profiles[self.agents[slot].profile].served(queue).is_some())
    }

    /// New owners, for calls that come from now; above the limit the former stand.
    pub(crate) fn set_owners(&mut self, owners: Owners) {
        if owners.len() > self.limits.owners {
            self.refused += 1;
            return;
        }
        self.owners = owners;
    }

    /// An agent for whom a call of this class may be kept: he is there, serves its queue at present, takes its kind and
    /// has what it requires. His level does not count: he knows the caller.
    pub(crate) fn may_hold(&self, agent: AgentId, class: usize) -> bool {
        let Some(slot) = self.agent_slot(agent).filter(|slot| self.is_there(*slot)) else { return false };
        let (profile, ask) = (&self.profiles[self.agents[slot].profile], &self.classes.class(class).ask);
        profile.served(ask.queue).is_some() && ask.unfit(0, profile).is_none()
    }

    /// He has signed on and has a phone that answers, whatever keeps him busy.
    fn is_there(&self, slot: usize) -> bool {
        let agent = &self.agents[slot];
        agent.status != Status::Offline && agent.reachable && !agent.is_silent
    }

    /// Whatever is kept for an agent who is away goes to anybody.
    pub(crate) fn release_held(&mut self, slot: usize) {
        if self.held.is_empty() || self.is_there(slot) {
            return;
        }
        let agent = self.agents[slot].agent;
        let calls: Vec<CallId> = self.held.get(&agent).into_iter().flatten().map(|(_, call)| *call).collect();
        for call in calls {
            self.release(call);
        }
    }

    /// The call is kept for nobody any more.
    pub(crate) fn release(&mut self, call: CallId) {
        if self.calls.get(&call).is_some_and(|row| row.held.is_some())
            && let Some(mut row) = self.unplace(call)
        {
            row.held = None;
            self.place(row);
        }
    }

    /// The caller is known to this agent from now.
    pub(crate) fn learn(&mut self, caller: &str, agent: AgentId, call: Option<CallId>) {
        self.last_agents.learn(caller, Last { agent, call }, self.limits.last_agents);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut last = LastAgents::default();
        for (caller, agent) in [("+441", 1), ("+442", 2), ("+441", 3), ("+443", 4)] {
            last.learn(caller, Last { agent: AgentId(agent), call: None }, 2);
        }
        let known = ["+441", "+442", "+443"].map(|caller| last.find(caller).map(|last| last.agent));
        assert_eq!(known, [Some(AgentId(3)), None, Some(AgentId(4))]);
        assert_eq!(last.by_age.len(), 2);
    }
}
