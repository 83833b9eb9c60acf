//! Checkpoints and trimming, so that a start is quick and the folder stays small.

use std::sync::Arc;
use std::time::Duration;

use journal_core::{Durability, Position, Replay};
use tokio::sync::watch;

use crate::tail::Tail;
use crate::time::wall_now;
use crate::{Journal, ReadError, Restored, Stored};

/// Follows the journal, saves its fold now and then, and removes entries that
/// are older than the time they are kept, in the checkpoint, and applied by the
/// projector.
#[derive(Debug)]
pub struct Upkeep {
    journal: Journal,
    tail: Tail,
    replay: Replay,
    since_checkpoint: u64,
    kept: Duration,
}

impl Upkeep {
    /// Goes on from what was restored.
    #[must_use]
    pub fn new(journal: &Journal, restored: &Restored) -> Self {
        let tail = journal.subscribe(restored.position, Durability::Synced).with_rest(REST);
        let replay = restored.replay.clone();
        Self { journal: journal.clone(), tail, replay, since_checkpoint: restored.entries, kept: KEPT }
    }

    /// Runs until the journal is closed. `applied` is the oldest position that
    /// the projector may still have to read; nothing from there on is removed.
    pub async fn run(mut self, applied: watch::Receiver<Position>) {
        loop {
            match tokio::time::timeout(TRIM_EVERY, self.tail.next(CHUNK_ENTRIES)).await {
                Ok(Ok(read)) if read.is_empty() => return,
                Ok(Ok(read)) => self.take(&read),
                Ok(Err(away)) => {
                    tracing::warn!(target: "journal", %away, "upkeep waits for the journal");
                    tokio::time::sleep(RETRY).await;
                }
                Err(_quiet) => {
                    let position = *applied.borrow();
                    self.tidy(position).await;
                }
            }
            if self.since_checkpoint >= CHECKPOINT_ENTRIES {
                let position = *applied.borrow();
                self.tidy(position).await;
            }
        }
    }

    fn take(&mut self, read: &[Arc<Stored>]) {
        for stored in read {
            self.since_checkpoint += 1;
            // Anomalies were reported by the projector, which reads the same entries.
            let _reported = stored.entry.as_ref().map(|entry| self.replay.apply(entry));
        }
    }

    /// Saves a checkpoint if there is something new, and trims.
    async fn tidy(&mut self, applied: Position) {
        self.replay.expire(wall_now());
        let position = self.tail.position();
        let checkpoint = (self.since_checkpoint > 0).then(|| self.replay.clone());
        let (journal, kept) = (self.journal.clone(), self.kept);
        let work = move || -> Result<usize, ReadError> {
            if let Some(replay) = checkpoint {
                journal.save_checkpoint(position, &replay)?;
            }
            trim(&journal, position.min(applied), kept)
        };
        // After a failure there is still something new to save at the next time.
        self.since_checkpoint = match tokio::task::spawn_blocking(work).await {
            Ok(Ok(removed)) => {
                tracing::debug!(target: "journal", removed, "checkpoint saved");
                0
            }
            Ok(Err(why)) => {
                tracing::warn!(target: "journal", %why, "no checkpoint");
                1
            }
            Err(panic) => {
                tracing::error!(target: "journal", %panic, "upkeep failed");
                1
            }
        };
    }
}

/// Removes segments whose entries are all not behind `until` and older than `kept`; how many.
pub(crate) fn trim(journal: &Journal, until: Position, kept: Duration) -> Result<usize, ReadError> {
    let now = wall_now();
    let mut removed = 0;
    while journal.shared().log.remove_oldest(until, |stored| stored.written_at + kept <= now)? {
        removed += 1;
    }
    Ok(removed)
}

/// How long entries stay at least.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Folded in less than half a second at a start.
const CHECKPOINT_ENTRIES: u64 = 200_000;
const TRIM_EVERY: Duration = Duration::from_secs(600);
const CHUNK_ENTRIES: usize = 1_024;
/// Nobody waits for upkeep: it looks up a few times a second.
const REST: Duration = Duration::from_millis(200);
const RETRY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use clock::WallTime;
    use journal_core::{Entry, NameKind, Owner};

    use super::*;
    use crate::Options;

    #[tokio::test]
    async fn a_start_after_upkeep_reads_little_and_knows_everything() {
        let folder = tempfile::tempdir().unwrap();
        let (journal, recovered) = Journal::open(Options::at(folder.path()), |_| ()).unwrap();
        let restored = recovered.replay(WallTime::default()).unwrap();
        let mut upkeep = Upkeep { kept: Duration::ZERO, ..Upkeep::new(&journal, &restored) };
        for id in 1..=100 {
            let entry = Entry::Name { kind: NameKind::Agent, id, account: "demo".to_owned(), name: id.to_string() };
            journal.append(Owner::Node, u64::from(id), entry).unwrap();
        }
        while upkeep.tail.position().sequence < 100 {
            let read = upkeep.tail.next(40).await.unwrap();
            upkeep.take(&read);
        }
        let first = journal.first().unwrap().unwrap().position;
        upkeep.tidy(upkeep.tail.position()).await;
        assert_eq!(journal.first().unwrap().unwrap().position, first, "the segment that is written stays");
        journal.close();
        drop((upkeep, journal));

        let (journal, recovered) = Journal::open(Options::at(folder.path()), |_| ()).unwrap();
        let restored = recovered.replay(WallTime::default()).unwrap();
        assert_eq!((restored.entries, restored.position.sequence), (0, 100));
        assert_eq!(restored.replay.names.free_id(NameKind::Agent), 101);
        journal.close();
    }
}
