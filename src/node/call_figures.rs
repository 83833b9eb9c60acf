//! Counts calls for `/metrics` from the one event log (DESIGN section 1, 5), and writes their log lines.

use std::collections::BTreeMap;
use std::sync::Arc;

use admin_api::Metrics;
use clock::CallId;
use journal::Journal;
use journal_core::{CallEntry, CallEvent, CallRecord, Durability, Entry, Position};

use super::call_log::CallLog;
use crate::clock_source::ClockSource;

/// Follows the journal from `from`, where the calls in `live` were up, for ever: live calls, and calls by how they ended.
pub(super) async fn follow_calls(
    journal: Journal,
    from: Position,
    mut live: BTreeMap<CallId, Box<CallRecord>>,
    metrics: Arc<Metrics>,
) {
    let (clock, mut log) = (ClockSource::start(), CallLog::default());
    let mut tail = journal.subscribe(from, Durability::Written).with_rest(REST);
    loop {
        match tail.next(ENTRIES_AT_ONCE).await {
            Ok(read) if read.is_empty() => return,
            Ok(read) => {
                for stored in &read {
                    if let Ok(Entry::Call(entry)) = &stored.entry {
                        count(entry, &mut live, &metrics, |record| log.write(clock.mono(), entry, record));
                    }
                }
            }
            Err(error) => {
                tracing::warn!(%error, "figures of calls wait for the journal");
                tokio::time::sleep(RETRY).await;
            }
        }
        metrics.calls_active.set(i64::try_from(live.len()).unwrap_or(i64::MAX));
    }
}

fn count(
    entry: &CallEntry,
    live: &mut BTreeMap<CallId, Box<CallRecord>>,
    metrics: &Metrics,
    log: impl FnOnce(Option<&CallRecord>),
) {
    if let CallEvent::Started { .. } = entry.event {
        live.extend(CallRecord::start(entry).map(|record| (entry.call, Box::new(record))));
    } else if let Some(record) = live.get_mut(&entry.call) {
        record.apply(entry);
    }
    let record = live.get(&entry.call).map(Box::as_ref);
    log(record);
    if let Some(record) = record.filter(|record| record.is_ended()) {
        metrics.call_ended(record);
        live.remove(&entry.call);
    }
}

const ENTRIES_AT_ONCE: usize = 512;
/// Less than anyone's interval between two looks at `/metrics`.
const REST: std::time::Duration = std::time::Duration::from_millis(50);
const RETRY: std::time::Duration = std::time::Duration::from_secs(1);
