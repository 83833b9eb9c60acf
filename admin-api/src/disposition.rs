//! What came of a call: `/v1/calls/{id}/disposition`, and what may be said: `/v1/dispositions`.

use std::sync::Arc;

use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use centre::{Answer, CampaignCommand, Command, Directory, DispositionRule};
use clock::{AgentId, CallId, WallTime};
use dialer::runner::{CallbackAsked, CallbackOffer, CallbackTime, Reply};
use journal_core::Direction;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::access::{Access, Routes};
use crate::agent::Agent;
use crate::api::{Shared, wrong_answer};
use crate::body::{JsonBody, optional_object};
use crate::call::source;
use crate::callback::{call_back, checked_time};
use crate::campaign::{GivenAnswers, answers_schema, keep};
use crate::idempotency::RequestKey;
use crate::key::Principal;
use crate::once::once;
use crate::openapi::{ReadRefusals, Refusals};
use crate::page::Page;
use crate::problem::{Code, Problem};
use crate::query::{NoParameters, Query};
use crate::rights::Permission;
use crate::text::misleads;
use crate::time::{rfc3339, wall_now};
use crate::voicemail::away;

/// Something that may be said of a call.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DispositionChoice {
    /// Code.
    #[schema(example = "sold")]
    code: String,
    /// What people read.
    #[schema(example = "Sold")]
    label: String,
    /// Key 1 to 9 on the agent's desk.
    hotkey: Option<u8>,
    /// It counts as a success.
    is_success: bool,
    /// It needs a note.
    requires_note: bool,
    /// It needs a callback.
    requires_callback: bool,
    /// The queues whose calls it is for; empty for all calls.
    queues: Vec<String>,
}

/// What an agent said came of a call.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Disposition {
    /// Extension of the agent.
    #[schema(example = "1001")]
    agent: String,
    /// Code; `not_set` for a wrap-up that ended without one.
    #[schema(example = "sold")]
    code: String,
    /// What people read.
    #[schema(example = "Sold")]
    label: String,
    /// It counts as a success.
    is_success: bool,
    /// The note.
    note: Option<String>,
    /// Number of the callback that was asked for with it.
    callback_number: Option<String>,
    /// When the customer is to be called; null for as soon as possible.
    #[schema(format = DateTime)]
    callback_due_at: Option<String>,
    /// Extension of the agent who alone calls a campaign's lead.
    callback_agent: Option<String>,
    /// IANA time zone that the time was agreed in.
    callback_time_zone: Option<String>,
    /// When it was given.
    #[schema(format = DateTime)]
    given_at: String,
    /// Who gave it.
    #[schema(example = "demo")]
    given_by: String,
}

/// What came of a call.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDisposition {
    /// One of the codes of `/v1/dispositions`.
    #[schema(example = "sold", min_length = 1, max_length = 64)]
    code: String,
    /// The agent who says it, who called or was called in the call; without it the one who asks, else the one who talked last.
    #[schema(example = "1001")]
    agent: Option<String>,
    /// A note; of control characters only line ends and tabs.
    #[schema(max_length = 4000, example = "two of them")]
    note: Option<String>,
    /// The customer is to be called again: a campaign's lead by this agent or by anyone, anybody else by this agent.
    #[serde(default, deserialize_with = "optional_object")]
    callback: Option<NewDispositionCallback>,
    /// Answers to the form of the campaign that made the call, added to those that were given before. With a disposition
    /// that counts as success the required ones must be there.
    #[schema(schema_with = answers_schema)]
    answers: Option<GivenAnswers>,
}

/// A callback that comes of a call.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDispositionCallback {
    /// Another number than that of the call.
    #[schema(example = "+442071838750", min_length = 1, max_length = 64, pattern = "^[ -~]*$")]
    number: Option<String>,
    /// When, within a year; without it as soon as possible. A campaign's lead has this or `local_time`.
    #[schema(format = DateTime)]
    due_at: Option<String>,
    /// The same as calendar and clock on the wall say it in `time_zone`; of campaigns' leads only.
    #[schema(example = "2026-11-23T15:00", min_length = 16, max_length = 19)]
    local_time: Option<String>,
    /// IANA time zone; without it the lead's own, else that of his number. Of campaigns' leads only.
    #[schema(example = "Europe/London", min_length = 1, max_length = 64)]
    time_zone: Option<String>,
    /// Who calls a campaign's lead.
    #[serde(default)]
    by: CallbackBy,
}

