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
        let known: Vec<u32> = (1..=AGENTS).filter(|_| self.rng.chance(0.95)).collect();
        let agents = known.into_iter().map(|id| self.agent(AgentId(id))).collect();
        self.say(Input::Configure { queues, agents })
    }

    fn queue(&mut self, queue: QueueId) -> QueueConfig {
        let id = u64::from(queue.0);
        QueueConfig {
            queue,
            ring: Duration::from_nanos(7_001_000_003 + id),
            max_wait: Duration::from_nanos(37_000_700_011 + id),
            wrap_up: Duration::from_nanos(self.rng.below(3) * 2_000_110_017),
            max_waiting: self.rng.below(9) as usize + 4,
            agents: (1..=AGENTS).filter(|_| self.rng.chance(0.6)).map(|id| AgentId(id).into()).collect(),
            ..QueueConfig::default()
        }
    }

    fn agent(&mut self, agent: AgentId) -> AgentConfig {
        AgentConfig { agent, max_missed: agent.0 % 4, ..AgentConfig::default() }
    }
}

/// Queues at most.
pub(super) const QUEUES: u32 = 4;
