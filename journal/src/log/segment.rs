//! A segment: one file of the log. A head that says whose it is, then frames.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use journal_core::Position;

use super::frame::{self, HEAD_BYTES, Head};
use crate::JournalId;

/// What a segment's head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) id: JournalId,
    pub(crate) node: u16,
    pub(crate) epoch: u32,
}

/// Why a head was not taken.
#[derive(Debug)]
pub(crate) enum BadHead {
    /// A newer program's.
    Format(u32),
    /// None, or a damaged one.
    Damaged,
}

impl Owner {
    /// The bytes at the beginning of a segment.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&FORMAT_VERSION.to_be_bytes());
        bytes.extend_from_slice(&self.node.to_be_bytes());
        bytes.extend_from_slice(&self.epoch.to_be_bytes());
        bytes.extend_from_slice(&self.id.0);
        let crc = frame::checksum(0, &bytes);
        bytes.extend_from_slice(&crc.to_be_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, BadHead> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(BadHead::Damaged)?;
        let (format, rest) = rest.split_first_chunk().ok_or(BadHead::Damaged)?;
        let format = u32::from_be_bytes(*format);
        if format != FORMAT_VERSION {
            return Err(BadHead::Format(format));
        }
        let parse = || {
            let (node, rest) = rest.split_first_chunk()?;
            let (epoch, rest) = rest.split_first_chunk()?;
            let (id, rest) = rest.split_first_chunk()?;
            let crc = u32::from_be_bytes(*rest.first_chunk()?);
            let owner = Self { id: JournalId(*id), node: u16::from_be_bytes(*node), epoch: u32::from_be_bytes(*epoch) };
            (frame::checksum(0, bytes.get(..SEGMENT_HEAD_BYTES - 4)?) == crc).then_some(owner)
        };
        parse().ok_or(BadHead::Damaged)
    }
}

/// One file of the log.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) path: PathBuf,
    pub(crate) number: u64,
    pub(crate) owner: Owner,
    places: Mutex<Places>,
}

/// Where frames begin: one in some ten thousand bytes, the first always.
#[derive(Debug, Default)]
struct Places {
    known: Vec<(u64, u64)>,
}

impl Segment {
    /// A segment whose first frame, if it has one, begins with entry `first`.
    pub(crate) fn new(path: PathBuf, number: u64, owner: Owner, first: Option<u64>) -> Self {
        let segment = Self { path, number, owner, places: Mutex::default() };
        if let Some(first) = first {
            segment.note(first, SEGMENT_HEAD_BYTES as u64);
        }
        segment
    }

    /// Opens a file of the log, and reads its head and its first frame. Without a whole one it has no first entry.
    pub(crate) fn open(path: PathBuf, number: u64) -> std::io::Result<Result<Self, BadHead>> {
        let mut bytes = Vec::new();
        File::open(&path)?.take(SEGMENT_HEAD_BYTES as u64).read_to_end(&mut bytes)?;
        let owner = match Owner::decode(&bytes) {
            Ok(owner) => owner,
            Err(bad) => return Ok(Err(bad)),
        };
        let first = match Frames::open(&path, owner.epoch, SEGMENT_HEAD_BYTES as u64)?.next()? {
            Next::Frame { head, .. } => Some(head.first),
            Next::End | Next::Damaged => None,
        };
        Ok(Ok(Self::new(path, number, owner, first)))
    }

    /// The first entry; `None` while there is none.
    pub(crate) fn first(&self) -> Option<Position> {
        let first = self.lock().known.first().map(|(sequence, _)| *sequence)?;
        Some(self.position(first))
    }

    pub(crate) const fn position(&self, sequence: u64) -> Position {
        Position { node: self.owner.node, epoch: self.owner.epoch, sequence }
    }

    /// Notes where the frame of entry `first` begins.
    pub(crate) fn note(&self, first: u64, offset: u64) {
        let mut places = self.lock();
        if places.known.last().is_none_or(|(_, last)| offset >= last + PLACE_EVERY_BYTES) {
            places.known.push((first, offset));
        }
    }

    /// The frames from the one that holds `sequence`, or from a little before it.
    pub(crate) fn frames_from(&self, sequence: u64) -> std::io::Result<Frames> {
        let places = self.lock();
        let at = places.known.partition_point(|(first, _)| *first <= sequence);
        let offset = at.checked_sub(1).and_then(|at| places.known.get(at)).map_or(SEGMENT_HEAD_BYTES as u64, |p| p.1);
        drop(places);
        Frames::open(&self.path, self.owner.epoch, offset)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads frames one after the other.
pub(crate) struct Frames {
    from: BufReader<File>,
    epoch: u32,
    /// Where the next frame begins.
    pub(crate) offset: u64,
    buffer: Vec<u8>,
}

/// What stands at a place.
pub(crate) enum Next<'a> {
    Frame {
        at: u64,
        head: Head,
        payload: &'a [u8],
    },
    End,
    /// No whole frame, and not the end either.
    Damaged,
}

impl Frames {
    pub(crate) fn open(path: &Path, epoch: u32, offset: u64) -> std::io::Result<Self> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self { from: BufReader::with_capacity(READ_AHEAD_BYTES, file), epoch, offset, buffer: Vec::new() })
    }

    pub(crate) fn next(&mut self) -> std::io::Result<Next<'_>> {
        self.buffer.clear();
        if self.fill(HEAD_BYTES)? == 0 {
            return Ok(Next::End);
        }
        let Some(head) = Head::read(&self.buffer) else { return Ok(Next::Damaged) };
        self.fill(head.length)?;
        if self.buffer.len() < HEAD_BYTES + head.length || !head.holds(self.epoch, &self.buffer) {
            return Ok(Next::Damaged);
        }
        let at = self.offset;
        self.offset += self.buffer.len() as u64;
        Ok(Next::Frame { at, head, payload: self.buffer.get(HEAD_BYTES..).unwrap_or_default() })
    }

    fn fill(&mut self, bytes: usize) -> std::io::Result<usize> {
        self.from.by_ref().take(bytes as u64).read_to_end(&mut self.buffer)
    }
}

/// The format of the journal's folder. Format 1 was fjall's.
pub(crate) const FORMAT_VERSION: u32 = 2;
/// Magic, format, node, epoch, id, checksum.
pub(crate) const SEGMENT_HEAD_BYTES: usize = 8 + 4 + 2 + 4 + 16 + 4;
const MAGIC: [u8; 8] = *b"TLJOURNL";
/// A lagging reader skips no more than this to find its place.
const PLACE_EVERY_BYTES: u64 = 64 * 1024;
const READ_AHEAD_BYTES: usize = 256 * 1024;
