//! Why calls and legs end: the one table of causes.
//!
//! Each failure carries one `Termination`; what the caller is told, what the
//! record says and whether a dialer may try again all come from its row
//! (DESIGN section 7).

use journal_core::outcome::{self, Reached};
use journal_core::{CallStatus, Cause, Outcome, Who};

/// A reason for which a call or a leg ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A party hung up after the answer, or we ended the call as asked.
    Normal,
    /// The caller gave up before a person answered.
    Canceled,
    /// The callee is busy (486, 600).
    Busy,
    /// It rang out, or the callee said 408.
    NoAnswer,
    /// The agent's phone rang out.
    Rona,
    /// The longest wait in the queue is over.
    WaitOver,
    /// No phone is registered, or the callee said 480.
    Unreachable,
    /// The callee declined (603) or refused otherwise (other 4xx and 6xx).
    Rejected,
    /// The number or extension does not exist (404).
    UnknownNumber,
    /// The destination may not be dialed (403).
    Denied,
    /// The other side of the network failed (5xx).
    Upstream,
    /// No common codec or no usable body (400, 406, 415, 488).
    NotAcceptable,
    /// No port is left, or the media worker does not answer.
    MediaUnavailable,
    /// RTP stopped on a side that should be sending.
    RtpTimeout,
    /// Our 200 was never acknowledged.
    NoAck,
    /// The peer does not know the dialog any more, or does not answer in it.
    PeerGone,
    /// Sending to the peer failed, or its connection is gone.
    Transport,
    /// The longest time of a call is over.
    CallMax,
    /// Someone else answered, or the offer was taken back.
    Elsewhere,
    /// The party was handed to another leg.
    Transferred,
    /// The node shuts down.
    Shutdown,
    /// The node restarted.
    NodeRestart,
    /// The call's shard broke an assertion and was rebuilt.
    ShardRestart,
    /// Limits of calls.
    Overload,
    /// No target of the trunk is up.
    TrunkDown,
    /// The caller is called back: his wait goes on without him.
    CalledBack,
    /// The caller asked to be called back, and too many are already.
    CallbackLimit,
    /// Out of hours, or a holiday.
    Closed,
    /// As many callers wait as may.
    QueueFull,
    /// Nobody is there to serve the queue.
    NobodyThere,
    /// A person answered a campaign's call, and no agent was there in time.
    Abandoned,
}

/// How a reason counts when nobody had answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A proper end.
    Success,
    /// The caller gave up.
    GivenUp,
    /// Nobody answered.
    NotAnswered,
    /// Something broke.
    Failure,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The reason.
    pub reason: Reason,
    /// Stable word of the record.
    pub code: &'static str,
    /// Q.850 cause.
    pub q850: u8,
    /// Status that answers an INVITE ended so, where we answer it.
    pub sip: u16,
    /// How it counts.
    pub class: Class,
    /// Another attempt may succeed.
    pub may_retry: bool,
}

/// A reason with the party that caused it and the SIP status that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Termination {
    /// Who caused it.
    pub who: Who,
    /// Why.
    pub reason: Reason,
    /// SIP status, where one was sent or received.
    pub sip: Option<u16>,
}

impl Reason {
    /// This reason's row.
    #[must_use]
    pub fn row(self) -> &'static Row {
        // The test below proves that rows stand in the order of the enum.
        &TABLE[self as usize]
    }

    /// The reason behind a final response to our INVITE.
    #[must_use]
    pub fn of_status(status: u16) -> Self {
        match status {
            486 | 600 => Self::Busy,
            408 => Self::NoAnswer,
            480 => Self::Unreachable,
            404 | 410 | 484 | 604 => Self::UnknownNumber,
            403 => Self::Denied,
            406 | 415 | 488 | 606 => Self::NotAcceptable,
            500..=599 => Self::Upstream,
            _ => Self::Rejected,
        }
    }
}

impl Termination {
    /// By `who`, without a SIP status.
    #[must_use]
    pub fn new(who: Who, reason: Reason) -> Self {
        Self { who, reason, sip: None }
    }

    /// By us, without a SIP status.
    #[must_use]
    pub fn system(reason: Reason) -> Self {
        Self::new(Who::System, reason)
    }

    /// By us, with the status that the table gives an INVITE.
    #[must_use]
    pub fn refusal(reason: Reason) -> Self {
        Self { who: Who::System, reason, sip: Some(reason.row().sip) }
    }

