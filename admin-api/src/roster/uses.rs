//! When each key was used last: noted in memory by the request, written into the database beside it, now and then.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clock::WallTime;
use records::{Database, RowId};
use tokio::time::sleep;

use crate::roster::Roster;

/// The last uses, to the minute.
#[derive(Debug, Default)]
pub(super) struct Uses(Mutex<BTreeMap<RowId, Use>>);

#[derive(Clone, Copy, Debug)]
struct Use {
    at: WallTime,
    is_written: bool,
}

impl Roster {
    /// When the key was used last, if it was since the node started.
    pub(crate) fn last_use(&self, key: RowId) -> Option<WallTime> {
        self.uses.lock().get(&key).map(|used| used.at)
    }

    /// Writes uses down while the node runs, each key's at most once a minute.
    pub(crate) async fn write_uses(&self, database: &Database) {
        loop {
            sleep(WRITE_EVERY).await;
            self.write_uses_now(database).await;
        }
    }

    /// Those that are not written yet. With the database away they wait.
    pub(crate) async fn write_uses_now(&self, database: &Database) {
        let unwritten = self.uses.unwritten();
        if unwritten.is_empty() {
            return;
        }
        match database.note_uses(&unwritten).await {
            Ok(()) => self.uses.are_written(&unwritten),
            Err(away) => tracing::debug!(%away, "when keys were used is written later"),
        }
    }
}

impl Uses {
    /// Notes a use of a key that is good.
    pub(super) fn note(&self, key: RowId, now: WallTime) {
        let mut uses = self.lock();
        if uses.len() >= MAX_KNOWN && !uses.contains_key(&key) {
            // A key that is used again comes back.
            uses.retain(|_, used| !used.is_written);
        }
        let is_new = uses.get(&key).is_none_or(|used| now.millis_since(used.at) >= COARSE_MS);
        if is_new && (uses.len() < MAX_KNOWN || uses.contains_key(&key)) {
            uses.insert(key, Use { at: now, is_written: false });
        }
    }

    fn unwritten(&self) -> Vec<(RowId, WallTime)> {
        self.lock().iter().filter(|(_, used)| !used.is_written).map(|(key, used)| (*key, used.at)).collect()
    }

    fn are_written(&self, written: &[(RowId, WallTime)]) {
        let mut uses = self.lock();
        for (key, at) in written {
            if let Some(used) = uses.get_mut(key).filter(|used| used.at == *at) {
                used.is_written = true;
            }
        }
    }

    /// No code panics while it holds this lock.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<RowId, Use>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is told is not more exact than this, so a key is written no more often.
const COARSE_MS: u64 = 60_000;
/// How late the database has it.
const WRITE_EVERY: Duration = Duration::from_secs(10);
/// As many keys as there may be (`records`).
const MAX_KNOWN: usize = 5_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_once_a_minute_at_most() {
        let (uses, key) = (Uses::default(), RowId(1));
        let at = |seconds: i64| WallTime::from_micros(seconds * 1_000_000);
        uses.note(key, at(0));
        assert_eq!(uses.unwritten(), [(key, at(0))]);
        uses.are_written(&uses.unwritten());
        for second in 1..60 {
            uses.note(key, at(second));
            assert_eq!(uses.unwritten(), []);
        }
        uses.note(key, at(60));
        assert_eq!(uses.unwritten(), [(key, at(60))]);
    }

    #[test]
    fn only_so_many_are_known() {
        let uses = Uses::default();
        for key in 0..2 * MAX_KNOWN as u128 {
            uses.note(RowId(key), WallTime::from_micros(0));
        }
        assert_eq!(uses.lock().len(), MAX_KNOWN);
    }
}
