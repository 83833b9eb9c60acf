//! Centres of many sizes.

use core::time::Duration;

use acd::*;
use clock::*;

use super::laws::Law;

/// A centre and how long it is watched.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) seed: u64,
    pub(crate) agents: u32,
    pub(crate) queues: u32,
    pub(crate) days: f64,
    /// Offered load: arrivals times handling time, of what the agents on duty can do.
    pub(crate) load: f64,
}

impl Scenario {
    pub(crate) const fn new(name: &'static str, seed: u64, agents: u32, queues: u32, days: f64, load: f64) -> Self {
        Self { name, seed, agents, queues, days, load }
    }

    /// Each agent serves one to four queues, so that every queue shares agents with others.
    pub(crate) fn rules(&self, rng: &mut Rng) -> (Vec<QueueConfig>, Vec<AgentConfig>) {
        let mut served: Vec<Vec<AgentId>> = vec![Vec::new(); self.queues as usize];
        for id in 0..self.agents {
            let first = id % self.queues;
            for nth in 0..=rng.below(4).min(u64::from(self.queues) - 1) {
                served[((first + nth as u32 * 7) % self.queues) as usize].push(AgentId(id));
            }
        }
        let queues = served.into_iter().enumerate().map(|(id, mut agents)| {
            agents.sort();
            agents.dedup();
            self.queue(QueueId(id as u32), agents, rng)
        });
        let queues = queues.collect();
        let mut agent = |id: u32| {
            let second = Skill { skill: SkillId(rng.below(u64::from(SKILLS)) as u32), level: rng.below(3) as u8 + 1 };
            let skills = vec![Skill { skill: SkillId(id % SKILLS), level: 2 }, second];
            let (agent, status) = (AgentId(id), Status::Offline);
            AgentConfig { agent, status, max_missed: 3, skills, ..AgentConfig::default() }
        };
        let agents = (0..self.agents).map(&mut agent).collect();
        (queues, agents)
    }

    fn queue(&self, queue: QueueId, agents: Vec<AgentId>, rng: &mut Rng) -> QueueConfig {
        QueueConfig {
            queue,
            ring: Duration::from_secs(15),
            max_wait: Duration::from_secs(600),
            wrap_up: Duration::from_secs(rng.below(3) * 10),
            max_waiting: 5_000,
            agents: agents.into_iter().map(QueueAgent::from).collect(),
            strategy: STRATEGIES[queue.0 as usize % STRATEGIES.len()],
            steps: if queue.0 % 3 == 1 { skilled(queue) } else { Vec::new() },
            priority_worth: Some(Duration::from_secs(60)),
            preferred_for: Duration::from_secs(u64::from(queue.0 % 2) * 10),
            max_conversations: (queue.0 % 11 == 5).then_some(40),
            ..QueueConfig::default()
        }
    }

    /// When an agent's shift begins, seconds after midnight; it lasts [`SHIFT`].
    pub(crate) fn shift_begin(&self, agent: u32) -> u64 {
        let starts = [6, 8, 9, 10, 12, 14];
        starts[(agent % 6) as usize] * 3600
    }

    /// New callers a second at a time of the day: what those on duty can do, times the load, swinging by a sixth.
    pub(crate) fn rate(&self, second: f64) -> f64 {
        let of_day = second % 86_400.0;
        let on_duty = (0..6).filter(|shift| {
            let begin = self.shift_begin(*shift) as f64;
            (begin..begin + SHIFT.as_secs_f64()).contains(&of_day)
        });
        let agents = f64::from(self.agents) * on_duty.count() as f64 / 6.0;
        let swing = 1.0 + (core::f64::consts::TAU * second / 5_400.0).sin() / 6.0;
        (agents * self.load * swing / HANDLED_S).max(f64::from(self.agents) * 1e-6)
    }

    /// Never less than any rate.
    pub(crate) fn rate_max(&self) -> f64 {
        f64::from(self.agents) * self.load * 7.0 / 6.0 / HANDLED_S
    }
}

/// A skill is asked for, well at first, and after a minute not at all; who is best at it comes first.
fn skilled(queue: QueueId) -> Vec<Step> {
    let skill = SkillId(queue.0 % SKILLS);
    let step =
        |after, required| Step { after: Duration::from_secs(after), required, preferred: vec![skill], level_max: None };
    vec![step(0, vec![Need { skill, level: 2 }]), step(30, vec![Need { skill, level: 1 }]), step(60, Vec::new())]
}

const SKILLS: u32 = 6;
/// By turns.
const STRATEGIES: [Strategy; 9] = [
    Strategy::LongestIdle,
    Strategy::RoundRobin,
    Strategy::FewestCalls,
    Strategy::LeastTalk,
    Strategy::RingAll,
    Strategy::Weighted,
    Strategy::TopDown,
    Strategy::Random,
    Strategy::ProgressiveRing { every: Duration::from_secs(5) },
];
pub(crate) const SHIFT: Duration = Duration::from_secs(8 * 3600);
pub(crate) const TALK: Law = Law::Lognormal(180.0, 1.0);
pub(crate) const PATIENCE: Law = Law::Exp(180.0);
/// From the first ring to the answer.
pub(crate) const PICK_UP: Law = Law::Lognormal(3.0, 0.6);
/// A call that an agent makes himself.
pub(crate) const OWN_CALL: Law = Law::Lognormal(60.0, 1.0);
pub(crate) const OWN_CALLS_APART: Law = Law::Exp(7_200.0);
/// Talk, wrap-up and ringing, seconds.
const HANDLED_S: f64 = 180.0 + 10.0 + 4.0;
