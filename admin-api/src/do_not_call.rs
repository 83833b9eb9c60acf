//! `/v1/dnc`: numbers that are not to be called by callbacks, click-to-call and campaigns.

use std::sync::Arc;

use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use centre::{Answer, Command};
use dialer::gate::Pattern;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::access::{Access, Routes};
use crate::api::{Shared, wrong_answer};
use crate::body::JsonBody;
use crate::idempotency::RequestKey;
use crate::key::Principal;
use crate::once::once;
use crate::openapi::{ReadRefusals, Refusals};
use crate::page::{Page, PageQuery};
use crate::problem::{Code, Problem};
use crate::query::{NoParameters, Query};
use crate::rights::Permission;
use crate::snapshot::snapshot_age;
use crate::time::rfc3339;

/// An entry of the internal do-not-call list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DoNotCallEntry {
    /// Its number: the id by which it is removed.
    #[schema(example = "+442071838750")]
    id: String,
    /// E.164, or with `*` at its end every number that begins so.
    #[schema(example = "+442071838750")]
    number: String,
    /// Why.
    #[schema(example = "asked us not to call")]
    reason: Option<String>,
    /// Since when.
    #[schema(format = DateTime)]
    listed_at: String,
}

/// What is not to be called.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDoNotCallEntry {
    /// E.164, or with `*` at its end every number that begins so.
    #[schema(example = "+442071838750", pattern = "^\\+[0-9]{1,15}\\*?$")]
    number: String,
    /// Why.
    #[schema(example = "asked us not to call", max_length = 200)]
    reason: Option<String>,
}

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(Access::All(Permission::DncView), routes!(list))
        .add(Access::All(Permission::DncManage), routes!(add))
        .add(Access::All(Permission::DncManage), routes!(remove))
}

/// The internal do-not-call list, in the order of its numbers.
#[utoipa::path(get, path = "/v1/dnc", operation_id = "list_dnc", tag = "dialing", params(PageQuery),
    responses((status = 200, description = "A page of entries", body = Page<DoNotCallEntry>), ReadRefusals))]
async fn list(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let snapshot = shared.snapshot();
    let is_ours = principal.account == shared.services.account;
    let after = query.cursor.as_ref().map(|cursor| cursor.key(LIST)).transpose()?;
    let limit = query.limit.get();
    let found = snapshot.do_not_call.page(after.as_deref(), if is_ours { limit + 1 } else { 0 });
    let entry = |(number, listed): &(String, &dialer::gate::Listed)| DoNotCallEntry {
        id: number.clone(),
        number: number.clone(),
        reason: listed.reason.clone(),
        listed_at: rfc3339(listed.since),
    };
    let data: Vec<DoNotCallEntry> = found.iter().take(limit).map(entry).collect();
    let last = data.last().filter(|_| found.len() > limit);
    let next_cursor = last.map(|last| crate::page::Cursor::after(LIST, &last.number));
    Ok((snapshot_age(&snapshot), Page { data, next_cursor }))
}

/// Lists a number or prefix. Nothing that is asked for after the answer is dialed against it.
#[utoipa::path(post, path = "/v1/dnc", operation_id = "add_dnc", tag = "dialing", request_body = NewDoNotCallEntry,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    responses((status = 201, description = "The entry", body = DoNotCallEntry),
        (status = 200, description = "The entry, which was there", body = DoNotCallEntry), Refusals))]
async fn add(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, bytes }: JsonBody<NewDoNotCallEntry>,
) -> Result<Response, Problem> {
    ours(&shared, &principal)?;
    let pattern = pattern(&value.number)
        .map_err(|problem| problem.at("#/number", "invalid", "expected E.164, or a prefix of it with `*`"))?;
    if value.reason.as_ref().is_some_and(|reason| reason.chars().count() > REASON_CHARS_MAX) {
        let expected = format!("expected at most {REASON_CHARS_MAX} characters");
        return Err(Problem::new(Code::InvalidBody, "The reason is too long.").at("#/reason", "too_long", expected));
    }
    let key = RequestKey::read(&headers, &principal, "POST /v1/dnc", &bytes)?;
    let command = Command::DoNotCall { pattern, listed: true, reason: value.reason };
    once(Arc::clone(&shared), key, async move { change(&shared, command).await }).await
}

/// Takes a number or prefix off the list.
#[utoipa::path(delete, path = "/v1/dnc/{number}", operation_id = "remove_dnc", tag = "dialing",
    params(("number" = String, Path, description = "As it was listed")),
    responses((status = 200, description = "The entry, which is gone", body = DoNotCallEntry), Refusals))]
async fn remove(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(number): Path<String>,
    Query(_): Query<NoParameters>,
) -> Result<Response, Problem> {
    let absent = || Problem::new(Code::DncEntryNotFound, format!("`{number}` is not on the list."));
    ours(&shared, &principal).map_err(|_| absent())?;
    let pattern = pattern(&number).map_err(|_| absent())?;
    let command = Command::DoNotCall { pattern, listed: false, reason: None };
    let (status, entry) = change(&shared, command).await?;
    Ok((status, axum::Json(entry)).into_response())
}

async fn change(shared: &Shared, command: Command) -> Result<(StatusCode, DoNotCallEntry), Problem> {
    match shared.services.command_to_the_end(command).await? {
        Answer::DoNotCall { pattern, reason, since, is_new } => {
            let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
            Ok((status, DoNotCallEntry { id: pattern.clone(), number: pattern, reason, listed_at: rfc3339(since) }))
        }
        other => Err(wrong_answer(&other)),
    }
}

fn pattern(text: &str) -> Result<Pattern, Problem> {
    text.parse().map_err(|_| Problem::new(Code::InvalidBody, "The number is not valid."))
}

/// The list is the node's own account's.
fn ours(shared: &Shared, principal: &Principal) -> Result<(), Problem> {
    if principal.account == shared.services.account {
        return Ok(());
    }
    Err(Problem::new(Code::Forbidden, "The list belongs to another account."))
}

const LIST: &str = "dnc";
/// A sentence.
const REASON_CHARS_MAX: usize = 200;
