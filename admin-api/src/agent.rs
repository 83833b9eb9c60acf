//! `/v1/agents`.

mod duty;
mod standing;
mod why_idle;

use axum::extract::{Extension, Path, State};
use axum::{Json, response::IntoResponse};
use centre::{Answer, Command, Directory};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::access::{Access, Routes};
use crate::api::Shared;
use crate::body::JsonBody;
use crate::key::Principal;
use crate::openapi::{ReadRefusals, Refusals};
use crate::page::{Cursor, Page};
use crate::problem::{Code, Problem};
use crate::query::{AnyOf, Limit, NoParameters, Query};
use crate::rights::Permission;
use crate::snapshot::snapshot_age;
use crate::time::rfc3339;
use crate::words::{AgentState, AgentStatus};

/// An agent.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Agent {
    /// Extension: the agent's name in this API.
    #[schema(example = "1001")]
    extension: String,
    /// Display name, if any.
    name: Option<String>,
    /// Queues served.
    queues: Vec<String>,
    /// What the agent chose.
    status: AgentStatus,
    /// What is true.
    state: AgentState,
    /// Since when the state holds.
    #[schema(format = DateTime)]
    state_since: String,
    /// Why: pause reason, `rona`, `no_device`.
    reason: Option<String>,
    /// A phone is registered.
    registered: bool,
    /// The call, while reserved or on one; of several that which is active.
    call_id: Option<String>,
    /// All calls that he is talking in: one active, the others held.
    calls: Vec<String>,
    /// Those of them that are on hold.
    held: Vec<String>,
    /// Queues that he serves now; `queues` are all of his.
    serving: Vec<String>,
    /// His phone's connection between the calls of queues that ask for one: `none` while he is not logged in with it,
    /// `down`, `calling`, `up`, or `held` while his phone holds it between calls: then he gets none.
    #[schema(example = "up")]
    standing_leg: &'static str,
    /// His wrap-up, while one runs.
    wrap_up: Option<WrapUp>,
}

/// A wrap-up that runs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WrapUp {
    /// The call that it follows.
    call_id: String,
    /// Its queue.
    #[schema(example = "support")]
    queue: Option<String>,
    /// How it ends: `optional`, `timed`, `strict` or `mandatory`.
    #[schema(example = "timed")]
    mode: &'static str,
    /// When it ends at the latest.
    #[schema(format = DateTime)]
    until: String,
    /// By how much it may still be extended.
    extension_left_s: u64,
    /// Calls whose disposition is awaited.
    awaits: Vec<String>,
}

/// A status to store.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StateChange {
    /// The status chosen.
    state: AgentStatus,
    /// Why.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 64, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$", example = "lunch")]
    reason: Option<String>,
}

/// Filters of the list of agents.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AgentsQuery {
    /// Items of a page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 25)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Any of these states, separated by commas.
    #[param(value_type = Option<Vec<AgentState>>, style = Form, explode = false)]
    state: Option<AnyOf<AgentState>>,
    /// Any of these statuses, separated by commas.
    #[param(value_type = Option<Vec<AgentStatus>>, style = Form, explode = false)]
    status: Option<AnyOf<AgentStatus>>,
    /// Serves this queue.
    #[param(example = "support")]
    queue: Option<String>,
}

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(Access::Own(Permission::AgentsView), routes!(list))
        .add(Access::Own(Permission::AgentsView), routes!(one))
        .add(Access::Own(Permission::AgentsView), routes!(why_idle::why_idle))
        .add(Access::Own(Permission::AgentsControl), routes!(set_state))
        .add(Access::Own(Permission::AgentsView), routes!(duty::intervals))
        .add(Access::Own(Permission::AgentsView), routes!(duty::stats))
        .add(Access::Own(Permission::AgentsView), routes!(duty::calls))
        .add(Access::Own(Permission::AgentsControl), routes!(duty::choose_queues))
        .add(Access::Own(Permission::AgentsControl), routes!(duty::extend_wrap_up))
        .add(Access::Own(Permission::AgentsControl), routes!(standing::connect))
        .add(Access::Own(Permission::AgentsControl), routes!(standing::disconnect))
}

/// All agents, by extension.
#[utoipa::path(get, path = "/v1/agents", operation_id = "list_agents", tag = "agents", params(AgentsQuery),
    responses((status = 200, description = "A page of agents", body = Page<Agent>), ReadRefusals))]
async fn list(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<AgentsQuery>,
) -> Result<impl IntoResponse, Problem> {
    let (directory, snapshot) = (shared.agents_of(&principal, Permission::AgentsView), shared.snapshot());
    let mut agents: Vec<Agent> =
        snapshot.acd.agents.iter().filter_map(|agent| Agent::from_snapshot(agent, &directory)).collect();
    agents.retain(|agent| query.matches(agent));
    let page = Page::cut("agents", agents, |agent| agent.extension.clone(), query.cursor.as_ref(), query.limit.get())?;
    Ok((snapshot_age(&snapshot), page))
}

/// One agent.
#[utoipa::path(get, path = "/v1/agents/{extension}", operation_id = "show_agent", tag = "agents",
    params(("extension" = String, Path, description = "The agent's extension")),
    responses((status = 200, description = "The agent", body = Agent), ReadRefusals))]
