//! Which of the agents who can take a call gets it: one file a family, each a pure key of what is known of an agent.

mod chance;
mod measured;
mod positional;
mod ringing;

use std::collections::BTreeSet;

use crate::contract::Strategy;

pub(crate) use chance::Urn;
pub(crate) use measured::{Figures, answered_for, share};
pub(crate) use positional::after;
pub(crate) use ringing::{RING_GROUP_MAX, join_every, width};

/// An order of idle agents, smallest key first. Queues that choose by the same one share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Order {
    /// Idle since.
    Idle,
    /// Calls answered.
    Calls,
    /// Time talked.
    Talk,
    /// None: drawn.
    Chance,
    /// Position in the queue of this slot.
    Position(usize),
    /// Calls answered in the queue of this slot, by weight.
    Share(usize),
}

impl Order {
    /// What a strategy chooses by in the queue of this slot.
    pub(crate) const fn of(strategy: Strategy, queue: usize) -> Self {
        match strategy {
            Strategy::LongestIdle | Strategy::RingAll => Self::Idle,
            Strategy::FewestCalls => Self::Calls,
            Strategy::LeastTalk => Self::Talk,
            Strategy::Random => Self::Chance,
            Strategy::TopDown | Strategy::RoundRobin | Strategy::ProgressiveRing { .. } => Self::Position(queue),
            Strategy::Weighted => Self::Share(queue),
        }
    }
}

/// The idle agents of a profile in one order: by key, then by slot (slots are in the order of ids).
#[derive(Clone, Debug)]
pub(crate) struct Ranking {
    pub(crate) order: Order,
    ranked: Ranked,
}

#[derive(Clone, Debug)]
enum Ranked {
    ByKey(BTreeSet<(i64, usize)>),
    Urn(Urn),
}

impl Ranking {
    /// Of agents with these slots, ascending; none of them is idle yet.
    pub(crate) fn new(order: Order, slots: &[usize]) -> Self {
        let ranked = match order {
            Order::Chance => Ranked::Urn(Urn::new(slots.to_vec())),
            _ => Ranked::ByKey(BTreeSet::new()),
        };
        Self { order, ranked }
    }

    pub(crate) fn insert(&mut self, key: i64, slot: usize) {
        match &mut self.ranked {
            Ranked::ByKey(set) => drop(set.insert((key, slot))),
            Ranked::Urn(urn) => urn.put(slot, true),
        }
    }

    pub(crate) fn remove(&mut self, key: i64, slot: usize) {
        match &mut self.ranked {
            Ranked::ByKey(set) => drop(set.remove(&(key, slot))),
            Ranked::Urn(urn) => urn.put(slot, false),
        }
    }

    /// The first; of an urn no one.
    pub(crate) fn first(&self) -> Option<(i64, usize)> {
        match &self.ranked {
            Ranked::ByKey(set) => set.first().copied(),
            Ranked::Urn(urn) => urn.iter().next().map(|slot| (0, slot)),
        }
    }

    /// The first after `key`, else the first of all.
    pub(crate) fn first_after(&self, key: i64) -> Option<(bool, i64, usize)> {
        match &self.ranked {
            Ranked::ByKey(set) => after(set, key),
            Ranked::Urn(_) => None,
        }
    }

    /// The one of this number in an urn.
    pub(crate) fn nth(&self, number: u64) -> Option<usize> {
        match &self.ranked {
            Ranked::ByKey(_) => None,
            Ranked::Urn(urn) => urn.nth(number),
        }
    }

    /// All of them in order; those of an urn by slot, as equals.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = (i64, usize)> + '_ {
        let (by_key, urn) = match &self.ranked {
            Ranked::ByKey(set) => (Some(set), None),
            Ranked::Urn(urn) => (None, Some(urn)),
        };
        let of_urn = urn.into_iter().flat_map(|urn| urn.iter().map(|slot| (0, slot)));
        by_key.into_iter().flatten().copied().chain(of_urn)
    }
}
