//! Every channel of the node: its capacity, and what happens when it is full.

/// New INVITEs into a shard. Full: stateless 503 by the reader. Half a second at 2,000 calls a second.
pub(crate) const NEW_CALLS: usize = 1_024;
/// Messages of existing dialogs into a shard. Full: the reader waits, retransmission heals.
pub(crate) const DIALOGS: usize = 8_192;
/// From the network to location. Full: dropped and counted; phones send again.
pub(crate) const LOCATION_SIP: usize = 8_192;
/// Between owners, and from media and commands. Full: kept by the sender and tried again each millisecond.
pub(crate) const OWNERS: usize = 65_536;
/// Commands of the API. Full: 503 with Retry-After.
pub(crate) const COMMANDS: usize = 1_024;
/// TCP connections to be opened. Full: the message is dropped and counted.
pub(crate) const CONNECT: usize = 256;
/// Requests to read the configuration again. Full: who asks waits.
pub(crate) const RELOADS: usize = 4;
/// Shards that are drained: one each.
pub(crate) const DRAINED: usize = 64;
