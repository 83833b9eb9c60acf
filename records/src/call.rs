//! A call as REST shows it (DESIGN section 10): ids are names, nothing is left to resolve.

use clock::{CallId, WallTime};
use journal_core::outcome::WorkStatus;
use journal_core::{CallRecord, CallStatus, Cause, Direction, Outcome, RecordingState};

use crate::{LostState, Naming};

/// A call, live or stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Its id.
    pub id: CallId,
    /// The account it belongs to.
    pub account: String,
    /// Call-ID headers of all legs in order of creation.
    pub sip_call_ids: Vec<String>,
    /// In which direction.
    pub direction: Direction,
    /// Between own parties only.
    pub internal: bool,
    /// The call it is a consultation of.
    pub parent_call_id: Option<CallId>,
    /// Status.
    pub status: CallStatus,
    /// Outcome.
    pub outcome: Outcome,
    /// Who calls.
    pub from: String,
    /// Who is called.
    pub to: String,
    /// Name of the queue entered last.
    pub queue: Option<String>,
    /// Extension of the agent who talked last.
    pub agent: Option<String>,
    /// Name of the trunk of an inbound call.
    pub trunk: Option<String>,
    /// Start.
    pub started_at: WallTime,
    /// First queue entered.
    pub queued_at: Option<WallTime>,
    /// First ringing.
    pub ringing_at: Option<WallTime>,
    /// First answer.
    pub answered_at: Option<WallTime>,
    /// End.
    pub ended_at: Option<WallTime>,
    /// From `queued_at` to the answer or the end, ms.
    pub queue_wait_ms: Option<u64>,
    /// From `answered_at` to the end, ms.
    pub talk_ms: Option<u64>,
    /// Why it ended.
    pub cause: Option<Cause>,
    /// Its recording.
    pub recording: Option<CallRecording>,
    /// A customer whom nobody served.
    pub is_lost: bool,
    /// How it stands, where it is lost. A call that is not stored yet is open.
    pub lost: Option<LostState>,
    /// The lost call that this one won back; where it is several, the one that ended last.
    pub recovers: Option<CallId>,
    /// The first call out to the number after this one came in and ended.
    pub followed_up_by: Option<CallId>,
    /// It is an attempt of a callback.
    pub is_callback: bool,
    /// Its status as a piece of work.
    pub work: WorkStatus,
    /// Why it failed, as a person said; none of a call that is not stored yet.
    pub failure_reason: Option<String>,
}

/// The recording of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecording {
    /// How far it is.
    pub state: RecordingState,
    /// Path relative to the data folder, without suffix.
    pub path: String,
    /// Length, ms; 0 until it is ready.
    pub duration_ms: u64,
    /// SHA-256 of the WAV; zeros until it is ready.
    pub sha256: [u8; 32],
}

impl Call {
    /// The other side's number: who calls in, or is called out.
    #[must_use]
    pub fn customer(&self) -> &str {
        match self.direction {
            Direction::Inbound => &self.from,
            Direction::OutboundDial | Direction::OutboundAuto => &self.to,
        }
    }

    /// The call of a record.
    #[must_use]
    pub fn of(record: &CallRecord, naming: &Naming) -> Self {
        Self {
            id: record.id,
            account: naming.account_of(record),
            sip_call_ids: record.sip_call_ids.clone(),
            direction: record.direction,
            internal: record.internal,
            parent_call_id: record.parent,
            status: record.status,
            outcome: record.outcome,
            from: record.from.clone(),
            to: record.to.clone(),
            queue: record.queue.map(|id| naming.queue(id)),
            agent: record.agent.map(|id| naming.agent(id)),
            trunk: record.trunk.map(|id| naming.trunk(id)),
            started_at: record.started_at,
            queued_at: record.queued_at,
            ringing_at: record.ringing_at,
            answered_at: record.answered_at,
            ended_at: record.ended_at,
            queue_wait_ms: record.queue_wait_ms,
            talk_ms: record.talk_ms,
            cause: record.cause.clone(),
            recording: record.recording.as_ref().map(|recording| CallRecording {
                state: recording.state,
                path: recording.path.clone(),
                duration_ms: recording.duration_ms,
                sha256: recording.sha256,
            }),
            is_lost: record.is_lost(),
            lost: record.is_lost().then(LostState::default),
            recovers: None,
            followed_up_by: None,
            is_callback: record.is_callback(),
            work: record.work(),
            failure_reason: None,
        }
    }
}
