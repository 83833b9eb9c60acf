//! What a run came by: a simulator that never meets a case says nothing about it.

use std::collections::BTreeMap;

use acd::OfferOutcome;
use centre::owner::Alarm;
use journal_core::{CallEvent, Entry, Owner};

use crate::watch::Seen;

/// How often each case was met, by its stable word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks(BTreeMap<String, u64>);

impl Marks {
    /// How often this case was met.
    #[must_use]
    pub fn count(&self, word: &str) -> u64 {
        self.0.get(word).copied().unwrap_or(0)
    }

    /// All cases that were met.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(word, count)| (word.as_str(), *count))
    }

    /// Adds those of another run.
    pub fn add(&mut self, other: &Self) {
        for (word, count) in &other.0 {
            *self.0.entry(word.clone()).or_default() += count;
        }
    }

    pub(crate) fn see(&mut self, seen: &Seen<'_>) {
        match seen {
            Seen::Journaled { entry: Entry::Call(step), .. } => match &step.event {
                CallEvent::Ended { cause, status, .. } => {
                    self.mark(&format!("ended.{}", cause.code));
                    self.mark(&format!("status.{status:?}"));
                }
                CallEvent::QueueLeft { how, .. } => self.mark(&format!("queue.left.{how:?}")),
                CallEvent::OfferWithdrawn { why, .. } => self.mark(&format!("offer.withdrawn.{why}")),
                CallEvent::MenuLeft { keys, to, .. } => {
                    let kind = to.split_once(':').map_or(to.as_str(), |(kind, _)| kind);
                    self.mark(&format!("menu.left.{}.{kind}", if keys.is_empty() { "default" } else { "key" }));
                }
                CallEvent::MenuMissed { keys, .. } => {
                    self.mark(if keys.is_empty() { "menu.missed.nothing" } else { "menu.missed.wrong" });
                }
                other => self.mark(name(other)),
            },
            Seen::Journaled { entry: Entry::AgentStatus { reason: Some(reason), .. }, .. } => {
                self.mark(&format!("agent.paused.{reason}"));
            }
            Seen::Journaled { entry: Entry::Callback(callback), .. } => {
                self.mark(&format!("callback.{}", callback.state.word()));
            }
            Seen::AcdTold { input: acd::Input::RestoreCallback(_), .. } => self.mark("callback.restored"),
            Seen::Journaled { entry: Entry::DoNotCall { .. }, .. } => self.mark("do_not_call.changed"),
            Seen::Journaled { entry: Entry::Attempt(attempt), .. } => {
                if let Some(outcome) = &attempt.outcome {
                    self.mark(&format!("attempt.{outcome}"));
                }
            }
            Seen::Journaled { entry: Entry::Campaign(campaign), .. } => {
                self.mark(&format!("campaign.{}", campaign.status));
            }
            Seen::Journaled { entry: Entry::DialDecision(judged), .. } => {
                if let Some(denial) = &judged.denial {
                    self.mark(&format!("gate.{}", denial.rule));
                }
            }
            Seen::Journaled { entry: Entry::PlaceKept { .. }, .. } => self.mark("place.kept"),
            Seen::Journaled { entry: Entry::BindingSet(_), .. } => self.mark("binding.set"),
            Seen::Journaled { entry: Entry::BindingRemoved { .. }, .. } => self.mark("binding.removed"),
            Seen::AcdTold { input: acd::Input::OfferEnded { outcome, .. }, .. } => self.mark(outcome_word(*outcome)),
            Seen::AcdTold { input: acd::Input::RestorePlace { .. }, .. } => self.mark("place.restored"),
            Seen::AcdSaid { effect: acd::Effect::ClaimRefused { .. } } => self.mark("claim.refused"),
            Seen::ShardTold { input: call::Input::Restore(calls), .. } if !calls.is_empty() => {
                self.mark("restart.with_calls");
            }
            Seen::ShardTold { input: call::Input::Media(media_graph::Event::Silent { .. }), .. } => {
                self.mark("media.silent");
            }
            Seen::Alarmed { owner, alarm: Alarm::Broke { .. } } => self.mark(match owner {
                Owner::Shard(_) => "broke.shard",
                Owner::Acd => "broke.acd",
                Owner::Dialer => "broke.dialer",
                _ => "broke.location",
            }),
            Seen::JournalFailing { failing: true } => self.mark("journal.failing"),
            Seen::Forgot => self.mark("agent.forgot"),
            Seen::Stormed => self.mark("carrier.storm"),
            Seen::OfferedLate => self.mark("offer.late"),
            Seen::PressedByInfo => self.mark("key.by_info"),
            Seen::Refused { .. } => self.mark("journal.refused"),
            Seen::Stopped { .. } => self.mark("node.stopped"),
            Seen::EntryLost { .. } => self.mark("entry.lost"),
            _ => {}
        }
    }

    /// Something was refused or dropped inside the node.
    pub(crate) fn dropped(&mut self, reason: &str, times: u64) {
        *self.0.entry(format!("dropped.{reason}")).or_default() += times;
    }

    fn mark(&mut self, word: &str) {
        match self.0.get_mut(word) {
            Some(count) => *count += 1,
            None => drop(self.0.insert(word.to_owned(), 1)),
        }
    }
}

