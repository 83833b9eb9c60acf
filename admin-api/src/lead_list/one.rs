//! One lead of a list: shown, and mended while campaigns call it.

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use centre::{CampaignCommand, Command};
use clock::LeadId;
use dialer::list::{Details, Issue, Read, read_lead};
use records::{LeadList, StoredLead, StoredNumber, list_of_lead};

use super::change_lead::LeadChange;
use super::entries::LeadEntry;
use super::find;
use super::numbering::Plans;
use super::sieve::Sieve;
use crate::api::Shared;
use crate::body::JsonBody;
use crate::key::Principal;
use crate::openapi::{ReadRefusals, Refusals};
use crate::precondition::{IfMatch, etag, stale};
use crate::problem::{Code, Problem};
use crate::query::{NoParameters, Query};
use crate::voicemail::away;

/// A lead of a list.
#[utoipa::path(get, path = "/v1/lead-lists/{id}/leads/{lead}", operation_id = "show_lead", tag = "lead lists",
    params(("id" = String, Path, description = "The list's id"), ("lead" = String, Path, description = "The lead's id")),
    responses((status = 200, description = "The lead; the header ETag is for If-Match", body = LeadEntry), ReadRefusals))]
pub(crate) async fn show(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path((id, lead)): Path<(String, String)>,
    Query(_): Query<NoParameters>,
) -> Result<Response, Problem> {
    let list = find(&shared, &principal, &id).await?;
    let lead = lead_of(&shared, &list, &lead).await?;
    Ok((etag(version(&lead)), Json(LeadEntry::from(lead))).into_response())
}

/// Mends what is known of a lead, also while a campaign calls from its list: what is given takes the place of what there
/// was, null takes it away. Campaigns dial it by what it is now from the next attempt on; one that is done stays done.
#[utoipa::path(patch, path = "/v1/lead-lists/{id}/leads/{lead}", operation_id = "change_lead", tag = "lead lists",
    request_body = LeadChange,
    params(("id" = String, Path, description = "The list's id"), ("lead" = String, Path, description = "The lead's id"),
        ("If-Match" = String, Header, description = "The ETag of what was read")),
    responses((status = 200, description = "The lead as of now", body = LeadEntry),
        (status = 428, description = "The header If-Match is missing", body = crate::problem::ProblemBody, content_type = "application/problem+json"), Refusals))]
pub(crate) async fn change(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path((id, lead)): Path<(String, String)>,
    Query(_): Query<NoParameters>,
    if_match: IfMatch,
    JsonBody { value, .. }: JsonBody<LeadChange>,
) -> Result<Response, Problem> {
    let list = find(&shared, &principal, &id).await?;
    let former = lead_of(&shared, &list, &lead).await?;
    if_match.require(version(&former))?;
    let mended = mended(&shared, &list, &former, value).await?;
    if !shared.services.database.mend_lead(&list.account, &former, &mended).await.map_err(away)? {
        let now = lead_of(&shared, &list, &lead).await?;
        return Err(stale(version(&now)));
    }
    tell(&shared, &list, former.id).await?;
    Ok((etag(version(&mended)), Json(LeadEntry::from(mended))).into_response())
}

/// The lead as it is to be, if all that is new of it is right.
async fn mended(
    shared: &Shared,
    list: &LeadList,
    former: &StoredLead,
    change: LeadChange,
) -> Result<StoredLead, Problem> {
    let plan = shared.services.number_plan;
    let read = |numbers: &[String], details: Details| {
        read_lead(numbers.iter().map(String::as_str), details, &list.country, &mut Plans::new(plan))
    };
    let mut details: Details = serde_json::from_str(&former.details).unwrap_or_default();
    details.name.clone_from(&former.name);
    let numbers: Vec<String> = former.numbers.iter().map(|number| number.e164.clone()).collect();
    let known = read(&numbers, details.clone());
    let (numbers, details) = change.applied(numbers, details)?;
    let mut now = read(&numbers, details);
    // What was wrong with it before is not refused now: a file had it so.
    refuse(now.issues.iter().filter(|issue| !known.issues.contains(issue)))?;
    only_new(&mut now, former);
    let sieve = Sieve::of(shared, list, [&now].into_iter()).await.map_err(away)?;
    let mut fresh = now.clone();
    fresh.lead.numbers.retain(|number| !former.numbers.iter().any(|known| known.e164 == number.e164));
    fresh.issues.clear();
    sieve.sift(&mut fresh, &mut std::collections::BTreeSet::new());
    refuse(fresh.issues.iter())?;
    let mut details = now.lead.details;
    let name = details.name.take();
    let stored = |number: dialer::list::LeadNumber| StoredNumber { e164: number.e164, typed: number.typed };
    Ok(StoredLead {
        id: former.id,
        name,
        details: serde_json::to_string(&details).unwrap_or_else(|_| "{}".to_owned()),
        numbers: now.lead.numbers.into_iter().map(stored).collect(),
    })
}

/// Numbers that it had keep what was typed.
fn only_new(now: &mut Read, former: &StoredLead) {
    for number in &mut now.lead.numbers {
        if let Some(known) = former.numbers.iter().find(|known| known.e164 == number.e164) {
            number.typed.clone_from(&known.typed);
        }
    }
}

/// The first thing that is wrong.
fn refuse<'a>(mut issues: impl Iterator<Item = &'a Issue>) -> Result<(), Problem> {
    use dialer::list::IssueCode;
    let Some(issue) = issues.next() else { return Ok(()) };
    let field = match (issue.code, issue.column) {
        (IssueCode::UnknownTimeZone, _) => "#/time_zone".to_owned(),
        (IssueCode::UnknownRegion, _) => "#/region".to_owned(),
        (IssueCode::UnknownCountry, _) => "#/country".to_owned(),
        (_, Some(at)) => format!("#/numbers/{at}"),
        _ => "#/numbers".to_owned(),
    };
    let detail = format!("{} ({})", issue.code.says(), issue.detail);
    Err(Problem::new(Code::InvalidBody, detail).at(field, issue.code.word(), issue.code.says()))
}

async fn lead_of(shared: &Shared, list: &LeadList, lead: &str) -> Result<StoredLead, Problem> {
    let unknown = || Problem::new(Code::LeadNotFound, format!("There is no lead `{lead}` in the list."));
    let wanted: LeadId = lead.parse().map_err(|_| unknown())?;
    if list_of_lead(wanted) != list.id {
        return Err(unknown());
    }
    shared.services.database.leads_by_id(&[wanted]).await.map_err(away)?.pop().ok_or_else(unknown)
}

/// Campaigns that call from the list read the lead again before they dial it.
async fn tell(shared: &Shared, list: &LeadList, lead: LeadId) -> Result<(), Problem> {
    let command = Command::Campaign(Box::new(CampaignCommand::Mended { list: list.id, lead }));
    shared.services.command_to_the_end(command).await.map(drop)
}

/// Its version follows from what is known of it alone (FNV-1a).
fn version(lead: &StoredLead) -> u64 {
    let numbers = lead.numbers.iter().map(|number| format!("{} {}", number.e164, number.typed));
    let texts = [lead.name.clone().unwrap_or_default(), lead.details.clone()].into_iter().chain(numbers);
    let bytes = texts.flat_map(|text| text.into_bytes().into_iter().chain([0]));
    bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}