/// Who calls a campaign's lead back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallbackBy {
    /// The agent who says it, and nobody else before it is overdue by the campaign's `callback_handover_s`.
    #[default]
    Me,
    /// Anyone of the campaign.
    Anyone,
}

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(Access::All(Permission::QueuesView), routes!(choices))
        .add(Access::Own(Permission::CallsView), routes!(given))
        .add(Access::Own(Permission::AgentsControl), routes!(give))
}

/// What may be said of calls.
#[utoipa::path(get, path = "/v1/dispositions", operation_id = "list_dispositions", tag = "agents",
    responses((status = 200, description = "All that may be said", body = Page<DispositionChoice>), ReadRefusals))]
async fn choices(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(_): Query<NoParameters>,
) -> Page<DispositionChoice> {
    let directory = shared.directory_of(&principal);
    Page { data: directory.dispositions.iter().cloned().map(DispositionChoice::from).collect(), next_cursor: None }
}

/// What agents said came of a call.
#[utoipa::path(get, path = "/v1/calls/{id}/disposition", operation_id = "show_dispositions", tag = "agents",
    params(("id" = String, Path, description = "The call's id")),
    responses((status = 200, description = "One an agent who said something", body = Page<Disposition>), ReadRefusals))]
async fn given(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
) -> Result<Page<Disposition>, Problem> {
    let (call, _) = call_of(&shared, &principal, Permission::CallsView, &id).await?;
    let all = shared.services.database.call_dispositions(&principal.account, call).await.map_err(away)?;
    Ok(Page { data: all.into_iter().map(Disposition::from).collect(), next_cursor: None })
}

