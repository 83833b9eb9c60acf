//! `/v1/me`: who one is, what one may do, and one's own password.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use records::{ActorKind, Change};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::change::change;
use super::fields::password;
use super::role::Grant;
use crate::access::{Access, Routes};
use crate::api::Shared;
use crate::body::JsonBody;
use crate::call::{Call, source};
use crate::key::{Asking, Principal, Whose};
use crate::openapi::{ReadRefusals, Refusals};
use crate::problem::{Code, Problem};
use crate::query::{NoParameters, Query};
use crate::rights::Permission;
use crate::voicemail::away;
use crate::words::AgentState;

/// Who asks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// Id of the user or key.
    id: String,
    /// `user` or `api_key`.
    kind: &'static str,
    /// Username, or name of the key.
    name: String,
    /// Name of the account.
    #[schema(example = "demo")]
    account: String,
    /// Extension of the agent that the user is.
    extension: Option<String>,
    /// What is permitted.
    permissions: Vec<Grant>,
}

/// What one is on the phone for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ActiveCall {
    /// The call that rings at one's phone, or in which one talks; null without one.
    call: Option<Call>,
    /// State of the agent that one is: `reserved` while it rings for a queue. Null for who is none.
    state: Option<AgentState>,
    /// All calls in which one talks: one active, the others held.
    #[schema(example = json!(["call_0190f5a2b6d07c3a9d1e4f5061728394"]))]
    calls: Vec<String>,
}

/// A new password of one's own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    /// The password so far.
    #[schema(max_length = 256, format = Password)]
    current: String,
    /// The new one.
    #[schema(min_length = 12, max_length = 256, format = Password)]
    new: String,
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .add(Access::Known, routes!(me))
        .add(Access::Own(Permission::CallsView), routes!(active_call))
        .add(Access::Known, routes!(set_password))
}

/// Who asks, and what is permitted.
#[utoipa::path(get, path = "/v1/me", operation_id = "show_me", tag = "people",
    responses((status = 200, description = "User or key", body = Me), ReadRefusals))]
async fn me(Extension(principal): Extension<Principal>, Query(_): Query<NoParameters>) -> Json<Me> {
    let grant = |permission: &Permission| Some(Grant::of(*permission, principal.rights.reach(*permission)?));
    Json(Me {
        id: principal.id.clone(),
        kind: principal.kind.word(),
        name: principal.name.clone(),
        account: principal.account.clone(),
        extension: principal.extension.clone(),
        permissions: Permission::ALL.iter().filter_map(grant).collect(),
    })
}

/// The call that one is on the phone for.
#[utoipa::path(get, path = "/v1/me/active-call", operation_id = "show_own_active_call", tag = "people",
    responses((status = 200, description = "The call, if any", body = ActiveCall), ReadRefusals))]
async fn active_call(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(_): Query<NoParameters>,
) -> Result<Json<ActiveCall>, Problem> {
    let own = principal.extension.as_deref().unwrap_or_default();
    let (id, snapshot) = (shared.directory_of(&principal).agent(own), shared.snapshot());
    let Some(agent) = snapshot.acd.agents.iter().find(|agent| Some(agent.agent) == id) else {
        return Ok(Json(ActiveCall { call: None, state: None, calls: Vec::new() }));
    };
    let call = match agent.call {
        // It is his, whoever talked in it last.
        Some(call) => source::find(&shared, &Whose::all_of(&principal.account), call).await?,
        None => None,
    };
    let calls = agent.calls.iter().map(ToString::to_string).collect();
    Ok(Json(ActiveCall { call: call.as_ref().map(Call::from), state: Some(agent.state.into()), calls }))
}

/// Changes one's own password. All sessions end, that of the request among them.
#[utoipa::path(put, path = "/v1/me/password", operation_id = "set_own_password", tag = "people", request_body = PasswordChange,
    responses((status = 204, description = "It is changed: log in again"),
        (status = 429, description = "Too many failures; `Retry-After` tells when", body = crate::problem::ProblemBody, content_type = "application/problem+json"), Refusals))]
async fn set_password(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    asking: Asking,
    Query(_): Query<NoParameters>,
    JsonBody { value, .. }: JsonBody<PasswordChange>,
) -> Result<StatusCode, Problem> {
    let people = shared.services.roster.people();
    let user = principal.session.and_then(|(user, _)| people.user(user)).cloned();
    let user = user.ok_or_else(|| Problem::new(Code::UserNotFound, "A key has no password."))?;
    let new = password("new", value.new)?;
    shared.logins.begin(asking.address, &user.username)?;
    let hash = shared.services.database.password_hash(user.id).await.map_err(away)?;
    if !shared.passwords.verify(value.current, hash).await? {
        return Err(Problem::new(Code::InvalidBody, "The password so far is another one.").at(
            "#/current",
            "invalid",
            "other",
        ));
    }
    shared.logins.succeeded(asking.address, &user.username);
    let password_hash = Some(shared.passwords.hash(new).await?);
    let based_on = Some(user.version);
    let actor = asking.actor(ActorKind::User, principal.id, principal.name);
    change(&shared, actor, vec![Change::User { row: user, password_hash, based_on }]).await?;
    Ok(StatusCode::NO_CONTENT)
}
