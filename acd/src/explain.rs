//! Why a call waits and why an agent is idle (DESIGN section 1, 4).

use clock::{AgentId, CallId, Instant, QueueId, WallTime};

use crate::acd::Acd;
use crate::contract::{State, Why};

/// One offer of a call, and why it went to this agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// When.
    pub at: WallTime,
    /// To whom.
    pub agent: AgentId,
    /// Why to him.
    pub why: Why,
}

/// Where a waiting call stands, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Its queue.
    pub queue: QueueId,
    /// Calls of the queue that are served before it.
    pub ahead: usize,
    /// The agent who rings for it.
    pub offered_to: Option<AgentId>,
    /// The queue's agents in each state: offline, ready, reserved, on_call,
    /// wrap_up, paused. Who is ready and not offered the call rests after an
    /// offer that he did not take, or is about to get a call before it.
    pub agents: [u32; 6],
    /// Its latest offers, oldest first.
    pub decisions: Vec<Decision>,
}

/// Why an agent has no offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyIdle {
    /// He is not ready.
    State(State),
    /// He did not take an offer and is left alone until then.
    Resting {
        /// Until when.
        until: Instant,
    },
    /// He serves no queue.
    NoQueue,
    /// None of his queues has a call that is not ringing elsewhere.
    NothingWaits,
}

impl Acd {
    /// Why a call waits; `None` when it does not. Costs as much as the queue is long.
    #[must_use]
    pub fn explain(&self, call: CallId) -> Option<Explanation> {
        let row = self.calls.get(&call)?;
        let slot = self.queue_slot(row.queue)?;
        let queue = &self.queues[slot];
        Some(Explanation {
            queue: row.queue,
            ahead: queue.open.range(..row.key).count() + queue.ringing.range(..row.key).count(),
            offered_to: row.offered_to,
            agents: self.states_of(slot),
            decisions: row.decisions.clone(),
        })
    }

    /// Why an agent has no offer; `None` for one we do not have.
    #[must_use]
    pub fn why_idle(&self, agent: AgentId) -> Option<WhyIdle> {
        let row = &self.agents[self.agent_slot(agent)?];
        Some(match (row.shown.state, row.rest_until) {
            (State::Ready, Some(until)) => WhyIdle::Resting { until },
            (State::Ready, None) if self.profiles[row.profile].queues.is_empty() => WhyIdle::NoQueue,
            (State::Ready, None) => WhyIdle::NothingWaits,
            (state, _) => WhyIdle::State(state),
        })
    }
}
