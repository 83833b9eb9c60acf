//! Click-to-call: `POST /v1/calls`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use centre::{Answer, Command};
use clock::CallId;
use serde::Deserialize;
use tokio::time::{Instant, sleep};
use utoipa::ToSchema;

use crate::api::{Shared, wrong_answer};
use crate::body::JsonBody;
use crate::call::{Call, source};
use crate::idempotency::{RequestKey, key_required};
use crate::key::{Principal, Whose};
use crate::once::once;
use crate::openapi::Refusals;
use crate::problem::{Code, Problem};
use crate::query::{NoParameters, Query};
use crate::rights::Permission;

/// Who calls whom.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCall {
    /// Extension of the agent whose phone rings first.
    #[schema(example = "1001")]
    from_agent: String,
    /// Number or extension to call then.
    #[schema(example = "+442071838750", min_length = 1, max_length = 64, pattern = "^[ -~]*$")]
    to: String,
    /// The PIN, where the destination takes one.
    #[schema(example = "4711")]
    pin: Option<String>,
}

/// Calls an agent's phone, then the other side.
///
/// A second request with the same key gets the first one's answer, with `Idempotent-Replayed: true`.
#[utoipa::path(post, path = "/v1/calls", operation_id = "originate", tag = "calls", request_body = NewCall,
    params(("Idempotency-Key" = String, Header, description = "Makes a repeated request safe")),
    responses((status = 201, description = "The call, just begun", body = Call), Refusals))]
pub(crate) async fn originate(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, bytes }: JsonBody<NewCall>,
) -> Result<Response, Problem> {
    let key = RequestKey::read(&headers, &principal, "POST /v1/calls", &bytes)?.ok_or_else(key_required)?;
    let from_agent = shared.agents_of(&principal, Permission::CallsDial).agent(&value.from_agent);
    let from_agent = from_agent.ok_or_else(|| unknown_agent(&value.from_agent))?;
    let to = checked_destination(value.to)?;
    let (account, command) = (principal.account, Command::Originate { from_agent, to, pin: value.pin });
    once(Arc::clone(&shared), Some(key), async move { begin(&shared, &account, command).await }).await
}

async fn begin(shared: &Shared, account: &str, command: Command) -> Result<(StatusCode, Call), Problem> {
    match shared.services.command_to_the_end(command).await? {
        Answer::Called(call) => Ok((StatusCode::CREATED, shown(shared, account, call).await?)),
        other => Err(wrong_answer(&other)),
    }
}

/// The call as readers see it: they may be some milliseconds behind its owner.
async fn shown(shared: &Shared, account: &str, call: CallId) -> Result<Call, Problem> {
    let until = Instant::now() + SHOWN_WITHIN;
    loop {
        if let Some(call) = source::find(shared, &Whose::all_of(account), call).await? {
            return Ok(Call::from(&call));
        }
        if Instant::now() >= until {
            tracing::error!(%call, "a call that its owner began cannot be seen");
            return Err(Problem::new(Code::Unavailable, format!("The call {call} was begun and cannot be shown yet.")));
        }
        sleep(LOOK_AGAIN).await;
    }
}

fn unknown_agent(extension: &str) -> Problem {
    let detail = format!("There is no agent `{extension}`.");
    Problem::new(Code::InvalidBody, detail.clone()).at("#/from_agent", "unknown", detail)
}

/// What the plan makes of it is the owner's matter; here only that it can be typed.
fn checked_destination(to: String) -> Result<String, Problem> {
    if (1..=MAX_DESTINATION).contains(&to.len()) && to.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Ok(to);
    }
    let expected = format!("expected 1 to {MAX_DESTINATION} printable characters");
    Err(Problem::new(Code::BadDestination, "The destination is not valid.").at("#/to", "invalid", expected))
}

/// Longest destination: a number with separators, or an extension.
const MAX_DESTINATION: usize = 64;
/// For what an owner says to reach the readers: it is synced when the owner answers.
const SHOWN_WITHIN: Duration = Duration::from_secs(2);
/// How often to look.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
