//! The writer thread: takes what is queued, writes it as one group, syncs soon after.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use clock::WallTime;
use journal_core::{Durability, Entry, Owner, Position};

use crate::shared::Shared;
use crate::store::{Row, Store};
use crate::{JournalState, Report, Sink, Stored, wall};

/// What comes over the channel.
pub(crate) enum Command {
    /// An entry, already encoded.
    Append(Box<Queued>),
    /// Write and sync all that is queued, then stop.
    Close,
}

/// An entry on its way to the disk.
pub(crate) struct Queued {
    pub(crate) owner: Owner,
    pub(crate) number: u64,
    pub(crate) written_at: WallTime,
    pub(crate) bytes: Vec<u8>,
    pub(crate) entry: Entry,
}

pub(crate) struct Writer {
    pub(crate) queue: Receiver<Command>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) sink: Sink,
    pub(crate) path: PathBuf,
    pub(crate) sync_delay: Duration,
    /// Position of the last entry.
    pub(crate) last: Position,
    pub(crate) unsynced: Unsynced,
    /// When the last group was taken.
    pub(crate) grouped: Option<Instant>,
}

/// What was written since the last sync.
#[derive(Default)]
pub(crate) struct Unsynced {
    due: Option<Instant>,
    reached: BTreeMap<Owner, u64>,
    entries: u64,
}

/// Why the writer looks up.
enum Wake {
    Group(Vec<Queued>),
    SyncDue,
    Close(Vec<Queued>),
}

impl Writer {
    pub(crate) fn run(mut self) {
        loop {
            match self.wait() {
                Wake::Group(group) => self.write(group),
                Wake::SyncDue => {}
                Wake::Close(group) => {
                    self.write(group);
                    self.sync();
                    break;
                }
            }
            if self.unsynced.due.is_some_and(|due| due <= monotonic_now()) {
                self.sync();
            }
        }
        self.shared.progress.send_modify(|progress| progress.closed = true);
    }

