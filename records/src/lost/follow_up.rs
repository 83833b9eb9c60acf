//! Which step of a call makes it one that may win lost calls back: pure.

use clock::{CallId, WallTime};
use journal_core::{CallEntry, CallEvent, CallRecord, Direction, LegKind, Recovers};

use super::{Rules, is_number};
use crate::naming::Naming;

/// A call that may win lost ones back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FollowUp {
    pub(crate) call: CallId,
    pub(crate) account: String,
    /// The customer's.
    pub(crate) number: String,
    /// We called; else the customer did, and a person answered.
    pub(crate) outbound: bool,
    /// Start of a call out, answer of a call in.
    pub(crate) at: WallTime,
    /// By the rules in force when it was made: the attempt counts.
    pub(crate) counts: bool,
    /// By the same: it counts once it is answered.
    pub(crate) counts_answered: bool,
    pub(crate) answered: bool,
    pub(crate) recovers: Recovers,
    /// 0 for any time.
    pub(crate) window_us: i64,
}

impl FollowUp {
    /// What a step that was taken makes of its call, if it makes anything of it.
    pub(crate) fn of(record: &CallRecord, step: &CallEntry, rules: Rules, naming: &Naming) -> Option<Self> {
        let outbound = record.direction != Direction::Inbound;
        let number = if outbound { &record.to } else { &record.from };
        if record.internal || !is_number(number) {
            return None;
        }
        let (at, answered) = match (outbound, &step.event) {
            (true, CallEvent::LegStarted { kind: LegKind::Callee, .. }) => (record.started_at, false),
            (true, CallEvent::Answered { .. }) if record.reached().conversation => (record.started_at, true),
            (false, CallEvent::Answered { .. }) if record.person_answered() => (step.at, true),
            _ => return None,
        };
        let counts_answered = rules.outbound_auto || record.direction != Direction::OutboundAuto;
        Some(Self {
            call: record.id,
            account: naming.account_of(record),
            number: number.clone(),
            outbound,
            at,
            counts: counts_answered && !rules.only_answered,
            counts_answered,
            answered,
            recovers: rules.recovers,
            window_us: i64::from(rules.window_s) * 1_000_000,
        })
    }
}
