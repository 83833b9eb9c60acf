//! What the location core is set up with, and what it shows.

use super::{Ban, Binding, Probing};
use crate::{
    auth::AuthConfig,
    registrar::RegistrarConfig,
    ua::{TimerReason, UaConfig},
};

/// Set-up of the location core.
#[derive(Clone)]
pub struct LocationConfig {
    /// Its user agent core.
    pub ua: UaConfig,
    /// Digest. The realm is that of the last `Input::Configure`; this one holds until then.
    pub auth: AuthConfig,
    /// Limits of registrations.
    pub registrar: RegistrarConfig,
    /// Which phones are probed when the ACD asks.
    pub probing: Probing,
}

/// Why the location core wants to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Its user agent core does.
    Ua(TimerReason),
    /// A binding expires.
    Expiry,
    /// A probe counts as silence.
    Silence,
}

/// What others may see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// All bindings.
    pub bindings: Vec<Binding>,
    /// Who is silenced now.
    pub bans: Vec<Ban>,
}
