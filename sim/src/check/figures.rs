//! P12: the live counts of queues, folded as the journal is written and anew after each start, are those that a naive
//! reader finds in the journal afterwards (pacing.md section 8).

use std::collections::{BTreeMap, BTreeSet};

use acd::measure::{Board, Figures, Goal};
use clock::{CallId, QueueId, WallTime};
use journal_core::{CallEntry, CallEvent, Entry, QueueLeft};

use super::Bench;
use crate::watch::Seen;

/// The live fold beside what the journal holds.
#[derive(Debug)]
pub(crate) struct FigureJudge {
    entries: Vec<Entry>,
    board: Board,
}

/// A queue's counts, by the words of the figures.
type Counts = BTreeMap<&'static str, u64>;

impl Default for FigureJudge {
    fn default() -> Self {
        Self { entries: Vec::new(), board: board() }
    }
}

impl FigureJudge {
    pub(crate) fn see(&mut self, seen: &Seen<'_>, bench: &mut Bench) {
        match seen {
            Seen::Journaled { entry, .. } => {
                if matches!(entry, Entry::Call(_) | Entry::NodeStarted { .. }) {
                    self.entries.push((*entry).clone());
                }
                self.take(entry);
            }
            Seen::EntryLost { entry, .. } => {
                if let Some(place) = self.entries.iter().rposition(|known| known == *entry) {
                    self.entries.remove(place);
                }
            }
            Seen::Crashed => self.compare(bench),
            Seen::Started => {
                self.board = board();
                for entry in core::mem::take(&mut self.entries) {
                    self.take(&entry);
                    self.entries.push(entry);
                }
            }
            Seen::End => self.compare(bench),
            _ => {}
        }
    }

    fn take(&mut self, entry: &Entry) {
        if let Some(fact) = centre::fact_of(entry) {
            self.board.take(&fact);
        }
    }

    fn compare(&self, bench: &mut Bench) {
        let naive = self.naive();
        for (queue, counts) in &naive {
            let live = counts_of(&self.board.figures(*queue, WallTime::default()).day);
            if live != *counts {
                bench.broken("P12 live counts are those of the records", format!("{queue:?}: {live:?}, {counts:?}"));
            }
        }
    }

    /// Each entry into a queue, and the first thing behind it that ends the stay.
    fn naive(&self) -> BTreeMap<QueueId, Counts> {
        let mut steps: BTreeMap<CallId, Vec<(usize, &CallEntry)>> = BTreeMap::new();
        let mut starts = BTreeSet::new();
        for (place, entry) in self.entries.iter().enumerate() {
            match entry {
                Entry::Call(step) => steps.entry(step.call).or_default().push((place, step)),
                _ => _ = starts.insert(place),
            }
        }
        let mut counts: BTreeMap<QueueId, Counts> = BTreeMap::new();
        for steps in steps.values() {
            if steps.iter().any(|(_, step)| matches!(step.event, CallEvent::Started { internal: true, .. })) {
                continue;
            }
            let (mut stays_in, mut has_leg) = (None, false);
            for (number, (place, step)) in steps.iter().enumerate() {
                match &step.event {
                    CallEvent::LegStarted { .. } => has_leg = true,
                    // Without a leg nobody waits: it is the attempt of a callback.
                    CallEvent::QueueEntered { queue, .. } if has_leg && stays_in != Some(*queue) => {
                        stays_in = Some(*queue);
                        let next_start = starts.range(place..).next().copied();
                        let rest = steps.get(number + 1..).unwrap_or_default();
                        let end =
                            rest.iter().find_map(|(at, later)| Some((*at, later.at, end_of(*queue, &later.event)?)));
                        let cut = next_start.filter(|start| end.is_none_or(|(at, ..)| *start < at));
                        let counts = counts.entry(*queue).or_insert_with(|| counts_of(&Figures::default()));
                        count(counts, step.at, end.map(|(_, at, how)| (at, how)), cut.is_some());
                    }
                    CallEvent::QueueLeft { queue, .. } if stays_in == Some(*queue) => stays_in = None,
                    _ => {}
                }
            }
        }
        counts
    }
}

/// How a stay ends with this step of its call; `None` when it does not.
fn end_of(queue: QueueId, event: &CallEvent) -> Option<&'static str> {
    match event {
        CallEvent::QueueEntered { queue: other, .. } => (*other != queue).then_some("moved"),
        CallEvent::QueueLeft { queue: left, how } if *left == queue => Some(match how {
            QueueLeft::Answered => "answered",
            QueueLeft::Abandoned => "abandoned",
            QueueLeft::TimedOut => "timed_out",
            QueueLeft::Full | QueueLeft::Empty | QueueLeft::Key | QueueLeft::Closed | QueueLeft::CallbackLimit => {
                "overflowed"
            }
            QueueLeft::Moved => "moved",
            QueueLeft::CalledBack => "called_back",
            QueueLeft::Ended => "ended",
        }),
        CallEvent::Ended { .. } => Some("ended"),
        _ => None,
    }
}

fn count(counts: &mut Counts, entered: WallTime, end: Option<(WallTime, &'static str)>, is_cut: bool) {
    let mut one = |word: &'static str| *counts.entry(word).or_default() += 1;
    one("offered");
    match end {
        _ if is_cut => one("ended"),
        None => {}
        Some((at, how)) => {
            one(how);
            let waited_ms = (at.as_micros() - entered.as_micros()).max(0) / 1_000;
            match how {
                "answered" if waited_ms <= 20_000 => one("answered_in_time"),
                "abandoned" if waited_ms <= 5_000 => {
                    one("abandoned_in_time");
                    one("abandoned_short");
                }
                "abandoned" if waited_ms <= 20_000 => one("abandoned_in_time"),
                _ => {}
            }
        }
    }
}

fn counts_of(figures: &Figures) -> Counts {
    [
        ("offered", figures.offered),
        ("answered", figures.answered),
        ("answered_in_time", figures.answered_in_time),
        ("abandoned", figures.abandoned),
        ("abandoned_in_time", figures.abandoned_in_time),
        ("abandoned_short", figures.abandoned_short),
        ("timed_out", figures.timed_out),
        ("overflowed", figures.overflowed),
        ("moved", figures.moved),
        ("called_back", figures.called_back),
        ("ended", figures.ended),
    ]
    .into()
}

/// One day that never ends, by the usual goal: 20 s, and 5 s for a short abandon.
fn board() -> Board {
    let mut board = Board::new();
    board.set_goals(BTreeMap::<QueueId, Goal>::new());
    board.begin_day(WallTime::from_micros(i64::MIN)..WallTime::from_micros(i64::MAX));
    board
}