/// Says what came of a call, while it lasts, in the wrap-up or later, with a note and a callback in one step. It takes
/// the place of what the agent said before, and ends a wrap-up that waits for it.
#[utoipa::path(post, path = "/v1/calls/{id}/disposition", operation_id = "dispose_call", tag = "agents",
    request_body = NewDisposition,
    params(("id" = String, Path, description = "The call's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    responses((status = 200, description = "The agent as he is now", body = Agent), Refusals))]
async fn give(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, bytes }: JsonBody<NewDisposition>,
) -> Result<Response, Problem> {
    let (call_id, call) = call_of(&shared, &principal, Permission::AgentsControl, &id).await?;
    let (agent, directory) = part_of(&shared, &principal, (call_id, &call), value.agent.as_deref()).await?;
    let rule = rule_of(&directory.dispositions, &value, call.queue.as_deref())?;
    let other_side = if call.direction == Direction::Inbound { call.from.clone() } else { call.to.clone() };
    let key = RequestKey::read(&headers, &principal, &format!("POST /v1/calls/{id}/disposition"), &bytes)?;
    let by = principal.name.clone();
    once(Arc::clone(&shared), key, async move {
        form_answered(&shared, (call_id, agent), value.answers, rule.is_success, &by).await?;
        let (callback, is_leads) = match value.callback {
            Some(wanted) => agreed(&shared, call_id, agent, wanted, other_side).await?,
            None => (None, false),
        };
        let DispositionRule { code, label, is_success, .. } = rule;
        let (note, call) = (value.note, call_id);
        let disposed = acd::Disposed { agent, call, code, label, is_success, note, callback, by };
        if let Some(wanted) = disposed.callback.clone().filter(|_| !is_leads) {
            call_back(&shared, wanted.number, agent, wanted.due_at, call_id).await?;
        }
        match shared.services.command_to_the_end(Command::Dispose(Box::new(disposed))).await? {
            Answer::Agent(now) => {
                let now = Agent::from_snapshot(&now, &directory).ok_or_else(no_agent_left)?;
                Ok((StatusCode::OK, now))
            }
            other => Err(wrong_answer(&other)),
        }
    })
    .await
}

pub(crate) async fn call_of(
    shared: &Shared,
    principal: &Principal,
    permission: Permission,
    id: &str,
) -> Result<(CallId, records::Call), Problem> {
    let unknown = || Problem::new(Code::CallNotFound, format!("There is no call `{id}`."));
    let call: CallId = id.parse().map_err(|_| unknown())?;
    let found = source::find(shared, &principal.whose(permission), call).await?;
    found.map(|found| (call, found)).ok_or_else(unknown)
}

/// The agent of whom it is said: one who had a part in the call.
pub(crate) async fn part_of(
    shared: &Shared,
    principal: &Principal,
    (id, call): (CallId, &records::Call),
    named: Option<&str>,
) -> Result<(AgentId, Arc<Directory>), Problem> {
    let own = principal.confined_to(Permission::AgentsControl);
    let extension = named.or(own).or(call.agent.as_deref()).unwrap_or_default();
    let directory = shared.agents_of(principal, Permission::AgentsControl);
    if extension.is_empty() {
        let problem = Problem::new(Code::InvalidBody, "No agent has talked in the call.");
        return Err(problem.at("#/agent", "required", "expected the agent who says it"));
    }
    let no_agent = || Problem::new(Code::AgentNotFound, format!("There is no agent `{extension}`."));
    let agent = directory.agent(extension).ok_or_else(no_agent)?;
    had_a_part(shared, principal, id, extension).await?;
    Ok((agent, directory))
}

/// What was asked of a campaign's lead is kept before what came of it; of any other call nothing is asked.
async fn form_answered(
    shared: &Shared,
    (call, agent): (CallId, AgentId),
    answers: Option<GivenAnswers>,
    is_success: bool,
    by: &str,
) -> Result<(), Problem> {
    let is_given = answers.is_some();
    if !is_given && !is_success {
        return Ok(());
    }
    match keep(shared, call, agent, answers.unwrap_or_default(), is_success, by.to_owned()).await {
        Err(problem) if problem.code() == Code::NoLead && !is_given => Ok(()),
        other => other.map(drop),
    }
}

/// The agent called, or his phone was called, in this call: only then he can know what came of it.
async fn had_a_part(shared: &Shared, principal: &Principal, call: CallId, extension: &str) -> Result<(), Problem> {
    let whose = principal.whose(Permission::AgentsControl);
    let steps = source::journey(shared, &whose, call).await?.unwrap_or_default();
    if steps.iter().any(|step| PARTS.contains(&step.kind.as_str()) && step.data["agent"] == extension) {
        return Ok(());
    }
    let problem = Problem::new(Code::InvalidBody, format!("Agent `{extension}` had no part in the call."));
    Err(problem.at("#/agent", "invalid", "expected an agent who called or was called in it"))
}

/// What the code stands for, if it may be said of a call of this queue and nothing that it needs is missing.
fn rule_of(rules: &[DispositionRule], value: &NewDisposition, queue: Option<&str>) -> Result<DispositionRule, Problem> {
    let refused = |field: &'static str, expected: String| {
        Problem::new(Code::InvalidBody, "The disposition is not as expected.").at(field, "invalid", expected)
    };
    let allowed = || rules.iter().filter(|rule| rule.is_for(queue));
    let rule = allowed().find(|rule| rule.code == value.code).cloned().ok_or_else(|| {
        let codes: Vec<&str> = allowed().map(|rule| rule.code.as_str()).collect();
        refused("#/code", format!("expected one of: {}", codes.join(", ")))
    })?;
    let note = value.note.as_deref().unwrap_or_default();
    if rule.requires_note && note.trim().is_empty() {
        return Err(refused("#/note", format!("`{}` needs a note", rule.code)));
    }
    if note.chars().count() > MAX_NOTE {
        return Err(refused("#/note", format!("expected at most {MAX_NOTE} characters")));
    }
    if note.chars().any(|c| misleads(c) && !matches!(c, '\n' | '\r' | '\t')) {
        let expected =
            "expected no control characters but line ends and tabs, and none that are invisible or turn the writing";
        return Err(refused("#/note", expected.to_owned()));
    }
    if rule.requires_callback && value.callback.is_none() {
        return Err(refused("#/callback", format!("`{}` needs a callback", rule.code)));
    }
    Ok(rule)
}

