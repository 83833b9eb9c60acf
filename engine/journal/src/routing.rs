//! Why a call went to an agent: one decision of the call distributor, as it is kept with the call.

use clock::{AgentId, OfferId, QueueId, SkillId};
use serde::{Deserialize, Serialize};

/// One offer, and why it went to this agent and to nobody else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routing {
    /// The offer.
    pub offer: OfferId,
    /// To whom.
    pub agent: AgentId,
    /// Of which queue.
    pub queue: QueueId,
    /// What chose among equals.
    pub strategy: RoutingStrategy,
    /// The call was kept for him.
    pub preferred: bool,
    /// He was free when others already rang for the call.
    pub joined: bool,
    /// Agents who could take the call at that moment, him included.
    pub candidates: u32,
    /// The how-many-th offer of this call in this queue, from 1.
    pub attempt: u32,
    /// How long the call had waited, ms.
    pub waited_ms: u64,
    /// How long he had been idle, ms.
    pub idle_ms: u64,
    /// Skills and levels that the call asked for at that moment.
    pub required: Vec<(SkillId, u8)>,
    /// He first, then others of the queue, at most about twenty.
    pub agents: Vec<RoutedAgent>,
    /// How many others of the queue did not get it, by reason.
    pub others: RoutedOthers,
}

/// What chooses among agents who are alike to a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoutingStrategy {
    /// Longest idle.
    #[default]
    LongestIdle,
    /// All ring.
    RingAll,
    /// In turn.
    RoundRobin,
    /// Fewest calls answered.
    FewestCalls,
    /// Least time talked.
    LeastTalk,
    /// By position.
    TopDown,
    /// Drawn.
    Random,
    /// Furthest behind the share of his weight.
    Weighted,
    /// By position, and one more after each time.
    ProgressiveRing,
}

/// An agent, as he stood to the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoutedAgent {
    /// Who.
    pub agent: AgentId,
    /// How he stood to it.
    pub standing: RoutedStanding,
    /// His level in the queue.
    pub level: u8,
    /// The sum of his levels in the preferred skills.
    pub proficiency: u16,
    /// What the strategy compared: ms of being idle, calls, ms of talk, position from 0, thousandths of a call by weight.
    pub figure: u64,
}

/// How an agent stands to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoutedStanding {
    /// He was chosen.
    Chosen,
    /// He could take it, and another came first.
    Behind,
    /// Signed off, or no phone.
    Offline,
    /// An offer was open.
    Reserved,
    /// In a call.
    OnCall,
    /// After a call.
    WrapUp,
    /// Pausing.
    Paused,
    /// Left alone after an offer that he did not take.
    Resting,
    /// Takes no work of this kind.
    Kind,
    /// Of a level that the call might not reach yet.
    Level,
    /// Lacks this skill at this level.
    Skill(SkillId, u8),
    /// It was kept for another.
    Held,
}

/// Agents of a queue who did not get a call, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoutedOthers {
    /// Could take it, and another came first.
    pub behind: u32,
    /// Signed off, or no phone.
    pub offline: u32,
    /// An offer was open.
    pub reserved: u32,
    /// In a call.
    pub on_call: u32,
    /// After a call.
    pub wrap_up: u32,
    /// Pausing.
    pub paused: u32,
    /// Left alone after an offer that they did not take.
    pub resting: u32,
    /// Take no work of this kind.
    pub kind: u32,
    /// Of a level that the call might not reach yet.
    pub level: u32,
    /// Lack a skill.
    pub skill: u32,
}
