//! `/v1/sessions`: logging in and out.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use records::{ActorKind, Change, RowId, Session as Row, User};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::change::change;
use super::secret::{TOKEN_PREFIX, new_id, new_secret};
use crate::access::{Access, Routes};
use crate::api::Shared;
use crate::body::JsonBody;
use crate::key::{Asking, Principal, hash_of};
use crate::openapi::{ReadRefusals, Refusals};
use crate::page::{Page, PageQuery};
use crate::problem::{Code, Problem};
use crate::query::{NoParameters, Query};
use crate::time::{rfc3339, wall_now};
use crate::voicemail::away;

/// A session: a user who has logged in.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct Session {
    /// The session.
    #[schema(example = "ses_0190f5a2b6d07c3a9d1e4f5061728394")]
    id: String,
    /// What to send as `Authorization: Bearer <token>`: only in the answer to the login, never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// The user.
    user_id: String,
    /// When it began.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it ends.
    #[schema(format = DateTime)]
    expires_at: String,
    /// From where the user logged in.
    address: String,
    /// With what.
    user_agent: String,
    /// It is the one of this request.
    current: bool,
}

/// Who logs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    /// Username or e-mail address.
    #[schema(example = "ann", max_length = 254)]
    login: String,
    /// Password.
    #[schema(max_length = 256, format = Password)]
    password: String,
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .add(Access::Open, routes!(log_in))
        .add(Access::Known, routes!(list))
        .add(Access::Known, routes!(log_out))
}

/// Logs in. The answer has a token that is good for 12 hours, or until logged out.
///
/// After five failures of one login from one address, or failures of 50 logins from one address, within 60 seconds,
/// none is heard for 60 seconds (429).
#[utoipa::path(post, path = "/v1/sessions", operation_id = "log_in", tag = "people", request_body = Login,
    responses((status = 201, description = "The session, with its token", body = Session),
        (status = 429, description = "Too many failures; `Retry-After` tells when", body = crate::problem::ProblemBody, content_type = "application/problem+json"), Refusals))]
async fn log_in(
    State(shared): State<Shared>,
    asking: Asking,
    Query(_): Query<NoParameters>,
    JsonBody { value, .. }: JsonBody<Login>,
) -> Result<(StatusCode, Json<Session>), Problem> {
    let login = value.login.trim().to_lowercase();
    if login.len() > MAX_LOGIN || value.password.len() > MAX_LOGIN {
        return Err(failed());
    }
    shared.logins.begin(asking.address, &login)?;
    let user = match right_user(&shared, &login, value.password).await {
        Ok(Some(user)) => user,
        Ok(None) => {
            shared.services.metrics.dropped("login_failed");
            tracing::warn!(address = %asking.address, "a login failed");
            note_refused(&shared, asking, &login);
            return Err(failed());
        }
        Err(problem) => {
            shared.logins.take_back(asking.address, &login);
            return Err(problem);
        }
    };
    shared.logins.succeeded(asking.address, &login);
    begin(&shared, asking, &user).await.map(|session| (StatusCode::CREATED, Json(session)))
}

/// The user with this login and password. What takes time takes it for those who do not exist, too, and what fails
/// fails for them as well: nobody learns from an answer, or from when it comes, who exists.
async fn right_user(shared: &Shared, login: &str, password: String) -> Result<Option<User>, Problem> {
    let user = shared.services.roster.people().user_with_login(login).cloned();
    let id = user.as_ref().map_or(NOBODY, |user| user.id);
    let hash = shared.services.database.password_hash(id).await.map_err(away)?;
    let is_right = shared.passwords.verify(password, hash).await?;
    Ok(user.filter(|user| is_right && !user.disabled))
}

/// Tells the log of whoever was tried: beside the answer, which comes as soon as for those who do not exist. How many
/// there are is bounded by the passwords that can be checked.
fn note_refused(shared: &Shared, asking: Asking, login: &str) {
    let Some(user) = shared.services.roster.people().user_with_login(login).map(|user| user.id) else { return };
    let (shared, login) = (Arc::clone(shared), login.to_owned());
    let actor = asking.actor(ActorKind::System, "login".into(), login);
    tokio::spawn(async move { change(&shared, actor, vec![Change::RefuseLogin { user }]).await });
}

async fn begin(shared: &Shared, asking: Asking, user: &User) -> Result<Session, Problem> {
    let (id, now, token) = (new_id()?, wall_now(), new_secret(TOKEN_PREFIX)?);
    let row = Row {
        id,
        account: user.account.clone(),
        user: user.id,
        hash: hash_of(&token),
        created_at: now,
        expires_at: now + LIFETIME,
        address: asking.address.to_string(),
        user_agent: asking.user_agent.clone(),
    };
    let actor = asking.actor(ActorKind::User, user.id.text("user"), user.username.clone());
    let session = Session { token: Some(token), current: true, ..Session::of(&row, None) };
    change(shared, actor, vec![Change::BeginSession(row)]).await?;
    Ok(session)
}

/// One's own sessions, by age. A key has none.
#[utoipa::path(get, path = "/v1/sessions", operation_id = "list_sessions", tag = "people", params(PageQuery),
    responses((status = 200, description = "A page of sessions", body = Page<Session>), ReadRefusals))]
async fn list(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<PageQuery>,
) -> Result<Page<Session>, Problem> {
    let (people, now) = (shared.services.roster.people(), wall_now());
    let own = principal.session.map(|(user, _)| user);
    let sessions = people.sessions.iter().filter(|row| Some(row.user) == own && row.expires_at > now);
    let sessions = sessions.map(|row| Session::of(row, principal.session)).collect();
    Page::cut("sessions", sessions, |session| session.id.clone(), query.cursor.as_ref(), query.limit.get())
}

/// Logs out: ends one of one's own sessions, with its streams. `current` is that of the request.
#[utoipa::path(delete, path = "/v1/sessions/{id}", operation_id = "log_out", tag = "people",
    params(("id" = String, Path, description = "The session's id, or `current`")),
    responses((status = 204, description = "It is over"), Refusals))]
async fn log_out(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    asking: Asking,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
) -> Result<Response, Problem> {
    let unknown = || Problem::new(Code::SessionNotFound, "You have no such session.");
    let (user, current) = principal.session.ok_or_else(unknown)?;
    let wanted = if id == "current" { current } else { RowId::parse("ses", &id).map_err(|_| unknown())? };
    let people = shared.services.roster.people();
    if !people.sessions.iter().any(|row| row.id == wanted && row.user == user) {
        return Err(unknown());
    }
    change(&shared, principal.actor(asking), vec![Change::EndSession { id: wanted }]).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn failed() -> Problem {
    Problem::new(Code::LoginFailed, "There is no such user, or the password is another one.")
}

impl Session {
    fn of(row: &Row, current: Option<(RowId, RowId)>) -> Self {
        Self {
            id: row.id.text("ses"),
            token: None,
            user_id: row.user.text("user"),
            created_at: rfc3339(row.created_at),
            expires_at: rfc3339(row.expires_at),
            address: row.address.clone(),
            user_agent: row.user_agent.clone(),
            current: current.is_some_and(|(_, id)| id == row.id),
        }
    }
}

/// No user's id: they are made of the time.
const NOBODY: RowId = RowId(0);
/// A long working day.
const LIFETIME: std::time::Duration = std::time::Duration::from_secs(12 * 60 * 60);
/// Longer than any login or password there is.
const MAX_LOGIN: usize = 320;
