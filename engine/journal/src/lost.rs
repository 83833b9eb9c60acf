//! The rules by which a lost call is won back. They are journaled, so that the past keeps the rules it had.

use serde::{Deserialize, Serialize};

/// What wins a lost call back (contact-centre.md section 6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostCallRules {
    /// Which of a number's open lost calls one call out wins back.
    pub recovers: Recovers,
    /// Only a call out that the customer answered counts; else the attempt does.
    pub only_answered: bool,
    /// Calls of a campaign count too.
    pub outbound_auto: bool,
    /// Only what follows within so many seconds of the lost call's end counts; 0 for any time.
    pub window_s: u32,
}

/// Which of a number's open lost calls one call out wins back. All of them are linked to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recovers {
    /// The one that ended last.
    #[default]
    Newest,
    /// The one that ended first.
    Oldest,
    /// All of them.
    All,
}
