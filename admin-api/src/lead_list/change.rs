//! What is done with a list: read through, imported, called off, deleted.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use records::{LeadListState, LeadListTask};

use super::layout::Layout;
use super::object::LeadList;
use super::{find, in_state, tell, user};
use crate::api::Shared;
use crate::body::EmptyBody;
use crate::idempotency::RequestKey;
use crate::key::Principal;
use crate::once::once;
use crate::openapi::Refusals;
use crate::problem::{Code, Problem};
use crate::query::{NoParameters, Query};
use crate::time::wall_now;
use crate::voicemail::away;

macro_rules! actions {
    ($($(#[doc = $doc:literal])* $name:ident($verb:literal, $operation:literal, $answer:literal) = $how:expr;)*) => {
        $(
            $(#[doc = $doc])*
            #[utoipa::path(post, path = concat!("/v1/lead-lists/{id}/", $verb), operation_id = $operation, tag = "lead lists",
                params(("id" = String, Path, description = "The list's id"),
                    ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
                responses((status = 202, description = $answer, body = LeadList), Refusals))]
            pub(crate) async fn $name(
                State(shared): State<Shared>,
                Extension(principal): Extension<Principal>,
                Path(id): Path<String>,
                Query(_): Query<NoParameters>,
                headers: HeaderMap,
                _: EmptyBody,
            ) -> Result<Response, Problem> {
                act(shared, principal, id, headers, $verb, $how).await
            }
        )*
    };
}

actions! {
    /// Reads all rows as an import would, and counts what is wrong: `validated` when it is done.
    validate("validate", "validate_lead_list", "The list; its rows are being read") = |list| {
        is_ready(list)?;
        list.task = Some(LeadListTask::Validate);
        Ok(())
    };
    /// Makes leads of the rows. What cannot be read, stands there already or must not be called goes into `errors.csv`.
    start("start", "start_lead_list", "The list; its rows are being imported") = |list| {
        is_ready(list)?;
        (list.state, list.task) = (LeadListState::Importing, Some(LeadListTask::Import));
        list.started_at = Some(wall_now());
        Ok(())
    };
    /// Calls a list off that is not imported yet, or not to its end: what it has of leads is deleted.
    cancel("cancel", "cancel_lead_list", "The list, which is called off") = |list| {
        if list.state.is_over() {
            return Err(in_state(list, "what is over is deleted, not called off"));
        }
        (list.state, list.task) = (LeadListState::Cancelled, Some(LeadListTask::Purge));
        list.ended_at = Some(wall_now());
        Ok(())
    };
}

/// Deletes a list with its leads and its report, if no campaign calls from it. Records of calls to them stay.
#[utoipa::path(delete, path = "/v1/lead-lists/{id}", operation_id = "delete_lead_list", tag = "lead lists",
    params(("id" = String, Path, description = "The list's id")),
    responses((status = 204, description = "It is gone"), Refusals))]
pub(crate) async fn delete(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
) -> Result<StatusCode, Problem> {
    change(&shared, &principal, &id, |list| {
        (list.is_deleted, list.task) = (true, Some(LeadListTask::Purge));
        Ok(())
    })
    .await?;
    shared.lead_lists.wake.notify_one();
    Ok(StatusCode::NO_CONTENT)
}

async fn act(
    shared: Shared,
    principal: Principal,
    id: String,
    headers: HeaderMap,
    verb: &str,
    how: impl Fn(&mut records::LeadList) -> Result<(), Problem> + Send + Sync + 'static,
) -> Result<Response, Problem> {
    let route = format!("POST /v1/lead-lists/{id}/{verb}");
    let key = RequestKey::read(&headers, &principal, &route, b"")?;
    let asked = Arc::clone(&shared);
    once(shared, key, async move {
        let list = change(&asked, &principal, &id, how).await?;
        asked.lead_lists.wake.notify_one();
        tell(&asked, &list, false).await;
        Ok((StatusCode::ACCEPTED, LeadList::from(list)))
    })
    .await
}

/// Changes a list as it is now, however often others change it meanwhile.
pub(super) async fn change(
    shared: &Shared,
    principal: &Principal,
    id: &str,
    how: impl Fn(&mut records::LeadList) -> Result<(), Problem>,
) -> Result<records::LeadList, Problem> {
    for _ in 0..TRIES {
        let mut list = find(shared, principal, id).await?;
        how(&mut list)?;
        if list.task == Some(LeadListTask::Purge) {
            is_unused(shared, &list)?;
        }
        let now = wall_now();
        if shared.services.database.change_lead_list(&list, now).await.map_err(away)? {
            (list.version, list.updated_at) = (list.version + 1, now);
            return Ok(list);
        }
    }
    Err(Problem::new(Code::Unavailable, "Others change the list all the time."))
}

/// No campaign that is not over calls from it.
fn is_unused(shared: &Shared, list: &records::LeadList) -> Result<(), Problem> {
    let Some(user) = user(shared, list) else { return Ok(()) };
    let name = &user.written.definition.name;
    let detail = format!("The campaign `{name}` ({}) calls from the list: take it out of it first.", user.campaign);
    Err(Problem::new(Code::LeadListInUse, detail))
}

/// The answer of a list that was changed.
pub(super) fn shown(list: records::LeadList) -> Response {
    Json(LeadList::from(list)).into_response()
}

/// Its columns are mapped, and nothing is being done with it.
fn is_ready(list: &records::LeadList) -> Result<(), Problem> {
    let is_waiting = matches!(list.state, LeadListState::Mapped | LeadListState::Validated) && list.task.is_none();
    if list.state == LeadListState::Uploaded && list.task.is_none() {
        let expected = "a column that is a phone is named first";
        return Err(in_state(list, expected).at("#/mapping/phone", "required", expected));
    }
    if !is_waiting {
        return Err(in_state(list, "expected one whose columns are mapped, and which waits"));
    }
    let layout = Layout::of(list)?;
    if layout.mapping.has_phone() { Ok(()) } else { Err(in_state(list, "expected a column that is a phone")) }
}

/// Somebody else changes a list between two looks at it: not three times.
const TRIES: usize = 3;
