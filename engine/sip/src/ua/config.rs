//! What a user agent core is set up with.

use core::net::SocketAddr;
use core::time::Duration;

use super::Addresses;
use crate::transaction::Timing;

/// Set-up of one `Ua`.
#[derive(Clone, Debug)]
pub struct UaConfig {
    /// Base times of transactions.
    pub timing: Timing,
    /// Value of User-Agent in requests and of Server in responses.
    pub user_agent: String,
    /// The addresses that Via and Contact name.
    pub addresses: Addresses,
    /// Bounds.
    pub limits: UaLimits,
    /// How long sessions live that nobody refreshes.
    pub session_timers: SessionTimers,
}

impl UaConfig {
    /// One address for both transports, default timing and limits.
    #[must_use]
    pub fn at(addr: SocketAddr, user_agent: &str) -> Self {
        Self::new(Addresses::at(addr), user_agent)
    }

    /// These addresses, default timing and limits.
    #[must_use]
    pub fn new(addresses: Addresses, user_agent: &str) -> Self {
        Self {
            timing: Timing::default(),
            user_agent: user_agent.to_owned(),
            addresses,
            limits: UaLimits::default(),
            session_timers: SessionTimers::default(),
        }
    }
}

/// Session timers (RFC 4028): each side finds out that the other is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionTimers {
    /// The interval that our INVITEs ask for; none: they ask for no limit. That of a caller is answered either way.
    pub interval: Option<Duration>,
    /// The least interval that we take; smaller ones get 422 with Min-SE.
    pub min: Duration,
}

impl Default for SessionTimers {
    fn default() -> Self {
        // RFC 4028 4.1 recommends 1800 s; 90 s is the least that it allows (RFC 4028 5).
        Self { interval: Some(Duration::from_secs(1_800)), min: Duration::from_secs(90) }
    }
}

/// Bounds of one `Ua`. At a bound, new requests get a stateless 503 with Retry-After.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UaLimits {
    /// Live INVITE sessions: above what one shard can carry with media on one machine.
    pub sessions: usize,
    /// Server transactions above which requests outside dialogs are refused. At 1,000 calls a second over UDP each
    /// leaves two behind for 32 s. Requests inside dialogs may use as many again.
    pub server_transactions: usize,
    /// Bytes of the requests they keep, above which the same are refused: 100,000 of the usual size. A flood of
    /// large messages meets this bound first.
    pub server_bytes: usize,
    /// Client transactions above which `invite` and `request` fail; the same arithmetic.
    pub client_transactions: usize,
}

impl Default for UaLimits {
    fn default() -> Self {
        Self { sessions: 20_000, server_transactions: 100_000, server_bytes: 128 << 20, client_transactions: 200_000 }
    }
}
