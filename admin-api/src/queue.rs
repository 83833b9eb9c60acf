//! `/v1/queues`.

mod figures;
mod waiting;

use std::time::Duration;

use axum::extract::{Extension, Path, State};
use axum::{Json, response::IntoResponse};
use centre::{Directory, Snapshot};
use clock::{QueueId, WallTime};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::access::{Access, Routes};
use crate::api::Shared;
use crate::key::Principal;
use crate::openapi::ReadRefusals;
use crate::page::{Page, PageQuery};
use crate::problem::{Code, Problem};
use crate::query::{NoParameters, Query};
use crate::rights::Permission;
use crate::snapshot::snapshot_age;
use crate::time::wall_now;

pub(crate) use figures::{QueueAlert, QueueStats};

/// A queue as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Queue {
    /// Name.
    #[schema(example = "support")]
    pub(crate) name: String,
    /// Callers on the line.
    waiting: usize,
    /// How long the first of them has waited, ms; 0 when none waits.
    longest_wait_ms: u64,
    /// How long a caller who comes now may expect to wait for an agent, ms: the mean; null while nobody is on duty.
    ewt_ms: Option<u64>,
    /// Its agents in each state.
    agents: AgentCounts,
    /// Callers who wait without being on the line.
    callbacks: CallbackCounts,
    /// Values that are beyond their thresholds.
    alerts: Vec<QueueAlert>,
}

/// Number of agents in each state.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct AgentCounts {
    offline: u32,
    ready: u32,
    reserved: u32,
    on_call: u32,
    wrap_up: u32,
    paused: u32,
}

/// Callbacks of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Default, Serialize, ToSchema)]
pub(crate) struct CallbackCounts {
    /// In their place, or until their next attempt.
    waiting: u32,
    /// Being called.
    dialing: u32,
}

pub(crate) fn routes() -> Routes {
    let view = Access::All(Permission::QueuesView);
    Routes::new()
        .add(view, routes!(list))
        .add(view, routes!(one))
        .add(view, routes!(waiting::waiting_calls))
        .add(view, routes!(figures::figures))
}

/// All queues, by name.
#[utoipa::path(get, path = "/v1/queues", operation_id = "list_queues", tag = "queues", params(PageQuery),
    responses((status = 200, description = "A page of queues", body = Page<Queue>), ReadRefusals))]
async fn list(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let snapshot = shared.snapshot();
    let queues = queues(&snapshot, &shared.directory_of(&principal), wall_now());
    let page = Page::cut("queues", queues, |queue| queue.name.clone(), query.cursor.as_ref(), query.limit.get())?;
    Ok((snapshot_age(&snapshot), page))
}

/// One queue.
#[utoipa::path(get, path = "/v1/queues/{name}", operation_id = "show_queue", tag = "queues",
    params(("name" = String, Path, description = "The queue's name")),
    responses((status = 200, description = "The queue", body = Queue), ReadRefusals))]
async fn one(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
    Query(_): Query<NoParameters>,
) -> Result<impl IntoResponse, Problem> {
    let snapshot = shared.snapshot();
    let queue =
        queues(&snapshot, &shared.directory_of(&principal), wall_now()).into_iter().find(|queue| queue.name == name);
    Ok((snapshot_age(&snapshot), Json(queue.ok_or_else(|| unknown(&name))?)))
}

/// The problem of a name that is no queue.
fn unknown(name: &str) -> Problem {
    Problem::new(Code::QueueNotFound, format!("There is no queue `{name}`."))
}

fn queues(snapshot: &Snapshot, directory: &Directory, now: WallTime) -> Vec<Queue> {
    snapshot.acd.queues.iter().filter_map(|row| queue_now(snapshot, directory, row.queue, now)).collect()
}

/// A queue as it is now, if there is one of this id that the client may know.
pub(crate) fn queue_now(snapshot: &Snapshot, directory: &Directory, id: QueueId, now: WallTime) -> Option<Queue> {
    let (queue, named) = (snapshot.acd.queue(id)?, directory.queues.get(&id)?);
    let first = queue.waiting.iter().map(|call| call.entered).min();
    let alerts = snapshot.standings.get(&id).map(|standing| standing.alerts.iter().map(QueueAlert::from).collect());
    Some(Queue {
        name: named.name.clone(),
        waiting: queue.waiting.len(),
        longest_wait_ms: first.map_or(0, |entered| now.millis_since(entered)),
        ewt_ms: snapshot.acd.expected_next(id).map(|estimate| millis(estimate.mean)),
        agents: AgentCounts::from(queue.agents),
        callbacks: CallbackCounts { waiting: queue.callbacks.waiting, dialing: queue.callbacks.dialing },
        alerts: alerts.unwrap_or_default(),
    })
}

/// Whole milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl From<[u32; 6]> for AgentCounts {
    fn from([offline, ready, reserved, on_call, wrap_up, paused]: [u32; 6]) -> Self {
        Self { offline, ready, reserved, on_call, wrap_up, paused }
    }
}
