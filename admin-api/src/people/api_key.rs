//! `/v1/api-keys`. A secret is in the answer that makes its key, and nowhere else.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use records::{ApiKey as Row, Change, RowId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::ArrayBuilder;
use utoipa_axum::routes;

use super::change::change;
use super::fields::{nullable, title, wrong};
use super::secret::{KEY_PREFIX, SHOWN_CHARACTERS, new_id, new_secret};
use super::user::self_modification;
use crate::access::{Access, Routes};
use crate::address_range::AddressRange;
use crate::api::Shared;
use crate::body::JsonBody;
use crate::idempotency::RequestKey;
use crate::key::{Asking, Principal, hash_of};
use crate::once::once_kept_as;
use crate::openapi::{ReadRefusals, Refusals, list_of};
use crate::page::{Page, PageQuery};
use crate::precondition::{IfMatch, etag};
use crate::problem::{Code, Problem};
use crate::query::{NoParameters, Query, Time};
use crate::rights::{MANAGER, OPERATOR, Permission, ROLES, Rights, Role};
use crate::roster::ConfigKey;
use crate::time::{rfc3339, wall_now};

// No `Debug`: one that was just made has its secret.
/// An API key, without its secret.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct ApiKey {
    /// The key.
    #[schema(example = "key_0190f5a2b6d07c3a9d1e4f5061728394")]
    id: String,
    /// Its name.
    #[schema(example = "wallboard")]
    name: String,
    /// First characters of its secret, to recognise it by; null for one of the configuration file.
    #[schema(example = "cck_live_3fa9")]
    prefix: Option<String>,
    /// The secret: only in the answer that makes the key, never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// Permissions, and roles that stand for several.
    #[schema(example = json!(["calls.view", "events.follow"]))]
    scopes: Vec<String>,
    /// Ranges of addresses (CIDR) from which it may be used; from anywhere when there are none.
    #[schema(example = json!(["192.0.2.0/24"]))]
    address_ranges: Vec<String>,
    /// When it ends.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// When it was revoked.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
    /// When it was used last, to the minute; null when it never was, and for one of the configuration file.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    /// Who made it, itself or through other keys: the id of a user, or of a key of the configuration file. Whoever may not do
    /// something twice (four eyes) may not do it with a key that he made. Null for one of the configuration file, and for
    /// keys from before this was kept.
    #[schema(example = "user_0190f5a2b6d07c3a9d1e4f5000000000")]
    made_by: Option<String>,
    /// `config`: declared in the configuration file and not to be changed here; else `database`.
    managed_by: &'static str,
    /// When it was made; null for one of the configuration file.
    #[schema(format = DateTime)]
    created_at: Option<String>,
    /// When it was changed last.
    #[schema(format = DateTime)]
    updated_at: Option<String>,
}

/// A new key.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewApiKey {
    /// Name, unique among the account's keys.
    #[schema(example = "wallboard", max_length = 100)]
    name: String,
    /// Permissions, and roles that stand for several; at least one.
    #[schema(schema_with = scope_words)]
    scopes: Vec<String>,
    /// Ranges of addresses (CIDR) from which it may be used.
    #[serde(default)]
    #[schema(example = json!(["192.0.2.0/24"]))]
    address_ranges: Vec<String>,
    /// When it ends; never without it.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Time>,
}

/// What may be changed of a key; what is left out stays (RFC 7396).
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiKeyChange {
    /// Name.
    name: Option<String>,
    /// Permissions and roles.
    #[schema(schema_with = scope_words)]
    scopes: Option<Vec<String>>,
    /// Ranges of addresses.
    address_ranges: Option<Vec<String>>,
    /// When it ends.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Option<Time>>,
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .add(Access::All(Permission::KeysView), routes!(list))
        .add(Access::All(Permission::KeysManage), routes!(create))
        .add(Access::All(Permission::KeysView), routes!(one))
        .add(Access::All(Permission::KeysManage), routes!(alter))
        .add(Access::All(Permission::KeysManage), routes!(revoke))
}

/// API keys, by age; revoked ones among them.
#[utoipa::path(get, path = "/v1/api-keys", operation_id = "list_api_keys", tag = "people", params(PageQuery),
    responses((status = 200, description = "A page of keys", body = Page<ApiKey>), ReadRefusals))]
