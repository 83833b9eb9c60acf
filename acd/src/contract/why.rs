//! Why it was decided so: the words of the ACD's explanations (DESIGN section 1, 4).

use core::time::Duration;

use clock::{AgentId, CallId, Instant, QueueId};

use super::{Need, State, Strategy};

/// Why an offer went to this agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Why {
    /// What chose among equals.
    pub strategy: Strategy,
    /// The call was kept for him.
    pub preferred: bool,
    /// He was free when others already rang for the call.
    pub joined: bool,
    /// Agents who could take the call at that moment, him included.
    pub candidates: u32,
    /// How long he had been idle (since his last queue call, or a missed or refused offer).
    pub idle: Duration,
    /// How long the call had waited, by the time that decides its place.
    pub waited: Duration,
    /// The how-many-th offer of this call in this queue, from 1.
    pub attempt: u32,
    /// What the call asked for at that moment.
    pub required: Vec<Need>,
    /// He first, then others of the queue: all of them when there are no more than [`crate::CANDIDATES_MAX`], else the
    /// next best of those who could take it. Of one who joins a ring, he alone.
    pub agents: Vec<Candidate>,
    /// How many other agents of the queue did not get it, by reason.
    pub others: Others,
}

/// An agent, as he stood to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub agent: AgentId,
    /// How he stood to it.
    pub standing: Standing,
    /// His level in the queue.
    pub level: u8,
    /// The sum of his levels in the preferred skills.
    pub proficiency: u16,
    /// What the strategy compared, least first: ms of being idle (most first), calls, ms of talk, position from 0,
    /// thousandths of a call by weight; 0 by chance.
    pub figure: u64,
}

/// How an agent stands to a waiting call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// He was chosen.
    Chosen,
    /// He could take it, and another came first.
    Behind,
    /// He is not ready.
    State(State),
    /// He did not take an offer and is left alone for a while.
    Resting,
    /// He takes no work of this kind.
    Kind,
    /// He is of a level that the call may not reach yet.
    Level,
    /// He lacks this, or is not as good at it.
    Skill(Need),
    /// It is kept for another.
    Held,
}

/// Agents of a queue who do not get a call, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Others {
    /// Could take it, and another came first.
    pub behind: u32,
    /// In each state: offline, (ready: always 0), reserved, on_call, wrap_up, paused.
    pub states: [u32; 6],
    /// Left alone after an offer that they did not take.
    pub resting: u32,
    /// Take no work of this kind.
    pub kind: u32,
    /// Of a level that the call may not reach yet.
    pub level: u32,
    /// Lack a skill.
    pub skill: u32,
}

/// Why a call waits: the rule that holds it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyWaits {
    /// It rings with this many agents, and no more may or can join.
    Rings(u32),
    /// It is kept for its preferred agent.
    HeldFor {
        /// For whom.
        agent: AgentId,
        /// Until when.
        until: Instant,
    },
    /// Its queue has as many conversations as it may.
    Conversations {
        /// So many.
        max: u32,
    },
    /// No agent of the queue can take it. `behind` is always 0: else the rule P3 is broken (pacing.md section 8).
    NobodyFree(Others),
}

/// A call that waits, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waits {
    /// The call.
    pub call: CallId,
    /// The rule that holds it back.
    pub why: WhyWaits,
    /// The skills that it asks for at this moment.
    pub required: Vec<Need>,
}

/// Why an agent has no offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhyIdle {
    /// What is true of him; in any state but ready nothing else matters.
    pub state: State,
    /// He did not take an offer and is left alone for so long still.
    pub resting: Option<Duration>,
    /// His queues.
    pub queues: Vec<IdleIn>,
}

/// Why an agent has no call of one of his queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdleIn {
    /// The queue.
    pub queue: QueueId,
    /// Calls that wait there.
    pub waiting: u32,
    /// What keeps the first of them from him.
    pub reason: NoCall,
}

/// Why an agent does not get a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoCall {
    /// There is none.
    NothingWaits,
    /// It rings with as many agents as may.
    Rings,
    /// It is kept for its preferred agent.
    HeldFor {
        /// For whom.
        agent: AgentId,
        /// For how long still.
        left: Duration,
    },
    /// The queue has as many conversations as it may.
    Conversations {
        /// So many.
        max: u32,
    },
    /// He takes no work of this kind.
    Kind,
    /// He is of a level that the call may not reach yet.
    Level,
    /// He lacks this, or is not as good at it.
    Skill(Need),
    /// He is not ready, or rests.
    NotReady,
    /// Nothing: he is about to get it.
    Next,
}
