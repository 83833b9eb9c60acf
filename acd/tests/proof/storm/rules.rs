//! Random configurations: every strategy, skill, step, level, kind of work, priority and limit there is.

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

    /// Times of rules are odd, so that no two timers are due in one moment by chance.
    fn queue(&mut self, queue: QueueId) -> QueueConfig {
        let id = u64::from(queue.0);
        QueueConfig {
            queue,
            ring: Duration::from_nanos(7_001_000_003 + id),
            max_wait: Duration::from_nanos(37_000_700_011 + id),
            wrap_up: Duration::from_nanos(self.rng.below(3) * 2_000_110_017),
            max_waiting: self.rng.below(9) as usize + 4,
            agents: self.agents_of_queue(),
            strategy: self.strategy(),
            steps: self.steps(),
            priority: self.rng.below(3) as i32 - 1,
            priority_worth: self.rng.chance(0.5).then_some(Duration::from_nanos(9_000_000_077)),
            service_level: Duration::from_nanos(self.rng.below(20) * 1_000_000_000 + 5_000_000_019),
            by_deadline: self.rng.chance(0.2),
            preferred_for: Duration::from_nanos(self.rng.below(2) * 8_000_003_001),
            rejoin: Duration::from_micros(self.rng.below(2) * 20_000_003),
            callbacks: self.callbacks(),
            max_conversations: self.rng.chance(0.3).then(|| self.rng.below(4) as u32 + 1),
            ..QueueConfig::default()
        }
    }

    fn callbacks(&mut self) -> CallbackRules {
        CallbackRules {
            max: self.rng.below(4) as u32,
            attempts_max: self.rng.below(3) as u32 + 1,
            retry_after: Duration::from_micros(5_000_017),
            expire_after: Duration::from_micros(40_000_037 + self.rng.below(3) * 30_000_000),
            ring: Duration::from_nanos(20_000_000_041),
            customer_first: self.rng.chance(0.3),
        }
    }

    fn agents_of_queue(&mut self) -> Vec<QueueAgent> {
        let mut ids: Vec<u32> = (1..=AGENTS).filter(|_| self.rng.chance(0.6)).collect();
        for at in (1..ids.len()).rev() {
            ids.swap(at, self.rng.below(at as u64 + 1) as usize);
        }
        let levels = if self.rng.chance(0.5) { 1 } else { 3 };
        let one = |id| QueueAgent {
            agent: AgentId(id),
            level: self.rng.below(levels) as u8 + 1,
            weight: self.rng.below(4) as u32,
        };
        ids.into_iter().map(one).collect()
    }

    fn strategy(&mut self) -> Strategy {
        match self.rng.below(9) {
            0 => Strategy::LongestIdle,
            1 => Strategy::RingAll,
            2 => Strategy::RoundRobin,
            3 => Strategy::FewestCalls,
            4 => Strategy::LeastTalk,
            5 => Strategy::TopDown,
            6 => Strategy::Random,
            7 => Strategy::Weighted,
            _ => Strategy::ProgressiveRing { every: Duration::from_nanos(2_000_001_013) },
        }
    }

    /// Up to three steps that ask for less and less.
    pub(super) fn steps(&mut self) -> Vec<Step> {
        if self.rng.chance(0.5) {
            return Vec::new();
        }
        let count = self.rng.below(3) + 1;
        let step = |nth: u64| {
            let left = count - nth;
            Step {
                after: Duration::from_nanos(nth * (4_000_000_231 + self.rng.below(5) * 1_000_000_007)),
                required: (0..left.min(self.rng.below(3))).map(|_| self.need()).collect(),
                preferred: (0..self.rng.below(3)).map(|_| SkillId(self.rng.below(SKILLS) as u32)).collect(),
                level_max: self.rng.chance(0.3).then(|| (nth + 1) as u8),
            }
        };
        (0..count).map(step).collect()
    }

    fn need(&mut self) -> Need {
        Need { skill: SkillId(self.rng.below(SKILLS) as u32), level: self.rng.below(3) as u8 }
    }

    fn agent(&mut self, agent: AgentId) -> AgentConfig {
        let skill = |_| Skill { skill: SkillId(self.rng.below(SKILLS) as u32), level: self.rng.below(4) as u8 + 1 };
        let skills = (0..agent.0 % 5).map(skill).collect();
        let blend = if self.rng.chance(0.4) { self.blend() } else { Blend::default() };
        AgentConfig { agent, max_missed: agent.0 % 4, skills, blend, ..AgentConfig::default() }
    }

    fn blend(&mut self) -> Blend {
        let mut rank = || self.rng.chance(0.8).then(|| self.rng.below(3) as u8);
        Blend { inbound: rank(), callback: rank(), outbound: rank() }
    }
}

/// Queues at most.
pub(super) const QUEUES: u32 = 4;
const SKILLS: u64 = 4;
