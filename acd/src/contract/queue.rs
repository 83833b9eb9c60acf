//! One queue's rules.

use core::time::Duration;
use std::sync::Arc;

use clock::{AgentId, QueueId};
use hours::Schedule;

use super::{CallbackRules, OfferRules, Step, Strategy, WrapUpMode};

/// One queue's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueConfig {
    /// The queue.
    pub queue: QueueId,
    /// How long an agent's phone rings for an offer.
    pub ring: Duration,
    /// Longest wait; then `LeaveQueue`.
    pub max_wait: Duration,
    /// Wrap-up after a call of this queue; zero for none.
    pub wrap_up: Duration,
    /// How it ends.
    pub wrap_up_mode: WrapUpMode,
    /// By how much in all an agent may make it longer.
    pub wrap_up_extension: Duration,
    /// Agents are to say what came of its calls.
    pub expects_disposition: bool,
    /// What follows when agents do not take its offers; `None`: as each agent's own rules say.
    pub not_taken: Option<OfferRules>,
    /// Waiting calls above which `Enqueue` is refused (`LeaveQueue` at once).
    pub max_waiting: usize,
    /// Its agents; their order is their position.
    pub agents: Vec<QueueAgent>,
    /// Which of the agents who can take a call gets it.
    pub strategy: Strategy,
    /// What its calls ask of an agent, from which wait on; without any, every agent of the queue will do.
    pub steps: Vec<Step>,
    /// Added to the priority of each of its calls.
    pub priority: i32,
    /// How much waiting one point of priority is worth (ageing: a call that waits longer overtakes in the end). `None`:
    /// a higher priority always comes first, however long others wait.
    pub priority_worth: Option<Duration>,
    /// Service level target: calls are to be answered within it.
    pub service_level: Duration,
    /// Calls are ordered by when their service level target is missed, not by arrival.
    pub by_deadline: bool,
    /// How long a call is kept for its preferred agent, counted from its arrival; zero: for nobody.
    pub preferred_for: Duration,
    /// Conversations and ringing calls of the queue at the same time; `None`: no limit.
    pub max_conversations: Option<u32>,
    /// Callers do not join while nobody is there in this sense; `None`: they always may.
    pub join_empty: Option<Empty>,
    /// Waiting callers leave when nobody is there in this sense; `None`: never.
    pub leave_empty: Option<Empty>,
    /// For so long nobody must have been there before they leave.
    pub leave_empty_after: Duration,
    /// A caller who gave up and rings again within this time has his place again; zero: never.
    pub rejoin: Duration,
    /// Only agents whose standing leg is up serve it: its calls are bridged to them, and nothing rings.
    pub standing_leg: bool,
    /// Its callbacks.
    pub callbacks: CallbackRules,
    /// When it is open: it calls nobody back at other times. `None`: always.
    pub hours: Option<Arc<Schedule>>,
}

/// When nobody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Empty {
    /// All of its agents are offline.
    Offline,
    /// All are offline or paused.
    Paused,
    /// None is ready.
    NotReady,
}

/// An agent in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueueAgent {
    /// The agent.
    pub agent: AgentId,
    /// Agents of a lower level come first; a [`Step`] says from which wait on a level may be reached.
    pub level: u8,
    /// His share of the calls with [`Strategy::Weighted`]; 0 counts as 1.
    pub weight: u32,
}

impl From<AgentId> for QueueAgent {
    fn from(agent: AgentId) -> Self {
        Self { agent, level: 1, weight: 1 }
    }
}

impl QueueConfig {
    /// The agent is one of its agents.
    #[must_use]
    pub fn has(&self, agent: AgentId) -> bool {
        self.agents.iter().any(|known| known.agent == agent)
    }
}

impl Default for QueueConfig {
    /// A queue without agents that treats all calls alike.
    fn default() -> Self {
        Self {
            queue: QueueId::default(),
            ring: Duration::from_secs(15),
            max_wait: Duration::from_secs(120),
            wrap_up: Duration::ZERO,
            wrap_up_mode: WrapUpMode::default(),
            wrap_up_extension: Duration::ZERO,
            expects_disposition: false,
            not_taken: None,
            max_waiting: 100,
            agents: Vec::new(),
            strategy: Strategy::default(),
            steps: Vec::new(),
            priority: 0,
            priority_worth: None,
            service_level: Duration::from_secs(20),
            by_deadline: false,
            preferred_for: Duration::ZERO,
            max_conversations: None,
            callbacks: CallbackRules::default(),
            hours: None,
            join_empty: None,
            leave_empty: None,
            leave_empty_after: Duration::ZERO,
            rejoin: Duration::ZERO,
            standing_leg: false,
        }
    }
}
