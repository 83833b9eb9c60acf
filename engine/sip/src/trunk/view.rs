//! What others may see of the trunks.

use core::net::SocketAddr;

use clock::{TrunkId, WallTime};

use super::Reason;

/// One trunk as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkView {
    /// The trunk.
    pub trunk: TrunkId,
    /// It is up: some target is, and it is registered where it is to be.
    pub up: bool,
    /// Why.
    pub reason: Reason,
    /// Since when.
    pub since: WallTime,
    /// Its registration, where there is one.
    pub registration: Option<RegistrationView>,
    /// Its targets by rank.
    pub targets: Vec<TargetView>,
}

/// A trunk's registration as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationView {
    /// Calls to it reach us.
    pub registered: bool,
    /// `Ok`, or why the last try failed.
    pub reason: Reason,
    /// Status of the last final response.
    pub status: Option<u16>,
    /// Address of the registrar.
    pub registrar: Option<SocketAddr>,
    /// When it ends unless refreshed.
    pub expires_at: Option<WallTime>,
    /// The address that the registrar saw us at.
    pub seen_as: Option<SocketAddr>,
}

/// A target as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetView {
    /// Host of request URIs.
    pub host: String,
    /// Where its messages go.
    pub addr: SocketAddr,
    /// `udp` or `tcp`.
    pub transport: &'static str,
    /// It serves, as far as is known.
    pub up: bool,
    /// Why.
    pub reason: Reason,
    /// Since when.
    pub since: WallTime,
}
