//! `/v1/campaigns`: written, submitted, approved by another person, started, paused, stopped; and why they dial as they do.

mod add;
mod agents;
mod answers;
mod attempts;
mod definition;
mod desk;
mod estimate;
mod export;
mod figures;
mod hand;
mod leads;
mod object;
mod why;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use centre::{Answer, CampaignCommand, Command};
use clock::{CampaignId, ListId};
use dialer::campaign::{Actor, Denied, Status, Step};
use dialer::gate::Consents;
use dialer::runner::{CallbackFault, CampaignSnapshot, Refusal, Reply, Written};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::access::{Access, Routes};
use crate::api::{Shared, wrong_answer};
use crate::body::{EmptyBody, JsonBody};
use crate::idempotency::{RequestKey, key_required};
use crate::key::Principal;
use crate::once::once;
use crate::openapi::{ReadRefusals, Refusals};
use crate::page::{Cursor, Page};
use crate::people::new_id;
use crate::precondition::{IfMatch, etag};
use crate::problem::{Code, Problem};
use crate::query::{AnyOf, Limit, NoParameters, Query};
use crate::rights::Permission;
use crate::snapshot::snapshot_age;
use crate::time::rfc3339;
use crate::voicemail::away;

pub(crate) use answers::{GivenAnswers, answers_schema, keep};
use definition::{CampaignDefinition, refused};
pub use definition::{message as campaign_message, read_campaign};
use object::{Campaign, CampaignStatusWord};

/// Filters of the campaigns.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CampaignsQuery {
    /// Items of a page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 25)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// In any of these statuses, separated by commas.
    #[param(value_type = Option<Vec<CampaignStatusWord>>, style = Form, explode = false, inline)]
    status: Option<AnyOf<CampaignStatusWord>>,
    /// True: those that are put away, in place of the others.
    archived: Option<bool>,
}

/// Why a campaign is not approved, or is called off.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignReason {
    /// Why.
    #[schema(example = "no consent is recorded", min_length = 1, max_length = 500)]
    reason: String,
}

/// The list that is called anew.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignReset {
    /// The list.
    #[schema(example = "list_0190f5a2b6d07c3a9d1e4f5000000000", pattern = "^list_[0-9a-f]{32}$")]
    list_id: String,
}

pub(crate) fn routes() -> Routes {
    let (view, manage) = (Access::All(Permission::CampaignsView), Access::All(Permission::CampaignsManage));
    let (approve, run) = (Access::All(Permission::CampaignsApprove), Access::All(Permission::CampaignsRun));
    Routes::new()
        .add(view, routes!(list))
        .add(manage, routes!(create))
        .add(view, routes!(one))
        .add(manage, routes!(edit))
        .add(manage, routes!(estimate::submit))
        .add(approve, routes!(approve_it))
        .add(approve, routes!(reject))
        .add(run, routes!(start))
        .add(run, routes!(pause))
        .add(run, routes!(stop))
        .add(manage, routes!(cancel))
        .add(manage, routes!(archive))
        .add(manage, routes!(unarchive))
        .add(run, routes!(reset))
        .add(run, routes!(agents::assign))
        .add(view, routes!(estimate::estimate_it))
        .add(view, routes!(leads::list))
        .add(Access::All(Permission::LeadListsManage), routes!(add::add))
        .add(view, routes!(why::why))
        .add(view, routes!(attempts::list))
        .add(Access::All(Permission::ReportsView), routes!(export::export))
        .add(view, routes!(figures::figures))
        .add(Access::Own(Permission::CallsDial), routes!(desk::show))
        .add(Access::Own(Permission::AgentsControl), routes!(answers::answer))
        .merge(hand::routes())
}

/// Campaigns, in the order in which they were made.
#[utoipa::path(get, path = "/v1/campaigns", operation_id = "list_campaigns", tag = "campaigns", params(CampaignsQuery),
    responses((status = 200, description = "A page of campaigns", body = Page<Campaign>), ReadRefusals))]