async fn list(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<PageQuery>,
) -> Result<Page<ApiKey>, Problem> {
    let people = shared.services.roster.people();
    let stored = people.keys.iter().filter(|key| key.account == principal.account).map(|row| ApiKey::of(&shared, row));
    let keys = stored.chain(config_keys(&shared, &principal).iter().map(ApiKey::from)).collect();
    Page::cut("api_keys", keys, |key| key.id.clone(), query.cursor.as_ref(), query.limit.get())
}

/// One API key.
#[utoipa::path(get, path = "/v1/api-keys/{id}", operation_id = "show_api_key", tag = "people",
    params(("id" = String, Path, description = "The key's id")),
    responses((status = 200, description = "The key; the header ETag is for If-Match", body = ApiKey), ReadRefusals))]
async fn one(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
) -> Result<Response, Problem> {
    if let Some(key) = config_keys(&shared, &principal).iter().find(|key| key.id() == id) {
        return Ok(Json(ApiKey::from(key)).into_response());
    }
    let row = find(&shared, &principal, &id)?;
    Ok((etag(row.version), Json(ApiKey::of(&shared, &row))).into_response())
}

/// Makes an API key. Its secret is in this answer only. Nobody can give rights that he does not have.
///
/// Sent again with the same Idempotency-Key, it answers with the same key, without the secret.
#[utoipa::path(post, path = "/v1/api-keys", operation_id = "create_api_key", tag = "people", request_body = NewApiKey,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    responses((status = 201, description = "The key, with its secret", body = ApiKey), Refusals))]
async fn create(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    asking: Asking,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, bytes }: JsonBody<NewApiKey>,
) -> Result<Response, Problem> {
    let key = RequestKey::read(&headers, &principal, "POST /v1/api-keys", &bytes)?;
    let without_secret = |made: &ApiKey| ApiKey { secret: None, ..made.clone() };
    let operation = {
        let shared = Arc::clone(&shared);
        async move { begin(&shared, &principal, asking, value).await }
    };
    once_kept_as(shared, key, operation, without_secret).await
}

async fn begin(
    shared: &Shared,
    principal: &Principal,
    asking: Asking,
    value: NewApiKey,
) -> Result<(StatusCode, ApiKey), Problem> {
    let (id, now, secret) = (new_id()?, wall_now(), new_secret(KEY_PREFIX)?);
    let row = Row {
        id,
        account: principal.account.clone(),
        name: free_name(shared, principal, &value.name)?,
        prefix: secret.chars().take(SHOWN_CHARACTERS).collect(),
        hash: hash_of(&secret),
        scopes: known_scopes(principal, &value.scopes)?,
        address_ranges: ranges(&value.address_ranges)?,
        expires_at: value.expires_at.map(|Time(at)| at),
        revoked_at: None,
        last_used_at: None,
        made_by: Some(principal.person.clone()),
        created_at: now,
        updated_at: now,
        version: 1,
    };
    within_own(shared, principal, &row)?;
    let people = change(shared, principal.actor(asking), vec![Change::Key { row, based_on: None }]).await?;
    let made = people.keys.iter().find(|key| key.id == id).ok_or_else(unknown)?;
    Ok((StatusCode::CREATED, ApiKey { secret: Some(secret), ..ApiKey::of(shared, made) }))
}

/// Changes an API key. What is taken away is gone at once.
#[utoipa::path(patch, path = "/v1/api-keys/{id}", operation_id = "change_api_key", tag = "people", request_body = ApiKeyChange,
    params(("id" = String, Path, description = "The key's id"),
        ("If-Match" = String, Header, description = "The ETag of what was read")),
    responses((status = 200, description = "The key as it is now", body = ApiKey),
        (status = 428, description = "The header If-Match is missing", body = crate::problem::ProblemBody, content_type = "application/problem+json"), Refusals))]
