//! What will happen when: the one queue that the whole world runs by.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use clock::Instant;

/// Events in order of time, then of scheduling. Bodies lie beside the heap, so that its moves stay small.
#[derive(Debug)]
pub(crate) struct EventQueue<E> {
    heap: BinaryHeap<Reverse<(Instant, u64, u32)>>,
    bodies: Vec<Option<E>>,
    free: Vec<u32>,
    next: u64,
}

impl<E> Default for EventQueue<E> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), bodies: Vec::new(), free: Vec::new(), next: 0 }
    }
}

impl<E> EventQueue<E> {
    /// Lets `event` happen at `at`.
    pub(crate) fn at(&mut self, at: Instant, event: E) {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.bodies.push(None);
                u32::try_from(self.bodies.len() - 1).unwrap_or(u32::MAX)
            }
        };
        if let Some(body) = self.bodies.get_mut(slot as usize) {
            *body = Some(event);
        }
        self.heap.push(Reverse((at, self.next, slot)));
        self.next += 1;
    }

    /// The next event, if it comes no later than `until`.
    pub(crate) fn pop(&mut self, until: Instant) -> Option<(Instant, E)> {
        if self.heap.peek().is_none_or(|Reverse((at, _, _))| *at > until) {
            return None;
        }
        let Reverse((at, _, slot)) = self.heap.pop()?;
        self.free.push(slot);
        let event = self.bodies.get_mut(slot as usize)?.take()?;
        Some((at, event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_times_come_in_the_order_of_scheduling() {
        let mut queue = EventQueue::default();
        let at = Instant::from_nanos;
        for (when, what) in [(5, 'c'), (3, 'a'), (5, 'd'), (3, 'b')] {
            queue.at(at(when), what);
        }
        let order: Vec<char> = core::iter::from_fn(|| queue.pop(at(5))).map(|(_, what)| what).collect();
        assert_eq!(order, ['a', 'b', 'c', 'd']);
        queue.at(at(9), 'e');
        assert_eq!(queue.pop(at(8)), None);
        assert_eq!(queue.pop(at(9)), Some((at(9), 'e')));
    }
}
