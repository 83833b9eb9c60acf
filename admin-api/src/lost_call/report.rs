//! `/v1/reports/lost-calls`: how many were lost and won back, and how fast. Each number says which list is behind it.

use axum::Json;
use axum::extract::{Extension, State};
use clock::WallTime;
use form_urlencoded::Serializer;
use records::{LostCallFilter, LostCallGroup, LostCallRow, NONE};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Shared;
use crate::call::source::any;
use crate::key::Principal;
use crate::openapi::ReadRefusals;
use crate::people::team_of;
use crate::problem::Problem;
use crate::query::{AnyOf, Query, Time};
use crate::report::{Asked, Bucket, TimeZone};
use crate::rights::Permission;
use crate::time::rfc3339;
use crate::voicemail::away;

/// What a report of lost calls is asked for.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LostReportQuery {
    /// Lost then or later; a day before the end without it.
    #[serde(rename = "lost_at[gte]")]
    #[param(value_type = Option<String>, format = DateTime)]
    lost_from: Option<Time>,
    /// Lost before; now without it.
    #[serde(rename = "lost_at[lt]")]
    #[param(value_type = Option<String>, format = DateTime)]
    lost_before: Option<Time>,
    /// Length of the spans that are counted apart; at most 1,000 of them.
    #[serde(default)]
    #[param(inline)]
    bucket: Bucket,
    /// By whose clock spans begin: an IANA name; the node's `time_zone` without it.
    #[param(value_type = Option<String>, example = "Europe/London")]
    time_zone: Option<TimeZone>,
    /// What else is counted apart.
    #[serde(default)]
    #[param(inline)]
    by: Split,
    /// Any of these as the queue entered last, separated by commas; `none` for calls of no queue.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["support"]))]
    queue: Option<AnyOf<String>>,
    /// Any of these as the extension of the agent it was offered to last, separated by commas.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["1001"]))]
    agent: Option<AnyOf<String>>,
    /// Of the queues and agents of this team.
    team: Option<String>,
}

/// What a report counts apart besides spans of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Split {
    /// Nothing.
    #[default]
    Whole,
    /// Queues.
    Queue,
    /// Agents.
    Agent,
    /// Teams: a call counts in each whose queue or agent it had, as the teams are now.
    Team,
}

/// A report of lost calls.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LostReport {
    /// From here on.
    #[schema(format = DateTime)]
    from: String,
    /// To before here.
    #[schema(format = DateTime)]
    to: String,
    /// How each number is made.
    formulas: Formulas,
    /// The numbers; spans and names without a lost call are left out.
    data: Vec<LostReportRow>,
}

/// How each number is made.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Formulas {
    lost: &'static str,
    recovered: &'static str,
    self_resolved: &'static str,
    open: &'static str,
    recovery_rate: &'static str,
    recovery_s: &'static str,
}

/// The numbers of one span and one queue, agent or team.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LostReportRow {
    /// From here on.
    #[schema(format = DateTime)]
    from: String,
    /// To before here.
    #[schema(format = DateTime)]
    to: String,
    /// The queue, where queues are counted apart; null for calls of none.
    queue: Option<String>,
    /// The agent, where agents are counted apart; null for calls offered to none.
    agent: Option<String>,
    /// The team, where teams are counted apart.
    team: Option<String>,
    /// Calls lost.
    lost: u64,
    /// Won back by a call out.
    recovered: u64,
    /// The caller got through alone.
    self_resolved: u64,
    /// Neither.
    open: u64,
    /// Recovered of lost, 0 to 1.
    recovery_rate: f64,
    /// Median of the seconds to recovery.
    recovery_s_p50: Option<u64>,
    /// 90th percentile of the seconds to recovery.
    recovery_s_p90: Option<u64>,
    /// The list behind each count.
    lists: Lists,
}

/// Lists that have as many items as the counts say.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Lists {
    #[schema(example = "/v1/lost-calls?queue=support")]
    lost: String,
    #[schema(example = "/v1/lost-calls?queue=support&recovered=true")]
    recovered: String,
    #[schema(example = "/v1/lost-calls?queue=support&self_resolved=true")]
    self_resolved: String,
    #[schema(example = "/v1/lost-calls?queue=support&recovered=false&self_resolved=false")]
    open: String,
}

/// Lost calls in numbers.
///
/// Calls count in the span in which they were lost, whenever they were won back. Formulas and the list behind each
/// number are in the answer.
#[utoipa::path(get, path = "/v1/reports/lost-calls", operation_id = "report_lost_calls", tag = "reports",
    params(LostReportQuery), responses((status = 200, description = "The report", body = LostReport), ReadRefusals))]
