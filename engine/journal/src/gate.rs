//! The gate: effects that wait for the journal, without any task waiting.
//!
//! An owner pushes every effect that leaves it. One with a [`Mark`] is held
//! until the journal has come that far; one without passes at once, **past
//! effects of other lanes that are still held, never past one of its own**. A
//! lane is whatever must keep its order on the wire: a dialog, a REST request.

use std::collections::{BTreeMap, VecDeque};

use crate::{Durability, Mark};

/// Holds effects `T` in lanes `L`.
#[derive(Clone, Debug)]
pub struct Gate<L, T> {
    held: VecDeque<Held<L, T>>,
    lanes: BTreeMap<L, u32>,
    ready: VecDeque<T>,
    written: u64,
    synced: u64,
    failing: bool,
    limit: usize,
}

/// Why an effect was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// As many effects are held as the limit allows: the journal is far behind.
    Full,
    /// The journal fails; what needs a mark cannot be promised now.
    Failing,
}

impl<L: Ord + Clone, T> Gate<L, T> {
    /// A gate that holds at most `limit` effects ([`DEFAULT_HELD_LIMIT`] fits a shard).
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            held: VecDeque::new(),
            lanes: BTreeMap::new(),
            ready: VecDeque::new(),
            written: 0,
            synced: 0,
            failing: false,
            limit,
        }
    }

    /// Takes an effect of `lane`, to be released once `mark` is reached (at
    /// once without one) and all earlier ones of the lane are.
    ///
    /// # Errors
    /// Gives the effect back when it must wait and cannot: the owner answers
    /// 503 in its place, or lets it go where nothing was promised.
    pub fn push(&mut self, lane: L, mark: Option<Mark>, effect: T) -> Result<(), (Refused, T)> {
        let reached = mark.is_none_or(|mark| self.is_reached(mark));
        if reached && !self.lanes.contains_key(&lane) {
            self.ready.push_back(effect);
            return Ok(());
        }
        if self.failing && !reached {
            return Err((Refused::Failing, effect));
        }
        if self.held.len() >= self.limit {
            return Err((Refused::Full, effect));
        }
        *self.lanes.entry(lane.clone()).or_default() += 1;
        self.held.push_back(Held { lane, mark, effect });
        Ok(())
    }

    /// The journal reports that this owner's entries up to number `entry` are
    /// as safe as `durability`. What is synced is written too.
    pub fn advance(&mut self, durability: Durability, entry: u64) {
        self.written = self.written.max(entry);
        if durability == Durability::Synced {
            self.synced = self.synced.max(entry);
        }
        self.release();
    }

    /// The next effect that may leave.
    pub fn poll(&mut self) -> Option<T> {
        self.ready.pop_front()
    }

    /// The journal fails: nothing more is promised until [`Self::recover`].
    /// Gives back every held effect that waits for a mark, in order; those
    /// without one, which only waited behind them, become ready.
    pub fn fail(&mut self) -> Vec<T> {
        self.failing = true;
        self.lanes.clear();
        let mut returned = Vec::new();
        for held in core::mem::take(&mut self.held) {
            if held.mark.is_some_and(|mark| !self.is_reached(mark)) {
                returned.push(held.effect);
            } else {
                self.ready.push_back(held.effect);
            }
        }
        returned
    }

    /// The journal works again.
    pub const fn recover(&mut self) {
        self.failing = false;
    }

    /// True between [`Self::fail`] and [`Self::recover`].
    #[must_use]
    pub const fn is_failing(&self) -> bool {
        self.failing
    }

    /// How many effects are held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }

    const fn is_reached(&self, mark: Mark) -> bool {
        match mark.durability {
            Durability::Written => mark.entry <= self.written,
            Durability::Synced => mark.entry <= self.synced,
        }
    }

    /// Moves what may leave to `ready`, in order; a lane whose first effect must stay stays whole.
    fn release(&mut self) {
        let mut blocked = BTreeMap::<L, u32>::new();
        let mut kept = VecDeque::new();
        for held in core::mem::take(&mut self.held) {
            let free = held.mark.is_none_or(|mark| self.is_reached(mark)) && !blocked.contains_key(&held.lane);
            if free {
                self.ready.push_back(held.effect);
            } else {
                *blocked.entry(held.lane.clone()).or_default() += 1;
                kept.push_back(held);
            }
        }
        self.held = kept;
        self.lanes = blocked;
    }
}

impl<L: Ord + Clone, T> Default for Gate<L, T> {
    fn default() -> Self {
        Self::new(DEFAULT_HELD_LIMIT)
    }
}

#[derive(Clone, Debug)]
struct Held<L, T> {
    lane: L,
    mark: Option<Mark>,
    effect: T,
}

/// Four effects a call at 1,000 new calls a second while the disk stalls for four seconds.
pub const DEFAULT_HELD_LIMIT: usize = 16_384;

#[cfg(test)]
mod tests;
