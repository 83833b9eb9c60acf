//! What a start finds in the folder, and how it treats an end that a crash tore.
//!
//! Only the last two segments with entries can hold what was not synced: a third
//! is begun when the first of them is synced whole. They are read from their beginning.
//! The first place that is no whole frame ends the journal, unless a frame
//! behind it says that more than that was synced: then the start is refused.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use journal_core::Position;

use super::folder::{damaged_path, prune_damaged, segment_path, segments, sync_folder};
use super::frame::synced_named_in;
use super::segment::{BadHead, FORMAT_VERSION, Frames, Next, SEGMENT_HEAD_BYTES, Segment};
use crate::OpenError;

/// What was in the folder.
pub(super) struct Found {
    pub(super) segments: Vec<Arc<Segment>>,
    pub(super) last: Position,
    /// Bytes behind the last whole frame, which are cut off and kept beside.
    pub(super) cut_bytes: u64,
}

/// Reads the folder, cuts a torn end, and syncs what is left. Entries up to `synced` must be there.
pub(super) fn examine(folder: &Path, synced: u64) -> Result<Found, OpenError> {
    let mut opened = Vec::new();
    for (number, path) in segments(folder)? {
        opened.push(open_segment(folder, path, number)?);
    }
    let id = opened.first().map(|segment| segment.owner.id);
    if opened.iter().any(|segment| Some(segment.owner.id) != id) {
        return Err(unreadable(folder, "its files are of two journals"));
    }
    let is_bad = |segment: &&Arc<Segment>| segment.first().is_none() && !is_empty(segment);
    if let Some(bad) = opened.iter().take(tail_of(&opened)).find(is_bad) {
        return Err(unreadable(folder, &format!("{} is damaged at its beginning", bad.path.display())));
    }
    remove_superseded(&mut opened);
    let refused = |e: std::io::Error| OpenError::Folder { path: folder.to_owned(), why: e.to_string() };
    let end = find_end(folder, &opened, synced)?;
    let cut_bytes = if let Some(damage) = &end.damage { cut(folder, &opened, damage).map_err(refused)? } else { 0 };
    if let Some(damage) = end.damage {
        opened.truncate(damage.segment + 1);
        if let Some(torn) = opened.pop() {
            opened.push(open_segment(folder, torn.path.clone(), torn.number)?);
        }
    }
    for segment in opened.iter().skip(tail_of(&opened)) {
        File::open(&segment.path).and_then(|file| file.sync_all()).map_err(refused)?;
    }
    Ok(Found { segments: opened, last: end.last, cut_bytes })
}

/// Which segment is the first that may hold what was not synced. One without a whole frame does not count: it was never
/// used, or its first group met a full disk and went to the next one.
fn tail_of(segments: &[Arc<Segment>]) -> usize {
    let with_entries = segments.iter().enumerate().rev().filter(|(_, segment)| segment.first().is_some());
    with_entries.take(UNSYNCED_SEGMENTS).last().map_or(0, |(at, _)| at)
}

struct End {
    last: Position,
    damage: Option<Damage>,
}

struct Damage {
    /// Which of the segments.
    segment: usize,
    offset: u64,
}

fn find_end(folder: &Path, segments: &[Arc<Segment>], synced: u64) -> Result<End, OpenError> {
    let refused = |e: std::io::Error| OpenError::Folder { path: folder.to_owned(), why: e.to_string() };
    let tail = tail_of(segments);
    let mut last = Position::START;
    for (index, segment) in segments.iter().enumerate().skip(tail) {
        let (reached, damaged_at) = follow(segment, last, index == tail).map_err(refused)?;
        last = reached;
        let Some(offset) = damaged_at else { continue };
        // One that was made after a failed sync begins with what this one lost.
        let next = segments.iter().skip(index + 1).find_map(|next| next.first());
        if next.is_some_and(|next| next.sequence <= last.sequence + 1) {
            continue;
        }
        refuse_below_synced(folder, segments, Damage { segment: index, offset }, last, synced)?;
        return Ok(End { last, damage: Some(Damage { segment: index, offset }) });
    }
    if last.sequence < synced {
        let why = format!("it ends at entry {}, but entries up to {synced} were synced", last.sequence);
        return Err(unreadable(folder, &why));
    }
    Ok(End { last, damage: None })
}

