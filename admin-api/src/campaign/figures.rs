//! `/v1/campaigns/{id}/figures`: rates of a campaign and of each of its lists, today or over a range of days.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Extension, Path, State};
use clock::WallTime;
use hours::Zone;
use records::{CampaignFigures, ListFigures};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::known;
use crate::api::Shared;
use crate::key::Principal;
use crate::openapi::ReadRefusals;
use crate::problem::Problem;
use crate::query::Query;
use crate::report::TimeZone;
use crate::time::{rfc3339, wall_now};
use crate::voicemail::away;

/// Which days figures are of.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FiguresQuery {
    /// The first day; that of `last_day` without it.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-21")]
    first_day: Option<String>,
    /// The last day; today without it.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-21")]
    last_day: Option<String>,
    /// By whose clock days begin: an IANA name; the node's `time_zone` without it.
    #[param(value_type = Option<String>, example = "Europe/London")]
    time_zone: Option<TimeZone>,
}

/// Figures of a campaign.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CampaignFigures)]
pub(crate) struct Figures {
    /// The campaign.
    campaign_id: String,
    /// From here on.
    #[schema(format = DateTime)]
    from: String,
    /// To before here.
    #[schema(format = DateTime)]
    to: String,
    /// By whose clock days begin.
    #[schema(example = "Europe/London")]
    time_zone: String,
    /// How each figure is made.
    definitions: BTreeMap<&'static str, &'static str>,
    /// Time of its agents at work: idle, talking or in wrap-up, with their standing leg up. A minute behind.
    agent_hours: f64,
    /// Of the whole campaign.
    total: FigureRow,
    /// Of each of its lists.
    lists: Vec<FigureRow>,
}

/// Figures of a campaign or of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CampaignFigureRow)]
pub(crate) struct FigureRow {
    /// The list; null for the whole campaign, and for numbers that agents typed.
    list_id: Option<String>,
    /// Leads on the list.
    leads: u64,
    /// Those that were dialed at least once before the end of the range, ever.
    leads_dialed: u64,
    /// Attempts that ended in the range.
    attempts: u64,
    /// Those for which a line was taken.
    dialed: u64,
    /// Answered, by whomever.
    answered: u64,
    /// Answered by a person.
    people: u64,
    /// An agent talked.
    connected: u64,
    /// A person was there and no agent in time.
    abandoned: u64,
    /// Answered by a machine.
    machines: u64,
    /// With a disposition that counts as a success.
    successes: u64,
    /// Null where there is nothing to divide by, as below.
    list_penetration: Option<f64>,
    /// See `definitions`.
    contact_rate: Option<f64>,
    /// See `definitions`.
    conversion_rate: Option<f64>,
    /// See `definitions`.
    abandon_rate: Option<f64>,
    /// See `definitions`.
    connects_per_agent_hour: Option<f64>,
}

/// Rates of a campaign and of each of its lists, today so far, or over a range of days. They are of the attempts that
/// ended then, so that the list of attempts gives the same figures.
#[utoipa::path(get, path = "/v1/campaigns/{id}/figures", operation_id = "show_campaign_figures", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign's id"), FiguresQuery),
    responses((status = 200, description = "The figures", body = Figures), ReadRefusals))]
pub(super) async fn figures(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(query): Query<FiguresQuery>,
) -> Result<Json<Figures>, Problem> {
    let campaign = known(&shared, &principal, &id)?;
    let zone =
        query.time_zone.as_ref().map_or_else(|| shared.services.time_zone.clone(), |TimeZone(zone)| zone.clone());
    let (from, to) = range(&query, &zone)?;
    let database = &shared.services.database;
    let CampaignFigures { mut lists, agent_micros } =
        database.campaign_figures(&principal.account, campaign, (from, to)).await.map_err(away)?;
    let snapshot = shared.snapshot();
    let shown = snapshot.campaigns.campaigns.get(&campaign);
    let own = shown.iter().flat_map(|shown| shown.written.definition.lists.iter()).map(|share| share.list);
    for list in own {
        if lists.iter().all(|known| known.list != Some(list)) {
            lists.push(ListFigures { list: Some(list), ..ListFigures::default() });
        }
    }
    let hours = agent_micros as f64 / HOUR_MICROS;
    let mut rows = Vec::new();
    for counts in &lists {
        let list = match counts.list {
            Some(list) => database.lead_list(&principal.account, list).await.map_err(away)?,
            None => None,
        };
        rows.push(FigureRow::of(counts, list.map_or(0, |list| list.counts.leads), hours));
    }
    let leads = rows.iter().map(|row| row.leads).sum();
    Ok(Json(Figures {
        campaign_id: campaign.to_string(),
        from: rfc3339(from),
        to: rfc3339(to),
        time_zone: zone.name().to_owned(),
        definitions: DEFINITIONS.into(),
        agent_hours: hours,
        total: FigureRow::of(&sum(&lists), leads, hours),
        lists: rows,
    }))
}

