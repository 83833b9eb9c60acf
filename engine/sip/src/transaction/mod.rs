//! Transactions (RFC 3261 17, RFC 6026): four pure machines, and the table that matches messages to them.
//!
//! A machine knows neither messages nor addresses: it is told that a response of
//! a class came or that a timer fired, and says what is to be done. The table
//! keeps the bytes; the user agent core carries the effects out.

mod invite_client;
mod invite_server;
mod key;
mod non_invite_client;
mod non_invite_server;
mod table;

use core::time::Duration;

use smallvec::SmallVec;

pub use invite_client::{InviteClient, InviteClientEvent, InviteClientState};
pub use invite_server::{InviteServer, InviteServerEvent, InviteServerState};
pub use key::{MergeKey, ServerKey};
pub use non_invite_client::{NonInviteClient, NonInviteClientEvent, NonInviteClientState};
pub use non_invite_server::{NonInviteServer, NonInviteServerEvent, NonInviteServerState};
pub(crate) use table::{Client, ClientMachine, SentAck, Server, ServerMachine, Table, TxId};

/// The base times from which all transaction timers follow (RFC 3261 17.1.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Estimate of the round trip.
    pub t1: Duration,
    /// Longest interval between retransmissions of non-INVITE requests and INVITE responses.
    pub t2: Duration,
    /// Longest time a message stays in the network.
    pub t4: Duration,
}

impl Default for Timing {
    /// T1 = 500 ms, T2 = 4 s, T4 = 5 s (RFC 3261, table 4).
    fn default() -> Self {
        Self { t1: Duration::from_millis(500), t2: Duration::from_secs(4), t4: Duration::from_secs(5) }
    }
}

impl Timing {
    /// 64 * T1: how long a transaction may take (timers B, F, H, J, L, M).
    #[must_use]
    pub fn transaction_timeout(&self) -> Duration {
        self.t1.saturating_mul(64)
    }

    /// The same, with no base time below `least`.
    #[must_use]
    pub fn at_least(self, least: Duration) -> Self {
        Self { t1: self.t1.max(least), t2: self.t2.max(least), t4: self.t4.max(least) }
    }

    /// Timer D: how long an INVITE client absorbs repeated final responses; 0 for reliable transports
    /// (RFC 3261 17.1.1.2: at least 32 s on unreliable ones, which is 64 * the default T1).
    #[must_use]
    pub fn timer_d(&self, reliable: bool) -> Duration {
        if reliable { Duration::ZERO } else { self.transaction_timeout() }
    }
}

/// The timers of RFC 3261 17 and RFC 6026, by their letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimerName {
    /// INVITE request retransmission (unreliable).
    A,
    /// INVITE transaction time-out.
    B,
    /// Wait for repeated final responses to INVITE.
    D,
    /// Non-INVITE request retransmission (unreliable).
    E,
    /// Non-INVITE transaction time-out.
    F,
    /// INVITE response retransmission (unreliable).
    G,
    /// Wait for the ACK.
    H,
    /// Wait for repeated ACKs.
    I,
    /// Wait for repeated non-INVITE requests.
    J,
    /// Wait for repeated non-INVITE responses.
    K,
    /// Wait for repeated INVITEs after a 2xx (RFC 6026).
    L,
    /// Wait for repeated 2xx after the first (RFC 6026).
    M,
}

/// What a machine wants done, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send the message just created (request of a client, response given to a server).
    Send,
    /// Send the same message again.
    Resend,
    /// Send the ACK of a final response other than 2xx (RFC 3261 17.1.1.3).
    SendAck,
    /// Tell the transaction user what came.
    Deliver,
    /// Tell the transaction user that time is up (timers B, F, H).
    TimedOut,
    /// Tell the transaction user that the transport failed.
    TransportFailed,
    /// Arm a timer; a time already running is replaced.
    Set(TimerName, Duration),
    /// Disarm a timer.
    Cancel(TimerName),
    /// The transaction is over: forget it and its timers.
    Terminated,
}

/// Effects of one event. None needs more than four places.
pub type Effects = SmallVec<[Effect; 4]>;

/// Class of a response, as far as transactions care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseClass {
    /// 1xx.
    Provisional,
    /// 2xx.
    Success,
    /// 3xx to 6xx.
    Failure,
}

impl ResponseClass {
    /// The class of a status code; anything of 300 and above is a failure.
    #[must_use]
    pub const fn of(status: u16) -> Self {
        match status {
            0..=199 => Self::Provisional,
            200..=299 => Self::Success,
            _ => Self::Failure,
        }
    }
}

#[cfg(test)]
mod tests;
