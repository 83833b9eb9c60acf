//! The rules by which a lost call is won back, journaled so that the past keeps the rules it had; and the word that one was.

use clock::{CallId, WallTime};
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

/// A lost call that a call out won back, as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveredCall {
    /// The lost call.
    pub call: CallId,
    /// Its account.
    pub account: String,
    /// Who had called.
    pub number: String,
    /// The queue entered last, by name.
    pub queue: Option<String>,
    /// Extension of the agent it was offered to last.
    pub agent: Option<String>,
    /// When it ended.
    pub lost_at: WallTime,
    /// The call out.
    pub by: CallId,
    /// When that began.
    pub recovered_at: WallTime,
    /// When it is told.
    pub at: WallTime,
}
