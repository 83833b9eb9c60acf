//! `PUT /v1/campaigns/{id}/agents`: who works for a campaign, from now on.

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::response::IntoResponse;
use centre::CampaignCommand;
use serde::Deserialize;
use utoipa::ToSchema;

use super::definition::{AssignedAgent, CampaignDefinition};
use super::object::Campaign;
use super::{act, known, seen, text_of, version, written};
use crate::api::Shared;
use crate::body::JsonBody;
use crate::key::Principal;
use crate::openapi::Refusals;
use crate::precondition::{IfMatch, etag};
use crate::problem::{Code, Problem};
use crate::query::{NoParameters, Query};

/// Who works for a campaign.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignAgents {
    /// Extensions of agents of its queue; empty: all of them.
    #[schema(max_items = 1000)]
    agents: Vec<AssignedAgent>,
}

/// Names the agents of its queue who alone work for a campaign, at once, also while it runs: no other gets a call of it
/// from then on, save those who talk. It is the same campaign otherwise, and its approval stands.
#[utoipa::path(put, path = "/v1/campaigns/{id}/agents", operation_id = "assign_campaign_agents", tag = "campaigns",
    request_body = CampaignAgents,
    params(("id" = String, Path, description = "The campaign's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read")),
    responses((status = 200, description = "The campaign", body = Campaign), Refusals))]
pub(super) async fn assign(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    if_match: IfMatch,
    JsonBody { value, .. }: JsonBody<CampaignAgents>,
) -> Result<impl IntoResponse, Problem> {
    let campaign = known(&shared, &principal, &id)?;
    let based_on = text_of(&shared, campaign)?;
    if_match.allow(version(&based_on))?;
    let definition: CampaignDefinition = serde_json::from_str(&based_on)
        .map_err(|_| Problem::new(Code::CampaignStatus, "The campaign was written by a newer program."))?;
    let written = written(&shared, &principal, &definition.with_agents(value.agents)).await?;
    let etag = etag(version(&written.text));
    act(&shared, CampaignCommand::Assign { campaign, written, based_on }).await?;
    Ok((etag, Json(seen(&shared, campaign).await?)))
}
