//! The last known people in a file beside the journal, for a start without the database (DESIGN section 5).

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::People;

#[derive(Serialize, Deserialize)]
struct Kept<P> {
    format: u32,
    people: P,
}

/// Writes people into the file whole, readable by the node's own user only: it has hashes of keys and tokens. Blocks.
///
/// # Errors
/// The folder cannot be written; the former file stays.
pub fn keep_people(path: &Path, people: &People) -> io::Result<()> {
    let part = path.with_extension("part");
    // One that another user left, with rights of his own, is not written into.
    let _ = fs::remove_file(&part);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(&part)?;
    file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
    serde_json::to_writer(&mut file, &Kept { format: FORMAT, people })?;
    file.flush()?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    path.parent().map_or(Ok(()), |folder| OpenOptions::new().read(true).open(folder)?.sync_all())
}

/// The people that were kept; none where no file is, or none of this format. Blocks.
///
/// # Errors
/// The file cannot be read, or is damaged.
pub fn kept_people(path: &Path) -> io::Result<Option<People>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let kept: Kept<serde_json::Value> = serde_json::from_slice(&bytes)?;
    if kept.format != FORMAT {
        return Ok(None);
    }
    Ok(Some(serde_json::from_value(kept.people)?))
}

const FORMAT: u32 = 1;
const OWNER_ONLY: u32 = 0o600;