async fn alter(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    asking: Asking,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    if_match: IfMatch,
    JsonBody { value, .. }: JsonBody<ApiKeyChange>,
) -> Result<Response, Problem> {
    let mut row = find_changeable(&shared, &principal, &id)?;
    if_match.require(row.version)?;
    if row.revoked_at.is_some() {
        return Err(Problem::new(Code::Gone, "The key was revoked.").in_state("revoked"));
    }
    may_touch(&principal, &row)?;
    not_itself(&principal, &row)?;
    if value.name.as_ref().is_some_and(|name| *name != row.name) {
        row.name = free_name(&shared, &principal, value.name.as_deref().unwrap_or_default())?;
    }
    if let Some(scopes) = &value.scopes {
        row.scopes = known_scopes(&principal, scopes)?;
    }
    if let Some(texts) = &value.address_ranges {
        row.address_ranges = ranges(texts)?;
    }
    if let Some(end) = value.expires_at {
        row.expires_at = end.map(|Time(at)| at);
    }
    within_own(&shared, &principal, &row)?;
    let (row_id, based_on) = (row.id, Some(row.version));
    let people = change(&shared, principal.actor(asking), vec![Change::Key { row, based_on }]).await?;
    let row = people.keys.iter().find(|key| key.id == row_id).ok_or_else(unknown)?;
    Ok((etag(row.version), Json(ApiKey::of(&shared, row))).into_response())
}

/// Revokes an API key: it is refused from the next request on, and its streams end. It stays in the list.
#[utoipa::path(delete, path = "/v1/api-keys/{id}", operation_id = "revoke_api_key", tag = "people",
    params(("id" = String, Path, description = "The key's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read")),
    responses((status = 204, description = "It is revoked"), Refusals))]
