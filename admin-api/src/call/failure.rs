//! Why a call failed, as a person says: `PATCH /v1/calls/{id}` (P-424).

use axum::Json;
use axum::extract::{Extension, Path, State};
use journal_core::{CallStatus, Entry};
use records::Word;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Call, call_of};
use crate::api::Shared;
use crate::body::JsonBody;
use crate::key::Principal;
use crate::openapi::Refusals;
use crate::people::nullable;
use crate::problem::{Code, Problem};
use crate::query::{NoParameters, Query};
use crate::rights::Permission;
use crate::text::misleads;
use crate::time::wall_now;

/// What people may say of a call.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallChange {
    /// Why it failed; null takes back what was said before.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, example = "The number is a fax.", min_length = 1, max_length = 500)]
    failure_reason: Option<Option<String>>,
}

/// Says why a call failed: one that ended and in which nobody talked. It takes the place of what was said before.
#[utoipa::path(patch, path = "/v1/calls/{id}", operation_id = "change_call", tag = "calls", request_body = CallChange,
    params(("id" = String, Path, description = "The call's id")),
    responses((status = 200, description = "The call as it is now", body = Call), Refusals))]
pub(super) async fn change(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    JsonBody { value, .. }: JsonBody<CallChange>,
) -> Result<Json<Call>, Problem> {
    let call = call_of(&shared, &principal.whose(Permission::CallsDial), &id).await?;
    let Some(reason) = value.failure_reason else { return Ok(Json(Call::from(&call))) };
    let reason = reason.map(checked).transpose()?;
    let has_failed = [CallStatus::Failed, CallStatus::NoAnswer, CallStatus::Canceled].contains(&call.status);
    if call.ended_at.is_none() || !has_failed {
        return Err(Problem::new(Code::CallNotFailed, "The call did not fail.").in_state(call.status.word()));
    }
    let entry =
        Entry::FailureReason { call: call.id, reason: reason.clone(), by: principal.name.clone(), at: wall_now() };
    if !shared.answer_log.keep(vec![entry]).await {
        return Err(Problem::new(Code::Unavailable, "It could not be written down."));
    }
    Ok(Json(Call::from(&records::Call { failure_reason: reason, ..call })))
}

fn checked(reason: String) -> Result<String, Problem> {
    let length = reason.chars().count();
    if (1..=MAX_REASON).contains(&length) && !reason.trim().is_empty() && !reason.chars().any(misleads) {
        return Ok(reason);
    }
    let expected = format!("expected 1 to {MAX_REASON} characters, not only blanks");
    Err(Problem::new(Code::InvalidBody, "The reason is not as expected.").at("#/failure_reason", "invalid", expected))
}

/// Characters of a reason: some sentences.
const MAX_REASON: usize = 500;
