use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use clock::{AgentId, ShardId, WallTime};
use journal_core::{AgentStatus, NameKind};

use super::*;
use crate::shared::Broken;
use crate::upkeep::trim;

const SHARD: Owner = Owner::Shard(ShardId(0));

fn open(path: &Path) -> (Journal, Recovered, Receiver<Report>) {
    open_with(Options::at(path))
}

fn open_with(options: Options) -> (Journal, Recovered, Receiver<Report>) {
    let (sender, reports) = channel();
    let (journal, recovered) = Journal::open(options, move |report| drop(sender.send(report))).unwrap();
    (journal, recovered, reports)
}

fn name(id: u32) -> Entry {
    Entry::Name { kind: NameKind::Agent, id, account: "demo".to_owned(), name: id.to_string() }
}

fn append(journal: &Journal, owner: Owner, numbers: std::ops::RangeInclusive<u64>) {
    for number in numbers {
        journal.append(owner, number, name(number as u32)).unwrap();
    }
}

fn wait_for(reports: &Receiver<Report>, wanted: &Report) -> Vec<Report> {
    let mut seen = Vec::new();
    while seen.last() != Some(wanted) {
        seen.push(reports.recv_timeout(Duration::from_secs(20)).unwrap());
    }
    seen
}

fn reached(owner: Owner, durability: Durability, entry: u64) -> Report {
    Report::Reached { owner, durability, entry }
}

fn ids(stored: &[Arc<Stored>]) -> Vec<u32> {
    let id = |stored: &Arc<Stored>| match stored.entry {
        Ok(Entry::Name { id, .. }) => id,
        _ => 0,
    };
    stored.iter().map(id).collect()
}

fn break_disk(journal: &Journal, broken: Broken) {
    *journal.shared().broken.lock().unwrap() = broken;
}

#[test]
fn entries_are_written_then_synced_and_come_back_in_the_next_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, recovered, reports) = open(folder.path());
    assert_eq!(recovered.count(), 0);
    append(&journal, SHARD, 1..=3);
    append(&journal, Owner::Acd, 1..=1);
    let seen = wait_for(&reports, &reached(SHARD, Durability::Synced, 3));
    let written = seen.iter().position(|r| *r == reached(SHARD, Durability::Written, 3)).unwrap();
    assert!(written < seen.len() - 1);
    let (id, epoch) = (journal.id(), journal.epoch());
    journal.close();
    drop(journal);

    let (journal, recovered, _) = open(folder.path());
    assert_eq!((journal.id(), journal.epoch()), (id, epoch + 1));
    let back: Vec<_> = recovered.map(Result::unwrap).collect();
    assert_eq!(ids(&back), [1, 2, 3, 1]);
    let sequences: Vec<_> = back.iter().map(|s| (s.position.epoch, s.position.sequence)).collect();
    assert_eq!(sequences, [(1, 1), (1, 2), (1, 3), (1, 4)]);
    append(&journal, SHARD, 1..=1);
    journal.close();
    assert_eq!(journal.reached(Durability::Synced), Position { node: 1, epoch: 2, sequence: 5 });
}

#[test]
fn a_full_channel_gives_the_entry_back_and_a_broken_disk_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _, reports) = open_with(Options { capacity: 4, ..Options::at(folder.path()) });
    append(&journal, SHARD, 1..=1);
    wait_for(&reports, &reached(SHARD, Durability::Synced, 1));
    break_disk(&journal, Broken::Everything);
    append(&journal, SHARD, 2..=2);
    let failing = Report::Failing { why: "no space left".to_owned() };
    wait_for(&reports, &failing);
    assert_eq!(journal.state(), JournalState::Failing { why: "no space left".to_owned() });
    assert!(!journal.is_writable());
    append(&journal, SHARD, 3..=6);
    let Err(AppendError::Full { entry, capacity: 4 }) = journal.append(SHARD, 7, name(7)) else {
        panic!("the fifth entry that waits is refused")
    };
    assert_eq!(*entry, name(7));
    break_disk(&journal, Broken::Nothing);
    wait_for(&reports, &Report::Working);
    wait_for(&reports, &reached(SHARD, Durability::Synced, 6));
    journal.append(SHARD, 7, *entry).unwrap();
    wait_for(&reports, &reached(SHARD, Durability::Synced, 7));
    assert!(journal.is_writable());
    assert!(journal.metrics().failures_total >= 1);
    assert_eq!(journal.metrics().written_total, 7);
    let read = journal.read_after(Position::START, Durability::Synced, 100).unwrap();
    assert_eq!(ids(&read), [1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn a_torn_end_is_discarded_and_the_rest_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _, reports) = open(folder.path());
    append(&journal, SHARD, 1..=1);
    wait_for(&reports, &reached(SHARD, Durability::Synced, 1));
    append(&journal, SHARD, 2..=2);
    journal.close();
    drop(journal);
    tear_log(folder.path());

    let (journal, recovered, _) = open(folder.path());
    let back: Vec<_> = recovered.map(Result::unwrap).collect();
    assert_eq!(ids(&back), [1]);
    append(&journal, SHARD, 1..=1);
    journal.close();
}

