//! `/v1/reports/queues`: what became of the calls of queues, by span of time. Each number says which list is behind it.

use std::collections::BTreeMap;

use acd::measure::{AbandonRate, Figures, Formula, Goal, Visit};
use axum::Json;
use axum::extract::{Extension, State};
use centre::{Directory, leave_of};
use clock::QueueId;
use form_urlencoded::Serializer;
use records::{MAX_VISITS_READ, QueueVisit, VisitFilter, queue_visits};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Asked, Bucket, Spans, TimeZone};
use crate::api::Shared;
use crate::key::Principal;
use crate::openapi::ReadRefusals;
use crate::people::team_of;
use crate::problem::Problem;
use crate::query::{AnyOf, Query, Time};
use crate::queue::millis;
use crate::rights::Permission;
use crate::time::rfc3339;
use crate::voicemail::away;

/// What a report of queues is asked for.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct QueueReportQuery {
    /// Calls that entered then or later; a day before the end without it.
    #[serde(rename = "entered_at[gte]")]
    #[param(value_type = Option<String>, format = DateTime)]
    entered_from: Option<Time>,
    /// Calls that entered before; now without it.
    #[serde(rename = "entered_at[lt]")]
    #[param(value_type = Option<String>, format = DateTime)]
    entered_before: Option<Time>,
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
    /// Any of these queues, separated by commas; all without it.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["support"]))]
    queue: Option<AnyOf<String>>,
    /// The queues of this team.
    team: Option<String>,
}

/// What the report counts apart besides spans of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = QueueReportSplit)]
pub(crate) enum Split {
    /// Queues.
    #[default]
    Queue,
    /// Nothing: each call by the service level of its own queue.
    Whole,
}

/// A report of queues.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct QueueReport {
    /// From here on.
    #[schema(format = DateTime)]
    from: String,
    /// To before here.
    #[schema(format = DateTime)]
    to: String,
    /// By whose clock spans begin.
    #[schema(example = "Europe/London")]
    time_zone: String,
    /// How each number is made.
    formulas: BTreeMap<&'static str, &'static str>,
    /// The numbers; spans and queues without a call are left out.
    data: Vec<QueueReportRow>,
}

/// The numbers of one span and one queue.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct QueueReportRow {
    /// From here on.
    #[schema(format = DateTime)]
    from: String,
    /// To before here.
    #[schema(format = DateTime)]
    to: String,
    /// The queue, where queues are counted apart.
    #[schema(example = "support")]
    queue: Option<String>,
    /// The counts.
    #[serde(flatten)]
    counts: Counts,
    /// The service level in all common definitions; `c` is the usual one.
    service_levels: Levels,
    /// The abandon rate with and without short ones.
    abandon_rates: Rates,
    /// Speed of answer: mean wait of the answered, ms.
    asa_ms: Option<u64>,
    /// Half of the answered waited no longer, ms (to 1 %).
    asa_p50_ms: Option<u64>,
    /// Nine of ten did, ms (to 1 %).
    asa_p90_ms: Option<u64>,
    /// The list behind `offered`; with `counted_in=<name of a count>` that behind another count.
    #[schema(example = "/v1/queue-visits?queue=support")]
    list: String,
}

/// Counts of the calls that entered a queue in an interval, whenever they left.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Counts {
    /// Entered.
    offered: u64,
    /// Answered by an agent.
    answered: u64,
    /// Answered within T.
    answered_in_time: u64,
    /// Hung up while waiting.
    abandoned: u64,
    /// Hung up within T.
    abandoned_in_time: u64,
    /// Hung up within S.
    abandoned_short: u64,
    /// Left by time.
    timed_out: u64,
    /// Sent elsewhere by a rule or a key.
    overflowed: u64,
    /// Moved to another queue.
    moved: u64,
    /// Left for a callback.
    called_back: u64,
    /// Ended by the node.
    ended: u64,
    /// Wait still.
    waiting: u64,
}

