//! A person who answered talks with an agent within two seconds of the end of his greeting, or hears the safe-harbour
//! message; who had answered when the node died was abandoned.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use centre::owner::{Alarm, DialerInput};
use clock::{AttemptId, CallId, Instant};
use dialer::contract::{Fact, OnPerson};
use journal_core::{CallEvent, Entry, Owner, code};
use media_graph::{Event, LineEvent, LineHeard};

use super::Bench;
use super::book::{Book, Row};
use crate::scenario::SAFE_HARBOUR_PROMPT;
use crate::watch::{Seen, short};

/// People who wait.
#[derive(Debug, Default)]
pub(super) struct HarbourJudge {
    /// Until when something must have become of them.
    waiting: BTreeMap<CallId, Instant>,
    first: Option<Instant>,
    /// Attempts of people who had answered when the node died.
    owed: BTreeSet<AttemptId>,
    /// Calls that clients of the API ended, at once and without a word.
    hung_up: BTreeSet<CallId>,
}

impl HarbourJudge {
    pub(super) fn see(&mut self, seen: &Seen<'_>, book: &Book, bench: &mut Bench) {
        if self.first.is_some_and(|first| book.now > first) {
            self.late(book.now, bench);
        }
        match seen {
            Seen::ShardTold {
                input: call::Input::Media(Event::Line { leg, event: LineEvent::Verdict(verdict) }),
                ..
            } if !verdict.early && verdict.heard == LineHeard::Person => {
                let ago = verdict.greeting_ended_ago.unwrap_or_default();
                let attempt = book.of_leg.get(leg);
                let call = book.of_call.iter().find(|(_, of)| Some(*of) == attempt).map(|(call, _)| *call);
                call.into_iter().for_each(|call| self.answered(call, ago, true, book));
            }
            Seen::ShardTold { input: call::Input::HangUp { call, .. }, .. } => drop(self.hung_up.insert(*call)),
            Seen::Journaled { entry: Entry::Call(step), .. } => self.step(step.call, &step.event, book),
            Seen::Journaled { entry: Entry::Attempt(attempt), .. } => {
                let Some(outcome) = &attempt.outcome else { return };
                if self.owed.remove(&attempt.attempt) && outcome != "abandoned" {
                    let what = format!("{} had been answered by a person, and ended {outcome}", attempt.attempt);
                    bench.broken("C8 answered before the crash is abandoned", what);
                }
            }
            Seen::DialerTold { input: DialerInput::Attempt(report) } if report.fact == Fact::Abandoned => {
                self.abandoned(report.attempt, book, bench);
            }
            Seen::Alarmed { owner: Owner::Shard(_), alarm: Alarm::Broke { .. } } => self.forget(),
            Seen::Crashed => self.forget(),
            // By now it is known which entries the crash took.
            Seen::Started => {
                let open = book.attempts.iter().filter(|(_, row)| row.end().is_none() && is_left_person(row));
                self.owed = open.map(|(attempt, _)| *attempt).collect();
            }
            Seen::End => {
                for attempt in &self.owed {
                    let what = format!("{attempt} had been answered by a person, and has no end");
                    bench.broken("C8 answered before the crash is abandoned", what);
                }
            }
            _ => {}
        }
    }

    fn forget(&mut self) {
        self.waiting.clear();
        self.first = None;
    }

    fn step(&mut self, call: CallId, event: &CallEvent, book: &Book) {
        match event {
            CallEvent::PickedUp { .. } => self.answered(call, Duration::ZERO, false, book),
            CallEvent::OfferAnswered { .. } | CallEvent::MessagePlayed { .. } | CallEvent::Ended { .. } => {
                self.waiting.remove(&call);
                self.first = self.waiting.values().min().copied();
            }
            _ => {}
        }
    }

    /// A person is there, whose greeting ended so long ago.
    fn answered(&mut self, call: CallId, ago: Duration, detected: bool, book: &Book) {
        let Some((_, row)) = book.row_of_call(call) else { return };
        let Some((dial, ..)) = &row.ordered else { return };
        let is_over = row.steps.iter().any(|step| {
            use CallEvent::{Ended, MessagePlayed, OfferAnswered};
            matches!(step, OfferAnswered { .. } | MessagePlayed { .. } | Ended { .. })
        });
        let heard_before = row.steps.iter().any(|step| matches!(step, CallEvent::LineHeard { early: false, .. }));
        let serves = matches!(dial.on_person, OnPerson::Queue(_)) && dial.agent.is_none();
        if serves && dial.detect == detected && !is_over && !heard_before {
            let limit = Duration::from_millis(dial.connect_limit_ms.into());
            self.waiting.insert(call, book.now + limit.saturating_sub(ago) + TOLERANCE);
            self.first = self.waiting.values().min().copied();
        }
    }

    fn late(&mut self, now: Instant, bench: &mut Bench) {
        let late: Vec<CallId> = self.waiting.iter().filter(|(_, until)| **until < now).map(|(call, _)| *call).collect();
        for call in late {
            self.waiting.remove(&call);
            bench.broken("C8 an agent or the safe harbour in 2 s", format!("nobody came to {}", short(call)));
        }
        self.first = self.waiting.values().min().copied();
    }

    /// He is told why nobody is there, unless he is gone or the campaign has nothing to say.
    fn abandoned(&self, attempt: AttemptId, book: &Book, bench: &mut Bench) {
        let Some(row) = book.attempts.get(&attempt) else { return };
        let has_message = row.ordered.as_ref().is_some_and(|(dial, ..)| dial.abandon_message.is_some());
        let was_told = row.steps.iter().any(|step| match step {
            CallEvent::MessagePlayed { prompt } => prompt == SAFE_HARBOUR_PROMPT,
            // Not because he had waited for long enough.
            CallEvent::Ended { cause, .. } => ![code::WAIT_OVER, code::ABANDONED].contains(&&*cause.code),
            _ => false,
        });
        let call = book.of_call.iter().find(|(_, of)| **of == attempt).map(|(call, _)| *call);
        let is_hung_up = call.is_some_and(|call| self.hung_up.contains(&call));
        if has_message && !was_told && !is_hung_up {
            bench.broken("C8 an agent or the safe harbour in 2 s", format!("{attempt} is abandoned without a word"));
        }
    }
}

/// By what the disk has: somebody answered, no machine is known to be there, no agent came and no message was played.
fn is_left_person(row: &Row) -> bool {
    let any = |is: fn(&CallEvent) -> bool| row.steps.iter().any(is);
    any(|step| matches!(step, CallEvent::PickedUp { .. }))
        && !any(|step| matches!(step, CallEvent::OfferAnswered { .. } | CallEvent::Answered { .. }))
        && !any(|step| matches!(step, CallEvent::Ended { .. }))
        && !any(|step| matches!(step, CallEvent::LineHeard { early: false, heard, .. } if heard != "person"))
}

/// The distributor may be so late, and clocks drift.
const TOLERANCE: Duration = Duration::from_millis(100);
