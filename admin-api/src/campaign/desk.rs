//! `/v1/campaigns/{id}/agents/{extension}`: what an agent of a campaign sees: the lead with script and form, what was
//! said of him before, and the counters of the day.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Extension, Path, State};
use clock::{CampaignId, LeadId};
use dialer::list::Details;
use dialer::runner::{CampaignSnapshot, Desk, Doing};
use records::{DeskCounts, StoredLead};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::definition::{CampaignDefinition, CampaignFormField};
use super::object::CampaignStatusWord;
use super::{absent, answers, known};
use crate::api::Shared;
use crate::key::Principal;
use crate::lead_list::entries::LeadEntry;
use crate::openapi::ReadRefusals;
use crate::problem::{Code, Problem};
use crate::query::{NoParameters, Query};
use crate::rights::Permission;
use crate::time::{rfc3339, wall_now};
use crate::voicemail::away;

/// What an agent of a campaign sees.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CampaignDesk {
    /// The campaign.
    campaign_id: String,
    /// Its name.
    name: String,
    /// Where it stands.
    status: CampaignStatusWord,
    /// The lead that he looks at, that is called for him, with whom he talks, or has talked without having said what
    /// came of it.
    lead: Option<DeskLead>,
    /// What came of it today, of him.
    own: DeskFigures,
    /// And of all.
    campaign: DeskFigures,
}

/// A lead as an agent sees him.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DeskLead {
    /// `shown`, `calling`, `talking` or `afterwards`.
    #[schema(example = "talking")]
    doing: &'static str,
    /// The lead; null for a number that he typed.
    lead_id: Option<String>,
    /// The number that is called.
    #[schema(example = "+442071838750")]
    number: String,
    /// It is called then, unless he says something.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// He may pass it on.
    may_skip: bool,
    /// The attempt.
    attempt_id: Option<String>,
    /// Its call.
    call_id: Option<String>,
    /// What his list says of him; null while the database is away.
    entry: Option<LeadEntry>,
    /// Attempts of him in this campaign, and what came of the last.
    attempts: u32,
    /// Stable word.
    last_outcome: Option<String>,
    /// What agents said of him, newest first; at most 20.
    notes: Vec<DeskNote>,
    /// What to say, with his data filled in.
    script: Option<String>,
    /// What to ask.
    form: Vec<CampaignFormField>,
    /// What he answered so far.
    #[schema(schema_with = super::answers_schema)]
    answers: BTreeMap<String, Value>,
}

/// What an agent said of a lead.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DeskNote {
    /// Extension of the agent.
    agent: String,
    /// Code of the disposition.
    code: String,
    /// What people read.
    label: String,
    /// The note.
    note: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    given_at: String,
}

/// What a campaign came to since midnight, by the node's time zone.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DeskFigures {
    /// Attempts begun: with this agent or for him alone; or any.
    dialed: u64,
    /// Those in which an agent talked.
    connected: u64,
    /// Dispositions of these attempts, by code.
    dispositions: Vec<DeskDisposition>,
    /// Those of them that count as a success.
    successes: u64,
    /// Callbacks until midnight: this agent's own, or all.
    callbacks: u64,
    /// Those of them that are due.
    callbacks_due: u64,
}

/// How often something was said.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DeskDisposition {
    /// Code.
    #[schema(example = "sold")]
    code: String,
    /// What people read.
    #[schema(example = "Sold")]
    label: String,
    /// How often.
    count: u64,
}

/// What an agent of a campaign sees now: the lead with script and form, and the counters of the day. Counters and notes
/// are of the database, a moment after they happen.
#[utoipa::path(get, path = "/v1/campaigns/{id}/agents/{extension}", operation_id = "show_campaign_desk",
    tag = "campaigns",
    params(("id" = String, Path, description = "The campaign's id"),
        ("extension" = String, Path, description = "The agent's extension")),
    responses((status = 200, description = "What he sees", body = CampaignDesk), ReadRefusals))]
pub(super) async fn show(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path((id, extension)): Path<(String, String)>,
    Query(_): Query<NoParameters>,
) -> Result<Json<CampaignDesk>, Problem> {
    let campaign = known(&shared, &principal, &id)?;
    let directory = shared.agents_of(&principal, Permission::CallsDial);
    let no_agent = || Problem::new(Code::AgentNotFound, format!("There is no agent `{extension}`."));
    let agent = directory.agent(&extension).ok_or_else(no_agent)?;
    let snapshot = shared.snapshot();
    let shown = snapshot.campaigns.campaigns.get(&campaign).cloned().ok_or_else(|| absent(&id))?;
    let lead = match shown.desks.get(&agent) {
        Some(desk) => Some(lead(&shared, &principal.account, &shown, desk, &extension).await?),
        None => None,
    };
    let (own, all) = counters(&shared, &principal.account, campaign, &extension).await?;
    Ok(Json(CampaignDesk {
        campaign_id: campaign.to_string(),
        name: shown.written.definition.name.clone(),
        status: shown.life.status.into(),
        lead,
        own: own.into(),
        campaign: all.into(),
    }))
}