/// Cuts the newest segment with entries in the middle of its last group.
fn tear_log(folder: &Path) {
    let path = segments(folder).pop().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 8]).unwrap();
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut logs: Vec<_> = paths.filter(|path| path.extension().is_some_and(|ext| ext == "log")).collect();
    logs.sort();
    logs
}

#[test]
fn what_cannot_be_opened_says_why_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _, _) = open(folder.path());
    let refused = |path: &Path| Journal::open(Options::at(path), |_| ()).map(drop).unwrap_err();
    assert!(matches!(refused(folder.path()), OpenError::InUse { .. }));
    journal.close();
    drop(journal);
    let segment = segments(folder.path()).pop().unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[11] += 1;
    std::fs::write(&segment, &bytes).unwrap();
    assert!(matches!(refused(folder.path()), OpenError::Format { expected: 2, got: 3, .. }));
    std::fs::write(&segment, b"not a segment").unwrap();
    let error = refused(folder.path());
    assert!(matches!(error, OpenError::Unreadable { .. }), "{error:?}");
    assert!(error.to_string().contains("restore") && !error.to_string().contains('\n'), "{error}");
    std::fs::create_dir(folder.path().join("keyspaces")).unwrap();
    let error = refused(folder.path());
    assert!(matches!(error, OpenError::Former { .. }) && error.to_string().contains("adopt"), "{error}");
    let file = folder.path().join("file");
    std::fs::write(&file, b"").unwrap();
    assert!(matches!(refused(&file.join("journal")), OpenError::Folder { .. }));
}

#[tokio::test]
async fn a_tail_that_lags_misses_nothing_and_ends_with_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _, reports) = open(folder.path());
    let mut early = journal.subscribe(Position::START, Durability::Written);
    append(&journal, SHARD, 1..=20_000);
    wait_for(&reports, &reached(SHARD, Durability::Synced, 20_000));
    let mut late = journal.subscribe(Position::START, Durability::Synced);
    append(&journal, SHARD, 20_001..=20_005);
    journal.clone().close();
    for tail in [&mut early, &mut late] {
        let mut seen = Vec::new();
        loop {
            let read = tail.next(3_000).await.unwrap();
            if read.is_empty() {
                break;
            }
            seen.extend(ids(&read));
        }
        assert!(seen.iter().copied().eq(1..=20_005), "{} entries", seen.len());
    }
}

#[test]
fn a_checkpoint_replaces_what_is_trimmed() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, recovered, reports) = open(folder.path());
    let mut replay = recovered.replay(WallTime::default()).unwrap().replay;
    append(&journal, SHARD, 1..=5);
    let status =
        Entry::AgentStatus { agent: AgentId(1), status: AgentStatus::Paused, reason: None, at: WallTime::default() };
    journal.append(SHARD, 6, status).unwrap();
    wait_for(&reports, &reached(SHARD, Durability::Synced, 6));
    let read = journal.read_after(Position::START, Durability::Synced, 4).unwrap();
    for stored in &read {
        replay.apply(stored.entry.as_ref().unwrap()).unwrap();
    }
    let position = read[3].position;
    journal.save_checkpoint(position, &replay).unwrap();
    journal.close();
    drop(journal);

    let (journal, recovered, _) = open(folder.path());
    let restored = recovered.replay(WallTime::default()).unwrap();
    assert_eq!((restored.entries, restored.anomalies), (2, 0));
    assert_eq!(restored.replay.names.agent(AgentId(1)), Some("1"));
    assert_eq!(restored.replay.statuses().count(), 1);
    assert_eq!(restored.position.sequence, 6);
    append(&journal, SHARD, 1..=1);
    journal.close();
    let hour = Duration::from_secs(3_600);
    assert_eq!(trim(&journal, position, Duration::ZERO).unwrap(), 0, "not all of the first segment is applied");
    let all = journal.reached(Durability::Synced);
    assert_eq!(trim(&journal, all, hour).unwrap(), 0, "not old enough");
    assert_eq!(trim(&journal, all, Duration::ZERO).unwrap(), 1);
    assert_eq!(journal.first().unwrap().unwrap().position.sequence, 7);
}

