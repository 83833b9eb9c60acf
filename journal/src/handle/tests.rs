use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use clock::{AgentId, ShardId, WallTime};
use journal_core::{AgentStatus, NameKind};

use super::*;
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

fn break_disk(journal: &Journal) -> Arc<AtomicBool> {
    let store = journal.shared().store.read().unwrap();
    let broken = store.as_ref().unwrap().broken.clone();
    broken.store(true, Ordering::SeqCst);
    broken
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
    let broken = break_disk(&journal);
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
    broken.store(false, Ordering::SeqCst);
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

/// Cuts the store's newest log in the middle of its last batch.
fn tear_log(folder: &Path) {
    let log = |entry: std::fs::DirEntry| Some(entry.path()).filter(|p| p.extension().is_some_and(|e| e == "jnl"));
    let path = std::fs::read_dir(folder).unwrap().filter_map(|entry| log(entry.unwrap())).max().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    std::fs::write(&path, &bytes[..end - 8]).unwrap();
}

#[test]
fn what_cannot_be_opened_says_why_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _, _) = open(folder.path());
    let refused = |path: &Path| Journal::open(Options::at(path), |_| ()).map(drop).unwrap_err();
    assert!(matches!(refused(folder.path()), OpenError::InUse { .. }));
    journal.close();
    drop(journal);
    std::fs::write(folder.path().join("version"), b"not a version").unwrap();
    let error = refused(folder.path());
    assert!(matches!(error, OpenError::Unreadable { .. }), "{error:?}");
    assert!(error.to_string().contains("restore") && !error.to_string().contains('\n'), "{error}");
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
    journal.shared().with_store(|store| store.save_checkpoint(position, &replay)).unwrap();
    assert_eq!(trim(&journal, position, Duration::from_secs(3_600)).unwrap(), 0, "not old enough");
    assert_eq!(trim(&journal, position, Duration::ZERO).unwrap(), 4);
    assert_eq!(journal.first().unwrap().unwrap().position.sequence, 5);
    journal.close();
    drop(journal);

    let (journal, recovered, _) = open(folder.path());
    let restored = recovered.replay(WallTime::default()).unwrap();
    assert_eq!((restored.entries, restored.anomalies), (2, 0));
    assert_eq!(restored.replay.names.agent(AgentId(1)), Some("1"));
    assert_eq!(restored.replay.statuses().count(), 1);
    assert_eq!(restored.position.sequence, 6);
    journal.close();
}
