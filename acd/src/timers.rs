//! When something is due.

use clock::{AgentId, CallId, CallbackId, Instant, QueueId, TimerQueue};

use crate::contract::TimerReason;

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    MaxWait(CallId),
    Step(CallId),
    Join(CallId),
    Offer(AgentId),
    WrapUp(AgentId),
    Rest(AgentId),
    Place(u64),
    Callback(CallbackId),
    Empty(QueueId),
    Hours(QueueId),
    Pause(AgentId),
    Probe(AgentId),
    Standing(AgentId),
}

/// All timers. Those of waiting calls stand apart: there may be a hundred thousand, due in minutes, while those of offers
/// come and go with every decision.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timers {
    of_calls: TimerQueue<Timer>,
    others: TimerQueue<Timer>,
}

impl Timers {
    /// Arms a timer, in place of its former time.
    pub(crate) fn set(&mut self, timer: Timer, at: Instant) {
        self.queue_of(timer).set(timer, at);
    }

    /// Disarms a timer, if it is armed.
    pub(crate) fn cancel(&mut self, timer: &Timer) {
        self.queue_of(*timer).cancel(timer);
    }

    /// The earliest, and when it is due; of one moment those of calls first.
    pub(crate) fn peek(&mut self) -> Option<(Instant, Timer)> {
        let of_calls = self.of_calls.peek().map(|(at, timer)| (at, *timer));
        let others = self.others.peek().map(|(at, timer)| (at, *timer));
        of_calls.into_iter().chain(others).min_by_key(|(at, _)| *at)
    }

    /// Takes the earliest that is due at `now`.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        let (at, timer) = self.peek()?;
        if at > now { None } else { self.queue_of(timer).pop_due(now) }
    }

    /// How many are armed.
    pub(crate) fn len(&self) -> usize {
        self.of_calls.len() + self.others.len()
    }

    fn queue_of(&mut self, timer: Timer) -> &mut TimerQueue<Timer> {
        match timer {
            Timer::MaxWait(_) | Timer::Step(_) | Timer::Join(_) => &mut self.of_calls,
            _ => &mut self.others,
        }
    }
}

impl Timer {
    pub(crate) fn reason(self) -> TimerReason {
        match self {
            Self::MaxWait(_) => TimerReason::MaxWait,
            Self::Step(_) => TimerReason::Step,
            Self::Join(_) => TimerReason::Join,
            Self::Offer(_) => TimerReason::OfferOverdue,
            Self::WrapUp(_) => TimerReason::WrapUp,
            Self::Rest(_) => TimerReason::Rest,
            Self::Pause(_) => TimerReason::PauseLimit,
            Self::Probe(_) => TimerReason::Probe,
            Self::Standing(_) => TimerReason::Standing,
            Self::Place(_) => TimerReason::PlaceExpired,
            Self::Callback(_) => TimerReason::Callback,
            Self::Empty(_) => TimerReason::QueueEmpty,
            Self::Hours(_) => TimerReason::Hours,
        }
    }
}
