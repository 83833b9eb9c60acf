//! The non-INVITE client transaction (RFC 3261 17.1.2, figure 6).

use core::time::Duration;

use smallvec::smallvec;

use super::{Effect, Effects, ResponseClass, TimerName, Timing};

/// States of a non-INVITE client transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonInviteClientState {
    /// Sent, no response yet.
    Trying,
    /// A provisional response came.
    Proceeding,
    /// A final response came.
    Completed,
    /// Over.
    Terminated,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonInviteClientEvent {
    /// A response that matches the transaction.
    Response(ResponseClass),
    /// A timer that it armed fired.
    Timer(TimerName),
    /// The transport could not send.
    TransportError,
}

/// One non-INVITE client transaction.
#[derive(Clone, Debug)]
pub struct NonInviteClient {
    state: NonInviteClientState,
    timing: Timing,
    reliable: bool,
    /// Interval of timer E when it was last armed.
    interval: Duration,
}

impl NonInviteClient {
    /// Starts the transaction: the request goes out, timer F and (unreliable) E run.
    #[must_use]
    pub fn start(timing: Timing, reliable: bool) -> (Self, Effects) {
        let machine = Self { state: NonInviteClientState::Trying, timing, reliable, interval: timing.t1 };
        let mut effects: Effects = smallvec![Effect::Send, Effect::Set(TimerName::F, timing.transaction_timeout())];
        if !reliable {
            effects.push(Effect::Set(TimerName::E, timing.t1));
        }
        (machine, effects)
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> NonInviteClientState {
        self.state
    }

    /// Takes one event.
    pub fn on(&mut self, event: NonInviteClientEvent) -> Effects {
        use NonInviteClientEvent::{Response, Timer, TransportError};
        use NonInviteClientState::{Completed, Proceeding, Terminated, Trying};
        use ResponseClass::Provisional;
        match (self.state, event) {
            (Trying, Timer(TimerName::E)) => {
                self.interval = self.interval.saturating_mul(2).min(self.timing.t2);
                smallvec![Effect::Resend, Effect::Set(TimerName::E, self.interval)]
            }
            // 17.1.2.2: in Proceeding, timer E is reset with T2.
            (Proceeding, Timer(TimerName::E)) => {
                smallvec![Effect::Resend, Effect::Set(TimerName::E, self.timing.t2)]
            }
            (Trying | Proceeding, Timer(TimerName::F)) => self.end(Effect::TimedOut),
            (Trying | Proceeding, TransportError) => self.end(Effect::TransportFailed),
            (Trying | Proceeding, Response(Provisional)) => {
                self.state = Proceeding;
                smallvec![Effect::Deliver]
            }
            (Trying | Proceeding, Response(_)) => self.complete(),
            (Completed, Timer(TimerName::K)) => {
                self.state = Terminated;
                smallvec![Effect::Terminated]
            }
            (Trying | Proceeding | Completed | Terminated, _) => Effects::new(),
        }
    }

    fn complete(&mut self) -> Effects {
        let mut effects: Effects =
            smallvec![Effect::Cancel(TimerName::E), Effect::Cancel(TimerName::F), Effect::Deliver];
        if self.reliable {
            self.state = NonInviteClientState::Terminated;
            effects.push(Effect::Terminated);
        } else {
            self.state = NonInviteClientState::Completed;
            effects.push(Effect::Set(TimerName::K, self.timing.t4));
        }
        effects
    }

    fn end(&mut self, why: Effect) -> Effects {
        self.state = NonInviteClientState::Terminated;
        smallvec![why, Effect::Terminated]
    }
}
