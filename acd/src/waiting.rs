//! Calls come, move and leave.

use core::cmp::Reverse;

use clock::{CallId, QueueId, WallTime};

use crate::acd::Acd;
use crate::contract::{Effect, Enqueue, LeaveReason, WithdrawReason, WorkKind};
use crate::ewt::Promise;
use crate::order::{CallKey, Stamp};
use crate::place::Place;
use crate::planted::Planted;
use crate::queue::{Stand, Waiting};
use crate::strategy::width;
use crate::timers::Timer;

/// How a call left its queue: which number of the tally grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    Answered,
    Abandoned,
    TimedOut,
    Moved,
    CalledBack,
}

impl Acd {
    /// A call waits from now, or is moved, or has another priority.
    pub(crate) fn enqueue(&mut self, work: Enqueue) {
        let since = work.arrived.map(|wall| (Stamp::of_wall(self.now, wall), wall));
        self.enter(work, since, None);
    }

    /// The same with the arrival and the sequence that decide the place.
    pub(crate) fn enter(&mut self, mut work: Enqueue, since: Option<(Stamp, WallTime)>, seq: Option<u64>) {
        let Enqueue { call, shard, queue, .. } = work;
        let former = self.take_out(call, queue);
        let since = former.as_ref().map(|row| (row.since, row.arrived)).or(since);
        let seq = former.as_ref().map(|row| row.key.seq).or(seq);
        let same_queue = former.filter(|row| row.queue == queue);
        let until = match same_queue.as_ref().map_or_else(|| self.admit(&work), |row| Ok(row.until)) {
            Ok(until) => until,
            Err(why) => return self.effects.push_back(Effect::LeaveQueue { shard, call, queue, why }),
        };
        let Some(slot) = self.queue_slot(queue) else { return };
        let (since, seq) = match self.taken_over(&work, seq.is_none()) {
            Some((stamp, arrived, seq, priority)) => {
                work.priority = priority;
                (Some((stamp, arrived)), Some(seq))
            }
            None => (since, seq),
        };
        let kept = if since.is_none() { self.kept_place(queue, work.caller.as_deref()) } else { None };
        work.priority = kept.as_ref().and_then(|place| place.ordered).unwrap_or(work.priority);
        let since = since.or_else(|| kept.map(|place| (place.stamp, place.arrived)));
        let (since, arrived) = since.unwrap_or((Stamp::at(self.now.mono), self.now.wall));
        let seq = seq.unwrap_or(self.next_seq);
        self.next_seq = self.next_seq.max(seq + 1);
        let mut key = CallKey::new(&self.queues[slot].config, work.priority, since, seq);
        if self.strikes(Planted::Starved) {
            key.priority = Reverse(work.priority);
        }
        self.effects.push_back(Effect::Enqueued { call, shard, queue, arrived, priority: work.priority });
        let entered = same_queue.as_ref().map_or(self.now.wall, |row| row.entered);
        let held = match &same_queue {
            Some(row) => row.held,
            None => self.held_for(&work, slot, since),
        };
        let Enqueue { caller, kind, steps, priority, .. } = work;
        let caller = caller.map(String::into_boxed_str);
        let fresh = Waiting {
            call,
            shard,
            queue,
            key,
            priority,
            since,
            arrived,
            entered,
            until,
            caller,
            kind,
            steps: steps.into_boxed_slice(),
            next_step: None,
            class: 0,
            held,
            ringing: Vec::new(),
            joins: 0,
            next_join: None,
            stands: Stand::Full,
            promise: Promise::new(),
            attempts: 0,
            missing_since: None,
        };
        self.put_in(Box::new(match same_queue.map(|row| *row) {
            Some(Waiting { ringing, joins, next_join, next_step, attempts, .. }) => {
                Waiting { ringing, joins, next_join, next_step, attempts, ..fresh }
            }
            None => fresh,
        }));
    }

    /// The place that this caller had before the restart; given once.
    fn kept_place(&mut self, queue: QueueId, caller: Option<&str>) -> Option<Place> {
        let place = self.places.take(queue, caller?)?;
        self.timers.cancel(&Timer::Place(place.id));
        Some(place)
    }

    /// The row of a call that is enqueued again, out of every index. Its tally
    /// and its offers go only when the queue is another one.
    fn take_out(&mut self, call: CallId, queue: QueueId) -> Option<Box<Waiting>> {
        let row = self.calls.get(&call)?;
        if row.queue != queue {
            self.end_offers_of(call, WithdrawReason::Moved);
            return self.leave(call, Left::Moved);
        }
        let slot = self.queue_slot(queue)?;
        let row = self.unplace(call)?;
        self.queues[slot].calls.remove(&row.key);
        Some(row)
    }

    /// Enters a call into every index.
    pub(crate) fn put_in(&mut self, row: Box<Waiting>) {
        let Some(slot) = self.queue_slot(row.queue) else { return };
        self.queues[slot].calls.insert(row.key, row.call);
        self.timers.set(Timer::MaxWait(row.call), row.until);
        if let Some(at) = row.next_join {
            self.timers.set(Timer::Join(row.call), at);
        }
        self.place(row);
        self.check_empty(slot);
    }

    /// Puts a call in line by what it asks now.
    pub(crate) fn place(&mut self, mut row: Box<Waiting>) {
        let Some(slot) = self.queue_slot(row.queue) else { return };
        row.class = self.class_of(&row, slot);
        row.held = row.held.filter(|held| self.may_hold(held.agent, row.class));
        row.stands = self.stand_of(&row, slot);
        self.arm_step(&mut row, slot);
        self.queues[slot].changed = true;
        self.line_up((row.stands, row.class, row.key, row.call), true);
        self.calls.insert(row);
    }

