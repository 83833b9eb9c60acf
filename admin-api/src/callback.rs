//! `/v1/callbacks`: who is to be called back, and how one asks for it.

mod ask;
mod object;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use centre::{Answer, Command};
use clock::{CallId, CallbackId};
use records::CallbackFilter;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

use crate::access::{Access, Routes};
use crate::api::{Shared, wrong_answer};
use crate::body::EmptyBody;
use crate::idempotency::RequestKey;
use crate::key::Principal;
use crate::once::once;
use crate::openapi::{ReadRefusals, Refusals};
use crate::page::{Cursor, Page};
use crate::problem::{Code, Problem};
use crate::query::{AnyOf, Limit, NoParameters, Query};
use crate::rights::Permission;
use crate::snapshot::snapshot_age;
use crate::voicemail::away;

pub(crate) use ask::{call_back, checked_time};
pub(crate) use object::Callback;
use object::{CallbackState, Outlook, open};

/// Filters of the list of callbacks.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CallbacksQuery {
    /// Items of a page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 25)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// In any of these states, separated by commas; without it, those that are open.
    #[param(value_type = Option<Vec<CallbackState>>, style = Form, explode = false)]
    state: Option<AnyOf<CallbackState>>,
    /// Of any of these queues, separated by commas.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["support"]))]
    queue: Option<AnyOf<String>>,
    /// Of this number, E.164.
    #[param(example = "+442071838750")]
    number: Option<String>,
    /// That came of this call.
    #[param(example = "call_0190f5a2b6d07c3a9d1e4f5061728394", pattern = "^call_[0-9a-f]{32}$")]
    related_call_id: Option<String>,
}

pub(crate) fn routes() -> Routes {
    let (view, manage) = (Access::Own(Permission::CallbacksView), Access::Own(Permission::CallbacksManage));
    Routes::new()
        .add(Access::All(Permission::CallbacksManage), routes!(ask::of_queue))
        .add(manage, routes!(ask::plan))
        .add(Access::Own(Permission::CallsDial), routes!(ask::of_call))
        .add(Access::Own(Permission::CallsDial), routes!(ask::of_transaction))
        .add(view, routes!(list))
        .add(view, routes!(one))
        .add(manage, routes!(cancel))
}

/// Callbacks, for an operator his own: those that are open in the order in which they will be served, by queue, with
/// their places; or, by
/// state, stored ones, newest first.
#[utoipa::path(get, path = "/v1/callbacks", operation_id = "list_callbacks", tag = "callbacks", params(CallbacksQuery),
    responses((status = 200, description = "A page of callbacks", body = Page<Callback>), ReadRefusals))]
async fn list(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<CallbacksQuery>,
) -> Result<Response, Problem> {
    let related = query.related_call_id.as_deref().map(call_id).transpose()?;
    let states = query.state.map(|AnyOf(states)| states).unwrap_or_default();
    let queues = query.queue.map(|AnyOf(queues)| queues).unwrap_or_default();
    let own = principal.confined_to(Permission::CallbacksView).map(str::to_owned);
    if states.iter().any(|state| state.is_terminal()) {
        let filter = CallbackFilter {
            account: principal.account,
            state: states.into_iter().map(journal_core::CallbackState::from).collect(),
            queue: queues,
            agent: own,
            number: query.number,
            related_call_id: related,
            cursor: query.cursor.map(|cursor| cursor.parse(STORED)).transpose()?,
            limit: query.limit.get(),
        };
        let (callbacks, next) = shared.services.database.callbacks(&filter).await.map_err(away)?;
        let data = callbacks.into_iter().map(Callback::from).collect();
        let next_cursor = next.map(|next| Cursor::after(STORED, &next.to_string()));
        return Ok(Page::<Callback> { data, next_cursor }.into_response());
    }
    let snapshot = shared.snapshot();
    let wanted = |callback: &Callback| {
        let is =
            |one: &Option<String>, all: &[String]| all.is_empty() || one.as_ref().is_some_and(|one| all.contains(one));
        is(&callback.queue, &queues)
            && callback.is_of(own.as_deref())
            && (states.is_empty() || states.contains(&callback.state))
            && query.number.as_ref().is_none_or(|number| *number == callback.number)
            && related.is_none_or(|call| callback.related_call_id == Some(call.to_string()))
    };
    let callbacks: Vec<Callback> =
        open(&snapshot, &shared.directory_of(&principal)).filter(|callback| wanted(callback)).collect();
    let page = Page::cut(OPEN, callbacks, Callback::order, query.cursor.as_ref(), query.limit.get())?;
    Ok((snapshot_age(&snapshot), page).into_response())
}

/// One callback.
#[utoipa::path(get, path = "/v1/callbacks/{id}", operation_id = "show_callback", tag = "callbacks",
    params(("id" = String, Path, description = "The callback's id")),
    responses((status = 200, description = "The callback", body = Callback), ReadRefusals))]
async fn one(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
) -> Result<Json<Callback>, Problem> {
    let wanted: CallbackId = id.parse().map_err(|_| unknown(&id))?;
    let snapshot = shared.snapshot();
    let own = principal.confined_to(Permission::CallbacksView);
    let text = wanted.to_string();
    let found = open(&snapshot, &shared.directory_of(&principal)).find(|callback| callback.id == text);
    let found = match found {
        Some(found) => Some(found),
        None => {
            let stored = shared.services.database.callback(&principal.account, wanted).await.map_err(away)?;
            stored.map(Callback::from)
        }
    };
    found.filter(|found| found.is_of(own)).map(Json).ok_or_else(|| unknown(&id))
}

/// Calls a callback off. One whose customer talks already is over.
#[utoipa::path(post, path = "/v1/callbacks/{id}/cancel", operation_id = "cancel_callback", tag = "callbacks",
    params(("id" = String, Path, description = "The callback's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    responses((status = 200, description = "The callback, called off", body = Callback), Refusals))]
async fn cancel(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    EmptyBody: EmptyBody,
) -> Result<Response, Problem> {
    let wanted: CallbackId = id.parse().map_err(|_| unknown(&id))?;
    if principal.account != shared.services.account {
        return Err(unknown(&id));
    }
    if let Some(own) = principal.confined_to(Permission::CallbacksManage) {
        let (snapshot, text) = (shared.snapshot(), wanted.to_string());
        let is_his = |callback: Callback| callback.id == text && callback.is_of(Some(own));
        if !open(&snapshot, &shared.directory()).any(is_his) {
            return Err(unknown(&id));
        }
    }
    let key = RequestKey::read(&headers, &principal, &format!("POST /v1/callbacks/{id}/cancel"), b"")?;
    once(Arc::clone(&shared), key, async move {
        let command = Command::CancelCallback { pick: acd::CallbackPick::Id(wanted) };
        match shared.services.command_to_the_end(command).await? {
            Answer::Callback(taken) => {
                Ok((StatusCode::OK, Callback::of(&taken.callback, Outlook::default(), &shared.directory())))
            }
            other => Err(wrong_answer(&other)),
        }
    })
    .await
}

fn unknown(id: &str) -> Problem {
    Problem::new(Code::CallbackNotFound, format!("There is no callback `{id}`, or it is over."))
}

fn call_id(text: &str) -> Result<CallId, Problem> {
    let bad = |_| {
        Problem::new(Code::InvalidParameter, "The parameter is no call's id.").at(
            "related_call_id",
            "invalid",
            "expected `call_` and 32 hexadecimal digits",
        )
    };
    text.parse().map_err(bad)
}

/// Lists, for their cursors.
const OPEN: &str = "callbacks";
const STORED: &str = "callbacks_stored";
