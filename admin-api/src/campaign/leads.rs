//! `/v1/campaigns/{id}/leads`: what became of those that were tried.

use axum::extract::{Extension, Path, State};
use journal_core::LeadBooked;
use records::CampaignLeadFilter;
use serde::{Deserialize, Serialize};
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

/// Filters of a campaign's leads.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CampaignLeadsQuery {
    /// Items of a page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 25)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// In any of these states, separated by commas.
    #[param(value_type = Option<Vec<LeadStateWord>>, style = Form, explode = false, inline)]
    state: Option<AnyOf<LeadStateWord>>,
}

/// Where a lead that was tried stands.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CampaignLeadState)]
pub(crate) enum LeadStateWord {
    /// It is tried again.
    Retry,
    /// It is called back.
    Callback,
    /// It is done.
    Done,
}

/// A lead that a campaign has tried.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CampaignLead {
    /// The lead.
    lead_id: String,
    /// Its list.
    list_id: String,
    /// Where it stands.
    state: LeadStateWord,
    /// When it comes again.
    #[schema(format = DateTime)]
    next_at: Option<String>,
    /// Extension of the agent who alone calls it back.
    agent: Option<String>,
    /// Why it is done.
    #[schema(example = "exhausted")]
    done_because: Option<String>,
    /// Attempts.
    attempts: u32,
    /// What came of the last.
    #[schema(example = "no_answer")]
    last_outcome: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    last_at: Option<String>,
    /// The agent's disposition that made it so.
    disposition: Option<String>,
    /// When it became so.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// Leads that a campaign has tried, in the order of their lists. They are written a moment after they change.
#[utoipa::path(get, path = "/v1/campaigns/{id}/leads", operation_id = "list_campaign_leads", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign's id"), CampaignLeadsQuery),
    responses((status = 200, description = "A page of leads", body = Page<CampaignLead>), ReadRefusals))]
pub(super) async fn list(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(query): Query<CampaignLeadsQuery>,
) -> Result<Page<CampaignLead>, Problem> {
    let campaign = known(&shared, &principal, &id)?;
    let states = query.state.into_iter().flat_map(|AnyOf(words)| words).map(LeadStateWord::word);
    let filter = CampaignLeadFilter {
        account: principal.account.clone(),
        campaign,
        states: states.collect(),
        after: query.cursor.map(|cursor| cursor.parse(LIST)).transpose()?,
        limit: query.limit.get(),
        ..CampaignLeadFilter::default()
    };
    let (found, more) = shared.services.database.campaign_leads(&filter).await.map_err(away)?;
    let next_cursor = found.last().filter(|_| more).map(|last| Cursor::after(LIST, &last.lead.to_string()));
    Ok(Page { data: found.into_iter().map(CampaignLead::from).collect(), next_cursor })
}

impl LeadStateWord {
    const fn word(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Callback => "callback",
            Self::Done => "done",
        }
    }
}

impl From<records::CampaignLead> for CampaignLead {
    fn from(row: records::CampaignLead) -> Self {
        let (state, next_at, done_because) = match row.booked {
            LeadBooked::Retry(at) => (LeadStateWord::Retry, Some(rfc3339(at)), None),
            LeadBooked::Callback(at, _) => (LeadStateWord::Callback, Some(rfc3339(at)), None),
            LeadBooked::Done(why) => (LeadStateWord::Done, None, Some(why)),
        };
        Self {
            lead_id: row.lead.to_string(),
            list_id: row.list.to_string(),
            state,
            next_at,
            agent: row.agent,
            done_because,
            attempts: row.tries.total,
            last_outcome: row.tries.last.as_ref().map(|(word, _)| word.clone()),
            last_at: row.tries.last.map(|(_, at)| rfc3339(at)),
            disposition: row.disposition,
            updated_at: rfc3339(row.updated_at),
        }
    }
}

const LIST: &str = "campaign_leads";
