//! `/v1/campaigns/{id}/estimate`: what a campaign will take, before it starts; and its submission, which keeps that.

mod asked;
mod count;
mod expected;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use centre::CampaignCommand;
use clock::CampaignId;
use dialer::campaign::{Estimated, Step};
use dialer::estimate::{Asked, Counted, Estimate, estimate};
use dialer::runner::CampaignSnapshot;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::object::Campaign;
use super::{absent, act, actor, known, seen, still_right, version};
use crate::api::Shared;
use crate::body::MaybeJson;
use crate::idempotency::RequestKey;
use crate::key::Principal;
use crate::once::once;
use crate::openapi::Refusals;
use crate::precondition::tag;
use crate::problem::{Code, Problem};
use crate::query::{NoParameters, Query};
use crate::time::{rfc3339, wall_now};

use asked::CampaignAssumptions;
use expected::CampaignExpectation;

/// What a campaign is expected to take, from when it is made on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct CampaignEstimate {
    /// When it was made.
    #[schema(format = DateTime)]
    made_at: String,
    /// ETag of the definition that it is of.
    #[schema(example = "\"v1234567890\"")]
    definition_etag: String,
    /// The definition is still that.
    #[serde(skip_deserializing)]
    is_current: bool,
    /// All its lists had been imported to their ends; otherwise more leads come.
    is_complete: bool,
    /// Leads on its lists.
    leads: u64,
    /// Those that are done.
    done: u64,
    /// Those that may be called.
    dialable: u64,
    /// Those of which no number may be dialed, whatever the hour, by the rule that stands against it.
    #[schema(example = json!({"do_not_call": 12, "unknown_time_zone": 3}))]
    denied: BTreeMap<String, u64>,
    /// Numbers of dialable leads.
    numbers: u64,
    /// Numbers that an earlier lead has too; of a sample where there are more than a million.
    duplicates: u64,
    /// Numbers that may not be dialed, of whichever leads.
    numbers_denied: u64,
    /// Numbers dialed, retries included.
    calls: u64,
    /// People reached.
    people: u64,
    /// Answers of machines.
    machines: u64,
    /// Minutes on the line.
    minutes: u64,
    /// Agents who work for it.
    agents: u32,
    /// Minutes of theirs: conversations, wrap-up, and waiting for answers.
    agent_minutes: u64,
    /// How long it dials; null where nobody is there for whom it could.
    dialing_minutes: Option<u64>,
    /// Days on which it is at work until every lead is done; null where nobody is there, or beyond 400 days.
    days: Option<u32>,
    /// ISO 4217.
    currency: String,
    /// What it costs, overage included, in minor units; null where no rate is known.
    cost_minor: Option<u64>,
    /// Minutes beyond what is paid for.
    overage_minutes: u64,
    /// What those cost.
    overage_minor: u64,
    /// What goes beyond the budget.
    over_budget_minor: u64,
    /// It goes beyond what is paid for, or the budget.
    is_over: bool,
    /// What calls are expected to be like, and why.
    expected: CampaignExpectation,
}

/// What a campaign will take: its leads are counted as they are now, each judged by the gate; the rules say how often
/// they are tried, the last campaigns how calls went. Nothing is kept.
#[utoipa::path(post, path = "/v1/campaigns/{id}/estimate", operation_id = "estimate_campaign", tag = "campaigns",
    request_body = Option<CampaignAssumptions>, params(("id" = String, Path, description = "The campaign's id")),
    responses((status = 200, description = "The estimate", body = CampaignEstimate), Refusals))]
pub(super) async fn estimate_it(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    MaybeJson { value, .. }: MaybeJson<CampaignAssumptions>,
) -> Result<Json<CampaignEstimate>, Problem> {
    let campaign = known(&shared, &principal, &id)?;
    value.check()?;
    let found = found(&shared, campaign)?;
    made(&shared, &principal.account, &found, &value).await.map(Json)
}

