//! Says every few seconds that the node is up: after a crash the last word tells until when it was, at least.

use std::time::Duration;

use journal_core::Entry;
use tokio::time::sleep;

use super::entries::NodeEntries;
use crate::clock_source::wall_now;

/// Tells as long as the node runs.
pub(super) async fn tell(entries: NodeEntries) {
    loop {
        sleep(EVERY).await;
        // A journal that takes none tells of it itself.
        let _refused = entries.try_append(Entry::NodeAlive { at: wall_now() });
    }
}

/// By so much at most a time in which nobody knows what agents did begins too early.
const EVERY: Duration = Duration::from_secs(5);