async fn list(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<CampaignsQuery>,
) -> Result<impl IntoResponse, Problem> {
    let snapshot = shared.snapshot();
    let statuses: Vec<Status> = query.status.into_iter().flat_map(|AnyOf(words)| words).map(Into::into).collect();
    let is_ours = principal.account == shared.services.account;
    let asked = |campaign: &&Arc<CampaignSnapshot>| statuses.is_empty() || statuses.contains(&campaign.life.status);
    let is_kept =
        |campaign: &&Arc<CampaignSnapshot>| campaign.life.archived.is_some() == query.archived.unwrap_or(false);
    let found = snapshot.campaigns.campaigns.values().filter(|_| is_ours).filter(is_kept).filter(asked);
    let all = found.map(|campaign| Campaign::of(campaign)).collect();
    let page =
        Page::cut(LIST, all, |campaign: &Campaign| campaign.id.clone(), query.cursor.as_ref(), query.limit.get())?;
    Ok((snapshot_age(&snapshot), page))
}

/// Writes a campaign down: it is pending.
#[utoipa::path(post, path = "/v1/campaigns", operation_id = "create_campaign", tag = "campaigns",
    request_body = CampaignDefinition,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    responses((status = 201, description = "The campaign", body = Campaign), Refusals))]
async fn create(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, bytes }: JsonBody<CampaignDefinition>,
) -> Result<Response, Problem> {
    ours(&shared, &principal)?;
    let written = written(&shared, &principal, &value).await?;
    let key = RequestKey::read(&headers, &principal, "POST /v1/campaigns", &bytes)?;
    let campaign = CampaignId(new_id()?.0);
    let command = CampaignCommand::Write { campaign, written, based_on: None, by: actor(&principal) };
    once(Arc::clone(&shared), key, async move {
        act(&shared, command).await?;
        Ok((StatusCode::CREATED, seen(&shared, campaign).await?))
    })
    .await
}

/// A campaign: what it is, how far it has come, why it dials as it does, what is wrong. The header ETag is of its definition.
#[utoipa::path(get, path = "/v1/campaigns/{id}", operation_id = "show_campaign", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign's id")),
    responses((status = 200, description = "The campaign", body = Campaign), ReadRefusals))]
async fn one(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
) -> Result<impl IntoResponse, Problem> {
    let id = known(&shared, &principal, &id)?;
    let snapshot = shared.snapshot();
    let found = snapshot.campaigns.campaigns.get(&id).ok_or_else(|| absent(&id.to_string()))?;
    Ok((etag(version(&found.written.text)), snapshot_age(&snapshot), Json(Campaign::of(found))))
}

/// Writes a campaign anew. It is pending again, and must be submitted and approved as it is now.
#[utoipa::path(put, path = "/v1/campaigns/{id}", operation_id = "change_campaign", tag = "campaigns",
    request_body = CampaignDefinition,
    params(("id" = String, Path, description = "The campaign's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read")),
    responses((status = 200, description = "The campaign", body = Campaign), Refusals))]
async fn edit(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    if_match: IfMatch,
    JsonBody { value, .. }: JsonBody<CampaignDefinition>,
) -> Result<impl IntoResponse, Problem> {
    let campaign = known(&shared, &principal, &id)?;
    let based_on = text_of(&shared, campaign)?;
    if_match.allow(version(&based_on))?;
    let written = written(&shared, &principal, &value).await?;
    let etag = etag(version(&written.text));
    // Between here and the dialer somebody else may write it too.
    let based_on = Some(based_on).filter(|_| matches!(if_match, IfMatch::Version(_)));
    act(&shared, CampaignCommand::Write { campaign, written, based_on, by: actor(&principal) }).await?;
    Ok((etag, Json(seen(&shared, campaign).await?)))
}

