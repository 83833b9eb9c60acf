//! `/v1/lead-lists`: lists of leads by upload, from the file to leads that campaigns call, with what was wrong in it.

mod add;
mod change;
mod change_lead;
mod coming;
pub(crate) mod entries;
mod files;
mod importer;
mod layout;
mod new_lead;
mod numbering;
mod object;
mod one;
mod preview;
mod report;
mod sieve;
mod source;
mod text;
mod upload;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use centre::{CampaignCommand, Command};
use dialer::runner::CampaignSnapshot;
use journal_core::{Entry, LeadListNote};
use records::Word;
use serde::Deserialize;
use tokio::sync::{Notify, Semaphore};
use utoipa::IntoParams;
use utoipa_axum::routes;

use crate::access::{Access, Routes};
use crate::api::Shared;
use crate::key::Principal;
use crate::openapi::ReadRefusals;
use crate::page::{Cursor, Page};
use crate::problem::{Code, Problem};
use crate::query::{AnyOf, Limit, NoParameters, Query};
use crate::rights::Permission;
use crate::time::wall_now;
use crate::voicemail::away;

use object::{LeadList, LeadListStateWord};

pub(crate) use add::{LeadsAdded, add_to};
pub(crate) use coming::Coming;
pub(crate) use importer::{leftovers, work};
pub(crate) use new_lead::NewLeads;
pub(crate) use upload::{EncodingWord, LeadFile};

/// What uploads and the importer share.
#[derive(Debug)]
pub(crate) struct LeadLists {
    /// There is something to do with a list.
    wake: Notify,
    /// Room for files that are being uploaded.
    uploads: Arc<Semaphore>,
}

/// Filters of the lists.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LeadListsQuery {
    /// Items of a page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 25)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// In any of these states, separated by commas.
    #[param(value_type = Option<Vec<LeadListStateWord>>, style = Form, explode = false, inline)]
    state: Option<AnyOf<LeadListStateWord>>,
}

impl Default for LeadLists {
    fn default() -> Self {
        Self { wake: Notify::new(), uploads: Arc::new(Semaphore::new(UPLOADS_MAX)) }
    }
}

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(Access::All(Permission::LeadListsView), routes!(list))
        .add(Access::All(Permission::LeadListsManage), routes!(upload::upload))
        .add(Access::All(Permission::LeadListsView), routes!(one))
        .add(Access::All(Permission::LeadListsManage), routes!(change::delete))
        .add(Access::All(Permission::LeadListsView), routes!(preview::preview))
        .add(Access::All(Permission::LeadListsManage), routes!(preview::map))
        .add(Access::All(Permission::LeadListsManage), routes!(change::validate))
        .add(Access::All(Permission::LeadListsManage), routes!(change::start))
        .add(Access::All(Permission::LeadListsManage), routes!(change::cancel))
        .add(Access::All(Permission::LeadListsView), routes!(entries::entries))
        .add(Access::All(Permission::LeadListsView), routes!(report::errors))
        .add(Access::All(Permission::LeadListsManage), routes!(add::add))
        .add(Access::All(Permission::LeadListsView), routes!(one::show))
        .add(Access::All(Permission::LeadListsManage), routes!(one::change))
}

/// Lists of leads, newest first.
#[utoipa::path(get, path = "/v1/lead-lists", operation_id = "list_lead_lists", tag = "lead lists", params(LeadListsQuery),
    responses((status = 200, description = "A page of lists", body = Page<LeadList>), ReadRefusals))]
async fn list(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<LeadListsQuery>,
) -> Result<Page<LeadList>, Problem> {
    let states: Vec<_> = query.state.into_iter().flat_map(|AnyOf(states)| states).map(Into::into).collect();
    let after = query.cursor.map(|cursor| cursor.parse(LIST)).transpose()?;
    let limit = query.limit.get();
    let found = shared.services.database.lead_lists(&principal.account, &states, after, limit).await;
    let (lists, more) = found.map_err(away)?;
    let last = lists.last().filter(|_| more).map(|last| Cursor::after(LIST, &last.id.to_string()));
    Ok(Page { data: lists.into_iter().map(LeadList::from).collect(), next_cursor: last })
}

/// A list of leads, and how far it is.
#[utoipa::path(get, path = "/v1/lead-lists/{id}", operation_id = "show_lead_list", tag = "lead lists",
    params(("id" = String, Path, description = "The list's id")),
    responses((status = 200, description = "The list", body = LeadList), ReadRefusals))]
async fn one(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
) -> Result<Json<LeadList>, Problem> {
    Ok(Json(find(&shared, &principal, &id).await?.into()))
}

async fn find(shared: &Shared, principal: &Principal, id: &str) -> Result<records::LeadList, Problem> {
    let unknown = || Problem::new(Code::LeadListNotFound, format!("There is no list of leads `{id}`."));
    let wanted = id.parse().map_err(|_| unknown())?;
    shared.services.database.lead_list(&principal.account, wanted).await.map_err(away)?.ok_or_else(unknown)
}

/// Tells of a list what it has come to, or that it is read on.
async fn tell(shared: &Shared, list: &records::LeadList, is_progress: bool) {
    let counts = &list.counts;
    let note = LeadListNote {
        list: list.id,
        account: list.account.clone(),
        name: list.name.clone(),
        state: list.state.word().to_owned(),
        is_progress,
        read_bytes: counts.read_bytes,
        file_bytes: list.file_bytes,
        rows_read: counts.rows_read,
        leads: counts.leads,
        rows_invalid: counts.rows_invalid,
        rows_duplicate: counts.rows_duplicate,
        rows_forbidden: counts.rows_forbidden,
        failure: list.failure.clone(),
        at: wall_now(),
    };
    // The list itself is in the database: who missed the event reads it there.
    let _kept = shared.answer_log.keep(vec![Entry::LeadList(Box::new(note))]).await;
}

/// A campaign that is not over and calls from a list.
fn user(shared: &Shared, list: &records::LeadList) -> Option<Arc<CampaignSnapshot>> {
    let snapshot = shared.snapshot();
    let calls = |campaign: &&Arc<CampaignSnapshot>| {
        let lists = &campaign.written.definition.lists;
        !campaign.life.status.is_final() && lists.iter().any(|share| share.list == list.id)
    };
    let is_ours = list.account == shared.services.account;
    snapshot.campaigns.campaigns.values().filter(|_| is_ours).find(calls).cloned()
}

/// Tells the campaigns that call from a list that it has more leads. One that does not hear of it looks by itself.
async fn offer(shared: &Shared, list: &records::LeadList) {
    if user(shared, list).is_none() {
        return;
    }
    let command = Command::Campaign(Box::new(CampaignCommand::Added { list: list.id }));
    if let Err(problem) = shared.services.command_to_the_end(command).await {
        tracing::warn!(list = %list.id, ?problem, "campaigns were not told of new leads: they look for them later");
    }
}

/// The problem of a list that is in another state than is needed.
fn in_state(list: &records::LeadList, expected: &str) -> Problem {
    let state = list.task.map_or(list.state.word(), |task| match task {
        records::LeadListTask::Validate => "validating",
        _ => list.state.word(),
    });
    Problem::new(Code::LeadListState, format!("The list is `{state}`: {expected}.")).in_state(state)
}

const LIST: &str = "lead_lists";
/// Files at once: each is written to the disk as it comes.
const UPLOADS_MAX: usize = 4;
