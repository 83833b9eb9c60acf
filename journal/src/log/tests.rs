//! Power losses, made up: what was synced is there whatever became of the rest.

use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;

use clock::{Rng, ShardId};
use journal_core::{Durability, Entry, NameKind, Owner as Writer};

use super::segment::{Frames, Next, SEGMENT_HEAD_BYTES, Segment};
use crate::{Journal, OpenError, Options, Report};

const SHARD: Writer = Writer::Shard(ShardId(0));

fn name(id: u64, rng: &mut Rng) -> Entry {
    let length = 1 + rng.below(900) as usize;
    Entry::Name { kind: NameKind::Agent, id: id as u32, account: "demo".to_owned(), name: "x".repeat(length) }
}

/// Appends until some are written behind what is synced, and copies the folder then; the last entry known synced.
fn cut_off_in_mid_write(folder: &Path, copy: &Path, rng: &mut Rng) -> u64 {
    let (sender, reports) = channel();
    let sink = move |report| drop(sender.send(report));
    let (journal, recovered) = Journal::open(Options::at(folder), sink).unwrap();
    let before = recovered.count() as u64;
    let total = 50 + rng.below(2_500);
    let mut synced = 0;
    for number in 1..=total {
        journal.append(SHARD, number, name(before + number, rng)).unwrap();
        while let Ok(report) = reports.try_recv() {
            if let Report::Reached { durability: Durability::Synced, entry, .. } = report {
                synced = entry;
            }
        }
    }
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // One that is being made gets its name at any moment; nothing that was synced is in it yet.
        if path.extension().is_some_and(|ext| ext == "part") {
            continue;
        }
        std::fs::copy(&path, copy.join(path.file_name().unwrap())).unwrap();
    }
    journal.close();
    before + synced
}

/// Where the frame that holds entry `sequence` ends, and in which file.
fn end_of(folder: &Path, sequence: u64) -> Option<(PathBuf, u64)> {
    let files = super::folder::segments(folder).unwrap();
    for (number, path) in files.into_iter().rev() {
        let segment = Segment::open(path.clone(), number).unwrap().unwrap();
        let mut frames = Frames::open(&path, segment.owner.epoch, SEGMENT_HEAD_BYTES as u64).unwrap();
        while let Next::Frame { head, .. } = frames.next().unwrap() {
            if (head.first..=head.last()).contains(&sequence) {
                return Some((path, frames.offset));
            }
        }
    }
    None
}

/// Changes what was not synced as a power loss may: cut, blocks that never arrived, blocks of something else.
fn lose_power(path: &Path, from: u64, rng: &mut Rng) {
    let mut bytes = std::fs::read(path).unwrap();
    let from = from as usize;
    let tail = bytes.len() - from;
    if rng.chance(0.7) {
        bytes.truncate(from + rng.below(tail as u64 + 1) as usize);
    }
    let blocks = from..bytes.len();
    for at in blocks.step_by(512) {
        let end = (at + 512).min(bytes.len());
        match rng.below(4) {
            0 => bytes[at..end].fill(0),
            1 => bytes[at..end].iter_mut().for_each(|byte| *byte = rng.next_u32() as u8),
            _ => {}
        }
    }
    if rng.chance(0.3) {
        bytes.extend(std::iter::repeat_n(0, 1 + rng.below(5_000) as usize));
    }
    std::fs::write(path, &bytes).unwrap();
}

#[test]
fn what_was_synced_outlives_power_losses() {
    let mut rng = Rng::new(0x5EED);
    for round in 0..30 {
        let (live, image) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let synced = cut_off_in_mid_write(live.path(), image.path(), &mut rng);
        let (first, from) = end_of(image.path(), synced)
            .unwrap_or_else(|| (super::folder::segment_path(image.path(), 1), SEGMENT_HEAD_BYTES as u64));
        for (_, path) in super::folder::segments(image.path()).unwrap() {
            if path > first {
                lose_power(&path, SEGMENT_HEAD_BYTES as u64, &mut rng);
            }
        }
        lose_power(&first, from, &mut rng);
        // Twice: the first start may not spoil it for the second.
        for start in 1..=2 {
            let (journal, recovered) = Journal::open(Options::at(image.path()), |_| ())
                .unwrap_or_else(|error| panic!("round {round}, start {start}: {error}"));
            let found = recovered.map(|stored| stored.unwrap().position.sequence).collect::<Vec<_>>();
            assert!(found.iter().copied().eq(1..=found.len() as u64), "round {round}: no gap");
            assert!(found.len() as u64 >= synced, "round {round}: {synced} synced, {} there", found.len());
            journal.append(SHARD, 1, name(1, &mut rng)).unwrap();
            journal.close();
        }
    }
}

#[test]
fn damage_below_what_was_synced_is_refused() {
    let mut rng = Rng::new(7);
    let folder = tempfile::tempdir().unwrap();
    let (sender, reports) = channel();
    let sink = move |report| drop(sender.send(report));
    let (journal, _) = Journal::open(Options::at(folder.path()), sink).unwrap();
    for number in 1..=5 {
        journal.append(SHARD, number, name(number, &mut rng)).unwrap();
        let synced = Report::Reached { owner: SHARD, durability: Durability::Synced, entry: number };
        while reports.recv_timeout(std::time::Duration::from_secs(20)).unwrap() != synced {}
    }
    journal.close();
    drop(journal);
    let (path, end) = end_of(folder.path(), 2).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let mut damaged = whole.clone();
    damaged[end as usize - 1] ^= 1;
    std::fs::write(&path, &damaged).unwrap();
    let error = Journal::open(Options::at(folder.path()), |_| ()).map(drop).unwrap_err();
    assert!(matches!(error, OpenError::Unreadable { .. }), "{error}");
    assert!(error.to_string().contains("entries 2 to 4 were synced"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), damaged, "nothing was cut");
    // The last one could not be told from one that was never synced: it is cut, and kept beside.
    let mut torn = whole;
    let last = torn.len() - 1;
    torn[last] ^= 1;
    std::fs::write(&path, &torn).unwrap();
    let (journal, recovered) = Journal::open(Options::at(folder.path()), |_| ()).unwrap();
    assert_eq!(recovered.count(), 4);
    assert!(journal.metrics().cut_bytes > 0);
    let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(names.map(|name| name.to_string_lossy().into_owned()).any(|name| name.ends_with(".damaged")));
    journal.close();
}