    /// Takes a call out of its line. Whoever calls places it again, or lets it go.
    pub(crate) fn unplace(&mut self, call: CallId) -> Option<Box<Waiting>> {
        let row = self.calls.remove(call)?;
        self.line_up((row.stands, row.class, row.key, row.call), false);
        Some(row)
    }

    /// Brings the line that a call stands in up to who rings for it.
    pub(crate) fn restand(&mut self, call: CallId) {
        let Some(row) = self.calls.get(&call) else { return };
        let Some(slot) = self.queue_slot(row.queue) else { return };
        let (class, key, former, stands) = (row.class, row.key, row.stands, self.stand_of(row, slot));
        if stands != former {
            self.line_up((former, class, key, call), false);
            self.line_up((stands, class, key, call), true);
            if let Some(row) = self.calls.get_mut(&call) {
                row.stands = stands;
            }
        }
    }

    /// Where a call is to stand.
    fn stand_of(&self, row: &Waiting, queue: usize) -> Stand {
        let strategy = self.queues[queue].config.strategy;
        match (row.ringing.len(), row.held) {
            (0, Some(held)) => Stand::Held(held.agent),
            (0, None) => Stand::Open,
            (ringing, None) if ringing < width(strategy, row.joins) && row.kind != WorkKind::Callback => Stand::Joining,
            _ => Stand::Full,
        }
    }

    /// Enters a call into the line that it stands in, or takes it out of it.
    fn line_up(&mut self, (stands, class, key, call): (Stand, usize, CallKey, CallId), enter: bool) {
        match (stands, enter) {
            (Stand::Full, _) => return,
            (Stand::Open, true) => self.open.insert(class, key, call),
            (Stand::Open, false) => self.open.remove(class, key),
            (Stand::Joining, true) => self.joining.insert(class, key, call),
            (Stand::Joining, false) => self.joining.remove(class, key),
            (Stand::Held(agent), true) => drop(self.held.entry(agent).or_default().insert((key, call))),
            (Stand::Held(agent), false) => {
                if let Some(calls) = self.held.get_mut(&agent) {
                    calls.remove(&(key, call));
                    if calls.is_empty() {
                        self.held.remove(&agent);
                    }
                }
            }
        }
        if enter && !self.strikes(Planted::HeadBlocked) {
            self.woken.call(call);
        }
    }

    /// Takes a call, without an open offer, out of its queue.
    pub(crate) fn leave(&mut self, call: CallId, how: Left) -> Option<Box<Waiting>> {
        self.callbacks.call_left(call, how == Left::Answered);
        let row = self.remove_work(call, how)?;
        self.callback_left(call, how);
        Some(row)
    }

    /// The same of a callback, which knows of it already.
    pub(crate) fn remove_work(&mut self, call: CallId, how: Left) -> Option<Box<Waiting>> {
        let row = self.unplace(call)?;
        self.timers.cancel(&Timer::MaxWait(call));
        if row.next_step.is_some() {
            self.timers.cancel(&Timer::Step(call));
        }
        if row.next_join.is_some() {
            self.timers.cancel(&Timer::Join(call));
        }
        if let Some(slot) = self.queue_slot(row.queue) {
            let queue = &mut self.queues[slot];
            queue.calls.remove(&row.key);
            queue.changed = true;
            let tally = &mut queue.tally;
            if row.kind == WorkKind::Callback {
                return Some(row);
            }
            *match how {
                Left::Answered => &mut tally.answered,
                Left::Abandoned => &mut tally.abandoned,
                Left::TimedOut => &mut tally.timed_out,
                Left::Moved => &mut tally.moved,
                Left::CalledBack => &mut tally.called_back,
            } += 1;
        }
        self.learn_left(&row, how);
        Some(row)
    }

    /// The caller is gone: agents who ring for him are ready again, without wrap-up.
    pub(crate) fn caller_gone(&mut self, call: CallId) {
        if !self.strikes(Planted::LeftReserved) {
            self.end_offers_of(call, WithdrawReason::CallerGone);
        }
        self.keep_place(call);
        self.leave(call, Left::Abandoned);
        self.parted(call);
    }

    /// The longest wait of a call is over.
    pub(crate) fn wait_over(&mut self, call: CallId) {
        self.end_offers_of(call, WithdrawReason::WaitOver);
        if let Some(row) = self.leave(call, Left::TimedOut) {
            self.effects.push_back(Effect::LeaveQueue {
                shard: row.shard,
                call,
                queue: row.queue,
                why: LeaveReason::TimedOut,
            });
        }
    }

    /// Keeps the place of a caller who waited, before a restart or until he gave up. False where it is over, has no room
    /// or stands behind the one that he has.
    pub(crate) fn restore_place(
        &mut self,
        queue: QueueId,
        caller: String,
        arrived: WallTime,
        until: WallTime,
        ordered: Option<i32>,
    ) -> bool {
        let left_micros = until.as_micros().saturating_sub(self.now.wall.as_micros());
        let Ok(left_micros @ 1..) = u64::try_from(left_micros) else { return false };
        if self.places.len() >= self.limits.places {
            self.refused += 1;
            return false;
        }
        let id = self.next_seq;
        self.next_seq += 1;
        let until = self.now.mono + core::time::Duration::from_micros(left_micros);
        self.timers.set(Timer::Place(id), until);
        let place = Place { stamp: Stamp::of_wall(self.now, arrived), arrived, until, id, ordered };
        let fallen = self.places.keep(queue, caller, place).map(|fallen| fallen.id);
        if let Some(id) = fallen {
            self.timers.cancel(&Timer::Place(id));
        }
        fallen != Some(id)
    }
}

/// Ten years: longer than any work waits.
pub(crate) const NEVER: core::time::Duration = core::time::Duration::from_secs(10 * 365 * 24 * 3600);
