//! Brings the figures that others count into `/metrics`.

use std::sync::Arc;
use std::time::Duration;

use admin_api::{Metrics, Readiness};
use journal::Journal;
use media_worker::{Count, DropReason, MediaMetrics};
use tokio::sync::watch;

use super::process_figures;

/// Copies counters every second, and keeps readiness up to date.
pub(super) async fn keep_figures(
    metrics: Arc<Metrics>,
    media: Arc<MediaMetrics>,
    journal: Journal,
    readiness: watch::Sender<Readiness>,
) {
    let mut last = Last::default();
    loop {
        last.received.copy(&media.packets_in, |by| metrics.rtp_received.inc_by(by));
        last.sent.copy(&media.packets_out, |by| metrics.rtp_sent.inc_by(by));
        last.lost.copy(&media.packets_lost, |by| metrics.rtp_lost.inc_by(by));
        last.gaps.copy(&media.recording_gaps, |by| metrics.recording_gaps.inc_by(by));
        last.ring_full.copy(&media.ring_full, |by| metrics.media_ring_full.inc_by(by));
        metrics.rtp_ports_usable.set(i64::try_from(media.ports_usable.value()).unwrap_or(i64::MAX));
        for reason in DropReason::ALL {
            let new = media.drops(reason) - std::mem::replace(&mut last.drops[reason as usize], media.drops(reason));
            metrics.dropped_many(reason.as_str(), new);
        }
        let (writable, figures) = (journal.is_writable(), journal.metrics());
        metrics.journal_writable.set(i64::from(writable));
        metrics.journal_unsynced.set(figures.unsynced_seconds);
        metrics.journal_failures.set(i64::try_from(figures.failures_total).unwrap_or(i64::MAX));
        metrics.journal_cut.set(i64::try_from(figures.cut_bytes).unwrap_or(i64::MAX));
        process_figures::set(&metrics);
        readiness.send_if_modified(|ready| std::mem::replace(&mut ready.journal_writable, writable) != writable);
        tokio::time::sleep(EVERY).await;
    }
}

#[derive(Default)]
struct Last {
    received: Seen,
    sent: Seen,
    lost: Seen,
    gaps: Seen,
    ring_full: Seen,
    drops: [u64; DropReason::ALL.len()],
}

/// The last value seen of a counter that only grows.
#[derive(Default)]
struct Seen(u64);

impl Seen {
    fn copy(&mut self, from: &Count, add: impl FnOnce(u64)) {
        let value = from.value();
        add(value.saturating_sub(std::mem::replace(&mut self.0, value)));
    }
}

const EVERY: Duration = Duration::from_secs(1);
