//! The journey of one call in words.

use axum::Json;
use axum::extract::{Extension, Path, State};
use journal_core::Direction;
use records::JourneyStep;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Shared;
use crate::call::{call_of, source, unknown};
use crate::key::Principal;
use crate::openapi::ReadRefusals;
use crate::problem::Problem;
use crate::query::{NoParameters, Query};
use crate::rights::Permission;
use crate::time::rfc3339;
use crate::words::{CallOutcome, CallStatus};

/// What happened in a call, for people.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Journey {
    /// The call.
    #[schema(example = "call_0190f5a2b6d07c3a9d1e4f5061728394")]
    call_id: String,
    /// The number that the customer saw or dialed.
    #[schema(example = "+442071830001")]
    caller_id: String,
    /// The customer's number.
    #[schema(example = "+442071838750")]
    number: String,
    /// When it was answered.
    #[schema(format = DateTime)]
    answered_at: Option<String>,
    /// From the answer to the end, ms; null while the call is up.
    talk_ms: Option<u64>,
    /// Status.
    status: CallStatus,
    /// What came of it.
    result: CallOutcome,
    /// The steps, in order.
    steps: Vec<Told>,
}

/// One step in words.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Told {
    /// From 1, in the order of events.
    seq: u32,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// From the start of the call, ms.
    after_ms: u64,
    /// Type, as in the list of the call's events.
    #[serde(rename = "type")]
    #[schema(example = "call.answered")]
    kind: String,
    /// What happened.
    #[schema(example = "Answered by 1001")]
    text: String,
    /// What else is known; its fields go with the type.
    #[schema(value_type = Object)]
    data: serde_json::Value,
}

/// The journey of a call in words, with what stands beside it.
///
/// The words come from the stored steps alone, in English.
#[utoipa::path(get, path = "/v1/calls/{id}/journey", operation_id = "show_call_journey", tag = "calls",
    params(("id" = String, Path, description = "The call's id")),
    responses((status = 200, description = "The journey", body = Journey), ReadRefusals))]
pub(crate) async fn journey(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
) -> Result<Json<Journey>, Problem> {
    let whose = principal.whose(Permission::CallsView);
    let call = call_of(&shared, &whose, &id).await?;
    let steps = source::journey(&shared, &whose, call.id).await?.ok_or_else(|| unknown(&id))?;
    let (number, caller_id) = match call.direction {
        Direction::Inbound => (call.from, call.to),
        Direction::OutboundDial | Direction::OutboundAuto => (call.to, call.from),
    };
    Ok(Json(Journey {
        call_id: call.id.to_string(),
        caller_id,
        number,
        answered_at: call.answered_at.map(rfc3339),
        talk_ms: call.talk_ms,
        status: call.status.into(),
        result: call.outcome.into(),
        steps: Told::all(steps),
    }))
}

impl Told {
    /// The steps of a call in words.
    pub(crate) fn all(steps: Vec<JourneyStep>) -> Vec<Self> {
        let texts = records::tell(&steps);
        let start = steps.first().map_or_else(Default::default, |first| first.at);
        let told = |(step, text): (JourneyStep, String)| Self {
            seq: step.seq,
            at: rfc3339(step.at),
            after_ms: step.at.millis_since(start),
            kind: step.kind,
            text,
            data: step.data,
        };
        steps.into_iter().zip(texts).map(told).collect()
    }
}
