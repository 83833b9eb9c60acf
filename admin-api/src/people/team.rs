//! `/v1/teams`: agents and queues that belong together, and who leads them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use records::{Change, RowId, Team as Row, TeamScope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::change::change;
use super::fields::{title, wrong};
use super::secret::new_id;
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

/// A team.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Team {
    /// The team.
    #[schema(example = "team_0190f5a2b6d07c3a9d1e4f5061728394")]
    id: String,
    /// Its name.
    #[schema(example = "north")]
    name: String,
    /// Users who lead it: a manager reaches its calls.
    #[schema(example = json!([]))]
    managers: Vec<String>,
    /// Extensions of its agents.
    #[schema(example = json!(["1001", "1002"]))]
    agents: Vec<String>,
    /// Names of its queues.
    #[schema(example = json!(["support"]))]
    queues: Vec<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was changed last.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// A new team.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTeam {
    /// Its name, unique in the account.
    #[schema(example = "north", min_length = 1, max_length = 100)]
    name: String,
    /// Users who lead it.
    #[serde(default)]
    #[schema(example = json!([]), max_items = 1000)]
    managers: Vec<String>,
    /// Extensions of its agents.
    #[serde(default)]
    #[schema(example = json!([]), max_items = 1000)]
    agents: Vec<String>,
    /// Names of its queues.
    #[serde(default)]
    #[schema(example = json!([]), max_items = 1000)]
    queues: Vec<String>,
}

/// What may be changed of a team; what is left out stays (RFC 7396).
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TeamChange {
    /// Its name.
    #[schema(example = "north", min_length = 1, max_length = 100)]
    name: Option<String>,
    /// Users who lead it.
    #[schema(example = json!([]), max_items = 1000)]
    managers: Option<Vec<String>>,
    /// Extensions of its agents.
    #[schema(example = json!([]), max_items = 1000)]
    agents: Option<Vec<String>>,
    /// Names of its queues.
    #[schema(example = json!([]), max_items = 1000)]
    queues: Option<Vec<String>>,
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .add(Access::All(Permission::TeamsView), routes!(list))
        .add(Access::All(Permission::TeamsManage), routes!(create))
        .add(Access::All(Permission::TeamsView), routes!(one))
        .add(Access::All(Permission::TeamsManage), routes!(alter))
        .add(Access::All(Permission::TeamsManage), routes!(delete))
}

/// The agents and queues of the account's team with this name.
///
/// # Errors
/// 400 for a team that there is not.
pub(crate) fn team_of(shared: &Shared, principal: &Principal, name: &str) -> Result<TeamScope, Problem> {
    let people = shared.services.roster.people();
    let team = people.team(&principal.account, name).map(Row::scope);
    team.ok_or_else(|| Problem::bad_parameter("team", "expected the name of a team"))
}

/// Teams, by name.
#[utoipa::path(get, path = "/v1/teams", operation_id = "list_teams", tag = "people", params(PageQuery),
    responses((status = 200, description = "A page of teams", body = Page<Team>), ReadRefusals))]
async fn list(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<PageQuery>,
) -> Result<Page<Team>, Problem> {
    let people = shared.services.roster.people();
    let teams = people.teams.iter().filter(|team| team.account == principal.account).map(Team::from).collect();
    Page::cut("teams", teams, |team| team.name.clone(), query.cursor.as_ref(), query.limit.get())
}

/// One team.
#[utoipa::path(get, path = "/v1/teams/{id}", operation_id = "show_team", tag = "people",
    params(("id" = String, Path, description = "The team's id")),
    responses((status = 200, description = "The team; the header ETag is for If-Match", body = Team), ReadRefusals))]
async fn one(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
) -> Result<Response, Problem> {
    let row = find(&shared, &principal, &id)?;
    Ok((etag(row.version), Json(Team::from(&row))).into_response())
}

/// Makes a team.
#[utoipa::path(post, path = "/v1/teams", operation_id = "create_team", tag = "people", request_body = NewTeam,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    responses((status = 201, description = "The team", body = Team), Refusals))]
async fn create(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    asking: Asking,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, bytes }: JsonBody<NewTeam>,
) -> Result<Response, Problem> {
    let key = RequestKey::read(&headers, &principal, "POST /v1/teams", &bytes)?;
    once(Arc::clone(&shared), key, async move { begin(&shared, &principal, asking, value).await }).await
}

