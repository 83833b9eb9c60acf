//! Changes a closed journal as no program would: for tests of what follows it.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::folder::segments;
use super::frame::{encode, entries};
use super::segment::{Frames, Next, SEGMENT_HEAD_BYTES, Segment};

/// Takes the last `count` entries away, as a power loss does.
///
/// # Panics
/// When the folder holds no such journal.
pub fn cut_last(folder: &Path, mut count: usize) {
    for (segment, first, mut kept) in whole(folder).into_iter().rev() {
        let cut = count.min(kept.len());
        kept.truncate(kept.len() - cut);
        count -= cut;
        rewrite(&segment, first, &kept);
        if count == 0 {
            return;
        }
    }
}

/// Puts bytes behind the last entry as if they were one.
///
/// # Panics
/// When the folder holds no such journal.
pub fn append(folder: &Path, bytes: &[u8]) {
    let (segment, first, mut kept) = whole(folder).pop().expect("a journal with entries");
    kept.push(bytes.to_vec());
    rewrite(&segment, first, &kept);
}

type Content = (Segment, u64, Vec<Vec<u8>>);

/// The segments that have entries, with the first one's sequence and all their bytes.
fn whole(folder: &Path) -> Vec<Content> {
    let contents = segments(folder).expect("a journal").into_iter().filter_map(content);
    contents.collect()
}

fn content((number, path): (u64, PathBuf)) -> Option<Content> {
    let segment = Segment::open(path, number).expect("a file").expect("a segment");
    let first = segment.first()?.sequence;
    let mut frames = Frames::open(&segment.path, segment.owner.epoch, SEGMENT_HEAD_BYTES as u64).expect("a file");
    let mut all = Vec::new();
    while let Next::Frame { payload, .. } = frames.next().expect("it reads") {
        all.extend(entries(payload).map(<[u8]>::to_vec));
    }
    Some((segment, first, all))
}

fn rewrite(segment: &Segment, first: u64, entries: &[Vec<u8>]) {
    let mut file = OpenOptions::new().append(true).open(&segment.path).expect("a file");
    file.set_len(SEGMENT_HEAD_BYTES as u64).expect("it cuts");
    for (sequence, entry) in (first..).zip(entries) {
        file.write_all(&encode(segment.owner.epoch, sequence, 0, std::slice::from_ref(entry))).expect("it writes");
    }
    file.sync_all().expect("it syncs");
}