pub(crate) async fn report(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<LostReportQuery>,
) -> Result<Json<LostReport>, Problem> {
    let asked = Asked {
        name: "lost_at[gte]",
        from: query.lost_from,
        before: query.lost_before,
        bucket: query.bucket,
        zone: query.time_zone.clone().map_or_else(|| shared.services.time_zone.clone(), |TimeZone(zone)| zone),
    };
    let bounds = asked.spans()?.bounds;
    let mut filter = LostCallFilter {
        queue: any(query.queue.clone()),
        agent: any(query.agent.clone()),
        ..LostCallFilter::of(&principal.account)
    };
    filter.teams.extend(principal.whose(Permission::ReportsView).scope());
    if let Some(team) = &query.team {
        filter.teams.push(team_of(&shared, &principal, team)?);
    }
    let people = shared.services.roster.people();
    let asked = |team: &&records::Team| query.team.as_ref().is_none_or(|asked| *asked == team.name);
    let teams = people.teams.iter().filter(|team| team.account == principal.account).filter(asked);
    let parts: Vec<(Option<&str>, LostCallFilter)> = match query.by {
        Split::Team => teams.map(|team| (Some(team.name.as_str()), with_team(&filter, team))).collect(),
        _ => vec![(query.team.as_deref(), filter)],
    };
    let by = match query.by {
        Split::Whole | Split::Team => LostCallGroup::Whole,
        Split::Queue => LostCallGroup::Queue,
        Split::Agent => LostCallGroup::Agent,
    };
    let mut data = Vec::new();
    for (team, filter) in parts {
        let report = shared.services.database.lost_call_report(&filter, &bounds, by).await.map_err(away)?;
        data.extend(report.rows.iter().map(|row| LostReportRow::of(row, &bounds, team, &query)));
    }
    let bound = |bound: Option<&WallTime>| rfc3339(bound.copied().unwrap_or_default());
    let (from, to) = (bound(bounds.first()), bound(bounds.last()));
    Ok(Json(LostReport { from, to, formulas: FORMULAS, data }))
}

fn with_team(filter: &LostCallFilter, team: &records::Team) -> LostCallFilter {
    let mut filter = filter.clone();
    filter.teams.push(team.scope());
    filter
}

impl LostReportRow {
    fn of(row: &LostCallRow, bounds: &[WallTime], team: Option<&str>, query: &LostReportQuery) -> Self {
        let bound = |place: usize| bounds.get(place).copied().unwrap_or_default();
        let (from, to) = (rfc3339(bound(row.span)), rfc3339(bound(row.span + 1)));
        let name = |split| row.name.clone().filter(|_| query.by == split);
        let list = |more: &[(&str, &str)]| list_of(&from, &to, row, team, query, more);
        Self {
            queue: name(Split::Queue),
            agent: name(Split::Agent),
            team: team.map(str::to_owned),
            lost: row.lost,
            recovered: row.recovered,
            self_resolved: row.self_resolved,
            open: row.open(),
            recovery_rate: row.recovered as f64 / row.lost.max(1) as f64,
            recovery_s_p50: row.recovery_s_p50,
            recovery_s_p90: row.recovery_s_p90,
            lists: Lists {
                lost: list(&[]),
                recovered: list(&[("recovered", "true")]),
                self_resolved: list(&[("self_resolved", "true")]),
                open: list(&[("recovered", "false"), ("self_resolved", "false")]),
            },
            from,
            to,
        }
    }
}

/// The request whose items a count counts.
fn list_of(
    from: &str,
    to: &str,
    row: &LostCallRow,
    team: Option<&str>,
    query: &LostReportQuery,
    more: &[(&str, &str)],
) -> String {
    let mut text = Serializer::new(String::new());
    text.append_pair("lost_at[gte]", from).append_pair("lost_at[lt]", to);
    let chosen = |split, asked: &Option<AnyOf<String>>| {
        let asked = asked.as_ref().map(|AnyOf(names)| names.join(","));
        if query.by == split { Some(row.name.clone().unwrap_or_else(|| NONE.to_owned())) } else { asked }
    };
    let named = [
        ("queue", chosen(Split::Queue, &query.queue)),
        ("agent", chosen(Split::Agent, &query.agent)),
        ("team", team.map(str::to_owned)),
    ];
    for (field, value) in named {
        value.iter().for_each(|value| _ = text.append_pair(field, value));
    }
    more.iter().for_each(|(field, value)| _ = text.append_pair(field, value));
    // In our queries a plus is a plus.
    format!("/v1/lost-calls?{}", text.finish().replace('+', "%20"))
}

const FORMULAS: Formulas = Formulas {
    lost: "calls from outside that ended canceled, no_answer or failed in the span, except to numbers that we do not have",
    recovered: "those of them that a later call out to the same number won back",
    self_resolved: "those of them whose caller got through alone before that",
    open: "lost - recovered - self_resolved",
    recovery_rate: "recovered / lost",
    recovery_s: "start of the call that won it back - end of the lost call; nearest rank over the recovered ones",
};
