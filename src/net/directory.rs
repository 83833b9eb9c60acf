//! Which shard a Call-ID belongs to (DESIGN section 4, Placement).

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::RwLock;

use clock::ShardId;

/// SipCallId -> shard: asked first; a keyed hash chooses only for a Call-ID never seen.
#[derive(Debug)]
pub(crate) struct CallIdDirectory {
    shards: u16,
    owned: RwLock<HashMap<String, ShardId>>,
    placement: RandomState,
}

impl CallIdDirectory {
    /// An empty directory for `shards` shards (at least 1).
    #[must_use]
    pub(crate) fn new(shards: u16) -> Self {
        Self { shards: shards.max(1), owned: RwLock::default(), placement: RandomState::new() }
    }

    /// The shard for a message with this Call-ID.
    #[must_use]
    pub(crate) fn shard(&self, call_id: &str) -> ShardId {
        if self.shards == 1 {
            return ShardId(0);
        }
        let known = self.owned.read().ok().and_then(|owned| owned.get(call_id).copied());
        known.unwrap_or_else(|| ShardId((self.placement.hash_one(call_id) % u64::from(self.shards)) as u16))
    }

    /// True when a shard has a leg with this Call-ID.
    #[must_use]
    pub(crate) fn owns(&self, call_id: &str) -> bool {
        self.owned.read().is_ok_and(|owned| owned.contains_key(call_id))
    }

    /// `shard` owns the Call-ID from now, or releases it.
    pub(crate) fn set(&self, shard: ShardId, call_id: String, owned: bool) {
        let Ok(mut map) = self.owned.write() else { return };
        if owned {
            map.insert(call_id, shard);
        } else {
            map.remove(&call_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_call_id_wins_over_the_hash() {
        let directory = CallIdDirectory::new(4);
        let hashed = directory.shard("a@b");
        assert_eq!(directory.shard("a@b"), hashed);
        let other = ShardId((hashed.0 + 1) % 4);
        directory.set(other, "a@b".to_owned(), true);
        assert_eq!(directory.shard("a@b"), other);
        directory.set(other, "a@b".to_owned(), false);
        assert_eq!(directory.shard("a@b"), hashed);
    }
}