async fn counters(
    shared: &Shared,
    account: &str,
    campaign: CampaignId,
    extension: &str,
) -> Result<(DeskCounts, DeskCounts), Problem> {
    let now = wall_now();
    let today = shared.services.time_zone.day(now);
    let today = today.ok_or_else(|| Problem::new(Code::InternalError, "Nobody knows which day it is."))?;
    let span = (today.start, today.end, now);
    let database = &shared.services.database;
    let own = database.desk_counts(account, campaign, Some(extension), span).await.map_err(away)?;
    Ok((own, database.desk_counts(account, campaign, None, span).await.map_err(away)?))
}

async fn lead(
    shared: &Shared,
    account: &str,
    campaign: &CampaignSnapshot,
    desk: &Desk,
    extension: &str,
) -> Result<DeskLead, Problem> {
    let database = &shared.services.database;
    let is_lead = desk.lead != LeadId::default();
    let (mut stored, mut tried, mut notes) = (None, None, Vec::new());
    if is_lead {
        stored = database.leads_by_id(&[desk.lead]).await.map_err(away)?.pop();
        tried = database.campaign_leads_of(campaign.campaign, &[desk.lead]).await.map_err(away)?.pop();
        notes = database.lead_notes(account, campaign.campaign, desk.lead).await.map_err(away)?;
    }
    let script = &campaign.written.definition.script;
    let written: Option<CampaignDefinition> = serde_json::from_str(&campaign.written.text).ok();
    let (until, may_skip) = match desk.doing {
        Doing::Shown { until, may_skip } => (until, may_skip),
        _ => (None, false),
    };
    Ok(DeskLead {
        doing: desk.doing.word(),
        lead_id: is_lead.then(|| desk.lead.to_string()),
        number: desk.number.clone(),
        until: until.map(rfc3339),
        may_skip,
        attempt_id: desk.attempt.map(|attempt| attempt.to_string()),
        call_id: desk.call.map(|call| call.to_string()),
        attempts: tried.as_ref().map_or(0, |tried| tried.tries.total),
        last_outcome: tried.and_then(|tried| tried.tries.last).map(|(outcome, _)| outcome),
        notes: notes.into_iter().map(DeskNote::from).collect(),
        script: script.filled(|word| fact(word, stored.as_ref(), desk, extension)),
        form: written.map(|written| written.form).unwrap_or_default(),
        answers: answers::shown(&desk.answers),
        entry: stored.map(LeadEntry::from),
    })
}

/// What is known of a lead by this word.
fn fact(word: &str, lead: Option<&StoredLead>, desk: &Desk, extension: &str) -> Option<String> {
    let details: Details = lead.and_then(|lead| serde_json::from_str(&lead.details).ok()).unwrap_or_default();
    match word {
        "number" => Some(desk.number.clone()),
        "agent" => Some(extension.to_owned()),
        "name" => lead.and_then(|lead| lead.name.clone()),
        "first_name" => details.first_name,
        "last_name" => details.last_name,
        "company" => details.company,
        "email" => details.email,
        "address" => details.address,
        "city" => details.city,
        "postcode" => details.postcode,
        "region" => details.region,
        "country" => details.country,
        "time_zone" => details.time_zone,
        "external_id" => details.external_id,
        other => details.extra.get(other).cloned(),
    }
}

impl From<records::LeadNote> for DeskNote {
    fn from(note: records::LeadNote) -> Self {
        let records::LeadNote { agent, code, label, note, given_at } = note;
        Self { agent, code, label, note, given_at: rfc3339(given_at) }
    }
}

impl From<DeskCounts> for DeskFigures {
    fn from(counts: DeskCounts) -> Self {
        let DeskCounts { dialed, connected, dispositions, successes, callbacks, callbacks_due } = counts;
        let disposition = |(code, label, count)| DeskDisposition { code, label, count };
        let dispositions = dispositions.into_iter().map(disposition).collect();
        Self { dialed, connected, dispositions, successes, callbacks, callbacks_due }
    }
}
