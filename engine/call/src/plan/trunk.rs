//! What a shard must know of a trunk besides its live targets.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use sip::auth::ClientCredentials;
use sip::digest::AlgorithmChoice;

/// An address of a trunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrunkAddress {
    /// Address.
    pub ip: IpAddr,
    /// Port; `None` for any.
    pub port: Option<u16>,
}

/// One trunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkPlan {
    /// Name.
    pub name: String,
    /// Requests from here are the trunk's, without digest.
    pub sources: Vec<TrunkAddress>,
    /// Where calls to it go until `Input::TrunkTargets` says better.
    pub destination: SocketAddr,
    /// True to reach `destination` over TCP.
    pub tcp: bool,
    /// Name and password that answer its challenges to our requests.
    pub login: Option<ClientCredentials>,
    /// Requests with these credentials are the trunk's, wherever they come from.
    pub digest: Option<TrunkDigest>,
    /// A target that says nothing at all for so long is left for the next one; the last is left its time.
    pub target_silence_max: Duration,
    /// A target that says 100 and neither rings nor answers for so long is left for the next one.
    pub target_ring_start_max: Duration,
    /// Calls to it ask for provisional responses that arrive (RFC 3262).
    pub reliable_provisionals: bool,
    /// The trunk's own number, E.164.
    pub caller_id: Option<String>,
    /// What calls to it show of the caller, and what is believed of those from it.
    pub identity: IdentityPlan,
    /// Calls at a time, both directions; 0 for no limit. Above: 503 with Retry-After.
    pub calls_max: u32,
    /// New calls a second from it; 0 for no limit. Above: 503 with Retry-After.
    pub calls_per_second_max: u32,
}

impl TrunkPlan {
    /// A trunk that calls go to over UDP and none come from, without limits.
    #[must_use]
    pub fn new(name: impl Into<String>, destination: SocketAddr) -> Self {
        Self {
            name: name.into(),
            sources: Vec::new(),
            destination,
            tcp: false,
            login: None,
            digest: None,
            target_silence_max: DEFAULT_TARGET_SILENCE_MAX,
            target_ring_start_max: DEFAULT_TARGET_RING_START_MAX,
            reliable_provisionals: false,
            caller_id: None,
            identity: IdentityPlan::default(),
            calls_max: 0,
            calls_per_second_max: 0,
        }
    }
}

/// How a trunk proves by digest that it is one (RFC 3261 22).
#[derive(Clone, PartialEq, Eq)]
pub struct TrunkDigest {
    /// Its user name; no extension of ours.
    pub user: String,
    /// MD5 of `user:realm:password` in hex.
    pub ha1_md5: String,
    /// SHA-256 of the same in hex.
    pub ha1_sha256: String,
    /// The algorithms it is asked for.
    pub algorithms: AlgorithmChoice,
}

impl core::fmt::Debug for TrunkDigest {
    /// Without what stands for the password.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "TrunkDigest({})", self.user)
    }
}

/// Caller ids over a trunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentityPlan {
    /// Whose number calls to it show.
    pub shown: ShownNumber,
    /// The only numbers that may be shown, E.164, or beginnings of them that end in `*`; `None` for any. Another
    /// one is replaced by the trunk's own, and where that is not among them either, by nothing: anonymous.
    pub allowed: Option<Vec<String>>,
    /// Every call to it hides its number: anonymous From and `Privacy: id` (RFC 3323, RFC 3325 9.3).
    pub restricted: bool,
    /// P-Asserted-Identity is sent to it, and believed from it (RFC 3325 2.4): both only within a trust domain.
    pub trusted: bool,
    /// How it wants called numbers.
    pub called: NumberFormat,
    /// How it wants calling numbers.
    pub calling: NumberFormat,
}

/// Whose number a trunk's calls show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShownNumber {
    /// The trunk's own; the caller's where it has none.
    #[default]
    Trunk,
    /// The caller's, passed on.
    Caller,
    /// The agent's or the queue's; the trunk's where they have none.
    Agent,
}

/// How numbers are written for a trunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NumberFormat {
    /// `+442071830000`
    #[default]
    Plus,
    /// `442071830000`
    Digits,
    /// `02071830000`; foreign ones with the international prefix.
    National,
}

/// Four sendings of the INVITE over UDP: a target that serves has sent 100 within 200 ms (RFC 3261 17.2.1), and a caller
/// should not hear silence for long.
pub const DEFAULT_TARGET_SILENCE_MAX: Duration = Duration::from_secs(5);
/// Set-up abroad takes a few seconds before it rings; a gateway that has nothing to say after ten is stuck.
pub const DEFAULT_TARGET_RING_START_MAX: Duration = Duration::from_secs(10);
