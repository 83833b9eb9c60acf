//! One call, three vocabularies: the table of data-model.md section 2, in its one place.
//!
//! Live calls map by what happens now ([`live`]), ended ones by how far they
//! came and why they ended ([`concluded`]). The call shard asks for the verdict
//! that it writes into `Ended`; everyone else reads it there.

use crate::{CallStatus, Cause, Direction, Outcome, Who};

/// The third vocabulary: the call as a piece of work in an inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WorkStatus {
    /// Nobody is asked yet.
    Waiting,
    /// Someone is being reached.
    Assigning,
    /// Someone talks.
    Assigned,
    /// On its way to someone else.
    Transferring,
    /// Over.
    Ended,
    /// Over by a failure.
    Failed,
}

/// What happens in a call that has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nobody rings yet.
    Queued,
    /// Somebody rings.
    Ringing,
    /// Talking.
    Answered,
    /// Talking, a transfer is under way.
    Transferring,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Status of the call.
    pub status: CallStatus,
    /// Its outcome.
    pub outcome: Outcome,
    /// Its status as a piece of work.
    pub work: WorkStatus,
}

/// How far a call came before it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// A person answered, or a service that is the call's purpose (echo, tone).
    pub conversation: bool,
    /// A voicemail of at least [`SHORTEST_VOICEMAIL_MS`] was taken.
    pub voicemail: bool,
    /// An answering machine took a campaign's call, and no agent spoke with it.
    pub machine: bool,
}

/// The verdict on a call that has not ended.
#[must_use]
pub const fn live(direction: Direction, stage: Stage) -> Verdict {
    let inbound = matches!(direction, Direction::Inbound);
    let before_answer = if inbound { Outcome::InProgress } else { Outcome::Initiated };
    match stage {
        Stage::Queued if inbound => verdict(CallStatus::Queued, before_answer, WorkStatus::Waiting),
        Stage::Queued => verdict(CallStatus::Queued, before_answer, WorkStatus::Assigning),
        Stage::Ringing => verdict(CallStatus::Ringing, before_answer, WorkStatus::Assigning),
        Stage::Answered => verdict(CallStatus::Answered, Outcome::InProgress, WorkStatus::Assigned),
        Stage::Transferring => verdict(CallStatus::Answered, Outcome::InProgress, WorkStatus::Transferring),
    }
}

/// The verdict on a call that ended for `cause`.
///
/// What broke technically is a failure however far the call came (save that a
/// voicemail is in the box). A conversation that we ended ourselves for
/// anything but an ordinary end was cut by a failure too. A call whose wait
/// was over ends for that ([`code::WAIT_OVER`]), though the caller hung up on the greeting;
/// so does one who is called back ([`code::CALLED_BACK`]). A campaign's call that was abandoned ([`code::ABANDONED`])
/// failed: a person was there, so it is no call that nobody answered, and nobody talked with him.
#[must_use]
pub fn concluded(reached: Reached, cause: &Cause) -> Verdict {
    let failed = verdict(CallStatus::Failed, Outcome::Error, WorkStatus::Failed);
    let completed = |outcome| verdict(CallStatus::Completed, outcome, WorkStatus::Ended);
    let unanswered = |status| verdict(status, Outcome::NoAnswer, WorkStatus::Ended);
    if cause.code == code::CALLED_BACK {
        return completed(Outcome::Callback);
    }
    if reached.voicemail {
        return completed(Outcome::Voicemail);
    }
    if is_technical(cause) {
        return failed;
    }
    if reached.machine {
        return completed(Outcome::Voicemail);
    }
    // A message was to be played to him, and was not: nobody spoke with him all the same.
    if cause.code == code::ABANDONED {
        return failed;
    }
    if reached.conversation {
        let ordinary = cause.who != Who::System || is_ordinary(cause) || is_unanswered(cause);
        return if ordinary { completed(Outcome::Successful) } else { failed };
    }
    if cause.who == Who::Caller || matches!(cause.code.as_str(), code::CANCELED | code::NORMAL) {
        return unanswered(CallStatus::Canceled);
    }
    if is_unanswered(cause) { unanswered(CallStatus::NoAnswer) } else { failed }
}

