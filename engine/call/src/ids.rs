//! Ids of legs, players, recordings and rings.

use clock::{LegId, ShardId, WallTime};
use media_graph::{PlayerId, RecorderId};

/// Counts up from the wall time of the shard's start, below the shard's own
/// bits: ids of two shards never meet, and those of two runs only if the former
/// made more than one id a microsecond for all its life.
#[derive(Debug)]
pub(crate) struct Ids {
    shard: u64,
    next: Option<u64>,
    /// Given out before by a shard that this one follows.
    floor: u64,
}

/// A group of phones that ring together until one answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RingId(pub(crate) u64);

impl Ids {
    pub(crate) fn new(shard: ShardId) -> Self {
        Self { shard: u64::from(shard.0) << COUNT_BITS, next: None, floor: 0 }
    }

    /// Where counting begins; later calls change nothing.
    pub(crate) fn begin(&mut self, wall: WallTime) {
        self.next.get_or_insert(u64::try_from(wall.as_micros()).unwrap_or(0).max(self.floor));
    }

    /// Counting goes on above `last_id`, also when the wall clock was set back meanwhile. Before `begin`.
    pub(crate) fn follow(&mut self, last_id: u64) {
        self.floor = last_id & COUNT_MASK;
    }

    pub(crate) fn leg(&mut self) -> LegId {
        LegId(self.mint())
    }

    pub(crate) fn player(&mut self) -> PlayerId {
        PlayerId(self.mint())
    }

    pub(crate) fn recorder(&mut self) -> RecorderId {
        RecorderId(self.mint())
    }

    pub(crate) fn ring(&mut self) -> RingId {
        RingId(self.mint())
    }

    fn mint(&mut self) -> u64 {
        let next = self.next.get_or_insert(0);
        *next = next.wrapping_add(1);
        self.shard | (*next & COUNT_MASK)
    }
}

/// The shard that made a leg, player or recorder id.
#[must_use]
pub const fn shard_of_id(id: u64) -> ShardId {
    ShardId((id >> COUNT_BITS) as u16)
}

/// Microseconds since 1970 fit until the year 2112; 12 bits are left for shards.
const COUNT_BITS: u32 = 52;
const COUNT_MASK: u64 = (1 << COUNT_BITS) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_shards_and_runs_do_not_meet() {
        let first_of = |shard, micros| {
            let mut ids = Ids::new(ShardId(shard));
            ids.begin(WallTime::from_micros(micros));
            (ids.leg(), ids.leg())
        };
        assert_eq!(first_of(0, 1_000), (LegId(1_001), LegId(1_002)));
        assert_ne!(first_of(1, 1_000), first_of(0, 1_000));
        assert_ne!(first_of(0, 2_000).0, first_of(0, 1_000).1);
        let mut after_a_break = Ids::new(ShardId(1));
        after_a_break.follow(first_of(1, 5_000).1.0);
        after_a_break.begin(WallTime::from_micros(1_000));
        assert_eq!(shard_of_id(after_a_break.leg().0), ShardId(1));
        assert_eq!(after_a_break.leg().0 & COUNT_MASK, 5_004);
    }
}
