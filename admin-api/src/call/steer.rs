//! What a supervisor does with a waiting call. Each order is safe to repeat; what raced with it has won.

use std::sync::Arc;

use acd::Steering;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use centre::{Answer, Command};
use records::Word;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Call, call_of, parse_id, source};
use crate::api::{Shared, wrong_answer};
use crate::body::{JsonBody, whole};
use crate::idempotency::RequestKey;
use crate::key::Principal;
use crate::once::once;
use crate::openapi::Refusals;
use crate::problem::{Code, Problem};
use crate::query::{NoParameters, Query};
use crate::rights::Permission;

/// Where a waiting call is to go.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Move {
    /// The queue.
    #[schema(example = "sales")]
    queue: String,
    /// With the arrival time that it has; else it is the last one there.
    #[serde(default = "yes")]
    #[schema(default = true)]
    keep_arrival: bool,
}

/// Another priority.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prioritise {
    /// Higher first; 0 is usual.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = -1000, maximum = 1000, example = 10)]
    priority: i32,
}

/// Who is to have a waiting call.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pull {
    /// Extension of a ready agent.
    #[schema(example = "1001")]
    agent: String,
}

/// Back into the line.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Requeue {
    /// At the place that it has; else at the end.
    #[serde(default = "yes")]
    #[schema(default = true)]
    keep_arrival: bool,
}

/// Moves a waiting call into another queue.
///
/// Who rings for it rings no more. The order stands above the hours of that queue and its rules for joining: in one that is
/// closed, or where nobody is there, the caller waits all the same, up to its longest wait. Only a queue that is full
/// refuses him (409 `queue_full`). A call that is answered, left or hung up meanwhile is a 409 `call_not_waiting`.
#[utoipa::path(post, path = "/v1/calls/{id}/move", operation_id = "move_call", tag = "calls",
    params(("id" = String, Path, description = "The call's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")), request_body = Move,
    responses((status = 200, description = "The call as it is then", body = Call), Refusals))]
pub(crate) async fn move_call(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, bytes }: JsonBody<Move>,
) -> Result<Response, Problem> {
    let directory = shared.directory_of(&principal);
    let unknown = || Problem::new(Code::QueueNotFound, format!("There is no queue `{}`.", value.queue));
    let steering = directory.queue(&value.queue).ok_or_else(unknown);
    let steering = steering.map(|queue| Steering::Move { queue, keep_arrival: value.keep_arrival });
    steer(shared, &principal, &headers, Order { id, verb: "move", body: &bytes, steering }).await
}

/// Gives a waiting call another priority.
#[utoipa::path(post, path = "/v1/calls/{id}/prioritise", operation_id = "prioritise_call", tag = "calls",
    params(("id" = String, Path, description = "The call's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")), request_body = Prioritise,
    responses((status = 200, description = "The call as it is then", body = Call), Refusals))]
pub(crate) async fn prioritise(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, bytes }: JsonBody<Prioritise>,
) -> Result<Response, Problem> {
    let priority = value.priority;
    let fits = PRIORITIES.contains(&priority).then_some(Steering::Prioritise { priority });
    let expected = format!("expected {} to {}", PRIORITIES.start(), PRIORITIES.end());
    let steering = fits.ok_or_else(|| {
        Problem::new(Code::InvalidBody, "The priority is not as expected.").at("#/priority", "invalid", expected)
    });
    steer(shared, &principal, &headers, Order { id, verb: "prioritise", body: &bytes, steering }).await
}

/// Offers a waiting call to this agent, whatever the order and whatever the queue asks of agents.
///
/// An agent who is not ready is a 409 `agent_not_ready`. If he does not take it, the call waits on at its place.
#[utoipa::path(post, path = "/v1/calls/{id}/pull", operation_id = "pull_call", tag = "calls",
    params(("id" = String, Path, description = "The call's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")), request_body = Pull,
    responses((status = 200, description = "The call as it is then", body = Call), Refusals))]
pub(crate) async fn pull(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, bytes }: JsonBody<Pull>,
) -> Result<Response, Problem> {
    let unknown = || Problem::new(Code::AgentNotFound, format!("There is no agent `{}`.", value.agent));
    let agent = shared.directory_of(&principal).agent(&value.agent).ok_or_else(unknown);
    let steering = agent.map(|agent| Steering::Pull { agent });
    steer(shared, &principal, &headers, Order { id, verb: "pull", body: &bytes, steering }).await
}

/// Takes a waiting call back from whoever rings for it, or sends it to the end of its line.
#[utoipa::path(post, path = "/v1/calls/{id}/requeue", operation_id = "requeue_call", tag = "calls",
    params(("id" = String, Path, description = "The call's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")), request_body = Requeue,
    responses((status = 200, description = "The call as it is then", body = Call), Refusals))]
pub(crate) async fn requeue(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, bytes }: JsonBody<Requeue>,
) -> Result<Response, Problem> {
    let steering = Ok(Steering::Requeue { keep_arrival: value.keep_arrival });
    steer(shared, &principal, &headers, Order { id, verb: "requeue", body: &bytes, steering }).await
}

/// An order as it was asked for.
struct Order<'a> {
    id: String,
    verb: &'static str,
    body: &'a [u8],
    steering: Result<Steering, Problem>,
}

async fn steer(
    shared: Shared,
    principal: &Principal,
    headers: &HeaderMap,
    order: Order<'_>,
) -> Result<Response, Problem> {
    let Order { id, verb, body, steering } = order;
    let call = parse_id(&id)?;
    let key = RequestKey::read(headers, principal, &format!("POST /v1/calls/{id}/{verb}"), body)?;
    let whose = principal.whose(Permission::QueuesControl);
    once(Arc::clone(&shared), key, async move {
        let known = call_of(&shared, &whose, &id).await?;
        let steering = steering?;
        if known.ended_at.is_some() {
            return Err(Problem::new(Code::CallEnded, "The call is over.").in_state(known.status.word()));
        }
        match shared.services.command_to_the_end(Command::Steer { call, steering }).await? {
            Answer::Steered(_) => {
                let now = source::find(&shared, &whose, call).await?.unwrap_or(known);
                Ok((StatusCode::OK, Call::from(&now)))
            }
            other => Err(wrong_answer(&other)),
        }
    })
    .await
}

const fn yes() -> bool {
    true
}

/// Far more steps than anyone tells apart, far fewer than a number may have.
const PRIORITIES: std::ops::RangeInclusive<i32> = -1_000..=1_000;