/// The service level, 0 to 1, by each definition; null while nothing is counted.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Levels {
    a: Option<f64>,
    b: Option<f64>,
    c: Option<f64>,
    d: Option<f64>,
    e: Option<f64>,
}

/// The abandon rate, 0 to 1; null while nothing is counted.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Rates {
    all: Option<f64>,
    without_short: Option<f64>,
}

/// Queues in numbers.
///
/// A call counts in the span in which it entered a queue, whenever and however it left; one that was moved or entered
/// again counts in each. Attempts of callbacks are no callers who wait. Formulas and the list behind the numbers are in
/// the answer. The service level is that of each queue as it is configured now. At most a million calls are counted.
#[utoipa::path(get, path = "/v1/reports/queues", operation_id = "report_queues", tag = "reports",
    params(QueueReportQuery), responses((status = 200, description = "The report", body = QueueReport), ReadRefusals))]
pub(crate) async fn report(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<QueueReportQuery>,
) -> Result<Json<QueueReport>, Problem> {
    let zone = query.time_zone.clone().map_or_else(|| shared.services.time_zone.clone(), |TimeZone(zone)| zone);
    let asked = Asked {
        name: "entered_at[gte]",
        from: query.entered_from,
        before: query.entered_before,
        bucket: query.bucket,
        zone,
    };
    let spans = asked.spans()?;
    let filter = VisitFilter {
        account: principal.account.clone(),
        queues: queues_of(&shared, &principal, query.queue.as_ref(), query.team.as_deref())?,
        from: spans.first(),
        to: spans.last(),
        behind: None,
        limit: MAX_VISITS_READ,
    };
    let directory = shared.directory_of(&principal);
    let counted = count(&shared, filter, &spans, query.by, &Goals::of(&directory)).await?;
    let data = counted
        .iter()
        .map(|((span, queue), figures)| QueueReportRow::new(spans.span(*span), queue.as_deref(), figures, &query));
    Ok(Json(QueueReport {
        from: rfc3339(spans.first()),
        to: rfc3339(spans.last()),
        time_zone: asked.zone.name().to_owned(),
        formulas: formulas(),
        data: data.collect(),
    }))
}

/// The queues that a client may see and asks for; none for all.
pub(super) fn queues_of(
    shared: &Shared,
    principal: &Principal,
    asked: Option<&AnyOf<String>>,
    team: Option<&str>,
) -> Result<Option<Vec<String>>, Problem> {
    let mut queues = asked.map(|AnyOf(names)| names.clone());
    let scope = principal.whose(Permission::ReportsView).scope();
    let team = team.map(|team| team_of(shared, principal, team)).transpose()?;
    for scope in scope.into_iter().chain(team) {
        queues = Some(match queues {
            Some(names) => names.into_iter().filter(|name| scope.queues.contains(name)).collect(),
            None => scope.queues,
        });
    }
    Ok(queues)
}

type Counted = BTreeMap<(usize, Option<String>), Figures>;

/// Counts a page at a time, so that a long span takes time and no room.
async fn count(
    shared: &Shared,
    mut filter: VisitFilter,
    spans: &Spans,
    by: Split,
    goals: &Goals,
) -> Result<Counted, Problem> {
    let (mut counted, mut read) = (Counted::new(), 0);
    loop {
        let (visits, more) =
            queue_visits(&shared.services.database, &shared.services.live, &filter).await.map_err(away)?;
        read += visits.len();
        for visit in &visits {
            let queue = (by == Split::Queue).then(|| visit.queue.clone());
            let figures = counted.entry((spans.of(visit.entered_at), queue)).or_default();
            figures.count(&measured(visit), &goals.of_queue(&visit.queue));
        }
        filter.behind = visits.last().map(QueueVisit::place);
        if !more {
            return Ok(counted);
        }
        if read >= COUNTED_MAX {
            return Err(Problem::bad_parameter("entered_at[gte]", "expected a span with at most a million calls"));
        }
    }
}

