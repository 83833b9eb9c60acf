//! The call record: the fold of a call's entries.
//!
//! Everything REST, reports and the restart say of a call is read from here,
//! so that they cannot disagree.

use clock::{AgentId, CallId, LegId, OfferId, QueueId, TrunkId, WallTime};
use serde::{Deserialize, Serialize};

use crate::outcome::{self, Reached, Stage, Verdict, WorkStatus};
use crate::{
    CallEntry, CallEvent, CallStatus, Cause, Direction, LegKind, Outcome, QueueLeft, RecordingState, Steering, code,
};

/// What is known of one call (DESIGN section 10).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// The call.
    pub id: CallId,
    /// Number of the last entry that was taken.
    pub last_seq: u32,
    /// Call-ID headers of all legs in order of creation; at most [`MAX_SIP_CALL_IDS`].
    pub sip_call_ids: Vec<String>,
    /// In which direction.
    pub direction: Direction,
    /// Between own parties only: in no KPI.
    pub internal: bool,
    /// The call this one is a consultation of.
    pub parent: Option<CallId>,
    /// Status by the table of [`outcome`].
    pub status: CallStatus,
    /// Outcome by the same table.
    pub outcome: Outcome,
    /// Who calls.
    pub from: String,
    /// Who is called.
    pub to: String,
    /// The queue entered last.
    pub queue: Option<QueueId>,
    /// The agent who talked last; the agent who dials until someone else talked.
    pub agent: Option<AgentId>,
    /// The trunk of an inbound call.
    pub trunk: Option<TrunkId>,
    /// First entry.
    pub started_at: WallTime,
    /// First queue entered.
    pub queued_at: Option<WallTime>,
    /// First ringing of an agent or the callee.
    pub ringing_at: Option<WallTime>,
    /// First answer of a person, or of the service called.
    pub answered_at: Option<WallTime>,
    /// Last party gone.
    pub ended_at: Option<WallTime>,
    /// From `queued_at` to the answer that followed, or to the end; ringing included.
    pub queue_wait_ms: Option<u64>,
    /// From `answered_at` to `ended_at`, hold included; 0 where nobody answered. `None` while the call is up.
    pub talk_ms: Option<u64>,
    /// Why it ended.
    pub cause: Option<Cause>,
    /// A party holds the other.
    pub held: bool,
    /// Its recording.
    pub recording: Option<Box<Recording>>,
    /// The voicemail that the caller left.
    pub voicemail: Option<Box<Voicemail>>,
    progress: Progress,
}

/// The recording of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// How far it is.
    pub state: RecordingState,
    /// Path relative to the data folder, without suffix.
    pub path: String,
    /// Length, ms; 0 until it is ready.
    pub duration_ms: u64,
    /// SHA-256 of the WAV; zeros until it is ready.
    pub sha256: [u8; 32],
}

/// A voicemail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voicemail {
    /// The box: a queue.
    pub queue: QueueId,
    /// Number of its entry in the call.
    pub seq: u32,
    /// Path relative to the data folder, without suffix.
    pub path: String,
    /// Length, ms.
    pub duration_ms: u64,
    /// When it was complete.
    pub received_at: WallTime,
}

/// A caller's place in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The queue.
    pub queue: QueueId,
    /// The time that decides the place.
    pub arrived: WallTime,
    /// The priority that a supervisor gave the call: that of its number comes with it when the caller rings again.
    pub ordered: Option<i32>,
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It counts.
    Taken,
    /// Taken before: ignored.
    Duplicate,
    /// Entries before it are missing: ignored. [`CallRecord::apply_past_gap`] takes it all the same.
    Gap {
        /// Number that should have come.
        expected: u32,
    },
    /// It contradicts what came before (another call, a second start or end): ignored.
    Contradiction,
}

impl CallRecord {
    /// The record of a call from its first entry; `None` when that is no `Started`.
    #[must_use]
    pub fn start(first: &CallEntry) -> Option<Self> {
        let CallEvent::Started { direction, internal, from, to, parent, trunk, agent } = &first.event else {
            return None;
        };
        let Verdict { status, outcome, .. } = outcome::live(*direction, Stage::Queued);
        Some(Self {
            id: first.call,
            last_seq: first.seq,
            sip_call_ids: Vec::with_capacity(USUAL_LEGS),
            direction: *direction,
            internal: *internal,
            parent: *parent,
            status,
            outcome,
            from: from.clone(),
            to: to.clone(),
            queue: None,
            agent: *agent,
            trunk: *trunk,
            started_at: first.at,
            queued_at: None,
            ringing_at: None,
            answered_at: None,
            ended_at: None,
            queue_wait_ms: None,
            talk_ms: None,
            cause: None,
            held: false,
            recording: None,
            voicemail: None,
            progress: Progress::default(),
        })
    }

