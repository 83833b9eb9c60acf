//! From integer ids to the names and accounts that people know.

use clock::{AgentId, QueueId, SkillId, TrunkId};
use journal_core::{CallRecord, NameKind, Names};

/// Names, and the account of calls that name nothing of anyone's.
#[derive(Clone, Debug, PartialEq)]
pub struct Naming {
    /// Names of agents, queues and trunks.
    pub names: Names,
    /// Account of calls whose trunk, agent and queue have no name.
    pub home: String,
}

impl Naming {
    /// Extension of an agent; `#<id>` when it has no name (its entry was lost).
    #[must_use]
    pub fn agent(&self, id: AgentId) -> String {
        self.names.agent(id).map_or_else(|| format!("#{}", id.0), str::to_owned)
    }

    /// Name of a queue.
    #[must_use]
    pub fn queue(&self, id: QueueId) -> String {
        self.names.queue(id).map_or_else(|| format!("#{}", id.0), str::to_owned)
    }

    /// Name of a skill.
    #[must_use]
    pub fn skill(&self, id: SkillId) -> String {
        self.names.skill(id).map_or_else(|| format!("#{}", id.0), str::to_owned)
    }

    /// Name of a trunk.
    #[must_use]
    pub fn trunk(&self, id: TrunkId) -> String {
        self.names.trunk(id).map_or_else(|| format!("#{}", id.0), str::to_owned)
    }

    /// Account of an agent.
    #[must_use]
    pub fn account_of_agent(&self, id: AgentId) -> String {
        self.account(NameKind::Agent, Some(id.0)).unwrap_or(&self.home).to_owned()
    }

    /// Account of a call: that of its trunk, else of its agent, else of its queue.
    #[must_use]
    pub fn account_of(&self, record: &CallRecord) -> String {
        let trunk = || self.account(NameKind::Trunk, record.trunk.map(|id| id.0));
        let agent = || self.account(NameKind::Agent, record.agent.map(|id| id.0));
        let queue = || self.account(NameKind::Queue, record.queue.map(|id| id.0));
        trunk().or_else(agent).or_else(queue).unwrap_or(&self.home).to_owned()
    }

    /// Account of a callback: that of its agent, else of its queue.
    #[must_use]
    pub fn account_of_callback(&self, queue: Option<QueueId>, agent: Option<AgentId>) -> String {
        let agent = self.account(NameKind::Agent, agent.map(|id| id.0));
        let queue = || self.account(NameKind::Queue, queue.map(|id| id.0));
        agent.or_else(queue).unwrap_or(&self.home).to_owned()
    }

    fn account(&self, kind: NameKind, id: Option<u32>) -> Option<&str> {
        self.names.named(kind, id?).map(|named| named.account.as_str())
    }
}
