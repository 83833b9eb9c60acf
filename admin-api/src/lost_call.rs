//! `/v1/lost-calls`: customers who called and whom nobody served, and what won them back.

mod report;

use axum::extract::{Extension, State};
use records::{LostCallFilter, LostCallSort};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::access::{Access, Routes};
use crate::api::Shared;
use crate::call::LostInfo;
use crate::call::source::any;
use crate::key::Principal;
use crate::openapi::ReadRefusals;
use crate::page::{Cursor, Page};
use crate::people::team_of;
use crate::problem::Problem;
use crate::query::{AnyOf, Limit, Query, Time};
use crate::rights::Permission;
use crate::time::rfc3339;
use crate::voicemail::away;
use crate::words::CallStatus;

/// A lost call.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LostCall {
    /// The call.
    #[schema(example = "call_0190f5a2b6d07c3a9d1e4f5061728394")]
    id: String,
    /// Who called.
    #[schema(example = "+442071838750")]
    number: String,
    /// The queue entered last.
    #[schema(example = "support")]
    queue: Option<String>,
    /// Extension of the agent it was offered to last.
    #[schema(example = "1001")]
    agent: Option<String>,
    /// How it ended.
    status: CallStatus,
    /// When it ended.
    #[schema(format = DateTime)]
    lost_at: String,
    /// How it stands.
    #[serde(flatten)]
    lost: LostInfo,
}

/// Filters of the list of lost calls.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LostCallsQuery {
    /// Items of a page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 25)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// `-lost_at`, the newest first, or `lost_at`.
    #[serde(default)]
    #[param(inline)]
    sort: LostOrder,
    /// Who called.
    #[param(example = "+442071838750")]
    number: Option<String>,
    /// Any of these as the queue entered last, separated by commas; `none` for calls of no queue.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["support"]))]
    queue: Option<AnyOf<String>>,
    /// Any of these as the extension of the agent it was offered to last, separated by commas; `none` for calls that
    /// were offered to nobody.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["1001"]))]
    agent: Option<AnyOf<String>>,
    /// Of the queues and agents of this team.
    team: Option<String>,
    /// Won back by a call out, or not.
    recovered: Option<bool>,
    /// The caller got through alone, or not.
    self_resolved: Option<bool>,
    /// Told as overdue, or not.
    overdue: Option<bool>,
    /// Lost then or later.
    #[serde(rename = "lost_at[gte]")]
    #[param(value_type = Option<String>, format = DateTime)]
    lost_from: Option<Time>,
    /// Lost before.
    #[serde(rename = "lost_at[lt]")]
    #[param(value_type = Option<String>, format = DateTime)]
    lost_before: Option<Time>,
}

/// Order of a list of lost calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
pub(crate) enum LostOrder {
    /// Newest first.
    #[default]
    #[serde(rename = "-lost_at")]
    Newest,
    /// Oldest first.
    #[serde(rename = "lost_at")]
    Oldest,
}

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(Access::Own(Permission::CallsView), routes!(list))
        .add(Access::Own(Permission::ReportsView), routes!(report::report))
}

/// Lost calls.
///
/// A call is lost when a customer called and it ended canceled, unanswered or failed. A later call out to the number
/// wins back the newest that is open; a caller who gets through alone is counted apart. An operator sees those that
/// were offered to him last.
#[utoipa::path(get, path = "/v1/lost-calls", operation_id = "list_lost_calls", tag = "calls", params(LostCallsQuery),
    responses((status = 200, description = "A page of lost calls", body = Page<LostCall>), ReadRefusals))]
async fn list(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<LostCallsQuery>,
) -> Result<Page<LostCall>, Problem> {
    let list = list_name(query.sort);
    let mut filter = LostCallFilter {
        number: query.number,
        queue: any(query.queue),
        agent: any(query.agent),
        recovered: query.recovered,
        self_resolved: query.self_resolved,
        overdue: query.overdue,
        lost_at_gte: query.lost_from.map(|Time(at)| at),
        lost_at_lt: query.lost_before.map(|Time(at)| at),
        sort: match query.sort {
            LostOrder::Newest => LostCallSort::NewestFirst,
            LostOrder::Oldest => LostCallSort::OldestFirst,
        },
        cursor: query.cursor.map(|cursor| cursor.parse(list)).transpose()?,
        limit: query.limit.get(),
        ..LostCallFilter::of(&principal.account)
    };
    filter.teams.extend(principal.whose(Permission::CallsView).scope());
    if let Some(team) = &query.team {
        filter.teams.push(team_of(&shared, &principal, team)?);
    }
    let (calls, next) = shared.services.database.lost_calls(&filter).await.map_err(away)?;
    let data = calls.into_iter().map(LostCall::from).collect();
    Ok(Page { data, next_cursor: next.map(|next| Cursor::after(list, &next.to_string())) })
}

/// A cursor is one of a list in one order.
fn list_name(order: LostOrder) -> &'static str {
    match order {
        LostOrder::Newest => "lost_calls -lost_at",
        LostOrder::Oldest => "lost_calls lost_at",
    }
}

impl From<records::LostCall> for LostCall {
    fn from(call: records::LostCall) -> Self {
        Self {
            id: call.id.to_string(),
            lost: LostInfo::of(&call.state, call.ended_at),
            number: call.number,
            queue: call.queue,
            agent: call.agent,
            status: call.status.into(),
            lost_at: rfc3339(call.ended_at),
        }
    }
}
