//! The journal as its users hold it.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use journal_core::{Durability, Entry, Owner, Position, Replay, encode};

use crate::log::{Opened, Taken};
use crate::recovered::Recovered;
use crate::shared::Shared;
use crate::syncer::Syncer;
use crate::tail::Tail;
use crate::time::wall_now;
use crate::writer::{Command, Queued, Writer};
use crate::{
    AppendError, JournalId, JournalMetrics, JournalState, OpenError, Options, ReadError, Report, Sink, Stored,
};
use crate::{checkpoint, log};

/// The journal. Clones are handles to the same one.
#[derive(Clone)]
pub struct Journal {
    inner: Arc<Inner>,
}

struct Inner {
    id: JournalId,
    epoch: u32,
    found: Position,
    capacity: usize,
    queue: SyncSender<Command>,
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Journal {
    /// Opens the journal, creates it where there is none, begins a new epoch and
    /// starts the writer. What was in it comes back as [`Recovered`].
    ///
    /// # Errors
    /// See [`OpenError`]: each is one line that says what to do.
    pub fn open(
        options: Options,
        sink: impl Fn(Report) + Send + Sync + 'static,
    ) -> Result<(Self, Recovered), OpenError> {
        let sink: Sink = Arc::new(sink);
        let opened = open_log(&options)?;
        let (id, epoch, last) = (opened.log.id(), opened.log.epoch(), opened.last);
        let shared = Arc::new(Shared::new(opened));
        let (sender, queue) = sync_channel(options.capacity);
        let writer = Writer {
            queue,
            shared: shared.clone(),
            sink: sink.clone(),
            last: Position { node: options.node, epoch, sequence: last.sequence },
            give_up_at: None,
            grouped: None,
        };
        let syncer = Syncer { shared: shared.clone(), sink, sync_delay: options.sync_delay };
        let folder = |why: std::io::Error| OpenError::Folder { path: options.path.clone(), why: why.to_string() };
        let named = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let threads = [
            named("journal-sync").spawn(|| syncer.run()).map_err(folder)?,
            named("journal").spawn(|| writer.run()).map_err(folder)?,
        ];
        let capacity = options.capacity;
        let inner =
            Inner { id, epoch, found: last, capacity, queue: sender, shared, threads: Mutex::new(threads.into()) };
        let journal = Self { inner: Arc::new(inner) };
        let recovered = Recovered::new(journal.clone(), options.path, last);
        Ok((journal, recovered))
    }

    /// The last entry that was there when the journal was opened. An earlier epoch has none behind it.
    #[must_use]
    pub fn found(&self) -> Position {
        self.inner.found
    }

    /// Queues entry number `number` of `owner`; never waits. Each owner numbers
    /// its entries from 1 after each opening; [`Report::Reached`] says how far they are.
    ///
    /// # Errors
    /// `Full` gives the entry back: offer it again after the next report.
    pub fn append(&self, owner: Owner, number: u64, entry: Entry) -> Result<(), AppendError> {
        let written_at = wall_now();
        let bytes = encode(written_at, &entry)?;
        let shared = &self.inner.shared;
        shared.backlog.fetch_add(1, Ordering::Relaxed);
        let command = Command::Append(Box::new(Queued { owner, number, written_at, bytes, entry }));
        self.inner.queue.try_send(command).map_err(|refused| {
            shared.backlog.fetch_sub(1, Ordering::Relaxed);
            match refused {
                TrySendError::Full(Command::Append(queued)) => {
                    AppendError::Full { entry: Box::new(queued.entry), capacity: self.inner.capacity }
                }
                TrySendError::Full(Command::Close) | TrySendError::Disconnected(_) => AppendError::Closed,
            }
        })
    }

    /// Up to `max` entries after `after` that are as safe as `durability`. Reads the disk: not for a task.
    ///
    /// # Errors
    /// When the store cannot be read now.
    pub fn read_after(
        &self,
        after: Position,
        durability: Durability,
        max: usize,
    ) -> Result<Vec<Arc<Stored>>, ReadError> {
        let shared = &self.inner.shared;
        let until = shared.progress.borrow().reached(durability);
        if let Some(read) = shared.read_recent(after, until, max) {
            return Ok(read);
        }
        shared.log.read(after, until, max)
    }

    /// All entries after `after` as they become as safe as `durability`, without a gap.
    #[must_use]
    pub fn subscribe(&self, after: Position, durability: Durability) -> Tail {
        Tail::new(self.clone(), self.inner.shared.progress.subscribe(), after, durability)
    }

    /// Position of the last entry that is this safe.
    #[must_use]
    pub fn reached(&self, durability: Durability) -> Position {
        self.inner.shared.progress.borrow().reached(durability)
    }

    /// The first entry still kept. Reads the disk.
    ///
    /// # Errors
    /// When the store cannot be read now.
    pub fn first(&self) -> Result<Option<Arc<Stored>>, ReadError> {
        self.inner.shared.log.first()
    }

    /// Which journal this is.
    #[must_use]
    pub fn id(&self) -> JournalId {
        self.inner.id
    }

    /// The epoch that began with this opening.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.inner.epoch
    }

