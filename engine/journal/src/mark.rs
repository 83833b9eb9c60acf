//! Marks: how far an owner's entries have come, and what an effect waits for.

use clock::ShardId;

/// Who writes entries. Each owner numbers its own entries from 1 in the order in which it emits them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A call shard.
    Shard(ShardId),
    /// The ACD.
    Acd,
    /// Registrations.
    Location,
    /// The dialer.
    Dialer,
    /// The process itself: names, start and stop.
    Node,
    /// The REST API: answers to requests with an Idempotency-Key.
    Api,
}

/// How safe an entry must be before an effect may leave (DESIGN section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Durability {
    /// Handed to the operating system: survives kill -9.
    Written,
    /// Survives power loss.
    Synced,
}

/// An effect that carries this mark is held until the owner's entry number
/// `entry` has reached `durability`. No task waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Number of the owner's last entry that must be safe.
    pub entry: u64,
    /// How safe.
    pub durability: Durability,
}
