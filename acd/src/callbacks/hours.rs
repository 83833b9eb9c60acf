//! A queue calls nobody back out of its hours (contact-centre.md section 5): its callbacks rest until it opens.

use core::time::Duration;

use clock::{CallbackId, QueueId, WallTime};
use hours::{Hours, Schedule};

use super::Phase;
use crate::acd::Acd;
use crate::contract::Effect;
use crate::timers::Timer;

impl Acd {
    /// A queue may call back at this moment: always where it has no schedule.
    pub(super) fn is_open(&self, queue: QueueId) -> bool {
        self.schedule(queue).is_none_or(|schedule| schedule.at(self.now.wall) == Hours::Open)
    }

    /// The first moment from this one on at which a callback of that queue may be dialed; this one where it never opens.
    pub(super) fn opens(&self, queue: Option<QueueId>, from: WallTime) -> WallTime {
        queue.and_then(|queue| self.schedule(queue)?.opens(from)).unwrap_or(from)
    }

    /// It rests until its queue opens.
    pub(super) fn shelve(&mut self, id: CallbackId) {
        let Some(queue) = self.callbacks.rows.get(&id).and_then(|row| row.it.queue) else { return };
        let opens = self.schedule(queue).and_then(|schedule| schedule.opens(self.now.wall));
        let Some(row) = self.callbacks.rows.get_mut(&id) else { return };
        row.phase = Phase::Shelved;
        row.it.next_at = opens;
        self.callbacks.touch(id);
        self.time_callback(id);
        self.watch_hours(queue);
    }

    /// Its hours are looked at with the next full minute, as schedules change on no other moment, while it has callbacks.
    pub(super) fn watch_hours(&mut self, queue: QueueId) {
        let Some(slot) = self.queue_slot(queue) else { return };
        if self.queues[slot].config.hours.is_none() || self.queues[slot].hours_at.is_some() {
            return;
        }
        let left_micros = MINUTE_MICROS - self.now.wall.as_micros().rem_euclid(MINUTE_MICROS);
        let at = self.now.mono + Duration::from_micros(left_micros.unsigned_abs());
        self.queues[slot].hours_at = Some(at);
        self.timers.set(Timer::Hours(queue), at);
    }

    /// A queue may have opened or closed: what rests until it opens waits in its place, what waits rests, and whose phone
    /// rings for it is asked no more. Who is being called already is called on.
    pub(crate) fn follow_hours(&mut self, queue: QueueId) {
        if let Some(slot) = self.queue_slot(queue) {
            self.queues[slot].hours_at = None;
            self.timers.cancel(&Timer::Hours(queue));
        }
        let is_open = self.is_open(queue);
        for id in self.callbacks.of_queue(queue).collect::<Vec<_>>() {
            match self.callbacks.rows.get(&id).map(|row| row.phase) {
                Some(Phase::Shelved) if is_open => self.place_callback(id),
                Some(Phase::Waiting { is_dialing: false }) if !is_open => self.close_callback(id),
                Some(Phase::Shelved | Phase::Waiting { .. }) => self.watch_hours(queue),
                _ => {}
            }
        }
    }

    /// New rules may have brought other hours.
    pub(crate) fn follow_all_hours(&mut self) {
        for queue in self.callbacks.queues().collect::<Vec<_>>() {
            self.follow_hours(queue);
        }
    }

    /// It waited when its queue closed.
    fn close_callback(&mut self, id: CallbackId) {
        let Some((work, shard)) = self.callbacks.rows.get(&id).map(|row| (row.work, row.shard)) else { return };
        self.leave_quietly(work);
        if let Some(shard) = shard {
            self.effects.push_back(Effect::EndCallback { shard, call: work });
            self.callbacks.renew_work(id, self.now.wall);
        }
        self.shelve(id);
    }

    fn schedule(&self, queue: QueueId) -> Option<&Schedule> {
        self.queue_slot(queue).and_then(|slot| self.queues[slot].config.hours.as_deref())
    }
}

const MINUTE_MICROS: i64 = 60 * 1_000_000;