/// From the first midnight to the one after the last day.
fn range(query: &FiguresQuery, zone: &Zone) -> Result<(WallTime, WallTime), Problem> {
    let day = |name: &'static str, text: &str| {
        let midnight = (text.len() == DAY_LEN).then(|| zone.local(&format!("{text}T12:00"))).flatten();
        let day = midnight.and_then(|noon| zone.day(noon));
        day.ok_or_else(|| Problem::bad_parameter(name, "expected a date: 2026-11-21"))
    };
    let today = || zone.day(wall_now()).ok_or_else(|| Problem::bad_parameter("time_zone", "expected another zone"));
    let last = query.last_day.as_deref().map_or_else(today, |text| day("last_day", text))?;
    let first = query.first_day.as_deref().map_or_else(|| Ok(last.clone()), |text| day("first_day", text))?;
    let span = last.end.as_micros().saturating_sub(first.start.as_micros());
    if first.start > last.start || span > RANGE_MAX_MICROS {
        return Err(Problem::bad_parameter("first_day", "expected a day at most 400 days before the last"));
    }
    Ok((first.start, last.end))
}

fn sum(lists: &[ListFigures]) -> ListFigures {
    lists.iter().fold(ListFigures::default(), |sum, one| ListFigures {
        list: None,
        attempts: sum.attempts + one.attempts,
        dialed: sum.dialed + one.dialed,
        answered: sum.answered + one.answered,
        people: sum.people + one.people,
        connected: sum.connected + one.connected,
        abandoned: sum.abandoned + one.abandoned,
        machines: sum.machines + one.machines,
        successes: sum.successes + one.successes,
        leads_dialed: sum.leads_dialed + one.leads_dialed,
    })
}

impl FigureRow {
    fn of(counts: &ListFigures, leads: u64, hours: f64) -> Self {
        let share = |part: u64, of: u64| (of > 0).then(|| part as f64 / of as f64);
        Self {
            list_id: counts.list.map(|list| list.to_string()),
            leads,
            leads_dialed: counts.leads_dialed,
            attempts: counts.attempts,
            dialed: counts.dialed,
            answered: counts.answered,
            people: counts.people,
            connected: counts.connected,
            abandoned: counts.abandoned,
            machines: counts.machines,
            successes: counts.successes,
            list_penetration: share(counts.leads_dialed, leads),
            contact_rate: share(counts.people, counts.dialed),
            conversion_rate: share(counts.successes, counts.connected),
            abandon_rate: share(counts.abandoned, counts.people),
            connects_per_agent_hour: (hours > 0.0).then(|| counts.connected as f64 / hours),
        }
    }
}

/// As in `docs/campaign-figures.md`.
const DEFINITIONS: [(&str, &str); 5] = [
    (
        "list_penetration",
        "leads_dialed / leads: leads dialed at least once before the end of the range, ever, of the list's",
    ),
    ("contact_rate", "people / dialed: attempts that a person answered, of those for which a line was taken"),
    ("conversion_rate", "successes / connected: dispositions that count as a success, of the conversations"),
    ("abandon_rate", "abandoned / people: people whom no agent took in time, of those who answered"),
    ("connects_per_agent_hour", "connected / agent_hours of the campaign, whose agents work for all its lists"),
];
const HOUR_MICROS: f64 = 3_600.0 * 1e6;
/// Of a date: 2026-11-21.
const DAY_LEN: usize = 10;
/// A year of comparison, and its leap days.
const RANGE_MAX_MICROS: i64 = 401 * 86_400 * 1_000_000;
