//! `POST /v1/campaigns/{id}/leads`: more leads for a campaign, also while it dials.

use std::sync::Arc;

use axum::extract::{Extension, Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use clock::{CampaignId, ListId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{absent, known};
use crate::api::Shared;
use crate::idempotency::RequestKey;
use crate::key::Principal;
use crate::lead_list::{Coming, EncodingWord, LeadFile, LeadsAdded, NewLeads, add_to};
use crate::once::once_kept_as;
use crate::openapi::Refusals;
use crate::problem::{Code, Problem};
use crate::query::Query;

/// Where leads go, and how they are written.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MoreLeadsQuery {
    /// Which of the campaign's lists; may be left out where it has one alone.
    #[param(example = "list_0190f5a2b6d07c3a9d1e4f5000000000", pattern = "^list_[0-9a-f]{32}$")]
    list_id: Option<String>,
    /// What the file is written in, where it has no byte order mark and is not UTF-8. Goes with a file.
    #[param(inline)]
    encoding: Option<EncodingWord>,
}

/// Adds leads to a list of a campaign: as JSON, or as a CSV file of at most 1,000 rows, whose columns are guessed. Each
/// is added or not on its own; the answer says why not. A body may have 1 MiB. Longer files are uploaded as lists.
///
/// The answer comes when the leads are safe from a loss of power; a campaign that runs has heard of them then, and so
/// has every other that calls from the list. Given again for its `Idempotency-Key`, an answer with more than 100 issues
/// comes without them.
#[utoipa::path(post, path = "/v1/campaigns/{id}/leads", operation_id = "add_campaign_leads", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign's id"), MoreLeadsQuery,
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    request_body(content((NewLeads = "application/json"),
        (inline(LeadFile) = "text/csv", example = json!("Name,Phone\nJo Doe,020 7183 8750\n"))),
        description = "The leads"),
    responses((status = 200, description = "What became of each", body = LeadsAdded), Refusals))]
pub(super) async fn add(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(query): Query<MoreLeadsQuery>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let campaign = known(&shared, &principal, &id)?;
    let list = list_of(&shared, campaign, query.list_id.as_deref())?.to_string();
    let (coming, bytes) = Coming::from_request(request, query.encoding).await?;
    let route = format!("POST /v1/campaigns/{id}/leads {list} {:?}", query.encoding);
    let key = RequestKey::read(&headers, &principal, &route, &bytes)?;
    let asked = Arc::clone(&shared);
    let adding = async move { Ok((StatusCode::OK, add_to(&asked, &principal, &list, &coming).await?)) };
    once_kept_as(shared, key, adding, LeadsAdded::kept).await
}

/// The list that is meant, of a campaign that is not over.
fn list_of(shared: &Shared, id: CampaignId, asked: Option<&str>) -> Result<ListId, Problem> {
    let snapshot = shared.snapshot();
    let campaign = snapshot.campaigns.campaigns.get(&id).ok_or_else(|| absent(&id.to_string()))?;
    let status = campaign.life.status;
    if status.is_final() {
        let problem = Problem::new(Code::CampaignStatus, "The campaign is over: it calls nobody any more.");
        return Err(problem.in_state(status.word()));
    }
    let lists = &campaign.written.definition.lists;
    let meant = match asked {
        Some(asked) => lists.iter().find(|share| share.list.to_string() == asked),
        None => lists.first().filter(|_| lists.len() == 1),
    };
    let meant = meant.map(|share| share.list);
    meant.ok_or_else(|| Problem::bad_parameter("list_id", "expected one of the campaign's lists"))
}