    /// Because of a final response to our INVITE.
    #[must_use]
    pub fn of_response(who: Who, status: u16) -> Self {
        Self { who, reason: Reason::of_status(status), sip: Some(status) }
    }

    /// The status for a caller who still waits for one: what the callee said
    /// where it may pass, else the table's.
    #[must_use]
    pub fn status_for_caller(&self) -> u16 {
        match self.sip {
            // Redirects and challenges are ours to follow, not the caller's.
            Some(300..=399) => 480,
            Some(401 | 407) => 502,
            Some(status @ 400..=699) => status,
            _ => self.reason.row().sip,
        }
    }

    /// The Reason header (RFC 3326) of a BYE, CANCEL or final response.
    #[must_use]
    pub fn header(&self) -> sip::Reason {
        match self.reason {
            // RFC 3326 3.1: forks of a call that another one answered show no missed call.
            Reason::Elsewhere => sip::Reason::sip(200, "Call completed elsewhere"),
            reason => sip::Reason::q850(reason.row().q850, reason.row().code),
        }
    }

    /// As a record has it.
    #[must_use]
    pub fn cause(&self) -> Cause {
        let row = self.reason.row();
        Cause { who: self.who, q850: Some(row.q850), sip: self.sip, code: row.code.to_owned() }
    }

    /// Final status and outcome of a call that came this far and ends so: by the one table of the journal.
    #[must_use]
    pub fn verdict(&self, reached: Reached) -> (CallStatus, Outcome) {
        let verdict = outcome::concluded(reached, &self.cause());
        (verdict.status, verdict.outcome)
    }
}

/// Every row, in the order of [`Reason`].
pub const TABLE: [Row; 31] = {
    use Class::{Failure, GivenUp, NotAnswered, Success};
    [
        row(Reason::Normal, "normal", 16, 480, Success, false),
        row(Reason::Canceled, "canceled", 16, 487, GivenUp, true),
        row(Reason::Busy, "busy", 17, 486, NotAnswered, true),
        row(Reason::NoAnswer, "no_answer", 19, 480, NotAnswered, true),
        row(Reason::Rona, "rona", 19, 480, NotAnswered, true),
        row(Reason::WaitOver, "wait_over", 19, 480, NotAnswered, true),
        row(Reason::Unreachable, "unreachable", 20, 480, NotAnswered, true),
        row(Reason::Rejected, "rejected", 21, 603, Failure, false),
        row(Reason::UnknownNumber, "unknown_number", 1, 404, Failure, false),
        row(Reason::Denied, "denied", 21, 403, Failure, false),
        row(Reason::Upstream, "upstream", 41, 502, Failure, true),
        row(Reason::NotAcceptable, "not_acceptable", 88, 488, Failure, false),
        row(Reason::MediaUnavailable, "media_unavailable", 47, 503, Failure, true),
        row(Reason::RtpTimeout, "rtp_timeout", 102, 408, Failure, true),
        row(Reason::NoAck, "no_ack", 102, 408, Failure, true),
        row(Reason::PeerGone, "peer_gone", 41, 481, Failure, true),
        row(Reason::Transport, "transport", 41, 503, Failure, true),
        row(Reason::CallMax, "call_max", 31, 480, NotAnswered, false),
        row(Reason::Elsewhere, "elsewhere", 26, 487, NotAnswered, false),
        row(Reason::Transferred, "transferred", 16, 487, Success, false),
        row(Reason::Shutdown, "shutdown", 41, 503, Failure, true),
        row(Reason::NodeRestart, "node_restart", 41, 503, Failure, true),
        row(Reason::ShardRestart, "shard_restart", 41, 503, Failure, true),
        row(Reason::Overload, "overload", 42, 503, Failure, true),
        row(Reason::TrunkDown, "trunk_down", 38, 503, Failure, true),
        row(Reason::CalledBack, "called_back", 16, 480, Success, false),
        row(Reason::CallbackLimit, "callback_limit", 19, 480, NotAnswered, true),
        row(Reason::Closed, "closed", 19, 480, NotAnswered, true),
        row(Reason::QueueFull, "queue_full", 19, 480, NotAnswered, true),
        row(Reason::NobodyThere, "nobody_there", 19, 480, NotAnswered, true),
        row(Reason::Abandoned, "abandoned", 31, 480, Failure, true),
    ]
};

