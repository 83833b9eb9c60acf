//! Names of the integer ids that cores use (DESIGN section 5): given once, for ever.

use std::collections::BTreeMap;

use clock::{AgentId, QueueId, SkillId, TrunkId};
use serde::{Deserialize, Serialize};

use crate::NameKind;

/// The fold of all `Name` entries.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Names {
    by_id: BTreeMap<(NameKind, u32), Named>,
    ids: BTreeMap<(NameKind, String, String), u32>,
}

/// What an id names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Account the name belongs to.
    pub account: String,
    /// Extension, queue name or trunk name.
    pub name: String,
}

impl Names {
    /// Notes that `id` is called `name`. A second name for an id replaces the first.
    pub fn insert(&mut self, kind: NameKind, id: u32, account: &str, name: &str) {
        let named = Named { account: account.to_owned(), name: name.to_owned() };
        self.ids.insert((kind, named.account.clone(), named.name.clone()), id);
        self.by_id.insert((kind, id), named);
    }

    /// Extension of an agent.
    #[must_use]
    pub fn agent(&self, id: AgentId) -> Option<&str> {
        self.named(NameKind::Agent, id.0).map(|named| named.name.as_str())
    }

    /// Name of a queue.
    #[must_use]
    pub fn queue(&self, id: QueueId) -> Option<&str> {
        self.named(NameKind::Queue, id.0).map(|named| named.name.as_str())
    }

    /// Name of a trunk.
    #[must_use]
    pub fn trunk(&self, id: TrunkId) -> Option<&str> {
        self.named(NameKind::Trunk, id.0).map(|named| named.name.as_str())
    }

    /// Name of a skill.
    #[must_use]
    pub fn skill(&self, id: SkillId) -> Option<&str> {
        self.named(NameKind::Skill, id.0).map(|named| named.name.as_str())
    }

    /// Name and account of any id.
    #[must_use]
    pub fn named(&self, kind: NameKind, id: u32) -> Option<&Named> {
        self.by_id.get(&(kind, id))
    }

    /// The id that was given to this name.
    #[must_use]
    pub fn id(&self, kind: NameKind, account: &str, name: &str) -> Option<u32> {
        self.ids.get(&(kind, account.to_owned(), name.to_owned())).copied()
    }

    /// An id of this kind that was never given. Journal the name with it, then [`Self::insert`] it.
    #[must_use]
    pub fn free_id(&self, kind: NameKind) -> u32 {
        let last = self.by_id.range((kind, 0)..=(kind, u32::MAX)).next_back();
        last.map_or(1, |((_, id), _)| id.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ids_find_each_other_within_kind_and_account() {
        let mut names = Names::default();
        assert_eq!(names.free_id(NameKind::Queue), 1);
        names.insert(NameKind::Queue, 1, "demo", "support");
        names.insert(NameKind::Agent, 1, "demo", "1001");
        names.insert(NameKind::Agent, 7, "other", "1001");
        assert_eq!(names.queue(QueueId(1)), Some("support"));
        assert_eq!(names.agent(AgentId(7)), Some("1001"));
        assert_eq!(names.trunk(TrunkId(1)), None);
        assert_eq!(names.id(NameKind::Agent, "other", "1001"), Some(7));
        assert_eq!(names.id(NameKind::Queue, "other", "support"), None);
        assert_eq!((names.free_id(NameKind::Agent), names.free_id(NameKind::Trunk)), (8, 1));
    }
}