/// Submits a campaign as it is now: somebody else is to approve it. What it is estimated to take is kept with it, so
/// that he sees the same figures.
#[utoipa::path(post, path = "/v1/campaigns/{id}/submit", operation_id = "submit_campaign", tag = "campaigns",
    request_body = Option<CampaignAssumptions>,
    params(("id" = String, Path, description = "The campaign's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    responses((status = 200, description = "The campaign", body = Campaign), Refusals))]
pub(super) async fn submit(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    MaybeJson { value, bytes }: MaybeJson<CampaignAssumptions>,
) -> Result<Response, Problem> {
    let campaign = known(&shared, &principal, &id)?;
    value.check()?;
    let key = RequestKey::read(&headers, &principal, &format!("POST /v1/campaigns/{id}/submit"), &bytes)?;
    let (by, account) = (actor(&principal), principal.account.clone());
    once(Arc::clone(&shared), key, async move {
        let found = found(&shared, campaign)?;
        let mut step = Step::Submit(by.clone(), None);
        still_right(&shared, &account, campaign, &step).await?;
        // What cannot be submitted, or was, is not counted.
        if found.life.clone().take(step.clone(), wall_now(), true) == Ok(true) {
            let estimate = made(&shared, &account, &found, &value).await?;
            let says = serde_json::to_string(&estimate)
                .map_err(|_| Problem::new(Code::InternalError, "The estimate cannot be written down."))?;
            step = Step::Submit(by, Some(Estimated { of: Arc::clone(&found.written.text), says: says.into() }));
        }
        act(&shared, CampaignCommand::Step { campaign, step, based_on: None }).await?;
        Ok((StatusCode::OK, seen(&shared, campaign).await?))
    })
    .await
}

impl CampaignEstimate {
    /// That was kept with a campaign whose text is this now; none: it is of a newer program.
    pub(super) fn kept(says: &str, text: &str) -> Option<Self> {
        let kept: Self = serde_json::from_str(says).ok()?;
        let is_current = kept.definition_etag == tag(version(text));
        Some(Self { is_current, ..kept })
    }
}

fn found(shared: &Shared, campaign: CampaignId) -> Result<Arc<CampaignSnapshot>, Problem> {
    let found = shared.snapshot().campaigns.campaigns.get(&campaign).cloned();
    found.ok_or_else(|| absent(&campaign.to_string()))
}

async fn made(
    shared: &Shared,
    account: &str,
    found: &CampaignSnapshot,
    asked: &CampaignAssumptions,
) -> Result<CampaignEstimate, Problem> {
    let (counted, is_complete) = count::count(shared, account, found).await?;
    let expectation = expected::expectation(shared, account, found.campaign, asked).await?;
    let definition = Arc::clone(&found.written.definition);
    let agents = asked.agents.unwrap_or_else(|| expected::agents(shared, &definition));
    let (rates, expected) = (asked.rates(), expectation.expected());
    let (zone, at) = (shared.services.time_zone.clone(), wall_now());
    let walking = tokio::task::spawn_blocking(move || {
        let made =
            estimate(&Asked { definition: &definition, counted: &counted, agents, at, zone: &zone }, &expected, &rates);
        (made, counted)
    });
    let (made, counted) = walking.await.map_err(|_| count::broken())?;
    let Estimate { calls, people, machines, minutes, agent_minutes, cost_minor, .. } = made;
    let Estimate { overage_minutes, overage_minor, over_budget_minor, dialing_minutes, days, .. } = made;
    let Counted { leads, done, to_call, numbers, duplicates, denied, numbers_denied, .. } = counted;
    Ok(CampaignEstimate {
        made_at: rfc3339(at),
        definition_etag: tag(version(&found.written.text)),
        is_current: true,
        is_complete,
        leads,
        done,
        dialable: to_call,
        denied: denied.into_iter().map(|(rule, leads)| (rule.word().to_owned(), leads)).collect(),
        numbers,
        duplicates,
        numbers_denied,
        calls,
        people,
        machines,
        minutes,
        agents,
        agent_minutes,
        dialing_minutes,
        days,
        currency: asked.currency.clone(),
        cost_minor,
        overage_minutes,
        overage_minor,
        over_budget_minor,
        is_over: overage_minutes > 0 || over_budget_minor > 0,
        expected: expectation,
    })
}
