//! What the trunk watcher's effects mean to the others.

use clock::ShardId;
use sip::trunk::Effect;

use crate::Delivery;

/// Where `effect` goes; targets go to every one of `shards`. What only the shell can do (a look-up, a line in the log)
/// comes back.
///
/// # Errors
/// The effect, for the shell.
pub fn from_trunks(shards: impl Iterator<Item = ShardId>, effect: Effect) -> Result<Vec<Delivery>, Effect> {
    Ok(match effect {
        Effect::Transmit { peer, bytes, again } => vec![Delivery::Transmit { peer, bytes, gate: None, again }],
        Effect::Targets(targets) => {
            shards.map(|shard| Delivery::Shard(shard, call::Input::TrunkTargets(targets.clone()))).collect()
        }
        Effect::Dropped { reason } => vec![Delivery::Dropped { reason }],
        other @ (Effect::Resolve(_) | Effect::Changed { .. } | Effect::Stopped) => return Err(other),
    })
}
