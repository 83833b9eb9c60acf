//! The key-value store under the journal: fjall, in one folder.
//!
//! How its persist modes map to our words, from its sources: a batch committed
//! with `PersistMode::Buffer` is checksummed and flushed from the process to
//! the operating system, so it survives kill -9 (**written**);
//! `persist(PersistMode::SyncData)` adds `fdatasync` of its log, so it survives
//! power loss (**synced**). A sealed log is synced with `SyncAll` before the
//! next one begins, and opening syncs what it recovered. An incomplete batch at
//! the end is discarded whole.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use journal_core::{KEY_BYTES, Position, Replay, decode, written_at};

use crate::{OpenError, ReadError, Stored, Undecodable};

/// Tells one journal from another: 16 random bytes given at creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JournalId(pub [u8; 16]);

impl std::fmt::Display for JournalId {
    /// 32 hexadecimal digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// An open store.
pub(crate) struct Store {
    database: Database,
    entries: Keyspace,
    meta: Keyspace,
    #[cfg(test)]
    pub(crate) broken: Arc<std::sync::atomic::AtomicBool>,
}

/// What opening found and set.
pub(crate) struct Opened {
    pub(crate) store: Store,
    pub(crate) id: JournalId,
    pub(crate) epoch: u32,
    pub(crate) last: Position,
}

/// A key and its value, to be written.
pub(crate) type Row = ([u8; KEY_BYTES], Vec<u8>);

impl Store {
    /// Opens or creates the store and begins a new epoch.
    pub(crate) fn open(path: &Path) -> Result<Opened, OpenError> {
        let store = Self::open_files(path)?;
        let unreadable = |why: String| OpenError::Unreadable { path: path.to_owned(), why };
        store.check_format(path)?;
        let id = store.id_or_new().map_err(unreadable)?;
        let epoch = store.next_epoch().map_err(unreadable)?;
        let checkpoint = store.checkpoint().map_err(|e| unreadable(e.to_string()))?;
        let last = store.last_position().map_err(|e| unreadable(e.to_string()))?;
        let last = checkpoint.map_or(last, |(position, _)| last.max(position));
        Ok(Opened { store, id, epoch, last })
    }

    /// Opens the store again in the same epoch, after a failure.
    pub(crate) fn reopen(path: &Path) -> Result<Self, OpenError> {
        Self::open_files(path)
    }

    fn open_files(path: &Path) -> Result<Self, OpenError> {
        std::fs::create_dir_all(path).map_err(|e| folder(path, &e))?;
        let database = Database::builder(path)
            .cache_size(CACHE_BYTES)
            .max_journaling_size(LOG_BYTES)
            .worker_threads(1)
            .open()
            .map_err(|e| open_error(path, e))?;
        let options = || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES);
        let entries = database.keyspace("entries", options).map_err(|e| open_error(path, e))?;
        let meta = database.keyspace("meta", options).map_err(|e| open_error(path, e))?;
        Ok(Self {
            database,
            entries,
            meta,
            #[cfg(test)]
            broken: Arc::default(),
        })
    }

    /// Writes rows as one batch and hands them to the operating system.
    pub(crate) fn write(&self, rows: &[Row]) -> Result<(), String> {
        self.injected_fault()?;
        let mut batch = self.database.batch().durability(Some(PersistMode::Buffer));
        for (key, value) in rows {
            batch.insert(&self.entries, key.as_slice(), value.as_slice());
        }
        batch.commit().map_err(|e| e.to_string())
    }

    /// Makes all that was written survive power loss.
    pub(crate) fn sync(&self) -> Result<(), String> {
        self.injected_fault()?;
        self.database.persist(PersistMode::SyncData).map_err(|e| e.to_string())
    }

    /// Up to `max` entries after `after`, none behind `until`.
    pub(crate) fn read(&self, after: Position, until: Position, max: usize) -> Result<Vec<Arc<Stored>>, ReadError> {
        use std::ops::Bound::{Excluded, Included};
        if after >= until {
            return Ok(Vec::new());
        }
        let range = (Excluded(after.to_key()), Included(until.to_key()));
        let mut read = Vec::new();
        for row in self.entries.range(range).take(max) {
            let (key, value) = row.into_inner().map_err(store_error)?;
            let why = || ReadError::Store { why: format!("a key of {} bytes", key.len()) };
            let position = Position::from_key(&key).ok_or_else(why)?;
            read.push(Arc::new(stored(position, &value)));
        }
        Ok(read)
    }