    /// Whether writes work.
    #[must_use]
    pub fn state(&self) -> JournalState {
        self.inner.shared.state()
    }

    /// False when new calls are to be refused and readiness fails: writes fail,
    /// half of the capacity waits, or one write is stuck on the disk for seconds, or one sync for long.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        let shared = &self.inner.shared;
        let stuck = shared.writing_since.age() > WRITE_STUCK || shared.syncing_since.age() > SYNC_STUCK;
        let behind = shared.backlog.load(Ordering::Relaxed) > self.inner.capacity / 2;
        !stuck && !behind && shared.state() == JournalState::Working
    }

    /// The counters now.
    #[must_use]
    pub fn metrics(&self) -> JournalMetrics {
        let shared = &self.inner.shared;
        JournalMetrics {
            unsynced_seconds: shared.oldest_unsynced.age().as_secs_f64(),
            waiting: shared.backlog.load(Ordering::Relaxed),
            written_total: shared.written_total.load(Ordering::Relaxed),
            synced_total: shared.synced_total.load(Ordering::Relaxed),
            failures_total: shared.failures_total.load(Ordering::Relaxed),
            cut_bytes: shared.cut_bytes,
        }
    }

    /// Writes and syncs all that is queued, and takes no more. Waits for the disk:
    /// for the end of the process. Tails end after the last entry; the files
    /// close with the last handle.
    pub fn close(&self) {
        let threads = std::mem::take(&mut *self.inner.threads.lock().unwrap_or_else(PoisonError::into_inner));
        if threads.is_empty() {
            return;
        }
        // An error means that the writer is gone already.
        let _gone = self.inner.queue.send(Command::Close);
        for thread in threads.into_iter().rev() {
            if thread.join().is_err() {
                tracing::error!(target: "journal", "a thread of the journal had panicked");
            }
        }
    }

    /// Saves the fold of all entries up to `position`: a start reads on from there.
    pub(crate) fn save_checkpoint(&self, position: Position, replay: &Replay) -> Result<(), ReadError> {
        checkpoint::save(self.inner.shared.log.folder(), self.inner.id, position, replay)
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal").field("id", &self.inner.id).field("epoch", &self.inner.epoch).finish_non_exhaustive()
    }
}

/// Opens the log behind its checkpoint, or begins a new one.
fn open_log(options: &Options) -> Result<Opened, OpenError> {
    let unreadable = |why: String| OpenError::Unreadable { path: options.path.clone(), why };
    let lock = log::take(&options.path)?;
    let checkpoint = checkpoint::read(&options.path).map_err(|e| unreadable(e.to_string()))?;
    let known = checkpoint.as_ref().map_or(Position::START, |(_, position, _)| *position);
    let taken = Taken::read(&options.path, lock, known.sequence)?;
    let saved = checkpoint.map(|(id, ..)| id);
    if let (Some(found), Some(saved)) = (taken.id(), saved)
        && found != saved
    {
        return Err(unreadable(format!("its entries are of journal {found}, its checkpoint is of {saved}")));
    }
    let id = taken.id().or(saved).unwrap_or_else(JournalId::new);
    let opened = taken.open(id, options.node, known)?;
    if opened.cut_bytes > 0 {
        let (bytes, last) = (opened.cut_bytes, opened.last.sequence);
        tracing::warn!(target: "journal", bytes, last, "an end that was never synced was damaged; it was cut off");
    }
    Ok(opened)
}

/// A disk that takes this long for one write will not carry calls.
const WRITE_STUCK: Duration = Duration::from_secs(2);
/// A sync holds up only what must survive power loss; a disk that takes this long is broken.
const SYNC_STUCK: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