async fn revoke(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    asking: Asking,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let row = find_changeable(&shared, &principal, &id)?;
    if_match.allow(row.version)?;
    may_touch(&principal, &row)?;
    not_itself(&principal, &row)?;
    if row.revoked_at.is_none() {
        let based_on = Some(row.version);
        let row = Row { revoked_at: Some(wall_now()), ..row };
        change(&shared, principal.actor(asking), vec![Change::Key { row, based_on }]).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Those of the file are all of the node's own account.
fn config_keys(shared: &Shared, principal: &Principal) -> Arc<[ConfigKey]> {
    let roster = &shared.services.roster;
    if principal.account == roster.account() { roster.config_keys() } else { Arc::default() }
}

fn find_changeable(shared: &Shared, principal: &Principal, id: &str) -> Result<Row, Problem> {
    if config_keys(shared, principal).iter().any(|key| key.id() == id) {
        return Err(Problem::new(Code::ManagedByConfig, "The key is declared in the configuration file."));
    }
    find(shared, principal, id)
}

fn find(shared: &Shared, principal: &Principal, id: &str) -> Result<Row, Problem> {
    let id = RowId::parse("key", id).map_err(|_| unknown())?;
    let people = shared.services.roster.people();
    let row = people.keys.iter().find(|key| key.id == id);
    row.filter(|row| row.account == principal.account).cloned().ok_or_else(unknown)
}

fn free_name(shared: &Shared, principal: &Principal, name: &str) -> Result<String, Problem> {
    let name = title("name", name)?;
    if config_keys(shared, principal).iter().any(|key| key.name() == name) {
        return Err(Problem::new(Code::NameTaken, "The name is taken.").at(
            "#/name",
            "taken",
            "that of a key of the file",
        ));
    }
    Ok(name)
}

fn scope_words() -> ArrayBuilder {
    // A key is nobody's phone and leads no team: it has nothing of its own.
    let roles = ROLES.iter().map(|role| role.word).filter(|word| !OF_PEOPLE.contains(word));
    let words = list_of(Permission::ALL.iter().map(|permission| permission.word()).chain(roles));
    words.min_items(Some(1)).examples([serde_json::json!(["calls.view", "events.follow"])])
}

fn known_scopes(principal: &Principal, words: &[String]) -> Result<Vec<String>, Problem> {
    let mut scopes: Vec<String> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        // A key is nobody's phone: it has nothing of its own.
        let is_known = Permission::of_word(word).is_some()
            || (Role::of_word(word).is_some() && !OF_PEOPLE.contains(&word.as_str()));
        if !is_known {
            return Err(wrong(&format!("scopes.{at}"), "expected a permission, or a role that is no person's"));
        }
        if !scopes.contains(word) {
            scopes.push(word.clone());
        }
    }
    if scopes.is_empty() {
        return Err(wrong("scopes", "expected at least one"));
    }
    if principal.rights.cover(Rights::of_words(scopes.iter().map(String::as_str))) {
        return Ok(scopes);
    }
    Err(Problem::new(Code::Forbidden, "These scopes permit more than you may.").at("#/scopes", "invalid", "less"))
}

/// Nobody has to do with rights that he does not have.
fn may_touch(principal: &Principal, row: &Row) -> Result<(), Problem> {
    if principal.rights.cover(Rights::of_words(row.scopes.iter().map(String::as_str))) {
        return Ok(());
    }
    Err(Problem::new(Code::Forbidden, "The key permits more than you may."))
}

/// A key neither frees itself of its bounds nor takes away what it may.
fn not_itself(principal: &Principal, row: &Row) -> Result<(), Problem> {
    if principal.id == row.id.text("key") { Err(self_modification()) } else { Ok(()) }
}

/// A key that ends or is bound to addresses makes none that works longer or from elsewhere.
fn within_own(shared: &Shared, principal: &Principal, row: &Row) -> Result<(), Problem> {
    let people = shared.services.roster.people();
    let Some(own) = people.keys.iter().find(|own| own.id.text("key") == principal.id) else { return Ok(()) };
    if own.expires_at.is_some_and(|end| row.expires_at.is_none_or(|later| later > end)) {
        let end = own.expires_at.map(rfc3339).unwrap_or_default();
        let detail = "The key would work longer than the one that asks.";
        return Err(Problem::new(Code::Forbidden, detail).at(
            "#/expires_at",
            "invalid",
            format!("expected {end} at most"),
        ));
    }
    let parsed = |texts: &[String]| texts.iter().filter_map(|text| text.parse().ok()).collect::<Vec<AddressRange>>();
    let (bounds, wanted) = (parsed(&own.address_ranges), parsed(&row.address_ranges));
    let is_within = |range: &AddressRange| bounds.iter().any(|bound| bound.covers(*range));
    if own.address_ranges.is_empty() || (!wanted.is_empty() && wanted.iter().all(is_within)) {
        return Ok(());
    }
    let detail = "The key would work from where the one that asks does not.";
    let expected = format!("expected ranges within {}", own.address_ranges.join(", "));
    Err(Problem::new(Code::Forbidden, detail).at("#/address_ranges", "invalid", expected))
}

fn ranges(texts: &[String]) -> Result<Vec<String>, Problem> {
    if texts.len() > MAX_RANGES {
        return Err(wrong("address_ranges", format!("expected at most {MAX_RANGES}")));
    }
    let range = |(at, text): (usize, &String)| match text.parse::<AddressRange>() {
        Ok(range) => Ok(range.to_string()),
        Err(bad) => Err(wrong(&format!("address_ranges.{at}"), bad.to_string())),
    };
    texts.iter().enumerate().map(range).collect()
}

fn unknown() -> Problem {
    Problem::new(Code::KeyNotFound, "There is no such key.")
}

impl ApiKey {
    fn of(shared: &Shared, row: &Row) -> Self {
        let last_used_at = row.last_used_at.max(shared.services.roster.last_use(row.id));
        Self {
            id: row.id.text("key"),
            name: row.name.clone(),
            prefix: Some(row.prefix.clone()),
            secret: None,
            scopes: row.scopes.clone(),
            address_ranges: row.address_ranges.clone(),
            expires_at: row.expires_at.map(rfc3339),
            revoked_at: row.revoked_at.map(rfc3339),
            last_used_at: last_used_at.map(rfc3339),
            made_by: row.made_by.clone(),
            managed_by: "database",
            created_at: Some(rfc3339(row.created_at)),
            updated_at: Some(rfc3339(row.updated_at)),
        }
    }
}

impl From<&ConfigKey> for ApiKey {
    fn from(key: &ConfigKey) -> Self {
        Self {
            id: key.id().to_owned(),
            name: key.name().to_owned(),
            prefix: None,
            secret: None,
            scopes: vec!["admin".into()],
            address_ranges: Vec::new(),
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
            made_by: None,
            managed_by: "config",
            created_at: None,
            updated_at: None,
        }
    }
}

/// Ranges of a key: an office each.
const MAX_RANGES: usize = 50;

/// Roles that only a person can have.
const OF_PEOPLE: [&str; 2] = [OPERATOR, MANAGER];
