//! The log on disk: segments in one folder, appended to by one writer, read by position.
//!
//! Our words in terms of the operating system: a frame for which `pwrite` returned is in the page cache, so it survives
//! kill -9 (**written**); one for which `fdatasync` returned since survives power loss (**synced**). A segment comes
//! into the folder by a rename after it was synced, and the folder is synced before anything in it counts.

mod folder;
mod frame;
mod opening;
mod segment;
#[cfg(feature = "surgery")]
pub mod surgery;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use journal_core::{Position, decode, written_at};

use self::folder::segment_path;
use self::segment::{Next, Owner, Segment};
use crate::{JournalId, OpenError, ReadError, Stored, Undecodable};

pub(crate) use self::folder::{create_whole, take};
pub(crate) use self::frame::{GROUP_BYTES, LENGTH_BYTES, encode as encode_frame, with_synced};
#[cfg(test)]
pub(crate) use self::segment::SEGMENT_HEAD_BYTES;

/// An open log.
#[derive(Debug)]
pub(crate) struct Log {
    folder: PathBuf,
    owner: Owner,
    segments: RwLock<Vec<Arc<Segment>>>,
    next_number: AtomicU64,
    /// Held as long as the log is open.
    _lock: File,
}

/// What opening found and set.
pub(crate) struct Opened {
    pub(crate) log: Log,
    /// The last entry; of an earlier epoch.
    pub(crate) last: Position,
    /// Bytes of a torn end that were cut off.
    pub(crate) cut_bytes: u64,
    /// Where this epoch's entries go.
    pub(crate) active: Active,
}

/// The segment that is being written.
#[derive(Clone, Debug)]
pub(crate) struct Active {
    pub(crate) segment: Arc<Segment>,
    pub(crate) file: Arc<File>,
    /// Where the next frame goes.
    pub(crate) end: u64,
}

/// The folder, taken and read; its journal is not opened yet.
pub(crate) struct Taken {
    folder: PathBuf,
    lock: File,
    found: opening::Found,
}

impl Taken {
    /// Reads the folder that this process has taken, and cuts a torn end; never below entry `synced`.
    pub(crate) fn read(folder: &Path, lock: File, synced: u64) -> Result<Self, OpenError> {
        let found = opening::examine(folder, synced)?;
        Ok(Self { folder: folder.to_owned(), lock, found })
    }

    /// Which journal this is, if there is one.
    pub(crate) fn id(&self) -> Option<JournalId> {
        Some(self.found.segments.first()?.owner.id)
    }

    /// Begins a new epoch behind all that was found, and behind `known`.
    pub(crate) fn open(self, id: JournalId, node: u16, known: Position) -> Result<Opened, OpenError> {
        let Self { folder, lock, found } = self;
        let refused = |e: std::io::Error| OpenError::Folder { path: folder.clone(), why: e.to_string() };
        let last = found.last.max(known);
        let former = found.segments.iter().map(|segment| segment.owner.epoch).max().unwrap_or_default();
        let epoch = former.max(known.epoch).checked_add(1);
        let unreadable = || OpenError::Unreadable { path: folder.clone(), why: "its epochs are used up".to_owned() };
        let owner = Owner { id, node, epoch: epoch.ok_or_else(unreadable)? };
        let next_number = AtomicU64::new(found.segments.last().map_or(0, |segment| segment.number) + 1);
        let segments = RwLock::new(found.segments);
        let log = Log { folder: folder.clone(), owner, segments, next_number, _lock: lock };
        let active = log.begin(None, &[]).map_err(refused)?;
        log.adopt(Some(&active));
        Ok(Opened { log, last, cut_bytes: found.cut_bytes, active })
    }
}

impl Active {
    /// Removes one that was never used; where that fails, the next start does it.
    pub(crate) fn remove(&self) {
        let _gone = std::fs::remove_file(&self.segment.path);
    }
}

impl Log {
    pub(crate) const fn id(&self) -> JournalId {
        self.owner.id
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) const fn epoch(&self) -> u32 {
        self.owner.epoch
    }

    /// Makes a segment of this epoch that holds `frames`, the first of which begins with entry `first`: whole, and
    /// synced. Readers see it once it is adopted.
    pub(crate) fn begin(&self, first: Option<u64>, frames: &[&[u8]]) -> std::io::Result<Active> {
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        let path = segment_path(&self.folder, number);
        let head = self.owner.encode();
        let mut parts = vec![head.as_slice()];
        parts.extend_from_slice(frames);
        let made = create_whole(&path, &parts).inspect_err(|_| {
            // It may have got its name before the folder failed to sync; tried again, there would be many.
            let _gone = std::fs::remove_file(&path);
        });
        let file = Arc::new(made?);
        let segment = Arc::new(Segment::new(path, number, self.owner, first));
        let end = parts.iter().map(|part| part.len() as u64).sum();
        Ok(Active { segment, file, end })
    }

    /// Puts a segment that was begun behind the others. Those whose entries it has all are removed, and those that have
    /// none: starts that came to nothing leave one each, and a disk that was full one with half a group.
    pub(crate) fn adopt(&self, active: Option<&Active>) {
        let Some(active) = active else { return };
        let mut segments = self.segments.write().unwrap_or_else(PoisonError::into_inner);
        segments.push(active.segment.clone());
        opening::remove_superseded(&mut segments);
        let newest = active.segment.number;
        segments.retain(|segment| {
            let is_kept = segment.first().is_some() || segment.number == newest;
            is_kept || std::fs::remove_file(&segment.path).is_err()
        });
    }

