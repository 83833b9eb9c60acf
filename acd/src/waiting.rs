//! Calls come, move and leave.

use core::cmp::Reverse;

use clock::{CallId, Instant, QueueId, WallTime};

use crate::acd::{Acd, Timer};
use crate::contract::{Effect, Enqueue, WithdrawReason};
use crate::order::{CallKey, Stamp};
use crate::place::Place;
use crate::queue::Waiting;

/// How a call left its queue: which number of the tally grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    Answered,
    Abandoned,
    TimedOut,
    Moved,
}

impl Acd {
    /// A call waits from now, or is moved, or has another priority.
    pub(crate) fn enqueue(&mut self, work: Enqueue) {
        let Enqueue { call, shard, queue, caller, priority, arrived, .. } = work;
        let since = arrived.map(|wall| (Stamp::of_wall(self.now, wall), wall));
        let former = self.take_out(call, queue);
        let since = former.as_ref().map(|row| (row.key.arrived, row.arrived)).or(since);
        let seq = former.as_ref().map(|row| row.key.seq);
        let same_queue = former.filter(|row| row.queue == queue);
        let Some(until) = same_queue.as_ref().map(|row| row.until).or_else(|| self.admit(queue)) else {
            self.effects.push_back(Effect::LeaveQueue { shard, call, queue });
            return;
        };
        let kept = since.or_else(|| self.kept_place(queue, caller.as_deref()?));
        let (stamp, arrived) = kept.unwrap_or((Stamp::at(self.now.mono), self.now.wall));
        let seq = seq.unwrap_or(self.next_seq);
        self.next_seq = self.next_seq.max(seq + 1);
        let key = CallKey { priority: Reverse(priority), arrived: stamp, seq };
        self.effects.push_back(Effect::Enqueued { call, shard, queue, arrived, priority });
        let (offered_to, attempts, decisions) =
            same_queue.map_or((None, 0, Vec::new()), |row| (row.offered_to, row.attempts, row.decisions));
        let missing_since = None;
        self.put_in(Waiting {
            call,
            shard,
            queue,
            key,
            arrived,
            until,
            offered_to,
            attempts,
            decisions,
            missing_since,
        });
    }

    /// The end of the longest wait of a call that enters a queue; `None` when
    /// there is no such queue or it is full.
    fn admit(&mut self, queue: QueueId) -> Option<Instant> {
        let slot = self.queue_slot(queue)?;
        let all_full = self.calls.len() >= self.limits.waiting;
        let row = &mut self.queues[slot];
        row.tally.entered += 1;
        row.changed = true;
        if all_full || row.waiting() >= row.config.max_waiting {
            row.tally.timed_out += 1;
            self.refused += u64::from(all_full);
            return None;
        }
        Some(self.now.mono + row.config.max_wait)
    }

    /// The place that this caller had before the restart; given once.
    fn kept_place(&mut self, queue: QueueId, caller: &str) -> Option<(Stamp, WallTime)> {
        let place = self.places.take(queue, caller)?;
        self.timers.cancel(&Timer::Place(place.id));
        Some((place.stamp, place.arrived))
    }

    /// The row of a call that is enqueued again, out of every index. Its tally
    /// and its offer go only when the queue is another one.
    fn take_out(&mut self, call: CallId, queue: QueueId) -> Option<Waiting> {
        let row = self.calls.get(&call)?;
        if row.queue != queue {
            self.end_offer_of(call, WithdrawReason::Moved);
            return self.leave(call, Left::Moved);
        }
        let key = row.key;
        let slot = self.queue_slot(queue)?;
        self.queues[slot].open.remove(&key);
        self.queues[slot].ringing.remove(&key);
        self.timers.cancel(&Timer::MaxWait(call));
        self.calls.remove(&call)
    }

    /// Enters a call into every index.
    pub(crate) fn put_in(&mut self, row: Waiting) {
        let Some(slot) = self.queue_slot(row.queue) else { return };
        let queue = &mut self.queues[slot];
        let index = if row.offered_to.is_some() { &mut queue.ringing } else { &mut queue.open };
        index.insert(row.key, row.call);
        queue.changed = true;
        self.timers.set(Timer::MaxWait(row.call), row.until);
        self.woken.call(row.call);
        self.calls.insert(row.call, row);
    }

    /// Takes a call, without an open offer, out of its queue.
    pub(crate) fn leave(&mut self, call: CallId, how: Left) -> Option<Waiting> {
        let row = self.calls.remove(&call)?;
        self.timers.cancel(&Timer::MaxWait(call));
        if let Some(slot) = self.queue_slot(row.queue) {
            let queue = &mut self.queues[slot];
            queue.open.remove(&row.key);
            queue.ringing.remove(&row.key);
            queue.changed = true;
            let tally = &mut queue.tally;
            *match how {
                Left::Answered => &mut tally.answered,
                Left::Abandoned => &mut tally.abandoned,
                Left::TimedOut => &mut tally.timed_out,
                Left::Moved => &mut tally.moved,
            } += 1;
        }
        Some(row)
    }

    /// The caller is gone: an agent who rings for him is ready again, without wrap-up.
    pub(crate) fn caller_gone(&mut self, call: CallId) {
        self.end_offer_of(call, WithdrawReason::CallerGone);
        self.leave(call, Left::Abandoned);
    }

    /// The longest wait of a call is over.
    pub(crate) fn wait_over(&mut self, call: CallId) {
        self.end_offer_of(call, WithdrawReason::WaitOver);
        if let Some(row) = self.leave(call, Left::TimedOut) {
            self.effects.push_back(Effect::LeaveQueue { shard: row.shard, call, queue: row.queue });
        }
    }

    /// Keeps the place of a caller who waited before the restart.
    pub(crate) fn restore_place(&mut self, queue: QueueId, caller: String, arrived: WallTime, until: WallTime) {
        let left_micros = until.as_micros().saturating_sub(self.now.wall.as_micros());
        let Ok(left_micros @ 1..) = u64::try_from(left_micros) else { return };
        if self.places.len() >= self.limits.places {
            self.refused += 1;
            return;
        }
        let id = self.next_seq;
        self.next_seq += 1;
        let until = self.now.mono + core::time::Duration::from_micros(left_micros);
        self.timers.set(Timer::Place(id), until);
        let place = Place { stamp: Stamp::of_wall(self.now, arrived), arrived, until, id };
        if let Some(fallen) = self.places.keep(queue, caller, place) {
            self.timers.cancel(&Timer::Place(fallen.id));
        }
    }
}
