//! The record of what reached the disk, and what a power loss may have left of it.
//!
//! Certain is what a sync that had ended covers: the bytes of a file written before its sync began, and the names in a
//! folder before its own. All else may be there or not, block by block. Folders themselves count as there once
//! something in them was synced, as ext4, XFS and btrfs have it.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

use crate::chance::Chance;

/// What happened to the files below one folder, in order.
pub(crate) struct Trace {
    files: Vec<File>,
    /// Names as the running system saw them at the end.
    names: BTreeMap<PathBuf, usize>,
    /// Names that are certain.
    certain: BTreeMap<PathBuf, usize>,
}

#[derive(Default)]
struct File {
    changes: Vec<Change>,
    /// So many of them are certain.
    synced: usize,
    /// Syncs that have begun and not ended, with the changes before each.
    syncing: VecDeque<usize>,
}

enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Cut { length: usize },
}

/// What the power loss spares of what is not certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Nothing: only what is certain is there.
    All,
    /// All names, and changes up to some moment.
    Later,
    /// All names; of the changes some blocks, others are zeros or hold something else.
    Blocks,
    /// All bytes, but names only as far as they are certain.
    Names,
}

impl Loss {
    /// Each in turn.
    pub(crate) const KINDS: [Self; 4] = [Self::All, Self::Blocks, Self::Later, Self::Names];
}

impl Trace {
    /// Reads the record of the files below `folder`. Its last line may be torn, as the node was killed.
    pub(crate) fn read(path: &Path, folder: &Path) -> Self {
        let bytes = std::fs::read(path).expect("the record");
        let mut trace = Self { files: Vec::new(), names: BTreeMap::new(), certain: BTreeMap::new() };
        let mut folders: BTreeMap<PathBuf, VecDeque<BTreeMap<PathBuf, usize>>> = BTreeMap::new();
        let mut rest = bytes.as_slice();
        while let Some((op, name, offset, data, after)) = step(rest) {
            rest = after;
            let Ok(name) = Path::new(name.trim_end_matches(" (deleted)")).strip_prefix(folder) else { continue };
            let is_folder = !trace.names.contains_key(name);
            match op {
                b'B' if is_folder => folders.entry(name.to_owned()).or_default().push_back(trace.names_in(name)),
                b'S' if is_folder => {
                    let seen = folders.get_mut(name).and_then(VecDeque::pop_front).unwrap_or_default();
                    trace.certain.retain(|path, _| path.parent() != Some(name));
                    trace.certain.extend(seen);
                }
                _ => trace.file_step(op, name, offset as usize, data, folder),
            }
        }
        trace
    }

    fn file_step(&mut self, op: u8, name: &Path, offset: usize, data: &[u8], folder: &Path) {
        if op == b'R' {
            let to = Path::new(std::str::from_utf8(data).expect("a path"));
            let to = to.strip_prefix(folder).expect("a rename within the folder");
            if let Some(file) = self.names.remove(name) {
                self.names.insert(to.to_owned(), file);
            }
            return;
        }
        if op == b'U' {
            self.names.remove(name);
            return;
        }
        if op == b'M' {
            return;
        }
        let at = *self.names.entry(name.to_owned()).or_insert_with(|| {
            self.files.push(File::default());
            self.files.len() - 1
        });
        let file = &mut self.files[at];
        match op {
            b'W' => file.changes.push(Change::Write { offset, bytes: data.to_vec() }),
            b'T' => file.changes.push(Change::Cut { length: offset }),
            b'C' => file.changes.push(Change::Cut { length: 0 }),
            b'B' => file.syncing.push_back(file.changes.len()),
            b'S' => file.synced = file.synced.max(file.syncing.pop_front().unwrap_or_default()),
            other => panic!("no such step: {other}"),
        }
    }

    fn names_in(&self, folder: &Path) -> BTreeMap<PathBuf, usize> {
        let within = self.names.iter().filter(|(path, _)| path.parent() == Some(folder));
        within.map(|(path, file)| (path.clone(), *file)).collect()
    }

    /// How many changes are not certain.
    pub(crate) fn uncertain(&self) -> usize {
        self.files.iter().map(|file| file.changes.len() - file.synced).sum()
    }

    /// Writes what the power loss left into `folder`.
    pub(crate) fn leave(&self, folder: &Path, loss: Loss, chance: &mut Chance) {
        let names = if matches!(loss, Loss::All | Loss::Names) { &self.certain } else { &self.names };
        for (name, file) in names {
            // Shared memory of the database: it is made anew.
            if name.to_string_lossy().ends_with("-shm") {
                continue;
            }
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("the test's folder is writable");
            std::fs::write(path, self.files[*file].left(loss, chance)).expect("the test's folder is writable");
        }
    }
}

impl File {
    fn left(&self, loss: Loss, chance: &mut Chance) -> Vec<u8> {
        let (certain, uncertain) = self.changes.split_at(self.synced);
        let mut bytes = Vec::new();
        certain.iter().for_each(|change| change.apply(&mut bytes));
        let kept = match loss {
            Loss::All => 0,
            Loss::Later => chance.below(uncertain.len() as u64 + 1) as usize,
            Loss::Blocks | Loss::Names => uncertain.len(),
        };
        for change in &uncertain[..kept] {
            match change {
                Change::Write { offset, bytes: written } if loss == Loss::Blocks => {
                    write_some(&mut bytes, *offset, written, chance);
                }
                change => change.apply(&mut bytes),
            }
        }
        bytes
    }
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Cut { length } => to.resize(*length, 0),
            Self::Write { offset, bytes } => put(to, *offset, bytes),
        }
    }
}

/// A write of which some blocks arrived, some are zeros and some, where nothing had been, are of another file.
fn write_some(to: &mut Vec<u8>, offset: usize, written: &[u8], chance: &mut Chance) {
    let was = to.len();
    let mut at = offset;
    while at < offset + written.len() {
        let end = ((at / BLOCK_BYTES + 1) * BLOCK_BYTES).min(offset + written.len());
        let part = &written[at - offset..end - offset];
        match chance.below(4) {
            0 if at >= was => put(to, at, &vec![0; part.len()]),
            1 if at >= was => put(to, at, &part.iter().map(|byte| byte.wrapping_mul(31) ^ 0x5A).collect::<Vec<_>>()),
            0 | 1 => {}
            _ => put(to, at, part),
        }
        at = end;
    }
}

fn put(to: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    if to.len() < offset + bytes.len() {
        to.resize(offset + bytes.len(), 0);
    }
    to[offset..offset + bytes.len()].copy_from_slice(bytes);
}

type Step<'a> = (u8, &'a str, u64, &'a [u8], &'a [u8]);

fn step(bytes: &[u8]) -> Option<Step<'_>> {
    let (op, rest) = bytes.split_first()?;
    let (name, rest) = rest.split_first_chunk()?;
    let (offset, rest) = rest.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (name, rest) = rest.split_at_checked(u32::from_le_bytes(*name) as usize)?;
    let (data, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    Some((*op, std::str::from_utf8(name).ok()?, u64::from_le_bytes(*offset), data, rest))
}

const BLOCK_BYTES: usize = 4_096;
