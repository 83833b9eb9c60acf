//! How callbacks end, each exactly once, and how a caller takes the place of his over.

use clock::{CallId, CallbackId, QueueId, RequestId, WallTime};

use super::{Phase, RangIn, Row};
use crate::acd::Acd;
use crate::contract::{
    Callback, CallbackPick, CallbackState, CallbackTaken, CommandError, Effect, Enqueue, Reply, WorkKind,
};
use crate::order::{CallKey, Stamp};
use crate::timers::Timer;
use crate::waiting::Left;

/// A place that was taken over: stamp, arrival, sequence and priority.
pub(crate) type TakenOver = (Stamp, WallTime, u64, i32);

impl Acd {
    /// Somebody calls a callback off.
    pub(crate) fn cancel_callback(&mut self, request: Option<RequestId>, pick: &CallbackPick, why: &'static str) {
        let id = match pick {
            CallbackPick::Id(id) => Some(*id),
            CallbackPick::Of { queue, number } => self.callbacks.of_caller(*queue, number),
        };
        let ended = id.and_then(|id| self.finish_callback(id, CallbackState::Cancelled, Some(why)));
        let Some(request) = request else { return };
        let result = match ended {
            Some(callback) => Ok(Reply::Callback(Box::new(CallbackTaken {
                callback,
                is_duplicate: false,
                place: None,
                expected: None,
            }))),
            None => Err(CommandError::UnknownCallback),
        };
        self.effects.push_back(Effect::Reply { request, result });
    }

    /// It is over: out of every index, its call ended, and told once and for all.
    pub(crate) fn finish_callback(
        &mut self,
        id: CallbackId,
        state: CallbackState,
        why: Option<&str>,
    ) -> Option<Callback> {
        let work = self.callbacks.rows.get(&id)?.work;
        self.leave_quietly(work);
        let row = self.callbacks.remove(id)?;
        self.timers.cancel(&Timer::Callback(id));
        if let Some(shard) = row.shard
            && state != CallbackState::Connected
        {
            self.effects.push_back(Effect::EndCallback { shard, call: work });
        }
        if let Some(agent) = row.it.agent {
            self.follow_own(agent);
        }
        let why = why.map(str::to_owned).or(row.it.why.filter(|_| state != CallbackState::Connected));
        let over = Callback { state, why, next_at: None, ..row.it };
        self.queue_changed(over.queue);
        self.effects.push_back(Effect::CallbackChanged(Box::new(over.clone())));
        Some(over)
    }

    /// The work of a callback left its queue, and not to an agent: the shard has no call for it, or no queue is there.
    pub(crate) fn callback_left(&mut self, work: CallId, how: Left) {
        let Some(id) = self.callbacks.of_work(work) else { return };
        match how {
            Left::Answered | Left::Moved | Left::CalledBack => {}
            Left::Abandoned => self.callback_failed(id, true, "abandoned"),
            Left::TimedOut => self.end_with_queue(id),
        }
    }

    /// Queues are gone: what waits for them, rests or is not due is over at once, so that who was promised it can be
    /// found. Who asked a moment ago and is still on the line is told nothing else; it is over as he hangs up. What is
    /// being dialed goes on.
    pub(crate) fn drop_callbacks(&mut self, is_gone: impl Fn(QueueId) -> bool) {
        let waits = |row: &&Row| {
            !matches!(row.phase, Phase::Parting { .. } | Phase::Claimed { .. }) && row.it.queue.is_some_and(&is_gone)
        };
        for id in self.callbacks.rows.values().filter(waits).map(|row| row.it.id).collect::<Vec<_>>() {
            self.end_with_queue(id);
        }
    }

    /// Its queue is not there any more.
    pub(super) fn end_with_queue(&mut self, id: CallbackId) {
        self.finish_callback(id, CallbackState::Cancelled, Some(QUEUE_GONE));
    }

    /// The place that a call takes over as it enters its queue for the first time.
    pub(crate) fn taken_over(&mut self, work: &Enqueue, is_new: bool) -> Option<TakenOver> {
        let caller = work.caller.as_deref().filter(|_| is_new && work.kind == WorkKind::Inbound)?;
        self.supersede(work.call, work.queue, caller)
    }

    /// A caller rings again while his callback waits: he has its place, and it is over. One whose phone is being
    /// called at this moment stays as it is until that call is over.
    fn supersede(&mut self, call: CallId, queue: QueueId, caller: &str) -> Option<TakenOver> {
        let id = self.callbacks.of_caller(queue, caller)?;
        let row = self.callbacks.rows.get(&id)?;
        let rests = matches!(row.phase, Phase::Resting | Phase::Shelved | Phase::Parting { .. });
        if !rests && row.phase != (Phase::Waiting { is_dialing: false }) {
            self.callbacks.note_rang_in(id, call);
            return None;
        }
        self.hand_over(id, call)
    }

    /// The call of a caller whose callback was not connected has its place from now.
    fn hand_over(&mut self, id: CallbackId, call: CallId) -> Option<TakenOver> {
        let row = self.callbacks.rows.get(&id)?;
        let place = (row.stamp, row.it.arrived, row.it.seq, row.it.priority);
        let over = self.finish_callback(id, CallbackState::Superseded, None)?;
        self.callbacks.took_over.insert(call, (place.0, over));
        Some(place)
    }

    /// The customer was not reached, as he was on the line with us: if he waits, he has the place of his callback; if
    /// he was served, nobody calls him again. Else false.
    pub(crate) fn rang_in(&mut self, id: CallbackId) -> bool {
        match self.callbacks.rows.get(&id).and_then(|row| row.rang_in) {
            None => return false,
            Some(RangIn::Served) => drop(self.finish_callback(id, CallbackState::Superseded, None)),
            Some(RangIn::Waits(call)) => {
                if let Some(place) = self.hand_over(id, call) {
                    self.put_in_place(call, place);
                }
            }
        }
        true
    }

    /// A call that waits already stands in another place of its queue from now, unless its own is better.
    pub(super) fn put_in_place(&mut self, call: CallId, (since, arrived, seq, priority): TakenOver) {
        let Some(row) = self.calls.get(&call) else { return };
        let Some(slot) = self.queue_slot(row.queue) else { return };
        let key = CallKey::new(&self.queues[slot].config, priority, since, seq);
        if key > row.key {
            return;
        }
        let Some(mut row) = self.unplace(call) else { return };
        self.queues[slot].calls.remove(&core::mem::replace(&mut row.key, key));
        (row.since, row.arrived, row.priority) = (since, arrived, priority);
        let (shard, queue) = (row.shard, row.queue);
        self.effects.push_back(Effect::Enqueued { call, shard, queue, arrived, priority });
        self.put_in(row);
    }

    /// Its place in its queue, from 1, while it waits there.
    pub(crate) fn place_of(&self, row: &Row) -> Option<u32> {
        let work = self.calls.get(&row.work)?;
        let queue = &self.queues[self.queue_slot(work.queue)?];
        u32::try_from(queue.calls.range(..work.key).count() + 1).ok()
    }
}

/// Why a callback ended whose queue new rules do not have.
const QUEUE_GONE: &str = "queue_gone";
