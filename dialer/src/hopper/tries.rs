//! What a campaign tried with a lead, and what came of each of its numbers.

use std::collections::BTreeMap;

use clock::WallTime;
use serde::{Deserialize, Serialize};

use crate::campaign::{Outcome, Recycle};
use crate::gate::{self, RECENT};

/// What a campaign tried with a lead.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    /// Attempts ever.
    pub total: u32,
    /// Attempts since the list was reset that count for the campaign's maximum.
    pub counted: u32,
    /// When those of the last days began.
    pub recent: Vec<WallTime>,
    /// Times in a row that it was our fault, by outcome; and retries from before each number had its own count, which
    /// each of them is still held to.
    pub by_outcome: BTreeMap<Outcome, u8>,
    /// What came of the last, and when.
    pub last: Option<(Outcome, WallTime)>,
    /// Which of its numbers comes next.
    pub number: u8,
    /// What came of each number, in the lead's order.
    pub by_number: Vec<NumberTries>,
}

/// What came of one number of a lead since its list was reset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberTries {
    /// E.164; empty: an older journal named only the number of the attempt.
    pub number: String,
    /// Attempts by what came of them, save those that were our fault and have no rule.
    pub ended: BTreeMap<Outcome, u8>,
    /// What came of the last of these, and when.
    pub last: Option<(Outcome, WallTime)>,
}

impl Tries {
    /// What the gate asks of.
    #[must_use]
    pub fn facts(&self) -> gate::Tries<'_> {
        gate::Tries { total: self.total, recent: &self.recent }
    }

    /// An attempt begins.
    pub fn begin(&mut self, at: WallTime) {
        self.total = self.total.saturating_add(1);
        note(&mut self.recent, at);
    }

    /// An attempt that began then never rang: nobody was bothered by it, so no cap counts it.
    pub fn retract(&mut self, at: WallTime) {
        self.total = self.total.saturating_sub(1);
        forget(&mut self.recent, at);
    }

    /// The list was reset: as if nothing had been tried, save for what the law counts.
    pub fn reset(&mut self) {
        (self.counted, self.number) = (0, 0);
        self.by_outcome.clear();
        for number in &mut self.by_number {
            number.ended.clear();
            number.last = None;
        }
    }

    /// These are the lead's numbers now. What came of those that it had before stays with them, wherever they stand.
    pub fn follow<'a>(&mut self, numbers: impl Iterator<Item = &'a str>) {
        let next = self.by_number.get(usize::from(self.number)).map(|next| next.number.clone());
        let mut known = core::mem::take(&mut self.by_number);
        for number in numbers {
            let found = known.iter().position(|known| known.number == number);
            let fresh = || NumberTries { number: number.to_owned(), ..NumberTries::default() };
            self.by_number.push(found.map_or_else(fresh, |at| known.swap_remove(at)));
        }
        // An entry that does not name its numbers tells the place of the next all the same.
        if let Some(next) = next.filter(|next| !next.is_empty()) {
            self.number = self.place_of(&next).and_then(|at| u8::try_from(at).ok()).unwrap_or_default();
        }
    }

    /// The same where nothing is known but how many numbers there are, and which of them was called: so an older
    /// journal says it.
    pub fn stand_in(&mut self, numbers: u8, called: &str) {
        if self.by_number.is_empty() {
            self.by_number = vec![NumberTries::default(); numbers.max(1).into()];
            let last = self.by_number.len() - 1;
            called.clone_into(&mut self.by_number[usize::from(self.number).min(last)].number);
        }
    }

    /// An attempt ended so: counted for the lead, and for the number that was called, if the lead still has it.
    pub(super) fn count(&mut self, number: &str, outcome: Outcome, at: WallTime, recycle: &Recycle) {
        self.last = Some((outcome, at));
        self.counted = self.counted.saturating_add(u32::from(!outcome.is_ours()));
        let called = self.place_of(number).and_then(|at| self.by_number.get_mut(at));
        if !outcome.is_ours() {
            // What was our fault is counted in a row.
            self.by_outcome.retain(|outcome, _| !outcome.is_ours());
        }
        let Some(called) = called.filter(|_| !outcome.is_ours() || recycle.after(outcome).is_some()) else { return };
        if !outcome.is_ours() {
            called.ended.retain(|outcome, _| !outcome.is_ours());
        }
        let times = called.ended.entry(outcome).or_default();
        *times = times.saturating_add(1);
        called.last = Some((outcome, at));
    }

    /// Where a number stands among the lead's.
    pub(super) fn place_of(&self, number: &str) -> Option<usize> {
        self.by_number.iter().position(|known| known.number == number)
    }

    /// As often as its rule allows it was tried again after its last outcome, or that has no rule.
    pub(super) fn is_used_up(&self, at: usize, recycle: &Recycle) -> bool {
        let Some((known, (outcome, _))) = self.by_number.get(at).and_then(|known| Some((known, known.last?))) else {
            return false;
        };
        let count = |counts: &BTreeMap<Outcome, u8>| u32::from(counts.get(&outcome).copied().unwrap_or_default());
        let tried = count(&known.ended) + if outcome.is_ours() { 0 } else { count(&self.by_outcome) };
        recycle.after(outcome).is_none_or(|again| tried > u32::from(again.times))
    }

    /// A number is bad, or was tried as often as it may be: the others are left. Whoever was reached by a number is still
    /// to be reached by it.
    #[must_use]
    pub fn is_spent(&self, at: usize, recycle: &Recycle) -> bool {
        let last = self.by_number.get(at).and_then(|known| known.last);
        last.is_some_and(|(outcome, _)| !outcome.is_of_lead()) && self.is_used_up(at, recycle)
    }

    /// When a number may be tried again, by its last outcome; none: it was not tried.
    #[must_use]
    pub fn due(&self, at: usize, recycle: &Recycle) -> Option<WallTime> {
        let (outcome, ended) = self.by_number.get(at)?.last?;
        Some(ended + recycle.after(outcome).map_or(Recycle::AFTER_MIN, |again| again.after))
    }

    /// Its numbers that are not spent: first the one whose turn it is, then those behind it, then those before it.
    pub fn alive(&self, recycle: &Recycle) -> impl Iterator<Item = usize> {
        let count = self.by_number.len();
        let first = usize::from(self.number);
        (first..first + count).map(move |at| at % count).filter(|at| !self.is_spent(*at, recycle))
    }
}

/// Notes when an attempt began, and forgets those that no rule looks back to.
pub(super) fn note(recent: &mut Vec<WallTime>, at: WallTime) {
    recent.retain(|begun| *begun + RECENT >= at);
    if recent.len() >= RECENT_MAX {
        recent.remove(0);
    }
    recent.push(at);
}

/// Takes back that an attempt began.
pub(super) fn forget(recent: &mut Vec<WallTime>, at: WallTime) {
    if let Some(found) = recent.iter().rposition(|begun| *begun == at) {
        recent.remove(found);
    }
}

/// Attempts within 72 hours: an attempt each two minutes for two hours, far above any cap.
const RECENT_MAX: usize = 64;