    /// Removes up to `max` entries not behind `until`; how many there were.
    pub(crate) fn remove(&self, until: Position, max: usize) -> Result<usize, ReadError> {
        let mut batch = self.database.batch().durability(Some(PersistMode::Buffer));
        for row in self.entries.range(..=until.to_key()).take(max) {
            batch.remove(&self.entries, row.key().map_err(store_error)?);
        }
        let removed = batch.len();
        batch.commit().map_err(store_error)?;
        Ok(removed)
    }

    /// The first entry that is kept.
    pub(crate) fn first(&self) -> Result<Option<Arc<Stored>>, ReadError> {
        let Some(row) = self.entries.first_key_value() else { return Ok(None) };
        let (key, value) = row.into_inner().map_err(store_error)?;
        Ok(Position::from_key(&key).map(|position| Arc::new(stored(position, &value))))
    }

    /// The fold of all entries up to a position, if one was saved that this program can read.
    pub(crate) fn checkpoint(&self) -> Result<Option<(Position, Replay)>, ReadError> {
        let Some(bytes) = self.meta.get(CHECKPOINT).map_err(store_error)? else { return Ok(None) };
        let damaged = || ReadError::Store { why: "the checkpoint is damaged or of a newer program".to_owned() };
        let (version, bytes) = bytes.split_first().ok_or_else(damaged)?;
        let (key, fold) = bytes.split_at_checked(KEY_BYTES).ok_or_else(damaged)?;
        let position = Position::from_key(key).ok_or_else(damaged)?;
        if *version != CHECKPOINT_VERSION {
            return Err(damaged());
        }
        let replay = postcard::from_bytes(fold).map_err(|_| damaged())?;
        Ok(Some((position, replay)))
    }

    /// Saves the fold of all entries up to `position`, safe from power loss.
    pub(crate) fn save_checkpoint(&self, position: Position, replay: &Replay) -> Result<(), ReadError> {
        let mut bytes = vec![CHECKPOINT_VERSION];
        bytes.extend_from_slice(&position.to_key());
        let bytes = postcard::to_extend(replay, bytes).map_err(|e| ReadError::Store { why: e.to_string() })?;
        self.meta.insert(CHECKPOINT, bytes).map_err(store_error)?;
        self.database.persist(PersistMode::SyncData).map_err(store_error)
    }

    fn last_position(&self) -> Result<Position, ReadError> {
        let Some(row) = self.entries.last_key_value() else { return Ok(Position::START) };
        let key = row.key().map_err(store_error)?;
        Position::from_key(&key).ok_or_else(|| ReadError::Store { why: format!("a key of {} bytes", key.len()) })
    }

    fn check_format(&self, path: &Path) -> Result<(), OpenError> {
        let unreadable = |why: String| OpenError::Unreadable { path: path.to_owned(), why };
        match self.meta.get(FORMAT).map_err(|e| unreadable(e.to_string()))? {
            None => {
                self.meta.insert(FORMAT, FORMAT_VERSION.to_be_bytes()).map_err(|e| folder_text(path, e.to_string()))
            }
            Some(bytes) => {
                let got = number(&bytes).ok_or_else(|| unreadable("its format has no number".to_owned()))?;
                let expected = FORMAT_VERSION;
                if got == expected { Ok(()) } else { Err(OpenError::Format { path: path.to_owned(), expected, got }) }
            }
        }
    }

    fn id_or_new(&self) -> Result<JournalId, String> {
        if let Some(bytes) = self.meta.get(ID).map_err(|e| e.to_string())? {
            let id = <[u8; 16]>::try_from(bytes.as_ref()).map_err(|_| format!("its id has {} bytes", bytes.len()))?;
            return Ok(JournalId(id));
        }
        let id = random_bytes();
        self.meta.insert(ID, id).map_err(|e| e.to_string())?;
        Ok(JournalId(id))
    }

