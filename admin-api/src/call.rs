//! `/v1/calls`: live and stored calls in one list.

mod failure;
mod journey;
mod object;
mod originate;
mod routing;
pub(crate) mod source;
mod steer;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use centre::{Answer, Command};
use clock::CallId;
use journal_core::RecordingState;
use records::Word;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

use crate::access::{Access, Routes};
use crate::api::{Shared, wrong_answer};
use crate::body::EmptyBody;
use crate::file::Wav;
use crate::idempotency::RequestKey;
use crate::key::{Principal, Whose};
use crate::once::once;
use crate::openapi::{ReadRefusals, Refusals};
use crate::page::{Cursor, Page};
use crate::problem::{Code, Problem};
use crate::query::{AnyOf, Limit, NoParameters, Query, Time};
use crate::rights::Permission;
use crate::words::{CallDirection, CallOutcome, CallStatus};

pub(crate) use journey::Told;
pub(crate) use object::{Call, LostInfo, Step};

/// Filters of the list of calls.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CallsQuery {
    /// Items of a page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 25)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// `-started_at`, the newest first, or `started_at`.
    #[serde(default)]
    #[param(inline)]
    sort: Order,
    /// Call-ID header of any leg.
    sip_call_id: Option<String>,
    /// Any of these callers, separated by commas.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["+442071838750"]))]
    from: Option<AnyOf<String>>,
    /// Any of these called, separated by commas.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["+442071830001"]))]
    to: Option<AnyOf<String>>,
    /// Any of these statuses, separated by commas.
    #[param(value_type = Option<Vec<CallStatus>>, style = Form, explode = false)]
    status: Option<AnyOf<CallStatus>>,
    /// Any of these outcomes, separated by commas.
    #[param(value_type = Option<Vec<CallOutcome>>, style = Form, explode = false)]
    outcome: Option<AnyOf<CallOutcome>>,
    /// Any of these directions, separated by commas.
    #[param(value_type = Option<Vec<CallDirection>>, style = Form, explode = false)]
    direction: Option<AnyOf<CallDirection>>,
    /// Between own parties only, or not.
    internal: Option<bool>,
    /// Any of these as the queue entered last, separated by commas; `none` for calls of no queue.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["support"]))]
    queue: Option<AnyOf<String>>,
    /// Any of these as the extension of the agent who talked last, separated by commas; `none` for calls of no agent.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["1001"]))]
    agent: Option<AnyOf<String>>,
    /// Lost, or not: a customer called and nobody served him.
    lost: Option<bool>,
    /// Lost and won back by a call out, or not.
    recovered: Option<bool>,
    /// Lost and the caller got through alone later, or not.
    self_resolved: Option<bool>,
    /// From or to this customer, and not between own parties.
    #[param(example = "+442071838750")]
    number: Option<String>,
    /// Of the queues and agents of this team.
    team: Option<String>,
    /// Began then or later.
    #[serde(rename = "started_at[gte]")]
    #[param(value_type = Option<String>, format = DateTime)]
    started_from: Option<Time>,
    /// Began before.
    #[serde(rename = "started_at[lt]")]
    #[param(value_type = Option<String>, format = DateTime)]
    started_before: Option<Time>,
}

/// Order of a list of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub(crate) enum Order {
    /// Newest first.
    #[default]
    #[serde(rename = "-started_at")]
    Newest,
    /// Oldest first.
    #[serde(rename = "started_at")]
    Oldest,
}

/// Parameters of the list of a call's steps.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StepsQuery {
    /// Items of a page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 25)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(Access::Own(Permission::CallsView), routes!(list))
        .add(Access::Own(Permission::CallsDial), routes!(originate::originate))
        .add(Access::Own(Permission::CallsView), routes!(one))
        .add(Access::Own(Permission::CallsDial), routes!(failure::change))
        .add(Access::Own(Permission::CallsView), routes!(steps))
        .add(Access::Own(Permission::CallsView), routes!(journey::journey))
        .add(Access::Own(Permission::CallsView), routes!(routing::routing))
        .add(Access::Own(Permission::RecordingsPlay), routes!(recording))
        .add(Access::Own(Permission::CallsControl), routes!(hang_up))
        .add(Access::All(Permission::QueuesControl), routes!(steer::move_call))
        .add(Access::All(Permission::QueuesControl), routes!(steer::prioritise))
        .add(Access::All(Permission::QueuesControl), routes!(steer::pull))
        .add(Access::All(Permission::QueuesControl), routes!(steer::requeue))
}

/// Live and stored calls.
///
/// While the database is away the list has the live calls and those it has not taken yet, and the
/// header `Trunkline-Incomplete: database`.
#[utoipa::path(get, path = "/v1/calls", operation_id = "list_calls", tag = "calls", params(CallsQuery),
    responses((status = 200, description = "A page of calls", body = Page<Call>), ReadRefusals))]
async fn list(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<CallsQuery>,
) -> Result<Response, Problem> {
    let found = source::list(&shared, &principal, query).await?;
    let data = found.calls.iter().map(Call::from).collect();
    let mut response = Page { data, next_cursor: found.next_cursor }.into_response();
    if found.incomplete {
        response.headers_mut().insert(INCOMPLETE, HeaderValue::from_static("database"));
    }
    Ok(response)
}

