//! `/healthz`, `/readyz`, `/metrics`, `/v1/openapi.json` and the pages of problem codes.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::access::{Access, Routes};
use crate::api::Shared;
use crate::openapi::{ProbeRefusals, ReadRefusals};
use crate::problem::{Code, Problem, ProblemBody};
use crate::query::{NoParameters, Query};
use crate::rights::Permission;

/// That the process answers.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`.
    status: &'static str,
}

/// What must hold before calls may come.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Ready {
    /// All listeners are open.
    sockets_open: bool,
    /// The owners have their state back.
    owners_restored: bool,
    /// The journal takes entries.
    journal_writable: bool,
    /// Assertions that broke in owners since the start; each was built anew and goes on.
    owner_panics: u64,
    /// Queues, agents and calls refused until they are released or the node restarts, as the same input broke an owner
    /// twice. The log names them.
    quarantined: u64,
}

pub(crate) fn routes() -> Routes {
    let probe = Access::Local(Permission::MetricsView);
    Routes::new()
        .add(probe, routes!(healthz))
        .add(probe, routes!(readyz))
        .add(probe, routes!(metrics))
        .add(Access::Known, routes!(openapi))
        .page("/problems/{code}", axum::routing::get(problem_page))
}

/// The process answers. Without a key on loopback.
#[utoipa::path(get, path = "/healthz", tag = "operation",
    responses((status = 200, description = "It does", body = Health), ProbeRefusals))]
async fn healthz(Query(_): Query<NoParameters>) -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The node is ready for calls. Without a key on loopback. A database that is away does not matter.
#[utoipa::path(get, path = "/readyz", tag = "operation", responses(
    (status = 200, description = "Ready", body = Ready),
    (status = 503, description = "Not ready", body = ProblemBody, content_type = "application/problem+json"), ProbeRefusals))]
async fn readyz(State(shared): State<Shared>, Query(_): Query<NoParameters>) -> Result<Json<Ready>, Problem> {
    let readiness = *shared.services.readiness.borrow();
    let checks = [
        ("sockets_open", readiness.sockets_open),
        ("owners_restored", readiness.owners_restored),
        ("journal_writable", readiness.journal_writable),
    ];
    let failing: Vec<&str> = checks.iter().filter(|(_, holds)| !holds).map(|(name, _)| *name).collect();
    if failing.is_empty() {
        let (owner_panics, quarantined) = shared.services.metrics.broken();
        return Ok(Json(Ready {
            sockets_open: true,
            owners_restored: true,
            journal_writable: true,
            owner_panics,
            quarantined,
        }));
    }
    let problem = Problem::new(Code::NotReady, format!("Does not hold: {}.", failing.join(", ")));
    Err(failing.into_iter().fold(problem, |problem, name| problem.at(format!("#/{name}"), "invalid", "does not hold")))
}

/// All figures in the text format of Prometheus. Without a key on loopback.
#[utoipa::path(get, path = "/metrics", tag = "operation",
    responses((status = 200, description = "The figures", body = String, content_type = "text/plain"), ProbeRefusals))]
async fn metrics(
    State(shared): State<Shared>,
    Query(_): Query<NoParameters>,
) -> Result<impl IntoResponse + use<>, Problem> {
    let active = i64::try_from(shared.services.live.active()).unwrap_or(i64::MAX);
    shared.services.metrics.calls_active.set(active);
    let page = shared.services.metrics.render(&shared.snapshot(), &shared.directory());
    let page = page.map_err(|error| {
        tracing::error!(%error, "the figures cannot be written");
        Problem::new(Code::InternalError, "The figures cannot be written.")
    })?;
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page))
}

/// This description, as OpenAPI 3.1.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "operation", responses(
    (status = 200, description = "OpenAPI 3.1", body = Object, content_type = "application/json"),
    ReadRefusals))]
async fn openapi(State(shared): State<Shared>, Query(_): Query<NoParameters>) -> impl IntoResponse + use<> {
    ([(CONTENT_TYPE, "application/json")], shared.openapi.clone())
}

/// What the `type` of a problem leads to.
async fn problem_page(Path(word): Path<String>) -> Result<String, Problem> {
    let code = Code::of_word(&word)
        .ok_or_else(|| Problem::new(Code::RouteNotFound, format!("There is no problem `{word}`.")))?;
    Ok(format!("{word}\n\n{}.\n\nHTTP status {}.\n", code.title(), code.status()))
}
