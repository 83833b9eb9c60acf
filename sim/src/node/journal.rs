//! The journal's store as the node sees it: what is handed to the operating system survives a kill, what is synced
//! survives a power loss.

use std::collections::{BTreeMap, VecDeque};

use clock::WallTime;
use journal_core::{Anomaly, Entry, Owner, Replay};

/// An entry on its way to the disk.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) owner: Owner,
    pub(crate) number: u64,
    pub(crate) entry: Entry,
}

/// The store: three stages, and the fold of the last.
#[derive(Debug, Default)]
pub(crate) struct Store {
    buffered: VecDeque<Line>,
    written: VecDeque<Line>,
    synced: Replay,
    misfits: Vec<(Entry, Anomaly)>,
}

impl Store {
    /// Takes an entry; true when it is the first that waits to be written.
    pub(crate) fn append(&mut self, line: Line) -> bool {
        self.buffered.push_back(line);
        self.buffered.len() == 1
    }

    /// Hands over what waits; the last number of each owner.
    pub(crate) fn write(&mut self) -> BTreeMap<Owner, u64> {
        let last = last_of(&self.buffered);
        self.written.append(&mut self.buffered);
        last
    }

    /// Syncs what is written; the last number of each owner.
    pub(crate) fn sync(&mut self) -> BTreeMap<Owner, u64> {
        let last = last_of(&self.written);
        for line in core::mem::take(&mut self.written) {
            if let Err(anomaly) = self.synced.apply(&line.entry) {
                self.misfits.push((line.entry, anomaly));
            }
        }
        last
    }

    /// The node dies; what is lost with it.
    pub(crate) fn crash(&mut self, power_loss: bool) -> Vec<Line> {
        let mut lost = Vec::new();
        if power_loss {
            lost.extend(core::mem::take(&mut self.written));
        }
        lost.extend(core::mem::take(&mut self.buffered));
        self.sync();
        lost
    }

    /// What a start gets back.
    pub(crate) fn replay(&mut self, now: WallTime) -> &Replay {
        self.synced.expire(now);
        &self.synced
    }

    /// Entries that did not fit, since the last time.
    pub(crate) fn take_misfits(&mut self) -> Vec<(Entry, Anomaly)> {
        core::mem::take(&mut self.misfits)
    }
}

fn last_of(lines: &VecDeque<Line>) -> BTreeMap<Owner, u64> {
    lines.iter().map(|line| (line.owner, line.number)).collect()
}
