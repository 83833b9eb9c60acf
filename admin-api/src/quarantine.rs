//! `/v1/quarantine`: what is not handled because it broke its owner twice, and how an operator ends that.

use std::sync::Arc;

use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use centre::owner::Named;
use centre::{Answer, Command, Directory, Quarantined as Standing};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
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
use crate::query::{Limit, NoParameters, Query};
use crate::rights::Permission;
use crate::snapshot::snapshot_age;
use crate::time::rfc3339;

/// Something that is not handled because inputs that name it broke their owner twice. All else goes on. It ends with a
/// restart of the node, or when it is released; what broke once more is quarantined again.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Quarantined {
    /// Id.
    #[schema(example = "quarantine_1")]
    id: String,
    /// What it is.
    kind: Kind,
    /// A queue's name, an agent's extension, a call's id, or the header Call-ID.
    #[schema(example = "support")]
    name: String,
    /// Whom it broke: `shard` (calls), `acd` (queues and agents) or `location` (registrations).
    #[schema(example = "acd")]
    owner: &'static str,
    /// When it began.
    #[schema(format = DateTime)]
    since: String,
}

/// What may be quarantined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = QuarantinedKind)]
pub(crate) enum Kind {
    /// Its callers leave it by its time-out.
    Queue,
    /// He is offered nothing.
    Agent,
    /// It is ended as it would be without its queue.
    Call,
    /// Requests with this header Call-ID get 500.
    SipCall,
}

/// Parameters of the list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct QuarantineQuery {
    /// Items of a page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 25)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(Access::All(Permission::QuarantineView), routes!(list))
        .add(Access::All(Permission::QuarantineRelease), routes!(release))
}

/// What is quarantined, oldest first.
#[utoipa::path(get, path = "/v1/quarantine", operation_id = "list_quarantine", tag = "telephony",
    params(QuarantineQuery),
    responses((status = 200, description = "A page of what is quarantined", body = Page<Quarantined>), ReadRefusals))]
async fn list(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<QuarantineQuery>,
) -> Result<impl IntoResponse, Problem> {
    let (snapshot, directory) = (shared.snapshot(), shared.directory());
    let is_ours = principal.account == shared.services.account;
    let standing = snapshot.quarantined.iter().filter(|_| is_ours);
    let all = standing.map(|one| Quarantined::of(one, &directory)).collect();
    let in_order = |one: &Quarantined| format!("{:>32}", one.id);
    let page = Page::cut("quarantine", all, in_order, query.cursor.as_ref(), query.limit.get())?;
    Ok((snapshot_age(&snapshot), page))
}

/// Lets its owner handle it again: a queue serves, an agent has the status that he chose. It waits at most a second
/// for the owner.
#[utoipa::path(post, path = "/v1/quarantine/{id}/release", operation_id = "release_quarantine", tag = "telephony",
    params(("id" = String, Path, description = "The quarantine's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    responses((status = 200, description = "What was quarantined", body = Quarantined), Refusals))]
async fn release(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    EmptyBody: EmptyBody,
) -> Result<Response, Problem> {
    if principal.account != shared.services.account {
        return Err(unknown(&id));
    }
    let quarantine = id.strip_prefix(ID_PREFIX).and_then(|number| number.parse().ok()).ok_or_else(|| unknown(&id))?;
    let key = RequestKey::read(&headers, &principal, &format!("POST /v1/quarantine/{id}/release"), b"")?;
    once(Arc::clone(&shared), key, async move { end(&shared, quarantine).await }).await
}

async fn end(shared: &Shared, quarantine: u64) -> Result<(StatusCode, Quarantined), Problem> {
    match shared.services.command_to_the_end(Command::Release { quarantine }).await? {
        Answer::Released(one) => Ok((StatusCode::OK, Quarantined::of(&one, &shared.directory()))),
        other => Err(wrong_answer(&other)),
    }
}

impl Quarantined {
    fn of(one: &Standing, directory: &Directory) -> Self {
        let (kind, name) = match &one.named {
            Named::Queue(id) => {
                (Kind::Queue, directory.queues.get(id).map_or_else(|| id.0.to_string(), |queue| queue.name.clone()))
            }
            Named::Agent(id) => {
                let agent = directory.agents.get(id);
                (Kind::Agent, agent.map_or_else(|| id.0.to_string(), |agent| agent.extension.clone()))
            }
            Named::Call(id) => (Kind::Call, id.to_string()),
            Named::SipCall(id) => (Kind::SipCall, id.clone()),
        };
        Self { id: format!("{ID_PREFIX}{}", one.id), kind, name, owner: one.owner, since: rfc3339(one.since) }
    }
}

fn unknown(id: &str) -> Problem {
    Problem::new(Code::QuarantineNotFound, format!("There is no quarantine `{id}`, or it is over."))
}

const ID_PREFIX: &str = "quarantine_";
