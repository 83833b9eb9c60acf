//! An agent with several lines talks on one at a time: what his phone does not hold by itself is set aside by us.
//!
//! A phone that holds and takes back has its way, also when it joins two calls in itself. What was set aside comes back
//! when nothing else of the agent's is active.

use clock::{AgentId, CallId, LegId};
use journal_core::CallEvent;

use crate::contract::Effect;
use crate::shard::Shard;

impl Shard {
    /// A conversation begins on `leg`: the agent's others are set aside.
    pub(crate) fn take_line(&mut self, leg: LegId) {
        let Some((call, Some(agent))) = self.legs.get(&leg).map(|leg| (leg.call, leg.agent)) else { return };
        for other in self.other_lines(agent, call) {
            if !self.is_on_hold(other) {
                self.set_aside(other, true);
            }
        }
    }

    /// A conversation of an agent's in `call` is over, or his phone holds it: if he has no other that is active, the one
    /// that was set aside and began last comes back.
    pub(crate) fn free_line(&mut self, agent: AgentId, call: CallId) {
        let lines = self.other_lines(agent, call);
        if lines.iter().any(|leg| !self.is_on_hold(*leg)) {
            return;
        }
        let is_aside = |leg: &&LegId| self.legs.get(leg).is_some_and(|leg| leg.is_aside);
        if let Some(last) = lines.iter().rev().find(is_aside).copied() {
            self.set_aside(last, false);
        }
    }

    /// Its party holds the other side, or was set aside from it.
    pub(crate) fn is_on_hold(&self, leg: LegId) -> bool {
        self.legs.get(&leg).is_some_and(|leg| leg.is_aside || leg.audio.is_held())
    }

    /// Writes down that a leg is on hold, or is so no more.
    pub(crate) fn log_hold(&mut self, leg: LegId) {
        let Some(known) = self.legs.get(&leg) else { return };
        let (call, agent, is_held) = (known.call, known.agent, self.is_on_hold(leg));
        self.log(call, if is_held { CallEvent::Held { leg } } else { CallEvent::Resumed { leg } });
        if let Some(agent) = agent {
            self.effects.push_back(Effect::AgentHolds { agent, call, leg, holds: is_held });
        }
    }

    /// An agent's legs that talk in other calls, the one that began first first.
    fn other_lines(&self, agent: AgentId, than: CallId) -> Vec<LegId> {
        let talks = |leg: &&LegId| {
            let call = self.legs.get(leg).filter(|leg| leg.call != than).and_then(|leg| self.calls.get(&leg.call));
            call.is_some_and(|call| call.other_party(**leg).is_some())
        };
        self.agent_legs.get(&agent).into_iter().flatten().filter(talks).copied().collect()
    }

    fn set_aside(&mut self, leg: LegId, aside: bool) {
        let Some(known) = self.legs.get_mut(&leg) else { return };
        known.is_aside = aside;
        let call = known.call;
        self.log_hold(leg);
        self.watch(leg);
        self.rewire(call);
    }
}