async fn one(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(extension): Path<String>,
    Query(_): Query<NoParameters>,
) -> Result<impl IntoResponse, Problem> {
    let (directory, snapshot) = (shared.agents_of(&principal, Permission::AgentsView), shared.snapshot());
    let id = directory.agent(&extension).ok_or_else(|| unknown(&extension))?;
    let agent = snapshot.acd.agents.iter().find(|agent| agent.agent == id);
    let agent = agent.and_then(|agent| Agent::from_snapshot(agent, &directory)).ok_or_else(|| unknown(&extension))?;
    Ok((snapshot_age(&snapshot), Json(agent)))
}

/// Stores what an agent chose. In a call it applies after it; in wrap-up `ready` ends it.
#[utoipa::path(put, path = "/v1/agents/{extension}/state", operation_id = "set_agent_state", tag = "agents",
    params(("extension" = String, Path, description = "The agent's extension")), request_body = StateChange,
    responses((status = 200, description = "The agent as he is now", body = Agent), Refusals))]
async fn set_state(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(extension): Path<String>,
    Query(_): Query<NoParameters>,
    JsonBody { value, .. }: JsonBody<StateChange>,
) -> Result<Json<Agent>, Problem> {
    let directory = shared.agents_of(&principal, Permission::AgentsControl);
    let agent = directory.agent(&extension).ok_or_else(|| unknown(&extension))?;
    let reason = checked_reason(value.reason)?;
    check_pause(&directory, value.state, reason.as_deref())?;
    let command = Command::SetAgentStatus { agent, status: value.state.into(), reason };
    match shared.services.command(command).await? {
        Answer::Agent(agent) => Agent::from_snapshot(&agent, &directory).map(Json).ok_or_else(|| unknown(&extension)),
        other => Err(crate::api::wrong_answer(&other)),
    }
}

impl Agent {
    /// `None` for an agent who is in the directory no more.
    pub(crate) fn from_snapshot(agent: &acd::AgentSnapshot, directory: &Directory) -> Option<Self> {
        let named = directory.agents.get(&agent.agent)?;
        let queue_name = |id| directory.queues.get(id).map(|queue| queue.name.clone());
        let serves = |id: &&clock::QueueId| agent.queues.as_ref().is_none_or(|chosen| chosen.contains(id));
        Some(Self {
            extension: named.extension.clone(),
            name: named.name.clone(),
            queues: named.queues.iter().filter_map(queue_name).collect(),
            status: agent.status.into(),
            state: agent.state.into(),
            state_since: rfc3339(agent.state_since),
            reason: agent.reason.clone(),
            registered: agent.reachable,
            call_id: agent.call.map(|call| call.to_string()),
            calls: agent.calls.iter().map(ToString::to_string).collect(),
            held: agent.held.iter().map(ToString::to_string).collect(),
            serving: named.queues.iter().filter(serves).filter_map(queue_name).collect(),
            standing_leg: standing::word(agent.standing_leg),
            wrap_up: agent.wrap_up.as_ref().map(|wrap_up| WrapUp {
                call_id: wrap_up.call.to_string(),
                queue: queue_name(&wrap_up.queue),
                mode: wrap_up_mode(wrap_up.mode),
                until: rfc3339(wrap_up.until),
                extension_left_s: wrap_up.extension_left.as_secs(),
                awaits: wrap_up.awaits.iter().map(ToString::to_string).collect(),
            }),
        })
    }
}

impl AgentsQuery {
    fn matches(&self, agent: &Agent) -> bool {
        self.state.as_ref().is_none_or(|AnyOf(states)| states.contains(&agent.state))
            && self.status.as_ref().is_none_or(|AnyOf(statuses)| statuses.contains(&agent.status))
            && self.queue.as_ref().is_none_or(|queue| agent.queues.contains(queue))
    }
}

/// A pause has one of the configured reasons, where any are.
fn check_pause(directory: &Directory, status: AgentStatus, reason: Option<&str>) -> Result<(), Problem> {
    let known = &directory.pause_reasons;
    let is_good = known.iter().any(|one| Some(one.rule.reason.as_str()) == reason);
    if status != AgentStatus::Paused || known.is_empty() || is_good {
        return Ok(());
    }
    let words: Vec<&str> = known.iter().map(|one| one.rule.reason.as_str()).collect();
    let expected = format!("expected one of: {}", words.join(", "));
    Err(Problem::new(Code::InvalidBody, "The reason is none of the configured ones.")
        .at("#/reason", "unknown", expected))
}

const fn wrap_up_mode(mode: acd::WrapUpMode) -> &'static str {
    match mode {
        acd::WrapUpMode::Optional => "optional",
        acd::WrapUpMode::Timed => "timed",
        acd::WrapUpMode::Strict => "strict",
        acd::WrapUpMode::Mandatory => "mandatory",
    }
}

fn checked_reason(reason: Option<String>) -> Result<Option<String>, Problem> {
    let fits = |text: &String| (1..=MAX_REASON).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if reason.as_ref().is_none_or(fits) {
        return Ok(reason);
    }
    let expected = format!("expected 1 to {MAX_REASON} characters without control characters");
    Err(Problem::new(Code::InvalidBody, "The reason is not as expected.").at("#/reason", "invalid", expected))
}

fn unknown(extension: &str) -> Problem {
    Problem::new(Code::AgentNotFound, format!("There is no agent `{extension}`."))
}

/// Characters of a pause reason: it is shown in a column.
const MAX_REASON: usize = 64;
