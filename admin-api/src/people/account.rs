//! `/v1/accounts`. The node's own account administers the others; every other sees itself only.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use records::{Account as Row, Change, RowId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::change::change;
use super::fields::{title, word};
use super::secret::new_id;
use super::user::{NewUser, first_admin, only_of_free_key};
use crate::access::{Access, Routes};
use crate::api::Shared;
use crate::body::JsonBody;
use crate::idempotency::RequestKey;
use crate::key::{Asking, Principal};
use crate::once::once;
use crate::openapi::{ReadRefusals, Refusals};
use crate::page::{Page, PageQuery};
use crate::precondition::{IfMatch, etag};
use crate::problem::{Code, Problem};
use crate::query::{NoParameters, Query};
use crate::rights::Permission;
use crate::time::{rfc3339, wall_now};

/// An account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Account {
    /// The account.
    #[schema(example = "acct_0190f5a2b6d07c3a9d1e4f5061728394")]
    id: String,
    /// Its name, for ever.
    #[schema(example = "demo")]
    name: String,
    /// Its name for people.
    title: String,
    /// `config`: declared in the configuration file and not to be changed here; else `database`.
    managed_by: &'static str,
    /// When it was made; null for that of the configuration file.
    #[schema(format = DateTime)]
    created_at: Option<String>,
    /// When it was changed last.
    #[schema(format = DateTime)]
    updated_at: Option<String>,
}

/// A new account, and the first user of it: an admin.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAccount {
    /// Name: letters a-z, digits, `.`, `_`, `-`. It is never given again.
    #[schema(example = "north", max_length = 63, pattern = "^[a-z0-9][a-z0-9._-]*$")]
    name: String,
    /// Name for people; the name without it.
    #[schema(max_length = 100)]
    title: Option<String>,
    /// Its first admin. The field `roles` must be left out.
    admin: NewUser,
}

/// What may be changed of an account.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountChange {
    /// Name for people.
    #[schema(max_length = 100)]
    title: Option<String>,
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .add(Access::All(Permission::AccountsView), routes!(list))
        .add(Access::All(Permission::AccountsManage), routes!(create))
        .add(Access::All(Permission::AccountsView), routes!(one))
        .add(Access::All(Permission::AccountsManage), routes!(alter))
        .add(Access::All(Permission::AccountsManage), routes!(delete))
}

/// Accounts, by name.
#[utoipa::path(get, path = "/v1/accounts", operation_id = "list_accounts", tag = "people", params(PageQuery),
    responses((status = 200, description = "A page of accounts", body = Page<Account>), ReadRefusals))]
async fn list(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<PageQuery>,
) -> Result<Page<Account>, Problem> {
    let people = shared.services.roster.people();
    let live = people.accounts.iter().filter(|account| account.deleted_at.is_none()).map(Account::from);
    let seen = live.chain([of_node(&shared)]).filter(|account| may_see(&shared, &principal, &account.name));
    Page::cut("accounts", seen.collect(), |account| account.name.clone(), query.cursor.as_ref(), query.limit.get())
}

/// One account.
#[utoipa::path(get, path = "/v1/accounts/{id}", operation_id = "show_account", tag = "people",
    params(("id" = String, Path, description = "The account's id")),
    responses((status = 200, description = "The account; its header ETag is for If-Match", body = Account), ReadRefusals))]
async fn one(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
) -> Result<Response, Problem> {
    if id == shared.services.roster.account_id() && may_see(&shared, &principal, shared.services.roster.account()) {
        return Ok(Json(of_node(&shared)).into_response());
    }
    let row = find(&shared, &principal, &id)?;
    Ok((etag(row.version), Json(Account::from(&row))).into_response())
}

/// Makes an account, with its first admin.
///
/// Only for people of the node's own account.
#[utoipa::path(post, path = "/v1/accounts", operation_id = "create_account", tag = "people", request_body = NewAccount,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    responses((status = 201, description = "The account", body = Account), Refusals))]
async fn create(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    asking: Asking,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, .. }: JsonBody<NewAccount>,
) -> Result<Response, Problem> {
    only_of_node(&shared, &principal)?;
    // Without the password, whose fast hash would lie in the journal.
    let told = serde_json::to_vec(&value).unwrap_or_default();
    let key = RequestKey::read(&headers, &principal, "POST /v1/accounts", &told)?;
    once(Arc::clone(&shared), key, async move { begin(&shared, &principal, asking, value).await }).await
}

