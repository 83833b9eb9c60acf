//! A queue closes while callers wait: where its rules say so they leave it, and go where those go who come then.

use core::time::Duration;
use std::sync::Arc;

use clock::{CallId, LegId, QueueId, WallTime};
use hours::{Hours, Schedule};
use journal_core::{CallEvent, QueueLeft};

use crate::call::Flow;
use crate::contract::Effect;
use crate::plan::Unserved;
use crate::shard::{Shard, Timer};

impl Shard {
    /// A call waits from now, or the rules are new: when its queue closes it is looked at.
    pub(crate) fn watch_hours(&mut self, call: CallId) {
        self.timers.cancel(&Timer::Closing(call));
        let Some((.., schedule)) = self.waits_by_hours(call) else { return };
        if let Some(closes) = schedule.closes(self.now.wall) {
            let left = closes.as_micros().saturating_sub(self.now.wall.as_micros());
            self.arm(Timer::Closing(call), Duration::from_micros(u64::try_from(left).unwrap_or(0)));
        }
    }

    /// The same for all calls, as the rules are new.
    pub(crate) fn watch_all_hours(&mut self) {
        let calls: Vec<CallId> = self.calls.keys().copied().collect();
        calls.into_iter().for_each(|call| self.watch_hours(call));
    }

    /// The queue of a waiting call closes about now.
    pub(crate) fn closing_due(&mut self, call: CallId) {
        let Some((party, queue, arrived, schedule)) = self.waits_by_hours(call) else { return };
        let why = match schedule.at(self.now.wall) {
            // The clock was set meanwhile.
            Hours::Open => return self.watch_hours(call),
            Hours::Closed => Unserved::Closed,
            Hours::Holiday(_) => Unserved::Holiday,
        };
        let Some(known) = self.calls.get(&call) else { return };
        if !known.rings.is_empty() || known.asking.is_some() {
            // Somebody is about to serve him, or he asks to be called back.
            return self.arm(Timer::Closing(call), LOOK_AGAIN);
        }
        self.log(call, CallEvent::QueueLeft { queue, how: QueueLeft::Closed });
        self.effects.push_back(Effect::CallerMoved { call });
        self.stop_waiting(call, party);
        self.overflow(call, party, (queue, why), arrived);
    }

    /// A caller whose queue lets nobody wait out of hours. One who is being called back waits whatever the hour, and so
    /// does whom a campaign called, for his two seconds.
    fn waits_by_hours(&self, call: CallId) -> Option<(LegId, QueueId, WallTime, Arc<Schedule>)> {
        let is_called = self.dialed_left(call).is_some();
        let known = self.calls.get(&call).filter(|known| known.attempt.is_none() && !is_called)?;
        let Flow::Waiting { party, queue, arrived, .. } = known.flow else { return None };
        let rules = self.plan.queues.get(&queue).filter(|rules| rules.leave_closed)?;
        Some((party, queue, arrived, Arc::clone(rules.schedule.as_ref()?)))
    }
}

/// A caller for whom a phone rings, or who asks to be called back, is looked at again after this.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
