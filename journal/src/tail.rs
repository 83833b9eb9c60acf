//! A live tail: entries in order, from any position on, for ever.

use std::sync::Arc;
use std::time::Duration;

use journal_core::{Durability, Position};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::shared::Progress;
use crate::{Journal, ReadError, Stored};

/// Reads the journal as it grows. One that lags reads the disk, on a thread of
/// its own, until it has caught up; nothing is skipped and nobody waits for it.
#[derive(Debug)]
pub struct Tail {
    journal: Journal,
    progress: watch::Receiver<Progress>,
    after: Position,
    durability: Durability,
    rest: Duration,
    /// Not before this are the next entries given.
    rested: Option<Instant>,
}

impl Tail {
    pub(crate) fn new(
        journal: Journal,
        progress: watch::Receiver<Progress>,
        after: Position,
        durability: Durability,
    ) -> Self {
        Self { journal, progress, after, durability, rest: Duration::ZERO, rested: None }
    }

    /// The same tail, but whoever follows it is given a rest of at least `rest` between two reads, so that each finds
    /// more: for followers that need not know at once. One that lags is given none.
    #[must_use]
    pub fn with_rest(self, rest: Duration) -> Self {
        Self { rest, ..self }
    }

    /// The next entries, at least one and at most `max`, as soon as there are
    /// any; empty once the journal is closed and all was read. May be dropped and called again.
    ///
    /// # Errors
    /// When the store cannot be read now; the same entries come at the next call.
    pub async fn next(&mut self, max: usize) -> Result<Vec<Arc<Stored>>, ReadError> {
        if let Some(rested) = self.rested {
            tokio::time::sleep_until(rested).await;
        }
        loop {
            let progress = *self.progress.borrow_and_update();
            let read = self.read(progress.reached(self.durability), max).await?;
            if let Some(last) = read.last() {
                self.after = last.position;
                let more = read.len() == max || self.rest.is_zero();
                self.rested = (!more).then(|| now() + self.rest);
                return Ok(read);
            }
            if progress.closed || self.progress.changed().await.is_err() {
                return Ok(Vec::new());
            }
        }
    }

    /// The position behind which the next entries come.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.after
    }

    async fn read(&self, until: Position, max: usize) -> Result<Vec<Arc<Stored>>, ReadError> {
        if self.after >= until {
            return Ok(Vec::new());
        }
        if let Some(read) = self.journal.shared().read_recent(self.after, until, max) {
            return Ok(read);
        }
        let (journal, after) = (self.journal.clone(), self.after);
        let from_disk = move || journal.shared().log.read(after, until, max);
        let joined = tokio::task::spawn_blocking(from_disk).await;
        joined.unwrap_or_else(|panic| Err(ReadError::Store { why: panic.to_string() }))
    }
}

#[allow(clippy::disallowed_methods, reason = "a shell: a task's own pace")]
fn now() -> Instant {
    Instant::now()
}
