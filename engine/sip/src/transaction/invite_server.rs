//! The INVITE server transaction (RFC 3261 17.2.1, figure 7, with RFC 6026 7.1 and figure 1).
//!
//! The transaction user sends a 100 at once, so the 200 ms timer of 17.2.1 has no place here.

use core::time::Duration;

use smallvec::smallvec;

use super::{Effect, Effects, ResponseClass, TimerName, Timing};

/// States of an INVITE server transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteServerState {
    /// No final response sent.
    Proceeding,
    /// A 2xx was sent; its retransmission is the transaction user's (RFC 6026).
    Accepted,
    /// Another final response was sent; waits for its ACK.
    Completed,
    /// The ACK came.
    Confirmed,
    /// Over.
    Terminated,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteServerEvent {
    /// The INVITE came again.
    Invite,
    /// An ACK that matches the transaction.
    Ack,
    /// The transaction user sends a response.
    Respond(ResponseClass),
    /// A timer that it armed fired.
    Timer(TimerName),
    /// No response above 100 has left, whatever was said before; a failure takes its place.
    Withdraw,
    /// The transport could not send.
    TransportError,
}

/// One INVITE server transaction.
#[derive(Clone, Debug)]
pub struct InviteServer {
    state: InviteServerState,
    timing: Timing,
    reliable: bool,
    /// Interval of timer G when it was last armed.
    interval: Duration,
}

impl InviteServer {
    /// Starts the transaction of an INVITE that was received.
    #[must_use]
    pub fn start(timing: Timing, reliable: bool) -> (Self, Effects) {
        let machine = Self { state: InviteServerState::Proceeding, timing, reliable, interval: timing.t1 };
        (machine, smallvec![Effect::Deliver])
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> InviteServerState {
        self.state
    }

    /// Takes one event.
    pub fn on(&mut self, event: InviteServerEvent) -> Effects {
        use InviteServerEvent::{Ack, Invite, Respond, Timer, TransportError, Withdraw};
        use InviteServerState::{Accepted, Completed, Confirmed, Proceeding, Terminated};
        use ResponseClass::{Failure, Provisional, Success};
        match (self.state, event) {
            // The last provisional response, or the final one, is sent again (17.2.1).
            (Proceeding | Completed, Invite) => smallvec![Effect::Resend],
            (Proceeding, Respond(Provisional)) => smallvec![Effect::Send],
            (Proceeding, Respond(Success)) => {
                self.state = Accepted;
                smallvec![Effect::Send, Effect::Set(TimerName::L, self.timing.transaction_timeout())]
            }
            (Proceeding, Respond(Failure)) => self.complete(),
            (Accepted, Withdraw) => {
                let mut effects = self.complete();
                effects.push(Effect::Cancel(TimerName::L));
                effects
            }
            (Proceeding, Withdraw) => self.complete(),
            (Proceeding | Accepted, TransportError) => smallvec![Effect::TransportFailed],
            // RFC 6026 7.1: the user's retransmissions pass; repeated INVITEs are absorbed; an ACK goes to the user.
            (Accepted, Respond(Success)) => smallvec![Effect::Send],
            (Accepted, Ack) => smallvec![Effect::Deliver],
            (Accepted, Timer(TimerName::L)) => self.end(None),
            (Completed, Timer(TimerName::G)) => {
                self.interval = self.interval.saturating_mul(2).min(self.timing.t2);
                smallvec![Effect::Resend, Effect::Set(TimerName::G, self.interval)]
            }
            (Completed, Timer(TimerName::H)) => self.end(Some(Effect::TimedOut)),
            (Completed, TransportError) => self.end(Some(Effect::TransportFailed)),
            (Completed, Ack) => self.confirm(),
            (Confirmed, Timer(TimerName::I)) => self.end(None),
            (Proceeding | Accepted | Completed | Confirmed | Terminated, _) => Effects::new(),
        }
    }

    fn complete(&mut self) -> Effects {
        self.state = InviteServerState::Completed;
        let mut effects: Effects =
            smallvec![Effect::Send, Effect::Set(TimerName::H, self.timing.transaction_timeout())];
        if !self.reliable {
            effects.push(Effect::Set(TimerName::G, self.timing.t1));
        }
        effects
    }

    fn confirm(&mut self) -> Effects {
        let mut effects: Effects = smallvec![Effect::Cancel(TimerName::G), Effect::Cancel(TimerName::H)];
        if self.reliable {
            self.state = InviteServerState::Terminated;
            effects.push(Effect::Terminated);
        } else {
            self.state = InviteServerState::Confirmed;
            effects.push(Effect::Set(TimerName::I, self.timing.t4));
        }
        effects
    }

    fn end(&mut self, why: Option<Effect>) -> Effects {
        self.state = InviteServerState::Terminated;
        let mut effects: Effects = why.into_iter().collect();
        effects.push(Effect::Terminated);
        effects
    }
}
