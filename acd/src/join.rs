//! Who may join a queue, and when callers leave it because nobody is there; where they stand; the place of a caller
//! who gave up and rings again.

use core::time::Duration;

use clock::{CallId, Instant, QueueId};

use crate::acd::Acd;
use crate::contract::{Effect, Empty, Enqueue, LeaveReason, State, WithdrawReason, WorkKind};
use crate::timers::Timer;
use crate::waiting::{Left, NEVER};

impl Acd {
    /// The end of the longest wait of a call that enters a queue, or why it may not.
    pub(crate) fn admit(&mut self, work: &Enqueue) -> Result<Instant, LeaveReason> {
        let Enqueue { queue, kind, is_let_in, max_wait, .. } = *work;
        let slot = self.queue_slot(queue).ok_or(LeaveReason::TimedOut)?;
        if kind == WorkKind::Callback {
            // It was admitted by rules of its own, and expires by a time of its own.
            return Ok(self.now.mono + NEVER);
        }
        let all_full = self.calls.len() >= self.limits.waiting;
        let rule = self.queues[slot].config.join_empty.filter(|_| kind == WorkKind::Inbound && !is_let_in);
        let nobody = rule.is_some_and(|rule| self.is_empty(slot, rule));
        let row = &mut self.queues[slot];
        row.tally.entered += 1;
        row.changed = true;
        let is_full = row.waiting() >= row.config.max_waiting && !is_let_in;
        let refused = match (nobody, all_full || is_full) {
            (true, _) => LeaveReason::Empty,
            (false, true) => LeaveReason::Full,
            (false, false) => return Ok(self.now.mono + max_wait.unwrap_or(row.config.max_wait)),
        };
        row.tally.timed_out += 1;
        self.refused += u64::from(all_full);
        Err(refused)
    }

    /// Agents of a profile changed, or a call came: queues whose callers leave when nobody is there are looked at.
    pub(crate) fn check_empty(&mut self, slot: usize) {
        let Some(rule) = self.queues[slot].config.leave_empty else { return };
        let is_empty = self.queues[slot].waiting() > 0 && self.is_empty(slot, rule);
        let row = &mut self.queues[slot];
        let timer = Timer::Empty(row.config.queue);
        if is_empty {
            let since = *row.empty_since.get_or_insert(self.now.mono);
            let due = since + row.config.leave_empty_after;
            self.timers.set(timer, due);
        } else if row.empty_since.take().is_some() {
            self.timers.cancel(&timer);
        }
    }

    /// The queues of a profile, after one of its agents changed.
    pub(crate) fn staff_changed(&mut self, profile: usize) {
        for at in 0..self.profiles[profile].queues.len() {
            self.check_empty(self.profiles[profile].queues[at].queue);
        }
    }

    /// Nobody has been there for as long as callers stay: those for whom no phone rings leave.
    pub(crate) fn empty_too_long(&mut self, queue: QueueId) {
        let Some(slot) = self.queue_slot(queue) else { return };
        self.queues[slot].empty_since = None;
        if !self.queues[slot].config.leave_empty.is_some_and(|rule| self.is_empty(slot, rule)) {
            return;
        }
        // Who is not on the line does not wait in vain.
        let leaves = |call: &CallId| {
            self.calls.get(call).is_some_and(|row| row.ringing.is_empty() && row.kind == WorkKind::Inbound)
        };
        let calls: Vec<CallId> = self.queues[slot].calls.values().copied().filter(leaves).collect();
        for call in calls {
            if let Some(row) = self.leave(call, Left::TimedOut) {
                self.effects.push_back(Effect::LeaveQueue { shard: row.shard, call, queue, why: LeaveReason::Empty });
            }
        }
        self.check_empty(slot);
    }

    /// Tells the shard where a call stands: how many are served before it, and one.
    pub(crate) fn tell_place(&mut self, call: CallId) {
        let Some(row) = self.calls.get(&call) else { return };
        let Some(slot) = self.queue_slot(row.queue) else { return };
        let before = self.queues[slot].calls.range(..row.key).count();
        let position = u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1);
        let (shard, queue) = (row.shard, row.queue);
        let estimate = self.expected(call);
        let promise = self.calls.get_mut(&call).map(|row| &mut row.promise);
        let wait = estimate.zip(promise).map(|(estimate, promise)| promise.next(&estimate).wait);
        self.effects.push_back(Effect::Place { shard, call, queue, position, wait });
    }

    /// The caller went elsewhere by a key.
    pub(crate) fn caller_moved(&mut self, call: CallId) {
        self.end_offers_of(call, WithdrawReason::Moved);
        self.leave(call, Left::Moved);
    }

    /// A caller gave up: where the queue keeps places, he has his again if he rings in time.
    pub(crate) fn keep_place(&mut self, call: CallId) {
        // A callback has a place of its own.
        let Some(row) = self.calls.get(&call).filter(|row| row.kind != WorkKind::Callback) else { return };
        let (queue, arrived) = (row.queue, row.arrived);
        let Some(caller) = row.caller.as_deref().map(str::to_owned) else { return };
        let kept_for = self.queue_slot(queue).map_or(Duration::ZERO, |slot| self.queues[slot].config.rejoin);
        let until = self.now.wall + kept_for;
        if !kept_for.is_zero() && self.restore_place(queue, caller.clone(), arrived, until, None) {
            self.effects.push_back(Effect::PlaceKept { queue, caller, arrived, until });
        }
    }

    fn is_empty(&self, slot: usize, rule: Empty) -> bool {
        let states = self.states_of(slot);
        let any = |counted: &[State]| counted.iter().any(|state| states[*state as usize] > 0);
        let at_work = [State::Ready, State::Reserved, State::OnCall, State::WrapUp];
        match rule {
            Empty::Offline => !any(&at_work) && !any(&[State::Paused]),
            Empty::Paused => !any(&at_work),
            Empty::NotReady => !any(&[State::Ready]),
        }
    }
}
