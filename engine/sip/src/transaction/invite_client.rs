//! The INVITE client transaction (RFC 3261 17.1.1, figure 5, with RFC 6026 7.2 and figure 2).

use core::time::Duration;

use smallvec::smallvec;

use super::{Effect, Effects, ResponseClass, TimerName, Timing};

/// States of an INVITE client transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteClientState {
    /// Sent, no response yet.
    Calling,
    /// A provisional response came.
    Proceeding,
    /// A 2xx came; more of them may (RFC 6026).
    Accepted,
    /// Another final response came and was ACKed.
    Completed,
    /// Over.
    Terminated,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteClientEvent {
    /// A response that matches the transaction.
    Response(ResponseClass),
    /// A timer that it armed fired.
    Timer(TimerName),
    /// The transport could not send.
    TransportError,
}

/// One INVITE client transaction.
#[derive(Clone, Debug)]
pub struct InviteClient {
    state: InviteClientState,
    timing: Timing,
    reliable: bool,
    /// Interval of timer A when it was last armed.
    interval: Duration,
}

impl InviteClient {
    /// Starts the transaction: the request goes out, timer B and (unreliable) A run.
    #[must_use]
    pub fn start(timing: Timing, reliable: bool) -> (Self, Effects) {
        let machine = Self { state: InviteClientState::Calling, timing, reliable, interval: timing.t1 };
        let mut effects: Effects = smallvec![Effect::Send, Effect::Set(TimerName::B, timing.transaction_timeout())];
        if !reliable {
            effects.push(Effect::Set(TimerName::A, timing.t1));
        }
        (machine, effects)
    }

    /// A transaction whose request was sent before a restart: nothing is sent, and it is taken for answered
    /// by a provisional response, so that it can be cancelled.
    #[must_use]
    pub fn resume(timing: Timing, reliable: bool) -> Self {
        Self { state: InviteClientState::Proceeding, timing, reliable, interval: timing.t1 }
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> InviteClientState {
        self.state
    }

    /// Takes one event.
    pub fn on(&mut self, event: InviteClientEvent) -> Effects {
        use InviteClientEvent::{Response, Timer, TransportError};
        use InviteClientState::{Accepted, Calling, Completed, Proceeding, Terminated};
        use ResponseClass::{Failure, Provisional, Success};
        match (self.state, event) {
            (Calling, Timer(TimerName::A)) => self.retransmit(),
            (Calling, Timer(TimerName::B)) => self.end(Effect::TimedOut),
            (Calling, TransportError) => self.end(Effect::TransportFailed),
            (Calling, Response(Provisional)) => {
                self.state = Proceeding;
                smallvec![Effect::Cancel(TimerName::A), Effect::Cancel(TimerName::B), Effect::Deliver]
            }
            (Proceeding, Response(Provisional)) => smallvec![Effect::Deliver],
            (Calling | Proceeding, Response(Success)) => self.accept(),
            (Calling | Proceeding, Response(Failure)) => self.complete(),
            // RFC 6026 7.2: repeated 2xx, and those of other forks, all go to the transaction user.
            (Accepted, Response(Success)) => smallvec![Effect::Deliver],
            (Accepted, Timer(TimerName::M)) | (Completed, Timer(TimerName::D)) => self.end_quietly(),
            (Completed, Response(Failure)) => smallvec![Effect::SendAck],
            // The ACK could not be sent (17.1.1.2, figure 5).
            (Completed, TransportError) => self.end(Effect::TransportFailed),
            (Calling | Proceeding | Accepted | Completed | Terminated, _) => Effects::new(),
        }
    }

    /// Timer A: again, and wait twice as long (17.1.1.2).
    fn retransmit(&mut self) -> Effects {
        self.interval = self.interval.saturating_mul(2);
        smallvec![Effect::Resend, Effect::Set(TimerName::A, self.interval)]
    }

    fn accept(&mut self) -> Effects {
        let from_calling = self.state == InviteClientState::Calling;
        self.state = InviteClientState::Accepted;
        let mut effects = stop_calling(from_calling);
        effects.push(Effect::Deliver);
        effects.push(Effect::Set(TimerName::M, self.timing.transaction_timeout()));
        effects
    }

    fn complete(&mut self) -> Effects {
        let from_calling = self.state == InviteClientState::Calling;
        self.state = InviteClientState::Completed;
        let mut effects = stop_calling(from_calling);
        effects.extend([Effect::SendAck, Effect::Deliver]);
        match self.timing.timer_d(self.reliable) {
            Duration::ZERO => {
                self.state = InviteClientState::Terminated;
                effects.push(Effect::Terminated);
            }
            wait => effects.push(Effect::Set(TimerName::D, wait)),
        }
        effects
    }

    fn end(&mut self, why: Effect) -> Effects {
        self.state = InviteClientState::Terminated;
        smallvec![why, Effect::Terminated]
    }

    fn end_quietly(&mut self) -> Effects {
        self.state = InviteClientState::Terminated;
        smallvec![Effect::Terminated]
    }
}

fn stop_calling(from_calling: bool) -> Effects {
    if from_calling { smallvec![Effect::Cancel(TimerName::A), Effect::Cancel(TimerName::B)] } else { Effects::new() }
}
