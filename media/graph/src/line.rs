//! What is heard on the line of a leg, as the call layer hears of it (crate `detect` decides).

use core::time::Duration;

/// Something heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineEvent {
    /// What it is. Before the answer there may be several, after it one.
    Verdict(LineVerdict),
    /// A recording's beep is over, or its greeting without one: what is said from now on is recorded.
    MaySpeak,
}

/// What it is, how sure, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineVerdict {
    /// What.
    pub heard: LineHeard,
    /// Before the answer.
    pub early: bool,
    /// How sure, percent.
    pub confidence: u8,
    /// Why, in words.
    pub reason: String,
    /// How long ago the greeting ended, where there was one.
    pub greeting_ended_ago: Option<Duration>,
}

/// The words of the detection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LineHeard {
    /// The phone rings.
    Ringback,
    /// Busy.
    Busy,
    /// Fast busy.
    Congestion,
    /// Number unobtainable.
    Unobtainable,
    /// Special information tone.
    Sit,
    /// Speech or music before the answer.
    Announcement,
    /// A person, or doubt.
    Person,
    /// An answering machine or voicemail.
    Machine,
    /// A fax machine.
    Fax,
    /// Answered, and nothing to be heard.
    DeadAir,
}