macro_rules! steps {
    ($($(#[doc = $doc:literal])* $name:ident($verb:literal, $operation:literal, [$($key:tt)+]) = $step:expr;)*) => {
        $(
            $(#[doc = $doc])*
            #[utoipa::path(post, path = concat!("/v1/campaigns/{id}/", $verb), operation_id = $operation, tag = "campaigns",
                params(("id" = String, Path, description = "The campaign's id"),
                    ("Idempotency-Key" = $($key)+, Header, description = "Makes a repeated request safe")),
                responses((status = 200, description = "The campaign", body = Campaign), Refusals))]
            async fn $name(
                State(shared): State<Shared>,
                Extension(principal): Extension<Principal>,
                Path(id): Path<String>,
                Query(_): Query<NoParameters>,
                headers: HeaderMap,
                _: EmptyBody,
            ) -> Result<Response, Problem> {
                step(shared, &principal, &id, &headers, ($verb, &[]), None, $step).await
            }
        )*
    };
}

steps! {
    /// Starts an approved campaign, or goes on with a paused one.
    start("start", "start_campaign", [String]) = Step::Start;
    /// Pauses: nothing new is dialed after the answer.
    pause("pause", "pause_campaign", [Option<String>]) = Step::Pause;
    /// Ends a campaign: nothing new is dialed after the answer, and what rings is cancelled after its minimum ring.
    stop("stop", "stop_campaign", [Option<String>]) = Step::Stop;
    /// Calls a campaign off for good.
    cancel("cancel", "cancel_campaign", [Option<String>]) = |by| Step::Cancel(by, None);
    /// Puts a campaign away that is completed, rejected or cancelled: lists leave it out unless they are asked for what
    /// is put away, and nothing is done with it. All that is known of it can be read still.
    archive("archive", "archive_campaign", [Option<String>]) = Step::Archive;
    /// Takes a campaign out again that was put away.
    unarchive("unarchive", "unarchive_campaign", [Option<String>]) = |_| Step::Unarchive;
}

/// Approves a campaign that somebody else wrote and submitted. With If-Match it is what was read.
#[utoipa::path(post, path = "/v1/campaigns/{id}/approve", operation_id = "approve_campaign", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    responses((status = 200, description = "The campaign", body = Campaign), Refusals))]
async fn approve_it(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    if_match: IfMatch,
    headers: HeaderMap,
    _: EmptyBody,
) -> Result<Response, Problem> {
    let campaign = known(&shared, &principal, &id)?;
    let text = text_of(&shared, campaign)?;
    if_match.allow(version(&text))?;
    // Between here and the dialer somebody may write it anew.
    let based_on = Some(text).filter(|_| matches!(if_match, IfMatch::Version(_)));
    step(shared, &principal, &id, &headers, ("approve", &[]), based_on, Step::Approve).await
}

/// Rejects a campaign, with a reason.
#[utoipa::path(post, path = "/v1/campaigns/{id}/reject", operation_id = "reject_campaign", tag = "campaigns",
    request_body = CampaignReason,
    params(("id" = String, Path, description = "The campaign's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    responses((status = 200, description = "The campaign", body = Campaign), Refusals))]
async fn reject(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, bytes }: JsonBody<CampaignReason>,
) -> Result<Response, Problem> {
    let reason = value.reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
        let expected = format!("expected 1 to {REASON_CHARS_MAX} characters");
        return Err(Problem::new(Code::InvalidBody, "A reason is needed.").at("#/reason", "invalid", expected));
    }
    step(shared, &principal, &id, &headers, ("reject", &bytes), None, |by| Step::Reject(by, reason)).await
}

/// Calls a list anew: its leads are new again, save those that are being called. A campaign that came to its end is approved
/// again; one that somebody stopped or called off is over for good (409).
#[utoipa::path(post, path = "/v1/campaigns/{id}/reset", operation_id = "reset_campaign_list", tag = "campaigns",
    request_body = CampaignReset,
    params(("id" = String, Path, description = "The campaign's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    responses((status = 200, description = "The campaign", body = Campaign), Refusals))]
async fn reset(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, bytes }: JsonBody<CampaignReset>,
) -> Result<Response, Problem> {
    let campaign = known(&shared, &principal, &id)?;
    let list: ListId = value.list_id.parse().map_err(|_| {
        Problem::new(Code::InvalidBody, "The list is not valid.").at(
            "#/list_id",
            "invalid",
            "expected the id of a list",
        )
    })?;
    let key = RequestKey::read(&headers, &principal, &format!("POST /v1/campaigns/{id}/reset"), &bytes)?;
    once(Arc::clone(&shared), key, async move {
        act(&shared, CampaignCommand::Reset { campaign, list }).await?;
        Ok((StatusCode::OK, seen(&shared, campaign).await?))
    })
    .await
}

async fn step(
    shared: Shared,
    principal: &Principal,
    id: &str,
    headers: &HeaderMap,
    (verb, body): (&str, &[u8]),
    based_on: Option<Arc<str>>,
    step: impl FnOnce(Actor) -> Step,
) -> Result<Response, Problem> {
    let campaign = known(&shared, principal, id)?;
    let key = RequestKey::read(headers, principal, &format!("POST /v1/campaigns/{id}/{verb}"), body)?;
    if verb == "start" && key.is_none() {
        return Err(key_required());
    }
    let step = step(actor(principal));
    let account = principal.account.clone();
    once(Arc::clone(&shared), key, async move {
        still_right(&shared, &account, campaign, &step).await?;
        let command = CampaignCommand::Step { campaign, step, based_on };
        act(&shared, command).await?;
        Ok((StatusCode::OK, seen(&shared, campaign).await?))
    })
    .await
}

/// What a campaign means, or everything that is wrong with it.
async fn written(shared: &Shared, principal: &Principal, value: &CampaignDefinition) -> Result<Written, Problem> {
    let of_lists = value.lists_wanting(&shared.services.database, &principal.account).await.map_err(away)?;
    value.written(&shared.directory(), of_lists)
}

/// What a campaign names may have gone since it was written: looked at again before it is submitted and started.
async fn still_right(shared: &Shared, account: &str, campaign: CampaignId, step: &Step) -> Result<(), Problem> {
    let found = shared.snapshot().campaigns.campaigns.get(&campaign).cloned();
    let Some(found) = found else { return Ok(()) };
    let is_looked_at = matches!(
        (step, found.life.status),
        (Step::Submit(..), Status::Pending) | (Step::Start(_), Status::Approved | Status::Paused)
    );
    // A text of a newer program is not judged by an older one.
    let text = serde_json::from_str::<CampaignDefinition>(&found.written.text).ok().filter(|_| is_looked_at);
    let Some(text) = text else { return Ok(()) };
    // Without the database it waits for its leads, and is not over before it has seen them.
    let of_lists = text.lists_wanting(&shared.services.database, account).await.unwrap_or_default();
    text.written(&shared.directory(), of_lists).map(drop)
}

/// Has the dialer do something.
async fn act(shared: &Shared, command: CampaignCommand) -> Result<Reply, Problem> {
    match shared.services.command_to_the_end(Command::Campaign(Box::new(command))).await? {
        Answer::Campaign(reply) => Ok(*reply),
        other => Err(wrong_answer(&other)),
    }
}

/// What is known of consents to call these numbers; of none nothing is asked.
pub(crate) async fn consents(shared: &Shared, numbers: Vec<String>) -> Result<Consents, Problem> {
    if numbers.is_empty() {
        return Ok(Consents::default());
    }
    match act(shared, CampaignCommand::Consents(numbers)).await? {
        Reply::Consents(known) => Ok(known),
        other => Err(wrong_answer(&Answer::Campaign(Box::new(other)))),
    }
}

/// The campaign as it is shown after the dialer has done something: what it did is published before it answers.
async fn seen(shared: &Shared, campaign: CampaignId) -> Result<Campaign, Problem> {
    let snapshot = shared.snapshot();
    let found = snapshot.campaigns.campaigns.get(&campaign).map(|campaign| Campaign::of(campaign));
    found.ok_or_else(|| absent(&campaign.to_string()))
}

/// The id of a campaign of this account.
fn known(shared: &Shared, principal: &Principal, id: &str) -> Result<CampaignId, Problem> {
    let campaign: CampaignId = id.parse().map_err(|_| absent(id))?;
    let is_known = shared.snapshot().campaigns.campaigns.contains_key(&campaign);
    let is_ours = principal.account == shared.services.account;
    if is_known && is_ours { Ok(campaign) } else { Err(absent(id)) }
}

/// A campaign's definition as it is now.
fn text_of(shared: &Shared, campaign: CampaignId) -> Result<Arc<str>, Problem> {
    let snapshot = shared.snapshot();
    let found = snapshot.campaigns.campaigns.get(&campaign).ok_or_else(|| absent(&campaign.to_string()))?;
    Ok(Arc::clone(&found.written.text))
}

/// The version of a definition follows from its text alone (FNV-1a).
fn version(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

fn absent(id: &str) -> Problem {
    Problem::new(Code::CampaignNotFound, format!("There is no campaign `{id}`."))
}

/// Campaigns are the node's own account's.
fn ours(shared: &Shared, principal: &Principal) -> Result<(), Problem> {
    if principal.account == shared.services.account {
        return Ok(());
    }
    Err(Problem::new(Code::Forbidden, "Campaigns belong to another account."))
}

/// Four eyes are those of people: a key is whoever made it.
fn actor(principal: &Principal) -> Actor {
    Actor(principal.person.clone())
}

/// The problem of what the dialer does not do.
pub(crate) fn refusal(refusal: Refusal) -> Problem {
    let why = |code, text: &str| Problem::new(code, text);
    match refusal {
        Refusal::UnknownCampaign => why(Code::CampaignNotFound, "There is no such campaign."),
        Refusal::Changed => why(Code::PreconditionFailed, "It was changed meanwhile: read it again."),
        Refusal::UnknownList => {
            let problem = Problem::new(Code::InvalidBody, "The campaign has no such list.");
            problem.at("#/list_id", "unknown", "expected one of the campaign's lists")
        }
        Refusal::Denied(denied) => {
            let text = format!("{denied}.");
            match denied {
                Denied::Status { status, .. } | Denied::Archived(status) => {
                    Problem::new(Code::CampaignStatus, text).in_state(status.word())
                }
                Denied::NotSubmitted => Problem::new(Code::CampaignStatus, text).in_state(Status::Pending.word()),
                Denied::Stopped => Problem::new(Code::CampaignStatus, text).in_state(Status::Completed.word()),
                Denied::SamePerson => Problem::new(Code::SamePerson, text),
                Denied::NoReason => Problem::new(Code::InvalidBody, text),
            }
        }
        Refusal::Faults(faults) => refused(&faults),
        Refusal::QueueTaken(other) => {
            Problem::new(Code::QueueTaken, format!("The campaign `{other}` is dialing for agents of the same queue."))
        }
        Refusal::TooMany => why(Code::LimitReached, "There are as many campaigns as there may be."),
        Refusal::NotByHand => why(Code::CampaignStatus, "The campaign does not run, or is not dialed by hand now."),
        Refusal::NotAssigned => why(Code::AgentNotReady, "The agent is none of those whom the campaign names."),
        Refusal::AgentNotReady => why(Code::AgentNotReady, "The agent is not ready, or his standing leg is not up."),
        Refusal::NothingShown => why(Code::NoLead, "No lead is shown to the agent."),
        Refusal::MayNotSkip => why(Code::CampaignStatus, "Leads of this campaign are not passed on."),
        Refusal::NoLead => why(Code::NoLead, "No lead can be called now."),
        Refusal::Gate(verdict) => {
            let because = verdict.denial.map_or_else(String::new, |denial| denial.because);
            Problem::new(Code::DestinationDenied, format!("The dial gate does not let it pass: {because}."))
        }
        Refusal::Callback(fault) => no_callback(fault),
        Refusal::Busy => why(Code::LineBusy, "The number is being called, or every line is in use."),
    }
}

/// Why a lead is not called back then.
fn no_callback(fault: CallbackFault) -> Problem {
    let at = |field: &'static str, code: &'static str, expected: String| {
        Problem::new(Code::InvalidBody, "The lead is not called back then.").at(field, code, expected)
    };
    match fault {
        CallbackFault::NoLead => Problem::new(Code::NoLead, "The call is none of a lead of a campaign that goes on."),
        CallbackFault::UnknownZone => {
            at("#/callback/time_zone", "unknown", "expected the name of an IANA time zone".to_owned())
        }
        CallbackFault::NoZone => {
            at("#/callback/time_zone", "required", "no time zone is known for the lead: name one".to_owned())
        }
        CallbackFault::Unreadable => {
            at("#/callback/local_time", "invalid", "expected a date and a time of day: 2026-11-23T15:00".to_owned())
        }
        CallbackFault::Past { at: when } => {
            at("#/callback/due_at", "past", format!("expected a time to come: {} is over", rfc3339(when)))
        }
        CallbackFault::TooFar => at("#/callback/due_at", "out_of_range", "expected a time within a year".to_owned()),
        CallbackFault::Schedule { opens } => {
            let opens = opens.map_or_else(String::new, |opens| format!("; it dials again at {}", rfc3339(opens)));
            at("#/callback/due_at", "outside_schedule", format!("the campaign does not dial then{opens}"))
        }
    }
}

const LIST: &str = "campaigns";
/// A few sentences.
const REASON_CHARS_MAX: usize = 500;