    /// Waits for entries, or for the time to sync, and takes all that is queued.
    fn wait(&mut self) -> Wake {
        let first = match self.unsynced.due {
            Some(due) => self.queue.recv_timeout(due.saturating_duration_since(monotonic_now())),
            None => self.queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        if matches!(first, Ok(Command::Append(_))) {
            self.gather();
        }
        let mut group = Vec::new();
        let mut next = first;
        loop {
            match next {
                Ok(Command::Append(queued)) => group.push(*queued),
                Ok(Command::Close) | Err(RecvTimeoutError::Disconnected) => return Wake::Close(group),
                Err(RecvTimeoutError::Timeout) if group.is_empty() => return Wake::SyncDue,
                Err(RecvTimeoutError::Timeout) => return Wake::Group(group),
            }
            if group.len() >= GROUP_ENTRIES {
                return Wake::Group(group);
            }
            next = self.queue.try_recv().map_err(|empty| match empty {
                std::sync::mpsc::TryRecvError::Empty => RecvTimeoutError::Timeout,
                std::sync::mpsc::TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
            });
        }
    }

    /// Lets what comes right behind the first entry join its group. A group costs about the same whatever is in it; an
    /// entry that nobody came before for longer than this waits for no other.
    fn gather(&mut self) {
        if let Some(remainder) = self.grouped.and_then(|at| GROUP_EVERY.checked_sub(monotonic_now() - at)) {
            pause(remainder);
        }
        self.grouped = Some(monotonic_now());
    }

    /// Writes a group, trying until it works: what was appended is never dropped.
    fn write(&mut self, group: Vec<Queued>) {
        if group.is_empty() {
            return;
        }
        let mut rows: Vec<Row> = Vec::with_capacity(group.len());
        let mut stored = Vec::with_capacity(group.len());
        let mut reached = BTreeMap::new();
        let entries = group.len();
        for queued in group {
            self.last.sequence += 1;
            reached.insert(queued.owner, queued.number);
            rows.push((self.last.to_key(), queued.bytes));
            stored.push(Stored { position: self.last, written_at: queued.written_at, entry: Ok(queued.entry) });
        }
        let oldest = stored.first().map_or(0, |first| first.written_at.as_micros());
        self.until_it_works(|store| store.write(&rows));
        self.note_written(stored, oldest);
        self.shared.backlog.fetch_sub(entries, Ordering::Relaxed);
        self.unsynced.entries += entries as u64;
        self.unsynced.due.get_or_insert_with(|| monotonic_now() + self.sync_delay);
        for (owner, entry) in reached {
            self.unsynced.reached.insert(owner, entry);
            (self.sink)(Report::Reached { owner, durability: Durability::Written, entry });
        }
    }

    fn note_written(&self, stored: Vec<Stored>, oldest: i64) {
        let shared = &self.shared;
        shared.written_total.fetch_add(stored.len() as u64, Ordering::Relaxed);
        let _was = shared.oldest_unsynced.compare_exchange(0, oldest, Ordering::Relaxed, Ordering::Relaxed);
        let mut recent = shared.recent.lock().unwrap_or_else(PoisonError::into_inner);
        for stored in stored {
            recent.push(Arc::new(stored));
        }
        drop(recent);
        let last = self.last;
        shared.progress.send_modify(|progress| progress.written = last);
    }

    fn sync(&mut self) {
        let unsynced = std::mem::take(&mut self.unsynced);
        if unsynced.due.is_none() {
            return;
        }
        self.until_it_works(Store::sync);
        self.shared.oldest_unsynced.store(0, Ordering::Relaxed);
        self.shared.synced_total.fetch_add(unsynced.entries, Ordering::Relaxed);
        let last = self.last;
        self.shared.progress.send_modify(|progress| progress.synced = last);
        for (owner, entry) in unsynced.reached {
            (self.sink)(Report::Reached { owner, durability: Durability::Synced, entry });
        }
    }

    /// A store that failed once takes no more writes, so it is opened again each
    /// second. A row that had come through is written again with the same key.
    fn until_it_works(&self, what: impl Fn(&Store) -> Result<(), String>) {
        self.shared.busy_since.store(wall::now().as_micros(), Ordering::Relaxed);
        loop {
            match self.try_once(&what) {
                Ok(()) => break,
                Err(why) => self.fail(why),
            }
            pause(REOPEN_EVERY);
            if let Err(why) = self.reopen() {
                self.fail(why);
            }
        }
        self.shared.busy_since.store(0, Ordering::Relaxed);
        if self.shared.state() != JournalState::Working {
            tracing::info!(target: "journal", "the journal works again");
            self.shared.set_state(JournalState::Working);
            (self.sink)(Report::Working);
        }
    }

    fn try_once(&self, what: impl Fn(&Store) -> Result<(), String>) -> Result<(), String> {
        let store = self.shared.store.read().unwrap_or_else(PoisonError::into_inner);
        store.as_ref().map_or_else(|| Err("its store is closed".to_owned()), what)
    }

    fn fail(&self, why: String) {
        self.shared.failures_total.fetch_add(1, Ordering::Relaxed);
        if self.shared.state() == JournalState::Working {
            tracing::error!(target: "journal", %why, "the journal fails: new calls are refused until it works");
            self.shared.set_state(JournalState::Failing { why: why.clone() });
            (self.sink)(Report::Failing { why });
        }
    }

    fn reopen(&self) -> Result<(), String> {
        let mut store = self.shared.store.write().unwrap_or_else(PoisonError::into_inner);
        #[cfg(test)]
        let broken = store.as_ref().map(|store| store.broken.clone());
        *store = None;
        #[allow(unused_mut, reason = "changed in tests")]
        let mut opened = Store::reopen(&self.path).map_err(|e| e.to_string())?;
        #[cfg(test)]
        if let Some(broken) = broken {
            opened.broken = broken;
        }
        *store = Some(opened);
        Ok(())
    }
}

#[allow(clippy::disallowed_methods, reason = "the writer's own pace")]
fn monotonic_now() -> Instant {
    Instant::now()
}

#[allow(clippy::disallowed_methods, reason = "the writer's own thread waits, nobody else")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// One batch of a store; more wait for the next.
const GROUP_ENTRIES: usize = 1_024;
/// What waits for the journal waits at most so much longer; at 1,000 calls a second a group has some ten entries.
const GROUP_EVERY: Duration = Duration::from_millis(1);
const REOPEN_EVERY: Duration = Duration::from_millis(if cfg!(test) { 10 } else { 1_000 });
