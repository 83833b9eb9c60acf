//! Leads that come one by one, without a file.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use dialer::list::{Place, RowOutcome};
use records::{LeadListState, lead_of_row};
use serde::Serialize;
use utoipa::ToSchema;

use super::coming::Coming;
use super::new_lead::{BODY_BYTES_MAX, NewLeads};
use super::preview::LeadIssue;
use super::sieve::{Sieve, Sifted};
use super::source::ReadRow;
use super::{find, in_state, offer};
use crate::api::Shared;
use crate::body::JsonBody;
use crate::idempotency::RequestKey;
use crate::key::Principal;
use crate::once::once_kept_as;
use crate::openapi::Refusals;
use crate::problem::{Code, Problem};
use crate::query::{NoParameters, Query};
use crate::time::wall_now;
use crate::voicemail::away;

/// What became of leads.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LeadsAdded {
    /// How many are leads now.
    #[schema(example = 1)]
    added: usize,
    /// What became of each, in their order.
    leads: Vec<LeadAdded>,
}

/// What became of one.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LeadAdded {
    /// The lead; null for one that was not added.
    #[schema(example = "lead_0190f5a2b6d07c3a9d1e4f5000000002")]
    id: Option<String>,
    /// What is wrong.
    issues: Vec<LeadIssue>,
}

/// Adds leads to a list that is imported, or has no file. Each is added or not on its own; the answer says why not.
///
/// A body may have 1 MiB, which is 5 KiB a lead where all 200 come at once. Given again for its `Idempotency-Key`, an
/// answer with more than 100 issues comes without them; `errors.csv` has them.
#[utoipa::path(post, path = "/v1/lead-lists/{id}/leads", operation_id = "add_leads", tag = "lead lists",
    params(("id" = String, Path, description = "The list's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    request_body = NewLeads,
    responses((status = 200, description = "What became of each", body = LeadsAdded), Refusals))]
pub(crate) async fn add(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, bytes }: JsonBody<NewLeads, BODY_BYTES_MAX>,
) -> Result<Response, Problem> {
    let coming = value.coming()?;
    let key = RequestKey::read(&headers, &principal, &format!("POST /v1/lead-lists/{id}/leads"), &bytes)?;
    let asked = Arc::clone(&shared);
    let adding = async move { Ok((StatusCode::OK, add_to(&asked, &principal, &id, &coming).await?)) };
    once_kept_as(shared, key, adding, LeadsAdded::kept).await
}

/// Adds leads to a list of the principal's account; answered, they outlive a loss of power.
///
/// # Errors
/// When there is no such list, it takes none now, or the database is away.
pub(crate) async fn add_to(
    shared: &Shared,
    principal: &Principal,
    list: &str,
    coming: &Coming,
) -> Result<LeadsAdded, Problem> {
    for _ in 0..TRIES {
        if let Some(added) = try_to_add(shared, principal, list, coming).await? {
            return Ok(added);
        }
    }
    Err(Problem::new(Code::Unavailable, "Others change the list all the time."))
}

impl LeadsAdded {
    /// What is kept of it for its key, so that it fits an entry of the journal.
    pub(crate) fn kept(&self) -> Self {
        let mut kept = self.clone();
        if kept.leads.iter().map(|lead| lead.issues.len()).sum::<usize>() > ISSUES_KEPT_MAX {
            kept.leads.iter_mut().for_each(|lead| lead.issues.clear());
        }
        kept
    }
}

/// None when somebody else changed the list meanwhile.
async fn try_to_add(
    shared: &Shared,
    principal: &Principal,
    id: &str,
    coming: &Coming,
) -> Result<Option<LeadsAdded>, Problem> {
    let list = find(shared, principal, id).await?;
    let takes = matches!(list.state, LeadListState::Done | LeadListState::DoneWithErrors) && list.task.is_none();
    if !takes {
        return Err(in_state(&list, "leads are added to a list that is imported, or has no file"));
    }
    let mut place: Place = serde_json::from_str(&list.place).unwrap_or_default();
    let reads = coming.read(&list.country, shared.services.number_plan);
    let sieve = Sieve::of(shared, &list, reads.iter()).await.map_err(away)?;
    let (mut seen, mut sifted, mut told) = (BTreeSet::new(), Sifted::from(list.counts), Vec::new());
    for mut read in reads {
        sieve.sift(&mut read, &mut seen);
        place.row += 1;
        let lead = lead_of_row(list.id, u32::try_from(place.row).unwrap_or(u32::MAX));
        let id = (read.outcome() == RowOutcome::Kept).then(|| lead.to_string());
        let issues = read.issues.iter().cloned().map(|issue| LeadIssue::of(issue, |at| coming.column(at))).collect();
        told.push(LeadAdded { id, issues });
        sifted.enter(ReadRow { number: place.row, line: 0, raw: String::new(), read }, |at| coming.column(at));
    }
    let Sifted { mut chunk, counts } = sifted;
    (chunk.counts, chunk.place) = (counts, serde_json::to_string(&place).unwrap_or_default());
    let database = &shared.services.database;
    let is_added = database.add_leads(list.id, &list.account, list.version, chunk, wall_now()).await.map_err(away)?;
    let added = told.iter().filter(|lead| lead.id.is_some()).count();
    if is_added && added > 0 {
        offer(shared, &list).await;
    }
    Ok(is_added.then_some(LeadsAdded { added, leads: told }))
}

/// With as many, and the ids of a thousand leads, an answer has about half of the 256 KiB of an entry.
const ISSUES_KEPT_MAX: usize = 100;
/// Somebody else adds to the list between two looks at it: not so often.
const TRIES: usize = 5;
