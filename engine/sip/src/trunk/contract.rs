//! What the trunk watcher is told, and what it wants done.

use core::time::Duration;

use bytes::Bytes;
use clock::{FlowId, TrunkId};

use super::{Query, Record, Targets};
use crate::{
    Host, Message,
    ua::{ClientCredentials, Peer, Transport},
};

/// Call-IDs of requests of the trunk watcher begin so: their responses are for it.
pub const TRUNK_CALL_ID_PREFIX: &str = "trunk-";

/// One place in the configuration that calls to a trunk go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Host name or address.
    pub host: Host,
    /// Port; with one, a name is not looked up by SRV (RFC 3263 4.2).
    pub port: Option<u16>,
    /// Transport; `None` lets SRV choose, UDP first.
    pub transport: Option<Transport>,
}

/// One trunk as the watcher must know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkConfig {
    /// The trunk.
    pub trunk: TrunkId,
    /// Where calls go, first choice first.
    pub destinations: Vec<Destination>,
    /// The listener that its messages leave from; `None` for any that fits.
    pub listener: Option<FlowId>,
    /// Register there.
    pub register: Option<RegisterConfig>,
    /// Ask each target by OPTIONS; `None` counts every target as up.
    pub health: Option<HealthConfig>,
}

/// Outbound registration (RFC 3261 10.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterConfig {
    /// Address of record, e.g. `sip:4420718@carrier.example`: To and From.
    pub aor: String,
    /// The registrar; `None` for the trunk's first destination.
    pub registrar: Option<Destination>,
    /// With what a challenge is answered.
    pub credentials: ClientCredentials,
    /// The lifetime to ask for.
    pub expires: Duration,
    /// User part of the Contact. A random one, as requests for it are the trunk's wherever they come from.
    pub contact_user: String,
}

/// How targets are asked whether they serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealthConfig {
    /// From one OPTIONS to the next.
    pub interval: Duration,
    /// Answers in a row that make a target up.
    pub up_after: u32,
    /// Failures in a row (408, 503 or nothing) that make it down.
    pub down_after: u32,
}

/// What happens to the watcher.
#[derive(Debug)]
pub enum Input {
    /// All trunks. One that is no longer there is unregistered; one unchanged keeps its state.
    Configure(Vec<TrunkConfig>),
    /// A name was looked up.
    Resolved {
        /// What was asked.
        query: Query,
        /// What came, at most `MAX_RECORDS`; empty when there is authoritatively none.
        records: Vec<Record>,
        /// How long it holds.
        ttl: Duration,
    },
    /// A name could not be looked up: no server answered, or with a failure.
    ResolveFailed {
        /// What was asked.
        query: Query,
    },
    /// A response to a request of the watcher.
    Received {
        /// Where it came from.
        peer: Peer,
        /// The message.
        message: Message,
    },
    /// Sending to the peer failed.
    TransportFailed {
        /// The peer.
        peer: Peer,
    },
    /// A connection is gone.
    FlowGone(FlowId),
    /// The node stops: unregister everywhere. `Stopped` follows.
    Stop,
}

/// What the watcher wants done.
#[derive(Debug)]
pub enum Effect {
    /// Send.
    Transmit {
        /// Where.
        peer: Peer,
        /// What.
        bytes: Bytes,
        /// It was sent before: a retransmission.
        again: bool,
    },
    /// Look a name up. Answered by `Resolved` or `ResolveFailed`.
    Resolve(Query),
    /// To every shard: a trunk as it is now. Level-triggered, the newest counts.
    Targets(Targets),
    /// A trunk went up or down, or for another reason (to the log).
    Changed {
        /// The trunk.
        trunk: TrunkId,
        /// It is up.
        up: bool,
        /// Why.
        reason: Reason,
    },
    /// After `Stop`: every registrar has answered, or was given up.
    Stopped,
    /// Something was refused or dropped: for `trunkline_drops_total{reason}`.
    Dropped {
        /// Stable word.
        reason: &'static str,
    },
}

/// Why a trunk or a target is up or down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Up: it answers, is registered, or nothing says otherwise.
    Ok,
    /// Up: not asked yet.
    NotAskedYet,
    /// Down: its name is being looked up for the first time.
    Resolving,
    /// Down: no name server answered, and there is no former result.
    DnsFailed,
    /// Down: the name has no address.
    NoAddress,
    /// Down: OPTIONS got no answer, or 408.
    Unanswered,
    /// Down: OPTIONS got 503.
    Unavailable,
    /// Down: all targets are, for several reasons.
    NoTargetUp,
    /// Down for calls to us: registering for the first time.
    Registering,
    /// Down for calls to us: the registrar did not answer.
    RegistrarUnanswered,
    /// Down for calls to us: the registrar refused name or password (401, 403, 407).
    RegistrationRefused,
    /// Down for calls to us: the registrar answered otherwise.
    RegistrationFailed,
    /// Down: the node stops.
    Stopping,
}

impl Reason {
    /// Stable word, for REST, logs and metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotAskedYet => "not_asked_yet",
            Self::Resolving => "resolving",
            Self::DnsFailed => "dns_failed",
            Self::NoAddress => "no_address",
            Self::Unanswered => "unanswered",
            Self::Unavailable => "unavailable",
            Self::NoTargetUp => "no_target_up",
            Self::Registering => "registering",
            Self::RegistrarUnanswered => "registrar_unanswered",
            Self::RegistrationRefused => "registration_refused",
            Self::RegistrationFailed => "registration_failed",
            Self::Stopping => "stopping",
        }
    }
}