const fn row(reason: Reason, code: &'static str, q850: u8, sip: u16, class: Class, may_retry: bool) -> Row {
    Row { reason, code, q850, sip, class, may_retry }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_row_and_word() {
        let mut words: Vec<_> = TABLE.iter().map(|row| row.code).collect();
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.reason as usize, index);
            assert_eq!(row.reason.row(), row);
            assert!((1..128).contains(&row.q850) && (400..700).contains(&row.sip), "{}", row.code);
        }
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), TABLE.len());
    }

    #[test]
    fn the_documented_table_is_this_one() {
        let class = |class| match class {
            Class::Success => "ended properly",
            Class::GivenUp => "canceled",
            Class::NotAnswered => "no answer",
            Class::Failure => "failed",
        };
        for row in &TABLE {
            let retry = if row.may_retry { "yes" } else { "no" };
            let line = format!("| `{}` | {} | {} | {} | {retry} |", row.code, row.q850, row.sip, class(row.class));
            assert!(DOCUMENTED.lines().any(|documented| documented == line), "docs/causes.md lacks: {line}");
        }
        assert_eq!(DOCUMENTED.lines().filter(|line| line.starts_with("| `")).count(), TABLE.len());
    }

    const DOCUMENTED: &str = include_str!("../../../docs/causes.md");

    #[test]
    fn verdicts_follow_the_data_model() {
        let reached = |conversation| Reached { conversation, ..Reached::default() };
        let verdict = |reason, answered| Termination::system(reason).verdict(reached(answered));
        assert_eq!(verdict(Reason::Normal, true), (CallStatus::Completed, Outcome::Successful));
        assert_eq!(verdict(Reason::Normal, false), (CallStatus::Canceled, Outcome::NoAnswer));
        assert_eq!(verdict(Reason::Canceled, false), (CallStatus::Canceled, Outcome::NoAnswer));
        for not_answered in [Reason::Busy, Reason::NoAnswer, Reason::Unreachable, Reason::WaitOver] {
            assert_eq!(verdict(not_answered, false), (CallStatus::NoAnswer, Outcome::NoAnswer));
        }
        for failure in [Reason::RtpTimeout, Reason::NodeRestart, Reason::Shutdown, Reason::UnknownNumber] {
            assert_eq!(verdict(failure, true), (CallStatus::Failed, Outcome::Error));
            assert_eq!(verdict(failure, false), (CallStatus::Failed, Outcome::Error));
        }
        assert_eq!(verdict(Reason::Abandoned, false), (CallStatus::Failed, Outcome::Error), "somebody answered");
        let machine = Termination::system(Reason::Normal).verdict(Reached { machine: true, ..Reached::default() });
        assert_eq!(machine, (CallStatus::Completed, Outcome::Voicemail));
    }

    #[test]
    fn the_class_of_a_reason_agrees_with_its_verdict() {
        for row in &TABLE {
            let (status, _) = Termination::system(row.reason).verdict(Reached::default());
            let expected = match row.class {
                Class::Success | Class::GivenUp => CallStatus::Canceled,
                Class::NotAnswered => CallStatus::NoAnswer,
                Class::Failure => CallStatus::Failed,
            };
            // These two end legs, never calls; and who is called back has an outcome of his own.
            if !matches!(row.reason, Reason::Elsewhere | Reason::Transferred | Reason::CalledBack) {
                assert_eq!(status, expected, "{}", row.code);
            }
        }
    }

    #[test]
    fn statuses_of_a_callee_become_reasons_and_pass_to_the_caller() {
        let of = |status| Termination::of_response(Who::Callee, status);
        assert_eq!((of(486).reason, of(486).status_for_caller()), (Reason::Busy, 486));
        assert_eq!((of(603).reason, of(603).status_for_caller()), (Reason::Rejected, 603));
        assert_eq!((of(302).reason, of(302).status_for_caller()), (Reason::Rejected, 480));
        assert_eq!((of(401).reason, of(401).status_for_caller()), (Reason::Rejected, 502));
        assert_eq!((of(503).reason, of(503).status_for_caller()), (Reason::Upstream, 503));
        assert_eq!(of(486).verdict(Reached::default()).0, CallStatus::NoAnswer);
    }

    #[test]
    fn a_fork_that_lost_is_told_that_the_call_was_completed_elsewhere() {
        let elsewhere = Termination::system(Reason::Elsewhere);
        assert_eq!(elsewhere.header().to_string(), "SIP;cause=200;text=\"Call completed elsewhere\"");
        let normal = Termination::new(Who::Caller, Reason::Normal);
        assert_eq!(normal.header().q850_cause(), Some(16));
    }
}
