//! `/v1/users`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use records::{Change, RowId, User as Row};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::ArrayBuilder;
use utoipa_axum::routes;

use super::change::change;
use super::fields::{email, nullable, password, title, word, wrong};
use super::secret::new_id;
use crate::access::{Access, Routes};
use crate::api::Shared;
use crate::body::JsonBody;
use crate::idempotency::RequestKey;
use crate::key::{Asking, Principal};
use crate::once::once;
use crate::openapi::{ReadRefusals, Refusals, list_of};
use crate::page::{Page, PageQuery};
use crate::precondition::{IfMatch, etag};
use crate::problem::{Code, Problem};
use crate::query::{NoParameters, Query};
use crate::rights::{ADMIN, OPERATOR, Permission, ROLES, Rights, Role};
use crate::time::{rfc3339, wall_now};

/// A user.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct User {
    /// The user.
    #[schema(example = "user_0190f5a2b6d07c3a9d1e4f5061728394")]
    id: String,
    /// Name to log in with.
    #[schema(example = "ann")]
    username: String,
    /// Address to log in with instead.
    email: Option<String>,
    /// Name for people.
    name: String,
    /// Roles: `GET /v1/roles`.
    #[schema(example = json!(["operator"]))]
    roles: Vec<String>,
    /// Extension of the agent that the user is.
    #[schema(example = "1001")]
    extension: Option<String>,
    /// The user can do nothing until this is lifted, and the phone of the extension neither.
    disabled: bool,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was changed last.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// A new user.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    /// Name to log in with, unique on the node: letters a-z, digits, `.`, `_`, `-`.
    #[schema(example = "ann", max_length = 63, pattern = "^[a-z0-9][a-z0-9._-]*$")]
    username: String,
    /// Address to log in with instead, unique on the node.
    #[schema(max_length = 254)]
    email: Option<String>,
    /// Name for people; the username without it.
    #[schema(max_length = 100)]
    name: Option<String>,
    /// Roles.
    #[serde(default)]
    #[schema(schema_with = role_words)]
    roles: Vec<String>,
    /// Extension of the agent that the user is; needed for the role `operator`, and only for it.
    #[schema(example = "1001")]
    extension: Option<String>,
    /// Password.
    #[serde(skip_serializing)]
    #[schema(min_length = 12, max_length = 256, format = Password)]
    password: String,
}

/// What may be changed of a user; what is left out stays (RFC 7396).
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserChange {
    /// Address to log in with instead of the name.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    email: Option<Option<String>>,
    /// Name for people.
    name: Option<String>,
    /// Roles.
    #[schema(schema_with = role_words)]
    roles: Option<Vec<String>>,
    /// Extension of the agent that the user is.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    extension: Option<Option<String>>,
    /// Disabled users can do nothing.
    disabled: Option<bool>,
    /// New password; ends all sessions of the user.
    #[schema(min_length = 12, max_length = 256, format = Password)]
    password: Option<String>,
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .add(Access::All(Permission::UsersView), routes!(list))
        .add(Access::All(Permission::UsersManage), routes!(create))
        .add(Access::All(Permission::UsersView), routes!(one))
        .add(Access::All(Permission::UsersManage), routes!(alter))
        .add(Access::All(Permission::UsersManage), routes!(delete))
}

/// Users, by username.
#[utoipa::path(get, path = "/v1/users", operation_id = "list_users", tag = "people", params(PageQuery),
    responses((status = 200, description = "A page of users", body = Page<User>), ReadRefusals))]
async fn list(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<PageQuery>,
) -> Result<Page<User>, Problem> {
    let people = shared.services.roster.people();
    let users = people.users.iter().filter(|user| user.account == principal.account).map(User::from).collect();
    Page::cut("users", users, |user| user.username.clone(), query.cursor.as_ref(), query.limit.get())
}

/// One user.
#[utoipa::path(get, path = "/v1/users/{id}", operation_id = "show_user", tag = "people",
    params(("id" = String, Path, description = "The user's id")),
    responses((status = 200, description = "The user; the header ETag is for If-Match", body = User), ReadRefusals))]
async fn one(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
) -> Result<Response, Problem> {
    let row = find(&shared, &principal, &id)?;
    Ok((etag(row.version), Json(User::from(&row))).into_response())
}

/// Makes a user. Nobody can give rights that he does not have.
#[utoipa::path(post, path = "/v1/users", operation_id = "create_user", tag = "people", request_body = NewUser,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    responses((status = 201, description = "The user", body = User), Refusals))]
async fn create(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    asking: Asking,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, .. }: JsonBody<NewUser>,
) -> Result<Response, Problem> {
    // Without the password, whose fast hash would lie in the journal.
    let told = serde_json::to_vec(&value).unwrap_or_default();
    let key = RequestKey::read(&headers, &principal, "POST /v1/users", &told)?;
    once(Arc::clone(&shared), key, async move { begin(&shared, &principal, asking, value).await }).await
}

