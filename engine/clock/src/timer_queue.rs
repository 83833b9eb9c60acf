//! Named timers in order of their time.

use core::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::Instant;

/// Timers with a key each. Setting a key again moves it; there is no callback
/// and so no race with a cancel: a timer exists or it does not.
///
/// A heap with lazy deletion: moved and cancelled entries are skipped when they
/// surface, and swept when they outnumber the live ones.
#[derive(Clone, Debug)]
pub struct TimerQueue<K> {
    live: BTreeMap<K, (Instant, u64)>,
    heap: BinaryHeap<Reverse<(Instant, u64, K)>>,
    next_stamp: u64,
}

impl<K: Ord + Clone> Default for TimerQueue<K> {
    fn default() -> Self {
        Self { live: BTreeMap::new(), heap: BinaryHeap::new(), next_stamp: 0 }
    }
}

impl<K: Ord + Clone> TimerQueue<K> {
    /// An empty queue.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Arms `key` for `at`, replacing its former time.
    pub fn set(&mut self, key: K, at: Instant) {
        let stamp = self.next_stamp;
        self.next_stamp += 1;
        self.live.insert(key.clone(), (at, stamp));
        self.heap.push(Reverse((at, stamp, key)));
        self.sweep();
    }

    /// Disarms `key`; false when it was not armed.
    pub fn cancel(&mut self, key: &K) -> bool {
        let was_armed = self.live.remove(key).is_some();
        self.sweep();
        was_armed
    }

    /// When `key` is due, if armed.
    #[must_use]
    pub fn due(&self, key: &K) -> Option<Instant> {
        self.live.get(key).map(|(at, _)| *at)
    }

    /// The earliest timer and when it is due.
    pub fn peek(&mut self) -> Option<(Instant, &K)> {
        self.drop_stale();
        self.heap.peek().map(|Reverse((at, _, key))| (*at, key))
    }

    /// Takes the earliest timer that is due at `now`. Equal times come in the
    /// order in which they were set.
    pub fn pop_due(&mut self, now: Instant) -> Option<K> {
        self.drop_stale();
        if self.heap.peek().is_none_or(|Reverse((at, _, _))| *at > now) {
            return None;
        }
        let Reverse((_, _, key)) = self.heap.pop()?;
        self.live.remove(&key);
        Some(key)
    }

    /// How many timers are armed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.live.len()
    }

    /// True when no timer is armed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    fn drop_stale(&mut self) {
        while let Some(Reverse((_, stamp, key))) = self.heap.peek() {
            if self.live.get(key).is_some_and(|(_, live)| live == stamp) {
                return;
            }
            self.heap.pop();
        }
    }

    /// Keeps the heap at most twice as long as what is armed (plus a floor that
    /// spares small queues the work).
    fn sweep(&mut self) {
        if self.heap.len() > 2 * self.live.len() + SWEEP_FLOOR {
            self.heap = self.live.iter().map(|(key, (at, stamp))| Reverse((*at, *stamp, key.clone()))).collect();
        }
    }
}

const SWEEP_FLOOR: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: u64) -> Instant {
        Instant::from_nanos(nanos)
    }

    #[test]
    fn fires_in_order_of_time_then_of_setting() {
        let mut timers = TimerQueue::new();
        timers.set("late", at(20));
        timers.set("b", at(10));
        timers.set("a", at(10));
        assert_eq!(timers.pop_due(at(9)), None);
        assert_eq!(timers.pop_due(at(30)), Some("b"));
        assert_eq!(timers.pop_due(at(30)), Some("a"));
        assert_eq!(timers.pop_due(at(30)), Some("late"));
        assert!(timers.is_empty());
    }

    #[test]
    fn a_key_set_again_moves_and_a_cancelled_one_never_fires() {
        let mut timers = TimerQueue::new();
        timers.set(1, at(10));
        timers.set(1, at(50));
        timers.set(2, at(20));
        assert!(timers.cancel(&2));
        assert!(!timers.cancel(&2));
        assert_eq!(timers.peek(), Some((at(50), &1)));
        assert_eq!(timers.pop_due(at(49)), None);
        assert_eq!(timers.pop_due(at(50)), Some(1));
    }

    #[test]
    fn moving_one_timer_for_ever_does_not_grow_the_queue() {
        let mut timers = TimerQueue::new();
        for nanos in 0..100_000 {
            timers.set((), at(nanos));
        }
        assert!(timers.heap.len() <= 2 + SWEEP_FLOOR);
    }
}
