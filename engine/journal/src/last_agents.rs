//! With whom each caller talked last: the call distributor may keep his next call for him.

use std::collections::BTreeMap;

use clock::AgentId;
use serde::{Deserialize, Serialize};

/// The fold of answered offers, newest [`MAX_LAST_AGENTS`] callers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LastAgents {
    by_caller: BTreeMap<String, (AgentId, u64)>,
    by_age: BTreeMap<u64, String>,
    next: u64,
}

impl LastAgents {
    /// This caller talks with this agent now.
    pub fn learn(&mut self, caller: &str, agent: AgentId) {
        let age = self.next;
        self.next += 1;
        if let Some((_, former)) = self.by_caller.insert(caller.to_owned(), (agent, age)) {
            self.by_age.remove(&former);
        }
        self.by_age.insert(age, caller.to_owned());
        if self.by_caller.len() > MAX_LAST_AGENTS
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.by_caller.remove(&oldest);
        }
    }

    /// All of them, the longest ago first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, AgentId)> {
        self.by_age.values().filter_map(|caller| Some((caller.as_str(), self.by_caller.get(caller)?.0)))
    }
}

/// Callers remembered: as many as the call distributor holds; some 10 MB.
pub const MAX_LAST_AGENTS: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_counts_and_the_order_is_kept() {
        let mut last = LastAgents::default();
        last.learn("+441", AgentId(1));
        last.learn("+442", AgentId(2));
        last.learn("+441", AgentId(3));
        assert_eq!(last.iter().collect::<Vec<_>>(), [("+442", AgentId(2)), ("+441", AgentId(3))]);
    }
}
