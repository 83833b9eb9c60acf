//! The syncer thread: makes what was written survive power loss, so that a slow disk holds up nobody who needs less.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use journal_core::{Durability, Owner, Position};

use crate::log::Active;
use crate::shared::Shared;
use crate::time::monotonic_now;
use crate::unsynced::Written;
use crate::{Report, Sink};

pub(crate) struct Syncer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) sink: Sink,
    pub(crate) sync_delay: Duration,
}

/// What a sync is to do.
struct Due {
    segments: Vec<Active>,
    last: Position,
}

impl Syncer {
    /// Runs until the writer has closed and all is synced, or cannot be.
    pub(crate) fn run(self) {
        while let Some(due) = self.wait() {
            self.shared.syncing_since.begin(monotonic_now());
            let synced = due.segments.iter().try_for_each(|active| self.shared.sync(&active.file));
            self.shared.syncing_since.end();
            match synced {
                Ok(()) => {
                    self.note(&due);
                    self.make_spare();
                }
                Err(error) => {
                    let why = error.to_string();
                    self.shared.fail(&self.sink, &why);
                    self.shared.unsynced.change(|state| state.failed = Some(why));
                }
            }
        }
    }

    /// Waits until the oldest group has waited long enough, so that one sync does for many; `None` at the end.
    fn wait(&self) -> Option<Due> {
        let mut state = self.shared.unsynced.lock();
        loop {
            let age = state.groups.front().map(|oldest| oldest.at.elapsed());
            let wait = match age {
                // The writer sees to what failed.
                _ if state.failed.is_some() && state.closing => return None,
                _ if state.failed.is_some() => IDLE,
                None if state.closing => return None,
                None => IDLE,
                Some(age) if state.closing || age >= self.sync_delay => break,
                Some(age) => self.sync_delay - age,
            };
            state = self.shared.unsynced.wait(state, wait);
        }
        let last = state.groups.back().map(|newest| newest.last)?;
        Some(Due { segments: state.segments.clone(), last })
    }

    fn note(&self, due: &Due) {
        let synced = self.shared.unsynced.change(|state| {
            // All but the last get no more: they are done with.
            let full = due.segments.len().saturating_sub(1);
            state
                .segments
                .retain(|kept| !due.segments.iter().take(full).any(|d| d.segment.number == kept.segment.number));
            state.take_synced(due.last)
        });
        self.shared.note_synced(&self.sink, &synced);
    }

    /// Makes the next segment before the writer needs it: making one takes two syncs.
    fn make_spare(&self) {
        let state = self.shared.unsynced.lock();
        let is_due = matches!(state.segments.as_slice(), [only] if only.end > SPARE_FROM_BYTES);
        if !is_due || state.spare.is_some() || state.closing {
            return;
        }
        drop(state);
        match self.shared.begin_segment(None, &[]) {
            Ok(spare) => self.shared.unsynced.change(|state| {
                if state.segments.last().is_some_and(|active| active.segment.number < spare.segment.number) {
                    state.spare = Some(spare);
                } else {
                    spare.remove();
                }
            }),
            // The full one goes on; the disk's state shows at its next sync.
            Err(error) => tracing::warn!(target: "journal", %error, "no new segment"),
        }
    }
}

/// How far each owner is with these groups.
pub(crate) fn reached(groups: &[Arc<Written>]) -> BTreeMap<Owner, u64> {
    groups.iter().flat_map(|group| group.reached.iter().map(|(owner, entry)| (*owner, *entry))).collect()
}

/// Tells each owner how far it is.
pub(crate) fn report(sink: &Sink, reached: &BTreeMap<Owner, u64>, durability: Durability) {
    for (owner, entry) in reached {
        sink(Report::Reached { owner: *owner, durability, entry: *entry });
    }
}

impl Shared {
    /// Groups are synced: counts them and tells their owners.
    pub(crate) fn note_synced(&self, sink: &Sink, groups: &[Arc<Written>]) {
        let Some(newest) = groups.last() else { return };
        match self.unsynced.lock().groups.front() {
            Some(oldest) => self.oldest_unsynced.begin(oldest.at),
            None => self.oldest_unsynced.end(),
        }
        let entries = groups.iter().map(|group| group.entries).sum();
        self.synced_total.fetch_add(entries, Ordering::Relaxed);
        self.progress.send_modify(|progress| progress.synced = progress.synced.max(newest.last));
        report(sink, &reached(groups), Durability::Synced);
    }
}

/// Nothing to do: look again then, whoever forgot to wake this thread.
const IDLE: Duration = Duration::from_secs(5);
/// Half of a segment: the other half is time to make the next one.
const SPARE_FROM_BYTES: u64 = crate::writer::SEGMENT_BYTES / 2;
