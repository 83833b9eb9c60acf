//! `/v1/campaigns/{id}/attempts`: each with every time stamp, who answered, how it ended.

use std::collections::BTreeMap;

use axum::extract::{Extension, Path, State};
use records::AttemptFilter;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::known;
use crate::api::Shared;
use crate::key::Principal;
use crate::openapi::ReadRefusals;
use crate::page::{Cursor, Page};
use crate::problem::Problem;
use crate::query::{AnyOf, Limit, Query};
use crate::time::rfc3339;
use crate::voicemail::away;

/// Filters of the attempts.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AttemptsQuery {
    /// Items of a page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 25)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Of this lead.
    #[param(example = "lead_0190f5a2b6d07c3a9d1e4f5000000001", pattern = "^lead_[0-9a-f]{32}$")]
    lead_id: Option<String>,
    /// With any of these outcomes, separated by commas.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["no_answer"]))]
    outcome: Option<AnyOf<String>>,
}

/// An attempt.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CampaignAttempt)]
pub(crate) struct Attempt {
    /// Its id.
    id: String,
    /// The lead; null for a number that an agent typed.
    lead_id: Option<String>,
    /// The lead's list.
    list_id: Option<String>,
    /// The number, E.164.
    number: String,
    /// What the called phone showed.
    caller_id: Option<String>,
    /// Its call.
    call_id: Option<String>,
    /// Extension of the agent who waited for this very call.
    waits: Option<String>,
    /// Extension of the agent who talked with it.
    agent: Option<String>,
    /// When it was ordered.
    #[schema(format = DateTime)]
    ordered_at: String,
    /// When the phone rang.
    #[schema(format = DateTime)]
    rang_at: Option<String>,
    /// When it was answered.
    #[schema(format = DateTime)]
    answered_at: Option<String>,
    /// When the detection had decided.
    #[schema(format = DateTime)]
    detected_at: Option<String>,
    /// When the greeting was over.
    #[schema(format = DateTime)]
    greeting_ended_at: Option<String>,
    /// When an agent talked.
    #[schema(format = DateTime)]
    connected_at: Option<String>,
    /// When nobody had been there in time.
    #[schema(format = DateTime)]
    abandoned_at: Option<String>,
    /// When a message had been played.
    #[schema(format = DateTime)]
    played_at: Option<String>,
    /// When it was over.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// How long it had waited for the agent since the end of the greeting.
    waited_ms: Option<u64>,
    /// What the line told before the answer.
    #[schema(example = "ringback")]
    early: Option<String>,
    /// Who answered.
    #[schema(example = "person")]
    detected: Option<String>,
    /// How sure that is, percent.
    confidence: Option<u64>,
    /// Why.
    detected_because: Option<String>,
    /// Stable word of the cause.
    #[schema(example = "normal")]
    cause: Option<String>,
    /// Q.850 cause.
    q850: Option<u64>,
    /// SIP status.
    sip: Option<u64>,
    /// What came of it; null while it lasts.
    #[schema(example = "connected")]
    pub(super) outcome: Option<String>,
    /// What its agent said came of it.
    #[schema(example = "sold")]
    pub(super) disposition: Option<String>,
    /// That counts as a success.
    pub(super) is_success: Option<bool>,
    /// What was answered to the campaign's form.
    #[schema(schema_with = super::answers_schema)]
    pub(super) answers: BTreeMap<String, Value>,
}

/// Attempts of a campaign, newest first. They are written a moment after they happen.
#[utoipa::path(get, path = "/v1/campaigns/{id}/attempts", operation_id = "list_campaign_attempts", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign's id"), AttemptsQuery),
    responses((status = 200, description = "A page of attempts", body = Page<Attempt>), ReadRefusals))]
pub(super) async fn list(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(query): Query<AttemptsQuery>,
) -> Result<Page<Attempt>, Problem> {
    let campaign = known(&shared, &principal, &id)?;
    let lead = query.lead_id.as_deref().map(str::parse).transpose();
    let filter = AttemptFilter {
        account: principal.account.clone(),
        campaign,
        lead: lead.map_err(|_| Problem::bad_parameter("lead_id", "expected the id of a lead"))?,
        outcome: query.outcome.into_iter().flat_map(|AnyOf(words)| words).collect(),
        after: query.cursor.map(|cursor| cursor.parse(LIST)).transpose()?,
        limit: query.limit.get(),
    };
    let (found, more) = shared.services.database.attempts(&filter).await.map_err(away)?;
    let next_cursor = found.last().filter(|_| more).map(|last| Cursor::after(LIST, &last.id.to_string()));
    Ok(Page { data: found.into_iter().map(Attempt::from).collect(), next_cursor })
}

impl From<records::Attempt> for Attempt {
    fn from(row: records::Attempt) -> Self {
        let times = row.times;
        let (detected, confidence, detected_because) =
            row.detected.map_or((None, None, None), |(heard, sure, why)| (Some(heard), Some(sure), Some(why)));
        let (cause, q850, sip) =
            row.ending.map_or((None, None, None), |(_, code, q850, sip)| (Some(code), Some(q850), sip));
        Self {
            id: row.id.to_string(),
            lead_id: row.lead.map(|(lead, _)| lead.to_string()),
            list_id: row.lead.map(|(_, list)| list.to_string()),
            number: row.number,
            caller_id: row.caller_id,
            call_id: row.call.map(|call| call.to_string()),
            waits: row.waits,
            agent: row.agent,
            ordered_at: rfc3339(times.ordered_at),
            rang_at: times.rang_at.map(rfc3339),
            answered_at: times.answered_at.map(rfc3339),
            detected_at: times.detected_at.map(rfc3339),
            greeting_ended_at: times.greeting_ended_at.map(rfc3339),
            connected_at: times.connected_at.map(rfc3339),
            abandoned_at: times.abandoned_at.map(rfc3339),
            played_at: times.played_at.map(rfc3339),
            ended_at: times.ended_at.map(rfc3339),
            waited_ms: row.waited_ms,
            early: row.early,
            detected,
            confidence,
            detected_because,
            cause,
            q850,
            sip,
            outcome: row.outcome,
            is_success: row.disposition.as_ref().map(|(_, is_success)| *is_success),
            disposition: row.disposition.map(|(code, _)| code),
            answers: row.answers.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
        }
    }
}

const LIST: &str = "campaign_attempts";
