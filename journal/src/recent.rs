//! The newest entries in memory, so that live tails read the disk only when they lag.

use std::collections::VecDeque;
use std::sync::Arc;

use clock::WallTime;
use journal_core::{DecodeError, Entry, Position};

/// An entry with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Where it stands.
    pub position: Position,
    /// When it was written.
    pub written_at: WallTime,
    /// The entry, or bytes that this program cannot read.
    pub entry: Result<Entry, Undecodable>,
}

/// Bytes that are no entry this program knows: of a newer program, or damaged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Undecodable {
    /// What is wrong with them.
    pub why: DecodeError,
    /// The bytes as stored.
    pub bytes: Vec<u8>,
}

/// A contiguous run of the newest entries.
#[derive(Debug)]
pub(crate) struct Recent {
    entries: VecDeque<Arc<Stored>>,
    /// Everything after this position, and before the end, is in `entries`.
    floor: Position,
}

impl Recent {
    pub(crate) fn after(floor: Position) -> Self {
        Self { entries: VecDeque::new(), floor }
    }

    pub(crate) fn push(&mut self, stored: Arc<Stored>) {
        self.entries.push_back(stored);
        if self.entries.len() > RECENT_ENTRIES {
            self.floor = self.entries.pop_front().map_or(self.floor, |gone| gone.position);
        }
    }

    /// Up to `max` entries after `after` and up to `until`; `None` when some of them are no longer here.
    pub(crate) fn read(&self, after: Position, until: Position, max: usize) -> Option<Vec<Arc<Stored>>> {
        if after < self.floor {
            return None;
        }
        let from = self.entries.partition_point(|stored| stored.position <= after);
        let wanted = self.entries.range(from..).take_while(|stored| stored.position <= until);
        Some(wanted.take(max).cloned().collect())
    }
}

/// A second of 1,000 calls a second; some 4 MB.
const RECENT_ENTRIES: usize = 8_192;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(sequence: u64) -> Position {
        Position { node: 1, epoch: 1, sequence }
    }

    #[test]
    fn it_knows_what_it_no_longer_has() {
        let mut recent = Recent::after(at(0));
        let last = RECENT_ENTRIES as u64 + 2;
        for sequence in 1..=last {
            let entry = Ok(Entry::NodeStarted { at: WallTime::default() });
            recent.push(Arc::new(Stored { position: at(sequence), written_at: WallTime::default(), entry }));
        }
        assert_eq!(recent.read(at(1), at(last), 3), None);
        let read = |after, until| -> Vec<u64> {
            let read = recent.read(at(after), at(until), 3).unwrap();
            read.iter().map(|stored| stored.position.sequence).collect()
        };
        assert_eq!(read(2, last), [3, 4, 5]);
        assert_eq!(read(last - 1, last), [last]);
        assert_eq!(read(last - 2, last - 1), [last - 1]);
        assert_eq!(read(last, last), Vec::<u64>::new());
    }
}