/// A customer called and nobody spoke with him: what recovery works on.
/// Calls among ourselves and to a number that we do not have are never lost.
#[must_use]
pub fn is_lost(status: CallStatus, direction: Direction, internal: bool, cause: Option<&Cause>) -> bool {
    let unanswered = matches!(status, CallStatus::Canceled | CallStatus::NoAnswer | CallStatus::Failed);
    let unknown_number = cause.is_some_and(|c| c.code == code::UNKNOWN_NUMBER || c.sip == Some(404));
    unanswered && direction == Direction::Inbound && !internal && !unknown_number
}

/// Words of `cause.code` on which this table and the restart depend. Others are free.
pub mod code {
    /// A party hung up (Q.850 16).
    pub const NORMAL: &str = "normal";
    /// The caller gave up before the answer.
    pub const CANCELED: &str = "canceled";
    /// The callee is busy.
    pub const BUSY: &str = "busy";
    /// Rang out.
    pub const NO_ANSWER: &str = "no_answer";
    /// Rang out at an agent of a queue.
    pub const RONA: &str = "rona";
    /// The queue's maximum wait ran out.
    pub const WAIT_OVER: &str = "wait_over";
    /// The caller is called back: his wait goes on without him.
    pub const CALLED_BACK: &str = "called_back";
    /// The caller asked to be called back, and too many are already.
    pub const CALLBACK_LIMIT: &str = "callback_limit";
    /// No phone is registered, or it cannot be reached.
    pub const UNREACHABLE: &str = "unreachable";
    /// The longest time of a call is over.
    pub const CALL_MAX: &str = "call_max";
    /// Out of hours, or a holiday.
    pub const CLOSED: &str = "closed";
    /// As many callers wait in the queue as may.
    pub const QUEUE_FULL: &str = "queue_full";
    /// Nobody is there to serve the queue.
    pub const NOBODY_THERE: &str = "nobody_there";
    /// A person answered a campaign's call, and no agent was there in time.
    pub const ABANDONED: &str = "abandoned";
    /// No such number or extension.
    pub const UNKNOWN_NUMBER: &str = "unknown_number";
    /// The node went down while the call was up.
    pub const NODE_RESTART: &str = "node_restart";
    /// The call's shard broke an assertion and was rebuilt.
    pub const SHARD_RESTART: &str = "shard_restart";

    /// We cut the call off, not one of its parties: its caller gets his place back.
    #[must_use]
    pub fn is_restart(code: &str) -> bool {
        matches!(code, NODE_RESTART | SHARD_RESTART)
    }
}

const fn verdict(status: CallStatus, outcome: Outcome, work: WorkStatus) -> Verdict {
    Verdict { status, outcome, work }
}

/// Q.850 classes 010 to 110 (resources, services, messages, protocol), and 27: the network or a device broke.
fn is_technical(cause: &Cause) -> bool {
    cause.q850.is_some_and(|q850| q850 >= 32 || q850 == 27)
}

/// Normal clearing (16), or normal without more to say (31).
fn is_ordinary(cause: &Cause) -> bool {
    matches!(cause.q850, Some(16 | 31)) || cause.code == code::NORMAL
}

/// Time-out without answer, 486 and its sibling 600, 480 and 408: by SIP status where there is one, else by word.
fn is_unanswered(cause: &Cause) -> bool {
    let word = matches!(
        cause.code.as_str(),
        code::NO_ANSWER
            | code::RONA
            | code::BUSY
            | code::WAIT_OVER
            | code::UNREACHABLE
            | code::CALL_MAX
            | code::CALLBACK_LIMIT
    );
    let word = word || matches!(cause.code.as_str(), code::CLOSED | code::QUEUE_FULL | code::NOBODY_THERE);
    cause.sip.map_or(word, |status| word || matches!(status, 408 | 480 | 486 | 600))
}

/// Voicemail, ms: a shorter one is a caller who hung up on the greeting (DESIGN section 10).
pub const SHORTEST_VOICEMAIL_MS: u64 = 2_000;

#[cfg(test)]
mod tests;