async fn begin(
    shared: &Shared,
    principal: &Principal,
    asking: Asking,
    value: NewUser,
) -> Result<(StatusCode, User), Problem> {
    only_of_free_key(shared, principal, "makes no user")?;
    let secret = password("password", value.password.clone())?;
    let row = new_row(&principal.account, &value)?;
    check_extension(shared, principal, &row, None)?;
    may_touch(principal, &row)?;
    let id = row.id;
    let password_hash = Some(shared.passwords.hash(secret).await?);
    let people =
        change(shared, principal.actor(asking), vec![Change::User { row, password_hash, based_on: None }]).await?;
    people.user(id).map(|row| (StatusCode::CREATED, User::from(row))).ok_or_else(unknown)
}

/// Changes a user. What is taken away is gone at once, for requests, streams and the phone.
#[utoipa::path(patch, path = "/v1/users/{id}", operation_id = "change_user", tag = "people", request_body = UserChange,
    params(("id" = String, Path, description = "The user's id"),
        ("If-Match" = String, Header, description = "The ETag of what was read")),
    responses((status = 200, description = "The user as of now", body = User),
        (status = 428, description = "The header If-Match is missing", body = crate::problem::ProblemBody, content_type = "application/problem+json"), Refusals))]
async fn alter(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    asking: Asking,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    if_match: IfMatch,
    JsonBody { value, .. }: JsonBody<UserChange>,
) -> Result<Response, Problem> {
    let former = find(&shared, &principal, &id)?;
    if_match.require(former.version)?;
    let secret = value.password.clone().map(|text| password("password", text)).transpose()?;
    let row = changed_row(&former, value)?;
    check_extension(&shared, &principal, &row, Some(&former))?;
    may_touch(&principal, &former)?;
    may_touch(&principal, &row)?;
    let gains = row.roles.iter().any(|role| !former.roles.contains(role)) || (former.disabled && !row.disabled);
    if gains || secret.is_some() || row.email != former.email {
        only_of_free_key(&shared, &principal, "gives no user a login or rights")?;
    }
    let of_self = principal.session.is_some_and(|(user, _)| user == row.id);
    if of_self && (row.disabled || row.roles != former.roles || row.extension != former.extension) {
        return Err(self_modification());
    }
    if of_self && secret.is_some() {
        let detail = "One's own password is changed by PUT /v1/me/password, which asks for the former one.";
        return Err(Problem::new(Code::SelfModification, detail).at("#/password", "invalid", "not here"));
    }
    let password_hash = match secret {
        Some(secret) => Some(shared.passwords.hash(secret).await?),
        None => None,
    };
    let (row_id, based_on) = (row.id, Some(former.version));
    let kept = keep_admin(&shared, &former, (!row.disabled).then_some(&row));
    let changes = [Change::User { row, password_hash, based_on }].into_iter().chain(kept).collect();
    let people = change(&shared, principal.actor(asking), changes).await?;
    let row = people.user(row_id).ok_or_else(unknown)?;
    Ok((etag(row.version), Json(User::from(row))).into_response())
}

/// Deletes a user: sessions, streams and the phone's registration end at once.
#[utoipa::path(delete, path = "/v1/users/{id}", operation_id = "delete_user", tag = "people",
    params(("id" = String, Path, description = "The user's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read")),
    responses((status = 204, description = "The user is gone"), Refusals))]
async fn delete(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    asking: Asking,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let row = find(&shared, &principal, &id)?;
    if_match.allow(row.version)?;
    may_touch(&principal, &row)?;
    if principal.session.is_some_and(|(user, _)| user == row.id) {
        return Err(self_modification());
    }
    let kept = keep_admin(&shared, &row, None);
    let changes = [Change::DeleteUser { id: row.id, based_on: row.version }].into_iter().chain(kept).collect();
    change(&shared, principal.actor(asking), changes).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The first user of a new account.
pub(super) async fn first_admin(shared: &Shared, account: &str, mut value: NewUser) -> Result<Change, Problem> {
    if !value.roles.is_empty() || value.extension.is_some() {
        return Err(wrong("admin.roles", "expected neither roles nor an extension: it is an admin"));
    }
    value.roles = vec!["admin".into()];
    let secret = password("admin.password", value.password.clone())?;
    let row = new_row(account, &value)?;
    let password_hash = Some(shared.passwords.hash(secret).await?);
    Ok(Change::User { row, password_hash, based_on: None })
}

fn new_row(account: &str, value: &NewUser) -> Result<Row, Problem> {
    let (username, now) = (word("username", &value.username)?, wall_now());
    Ok(Row {
        id: new_id()?,
        account: account.to_owned(),
        email: value.email.as_deref().map(|text| email("email", text)).transpose()?,
        name: title("name", value.name.as_deref().unwrap_or(&username))?,
        username,
        roles: known_roles(&value.roles)?,
        extension: value.extension.clone(),
        disabled: false,
        created_at: now,
        updated_at: now,
        version: 1,
    })
}

fn changed_row(former: &Row, value: UserChange) -> Result<Row, Problem> {
    let mut row = former.clone();
    if let Some(text) = value.email {
        row.email = text.map(|text| email("email", &text)).transpose()?;
    }
    if let Some(text) = value.name {
        row.name = title("name", &text)?;
    }
    if let Some(words) = value.roles {
        row.roles = known_roles(&words)?;
    }
    if let Some(extension) = value.extension {
        row.extension = extension;
    }
    row.disabled = value.disabled.unwrap_or(row.disabled);
    Ok(row)
}

fn role_words() -> ArrayBuilder {
    list_of(ROLES.iter().map(|role| role.word)).examples([serde_json::json!(["supervisor"])])
}

fn known_roles(words: &[String]) -> Result<Vec<String>, Problem> {
    let mut roles: Vec<String> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if Role::of_word(word).is_none() {
            let known: Vec<_> = ROLES.iter().map(|role| role.word).collect();
            return Err(wrong(&format!("roles.{at}"), format!("expected one of {}", known.join(", "))));
        }
        if !roles.contains(word) {
            roles.push(word.clone());
        }
    }
    Ok(roles)
}

