//! Every channel of the node: its capacity, and what happens when it is full.

/// New INVITEs into a shard. Full: stateless 503 by the reader. Half a second at 2,000 calls a second.
pub(crate) const NEW_CALLS: usize = 1_024;
/// Their bytes: 1,024 INVITEs of 8 KB.
pub(crate) const NEW_CALLS_BYTES: usize = 8 << 20;
/// Messages of existing dialogs into a shard. Full: the reader waits, retransmission heals.
pub(crate) const DIALOGS: usize = 8_192;
/// Their bytes: as many of 4 KB.
pub(crate) const DIALOGS_BYTES: usize = 32 << 20;
/// What strangers send outside our dialogs, to a shard or to location. Full: dropped and counted; their retransmission
/// heals it. What they may all send in half a second.
pub(crate) const STRANGERS: usize = 1_024;
/// Their bytes: as many of 4 KB.
pub(crate) const STRANGERS_BYTES: usize = 4 << 20;
/// From the network to location. Full: dropped and counted; phones send again.
pub(crate) const LOCATION_SIP: usize = 8_192;
/// Their bytes: as many of 2 KB.
pub(crate) const LOCATION_SIP_BYTES: usize = 16 << 20;
/// From the network to the trunk watcher. Full: dropped and counted; its requests are sent again.
pub(crate) const TRUNK_SIP: usize = 1_024;
/// Their bytes: as many of 2 KB.
pub(crate) const TRUNK_SIP_BYTES: usize = 2 << 20;
/// Names to be looked up. Full: that counts as a failure, and they are asked again later.
pub(crate) const QUESTIONS: usize = 256;
/// Between owners, and from media and commands. Full: kept by the sender and tried again each millisecond.
pub(crate) const OWNERS: usize = 65_536;
/// Pages of leads that campaigns want. Full: they ask again.
pub(crate) const LEADS: usize = 256;
/// Commands of the API. Full: 503 with Retry-After.
pub(crate) const COMMANDS: usize = 1_024;
/// TCP connections to be opened. Full: the message is dropped and counted.
pub(crate) const CONNECT: usize = 256;
/// Requests to read the configuration again. Full: who asks waits.
pub(crate) const RELOADS: usize = 4;
/// Shards that are drained: one each.
pub(crate) const DRAINED: usize = 64;
