//! Campaigns' calls on the wire: each INVITE to a lead is of an attempt that left the dialer, no ring is cut short, and
//! who answered by the carrier's book answered by ours.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use clock::{CallId, Instant, LegId};
use journal_core::{CallEvent, Entry, Who, code};

use super::Bench;
use super::book::Book;
use crate::check::glance::Glance;
use crate::node::{NODE_ADDR, is_number_of_lead};
use crate::watch::{Seen, short};

/// Calls to leads, by their Call-IDs.
#[derive(Debug, Default)]
pub(super) struct WireJudge {
    calls: BTreeMap<String, Called>,
    of_leg: BTreeMap<LegId, String>,
    /// Calls that clients of the API ended.
    hung_up: BTreeSet<CallId>,
    /// Calls that were ended after so short a ring, and when, until it is said why; true: the phone was heard to ring.
    cut: BTreeMap<CallId, (Duration, Instant, bool)>,
    /// Campaigns' calls that are over: when, and why.
    ended: BTreeMap<CallId, (Instant, String)>,
}

/// A call to a lead.
#[derive(Debug)]
struct Called {
    invited: Instant,
    /// When the node heard that it rings.
    rang: Option<Instant>,
    /// The node ended it before an answer.
    canceled: bool,
    /// The carrier sent its 200, and the node has it.
    answered: bool,
    heard: Option<Instant>,
    /// The target was silent for too long, and the next one was called: it says nothing any more.
    left: bool,
}

impl WireJudge {
    pub(super) fn see(&mut self, seen: &Seen<'_>, book: &Book, bench: &mut Bench) {
        match seen {
            Seen::Sent { from, bytes, .. } if *from == NODE_ADDR => {
                if bytes.starts_with(b"INVITE ") {
                    self.invited(bytes, book, bench);
                } else if bytes.starts_with(b"CANCEL ") {
                    self.canceled(bytes, book, bench);
                }
            }
            Seen::Sent { bytes, .. } if bytes.starts_with(b"SIP/2.0 200") => {
                self.response(bytes, |called, _| called.answered = true);
            }
            Seen::Arrived { bytes } if bytes.starts_with(b"SIP/2.0 1") || bytes.starts_with(b"SIP/2.0 2") => {
                let now = book.now;
                self.response(bytes, |called, status| match status {
                    101..200 => drop(called.rang.get_or_insert(now)),
                    200 => drop(called.heard.get_or_insert(now)),
                    _ => {}
                });
            }
            Seen::ShardTold { input: call::Input::HangUp { call, .. }, .. } => drop(self.hung_up.insert(*call)),
            Seen::Journaled { entry: Entry::Call(step), .. } => {
                // An agent who waits for this very call may hang up.
                if let CallEvent::Ended { cause, .. } = &step.event
                    && cause.who == Who::Agent
                {
                    self.hung_up.insert(step.call);
                }
                self.noted(&step.event);
                if let CallEvent::Ended { cause, .. } = &step.event {
                    if book.of_call.contains_key(&step.call) {
                        self.ended.insert(step.call, (book.now, cause.code.clone()));
                    }
                    self.cut_short(step.call, &cause.code, book.now, bench);
                }
            }
            Seen::Crashed => self.cut.clear(),
            Seen::End => self.compare(book, bench),
            _ => {}
        }
    }

    fn noted(&mut self, event: &CallEvent) {
        match event {
            CallEvent::LegStarted { leg, sip_call_id, .. } => drop(self.of_leg.insert(*leg, sip_call_id.clone())),
            CallEvent::TargetFailed { leg, .. } => {
                let called = self.of_leg.get(leg).and_then(|call_id| self.calls.get_mut(call_id));
                called.into_iter().for_each(|called| called.left = true);
            }
            _ => {}
        }
    }

    fn invited(&mut self, bytes: &[u8], book: &Book, bench: &mut Bench) {
        let Some(number) = called_number(bytes).filter(|number| is_number_of_lead(number)) else { return };
        let Some(invite) = Glance::at(bytes).filter(|invite| !invite.in_dialog) else { return };
        if self.calls.contains_key(invite.call_id) {
            return;
        }
        let row = book.of_sip_call_id.get(invite.call_id).and_then(|attempt| book.attempts.get(attempt));
        let call = book.of_call.iter().find(|(_, of)| book.of_sip_call_id.get(invite.call_id) == Some(*of));
        let is_hung_up = call.is_some_and(|(call, _)| self.hung_up.contains(call));
        let ended = call.and_then(|(call, _)| self.ended.get(call));
        let is_shut_down =
            ended.is_some_and(|(at, cause)| cause == "shutdown" && book.now.since(*at) <= WAITS_FOR_DISK_MAX);
        match row.map(|row| (row.ordered.as_ref(), row.end())) {
            Some((Some((dial, ..)), None)) if dial.number == number => {}
            // Somebody hung up while it waited for the disk: it leaves, and the CANCEL after it.
            Some((Some((dial, at, _)), Some(_)))
                if dial.number == number && is_hung_up && book.now.since(*at) <= WAITS_FOR_DISK_MAX => {}
            // So when the node stopped in that moment, be it the second target's.
            Some((Some((dial, ..)), Some(_))) if dial.number == number && is_shut_down => {}
            known => {
                let what = format!("INVITE {} to {number}: {known:?}", invite.call_id);
                bench.broken("C1 no dial outside the gate", what);
            }
        }
        let called =
            Called { invited: book.now, rang: None, canceled: false, answered: false, heard: None, left: false };
        self.calls.insert(invite.call_id.to_owned(), called);
    }