/// A sync that failed may have lost what was written: it is written again, elsewhere, and nothing is there twice.
#[test]
fn what_a_failed_sync_may_have_lost_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _, reports) = open(folder.path());
    append(&journal, SHARD, 1..=10);
    wait_for(&reports, &reached(SHARD, Durability::Synced, 10));
    append(&journal, SHARD, 11..=20);
    wait_for(&reports, &reached(SHARD, Durability::Written, 20));
    break_disk(&journal, Broken::Everything);
    append(&journal, SHARD, 21..=30);
    wait_for(&reports, &Report::Failing { why: "no space left".to_owned() });
    break_disk(&journal, Broken::Nothing);
    wait_for(&reports, &reached(SHARD, Durability::Synced, 30));
    let read = |journal: &Journal| ids(&journal.shared().log.read(Position::START, LATEST, 1_000).unwrap());
    assert!(read(&journal).into_iter().eq(1..=30));
    journal.close();
    drop(journal);
    // What the failed sync lost is garbage in the first segment.
    let first = segments(folder.path()).swap_remove(0);
    let mut bytes = std::fs::read(&first).unwrap();
    let end = bytes.len();
    bytes[end - 5..].fill(0xA5);
    std::fs::write(&first, &bytes).unwrap();
    let (journal, recovered, _) = open(folder.path());
    assert!(ids(&recovered.map(Result::unwrap).collect::<Vec<_>>()).into_iter().eq(1..=30));
    assert_eq!(journal.metrics().cut_bytes, 0);
    journal.close();
}

/// Two groups were written, their sync failed, both are in the old segment and in the new one.
#[test]
fn groups_that_a_failed_sync_doubled_are_there_once() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _, reports) = open(folder.path());
    append(&journal, SHARD, 1..=10);
    wait_for(&reports, &reached(SHARD, Durability::Synced, 10));
    break_disk(&journal, Broken::Syncs);
    for number in 11..=13 {
        append(&journal, SHARD, number..=number);
        wait_for(&reports, &reached(SHARD, Durability::Written, number));
    }
    wait_for(&reports, &Report::Failing { why: "no space left".to_owned() });
    break_disk(&journal, Broken::Nothing);
    wait_for(&reports, &reached(SHARD, Durability::Synced, 13));
    append(&journal, SHARD, 14..=14);
    wait_for(&reports, &reached(SHARD, Durability::Synced, 14));
    append(&journal, SHARD, 15..=15);
    wait_for(&reports, &reached(SHARD, Durability::Synced, 15));
    let read = ids(&journal.shared().log.read(Position::START, LATEST, 1_000).unwrap());
    assert!(read.into_iter().eq(1..=15));
    journal.close();
    drop(journal);
    let (journal, recovered, _) = open(folder.path());
    assert!(ids(&recovered.map(Result::unwrap).collect::<Vec<_>>()).into_iter().eq(1..=15));
    assert_eq!(journal.metrics().cut_bytes, 0);
    journal.close();
}

/// The first group of a new segment met a full disk: half of it is there, and nobody's.
#[test]
fn a_segment_whose_first_group_was_torn_hurts_no_later_start() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _, _) = open(folder.path());
    append(&journal, SHARD, 1..=10);
    journal.close();
    drop(journal);
    let (journal, _, reports) = open(folder.path());
    break_disk(&journal, Broken::Everything);
    append(&journal, SHARD, 11..=11);
    wait_for(&reports, &Report::Failing { why: "no space left".to_owned() });
    // What a crash leaves that comes before the torn segment is removed.
    let torn = segments(folder.path()).pop().unwrap();
    let kept = folder.path().join("kept");
    std::fs::copy(&torn, &kept).unwrap();
    break_disk(&journal, Broken::Nothing);
    wait_for(&reports, &reached(SHARD, Durability::Synced, 11));
    append(&journal, SHARD, 12..=12);
    wait_for(&reports, &reached(SHARD, Durability::Synced, 12));
    assert!(!torn.exists(), "it holds nothing");
    journal.close();
    drop(journal);
    std::fs::rename(&kept, &torn).unwrap();
    for start in 1..=2 {
        let (journal, recovered, _) = open(folder.path());
        let found = ids(&recovered.map(Result::unwrap).collect::<Vec<_>>());
        assert!(found.iter().copied().eq(1..=12), "start {start}: {found:?}");
        assert_eq!(journal.metrics().cut_bytes, 0);
        assert!(!torn.exists(), "start {start}");
        journal.close();
    }
}

/// A gap is told, whoever reads over it: entries that are gone are no end of the journal.
#[test]
fn a_segment_that_was_cut_short_is_no_end() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let (journal, _, _) = open(folder.path());
        append(&journal, SHARD, 1..=10);
        journal.close();
    }
    let first = segments(folder.path()).swap_remove(0);
    let bytes = std::fs::read(&first).unwrap();
    let head = crate::log::SEGMENT_HEAD_BYTES;
    let frame = crate::log::encode_frame(1, 1, 0, &[journal_core::encode(WallTime::default(), &name(1)).unwrap()]);
    std::fs::write(&first, [&bytes[..head], frame.as_slice()].concat()).unwrap();
    let (journal, recovered, _) = open(folder.path());
    let told = recovered.filter_map(Result::err).next().map(|error| error.to_string()).unwrap_or_default();
    assert!(told.contains("ends at byte") && told.contains("entries 2 to 10"), "{told}");
    journal.close();
}

const LATEST: Position = Position { node: u16::MAX, epoch: u32::MAX, sequence: u64::MAX };
