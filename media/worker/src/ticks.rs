//! The 20 ms tick, spread over ten slots of 2 ms, so that a thousand players
//! do not send at once and make every relayed packet wait.

use std::time::Duration;

use clock::{CallId, Instant};
use media_graph::NodeIx;

/// Who has work in which slot. A call's nodes share a slot, so that a mix
/// reads frames of the same tick.
#[derive(Debug, Default)]
pub(crate) struct Ticks {
    slots: [Slot; SLOTS],
    members: usize,
    /// The number of the next slot to run, counted from the clock's start.
    next: u64,
}

/// The nodes of one slot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slot {
    /// Players that play and legs that are mixed: they make a frame.
    pub(crate) sources: Vec<NodeIx>,
    /// Legs that hear a mix: they are sent the sum.
    pub(crate) mixes: Vec<NodeIx>,
}

/// What a node does each tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Makes a frame.
    Source,
    /// Hears a sum.
    Mix,
}

impl Ticks {
    /// Makes `node`, of `call`, do `part` each tick, or no longer.
    pub(crate) fn set(&mut self, node: NodeIx, call: CallId, part: Part, active: bool, now: Instant) {
        if self.members == 0 {
            self.next = number_of(now) + 1;
        }
        let slot = &mut self.slots[slot_of(call)];
        let list = match part {
            Part::Source => &mut slot.sources,
            Part::Mix => &mut slot.mixes,
        };
        match (list.iter().position(|other| *other == node), active) {
            (None, true) => {
                list.push(node);
                self.members += 1;
            }
            (Some(at), false) => {
                list.remove(at);
                self.members -= 1;
            }
            _ => {}
        }
    }

    /// The next slot that is due and has work, when it was due, and whether that is long ago.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<(usize, Instant, bool)> {
        if self.members == 0 {
            return None;
        }
        let due = number_of(now);
        // A thread that stood still for long does not play it all at once.
        if due.saturating_sub(self.next) > MAX_BEHIND {
            self.next = due - due % SLOTS as u64 + self.next % SLOTS as u64;
            if self.next > due {
                self.next -= SLOTS as u64;
            }
        }
        while self.next <= due {
            let number = self.next;
            self.next += 1;
            let slot = (number % SLOTS as u64) as usize;
            if !self.slots[slot].is_empty() {
                return Some((slot, time_of(number), due - number > SLOTS as u64));
            }
        }
        None
    }

    /// The nodes of a slot.
    pub(crate) fn slot(&self, slot: usize) -> &Slot {
        &self.slots[slot]
    }

    /// When the next slot with work is due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        if self.members == 0 {
            return None;
        }
        let numbers = self.next..self.next + SLOTS as u64;
        numbers.into_iter().find(|n| !self.slots[(n % SLOTS as u64) as usize].is_empty()).map(time_of)
    }
}

impl Slot {
    fn is_empty(&self) -> bool {
        self.sources.is_empty() && self.mixes.is_empty()
    }
}

fn slot_of(call: CallId) -> usize {
    (call.0 % SLOTS as u128) as usize
}

fn number_of(now: Instant) -> u64 {
    now.as_nanos() / SLOT_NANOS
}

fn time_of(number: u64) -> Instant {
    Instant::from_nanos(number * SLOT_NANOS)
}

/// Length of a slot.
const SLOT: Duration = Duration::from_millis(2);
const SLOT_NANOS: u64 = SLOT.as_nanos() as u64;
/// Ten slots are one tick of 20 ms.
const SLOTS: usize = 10;
/// Slots that are caught up with: 100 ms, five frames.
const MAX_BEHIND: u64 = 50;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(millis)
    }

    fn node(n: u32) -> NodeIx {
        NodeIx::from_u32(n)
    }

    #[test]
    fn each_node_has_its_turn_every_twenty_milliseconds() {
        let mut ticks = Ticks::default();
        ticks.set(node(1), CallId(3), Part::Source, true, at(0));
        ticks.set(node(1), CallId(3), Part::Source, true, at(0));
        ticks.set(node(2), CallId(14), Part::Mix, true, at(0));
        let mut turns = Vec::new();
        for millis in 0..100 {
            while let Some((slot, due, late)) = ticks.pop_due(at(millis)) {
                assert!(!late && due <= at(millis));
                turns.push((slot, millis));
            }
        }
        let wanted: Vec<_> = (0..5).flat_map(|n| [(3, 6 + 20 * n), (4, 8 + 20 * n)]).collect();
        assert_eq!(turns, wanted);
        assert_eq!(ticks.slot(3).sources, [node(1)]);
        assert_eq!(ticks.slot(4).mixes, [node(2)]);
    }

    #[test]
    fn nothing_is_due_without_nodes_and_a_standstill_is_cut_short() {
        let mut ticks = Ticks::default();
        assert_eq!((ticks.pop_due(at(50)), ticks.next_due()), (None, None));
        ticks.set(node(1), CallId(0), Part::Source, true, at(51));
        assert_eq!(ticks.next_due(), Some(at(60)));
        let mut turns = 0;
        while ticks.pop_due(at(10_000)).is_some() {
            turns += 1;
        }
        assert!((1..=6).contains(&turns), "{turns} frames at once");
        ticks.set(node(1), CallId(0), Part::Source, false, at(10_000));
        assert_eq!(ticks.next_due(), None);
    }
}