    /// CANCEL within the minimum ring: why is said in the same moment, or was said before the CANCEL could leave.
    fn canceled(&mut self, bytes: &[u8], book: &Book, bench: &mut Bench) {
        let Some(cancel) = Glance::at(bytes) else { return };
        let Some(called) = self.calls.get_mut(cancel.call_id) else { return };
        if core::mem::replace(&mut called.canceled, true) {
            return;
        }
        let attempt = book.of_sip_call_id.get(cancel.call_id);
        let call = book.of_call.iter().find(|(_, of)| Some(*of) == attempt).map(|(call, _)| *call);
        let Some((call, (_, row))) = call.and_then(|call| Some((call, book.row_of_call(call)?))) else { return };
        let ended = self.ended.get(&call).cloned();
        let until = ended.as_ref().map_or(book.now, |(at, _)| *at);
        let rang = called.rang.filter(|rang| *rang <= until);
        let rung = until.since(rang.unwrap_or(called.invited));
        let over_early = row.steps.iter().any(|step| matches!(step, CallEvent::LineHeard { early: true, .. }));
        if over_early || rung + TOLERANCE >= RING_MIN {
            return;
        }
        self.cut.insert(call, (rung, until, rang.is_some()));
        if let Some((at, cause)) = ended {
            self.cut_short(call, &cause, at, bench);
        }
    }

    /// Restarts, shutdowns, people who end calls, and what the network says by sound may cut a ring; nothing else.
    fn cut_short(&mut self, call: CallId, cause: &str, now: Instant, bench: &mut Bench) {
        let Some((rung, at, rang)) = self.cut.remove(&call) else { return };
        // A trunk's target that is silent is left for the next one, and the call goes on; or there is none.
        if now.since(at) > SAID_WITHIN || (!rang && cause != "canceled") {
            return;
        }
        let may = [code::NODE_RESTART, code::SHARD_RESTART, "shutdown", "busy", "upstream", "unknown_number"];
        if !may.contains(&cause) && !self.hung_up.contains(&call) {
            bench.broken("C7 it rings for 15 s", format!("{} was cut after {rung:?}: {cause}", short(call)));
        }
    }

    fn response(&mut self, bytes: &[u8], note: impl FnOnce(&mut Called, u16)) {
        let Some(response) = Glance::at(bytes).filter(|response| response.method == "INVITE") else { return };
        if let Some((called, status)) = self.calls.get_mut(response.call_id).zip(response.status) {
            note(called, status);
        }
    }

    /// The carrier's book and ours.
    fn compare(&self, book: &Book, bench: &mut Bench) {
        for (attempt, row) in &book.attempts {
            let Some(end) = row.end() else { continue };
            let of_it = book.of_sip_call_id.iter().filter(|(_, of)| *of == attempt);
            let calls: Vec<&Called> = of_it.filter_map(|(call_id, _)| self.calls.get(call_id)).collect();
            if end.times.answered_at.is_some() && !calls.iter().any(|called| called.answered) {
                bench.broken("C5 answers are the carrier's", format!("{attempt} was answered by nobody"));
            }
            let heard = calls.iter().find(|called| called.heard.is_some() && !called.canceled && !called.left);
            let (class, ..) = end.ending.clone().unwrap_or_default();
            let is_cut = class == "restart" || class == "failed" || class == "not_dialed";
            if let Some(called) = heard.filter(|_| end.times.answered_at.is_none() && !is_cut) {
                let what = format!("{attempt} was answered at {:?}, and ended as {:?}", called.heard, end.ending);
                bench.broken("C5 answers are the carrier's", what);
            }
        }
    }
}

fn called_number(invite: &[u8]) -> Option<&str> {
    let line = core::str::from_utf8(invite.split(|byte| *byte == b'\r').next()?).ok()?;
    line.strip_prefix("INVITE sip:")?.split('@').next()
}

/// 16 CFR 310.4(b)(4)(ii).
const RING_MIN: Duration = Duration::from_secs(15);
/// Clocks of nodes drift.
const TOLERANCE: Duration = Duration::from_millis(50);
/// Ports that open late, a sync, and a disk of which nobody has noticed yet that it fails.
const WAITS_FOR_DISK_MAX: Duration = Duration::from_secs(7);
/// Why a call was ended is said with its end.
const SAID_WITHIN: Duration = Duration::from_millis(10);
