//! `/v1/campaigns/{id}/attempts/export`: the attempts of a campaign with what was answered, as a file.

use axum::body::Body;
use axum::extract::{Extension, Path, RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use clock::AttemptId;
use futures_util::stream;
use records::{AttemptFilter, Database};
use serde_json::Value;

use super::attempts::Attempt;
use super::known;
use crate::api::Shared;
use crate::csv::{self, Csv};
use crate::key::{Asking, Principal};
use crate::openapi::ReadRefusals;
use crate::problem::Problem;
use crate::query::{NoParameters, Query};
use crate::trail;
use crate::voicemail::away;

/// All attempts of a campaign as a CSV file, newest first, with a column for each field of the form as it is now. The
/// audit log has who exported it. A file that does not end in order is not whole.
#[utoipa::path(get, path = "/v1/campaigns/{id}/attempts/export", operation_id = "export_campaign_attempts",
    tag = "campaigns", params(("id" = String, Path, description = "The campaign's id")),
    responses((status = 200, description = "The attempts", body = String, content_type = "text/csv"), ReadRefusals))]
pub(super) async fn export(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    asking: Asking,
    RawQuery(asked): RawQuery,
    Query(_): Query<NoParameters>,
) -> Result<Response, Problem> {
    let campaign = known(&shared, &principal, &id)?;
    let snapshot = shared.snapshot();
    let shown = snapshot.campaigns.campaigns.get(&campaign);
    let form = shown.map(|shown| shown.written.definition.script.form.clone()).unwrap_or_default();
    let fields: Vec<String> = form.into_iter().map(|field| field.name).collect();
    let limit = records::MAX_LIMIT;
    let filter = AttemptFilter { account: principal.account.clone(), campaign, limit, ..AttemptFilter::default() };
    let first = page(&shared.services.database, &filter, &fields).await.map_err(away)?;
    let what = ("export_campaign_attempts", "campaign");
    trail::tell_reading(&shared, &principal, &asking, what, asked.as_deref()).await?;
    let database = shared.services.database.clone();
    let line = head(&fields);
    let head = stream::once(async { Ok::<_, records::DatabaseUnavailable>(line) });
    let rest = stream::try_unfold(Next::Page(first), move |next| {
        let (database, filter, fields) = (database.clone(), filter.clone(), fields.clone());
        async move {
            let (text, last) = match next {
                Next::Page(page) => page,
                Next::After(id) => page(&database, &AttemptFilter { after: Some(id), ..filter }, &fields).await?,
                Next::Nothing => return Ok(None),
            };
            Ok(Some((text, last.map_or(Next::Nothing, Next::After))))
        }
    });
    Ok(csv::file("campaign-attempts", Body::from_stream(stream::StreamExt::chain(head, rest))))
}

/// Where a file goes on.
enum Next {
    Page((Bytes, Option<AttemptId>)),
    After(AttemptId),
    Nothing,
}

/// Lines of one page, and the last of them where more follow.
async fn page(
    database: &Database,
    filter: &AttemptFilter,
    fields: &[String],
) -> Result<(Bytes, Option<AttemptId>), records::DatabaseUnavailable> {
    let (rows, more) = database.attempts(filter).await?;
    let last = rows.last().map(|last| last.id).filter(|_| more);
    let mut lines = Csv::default();
    for attempt in rows.into_iter().map(Attempt::from) {
        let cells = cells(&attempt, fields);
        lines.line(cells.iter().map(String::as_str));
    }
    Ok((lines.into_text().into(), last))
}

fn head(fields: &[String]) -> Bytes {
    let mut line = Csv::default();
    let answers = fields.iter().map(|name| format!("answer_{name}"));
    let columns: Vec<String> = COLUMNS.iter().map(|name| (*name).to_owned()).chain(answers).collect();
    line.line(columns.iter().map(String::as_str));
    line.into_text().into()
}

fn cells(attempt: &Attempt, fields: &[String]) -> Vec<String> {
    let all = serde_json::to_value(attempt).unwrap_or_default();
    let columns = COLUMNS.iter().map(|name| cell(all.get(*name)));
    columns.chain(fields.iter().map(|name| cell(attempt.answers.get(name)))).collect()
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Fields of an attempt, by their names in the API.
const COLUMNS: [&str; 28] = [
    "id",
    "lead_id",
    "list_id",
    "number",
    "caller_id",
    "call_id",
    "waits",
    "agent",
    "ordered_at",
    "rang_at",
    "answered_at",
    "detected_at",
    "greeting_ended_at",
    "connected_at",
    "abandoned_at",
    "played_at",
    "ended_at",
    "waited_ms",
    "early",
    "detected",
    "confidence",
    "detected_because",
    "cause",
    "q850",
    "sip",
    "outcome",
    "disposition",
    "is_success",
];
