//! Random configurations.

use core::time::Duration;

use acd::*;
use clock::*;

use super::{AGENTS, Storm};

impl Storm {
    /// Some queues and most of the agents, drawn anew.
    pub(crate) fn configure(&mut self) -> Vec<Effect> {
        let count = self.rng.below(QUEUES as u64 - 1) as u32 + 2;
        let queues = (1..=count).map(|id| self.queue(QueueId(id))).collect();
        let agents = (1..=AGENTS).filter_map(|id| self.rng.chance(0.95).then(|| self.agent(AgentId(id)))).collect();
        self.say(Input::Configure { queues, agents })
    }

    fn queue(&mut self, queue: QueueId) -> QueueConfig {
        let id = u64::from(queue.0);
        QueueConfig {
            queue,
            ring: Duration::from_nanos(7_001_000_003 + id),
            max_wait: Duration::from_nanos(37_000_700_011 + id),
            wrap_up: Duration::from_nanos(self.rng.below(3) * 2_000_110_017),
            max_waiting: 12,
            agents: (1..=AGENTS).filter(|_| self.rng.chance(0.6)).map(AgentId).collect(),
        }
    }

    fn agent(&mut self, agent: AgentId) -> AgentConfig {
        AgentConfig { agent, status: Status::Ready, reason: None, max_missed: agent.0 % 4 }
    }
}

/// Queues at most.
pub(super) const QUEUES: u32 = 4;
