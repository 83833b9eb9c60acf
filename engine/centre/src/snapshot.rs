//! What readers see: names for ids, and the owners' last published states.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use clock::{AgentId, QueueId, SkillId, TrunkId, WallTime};

use crate::standing::{QueueRules, QueueStanding};

/// Names and ids of the account's objects. Cores know ids only; REST and records know names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Directory {
    /// Agents by id.
    pub agents: BTreeMap<AgentId, NamedAgent>,
    /// Queues by id.
    pub queues: BTreeMap<QueueId, NamedQueue>,
    /// Trunks by id.
    pub trunks: BTreeMap<TrunkId, NamedTrunk>,
    /// Names of skills by id.
    pub skills: BTreeMap<SkillId, String>,
    /// Reasons of pauses; where there are none any text is one.
    pub pause_reasons: Vec<PauseReason>,
    /// What agents may say came of a call.
    pub dispositions: Vec<DispositionRule>,
    /// What the dial gate goes by beside the do-not-call list.
    pub dial_rules: dialer::gate::Rules,
    /// Names of the messages that campaigns may play.
    pub messages: Vec<String>,
    /// Numbers that calls may show: those of the account, and what its trunks and queues show. E.164.
    pub own_numbers: BTreeSet<String>,
}

/// A reason of pauses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PauseReason {
    /// What people read.
    pub label: String,
    /// It is a break: time of rest.
    pub is_break: bool,
    /// Its word and limits.
    pub rule: acd::PauseRule,
}

/// Something that agents may say came of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DispositionRule {
    /// Code.
    pub code: String,
    /// What people read.
    pub label: String,
    /// Key 1 to 9 on the agent's desk.
    pub hotkey: Option<u8>,
    /// It counts as a success.
    pub is_success: bool,
    /// It needs a note.
    pub requires_note: bool,
    /// It needs a callback.
    pub requires_callback: bool,
    /// Names of the queues whose calls it is for; empty for all calls.
    pub queues: Vec<String>,
}

impl DispositionRule {
    /// It may be said of a call of this queue, or of none.
    #[must_use]
    pub fn is_for(&self, queue: Option<&str>) -> bool {
        self.queues.is_empty() || queue.is_some_and(|queue| self.queues.iter().any(|known| known == queue))
    }
}

impl Directory {
    /// The agent with that extension.
    #[must_use]
    pub fn agent(&self, extension: &str) -> Option<AgentId> {
        self.agents.iter().find(|(_, agent)| agent.extension == extension).map(|(id, _)| *id)
    }

    /// The queue with that name.
    #[must_use]
    pub fn queue(&self, name: &str) -> Option<QueueId> {
        self.queues.iter().find(|(_, queue)| queue.name == name).map(|(id, _)| *id)
    }
}

/// An agent's names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedAgent {
    /// Extension.
    pub extension: String,
    /// Display name, if any.
    pub name: Option<String>,
    /// Queues he serves.
    pub queues: Vec<QueueId>,
}

/// A queue's name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NamedQueue {
    /// Name.
    pub name: String,
    /// What it is measured by.
    pub rules: QueueRules,
}

/// A trunk's name and addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedTrunk {
    /// Name.
    pub name: String,
    /// Addresses whose requests are the trunk's.
    pub sources: Vec<String>,
    /// Its first destination, as a SIP URI.
    pub destination: String,
    /// Where calls to it go, first choice first, as configured.
    pub destinations: Vec<String>,
}

/// The owners' last published states. Reading it touches no owner.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// When the newest part was published.
    pub at: WallTime,
    /// Agents and queues.
    pub acd: Arc<acd::Snapshot>,
    /// Figures and alerts of queues, once a second.
    pub standings: Arc<BTreeMap<QueueId, QueueStanding>>,
    /// Live registrations.
    pub registrations: Arc<Vec<RegistrationSnapshot>>,
    /// Trunks.
    pub trunks: Arc<Vec<TrunkSnapshot>>,
    /// The internal do-not-call list.
    pub do_not_call: Arc<dialer::gate::Lists>,
    /// Campaigns.
    pub campaigns: Arc<dialer::runner::Snapshot>,
    /// Bans, as of the last change: those whose time is over may still be among them.
    pub bans: Arc<Vec<crate::Ban>>,
    /// What is quarantined, oldest first.
    pub quarantined: Arc<Vec<Quarantined>>,
}

/// Something that an owner is spared, as inputs that name it broke it twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Its number, from 1 since the start.
    pub id: u64,
    /// Word of the owner: `shard`, `acd` or `location`.
    pub owner: &'static str,
    /// What it is.
    pub named: crate::owner::Named,
    /// Since when.
    pub since: WallTime,
}

/// One registered contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationSnapshot {
    /// The agent whose phone it is.
    pub agent: AgentId,
    /// Contact URI.
    pub contact: String,
    /// `udp` or `tcp`.
    pub transport: &'static str,
    /// Where it came from.
    pub source: String,
    /// When it ends.
    pub expires_at: WallTime,
}

/// One trunk as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkSnapshot {
    /// The trunk.
    pub trunk: TrunkId,
    /// Live calls over it.
    pub calls: u32,
    /// INVITEs it was refused for its limits since the start.
    pub refused: u64,
    /// Whether it serves and why, from the trunk watcher.
    pub status: Option<sip::trunk::TrunkView>,
}
