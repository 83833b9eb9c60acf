//! `/v1/audit-log`: who changed what, and who told the node to do what.

use axum::extract::{Extension, State};
use records::{AuditEntry as Row, AuditFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::access::{Access, Routes};
use crate::api::Shared;
use crate::key::Principal;
use crate::openapi::ReadRefusals;
use crate::page::{Cursor, Page};
use crate::problem::Problem;
use crate::query::{AnyOf, Limit, Query, Time};
use crate::rights::Permission;
use crate::time::rfc3339;
use crate::voicemail::away;
use crate::words::AuditOutcome;

/// One change or command.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    /// Its number: from 1 without a gap on the node.
    seq: u64,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// Who.
    actor: AuditActor,
    /// What was done: a change of people, or the name of another operation of this description.
    #[schema(example = "user.updated")]
    action: String,
    /// Kind of what was changed.
    #[schema(example = "user")]
    resource_type: String,
    /// Its id.
    resource_id: String,
    /// What it was before; null when it is new. Never a secret.
    #[schema(value_type = Option<Object>)]
    before: serde_json::Value,
    /// What it is since; null when it is gone. Of a command: `status`, that of the answer; `asked`, the body without
    /// secrets; `id`, that of what was made.
    #[schema(value_type = Option<Object>)]
    after: serde_json::Value,
    /// It was carried out, or was not permitted.
    outcome: AuditOutcome,
    /// SHA-256 of the former entry's hash and this entry.
    hash: String,
}

/// Who changed something, and from where.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AuditActor {
    /// `user`, `api_key` or `system`.
    kind: &'static str,
    /// Id.
    id: String,
    /// Name then.
    name: String,
    /// Address of the connection.
    address: String,
    /// Header `User-Agent`.
    user_agent: String,
    /// Id of the request.
    request_id: String,
}

/// Filters of the log.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Items of a page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 25)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Any of these ids of users and keys, separated by commas.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false)]
    actor: Option<AnyOf<String>>,
    /// Any of these actions, separated by commas.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["user.updated", "user.deleted"]))]
    action: Option<AnyOf<String>>,
    /// Any of these kinds of things, separated by commas.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["api_key"]))]
    resource_type: Option<AnyOf<String>>,
    /// Of the thing with this id.
    resource_id: Option<String>,
    /// Of which any of these came, separated by commas.
    #[param(value_type = Option<Vec<AuditOutcome>>, style = Form, explode = false)]
    outcome: Option<AnyOf<AuditOutcome>>,
    /// Then or later.
    #[serde(rename = "at[gte]")]
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Time>,
    /// Before.
    #[serde(rename = "at[lt]")]
    #[param(value_type = Option<String>, format = DateTime)]
    before: Option<Time>,
}

pub(super) fn routes() -> Routes {
    Routes::new().add(Access::All(Permission::AuditView), routes!(list))
}

/// Changes and commands of the account, newest first. Commands come from the journal: a moment after their answer, and
/// after the database is back where it was away.
#[utoipa::path(get, path = "/v1/audit-log", operation_id = "list_audit_log", tag = "people", params(AuditQuery),
    responses((status = 200, description = "A page of entries", body = Page<AuditEntry>), ReadRefusals))]
async fn list(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<AuditQuery>,
) -> Result<Page<AuditEntry>, Problem> {
    let any = |values: Option<AnyOf<String>>| values.map(|AnyOf(values)| values).unwrap_or_default();
    let limit = query.limit.get();
    let filter = AuditFilter {
        account: principal.account,
        actor: any(query.actor),
        action: any(query.action),
        resource_type: any(query.resource_type),
        resource_id: query.resource_id,
        outcome: query.outcome.map(|AnyOf(values)| values).unwrap_or_default().into_iter().map(Into::into).collect(),
        at_gte: query.from.map(|Time(at)| at),
        at_lt: query.before.map(|Time(at)| at),
        before_seq: query.cursor.map(|cursor| cursor.parse(LIST)).transpose()?,
        limit: limit + 1,
    };
    let mut rows = shared.services.database.audit_log(&filter).await.map_err(away)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = rows.last().filter(|_| more).map(|last| Cursor::after(LIST, &last.seq.to_string()));
    Ok(Page { data: rows.into_iter().map(AuditEntry::from).collect(), next_cursor })
}

impl From<Row> for AuditEntry {
    fn from(row: Row) -> Self {
        let actor = AuditActor {
            kind: row.actor.kind.word(),
            id: row.actor.id,
            name: row.actor.name,
            address: row.actor.address,
            user_agent: row.actor.user_agent,
            request_id: row.actor.request_id,
        };
        Self {
            seq: row.seq,
            at: rfc3339(row.at),
            actor,
            action: row.action,
            resource_type: row.resource_type,
            resource_id: row.resource_id,
            before: row.before,
            after: row.after,
            outcome: row.outcome.into(),
            hash: row.hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

const LIST: &str = "audit_log";
