//! The timers of a user agent core.

use clock::Instant;

use super::{RequestToken, SessionId, Ua};
use crate::transaction::{TimerName, TxId};

/// Why the core wants to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerReason {
    /// A transaction's timer of RFC 3261 17.
    Transaction(TimerName),
    /// A 2xx is sent again until its ACK comes (RFC 3261 13.3.1.4).
    Retransmit2xx,
    /// The ACK of a 2xx is overdue (RFC 3261 13.3.1.4).
    AckOverdue,
    /// Nothing final came after CANCEL (RFC 3261 9.1).
    CancelOverdue,
    /// A re-INVITE that met another is tried again (RFC 3261 14.1).
    Glare,
    /// A re-INVITE got provisional responses only.
    ReinviteOverdue,
    /// A reliable provisional response is sent again until its PRACK comes (RFC 3262 3).
    RetransmitReliable,
    /// The PRACK of one is overdue (RFC 3262 3).
    PrackOverdue,
    /// A session is to be refreshed (RFC 4028 10).
    SessionRefresh,
    /// Nobody refreshed a session (RFC 4028 10).
    SessionExpiry,
    /// The owner did not answer a request.
    ResponseOverdue,
}

/// A timer of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SessionTimer {
    Retransmit2xx,
    AckOverdue,
    CancelOverdue,
    Glare,
    ReinviteOverdue,
    LateBye,
    Refresh,
    Expiry,
    RetransmitReliable,
    PrackOverdue,
}

impl SessionTimer {
    /// All of them: what a session leaves behind.
    pub(crate) const ALL: [Self; 10] = [
        Self::Retransmit2xx,
        Self::AckOverdue,
        Self::CancelOverdue,
        Self::Glare,
        Self::ReinviteOverdue,
        Self::LateBye,
        Self::Refresh,
        Self::Expiry,
        Self::RetransmitReliable,
        Self::PrackOverdue,
    ];
}

/// Key of a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TimerKey {
    Client(TxId, TimerName),
    Server(TxId, TimerName),
    Session(SessionId, SessionTimer),
    Token(RequestToken),
    /// An INVITE without a session to watch it, of which nothing final came.
    Orphan(TxId),
}

impl TimerKey {
    pub(crate) fn reason(&self) -> TimerReason {
        match self {
            Self::Client(_, name) | Self::Server(_, name) => TimerReason::Transaction(*name),
            Self::Session(_, SessionTimer::Retransmit2xx) => TimerReason::Retransmit2xx,
            Self::Session(_, SessionTimer::AckOverdue) => TimerReason::AckOverdue,
            Self::Session(_, SessionTimer::CancelOverdue | SessionTimer::LateBye) | Self::Orphan(_) => {
                TimerReason::CancelOverdue
            }
            Self::Session(_, SessionTimer::Glare) => TimerReason::Glare,
            Self::Session(_, SessionTimer::ReinviteOverdue) => TimerReason::ReinviteOverdue,
            Self::Session(_, SessionTimer::Refresh) => TimerReason::SessionRefresh,
            Self::Session(_, SessionTimer::Expiry) => TimerReason::SessionExpiry,
            Self::Session(_, SessionTimer::RetransmitReliable) => TimerReason::RetransmitReliable,
            Self::Session(_, SessionTimer::PrackOverdue) => TimerReason::PrackOverdue,
            Self::Token(_) => TimerReason::ResponseOverdue,
        }
    }
}

impl Ua {
    /// Does what is due at `now`; early calls do nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(key) = self.timers.pop_due(now) {
            match key {
                TimerKey::Client(id, name) => self.on_client_timer(now, id, name),
                TimerKey::Server(id, name) => self.on_server_timer(now, id, name),
                TimerKey::Session(id, timer) => self.on_session_timer(now, id, timer),
                TimerKey::Token(token) => self.on_response_overdue(token),
                TimerKey::Orphan(id) => self.forget_client(id),
            }
        }
    }

    fn on_session_timer(&mut self, now: Instant, id: SessionId, timer: SessionTimer) {
        match timer {
            SessionTimer::Retransmit2xx => self.retransmit_2xx(now, id),
            SessionTimer::AckOverdue => self.on_ack_overdue(now, id),
            SessionTimer::CancelOverdue => self.on_cancel_overdue(id),
            SessionTimer::Glare => self.on_glare_over(now, id),
            SessionTimer::ReinviteOverdue => self.on_reinvite_overdue(now, id),
            SessionTimer::LateBye => self.on_late_bye(now, id),
            SessionTimer::Refresh => self.on_refresh_due(now, id),
            SessionTimer::Expiry => self.on_expiry(now, id),
            SessionTimer::RetransmitReliable => self.retransmit_reliable(now, id),
            SessionTimer::PrackOverdue => self.on_prack_overdue(now, id),
        }
    }
}