    /// Takes the next entry of this call.
    pub fn apply(&mut self, entry: &CallEntry) -> Step {
        let expected = self.next_seq();
        if entry.call == self.id && entry.seq > expected {
            return Step::Gap { expected };
        }
        self.apply_past_gap(entry)
    }

    /// Takes an entry though some before it may be missing (unreadable, or lost with a disk).
    pub fn apply_past_gap(&mut self, entry: &CallEntry) -> Step {
        if entry.call != self.id || matches!(entry.event, CallEvent::Started { .. }) && entry.seq > self.last_seq {
            return Step::Contradiction;
        }
        if entry.seq <= self.last_seq {
            return Step::Duplicate;
        }
        if self.ended_at.is_some() && matches!(entry.event, CallEvent::Ended { .. }) {
            return Step::Contradiction;
        }
        self.last_seq = entry.seq;
        self.take_artefact(entry);
        if self.ended_at.is_none() {
            self.take_step(entry.at, &entry.event);
        }
        Step::Taken
    }

    /// Number of the entry that comes next.
    #[must_use]
    pub const fn next_seq(&self) -> u32 {
        self.last_seq.saturating_add(1)
    }

    /// True once the call ended.
    #[must_use]
    pub const fn is_ended(&self) -> bool {
        self.ended_at.is_some()
    }

