//! Counts calls for `/metrics` from the one event log (DESIGN section 1, 5).

use std::collections::BTreeMap;
use std::sync::Arc;

use admin_api::Metrics;
use clock::CallId;
use journal::{Journal, Stored};
use journal_core::{CallEvent, CallRecord, Durability, Entry, Position};

/// Follows the journal from `from`, where the calls in `live` were up, for ever: live calls, and calls by how they ended.
pub(super) async fn follow_calls(
    journal: Journal,
    from: Position,
    mut live: BTreeMap<CallId, CallRecord>,
    metrics: Arc<Metrics>,
) {
    let mut tail = journal.subscribe(from, Durability::Written);
    loop {
        match tail.next(ENTRIES_AT_ONCE).await {
            Ok(read) if read.is_empty() => return,
            Ok(read) => read.iter().for_each(|stored| count(stored, &mut live, &metrics)),
            Err(error) => {
                tracing::warn!(%error, "figures of calls wait for the journal");
                tokio::time::sleep(RETRY).await;
            }
        }
        metrics.calls_active.set(i64::try_from(live.len()).unwrap_or(i64::MAX));
    }
}

fn count(stored: &Stored, live: &mut BTreeMap<CallId, CallRecord>, metrics: &Metrics) {
    let Ok(Entry::Call(entry)) = &stored.entry else { return };
    if let CallEvent::Started { .. } = entry.event {
        live.extend(CallRecord::start(entry).map(|record| (entry.call, record)));
        return;
    }
    let Some(record) = live.get_mut(&entry.call) else { return };
    record.apply(entry);
    if record.is_ended() {
        metrics.call_ended(record);
        live.remove(&entry.call);
    }
}

const ENTRIES_AT_ONCE: usize = 512;
const RETRY: std::time::Duration = std::time::Duration::from_secs(1);