    fn next_epoch(&self) -> Result<u32, String> {
        let former = match self.meta.get(EPOCH).map_err(|e| e.to_string())? {
            Some(bytes) => number(&bytes).ok_or("its epoch has no number")?,
            None => 0,
        };
        let epoch = former.checked_add(1).ok_or("its epochs are used up")?;
        self.meta.insert(EPOCH, epoch.to_be_bytes()).map_err(|e| e.to_string())?;
        self.database.persist(PersistMode::SyncAll).map_err(|e| e.to_string())?;
        Ok(epoch)
    }

    #[cfg(test)]
    fn injected_fault(&self) -> Result<(), String> {
        if self.broken.load(std::sync::atomic::Ordering::SeqCst) { Err("no space left".to_owned()) } else { Ok(()) }
    }

    #[cfg(not(test))]
    #[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "its twin above is for tests")]
    const fn injected_fault(&self) -> Result<(), String> {
        Ok(())
    }
}

fn stored(position: Position, bytes: &[u8]) -> Stored {
    match decode(bytes) {
        Ok((written_at, entry)) => Stored { position, written_at, entry: Ok(entry) },
        Err(why) => {
            let written_at = written_at(bytes).unwrap_or_default();
            Stored { position, written_at, entry: Err(Undecodable { why, bytes: bytes.to_vec() }) }
        }
    }
}

fn number(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

/// 16 bytes that no other journal has: the standard library's hash keys are seeded by the
/// operating system, once a thread, and mixed with the time and the process here.
#[allow(clippy::disallowed_types, reason = "only its random keys are used")]
fn random_bytes() -> [u8; 16] {
    use std::hash::{BuildHasher, RandomState};
    let seed = (crate::wall::now(), std::process::id());
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&RandomState::new().hash_one(seed).to_be_bytes());
    bytes[8..].copy_from_slice(&RandomState::new().hash_one(seed).to_be_bytes());
    bytes
}

#[allow(clippy::needless_pass_by_value, reason = "called as a function value")]
fn store_error(error: fjall::Error) -> ReadError {
    ReadError::Store { why: error.to_string() }
}

fn open_error(path: &Path, error: fjall::Error) -> OpenError {
    let path = PathBuf::from(path);
    match error {
        fjall::Error::Locked => OpenError::InUse { path },
        fjall::Error::Io(error) => OpenError::Folder { path, why: error.to_string() },
        other => match disk_fault(&other) {
            Some(why) => OpenError::Folder { path, why },
            None => OpenError::Unreadable { path, why: other.to_string() },
        },
    }
}

/// What the operating system refused, where that is at the bottom of the error: a full disk is no damage.
fn disk_fault(error: &fjall::Error) -> Option<String> {
    use std::error::Error;
    use std::io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let causes = std::iter::successors(Error::source(error), |cause| Error::source(*cause));
    let error = causes.filter_map(|cause| cause.downcast_ref::<std::io::Error>()).last()?;
    let refused = matches!(error.kind(), StorageFull | QuotaExceeded | ReadOnlyFilesystem | PermissionDenied);
    refused.then(|| error.kind().to_string())
}

fn folder(path: &Path, error: &std::io::Error) -> OpenError {
    folder_text(path, error.to_string())
}

fn folder_text(path: &Path, why: String) -> OpenError {
    OpenError::Folder { path: path.to_owned(), why }
}

const FORMAT: &str = "format";
const FORMAT_VERSION: u32 = 1;
const ID: &str = "id";
const EPOCH: &str = "epoch";
const CHECKPOINT: &str = "checkpoint";
const CHECKPOINT_VERSION: u8 = 3;
/// A journal is read in order and once; its newest entries are in memory anyway.
const CACHE_BYTES: u64 = 2 * 1024 * 1024;
/// Half a minute of 1,000 calls a second, before it is sorted into a table.
const MEMTABLE_BYTES: u64 = 8 * 1024 * 1024;
/// The store's own minimum is 64 MiB; twice that lets one log fill while the other drains.
const LOG_BYTES: u64 = 128 * 1024 * 1024;
