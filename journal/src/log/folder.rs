//! The journal's folder: which files are in it, who holds it, and how a file comes into it for good.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::OpenError;

/// Makes the folder where there is none, and takes it for this process.
pub(crate) fn take(folder: &Path) -> Result<File, OpenError> {
    let refused = |e: std::io::Error| OpenError::Folder { path: folder.to_owned(), why: e.to_string() };
    std::fs::create_dir_all(folder).map_err(refused)?;
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(folder.join(LOCK)).map_err(refused)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: folder.to_owned() }),
        Err(TryLockError::Error(e)) => Err(refused(e)),
    }
}

/// The segments by number, oldest first. What a crash left half made is removed.
pub(super) fn segments(folder: &Path) -> Result<Vec<(u64, PathBuf)>, OpenError> {
    let refused = |e: std::io::Error| OpenError::Folder { path: folder.to_owned(), why: e.to_string() };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(refused)? {
        let path = entry.map_err(refused)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.ends_with(PART) {
            std::fs::remove_file(&path).map_err(refused)?;
        } else if name == FORMER_FILE {
            return Err(OpenError::Former { path: folder.to_owned() });
        } else if let Some(number) = name.strip_suffix(SEGMENT).and_then(|digits| digits.parse().ok()) {
            found.push((number, path));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// The name of segment `number`.
pub(super) fn segment_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:010}{SEGMENT}"))
}

/// Where a damaged end is kept: that of segment `number`, from `offset` on.
pub(super) fn damaged_path(folder: &Path, number: u64, offset: u64) -> PathBuf {
    folder.join(format!("{number:010}-{offset}{DAMAGED}"))
}

/// Keeps the newest copies of damaged ends, so that crashes cannot fill the disk with them.
pub(super) fn prune_damaged(folder: &Path) -> std::io::Result<()> {
    let names = std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    let mut copies: Vec<PathBuf> = names.filter(|path| path.to_string_lossy().ends_with(DAMAGED)).collect();
    copies.sort_unstable();
    let surplus = copies.len().saturating_sub(DAMAGED_MAX);
    copies.drain(..surplus).try_for_each(std::fs::remove_file)
}

/// A file that is there whole, with this name, or not at all; open for writing behind what it has.
pub(crate) fn create_whole(path: &Path, parts: &[&[u8]]) -> std::io::Result<File> {
    let mut part = path.as_os_str().to_owned();
    part.push(PART);
    let part = PathBuf::from(part);
    let made = write_whole(&part, parts).and_then(|file| {
        std::fs::rename(&part, path)?;
        path.parent().map_or(Ok(()), sync_folder)?;
        Ok(file)
    });
    if made.is_err() {
        // It may not even be there.
        let _gone = std::fs::remove_file(&part);
    }
    made
}

fn write_whole(path: &Path, parts: &[&[u8]]) -> std::io::Result<File> {
    let mut file = File::create(path)?;
    parts.iter().try_for_each(|part| file.write_all(part))?;
    file.sync_all()?;
    Ok(file)
}

/// Makes names in `folder` survive power loss.
pub(super) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

const LOCK: &str = "lock";
const PART: &str = ".part";
const SEGMENT: &str = ".log";
const DAMAGED: &str = ".damaged";
/// What the store of format 1 always had.
const FORMER_FILE: &str = "keyspaces";
/// Enough to look into a series of crashes.
const DAMAGED_MAX: usize = 8;
