//! The call object: the one place that turns a call of the records into what the API shows.

use clock::WallTime;
use journal_core::Cause;
use records::LostState;
use serde::Serialize;
use utoipa::ToSchema;

use crate::time::rfc3339;
use crate::words::{CallDirection, CallOutcome, CallStatus, RecordingState, Who};

/// A call, live or ended.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Call {
    /// The call.
    #[schema(example = "call_0190f5a2b6d07c3a9d1e4f5061728394")]
    pub(crate) id: String,
    /// Call-ID headers of all legs, in order of creation.
    sip_call_ids: Vec<String>,
    /// In which direction.
    direction: CallDirection,
    /// Between own parties only: in no figure of the centre.
    internal: bool,
    /// The call this one is a consultation of.
    parent_call_id: Option<String>,
    /// Status.
    pub(crate) status: CallStatus,
    /// Outcome.
    outcome: CallOutcome,
    /// Who calls.
    #[schema(example = "+442071838750")]
    from: String,
    /// Who is called.
    #[schema(example = "+442071830001")]
    to: String,
    /// The queue entered last.
    queue: Option<String>,
    /// Extension of the agent who talked last.
    agent: Option<String>,
    /// The trunk of an inbound call.
    trunk: Option<String>,
    /// When it began.
    #[schema(format = DateTime)]
    started_at: String,
    /// When it entered its first queue.
    #[schema(format = DateTime)]
    queued_at: Option<String>,
    /// When an agent or the callee first rang.
    #[schema(format = DateTime)]
    ringing_at: Option<String>,
    /// When a person, or the service called, first answered.
    #[schema(format = DateTime)]
    answered_at: Option<String>,
    /// When the last party was gone.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// From `queued_at` to the answer or the end, ringing included, ms.
    queue_wait_ms: Option<u64>,
    /// From `answered_at` to `ended_at`, hold included, ms; null while the call is up.
    talk_ms: Option<u64>,
    /// A customer called and nobody served him.
    is_lost: bool,
    /// How it stands, where it is lost.
    lost: Option<LostInfo>,
    /// The lost call that this call out won back; where it is several, the one that ended last.
    recovers_call_id: Option<String>,
    /// Why it ended.
    cause: Option<CallCause>,
    /// Why it failed, as a person said; null while nobody did.
    #[schema(example = "The number is a fax.")]
    failure_reason: Option<String>,
    /// Its recording, if one was begun.
    recording: Option<CallRecording>,
}

/// How a lost call stands: open, won back by a call out, or resolved by the caller, who got through alone.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LostInfo {
    /// A call out won it back.
    recovered: bool,
    /// When that call began.
    #[schema(format = DateTime)]
    recovered_at: Option<String>,
    /// That call.
    recovered_by_call_id: Option<String>,
    /// From the end of the lost call to the start of that call, s.
    recovery_s: Option<u64>,
    /// When the caller got through alone, if that came first.
    #[schema(format = DateTime)]
    self_resolved_at: Option<String>,
    /// The call in which he did.
    self_resolved_by_call_id: Option<String>,
    /// When it was told as overdue.
    #[schema(format = DateTime)]
    overdue_at: Option<String>,
}

impl LostInfo {
    /// How a call stands that ended then.
    pub(crate) fn of(lost: &LostState, ended_at: WallTime) -> Self {
        let (recovered, alone) = (lost.recovered(), lost.self_resolved());
        Self {
            recovered: recovered.is_some(),
            recovered_at: recovered.map(|by| rfc3339(by.at)),
            recovered_by_call_id: recovered.map(|by| by.by.to_string()),
            recovery_s: recovered.map(|by| by.at.millis_since(ended_at) / 1_000),
            self_resolved_at: alone.map(|by| rfc3339(by.at)),
            self_resolved_by_call_id: alone.map(|by| by.by.to_string()),
            overdue_at: lost.overdue_at.map(rfc3339),
        }
    }
}

/// Why a call or a leg ended.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CallCause {
    /// Who.
    who: Who,
    /// Q.850 cause.
    q850: Option<u8>,
    /// SIP status.
    sip: Option<u16>,
    /// Stable word: `normal`, `canceled`, `busy`, `rona`, `node_restart` …
    #[schema(example = "normal")]
    code: String,
}

/// The recording of a call.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct CallRecording {
    /// How far it is.
    state: RecordingState,
    /// Length, ms; null until it is ready.
    duration_ms: Option<u64>,
}

impl From<&records::Call> for Call {
    fn from(call: &records::Call) -> Self {
        Self {
            id: call.id.to_string(),
            sip_call_ids: call.sip_call_ids.clone(),
            direction: call.direction.into(),
            internal: call.internal,
            parent_call_id: call.parent_call_id.map(|parent| parent.to_string()),
            status: call.status.into(),
            outcome: call.outcome.into(),
            from: call.from.clone(),
            to: call.to.clone(),
            queue: call.queue.clone(),
            agent: call.agent.clone(),
            trunk: call.trunk.clone(),
            started_at: rfc3339(call.started_at),
            queued_at: call.queued_at.map(rfc3339),
            ringing_at: call.ringing_at.map(rfc3339),
            answered_at: call.answered_at.map(rfc3339),
            ended_at: call.ended_at.map(rfc3339),
            queue_wait_ms: call.queue_wait_ms,
            talk_ms: call.talk_ms,
            is_lost: call.is_lost,
            lost: call.lost.zip(call.ended_at).map(|(lost, ended_at)| LostInfo::of(&lost, ended_at)),
            recovers_call_id: call.recovers.map(|id| id.to_string()),
            cause: call.cause.as_ref().map(CallCause::from),
            failure_reason: call.failure_reason.clone(),
            recording: call.recording.as_ref().map(CallRecording::from),
        }
    }
}

impl From<&Cause> for CallCause {
    fn from(cause: &Cause) -> Self {
        Self { who: cause.who.into(), q850: cause.q850, sip: cause.sip, code: cause.code.clone() }
    }
}

impl From<&records::CallRecording> for CallRecording {
    fn from(recording: &records::CallRecording) -> Self {
        let ready = recording.state == journal_core::RecordingState::Ready;
        Self { state: recording.state.into(), duration_ms: ready.then_some(recording.duration_ms) }
    }
}

/// One step of a call.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Step {
    /// From 1, in the order of events.
    pub(crate) seq: u32,
    /// When.
    #[schema(format = DateTime)]
    pub(crate) at: String,
    /// What.
    #[serde(rename = "type")]
    #[schema(example = "offer.ringing")]
    pub(crate) kind: String,
    /// The leg it is about.
    pub(crate) leg: Option<String>,
    /// What else is known; its fields go with the type.
    #[schema(value_type = Object)]
    pub(crate) data: serde_json::Value,
}

impl From<records::JourneyStep> for Step {
    fn from(step: records::JourneyStep) -> Self {
        let leg = step.leg.map(|leg| format!("leg_{}", leg.0));
        Self { seq: step.seq, at: rfc3339(step.at), kind: step.kind, leg, data: step.data }
    }
}