async fn begin(
    shared: &Shared,
    principal: &Principal,
    asking: Asking,
    value: NewAccount,
) -> Result<(StatusCode, Account), Problem> {
    only_of_free_key(shared, principal, "makes no account")?;
    let (id, now, name) = (new_id()?, wall_now(), word("name", &value.name)?);
    if name == shared.services.roster.account() {
        return Err(Problem::new(Code::NameTaken, "The name is taken.").at(
            "#/name",
            "taken",
            "that of the node's own",
        ));
    }
    let title = title("title", value.title.as_deref().unwrap_or(&name))?;
    let admin = first_admin(shared, &name, value.admin).await?;
    let actor = principal.actor_in(&name, asking);
    let row = Row { id, name, title, created_at: now, updated_at: now, version: 1, deleted_at: None };
    let changes = vec![Change::Account { row, based_on: None }, admin];
    let people = change(shared, actor, changes).await?;
    let made = people.accounts.iter().find(|account| account.id == id);
    made.map(|row| (StatusCode::CREATED, Account::from(row))).ok_or_else(unknown)
}

/// Changes an account.
#[utoipa::path(patch, path = "/v1/accounts/{id}", operation_id = "change_account", tag = "people", request_body = AccountChange,
    params(("id" = String, Path, description = "The account's id"),
        ("If-Match" = String, Header, description = "The ETag of what was read")),
    responses((status = 200, description = "The account as it is now", body = Account),
        (status = 428, description = "The header If-Match is missing", body = crate::problem::ProblemBody, content_type = "application/problem+json"), Refusals))]
async fn alter(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    asking: Asking,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    if_match: IfMatch,
    JsonBody { value, .. }: JsonBody<AccountChange>,
) -> Result<Response, Problem> {
    let mut row = find_changeable(&shared, &principal, &id)?;
    if_match.require(row.version)?;
    let (row_id, based_on) = (row.id, Some(row.version));
    if let Some(text) = value.title {
        row.title = title("title", &text)?;
    }
    let actor = principal.actor_in(&row.name, asking);
    let people = change(&shared, actor, vec![Change::Account { row, based_on }]).await?;
    let row = people.accounts.iter().find(|account| account.id == row_id).ok_or_else(unknown)?;
    Ok((etag(row.version), Json(Account::from(row))).into_response())
}

/// Ends an account: its users, keys and sessions are gone at once. Its records stay, its name is not given again.
///
/// Only for people of the node's own account.
#[utoipa::path(delete, path = "/v1/accounts/{id}", operation_id = "delete_account", tag = "people",
    params(("id" = String, Path, description = "The account's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read")),
    responses((status = 204, description = "It is gone"), Refusals))]
async fn delete(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    asking: Asking,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let row = find_changeable(&shared, &principal, &id)?;
    only_of_node(&shared, &principal)?;
    if_match.allow(row.version)?;
    let actor = principal.actor_in(&row.name, asking);
    change(&shared, actor, vec![Change::DeleteAccount { id: row.id }]).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn find_changeable(shared: &Shared, principal: &Principal, id: &str) -> Result<Row, Problem> {
    let roster = &shared.services.roster;
    if id == roster.account_id() && may_see(shared, principal, roster.account()) {
        return Err(Problem::new(Code::ManagedByConfig, "The node's own account is that of the configuration file."));
    }
    find(shared, principal, id)
}

fn find(shared: &Shared, principal: &Principal, id: &str) -> Result<Row, Problem> {
    let id = RowId::parse("acct", id).map_err(|_| unknown())?;
    let people = shared.services.roster.people();
    let row = people.accounts.iter().find(|account| account.id == id && account.deleted_at.is_none());
    row.filter(|row| may_see(shared, principal, &row.name)).cloned().ok_or_else(unknown)
}

fn may_see(shared: &Shared, principal: &Principal, name: &str) -> bool {
    principal.account == name || principal.account == shared.services.roster.account()
}

fn only_of_node(shared: &Shared, principal: &Principal) -> Result<(), Problem> {
    if principal.account == shared.services.roster.account() {
        return Ok(());
    }
    Err(Problem::new(Code::Forbidden, "Accounts are made and deleted by people of the node's own account."))
}

fn of_node(shared: &Shared) -> Account {
    let roster = &shared.services.roster;
    let name = roster.account().to_owned();
    Account {
        id: roster.account_id(),
        title: name.clone(),
        name,
        managed_by: "config",
        created_at: None,
        updated_at: None,
    }
}

fn unknown() -> Problem {
    Problem::new(Code::AccountNotFound, "There is no such account.")
}

impl From<&Row> for Account {
    fn from(row: &Row) -> Self {
        Self {
            id: row.id.text("acct"),
            name: row.name.clone(),
            title: row.title.clone(),
            managed_by: "database",
            created_at: Some(rfc3339(row.created_at)),
            updated_at: Some(rfc3339(row.updated_at)),
        }
    }
}
