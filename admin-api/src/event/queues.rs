//! Figures and alerts of queues on a client's stream: at most one event a queue and second, never a backlog.
//!
//! They are of the moment and not in the journal: a client that comes back sees how queues stand then.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use acd::measure::{Alert, AlertKind, QueueFigures};
use axum::response::sse::Event as Frame;
use centre::{Directory, QueueStanding, Snapshot};
use clock::QueueId;
use serde_json::json;
use tokio::time::Instant;

use crate::event::object::Event;
use crate::event::stream::frame;
use crate::queue::{Queue, QueueAlert, QueueStats, queue_now};
use crate::time::wall_now;

/// What a client was told last of each queue.
#[derive(Debug)]
pub(crate) struct QueueWatch {
    told: BTreeMap<QueueId, Told>,
    next: Instant,
}

#[derive(Debug)]
struct Told {
    at: Instant,
    queue: Queue,
    figures: QueueFigures,
    alerts: Vec<Alert>,
}

impl QueueWatch {
    #[allow(clippy::disallowed_methods, reason = "a shell: a stream's own pace")]
    pub(crate) fn new() -> Self {
        Self { told: BTreeMap::new(), next: Instant::now() }
    }

    /// Waits until there may be news.
    pub(crate) async fn due(&self) {
        tokio::time::sleep_until(self.next).await;
    }

    /// What changed since the last time, the last first; `place` is where the stream can be resumed.
    #[allow(clippy::disallowed_methods, reason = "a shell: a stream's own pace")]
    pub(crate) fn news(&mut self, snapshot: &Snapshot, directory: &Directory, place: &str) -> Vec<Frame> {
        let now = Instant::now();
        self.next = now + EVERY;
        let standings = Arc::clone(&snapshot.standings);
        let mut frames = Vec::new();
        for (id, standing) in standings.iter() {
            let Some(queue) = queue_now(snapshot, directory, *id, wall_now()) else { continue };
            let former = self.told.get(id);
            let is_new = former.is_none_or(|told| told.is_stale(&queue, standing, now));
            let alerts = former.map(|told| told.alerts.as_slice()).unwrap_or_default();
            frames.extend(changed(alerts, &standing.alerts).map(|(raised, alert)| {
                let told = QueueAlert::told(&queue.name, if raised { "raised" } else { "cleared" }, alert);
                frame(&Event::passing(place, "queue.alert", wall_now(), told))
            }));
            if is_new {
                let stats = json!(QueueStats::new(queue.clone(), standing));
                frames.push(frame(&Event::passing(place, "queue.stats", wall_now(), stats)));
                let (figures, alerts) = (standing.figures.clone(), standing.alerts.clone());
                self.told.insert(*id, Told { at: now, queue, figures, alerts });
            }
        }
        self.told.retain(|id, _| standings.contains_key(id));
        frames.reverse();
        frames
    }
}

impl Told {
    /// Waits grow while somebody waits; the times of agents grow always, and are told now and then.
    fn is_stale(&self, queue: &Queue, standing: &QueueStanding, now: Instant) -> bool {
        self.queue != *queue || self.figures != standing.figures || now - self.at >= TIMES_EVERY
    }
}

/// Alerts that came (true) or went.
fn changed<'a>(before: &'a [Alert], after: &'a [Alert]) -> impl Iterator<Item = (bool, &'a Alert)> {
    let lacks = |alerts: &[Alert], kind: AlertKind| alerts.iter().all(|alert| alert.kind != kind);
    let came = after.iter().filter(move |alert| lacks(before, alert.kind)).map(|alert| (true, alert));
    let went = before.iter().filter(move |alert| lacks(after, alert.kind)).map(|alert| (false, alert));
    came.chain(went)
}

/// A queue is shown this often at most.
const EVERY: Duration = Duration::from_secs(1);
/// Occupancy and the times of agents are this much behind at most where nothing else changes.
const TIMES_EVERY: Duration = Duration::from_secs(10);
