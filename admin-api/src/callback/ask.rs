//! Asking for a callback: in a queue's order, by an agent for himself, or for a date and time.

use std::sync::Arc;

use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use centre::{Answer, Command};
use clock::{AgentId, CallId, QueueId, RequestId, WallTime};
use journal_core::Direction;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Callback;
use crate::access::missing;
use crate::api::{Shared, wrong_answer};
use crate::body::JsonBody;
use crate::call::source;
use crate::idempotency::RequestKey;
use crate::key::Principal;
use crate::once::once;
use crate::openapi::Refusals;
use crate::problem::{Code, Problem};
use crate::query::{NoParameters, Query};
use crate::rights::Permission;
use crate::time::{parse_rfc3339, wall_now};

/// Who is to be called back in a queue.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewQueueCallback {
    /// His number.
    #[schema(example = "+442071838750", min_length = 1, max_length = 64, pattern = "^[ -~]*$")]
    number: String,
}

/// Who is to be called back, by whom, and when.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCallback {
    /// His number.
    #[schema(example = "+442071838750", min_length = 1, max_length = 64, pattern = "^[ -~]*$")]
    number: String,
    /// The queue whose agents are to call; this or `agent`. An operator names none.
    #[schema(example = "support")]
    queue: Option<String>,
    /// Extension of the agent who is to call; this or `queue`. Without either, an operator is himself the one.
    #[schema(example = "1001")]
    agent: Option<String>,
    /// When; without it, as soon as possible.
    #[schema(format = DateTime)]
    due_at: Option<String>,
    /// The contact of the agent's phone that is to ring; without it all of them. Not with a queue.
    #[schema(example = "sip:1001@192.0.2.7:5060")]
    device: Option<String>,
    /// The agent says that the number is the customer's.
    #[serde(default)]
    verified: bool,
    /// The PIN, where the destination takes one.
    #[schema(example = "4711")]
    pin: Option<String>,
    /// The call that it comes of: one that there is.
    #[schema(example = "call_0190f5a2b6d07c3a9d1e4f5061728394")]
    related_call_id: Option<String>,
}

/// A callback of an agent's own, to the other side of a call.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCallOfCall {
    /// Another number than that of the call.
    #[schema(example = "+442071838750", min_length = 1, max_length = 64, pattern = "^[ -~]*$")]
    number: Option<String>,
    /// Extension of the agent who calls; without it the one who asks.
    #[schema(example = "1001")]
    agent: Option<String>,
    /// When; without it, now.
    #[schema(format = DateTime)]
    due_at: Option<String>,
    /// The contact of the agent's phone that is to ring; without it all of them.
    #[schema(example = "sip:1001@192.0.2.7:5060")]
    device: Option<String>,
    /// The agent says that the number is the customer's.
    #[serde(default)]
    verified: bool,
    /// The PIN, where the destination takes one.
    #[schema(example = "4711")]
    pin: Option<String>,
}

/// How an agent wants to call.
#[derive(Clone, Debug, Default)]
struct How {
    device: Option<String>,
    verified: bool,
    pin: Option<String>,
}

/// What is asked of the owner.
struct Asked {
    number: String,
    queue: Option<QueueId>,
    agent: Option<AgentId>,
    due_at: Option<WallTime>,
    related: Option<CallId>,
    how: How,
}

/// Registers somebody to be called back, in his place. A second request for the same number in the queue gets the
/// first one, with status 200 and `duplicate: true`.
#[utoipa::path(post, path = "/v1/queues/{name}/callbacks", operation_id = "request_queue_callback", tag = "callbacks",
    request_body = NewQueueCallback,
    params(("name" = String, Path, description = "The queue's name"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    responses((status = 201, description = "The callback", body = Callback),
        (status = 200, description = "The callback that was asked for before", body = Callback), Refusals))]