/// The callback as it is booked, and whether it is a campaign's lead that is called back.
async fn agreed(
    shared: &Shared,
    call: CallId,
    agent: AgentId,
    wanted: NewDispositionCallback,
    other_side: String,
) -> Result<(Option<acd::WantedCallback>, bool), Problem> {
    let refused = |at: &'static str, expected: &str| {
        Problem::new(Code::InvalidBody, "The callback is not as expected.").at(at, "invalid", expected.to_owned())
    };
    let due_at = wanted.due_at.as_deref().map(|text| checked_time(text, "#/callback/due_at")).transpose()?;
    let is_zone = wanted.time_zone.as_ref().is_none_or(|zone| zone.len() <= ZONE_MAX);
    if !is_zone {
        return Err(refused("#/callback/time_zone", "expected the name of an IANA time zone"));
    }
    let when = match (due_at, wanted.local_time) {
        (Some(_), Some(_)) => return Err(refused("#/callback/local_time", "expected either this or `due_at`")),
        (_, Some(text)) => Some(CallbackTime::Local(text)),
        (due_at, None) => due_at.map(CallbackTime::Moment),
    };
    let alone = (wanted.by == CallbackBy::Me).then_some(agent);
    let is_local = matches!(when, Some(CallbackTime::Local(_))) || wanted.time_zone.is_some();
    let is_of_leads = is_local || wanted.by == CallbackBy::Anyone;
    let soon = CallbackTime::Moment(WallTime::from_micros(wall_now().as_micros() + SOON_MICROS));
    let asked = CallbackAsked { call, when: when.unwrap_or(soon), zone: wanted.time_zone, agent: alone };
    let command = Command::Campaign(Box::new(CampaignCommand::Callback(asked)));
    match shared.services.command_to_the_end(command).await {
        Ok(Answer::Campaign(reply)) => match *reply {
            Reply::Callback(CallbackOffer { number, at, zone, agent }) => {
                if wanted.number.is_some_and(|other| other != number) {
                    return Err(refused("#/callback/number", "expected the number that was called: it is a lead's"));
                }
                Ok((Some(acd::WantedCallback { number, due_at: Some(at), agent, zone }), true))
            }
            _ => Err(Problem::new(Code::InternalError, "The campaign gave another answer.")),
        },
        Err(problem) if problem.code() == Code::NoLead && !is_of_leads => {
            let number = wanted.number.unwrap_or(other_side);
            Ok((Some(acd::WantedCallback { number, due_at, ..acd::WantedCallback::default() }), false))
        }
        Ok(other) => Err(wrong_answer(&other)),
        // What the gate says of that time is said of the field.
        Err(problem) if problem.code() == Code::DestinationDenied => {
            Err(refused("#/callback/due_at", problem.detail()))
        }
        Err(problem) => Err(problem),
    }
}

fn no_agent_left() -> Problem {
    Problem::new(Code::AgentNotFound, "The agent is configured no more.")
}

impl From<DispositionRule> for DispositionChoice {
    fn from(rule: DispositionRule) -> Self {
        let DispositionRule { code, label, hotkey, is_success, requires_note, requires_callback, queues } = rule;
        Self { code, label, hotkey, is_success, requires_note, requires_callback, queues }
    }
}

impl From<records::CallDisposition> for Disposition {
    fn from(given: records::CallDisposition) -> Self {
        let callback = given.callback;
        Self {
            agent: given.agent,
            code: given.code,
            label: given.label,
            is_success: given.is_success,
            note: given.note,
            callback_due_at: callback.as_ref().and_then(|callback| callback.due_at).map(rfc3339),
            callback_agent: callback.as_ref().and_then(|callback| callback.agent.clone()),
            callback_time_zone: callback.as_ref().and_then(|callback| callback.zone.clone()),
            callback_number: callback.map(|callback| callback.number),
            given_at: rfc3339(given.given_at),
            given_by: given.given_by,
        }
    }
}

/// Steps of a journey that name who had a part.
const PARTS: [&str; 3] = ["leg.started", "call.answered", "call.transferred"];
/// Characters of a note: a page.
const MAX_NOTE: usize = 4_000;
/// Characters of the name of a time zone: IANA's longest has 32.
const ZONE_MAX: usize = 64;
/// As soon as possible, for a lead: when this conversation and its wrap-up are over.
const SOON_MICROS: i64 = 120 * 1_000_000;
