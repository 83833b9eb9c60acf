//! Callbacks of queues and of agents (contact-centre.md section 5).
//!
//! A queue's callback is work that waits in the queue's own order, by the
//! arrival and the sequence of the call that it came of, and is offered to
//! agents like every other work: exactly when the held call would have been.
//! What others see of it is derived, like the states of agents: from where it
//! is, never set. It ends exactly once.

mod begin;
mod dial;
mod end;
mod hours;
mod restore;
mod rows;

use std::collections::BTreeMap;

use clock::{CallId, CallbackId, Instant, QueueId, WallTime};

pub(crate) use self::rows::{Callbacks, Phase, RangIn, Row};
use crate::acd::Acd;
use crate::contract::{CallbackCounts, CallbackSnapshot, CallbackState, Effect};
use crate::timers::Timer;

impl Acd {
    /// Tells what became of the callbacks that this input touched.
    pub(crate) fn tell_callbacks(&mut self) {
        while let Some(id) = self.callbacks.touched.pop_first() {
            let Some(row) = self.callbacks.rows.get(&id) else { continue };
            let (state, served_by) = self.callback_state(row);
            let queue = row.it.queue;
            let Some(row) = self.callbacks.rows.get_mut(&id) else { continue };
            row.it.state = state;
            row.it.served_by = served_by;
            if row.told.as_ref() == Some(&row.it) {
                continue;
            }
            row.told = Some(row.it.clone());
            self.effects.push_back(Effect::CallbackChanged(Box::new(row.it.clone())));
            self.queue_changed(queue);
        }
    }

    /// Its state, and the agent who serves it, from where it is.
    fn callback_state(&self, row: &Row) -> (CallbackState, Option<clock::AgentId>) {
        let offered_to = || self.calls.get(&row.work).and_then(|work| work.ringing.first().copied());
        match row.phase {
            Phase::NotDue => (CallbackState::Requested, None),
            Phase::Parting { .. } | Phase::Shelved => (CallbackState::Queued, None),
            Phase::Resting => (CallbackState::NoAnswer, row.it.served_by),
            Phase::Waiting { is_dialing: true } => (CallbackState::Dialing, offered_to().or(row.it.served_by)),
            Phase::Waiting { is_dialing: false } => match offered_to() {
                Some(agent) => (CallbackState::Reserved, Some(agent)),
                None => (CallbackState::Queued, None),
            },
            Phase::Claimed { is_dialing } if !is_dialing && row.it.queue.is_none() => {
                (CallbackState::Reserved, row.it.served_by)
            }
            Phase::Claimed { .. } => (CallbackState::Dialing, row.it.served_by),
        }
    }

    /// All open callbacks, by their ids.
    #[must_use]
    pub fn callback_snapshots(&self) -> Vec<CallbackSnapshot> {
        let places = self.callback_places();
        let shown = |row: &Row| CallbackSnapshot { callback: row.it.clone(), place: places.get(&row.work).copied() };
        self.callbacks.rows.values().map(shown).collect()
    }

    /// The place of each that waits, from 1 in its queue: one walk along each queue that has any.
    fn callback_places(&self) -> BTreeMap<CallId, u32> {
        let queues = self.callbacks.queues().filter_map(|queue| self.queue_slot(queue));
        let in_line = queues.flat_map(|slot| self.queues[slot].calls.values().zip(1_u32..));
        in_line.filter(|(call, _)| self.callbacks.of_work(**call).is_some()).map(|(call, at)| (*call, at)).collect()
    }

    /// One open callback.
    #[must_use]
    pub fn callback(&self, id: CallbackId) -> Option<CallbackSnapshot> {
        let row = self.callbacks.rows.get(&id)?;
        Some(CallbackSnapshot { callback: row.it.clone(), place: self.place_of(row) })
    }

    /// Callbacks of a queue that wait and that are being dialed.
    #[must_use]
    pub fn callback_counts(&self, queue: QueueId) -> CallbackCounts {
        let mut counts = CallbackCounts::default();
        for id in self.callbacks.of_queue(queue) {
            match self.callbacks.rows.get(&id).map(|row| row.phase) {
                Some(Phase::Waiting { is_dialing: true } | Phase::Claimed { .. }) => counts.dialing += 1,
                Some(Phase::NotDue) | None => {}
                Some(_) => counts.waiting += 1,
            }
        }
        counts
    }

    pub(crate) fn queue_changed(&mut self, queue: Option<QueueId>) {
        if let Some(slot) = queue.and_then(|queue| self.queue_slot(queue)) {
            self.queues[slot].changed = true;
        }
    }

    /// The moment on our clock at which the wall clock is to show `wall`; now when that is over.
    pub(crate) fn moment_of(&self, wall: WallTime) -> Instant {
        let left_micros = wall.as_micros().saturating_sub(self.now.wall.as_micros());
        self.now.mono + core::time::Duration::from_micros(u64::try_from(left_micros).unwrap_or(0))
    }

    /// Wakes a callback that waits in no queue: when it is due, comes again or is given up.
    pub(crate) fn time_callback(&mut self, id: CallbackId) {
        let Some(row) = self.callbacks.rows.get(&id) else { return };
        let expires = row.it.expires_at;
        let on_clock = |at: WallTime| Some(self.moment_of(at).max(self.now.mono + TICK));
        let at = match row.phase {
            _ if row.awaits_since.is_some() => on_clock(expires),
            Phase::NotDue => on_clock(row.it.next_at.or(row.it.due_at).unwrap_or(expires).min(expires)),
            Phase::Resting => on_clock(row.it.next_at.unwrap_or(expires).min(expires)),
            Phase::Waiting { .. } | Phase::Shelved => on_clock(expires),
            Phase::Parting { until, .. } => Some(until),
            Phase::Claimed { .. } => None,
        };
        match at {
            Some(at) => self.timers.set(Timer::Callback(id), at),
            None => self.timers.cancel(&Timer::Callback(id)),
        }
        if let Some(row) = self.callbacks.rows.get_mut(&id) {
            row.wakes_at = at;
        }
    }
}

/// A timer that is set anew while it fires lies in the future.
const TICK: core::time::Duration = core::time::Duration::from_millis(1);