/// What each queue is measured against, by name.
pub(super) struct Goals(BTreeMap<String, Goal>);

impl Goals {
    pub(super) fn of(directory: &Directory) -> Self {
        Self(directory.queues.values().map(|queue| (queue.name.clone(), queue.rules.goal)).collect())
    }

    /// A queue that is not there any more has the usual goal.
    pub(super) fn of_queue(&self, name: &str) -> Goal {
        self.0.get(name).copied().unwrap_or_default()
    }
}

/// A stay as the fold of the figures takes it; names stand for ids.
pub(super) fn measured(visit: &QueueVisit) -> Visit {
    let left = visit.left.map(|(at, how)| (at, leave_of(how)));
    Visit { call: visit.call_id, queue: QueueId(0), entered: visit.entered_at, left }
}

impl QueueReportRow {
    fn new(
        (from, to): (clock::WallTime, clock::WallTime),
        queue: Option<&str>,
        figures: &Figures,
        query: &QueueReportQuery,
    ) -> Self {
        let level = |formula: Formula| formula.of(figures);
        let (from, to) = (rfc3339(from), rfc3339(to));
        let mut list = Serializer::new(String::new());
        list.append_pair("entered_at[gte]", &from).append_pair("entered_at[lt]", &to);
        let asked = query.queue.as_ref().map(|AnyOf(names)| names.join(","));
        queue.map(str::to_owned).or(asked).iter().for_each(|queue| _ = list.append_pair("queue", queue));
        query.team.iter().for_each(|team| _ = list.append_pair("team", team));
        Self {
            // In our queries a plus is a plus.
            list: format!("/v1/queue-visits?{}", list.finish().replace('+', "%20")),
            from,
            to,
            queue: queue.map(str::to_owned),
            counts: Counts::of(figures),
            service_levels: Levels {
                a: level(Formula::A),
                b: level(Formula::B),
                c: level(Formula::C),
                d: level(Formula::D),
                e: level(Formula::E),
            },
            abandon_rates: Rates {
                all: AbandonRate::All.of(figures),
                without_short: AbandonRate::WithoutShort.of(figures),
            },
            asa_ms: figures.waits.mean().map(millis),
            asa_p50_ms: figures.waits.percentile(50).map(millis),
            asa_p90_ms: figures.waits.percentile(90).map(millis),
        }
    }
}

impl Counts {
    /// The counts of figures, each by the word that lists name it by.
    pub(crate) fn of(figures: &Figures) -> Self {
        Self {
            offered: figures.offered,
            answered: figures.answered,
            answered_in_time: figures.answered_in_time,
            abandoned: figures.abandoned,
            abandoned_in_time: figures.abandoned_in_time,
            abandoned_short: figures.abandoned_short,
            timed_out: figures.timed_out,
            overflowed: figures.overflowed,
            moved: figures.moved,
            called_back: figures.called_back,
            ended: figures.ended,
            waiting: figures.waiting(),
        }
    }
}

fn formulas() -> BTreeMap<&'static str, &'static str> {
    let levels = [Formula::A, Formula::B, Formula::C, Formula::D, Formula::E];
    let names = ["service_levels.a", "service_levels.b", "service_levels.c", "service_levels.d", "service_levels.e"];
    let mut all: BTreeMap<_, _> = names.into_iter().zip(levels.map(Formula::text)).collect();
    all.extend([
        ("abandon_rates.all", AbandonRate::All.text()),
        ("abandon_rates.without_short", AbandonRate::WithoutShort.text()),
        ("asa_ms", "sum of the waits of the answered / answered; a wait runs from entering the queue to the answer"),
        ("in_time", "within service_level_s of the queue"),
        ("short", "within short_abandon_s of the queue"),
    ]);
    all
}

/// Visits counted for one report: some seconds of reading.
const COUNTED_MAX: usize = 1_000_000;
