//! The non-INVITE server transaction (RFC 3261 17.2.2, figure 8).

use smallvec::smallvec;

use super::{Effect, Effects, ResponseClass, TimerName, Timing};

/// States of a non-INVITE server transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonInviteServerState {
    /// No response sent.
    Trying,
    /// A provisional response was sent.
    Proceeding,
    /// A final response was sent.
    Completed,
    /// Over.
    Terminated,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonInviteServerEvent {
    /// The request came again.
    Request,
    /// The transaction user sends a response.
    Respond(ResponseClass),
    /// A timer that it armed fired.
    Timer(TimerName),
    /// The transport could not send.
    TransportError,
}

/// One non-INVITE server transaction.
#[derive(Clone, Debug)]
pub struct NonInviteServer {
    state: NonInviteServerState,
    timing: Timing,
    reliable: bool,
}

impl NonInviteServer {
    /// Starts the transaction of a request that was received.
    #[must_use]
    pub fn start(timing: Timing, reliable: bool) -> (Self, Effects) {
        (Self { state: NonInviteServerState::Trying, timing, reliable }, smallvec![Effect::Deliver])
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> NonInviteServerState {
        self.state
    }

    /// Takes one event.
    pub fn on(&mut self, event: NonInviteServerEvent) -> Effects {
        use NonInviteServerEvent::{Request, Respond, Timer, TransportError};
        use NonInviteServerState::{Completed, Proceeding, Terminated, Trying};
        match (self.state, event) {
            // 17.2.2: discarded in Trying, answered with the last response later.
            (Proceeding | Completed, Request) => smallvec![Effect::Resend],
            (Trying | Proceeding, Respond(ResponseClass::Provisional)) => {
                self.state = Proceeding;
                smallvec![Effect::Send]
            }
            (Trying | Proceeding, Respond(_)) => self.complete(),
            (Proceeding | Completed, TransportError) => {
                self.state = Terminated;
                smallvec![Effect::TransportFailed, Effect::Terminated]
            }
            (Completed, Timer(TimerName::J)) => {
                self.state = Terminated;
                smallvec![Effect::Terminated]
            }
            (Trying | Proceeding | Completed | Terminated, _) => Effects::new(),
        }
    }

    fn complete(&mut self) -> Effects {
        if self.reliable {
            self.state = NonInviteServerState::Terminated;
            return smallvec![Effect::Send, Effect::Terminated];
        }
        self.state = NonInviteServerState::Completed;
        smallvec![Effect::Send, Effect::Set(TimerName::J, self.timing.transaction_timeout())]
    }
}