const fn name(event: &CallEvent) -> &'static str {
    match event {
        CallEvent::Started { .. } => "call.started",
        CallEvent::LegStarted { .. } => "leg.started",
        CallEvent::Ringing { .. } => "call.ringing",
        CallEvent::QueueEntered { .. } => "queue.entered",
        CallEvent::OfferRinging { .. } => "offer.ringing",
        CallEvent::OfferAnswered { .. } => "offer.answered",
        CallEvent::OfferMissed { .. } => "offer.missed",
        CallEvent::OfferRefused { .. } => "offer.refused",
        CallEvent::OfferWithdrawn { .. } => "offer.withdrawn",
        CallEvent::OfferTooLate { .. } => "offer.too_late",
        CallEvent::Answered { .. } => "call.answered",
        CallEvent::Held { .. } => "call.held",
        CallEvent::Resumed { .. } => "call.resumed",
        CallEvent::TransferStarted { .. } => "call.transfer_started",
        CallEvent::TransferFailed { .. } => "call.transfer_failed",
        CallEvent::Transferred { .. } => "call.transferred",
        CallEvent::QueueLeft { .. } => "queue.left",
        CallEvent::Digit { .. } => "call.digit",
        CallEvent::VoicemailLeft { .. } => "voicemail.left",
        CallEvent::RecordingStarted { .. } => "recording.started",
        CallEvent::RecordingEnded { .. } => "recording.ended",
        CallEvent::LegEnded { .. } => "leg.ended",
        CallEvent::Ended { .. } => "call.ended",
        CallEvent::VoicemailStarted { .. } => "voicemail.started",
        CallEvent::TargetFailed { .. } => "trunk.target_failed",
        CallEvent::MenuEntered { .. } => "menu.entered",
        CallEvent::MenuMissed { .. } => "menu.missed",
        CallEvent::MenuLeft { .. } => "menu.left",
        CallEvent::HoursChecked { .. } => "hours.checked",
        CallEvent::Overflowed { .. } => "queue.overflowed",
        CallEvent::Announced { .. } => "queue.announced",
        CallEvent::QueueSteered { .. } => "queue.steered",
        CallEvent::MessagePlayed { .. } => "message.played",
        CallEvent::CallbackRequested { .. } => "callback.requested",
        CallEvent::CallbackRejected { .. } => "callback.rejected",
        CallEvent::CallbackDialing { .. } => "callback.dialing",
        CallEvent::DialDenied { .. } => "dial.denied",
        CallEvent::LegDevice { .. } => "leg.device",
        CallEvent::Routed(_) => "routing.decided",
        CallEvent::AttemptStarted { .. } => "attempt.started",
        CallEvent::PickedUp { .. } => "call.picked_up",
        CallEvent::LineHeard { .. } => "line.heard",
    }
}

const fn outcome_word(outcome: OfferOutcome) -> &'static str {
    match outcome {
        OfferOutcome::NoAnswer => "acd.offer.no_answer",
        OfferOutcome::Refused => "acd.offer.refused",
        OfferOutcome::Unreachable => "acd.offer.unreachable",
        OfferOutcome::CallerGone => "acd.offer.caller_gone",
        OfferOutcome::Withdrawn => "acd.offer.withdrawn",
    }
}
