//! Lost calls, and what wins them back (contact-centre.md section 6).
//!
//! A lost call is open until the first of two things happens to its number: a
//! call out that counts (recovered), or a call in that a person answers
//! (self-resolved). What is said of a number is a function of its lost calls
//! and follow-ups alone, in the order of (time, id): rows that come out of
//! order, twice, or again in a replay end in the same state. Rules are those
//! that were in force when the follow-up was made.

mod follow_up;
mod list;
mod overdue;
mod report;
mod resolve;

use clock::{CallId, WallTime};
use journal_core::{CallStatus, LostCallRules};

pub use list::{LostCallFilter, LostCallSort, TeamScope};
pub use overdue::{LostCallCounts, OverdueCall};
pub use report::{LostCallGroup, LostCallReport, LostCallRow};

pub(crate) use follow_up::FollowUp;
pub(crate) use list::resolved;
pub(crate) use resolve::{break_promise, overdue, recovery_told, rules, store_rules, write};

/// How a lost call stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LostState {
    /// What won it back, and when; it is open without.
    pub resolved: Option<Resolved>,
    /// When it was told as overdue.
    pub overdue_at: Option<WallTime>,
}

/// What won a lost call back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// Start of the call out, or answer of the call in.
    pub at: WallTime,
    /// That call.
    pub by: CallId,
    /// The caller got through alone.
    pub alone: bool,
}

/// A lost call in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostCall {
    /// The call.
    pub id: CallId,
    /// Account of the call.
    pub account: String,
    /// Who called.
    pub number: String,
    /// The queue entered last.
    pub queue: Option<String>,
    /// Extension of the agent it was offered to last.
    pub agent: Option<String>,
    /// How it ended.
    pub status: CallStatus,
    /// When it ended.
    pub ended_at: WallTime,
    /// How it stands.
    pub state: LostState,
}

impl LostState {
    /// The call out that won it back, if one did.
    #[must_use]
    pub fn recovered(&self) -> Option<Resolved> {
        self.resolved.filter(|resolved| !resolved.alone)
    }

    /// The call in which the caller got through alone, if he did.
    #[must_use]
    pub fn self_resolved(&self) -> Option<Resolved> {
        self.resolved.filter(|resolved| resolved.alone)
    }
}

/// A number that can be called back: E.164 with its plus sign. A withheld one, or a peer's idea of one, is none.
pub(crate) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (3..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The rules that a follow-up is made under.
pub(crate) type Rules = LostCallRules;
