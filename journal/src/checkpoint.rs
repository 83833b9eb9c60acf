//! The checkpoint: the fold of all entries up to a position, in a file beside the log.

use std::path::{Path, PathBuf};

use journal_core::{KEY_BYTES, Position, Replay};

use crate::log::create_whole;
use crate::{JournalId, ReadError};

/// The fold that was saved, if there is one.
///
/// # Errors
/// When it is damaged, of a newer program or of another journal.
pub(crate) fn read(folder: &Path) -> Result<Option<(JournalId, Position, Replay)>, ReadError> {
    let bytes = match std::fs::read(path(folder)) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(ReadError::Store { why: format!("the checkpoint: {e}") }),
    };
    let read = || {
        let (version, rest) = bytes.split_first()?;
        let (id, rest) = rest.split_first_chunk()?;
        let (key, rest) = rest.split_at_checked(KEY_BYTES)?;
        let (fold, crc) = rest.split_last_chunk()?;
        let is_whole = crate::log::checksum(bytes.get(..bytes.len() - crc.len())?) == u32::from_be_bytes(*crc);
        let position = Position::from_key(key)?;
        let replay = match *version {
            _ if !is_whole => None,
            VERSION => postcard::from_bytes(fold).ok(),
            older => Replay::of_older(fold, older),
        };
        Some((JournalId(*id), position, replay?))
    };
    let damaged = || ReadError::Store { why: "the checkpoint is damaged or of a newer program".to_owned() };
    read().map(Some).ok_or_else(damaged)
}

/// Saves the fold of all entries up to `position`, safe from power loss.
///
/// # Errors
/// What the disk says; the former one stays.
pub(crate) fn save(folder: &Path, id: JournalId, position: Position, replay: &Replay) -> Result<(), ReadError> {
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(&id.0);
    bytes.extend_from_slice(&position.to_key());
    let mut bytes = postcard::to_extend(replay, bytes).map_err(|e| ReadError::Store { why: e.to_string() })?;
    bytes.extend_from_slice(&crate::log::checksum(&bytes).to_be_bytes());
    create_whole(&path(folder), &[&bytes]).map_err(|e| ReadError::Store { why: format!("the checkpoint: {e}") })?;
    Ok(())
}

fn path(folder: &Path) -> PathBuf {
    folder.join("checkpoint")
}

/// Grows with each change of what a fold holds.
const VERSION: u8 = 8;
