//! One client's stream of events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event as Frame, KeepAlive};
use futures_util::{Stream, stream};
use records::{EventFeed, EventId};
use tokio::sync::{OwnedSemaphorePermit, watch};

use crate::api::Shared;
use crate::event::Choice;
use crate::event::object::Event;
use crate::event::queues::QueueWatch;
use crate::event::standing::{Standing, Watch};
use crate::metrics::Metrics;
use crate::problem::{Code, Problem};
use crate::roster::Known;
use crate::serve::{Cut, stopped};

/// Opens the stream of events after `after`, or from now on.
///
/// # Errors
/// 503 when too many clients follow already.
pub(crate) fn open(
    shared: Shared,
    after: Option<EventId>,
    choice: Choice,
    standing: Standing,
    cut: Cut,
) -> Result<impl Stream<Item = Result<Frame, Infallible>>, Problem> {
    let permit = Arc::clone(&shared.streams).try_acquire_owned();
    let permit =
        permit.map_err(|_| Problem::new(Code::TooManyStreams, format!("At most {MAX_STREAMS} clients can follow.")))?;
    let (journal, live) = (&shared.services.journal, &shared.services.live);
    let resumed = after.map(|last| EventFeed::after(journal, live, last));
    let (feed, resync, caught_up) = match resumed {
        None => (EventFeed::from_now(journal, live), false, true),
        Some(Ok(feed)) => (feed, false, false),
        Some(Err(_)) => (EventFeed::from_now(journal, live), true, true),
    };
    let queues = choice.queues.as_ref().map(|_| QueueWatch::new());
    let follower = Follower {
        queues,
        feed,
        frames: Vec::new(),
        resync,
        caught_up,
        shutdown: shared.shutdown.clone(),
        roster: shared.services.roster.watch(),
        _watch: Watch::over(standing.clone(), Arc::clone(&shared.services.roster), cut),
        standing,
        _seat: Seat::take(permit, Arc::clone(&shared.services.metrics)),
        choice,
        shared,
    };
    Ok(stream::unfold(follower, |mut follower| async {
        let frame = follower.next().await?;
        Some((Ok(frame), follower))
    }))
}

/// A comment now and then, so that proxies keep the connection and a dead one is noticed.
pub(crate) fn heartbeat() -> KeepAlive {
    KeepAlive::new().interval(HEARTBEAT).text("heartbeat")
}

/// Where a client stands.
struct Follower {
    shared: Shared,
    feed: EventFeed,
    choice: Choice,
    /// Figures of queues, where they are asked for.
    queues: Option<QueueWatch>,
    /// Read and not sent yet, last first.
    frames: Vec<Frame>,
    /// The client missed something and is to be told.
    resync: bool,
    /// From here on it is the client's slowness when it lags.
    caught_up: bool,
    shutdown: watch::Receiver<bool>,
    /// Changes of people and keys.
    roster: watch::Receiver<Arc<Known>>,
    /// What the client came with: the stream ends when it is worth nothing any more.
    standing: Standing,
    /// Cuts the connection where the client does not even read the end.
    _watch: Watch,
    /// Held until the stream ends.
    _seat: Seat,
}

impl Follower {
    /// The next frame; `None` when the node stops, the journal cannot be read or the key is good no more: the client
    /// comes back.
    async fn next(&mut self) -> Option<Frame> {
        loop {
            if !self.standing.holds(&self.shared.services.roster) {
                return None;
            }
            if let Some(frame) = self.frames.pop() {
                return Some(frame);
            }
            self.note_lag();
            if self.resync {
                self.resync = false;
                return Some(Frame::default().id(self.feed.place().to_string()).event("resync").data("{}"));
            }
            let events = tokio::select! {
                events = self.feed.next(CHUNK) => events.ok().filter(|events| !events.is_empty())?,
                () = stopped(&mut self.shutdown) => return None,
                () = due(self.queues.as_ref()) => {
                    self.look_at_queues();
                    continue;
                }
                () = self.standing.may_end(&mut self.roster) => continue,
            };
            let shown = events.into_iter().rev().filter_map(|event| self.choice.show(event, &self.shared));
            self.frames = shown.map(|event| frame(&event)).collect();
        }
    }

    fn look_at_queues(&mut self) {
        let (Some(watch), Some(principal)) = (&mut self.queues, &self.choice.queues) else { return };
        let (snapshot, directory) = (self.shared.snapshot(), self.shared.directory_of(principal));
        self.frames = watch.news(&snapshot, &directory, &self.feed.place().to_string());
    }

    /// A client that fell too far behind goes on from now.
    fn note_lag(&mut self) {
        let lag = self.feed.lag();
        self.caught_up |= lag == 0;
        if self.caught_up && lag > MAX_LAG {
            let services = &self.shared.services;
            services.metrics.dropped("slow_event_client");
            self.feed = EventFeed::from_now(&services.journal, &services.live);
            self.resync = true;
        }
    }
}

async fn due(queues: Option<&QueueWatch>) {
    match queues {
        Some(watch) => watch.due().await,
        None => std::future::pending().await,
    }
}

/// A place among the followers.
struct Seat {
    metrics: Arc<Metrics>,
    _permit: OwnedSemaphorePermit,
}

impl Seat {
    fn take(permit: OwnedSemaphorePermit, metrics: Arc<Metrics>) -> Self {
        metrics.event_streams.inc();
        Self { metrics, _permit: permit }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.metrics.event_streams.dec();
    }
}

/// An event as it is sent.
pub(crate) fn frame(event: &Event) -> Frame {
    let data = serde_json::to_string(event).unwrap_or_default();
    Frame::default().id(event.id.clone()).event(event.kind.clone()).data(data)
}

/// Clients that follow at once: a wallboard for each of 50 agents, and programs; far below the connections.
pub(crate) const MAX_STREAMS: usize = 128;
/// Events read at once for a client: what it buffers at most.
const CHUNK: usize = 64;
/// Entries by which a client may fall behind: what the journal has in memory.
const MAX_LAG: u64 = 8_000;
/// How often a comment is sent (rest.md section 5).
const HEARTBEAT: Duration = Duration::from_secs(15);