    /// Up to `max` entries after `after`, none behind `until`.
    pub(crate) fn read(&self, after: Position, until: Position, max: usize) -> Result<Vec<Arc<Stored>>, ReadError> {
        let segments = self.read_lock().clone();
        let begun = segments.iter().filter(|segment| segment.first().is_some()).collect::<Vec<_>>();
        let from = begun.partition_point(|segment| segment.first().is_some_and(|first| first <= after));
        let mut read = Vec::new();
        for at in from.saturating_sub(1)..begun.len() {
            // What was written again in the next segment is read there.
            let end = begun.get(at + 1).and_then(|next| next.first()).map_or(u64::MAX, |first| first.sequence);
            if let Some(segment) = begun.get(at)
                && !read_segment(segment, after, until, end, max, &mut read)?
            {
                break;
            }
        }
        Ok(read)
    }

    /// The first entry that is kept.
    pub(crate) fn first(&self) -> Result<Option<Arc<Stored>>, ReadError> {
        let latest = Position { node: u16::MAX, epoch: u32::MAX, sequence: u64::MAX };
        Ok(self.read(Position::START, latest, 1)?.pop())
    }

    /// Removes the oldest segment if all its entries are before `until` and the next one's first is `old`; true when
    /// it did. The segment that is written stays.
    pub(crate) fn remove_oldest(&self, until: Position, old: impl Fn(&Stored) -> bool) -> Result<bool, ReadError> {
        let segments = self.read_lock().clone();
        let next = segments.iter().skip(1).find_map(|segment| segment.first());
        let (Some(oldest), Some(next)) = (segments.first(), next) else { return Ok(false) };
        if until < next {
            return Ok(false);
        }
        let before = Position { sequence: next.sequence - 1, ..next };
        if !self.read(before, next, 1)?.first().is_some_and(|stored| old(stored)) {
            return Ok(false);
        }
        std::fs::remove_file(&oldest.path).map_err(|e| cannot_read(&oldest.path, &e))?;
        self.segments.write().unwrap_or_else(PoisonError::into_inner).retain(|kept| kept.number != oldest.number);
        Ok(true)
    }

    fn read_lock(&self) -> std::sync::RwLockReadGuard<'_, Vec<Arc<Segment>>> {
        self.segments.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// False when enough was read, or `until` was reached.
fn read_segment(
    segment: &Segment,
    after: Position,
    until: Position,
    end: u64,
    max: usize,
    read: &mut Vec<Arc<Stored>>,
) -> Result<bool, ReadError> {
    let failed = |e: std::io::Error| cannot_read(&segment.path, &e);
    let wanted = if after < segment.position(0) { 0 } else { after.sequence.saturating_add(1) };
    if wanted >= end {
        return Ok(true);
    }
    let mut reached = None;
    let mut frames = segment.frames_from(wanted).map_err(failed)?;
    loop {
        let offset = frames.offset;
        let (at, head, payload) = match frames.next().map_err(failed)? {
            Next::Frame { at, head, payload } => (at, head, payload),
            Next::End => {
                let reached = reached.unwrap_or_else(|| wanted.saturating_sub(1));
                return not_short(segment, offset, reached, until, end).map(|()| true);
            }
            Next::Damaged => return Err(damaged(segment, offset)),
        };
        if reached.is_some_and(|reached: u64| reached.checked_add(1) != Some(head.first)) {
            return Err(damaged(segment, offset));
        }
        reached = Some(head.last());
        segment.note(head.first, at);
        for (sequence, bytes) in (head.first..).zip(frame::entries(payload)) {
            let position = segment.position(sequence);
            if sequence >= end {
                return Ok(true);
            }
            if position > until || read.len() >= max {
                return Ok(false);
            }
            if position > after {
                read.push(Arc::new(stored(position, bytes)));
            }
        }
        if segment.position(head.last()) >= until {
            return Ok(false);
        }
        if head.last().saturating_add(1) >= end {
            return Ok(true);
        }
    }
}

/// A segment that ends before the next one begins, or before what was promised, has lost its end.
fn not_short(segment: &Segment, offset: u64, reached: u64, until: Position, end: u64) -> Result<(), ReadError> {
    let promised = if until.epoch == segment.owner.epoch { until.sequence } else { 0 };
    let due = if end == u64::MAX { promised } else { end.saturating_sub(1) };
    if reached >= due {
        return Ok(());
    }
    let (path, missing) = (segment.path.display(), reached.saturating_add(1));
    let why = format!("{path} ends at byte {offset}, entries {missing} to {due} are missing; restore it from a backup");
    Err(ReadError::Store { why })
}

fn damaged(segment: &Segment, offset: u64) -> ReadError {
    let path = segment.path.display();
    ReadError::Store { why: format!("{path} is damaged at byte {offset}; restore it from a backup") }
}

/// The checksum of other files in the folder.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    frame::checksum(0, bytes)
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

fn cannot_read(path: &Path, error: &std::io::Error) -> ReadError {
    ReadError::Store { why: format!("{}: {error}", path.display()) }
}

#[cfg(test)]
mod tests;