pub(super) async fn of_queue(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, bytes }: JsonBody<NewQueueCallback>,
) -> Result<Response, Problem> {
    let unknown = || Problem::new(Code::QueueNotFound, format!("There is no queue `{name}`."));
    let queue = shared.directory_of(&principal).queue(&name).ok_or_else(unknown)?;
    let number = checked_number(value.number, NUMBER)?;
    let key = RequestKey::read(&headers, &principal, &format!("POST /v1/queues/{name}/callbacks"), &bytes)?;
    let asked = Asked { number, queue: Some(queue), agent: None, due_at: None, related: None, how: How::default() };
    once(Arc::clone(&shared), key, async move { begin(&shared, asked).await }).await
}

/// Registers a callback of a queue or of an agent, as soon as possible or for a date and time. An operator registers his
/// own only.
#[utoipa::path(post, path = "/v1/callbacks", operation_id = "plan_callback", tag = "callbacks",
    request_body = NewCallback,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    responses((status = 201, description = "The callback", body = Callback),
        (status = 200, description = "The callback that was asked for before", body = Callback), Refusals))]
pub(super) async fn plan(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, bytes }: JsonBody<NewCallback>,
) -> Result<Response, Problem> {
    let asked = planned(&shared, &principal, value).await?;
    let key = RequestKey::read(&headers, &principal, "POST /v1/callbacks", &bytes)?;
    once(Arc::clone(&shared), key, async move { begin(&shared, asked).await }).await
}

/// What is asked of the owner to register a callback; of one who is confined, his own.
async fn planned(shared: &Shared, principal: &Principal, value: NewCallback) -> Result<Asked, Problem> {
    let own = principal.confined_to(Permission::CallbacksManage).map(str::to_owned);
    if own.is_some() && value.queue.is_some() {
        return Err(missing(Permission::CallbacksManage));
    }
    let directory = shared.agents_of(principal, Permission::CallbacksManage);
    let queue = value.queue.as_deref().map(|name| directory.queue(name).ok_or_else(|| unknown("queue", name)));
    let agent = value.agent.or(own);
    let agent = agent.as_deref().map(|name| directory.agent(name).ok_or_else(|| unknown("agent", name)));
    let (queue, agent) = (queue.transpose()?, agent.transpose()?);
    if queue.is_some() == agent.is_some() {
        let detail = "Expected either a queue or an agent.";
        return Err(Problem::new(Code::InvalidBody, detail).at("#/queue", "one_of", detail));
    }
    if queue.is_some() && value.device.is_some() {
        let detail = "Expected a device of an agent's own callback: of a queue's, any phone of who takes it rings.";
        return Err(Problem::new(Code::InvalidBody, detail).at("#/device", "invalid", detail));
    }
    check_device(shared, agent, value.device.as_deref())?;
    let number = checked_number(value.number, NUMBER)?;
    let due_at = value.due_at.as_deref().map(|text| checked_time(text, DUE_AT)).transpose()?;
    let related = match value.related_call_id.as_deref() {
        Some(text) => Some(related_call(shared, principal, text).await?),
        None => None,
    };
    let how = How { device: value.device, verified: value.verified, pin: value.pin };
    Ok(Asked { number, queue, agent, due_at, related, how })
}

/// Calls the other side of a call back: the agent's phone rings first, then the customer's. The call that follows is
/// linked to this one.
#[utoipa::path(post, path = "/v1/calls/{id}/callback", operation_id = "call_back", tag = "callbacks",
    request_body = NewCallOfCall,
    params(("id" = String, Path, description = "The call's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    responses((status = 201, description = "The callback", body = Callback),
        (status = 200, description = "The callback that was asked for before", body = Callback), Refusals))]