/// One call.
#[utoipa::path(get, path = "/v1/calls/{id}", operation_id = "show_call", tag = "calls",
    params(("id" = String, Path, description = "The call's id")),
    responses((status = 200, description = "The call", body = Call), ReadRefusals))]
async fn one(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
) -> Result<Json<Call>, Problem> {
    let whose = principal.whose(Permission::CallsView);
    call_of(&shared, &whose, &id).await.map(|call| Json(Call::from(&call)))
}

/// The journey of a call: its steps in order.
#[utoipa::path(get, path = "/v1/calls/{id}/events", operation_id = "list_call_events", tag = "calls",
    params(("id" = String, Path, description = "The call's id"), StepsQuery),
    responses((status = 200, description = "A page of steps", body = Page<Step>), ReadRefusals))]
async fn steps(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(query): Query<StepsQuery>,
) -> Result<Page<Step>, Problem> {
    let call = parse_id(&id)?;
    let steps = source::journey(&shared, &principal.whose(Permission::CallsView), call).await?;
    let steps = steps.ok_or_else(|| unknown(&id))?;
    let steps = steps.into_iter().map(Step::from).collect();
    let in_order = |step: &Step| format!("{:010}", step.seq);
    Page::cut(&format!("steps of {call}"), steps, in_order, query.cursor.as_ref(), query.limit.get())
}

/// The recording: WAV, stereo, left the customer, right the agent. Ranges are honoured.
#[utoipa::path(get, path = "/v1/calls/{id}/recording", operation_id = "play_recording", tag = "calls",
    params(("id" = String, Path, description = "The call's id"),
        ("Range" = Option<String>, Header, description = "One range of bytes")),
    responses(
        (status = 200, description = "The file", body = Vec<u8>, content_type = "audio/wav"),
        (status = 206, description = "The range asked for", body = Vec<u8>, content_type = "audio/wav"),
        (status = 409, description = "Not ready yet", body = crate::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 416, description = "The range lies outside", body = crate::problem::ProblemBody, content_type = "application/problem+json"),
        ReadRefusals))]
async fn recording(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let call = call_of(&shared, &principal.whose(Permission::RecordingsPlay), &id).await?;
    let Some(recording) = &call.recording else {
        return Err(if may_be_recorded_yet(&call) { not_ready() } else { none("The call was not recorded.") });
    };
    match recording.state {
        RecordingState::Recording => Err(not_ready()),
        RecordingState::Failed => Err(none("The recording could not be written.")),
        RecordingState::Ready => {
            let tag = recording.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
            let data_dir = &shared.services.data_dir;
            Wav { data_dir, path: &recording.path, tag, missing: Code::NoRecording }.send(&headers).await
        }
    }
}

/// Ends a live call.
#[utoipa::path(post, path = "/v1/calls/{id}/hangup", operation_id = "hang_up", tag = "calls",
    params(("id" = String, Path, description = "The call's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    responses((status = 202, description = "The call is being ended", body = Call), Refusals))]
async fn hang_up(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    EmptyBody: EmptyBody,
) -> Result<Response, Problem> {
    let call = parse_id(&id)?;
    let key = RequestKey::read(&headers, &principal, &format!("POST /v1/calls/{id}/hangup"), b"")?;
    let whose = principal.whose(Permission::CallsControl);
    once(Arc::clone(&shared), key, async move { end(&shared, &whose, call).await }).await
}

async fn end(shared: &Shared, whose: &Whose, id: CallId) -> Result<(StatusCode, Call), Problem> {
    let call = call_of(shared, whose, &id.to_string()).await?;
    if call.ended_at.is_some() {
        return Err(Problem::new(Code::CallEnded, "The call is over.").in_state(call.status.word()));
    }
    match shared.services.command_to_the_end(Command::HangUp { call: id }).await? {
        Answer::HangingUp(_) => {
            let now = source::find(shared, whose, id).await?.unwrap_or(call);
            Ok((StatusCode::ACCEPTED, Call::from(&now)))
        }
        other => Err(wrong_answer(&other)),
    }
}

pub(crate) async fn call_of(shared: &Shared, whose: &Whose, id: &str) -> Result<records::Call, Problem> {
    source::find(shared, whose, parse_id(id)?).await?.ok_or_else(|| unknown(id))
}

/// What is no id names no call.
pub(crate) fn parse_id(id: &str) -> Result<CallId, Problem> {
    id.parse().map_err(|_| unknown(id))
}

/// A caller who waits, or just talks, may get a recording still.
fn may_be_recorded_yet(call: &records::Call) -> bool {
    call.ended_at.is_none() && call.queue.is_some()
}

fn unknown(id: &str) -> Problem {
    Problem::new(Code::CallNotFound, format!("There is no call `{id}`."))
}

fn not_ready() -> Problem {
    Problem::new(Code::RecordingNotReady, "It is ready within 2 s of the call's end.").in_state("recording")
}

fn none(detail: &str) -> Problem {
    Problem::new(Code::NoRecording, detail)
}

pub(crate) const INCOMPLETE: HeaderName = HeaderName::from_static("trunkline-incomplete");