/// Goes through the frames of a segment behind entry `last`, which is anything where it `begins`: the last entry
/// then, and where something stands that is no frame or not the next one.
fn follow(segment: &Segment, mut last: Position, begins: bool) -> std::io::Result<(Position, Option<u64>)> {
    let mut frames = Frames::open(&segment.path, segment.owner.epoch, SEGMENT_HEAD_BYTES as u64)?;
    let mut is_first = true;
    loop {
        let offset = frames.offset;
        match frames.next()? {
            Next::End => return Ok((last, None)),
            Next::Damaged => return Ok((last, Some(offset))),
            Next::Frame { at, head, .. } => {
                let next = last.sequence + 1;
                let follows = head.first == next || (is_first && (begins || head.first < next));
                if !follows {
                    return Ok((last, Some(offset)));
                }
                segment.note(head.first, at);
                // One that was made after a failed sync has all that the former one has behind its first entry.
                last = segment.position(head.last());
                is_first = false;
            }
        }
    }
}

/// Removes segments whose entries are all in a later one, which was synced whole before it got its name.
pub(super) fn remove_superseded(segments: &mut Vec<Arc<Segment>>) {
    let mut begins_before = u64::MAX;
    for at in (0..segments.len()).rev() {
        let Some(first) = segments.get(at).and_then(|segment| segment.first()) else { continue };
        if first.sequence < begins_before {
            begins_before = first.sequence;
        } else {
            let gone = segments.remove(at);
            // Where that fails the next start does it.
            let _gone = std::fs::remove_file(&gone.path);
        }
    }
}

/// A frame behind the damage may say that more than what is left was synced.
fn refuse_below_synced(
    folder: &Path,
    segments: &[Arc<Segment>],
    damage: Damage,
    last: Position,
    mut synced: u64,
) -> Result<(), OpenError> {
    let refused = |e: std::io::Error| OpenError::Folder { path: folder.to_owned(), why: e.to_string() };
    let Damage { segment: index, offset } = damage;
    for (at, segment) in segments.iter().enumerate().skip(index) {
        let from = if at == index { offset } else { SEGMENT_HEAD_BYTES as u64 };
        let rest = read_from(&segment.path, from).map_err(refused)?;
        synced = synced.max(synced_named_in(segment.owner.epoch, &rest));
    }
    if synced <= last.sequence {
        return Ok(());
    }
    let name = segments.get(index).map(|segment| segment.path.display().to_string()).unwrap_or_default();
    let (lost, end) = (last.sequence + 1, synced);
    Err(unreadable(folder, &format!("{name} is damaged at byte {offset}, and entries {lost} to {end} were synced")))
}

/// Cuts off what is behind the damage, and keeps a copy beside it; how many bytes.
fn cut(folder: &Path, segments: &[Arc<Segment>], damage: &Damage) -> std::io::Result<u64> {
    let Some(torn) = segments.get(damage.segment) else { return Ok(0) };
    let rest = read_from(&torn.path, damage.offset)?;
    let mut bytes = rest.len() as u64;
    // Zeros are what a file system shows where nothing had arrived.
    if rest.iter().any(|byte| *byte != 0) {
        let mut copy = File::create(damaged_path(folder, torn.number, damage.offset))?;
        std::io::Write::write_all(&mut copy, &rest)?;
        copy.sync_all()?;
    }
    let file = OpenOptions::new().write(true).open(&torn.path)?;
    file.set_len(damage.offset)?;
    file.sync_all()?;
    for later in segments.iter().skip(damage.segment + 1) {
        bytes += std::fs::metadata(&later.path)?.len().saturating_sub(SEGMENT_HEAD_BYTES as u64);
        std::fs::rename(&later.path, damaged_path(folder, later.number, 0))?;
    }
    sync_folder(folder)?;
    prune_damaged(folder)?;
    Ok(bytes)
}

fn read_from(path: &Path, offset: u64) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut rest = Vec::new();
    file.read_to_end(&mut rest)?;
    Ok(rest)
}

fn open_segment(folder: &Path, path: PathBuf, number: u64) -> Result<Arc<Segment>, OpenError> {
    let expected = segment_path(folder, number);
    if path != expected {
        return Err(unreadable(folder, &format!("{} is no name of a segment", path.display())));
    }
    let refused = |e: std::io::Error| OpenError::Folder { path: folder.to_owned(), why: e.to_string() };
    match Segment::open(path, number).map_err(refused)? {
        Ok(segment) => Ok(Arc::new(segment)),
        Err(BadHead::Format(got)) => Err(OpenError::Format { path: folder.to_owned(), expected: FORMAT_VERSION, got }),
        Err(BadHead::Damaged) => Err(unreadable(folder, &format!("the head of {} is damaged", expected.display()))),
    }
}

fn is_empty(segment: &Segment) -> bool {
    std::fs::metadata(&segment.path).is_ok_and(|file| file.len() <= SEGMENT_HEAD_BYTES as u64)
}

fn unreadable(folder: &Path, why: &str) -> OpenError {
    OpenError::Unreadable { path: folder.to_owned(), why: why.to_owned() }
}

/// The one that is written, and the one before it; both have entries.
const UNSYNCED_SEGMENTS: usize = 2;