pub(super) async fn of_call(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, bytes }: JsonBody<NewCallOfCall>,
) -> Result<Response, Problem> {
    let route = format!("POST /v1/calls/{id}/callback");
    let key = RequestKey::read(&headers, &principal, &route, &bytes)?;
    let no_call = || Problem::new(Code::CallNotFound, format!("There is no call `{id}`."));
    let asked = back(&shared, &principal, id.parse().map_err(|_| no_call())?, value).await?.ok_or_else(no_call)?;
    once(Arc::clone(&shared), key, async move { begin(&shared, asked).await }).await
}

/// The same from a transaction, whatever came of it.
#[utoipa::path(post, path = "/v1/transactions/{id}/callback", operation_id = "call_back_of_transaction",
    tag = "callbacks", request_body = NewCallOfCall,
    params(("id" = String, Path, description = "The transaction's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    responses((status = 201, description = "The callback", body = Callback),
        (status = 200, description = "The callback that was asked for before", body = Callback), Refusals))]
pub(super) async fn of_transaction(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, bytes }: JsonBody<NewCallOfCall>,
) -> Result<Response, Problem> {
    let route = format!("POST /v1/transactions/{id}/callback");
    let key = RequestKey::read(&headers, &principal, &route, &bytes)?;
    let none = || Problem::new(Code::TransactionNotFound, format!("There is no transaction `{id}`."));
    let call = format!("call_{}", id.strip_prefix("txn_").ok_or_else(none)?).parse().map_err(|_| none())?;
    let asked = back(&shared, &principal, call, value).await?.ok_or_else(none)?;
    once(Arc::clone(&shared), key, async move { begin(&shared, asked).await }).await
}

/// What is asked of the owner to call the other side of a call back; none when the call is not theirs.
async fn back(
    shared: &Shared,
    principal: &Principal,
    related: CallId,
    value: NewCallOfCall,
) -> Result<Option<Asked>, Problem> {
    let whose = principal.whose(Permission::CallsDial);
    let Some(call) = source::find(shared, &whose, related).await? else { return Ok(None) };
    let own = principal.confined_to(Permission::CallsDial).map(str::to_owned);
    let extension = value.agent.clone().or(own).or(call.agent.clone()).unwrap_or_default();
    let agents = shared.agents_of(principal, Permission::CallsDial);
    let agent = agents.agent(&extension).ok_or_else(|| unknown("agent", &extension))?;
    check_device(shared, Some(agent), value.device.as_deref())?;
    let other_side = if call.direction == Direction::Inbound { call.from.clone() } else { call.to.clone() };
    let number = checked_number(value.number.unwrap_or(other_side), NUMBER)?;
    let due_at = value.due_at.as_deref().map(|text| checked_time(text, DUE_AT)).transpose()?;
    let how = How { device: value.device, verified: value.verified, pin: value.pin };
    Ok(Some(Asked { number, queue: None, agent: Some(agent), due_at, related: Some(related), how }))
}

/// A callback of an agent that comes of a call and was asked for with its disposition.
///
/// # Errors
/// As when he asks for it alone.
pub(crate) async fn call_back(
    shared: &Shared,
    number: String,
    agent: AgentId,
    due_at: Option<WallTime>,
    call: CallId,
) -> Result<(), Problem> {
    let number = checked_number(number, NUMBER_OF_DISPOSITION)?;
    let how = How { device: None, verified: false, pin: None };
    let asked = Asked { number, queue: None, agent: Some(agent), due_at, related: Some(call), how };
    begin(shared, asked).await.map(|_| ()).map_err(|problem| problem.moved(NUMBER, NUMBER_OF_DISPOSITION))
}

