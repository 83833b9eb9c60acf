//! One agent: his configuration, what he chose and what is true of him.

use core::time::Duration;

use clock::{AgentId, CallId, LegId, QueueId, ShardId};

use super::{OfferRules, Skill, WorkKind};

/// What an agent chose (DESIGN section 8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Takes queue calls.
    #[default]
    Ready,
    /// Takes none for now.
    Paused,
    /// Signed off.
    Offline,
}

/// What is true of an agent (DESIGN section 8, data-model.md section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Signed off, or no device.
    Offline,
    /// May be offered a call.
    Ready,
    /// An offer is open.
    Reserved,
    /// A live leg of a call says so.
    OnCall,
    /// After a queue call.
    WrapUp,
    /// Chose a pause, or RONA did.
    Paused,
}

/// One agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentConfig {
    /// The agent.
    pub agent: AgentId,
    /// Status to begin with: the stored one, else the configured default.
    pub status: Status,
    /// Reason that goes with it.
    pub reason: Option<String>,
    /// Missed rings in a row that pause the agent with reason `rona`; 0 for never.
    pub max_missed: u32,
    /// What he can do, and how well.
    pub skills: Vec<Skill>,
    /// Which kinds of work he takes, and which come first.
    pub blend: Blend,
    /// Callbacks of his own that may be due at the same time: [`crate::CALLBACKS_OF_AN_AGENT`] where nothing is said, 0
    /// for no limit.
    pub callbacks_max: Option<u32>,
    /// What follows when he does not take offers, where his queue does not say.
    pub not_taken: OfferRules,
    /// Calls that he may have at the same time, one active and the others held; 0 means 1.
    pub lines: usize,
    /// Of his queues those that he serves to begin with: as he chose last; `None` for all.
    pub queues: Option<Vec<QueueId>>,
    /// He was logged in with a standing leg before a restart: his phone is called again.
    pub standing_leg: bool,
    /// How long he has paused today, by reason, before a restart.
    pub paused_today: Vec<(String, Duration)>,
}

/// Which kinds of work an agent takes, and which of them come first for him: work of the lowest rank that waits for
/// him is served before any of a higher one, among equals the one fair order decides. `None`: he takes none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Blend {
    /// Calls on the line.
    pub inbound: Option<u8>,
    /// Callbacks.
    pub callback: Option<u8>,
    /// Customers whom a campaign has called.
    pub outbound: Option<u8>,
}

impl Default for Blend {
    /// All kinds, in one order.
    fn default() -> Self {
        Self { inbound: Some(0), callback: Some(0), outbound: Some(0) }
    }
}

impl Blend {
    /// The rank of a kind, lowest first; `None` when he does not take it.
    #[must_use]
    pub const fn rank(&self, kind: WorkKind) -> Option<u8> {
        match kind {
            WorkKind::Inbound => self.inbound,
            WorkKind::Callback => self.callback,
            WorkKind::Outbound => self.outbound,
        }
    }
}

/// One live call of an agent, as a shard sees it: level-triggered (DESIGN section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AgentFact {
    /// The shard that holds the leg: its next `Facts` must name it again.
    pub shard: ShardId,
    /// The agent.
    pub agent: AgentId,
    /// The call.
    pub call: CallId,
    /// The agent's leg.
    pub leg: LegId,
    /// The queue whose call it is, for wrap-up; `None` for extension calls.
    pub queue: Option<QueueId>,
}
