//! After a crash: what was being written becomes a recording.
#![allow(clippy::disallowed_types, reason = "a shell: recordings are files")]

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clock::WallTime;

use super::manifest::{Facts, Gap, GapReason, Manifest, duration_ms, hex, sha256_of, sync_folder_of};
use super::track::{HEADER_LEN, channels_in, header};
use crate::time::to_wall;

/// A recording that a crash had left unfinished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Path relative to the data folder, without suffix: as the `Record` command gave it.
    pub path: String,
    /// What became of it.
    pub outcome: RecoveredAs,
}

/// What became of an unfinished recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecoveredAs {
    /// It plays; what the crash cost is missing at its end, as the manifest says.
    Playable {
        /// Length, ms.
        duration_ms: u64,
        /// SHA-256 of the WAV file.
        sha256: [u8; 32],
    },
    /// The system refused a step; the file is as it was and the next start tries again.
    Left {
        /// What the system said.
        why: String,
    },
    /// It is no recording of ours any more and was renamed to `.wav.damaged`.
    Quarantined {
        /// What is wrong with it.
        why: String,
    },
}

/// Finds every `.wav.part` below `data_dir`, repairs its header, writes its
/// manifest and renames it. Call it before the worker starts. A data folder
/// that does not exist holds nothing.
///
/// # Errors
/// When a folder cannot be read.
pub fn recover(data_dir: &Path) -> io::Result<Vec<Recovered>> {
    let mut recovered = Vec::new();
    for part in unfinished(data_dir)? {
        let wav = part.with_extension("");
        let relative = wav.with_extension("");
        let path = relative.strip_prefix(data_dir).unwrap_or(&relative).to_string_lossy().into_owned();
        let outcome = repair(&part, &wav).unwrap_or_else(|error| RecoveredAs::Left { why: error.to_string() });
        recovered.push(Recovered { path, outcome });
    }
    Ok(recovered)
}

fn repair(part: &Path, wav: &Path) -> io::Result<RecoveredAs> {
    let outcome = match open(part)? {
        Ok((file, channels)) => finish(part, wav, file, channels)?,
        Err(why) => {
            std::fs::rename(part, wav.with_extension("wav.damaged"))?;
            RecoveredAs::Quarantined { why }
        }
    };
    sync_folder_of(wav)?;
    Ok(outcome)
}

/// All `.wav.part` files, in order.
fn unfinished(data_dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![(data_dir.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let (kind, path) = (entry.file_type()?, entry.path());
            if kind.is_dir() && depth < MAX_DEPTH {
                folders.push((path, depth + 1));
            } else if kind.is_file() && path.to_string_lossy().ends_with(".wav.part") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The file and its channels, or what is wrong with it.
fn open(part: &Path) -> io::Result<Result<(File, u8), String>> {
    let mut file = OpenOptions::new().read(true).write(true).open(part)?;
    let mut found = [0; HEADER_LEN];
    match file.read_exact(&mut found) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Ok(Err(format!("the file ends before its header of {HEADER_LEN} bytes")));
        }
        Err(error) => return Err(error),
    }
    Ok(match channels_in(&found) {
        Some(channels) => Ok((file, channels)),
        None => Err("the header is not that of a recording".to_owned()),
    })
}

/// Cuts a torn sample, sets the sizes, describes and renames.
fn finish(part: &Path, wav: &Path, file: File, channels: u8) -> io::Result<RecoveredAs> {
    let about = file.metadata()?;
    let frame = u64::from(channels) * 2;
    let samples = about.len().saturating_sub(HEADER_LEN as u64) / frame;
    let changed = about.modified().map(to_wall).unwrap_or_default();
    file.set_len(HEADER_LEN as u64 + samples * frame)?;
    file.write_all_at(&header(channels, samples), 0)?;
    file.sync_all()?;
    let sha256 = sha256_of(part)?;
    let json = wav.with_extension("json");
    // A crash between manifest and rename left a whole recording.
    let whole =
        Manifest::read(&json).is_ok_and(|manifest| manifest.samples == samples && manifest.sha256 == hex(&sha256));
    if !whole {
        let length = Duration::from_millis(duration_ms(samples)).as_micros() as i64;
        let gap = Gap { at_sample: samples, samples: None, reason: GapReason::NodeRestart };
        let facts = Facts {
            channels,
            samples,
            sha256,
            started: WallTime::from_micros(changed.as_micros() - length),
            started_at_estimated: true,
            codecs: vec![Vec::new(); usize::from(channels)],
            gaps: &[gap],
            pauses: &[],
        };
        Manifest::of(wav, facts).write(&json)?;
    }
    std::fs::rename(part, wav)?;
    Ok(RecoveredAs::Playable { duration_ms: duration_ms(samples), sha256 })
}

/// Folders below the data folder that are searched.
const MAX_DEPTH: usize = 8;