    /// True once the call ended and its recording is finished: nothing more is expected.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.is_ended() && self.recording.as_ref().is_none_or(|r| r.state != RecordingState::Recording)
    }

    /// A customer whom nobody served: see [`outcome::is_lost`].
    #[must_use]
    pub fn is_lost(&self) -> bool {
        outcome::is_lost(self.status, self.direction, self.internal, self.cause.as_ref())
    }

    /// Its status as a piece of work: the third vocabulary of [`outcome`].
    #[must_use]
    pub const fn work(&self) -> WorkStatus {
        match self.status {
            CallStatus::Failed => WorkStatus::Failed,
            CallStatus::Completed | CallStatus::Canceled | CallStatus::NoAnswer => WorkStatus::Ended,
            CallStatus::Answered if self.progress.transferring => WorkStatus::Transferring,
            CallStatus::Answered => WorkStatus::Assigned,
            CallStatus::Queued if matches!(self.direction, Direction::Inbound) => WorkStatus::Waiting,
            CallStatus::Queued | CallStatus::Ringing => WorkStatus::Assigning,
        }
    }

    /// True once this call is known as an attempt of a callback.
    #[must_use]
    pub const fn is_callback(&self) -> bool {
        self.progress.is_callback
    }

    /// Whose it is: the agent who talked last or dials, else the one it was offered to last.
    #[must_use]
    pub fn assigned(&self) -> Option<AgentId> {
        self.agent.or(self.progress.offered_to)
    }

    /// The place that the caller holds, or held when we ended his waiting.
    #[must_use]
    pub const fn place(&self) -> Option<Place> {
        self.progress.place
    }

    /// The box that the call came to, while no message is known: a restart looks for one.
    #[must_use]
    pub fn awaited_message(&self) -> Option<QueueId> {
        self.progress.voicemail_box.filter(|_| self.voicemail.is_none())
    }

    /// How far the call came.
    #[must_use]
    pub fn reached(&self) -> Reached {
        let progress = &self.progress;
        let service = progress.service_answered && progress.voicemail_box.is_none() && self.voicemail.is_none();
        Reached {
            conversation: progress.person_answered || service,
            voicemail: self.voicemail.as_ref().is_some_and(|v| v.duration_ms >= outcome::SHORTEST_VOICEMAIL_MS),
            machine: progress.machine,
        }
    }

    /// Whether a person answered: no announcement, no voicemail and no tone.
    #[must_use]
    pub const fn person_answered(&self) -> bool {
        self.progress.person_answered
    }

    /// Status and outcome if the call ended now for `cause`: what its `Ended` entry must say.
    #[must_use]
    pub fn conclude(&self, cause: &Cause) -> Verdict {
        outcome::concluded(self.reached(), cause)
    }

    /// What may still come after the end.
    fn take_artefact(&mut self, entry: &CallEntry) {
        match &entry.event {
            CallEvent::RecordingStarted { path } => {
                let state = RecordingState::Recording;
                let recording = Recording { state, path: path.clone(), duration_ms: 0, sha256: [0; 32] };
                self.recording = Some(Box::new(recording));
            }
            CallEvent::RecordingEnded { state, duration_ms, sha256 } => {
                if let Some(recording) = &mut self.recording {
                    (recording.state, recording.duration_ms, recording.sha256) = (*state, *duration_ms, *sha256);
                }
            }
            CallEvent::VoicemailLeft { queue, path, duration_ms } => {
                self.voicemail = Some(Box::new(Voicemail {
                    queue: *queue,
                    seq: entry.seq,
                    path: path.clone(),
                    duration_ms: *duration_ms,
                    received_at: entry.at,
                }));
            }
            _ => {}
        }
    }

    fn take_step(&mut self, at: WallTime, event: &CallEvent) {
        match event {
            CallEvent::LegStarted { leg, kind, sip_call_id, .. } => self.leg_started(*leg, *kind, sip_call_id),
            CallEvent::Ringing { .. } => self.ringing(at),
            CallEvent::OfferRinging { offer, agent, .. } => {
                self.progress.offer = Some(*offer);
                self.progress.offered_to = Some(*agent);
                self.ringing(at);
            }
            CallEvent::OfferMissed { offer, .. }
            | CallEvent::OfferRefused { offer, .. }
            | CallEvent::OfferWithdrawn { offer, .. } => self.offer_over(*offer),
            CallEvent::QueueEntered { queue, arrived, .. } => self.queue_entered(at, *queue, *arrived),
            CallEvent::QueueSteered { steering: Steering::Prioritised { priority }, .. } => self.ordered(*priority),
            CallEvent::QueueLeft { how, .. } => self.queue_left(*how),
            CallEvent::Answered { leg, agent } => self.answered(at, *leg, *agent),
            CallEvent::VoicemailStarted { queue } => self.progress.voicemail_box = Some(*queue),
            CallEvent::Held { .. } => self.held = true,
            CallEvent::Resumed { .. } => self.held = false,
            CallEvent::TransferStarted { .. } => self.transferring(true),
            CallEvent::TransferFailed { .. } => self.transferring(false),
            CallEvent::Transferred { agent, .. } => {
                self.agent = agent.or(self.agent);
                self.held = false;
                self.transferring(false);
            }
            CallEvent::CallbackDialing { agent, .. } => {
                self.agent = agent.or(self.agent);
                self.progress.is_callback = true;
            }
            CallEvent::LineHeard { heard, early: false, .. } => self.progress.machine = heard == MACHINE,
            CallEvent::LineHeard { .. } => {}
            CallEvent::Ended { status, outcome, cause } => self.ended(at, *status, *outcome, cause),
            CallEvent::Started { .. }
            | CallEvent::OfferAnswered { .. }
            | CallEvent::OfferTooLate { .. }
            | CallEvent::Digit { .. }
            | CallEvent::VoicemailLeft { .. }
            | CallEvent::RecordingStarted { .. }
            | CallEvent::RecordingEnded { .. }
            | CallEvent::TargetFailed { .. }
            | CallEvent::QueueSteered { .. }
            | CallEvent::MenuEntered { .. }
            | CallEvent::MenuMissed { .. }
            | CallEvent::MenuLeft { .. }
            | CallEvent::HoursChecked { .. }
            | CallEvent::Overflowed { .. }
            | CallEvent::Announced { .. }
            | CallEvent::MessagePlayed { .. }
            | CallEvent::CallbackRequested { .. }
            | CallEvent::CallbackRejected { .. }
            | CallEvent::DialDenied { .. }
            | CallEvent::LegDevice { .. }
            | CallEvent::Routed(_)
            | CallEvent::AttemptStarted { .. }
            | CallEvent::PickedUp { .. }
            | CallEvent::LegEnded { .. } => {}
        }
    }

    fn leg_started(&mut self, leg: LegId, kind: LegKind, sip_call_id: &str) {
        if kind == LegKind::Caller {
            self.progress.caller_leg = Some(leg);
        }
        let known = self.sip_call_ids.iter().any(|id| id == sip_call_id);
        if !known && self.sip_call_ids.len() < MAX_SIP_CALL_IDS {
            self.sip_call_ids.push(sip_call_id.to_owned());
        }
    }

    fn ringing(&mut self, at: WallTime) {
        self.ringing_at.get_or_insert(at);
        self.stage(Stage::Ringing);
    }

    /// The caller is back in the queue (RONA), unless another offer rings meanwhile.
    fn offer_over(&mut self, offer: OfferId) {
        if self.progress.offer == Some(offer) {
            self.progress.offer = None;
            self.stage(Stage::Queued);
        }
    }

    fn queue_entered(&mut self, at: WallTime, queue: QueueId, arrived: WallTime) {
        self.queue = Some(queue);
        self.queued_at.get_or_insert(at);
        self.progress.place = Some(Place { queue, arrived, ordered: self.progress.ordered });
        self.stage(Stage::Queued);
    }

    /// A supervisor gives the call another priority; it comes with a kept place too.
    pub(crate) fn ordered(&mut self, priority: i32) {
        self.progress.ordered = Some(priority);
        if let Some(place) = &mut self.progress.place {
            place.ordered = Some(priority);
        }
    }

    /// Who is put out by us (a restart) may come back to his place.
    fn queue_left(&mut self, how: QueueLeft) {
        if how != QueueLeft::Ended {
            self.progress.place = None;
        }
    }

    fn answered(&mut self, at: WallTime, leg: LegId, agent: Option<AgentId>) {
        let service = self.progress.caller_leg == Some(leg);
        self.progress.service_answered |= service;
        self.progress.person_answered |= !service;
        // Whom an agent talks with is no machine, whatever was heard.
        self.progress.machine &= agent.is_none();
        self.progress.offer = None;
        self.progress.place = None;
        self.agent = agent.or(self.agent);
        self.answered_at.get_or_insert(at);
        self.waited_until(at);
        self.stage(Stage::Answered);
    }

    /// Before the answer only the first ringing shows; after it the call stays answered.
    fn stage(&mut self, stage: Stage) {
        let shown = match stage {
            Stage::Queued | Stage::Ringing if self.answered_at.is_some() => Stage::Answered,
            other => other,
        };
        let Verdict { status, outcome, .. } = outcome::live(self.direction, shown);
        (self.status, self.outcome) = (status, outcome);
    }

    fn transferring(&mut self, under_way: bool) {
        self.progress.transferring = under_way;
        if self.answered_at.is_some() {
            self.stage(if under_way { Stage::Transferring } else { Stage::Answered });
        }
    }

    fn waited_until(&mut self, at: WallTime) {
        if let (Some(since), None) = (self.queued_at, self.queue_wait_ms) {
            self.queue_wait_ms = Some(at.millis_since(since));
        }
    }

    fn ended(&mut self, at: WallTime, status: CallStatus, outcome: Outcome, cause: &Cause) {
        (self.status, self.outcome) = (status, outcome);
        self.ended_at = Some(at);
        self.held = false;
        self.waited_until(at);
        self.talk_ms = Some(self.answered_at.map_or(0, |since| at.millis_since(since)));
        self.cause = Some(cause.clone());
        if !code::is_restart(&cause.code) {
            self.progress.place = None;
        }
    }
}

/// What the fold needs on its way and nobody asks for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Progress {
    caller_leg: Option<LegId>,
    offer: Option<OfferId>,
    offered_to: Option<AgentId>,
    is_callback: bool,
    person_answered: bool,
    service_answered: bool,
    voicemail_box: Option<QueueId>,
    transferring: bool,
    place: Option<Place>,
    ordered: Option<i32>,
    machine: bool,
}

/// Word of an answering machine in `line.heard`.
const MACHINE: &str = "machine";
/// Caller and called.
const USUAL_LEGS: usize = 2;
/// Many transfers and offers in one call; further legs are in its events.
pub const MAX_SIP_CALL_IDS: usize = 64;

#[cfg(test)]
mod tests;