/// An operator is an agent that there is. One who was before the configuration changed may still be dealt with.
fn check_extension(shared: &Shared, principal: &Principal, row: &Row, former: Option<&Row>) -> Result<(), Problem> {
    let is_operator = row.roles.iter().any(|role| role == OPERATOR);
    match &row.extension {
        None if is_operator => Err(wrong("extension", "expected the extension of an agent: the role needs it")),
        Some(_) if !is_operator => Err(wrong("extension", "expected none without the role `operator`")),
        Some(extension) if former.is_none_or(|former| former.extension != row.extension) => {
            let known = shared.directory_of(principal).agent(extension);
            known.map(|_| ()).ok_or_else(|| wrong("extension", "expected the extension of an agent"))
        }
        _ => Ok(()),
    }
}

/// Nobody has to do with rights that he does not have.
fn may_touch(principal: &Principal, row: &Row) -> Result<(), Problem> {
    if principal.rights.cover(Rights::of_words(row.roles.iter().map(String::as_str))) {
        return Ok(());
    }
    Err(Problem::new(Code::Forbidden, "These roles permit more than you may.").at("#/roles", "invalid", "less"))
}

/// What must hold behind a change that takes an account an admin: two who do so to each other at once must not leave it
/// without. The node's own has the keys of the configuration file, which are never without rights.
fn keep_admin(shared: &Shared, former: &Row, left: Option<&Row>) -> Option<Change> {
    let roster = &shared.services.roster;
    let has_keys = former.account == roster.account() && !roster.config_keys().is_empty();
    let is_admin = |row: &Row| row.roles.iter().any(|role| role == ADMIN);
    let takes_one = is_admin(former) && !former.disabled && !left.is_some_and(is_admin);
    (takes_one && !has_keys).then(|| Change::KeepOne { account: former.account.clone(), role: ADMIN.into() })
}

/// A user works for ever and from anywhere: a key that does not makes none, and gives none more than he has.
pub(super) fn only_of_free_key(shared: &Shared, principal: &Principal, what: &str) -> Result<(), Problem> {
    let people = shared.services.roster.people();
    let own = people.keys.iter().find(|own| own.id.text("key") == principal.id);
    if own.is_none_or(|own| own.expires_at.is_none() && own.address_ranges.is_empty()) {
        return Ok(());
    }
    let detail = format!("A key that ends or is bound to addresses {what}: a user is not bound.");
    Err(Problem::new(Code::Forbidden, detail).at("Authorization", "bound_key", "a key without an end and addresses"))
}

fn find(shared: &Shared, principal: &Principal, id: &str) -> Result<Row, Problem> {
    let id = RowId::parse("user", id).map_err(|_| unknown())?;
    let people = shared.services.roster.people();
    people.user(id).filter(|user| user.account == principal.account).cloned().ok_or_else(unknown)
}

fn unknown() -> Problem {
    Problem::new(Code::UserNotFound, "There is no such user.")
}

pub(super) fn self_modification() -> Problem {
    Problem::new(Code::SelfModification, "Somebody else has to take away or change your rights.")
}

impl std::fmt::Debug for NewUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewUser").field("username", &self.username).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for UserChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserChange").field("roles", &self.roles).finish_non_exhaustive()
    }
}

impl From<&Row> for User {
    fn from(row: &Row) -> Self {
        Self {
            id: row.id.text("user"),
            username: row.username.clone(),
            email: row.email.clone(),
            name: row.name.clone(),
            roles: row.roles.clone(),
            extension: row.extension.clone(),
            disabled: row.disabled,
            created_at: rfc3339(row.created_at),
            updated_at: rfc3339(row.updated_at),
        }
    }
}