async fn begin(
    shared: &Shared,
    principal: &Principal,
    asking: Asking,
    value: NewTeam,
) -> Result<(StatusCode, Team), Problem> {
    let (id, now) = (new_id()?, wall_now());
    let row = Row {
        id,
        account: principal.account.clone(),
        name: title("name", &value.name)?,
        managers: known_users(shared, principal, &value.managers)?,
        agents: known_agents(shared, principal, value.agents, &[])?,
        queues: known_queues(shared, principal, value.queues, &[])?,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    let people = change(shared, principal.actor(asking), vec![Change::Team { row, based_on: None }]).await?;
    let made = people.teams.iter().find(|team| team.id == id).ok_or_else(unknown)?;
    Ok((StatusCode::CREATED, Team::from(made)))
}

/// Changes a team. What its managers reach is changed at once, for what was before as well.
#[utoipa::path(patch, path = "/v1/teams/{id}", operation_id = "change_team", tag = "people", request_body = TeamChange,
    params(("id" = String, Path, description = "The team's id"),
        ("If-Match" = String, Header, description = "The ETag of what was read")),
    responses((status = 200, description = "The team as it is now", body = Team),
        (status = 428, description = "The header If-Match is missing", body = crate::problem::ProblemBody, content_type = "application/problem+json"), Refusals))]
async fn alter(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    asking: Asking,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    if_match: IfMatch,
    JsonBody { value, .. }: JsonBody<TeamChange>,
) -> Result<Response, Problem> {
    let mut row = find(&shared, &principal, &id)?;
    if_match.require(row.version)?;
    if let Some(name) = &value.name {
        row.name = title("name", name)?;
    }
    if let Some(managers) = &value.managers {
        row.managers = known_users(&shared, &principal, managers)?;
    }
    if let Some(agents) = value.agents {
        row.agents = known_agents(&shared, &principal, agents, &row.agents)?;
    }
    if let Some(queues) = value.queues {
        row.queues = known_queues(&shared, &principal, queues, &row.queues)?;
    }
    let (id, based_on) = (row.id, Some(row.version));
    let people = change(&shared, principal.actor(asking), vec![Change::Team { row, based_on }]).await?;
    let row = people.teams.iter().find(|team| team.id == id).ok_or_else(unknown)?;
    Ok((etag(row.version), Json(Team::from(row))).into_response())
}

/// Deletes a team. Its agents, queues and calls stay.
#[utoipa::path(delete, path = "/v1/teams/{id}", operation_id = "delete_team", tag = "people",
    params(("id" = String, Path, description = "The team's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read")),
    responses((status = 204, description = "The team is gone"), Refusals))]
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
    change(&shared, principal.actor(asking), vec![Change::DeleteTeam { id: row.id, based_on: row.version }]).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn find(shared: &Shared, principal: &Principal, id: &str) -> Result<Row, Problem> {
    let id = RowId::parse("team", id).map_err(|_| unknown())?;
    let people = shared.services.roster.people();
    let row = people.teams.iter().find(|team| team.id == id);
    row.filter(|row| row.account == principal.account).cloned().ok_or_else(unknown)
}

fn known_users(shared: &Shared, principal: &Principal, texts: &[String]) -> Result<Vec<RowId>, Problem> {
    let people = shared.services.roster.people();
    let known = |text: &String| {
        let id = RowId::parse("user", text).ok()?;
        people.user(id).filter(|user| user.account == principal.account).map(|user| user.id)
    };
    checked("managers", texts.iter().map(known).collect(), "the id of a user")
}

/// Those that were in the team before may stay, though the configuration has them no more.
fn known_agents(
    shared: &Shared,
    principal: &Principal,
    names: Vec<String>,
    former: &[String],
) -> Result<Vec<String>, Problem> {
    let directory = shared.directory_of(principal);
    let is_known = |name: &String| former.contains(name) || directory.agent(name).is_some();
    checked("agents", names.into_iter().map(|name| is_known(&name).then_some(name)).collect(), "an agent's extension")
}

fn known_queues(
    shared: &Shared,
    principal: &Principal,
    names: Vec<String>,
    former: &[String],
) -> Result<Vec<String>, Problem> {
    let directory = shared.directory_of(principal);
    let is_known = |name: &String| former.contains(name) || directory.queue(name).is_some();
    checked("queues", names.into_iter().map(|name| is_known(&name).then_some(name)).collect(), "the name of a queue")
}

/// Each once, all of them known.
fn checked<T: PartialEq>(field: &str, values: Vec<Option<T>>, expected: &str) -> Result<Vec<T>, Problem> {
    if values.len() > MAX_MEMBERS {
        return Err(wrong(field, format!("expected at most {MAX_MEMBERS}")));
    }
    let mut known = Vec::with_capacity(values.len());
    for (at, value) in values.into_iter().enumerate() {
        let value = value.ok_or_else(|| wrong(&format!("{field}.{at}"), format!("expected {expected}")))?;
        if !known.contains(&value) {
            known.push(value);
        }
    }
    Ok(known)
}

fn unknown() -> Problem {
    Problem::new(Code::TeamNotFound, "There is no such team.")
}

impl From<&Row> for Team {
    fn from(row: &Row) -> Self {
        Self {
            id: row.id.text("team"),
            name: row.name.clone(),
            managers: row.managers.iter().map(|id| id.text("user")).collect(),
            agents: row.agents.clone(),
            queues: row.queues.clone(),
            created_at: rfc3339(row.created_at),
            updated_at: rfc3339(row.updated_at),
        }
    }
}

/// Of each kind in one team: each request of a manager looks through them.
const MAX_MEMBERS: usize = 1_000;
