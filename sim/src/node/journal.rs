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
    /// All that the fold took, to fold it again.
    history: Vec<Step>,
    synced_ever: u64,
    /// Of the history, what the rows of campaigns have been told.
    told: usize,
}

/// One step of the fold.
#[derive(Debug)]
enum Step {
    Entry(Box<Entry>),
    Expire(WallTime),
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
                self.misfits.push((line.entry.clone(), anomaly));
            }
            self.history.push(Step::Entry(Box::new(line.entry)));
            self.synced_ever += 1;
        }
        last
    }

    /// The node dies; what is lost with it. Of what is lost, `kept` is the share that reached the disk after all: a
    /// write that a crash cuts leaves the entries before the cut.
    pub(crate) fn crash(&mut self, power_loss: bool, kept: f64) -> Vec<Line> {
        let mut lost = VecDeque::new();
        if power_loss {
            lost.extend(core::mem::take(&mut self.written));
        }
        lost.extend(core::mem::take(&mut self.buffered));
        let reached = (lost.len() as f64 * kept) as usize;
        self.written.extend(lost.drain(..reached.min(lost.len())));
        self.sync();
        lost.into()
    }

    /// What a start gets back.
    pub(crate) fn replay(&mut self, now: WallTime) -> &Replay {
        self.synced.expire(now);
        self.history.push(Step::Expire(now));
        &self.synced
    }

    /// Whether the same entries, each of them twice, fold to the same (pacing P10: idempotent by event).
    pub(crate) fn folds_again(&self) -> bool {
        let mut again = Replay::default();
        for step in &self.history {
            match step {
                Step::Entry(entry) => {
                    // The second time may be reported as an anomaly; what counts is what it changes.
                    let _ = again.apply(entry);
                    let _ = again.apply(entry);
                }
                Step::Expire(now) => again.expire(*now),
            }
        }
        again == self.synced
    }

    /// What the last start got back.
    pub(crate) const fn last_replay(&self) -> &Replay {
        &self.synced
    }

    /// Entries that are synced, ever.
    pub(crate) const fn synced(&self) -> u64 {
        self.synced_ever
    }

    /// Entries that are written, ever.
    pub(crate) fn written(&self) -> u64 {
        self.synced_ever + self.written.len() as u64
    }

    /// What was synced since the last time.
    pub(crate) fn take_synced(&mut self, mut take: impl FnMut(&Entry)) {
        let new = self.history.get(self.told..).unwrap_or_default();
        new.iter().for_each(|step| {
            if let Step::Entry(entry) = step {
                take(entry);
            }
        });
        self.told = self.history.len();
    }

    /// Entries that did not fit, since the last time.
    pub(crate) fn take_misfits(&mut self) -> Vec<(Entry, Anomaly)> {
        core::mem::take(&mut self.misfits)
    }
}

fn last_of(lines: &VecDeque<Line>) -> BTreeMap<Owner, u64> {
    lines.iter().map(|line| (line.owner, line.number)).collect()
}
