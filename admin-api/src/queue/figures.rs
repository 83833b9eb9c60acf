//! `/v1/queues/{name}/figures`: what a wallboard shows, each rate with its formula.

use acd::State;
use acd::measure::{AbandonRate, Alert, Duty, Figures, Formula, Goal};
use axum::Json;
use axum::extract::{Extension, Path, State as Held};
use axum::response::IntoResponse;
use centre::QueueStanding;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Queue, millis, queue_now, unknown};
use crate::api::Shared;
use crate::key::Principal;
use crate::openapi::ReadRefusals;
use crate::problem::Problem;
use crate::query::{NoParameters, Query};
use crate::report::queues::Counts;
use crate::snapshot::snapshot_age;
use crate::time::{rfc3339, wall_now};

/// A queue as a wallboard shows it. The same goes out as `queue.stats` on the events.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct QueueStats {
    /// The queue as it is now.
    queue: Queue,
    /// T: answered within it is in time, s.
    service_level_s: u64,
    /// The part of the calls that should be, 0 to 1.
    service_level_target: f64,
    /// S: who gives up within it is a short abandon, s.
    short_abandon_s: u64,
    /// When the day began, by the node's time zone.
    #[schema(format = DateTime)]
    day_began_at: String,
    /// Calls that entered since the day began.
    day: Interval,
    /// Calls that entered in the last 30 minutes, by whole minutes.
    last_30_min: Interval,
}

/// Figures of the calls that entered a queue in an interval, whenever they left.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Interval {
    /// The counts.
    #[serde(flatten)]
    counts: Counts,
    /// The service level in all common definitions; the third is the usual one.
    service_levels: Vec<Rate>,
    /// The abandon rate with and without short ones.
    abandon_rates: Vec<Rate>,
    /// Speed of answer: mean wait of the answered, ms.
    asa_ms: Option<u64>,
    /// Half of the answered waited no longer, ms (to 1 %).
    asa_p50_ms: Option<u64>,
    /// Nine of ten did, ms (to 1 %).
    asa_p90_ms: Option<u64>,
    /// Occupancy of the queue's agents.
    occupancy: Rate,
    /// Time of the queue's agents in each state, s.
    agents_s: AgentTimes,
}

/// A rate, and what it is made of.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Rate {
    /// Which: a letter of the service level, `all` or `without_short`, `occupancy`.
    #[schema(example = "c")]
    name: &'static str,
    /// The formula.
    #[schema(example = "answered_in_time / (answered + abandoned - abandoned_in_time)")]
    formula: &'static str,
    /// The value, 0 to 1; null while nothing is counted.
    value: Option<f64>,
}

/// Time in each state, s.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct AgentTimes {
    ready: u64,
    reserved: u64,
    on_call: u64,
    wrap_up: u64,
    paused: u64,
}

/// A value beyond its threshold.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct QueueAlert {
    /// `waiting`, `longest_wait`, `service_level`, `abandoned`, `no_agent_ready`.
    #[schema(example = "waiting")]
    alert: &'static str,
    /// Since when.
    #[schema(format = DateTime)]
    since: String,
    /// The threshold: calls, seconds, or a part from 0 to 1.
    threshold: f64,
    /// The value now, in the same unit; of `no_agent_ready` the ready agents.
    value: f64,
}

/// The figures of a queue: of the day and of the last half hour.
#[utoipa::path(get, path = "/v1/queues/{name}/figures", operation_id = "show_queue_figures", tag = "queues",
    params(("name" = String, Path, description = "The queue's name")),
    responses((status = 200, description = "The figures", body = QueueStats), ReadRefusals))]
pub(crate) async fn figures(
    Held(shared): Held<Shared>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
    Query(_): Query<NoParameters>,
) -> Result<impl IntoResponse, Problem> {
    let (snapshot, directory) = (shared.snapshot(), shared.directory_of(&principal));
    let id = directory.queue(&name).ok_or_else(|| unknown(&name))?;
    let queue = queue_now(&snapshot, &directory, id, wall_now()).ok_or_else(|| unknown(&name))?;
    let standing = snapshot.standings.get(&id).cloned().unwrap_or_default();
    Ok((snapshot_age(&snapshot), Json(QueueStats::new(queue, &standing))))
}

impl QueueStats {
    pub(crate) fn new(queue: Queue, standing: &QueueStanding) -> Self {
        let QueueStanding { goal, figures, duty_of_day, duty_rolling, .. } = standing;
        let Goal { within, share, short } = *goal;
        Self {
            queue,
            service_level_s: within.as_secs(),
            service_level_target: share,
            short_abandon_s: short.as_secs(),
            day_began_at: rfc3339(standing.day_began),
            day: Interval::new(&figures.day, duty_of_day),
            last_30_min: Interval::new(&figures.rolling, duty_rolling),
        }
    }
}

impl Interval {
    fn new(figures: &Figures, duty: &Duty) -> Self {
        let levels = Formula::ALL.map(|one| Rate { name: one.word(), formula: one.text(), value: one.of(figures) });
        let rates = AbandonRate::ALL.map(|one| Rate { name: one.word(), formula: one.text(), value: one.of(figures) });
        let seconds = |state| duty.time_in(state).as_secs();
        Self {
            counts: Counts::of(figures),
            service_levels: levels.into(),
            abandon_rates: rates.into(),
            asa_ms: figures.waits.mean().map(millis),
            asa_p50_ms: figures.waits.percentile(50).map(millis),
            asa_p90_ms: figures.waits.percentile(90).map(millis),
            occupancy: Rate { name: "occupancy", formula: Duty::OCCUPANCY, value: duty.occupancy() },
            agents_s: AgentTimes {
                ready: seconds(State::Ready),
                reserved: seconds(State::Reserved),
                on_call: seconds(State::OnCall),
                wrap_up: seconds(State::WrapUp),
                paused: seconds(State::Paused),
            },
        }
    }
}

impl QueueAlert {
    /// An alert that came or went, as the events say it.
    pub(crate) fn told(queue: &str, state: &str, alert: &Alert) -> Value {
        let Self { alert, since, threshold, value } = Self::from(alert);
        json!({
            "queue": queue, "state": state, "alert": alert, "since": since, "threshold": threshold, "value": value,
        })
    }
}

impl From<&Alert> for QueueAlert {
    fn from(alert: &Alert) -> Self {
        let Alert { kind, since, threshold, value } = *alert;
        Self { alert: kind.word(), since: rfc3339(since), threshold, value }
    }
}
