//! `/v1/queue-visits`: the calls behind the numbers of queues, one item for each stay of a call in a queue.

use axum::extract::{Extension, State};
use records::{MAX_VISITS_READ, QueueVisit, VisitFilter, VisitPlace, Word, queue_visits};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::queues::{Goals, measured, queues_of};
use super::{Asked, Bucket};
use crate::api::Shared;
use crate::key::Principal;
use crate::openapi::ReadRefusals;
use crate::page::{Cursor, Page};
use crate::problem::Problem;
use crate::query::{AnyOf, Limit, Query, Time};
use crate::time::rfc3339;
use crate::voicemail::away;

/// Filters of the list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct VisitsQuery {
    /// Items of a page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 25)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Entered then or later; a day before the end without it.
    #[serde(rename = "entered_at[gte]")]
    #[param(value_type = Option<String>, format = DateTime)]
    entered_from: Option<Time>,
    /// Entered before; now without it.
    #[serde(rename = "entered_at[lt]")]
    #[param(value_type = Option<String>, format = DateTime)]
    entered_before: Option<Time>,
    /// Any of these queues, separated by commas; all without it.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["support"]))]
    queue: Option<AnyOf<String>>,
    /// The queues of this team.
    team: Option<String>,
    /// Those that this count of the report counts.
    #[param(inline)]
    counted_in: Option<Count>,
}

/// A count of figures of queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Count {
    /// All.
    Offered,
    /// Answered by an agent.
    Answered,
    /// Answered within T.
    AnsweredInTime,
    /// Hung up while waiting.
    Abandoned,
    /// Hung up within T.
    AbandonedInTime,
    /// Hung up within S.
    AbandonedShort,
    /// Left by time.
    TimedOut,
    /// Sent elsewhere by a rule or a key.
    Overflowed,
    /// Moved to another queue.
    Moved,
    /// Left for a callback.
    CalledBack,
    /// Ended by the node.
    Ended,
    /// Wait still.
    Waiting,
}

/// A call's stay in a queue.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = QueueVisit)]
pub(crate) struct Stay {
    /// The call.
    #[schema(example = "call_0190f5a2b6d07c3a9d1e4f5061728394")]
    call_id: String,
    /// The queue.
    #[schema(example = "support")]
    queue: String,
    /// When it entered.
    #[schema(format = DateTime)]
    entered_at: String,
    /// When it left; null while it waits.
    #[schema(format = DateTime)]
    left_at: Option<String>,
    /// How: `answered`, `abandoned`, `timed_out`, `ended`, `full`, `empty`, `key`, `moved`, `called_back`, `closed`,
    /// `callback_limit`.
    #[schema(example = "answered")]
    how: Option<&'static str>,
    /// From one to the other, ms.
    wait_ms: Option<u64>,
    /// The counts of the report in which it is one.
    #[schema(example = json!(["offered", "answered", "answered_in_time"]))]
    counted_in: Vec<&'static str>,
}

/// Stays of calls in queues, the first first: what `GET /v1/reports/queues` counts.
///
/// With `counted_in` a page may have fewer items than it could, or none, and a next one nevertheless.
#[utoipa::path(get, path = "/v1/queue-visits", operation_id = "list_queue_visits", tag = "reports", params(VisitsQuery),
    responses((status = 200, description = "A page of stays", body = Page<Stay>), ReadRefusals))]
pub(crate) async fn list(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<VisitsQuery>,
) -> Result<Page<Stay>, Problem> {
    let (from, before) = (query.entered_from, query.entered_before);
    let zone = shared.services.time_zone.clone();
    let spans = Asked { name: "entered_at[gte]", from, before, bucket: Bucket::Whole, zone }.spans()?;
    let behind: Option<VisitPlace> = query.cursor.map(|cursor| cursor.parse(LIST)).transpose()?;
    let limit = query.limit.get();
    let filter = VisitFilter {
        account: principal.account.clone(),
        queues: queues_of(&shared, &principal, query.queue.as_ref(), query.team.as_deref())?,
        from: spans.first(),
        to: spans.last(),
        behind,
        limit: if query.counted_in.is_some() { MAX_VISITS_READ } else { limit },
    };
    let (visits, more) = queue_visits(&shared.services.database, &shared.services.live, &filter).await.map_err(away)?;
    let goals = Goals::of(&shared.directory_of(&principal));
    let (mut data, mut last, mut cut) = (Vec::new(), None, more);
    for visit in &visits {
        let stay = Stay::new(visit, &goals);
        let is_meant = query.counted_in.is_none_or(|count| stay.counted_in.contains(&count.word()));
        if is_meant && data.len() == limit {
            cut = true;
            break;
        }
        last = Some(visit.place());
        data.extend(is_meant.then_some(stay));
    }
    let next_cursor = last.filter(|_| cut).map(|last| Cursor::after(LIST, &last.to_string()));
    Ok(Page { data, next_cursor })
}

impl Stay {
    fn new(visit: &QueueVisit, goals: &Goals) -> Self {
        Self {
            call_id: visit.call_id.to_string(),
            queue: visit.queue.clone(),
            entered_at: rfc3339(visit.entered_at),
            left_at: visit.left.map(|(at, _)| rfc3339(at)),
            how: visit.left.map(|(_, how)| how.word()),
            wait_ms: visit.left.map(|(at, _)| at.millis_since(visit.entered_at)),
            counted_in: measured(visit).counted_in(&goals.of_queue(&visit.queue)),
        }
    }
}

impl Count {
    /// Its word, as [`acd::measure::Visit::counted_in`] has it.
    const fn word(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Answered => "answered",
            Self::AnsweredInTime => "answered_in_time",
            Self::Abandoned => "abandoned",
            Self::AbandonedInTime => "abandoned_in_time",
            Self::AbandonedShort => "abandoned_short",
            Self::TimedOut => "timed_out",
            Self::Overflowed => "overflowed",
            Self::Moved => "moved",
            Self::CalledBack => "called_back",
            Self::Ended => "ended",
            Self::Waiting => "waiting",
        }
    }
}

const LIST: &str = "queue_visits entered_at";