async fn begin(shared: &Shared, asked: Asked) -> Result<(StatusCode, Callback), Problem> {
    let Asked { number, queue, agent, due_at, related, how } = asked;
    let request = acd::CallbackRequest {
        // Whom to answer is known where the command is routed.
        asker: acd::Asker::Client(RequestId::default()),
        number: Some(number),
        queue,
        agent,
        source: if agent.is_some() { acd::CallbackSource::Agent } else { acd::CallbackSource::Api },
        related,
        due_at,
        priority: 0,
        device: how.device,
        is_verified: how.verified,
        is_open: true,
        denied_by: None,
    };
    let command = Command::RequestCallback { request: Box::new(request), pin: how.pin };
    // The owner speaks of a destination, as of a call that is dialed.
    let answer = shared.services.command_to_the_end(command).await.map_err(|problem| match problem.code() {
        Code::BadDestination => bad_number(NUMBER, "expected a number that can be called"),
        _ => problem,
    })?;
    match answer {
        Answer::Callback(taken) => {
            let status = if taken.is_duplicate { StatusCode::OK } else { StatusCode::CREATED };
            Ok((status, Callback::taken(&taken, &shared.directory())))
        }
        other => Err(wrong_answer(&other)),
    }
}

/// The agent's device, if he chose one, is registered.
fn check_device(shared: &Shared, agent: Option<AgentId>, device: Option<&str>) -> Result<(), Problem> {
    let (Some(agent), Some(device)) = (agent, device) else { return Ok(()) };
    let snapshot = shared.snapshot();
    let known = snapshot.registrations.iter().any(|one| one.agent == agent && one.contact == device);
    if known {
        return Ok(());
    }
    let detail = "That phone is not registered: activate a device first.";
    Err(Problem::new(Code::NoActiveDevice, detail).at("#/device", "not_registered", detail))
}

/// What the plan makes of it is the owner's matter; here only that it can be typed.
fn checked_number(number: String, field: &'static str) -> Result<String, Problem> {
    if (1..=MAX_NUMBER).contains(&number.len()) && number.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Ok(number);
    }
    Err(bad_number(field, format!("expected 1 to {MAX_NUMBER} printable characters")))
}

fn bad_number(field: &'static str, expected: impl Into<String>) -> Problem {
    Problem::new(Code::BadDestination, "The number is not valid.").at(field, "invalid", expected)
}

/// When a callback may be due.
///
/// # Errors
/// The problem of a text that is no time, or of a time that is past or too far ahead.
pub(crate) fn checked_time(text: &str, field: &'static str) -> Result<WallTime, Problem> {
    let wrong = |expected: &str| {
        Problem::new(Code::InvalidBody, "The time is not valid.").at(field, "invalid", expected.to_owned())
    };
    let at = parse_rfc3339(text).ok_or_else(|| wrong("expected a time as in RFC 3339"))?;
    let ahead_micros = at.as_micros().saturating_sub(wall_now().as_micros());
    if (0..=MAX_AHEAD_MICROS).contains(&ahead_micros) {
        return Ok(at);
    }
    Err(wrong("expected a time to come, within a year"))
}

/// The call that a callback comes of: one that is theirs.
async fn related_call(shared: &Shared, principal: &Principal, text: &str) -> Result<CallId, Problem> {
    let wrong =
        |code, detail: &str| Problem::new(Code::InvalidBody, detail).at("#/related_call_id", code, detail.to_owned());
    let call = text.parse().map_err(|_| wrong("invalid", "Expected `call_` and 32 hexadecimal digits."))?;
    let found = source::find(shared, &principal.whose(Permission::CallbacksManage), call).await?;
    found.map(|_| call).ok_or_else(|| wrong("unknown", "There is no such call."))
}

fn unknown(what: &str, name: &str) -> Problem {
    let detail = format!("There is no {what} `{name}`.");
    Problem::new(Code::InvalidBody, detail.clone()).at(format!("#/{what}"), "unknown", detail)
}

/// Fields.
const NUMBER: &str = "#/number";
const NUMBER_OF_DISPOSITION: &str = "#/callback/number";
const DUE_AT: &str = "#/due_at";
/// Longest number: with separators.
const MAX_NUMBER: usize = 64;
/// A callback is planned at most a year ahead.
const MAX_AHEAD_MICROS: i64 = 366 * 24 * 3_600 * 1_000_000;
