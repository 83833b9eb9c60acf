//! What an agent did and may do: the log of his states, My Stats, his calls, the queues that he serves, longer wrap-up.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use centre::{Answer, Command};
use clock::{AgentId, QueueId, WallTime};
use records::{AgentCallFilter, AgentStats, IntervalFilter, IntervalPlace};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Agent, unknown};
use crate::api::{Shared, wrong_answer};
use crate::body::{JsonBody, whole};
use crate::idempotency::RequestKey;
use crate::key::Principal;
use crate::once::once;
use crate::openapi::{ReadRefusals, Refusals};
use crate::page::{Cursor, Page};
use crate::problem::{Code, Problem};
use crate::query::{Limit, NoParameters, Query, Time};
use crate::report::TimeZone;
use crate::rights::Permission;
use crate::time::{rfc3339, wall_now};
use crate::voicemail::away;
use crate::words::{AgentState, CallDirection};

/// A state and how long it was true.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct StateInterval {
    /// The state.
    state: AgentState,
    /// Why: pause reason, `rona`, `no_device`, `node_down`.
    reason: Option<String>,
    /// What made it so.
    #[schema(example = "chosen")]
    cause: String,
    /// The call, while reserved or on one.
    call_id: Option<String>,
    /// From.
    #[schema(format = DateTime)]
    since: String,
    /// To; null for the present.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// How long, up to now for the present.
    duration_ms: u64,
}

/// An agent's part in a call that ended.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AgentCall {
    /// The call.
    #[schema(example = "call_0190f5a2b6d07c3a9d1e4f5061728394")]
    call_id: String,
    /// Its direction.
    direction: CallDirection,
    /// Between own parties only: in no figure.
    internal: bool,
    /// The queue it entered last.
    queue: Option<String>,
    /// He called; else he was called.
    dialed: bool,
    /// It is one of his total calls.
    counted: bool,
    /// His phone was called, or he dialed.
    #[schema(format = DateTime)]
    began_at: String,
    /// His part ended.
    #[schema(format = DateTime)]
    ended_at: String,
    /// He first talked; null when he never did.
    #[schema(format = DateTime)]
    talked_at: Option<String>,
    /// How long he talked, hold included.
    talk_ms: u64,
    /// It rang for him and he did not take it: an offer rang out or was declined, or he himself was called and never
    /// talked. Who rang with others, or whose caller gave up, has missed nothing.
    missed: bool,
    /// Code of what he said came of it.
    disposition: Option<String>,
}

/// The figures of an agent over a span of time. Login time is available, reserved, talk, wrap-up and pause together;
/// calls are those that `/v1/agents/{extension}/calls` lists as counted.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Stats {
    /// From.
    #[schema(format = DateTime)]
    from: String,
    /// To; the present where that is earlier.
    #[schema(format = DateTime)]
    to: String,
    /// First moment signed on.
    #[schema(format = DateTime)]
    first_activity_at: Option<String>,
    /// Last moment signed on.
    #[schema(format = DateTime)]
    last_activity_at: Option<String>,
    /// Signed on.
    login_ms: u64,
    /// Ready.
    available_ms: u64,
    /// His phone rang for a queue.
    reserved_ms: u64,
    /// On calls.
    talk_ms: u64,
    /// In wrap-up.
    wrap_up_ms: u64,
    /// In pauses, breaks included.
    pause_ms: u64,
    /// In pauses whose reason is a break.
    break_ms: u64,
    /// Nobody knows: the node was down.
    unknown_ms: u64,
    /// Pauses by reason.
    pauses: Vec<PauseTotal>,
    /// Calls that he made or in which he talked; none between own parties.
    total_calls: u64,
    /// Those of them in which he talked.
    calls_handled: u64,
    /// Calls listed as `missed`; none between own parties.
    calls_missed: u64,
    /// Total calls whose disposition is a success.
    successes: u64,
    /// `successes / total_calls`; null without calls.
    conversion_rate: Option<f64>,
}

/// Pauses with one reason.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PauseTotal {
    /// The reason.
    #[schema(example = "lunch")]
    reason: Option<String>,
    /// It is a break.
    is_break: bool,
    /// Pauses; one that a call interrupts counts once.
    count: u64,
    /// Their time.
    total_ms: u64,
}

/// A span of time, and a page.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SpanQuery {
    /// Items of a page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 25)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// From; the begin of all without it.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Time>,
    /// To; now without it.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Time>,
}

/// A span of time.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatsQuery {
    /// From; the begin of the day of `to` without it.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Time>,
    /// To; now without it.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Time>,
    /// By whose clock the day begins: an IANA name; the node's `time_zone` without it.
    #[param(value_type = Option<String>, example = "Europe/London")]
    time_zone: Option<TimeZone>,
}

/// Which of his queues an agent serves now.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueChoice {
    /// Names of queues of his; null for all of them.
    #[schema(example = json!(["support"]))]
    queues: Option<Vec<String>>,
}

/// A longer wrap-up.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrapUpExtension {
    /// By how much.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 86_400, example = 30)]
    by_s: u32,
}

/// The log of an agent's states: intervals that follow each other without gap or overlap, oldest first.
#[utoipa::path(get, path = "/v1/agents/{extension}/intervals", operation_id = "list_agent_intervals", tag = "agents",
    params(("extension" = String, Path, description = "The agent's extension"), SpanQuery),
    responses((status = 200, description = "A page of intervals", body = Page<StateInterval>), ReadRefusals))]
pub(super) async fn intervals(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(extension): Path<String>,
    Query(query): Query<SpanQuery>,
) -> Result<Page<StateInterval>, Problem> {
    agent_of(&shared, &principal, Permission::AgentsView, &extension)?;
    let now = wall_now();
    let list = format!("intervals of {extension}");
    let behind =
        query.cursor.map(|cursor| place_of(&cursor.key(&list)?).ok_or_else(crate::page::foreign)).transpose()?;
    let (from, to) = span(query.from, query.to, WallTime::default(), now)?;
    if from >= now {
        // The present interval reaches up to now, and none has begun that lies ahead.
        return Ok(Page { data: Vec::new(), next_cursor: None });
    }
    let limit = query.limit.get();
    let filter = IntervalFilter { account: principal.account.clone(), agent: extension, from, to, behind, limit };
    let (page, more) = shared.services.database.agent_states(&filter).await.map_err(away)?;
    let last = page.last().filter(|_| more).map(|last| format!("{} {}", last.since.as_micros(), last.seq));
    let data = page.into_iter().map(|interval| StateInterval::at(interval, now)).collect();
    Ok(Page { data, next_cursor: last.map(|key| Cursor::after(&list, &key)) })
}

/// The figures of an agent.
#[utoipa::path(get, path = "/v1/agents/{extension}/stats", operation_id = "show_agent_stats", tag = "agents",
    params(("extension" = String, Path, description = "The agent's extension"), StatsQuery),
    responses((status = 200, description = "The figures", body = Stats), ReadRefusals))]
pub(super) async fn stats(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(extension): Path<String>,
    Query(query): Query<StatsQuery>,
) -> Result<Json<Stats>, Problem> {
    agent_of(&shared, &principal, Permission::AgentsView, &extension)?;
    let now = wall_now();
    let zone = query.time_zone.as_ref().map_or(&shared.services.time_zone, |TimeZone(zone)| zone);
    let end = query.to.as_ref().map_or(now, |Time(at)| *at);
    let day = zone.day(end).map_or(end, |day| day.start);
    let span = span(query.from, query.to, day, now)?;
    let database = &shared.services.database;
    let figures = database.agent_stats(&principal.account, &extension, span, now).await.map_err(away)?;
    let directory = shared.directory_of(&principal);
    let is_break =
        |reason: &str| directory.pause_reasons.iter().any(|known| known.is_break && known.rule.reason == reason);
    Ok(Json(Stats::of(&figures, (span.0, span.1.min(now).max(span.0)), is_break)))
}

/// Calls of an agent that ended, newest first.
#[utoipa::path(get, path = "/v1/agents/{extension}/calls", operation_id = "list_agent_calls", tag = "agents",
    params(("extension" = String, Path, description = "The agent's extension"), SpanQuery),
    responses((status = 200, description = "A page of his parts in calls", body = Page<AgentCall>), ReadRefusals))]
pub(super) async fn calls(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(extension): Path<String>,
    Query(query): Query<SpanQuery>,
) -> Result<Page<AgentCall>, Problem> {
    agent_of(&shared, &principal, Permission::AgentsView, &extension)?;
    let list = format!("calls of {extension}");
    let cursor = query.cursor.map(|cursor| cursor.parse(&list)).transpose()?;
    let (from, to) = span(query.from, query.to, WallTime::default(), wall_now())?;
    let (account, limit) = (principal.account.clone(), query.limit.get());
    let filter = AgentCallFilter { account, agent: extension, from, to, counted: None, cursor, limit };
    let (page, more) = shared.services.database.agent_calls(&filter).await.map_err(away)?;
    let last = page.last().filter(|_| more).map(|last| Cursor::after(&list, &last.place().to_string()));
    Ok(Page { data: page.into_iter().map(AgentCall::from).collect(), next_cursor: last })
}

/// Chooses which of his queues an agent serves now. An offer of another one is taken back.
#[utoipa::path(put, path = "/v1/agents/{extension}/queues", operation_id = "choose_agent_queues", tag = "agents",
    params(("extension" = String, Path, description = "The agent's extension")), request_body = QueueChoice,
    responses((status = 200, description = "The agent as he is now", body = Agent), Refusals))]
pub(super) async fn choose_queues(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(extension): Path<String>,
    Query(_): Query<NoParameters>,
    JsonBody { value, .. }: JsonBody<QueueChoice>,
) -> Result<Json<Agent>, Problem> {
    let agent = agent_of(&shared, &principal, Permission::AgentsControl, &extension)?;
    let directory = shared.agents_of(&principal, Permission::AgentsControl);
    let his = directory.agents.get(&agent).map(|named| named.queues.clone()).unwrap_or_default();
    let id_of = |name: &String| directory.queue(name).filter(|id| his.contains(id)).ok_or_else(|| not_his(name));
    let queues: Option<Result<Vec<QueueId>, Problem>> =
        value.queues.as_ref().map(|names| names.iter().take(MAX_QUEUES).map(id_of).collect());
    let command = Command::ChooseQueues { agent, queues: queues.transpose()? };
    match shared.services.command(command).await? {
        Answer::Agent(now) => Agent::from_snapshot(&now, &directory).map(Json).ok_or_else(|| unknown(&extension)),
        other => Err(wrong_answer(&other)),
    }
}

/// Makes a running wrap-up longer, within what its queue allows.
#[utoipa::path(post, path = "/v1/agents/{extension}/wrap-up/extend", operation_id = "extend_wrap_up", tag = "agents",
    params(("extension" = String, Path, description = "The agent's extension"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    request_body = WrapUpExtension,
    responses((status = 200, description = "The agent as he is now", body = Agent), Refusals))]
pub(super) async fn extend_wrap_up(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(extension): Path<String>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, bytes }: JsonBody<WrapUpExtension>,
) -> Result<Response, Problem> {
    let agent = agent_of(&shared, &principal, Permission::AgentsControl, &extension)?;
    if !(1..=86_400).contains(&value.by_s) {
        let problem = Problem::new(Code::InvalidBody, "The time is not as expected.");
        return Err(problem.at("#/by_s", "invalid", "expected 1 to 86400"));
    }
    let directory = shared.agents_of(&principal, Permission::AgentsControl);
    let path = format!("POST /v1/agents/{extension}/wrap-up/extend");
    let key = RequestKey::read(&headers, &principal, &path, &bytes)?;
    once(Arc::clone(&shared), key, async move {
        let by = Duration::from_secs(u64::from(value.by_s));
        match shared.services.command_to_the_end(Command::ExtendWrapUp { agent, by }).await? {
            Answer::Agent(now) => {
                let now = Agent::from_snapshot(&now, &directory).ok_or_else(|| unknown(&extension))?;
                Ok((StatusCode::OK, now))
            }
            other => Err(wrong_answer(&other)),
        }
    })
    .await
}

fn agent_of(
    shared: &Shared,
    principal: &Principal,
    permission: Permission,
    extension: &str,
) -> Result<AgentId, Problem> {
    shared.agents_of(principal, permission).agent(extension).ok_or_else(|| unknown(extension))
}

/// The span of time that is asked for; without an end it lasts to the present, so it cannot begin after it.
fn span(
    from: Option<Time>,
    to: Option<Time>,
    default: WallTime,
    now: WallTime,
) -> Result<(WallTime, WallTime), Problem> {
    let (from, to) = (from.map(|Time(at)| at), to.map(|Time(at)| at));
    let span = (from.unwrap_or(default), to.unwrap_or(now));
    if span.0 <= span.1 {
        return Ok(span);
    }
    Err(Problem::bad_parameter("from", "expected a time that is not after `to`, which is now where it is not said"))
}

fn place_of(key: &str) -> Option<IntervalPlace> {
    let (since, seq) = key.split_once(' ')?;
    Some(IntervalPlace { since: WallTime::from_micros(since.parse().ok()?), seq: seq.parse().ok()? })
}

fn not_his(name: &str) -> Problem {
    let problem = Problem::new(Code::InvalidBody, format!("`{name}` is no queue of the agent's."));
    problem.at("#/queues", "invalid", "expected names of queues that he serves")
}

impl StateInterval {
    fn at(interval: records::StateInterval, now: WallTime) -> Self {
        use records::Word;
        Self {
            state: interval.state.into(),
            reason: interval.reason,
            cause: interval.cause.word().to_owned(),
            call_id: interval.call_id.map(|call| call.to_string()),
            since: rfc3339(interval.since),
            until: interval.until.map(rfc3339),
            duration_ms: interval.until.unwrap_or(now.max(interval.since)).millis_since(interval.since),
        }
    }
}

impl From<records::AgentCall> for AgentCall {
    fn from(part: records::AgentCall) -> Self {
        Self {
            counted: part.counts(),
            call_id: part.call_id.to_string(),
            direction: part.direction.into(),
            internal: part.internal,
            queue: part.queue,
            dialed: part.dialed,
            began_at: rfc3339(part.began_at),
            ended_at: rfc3339(part.ended_at),
            talked_at: part.talked_at.map(rfc3339),
            talk_ms: part.talk_ms,
            missed: part.missed,
            disposition: part.disposition.map(|given| given.code),
        }
    }
}

impl Stats {
    fn of(figures: &AgentStats, (from, to): (WallTime, WallTime), is_break: impl Fn(&str) -> bool) -> Self {
        use journal_core::AgentState as State;
        let time = |state: State| figures.time_ms(|total| total.state == state);
        let paused = figures.states.iter().filter(|total| total.state == State::Paused);
        let pauses: Vec<PauseTotal> = paused
            .map(|total| PauseTotal {
                is_break: total.reason.as_deref().is_some_and(&is_break),
                reason: total.reason.clone(),
                count: figures.pauses.get(&total.reason).copied().unwrap_or(0),
                total_ms: total.micros.max(0).unsigned_abs() / 1_000,
            })
            .collect();
        let node_down = |reason: &Option<String>| reason.as_deref() == Some(NODE_DOWN);
        let activity = figures.activity();
        Self {
            from: rfc3339(from),
            to: rfc3339(to),
            first_activity_at: activity.map(|(first, _)| rfc3339(first)),
            last_activity_at: activity.map(|(_, last)| rfc3339(last)),
            login_ms: figures.time_ms(|total| total.state != State::Offline),
            available_ms: time(State::Ready),
            reserved_ms: time(State::Reserved),
            talk_ms: time(State::OnCall),
            wrap_up_ms: time(State::WrapUp),
            pause_ms: time(State::Paused),
            break_ms: pauses.iter().filter(|pause| pause.is_break).map(|pause| pause.total_ms).sum(),
            unknown_ms: figures.time_ms(|total| total.state == State::Offline && node_down(&total.reason)),
            pauses,
            total_calls: figures.total_calls,
            calls_handled: figures.calls_handled,
            calls_missed: figures.calls_missed,
            successes: figures.successes,
            conversion_rate: (figures.total_calls > 0).then(|| figures.successes as f64 / figures.total_calls as f64),
        }
    }
}

/// Reason of the interval in which the node was down.
const NODE_DOWN: &str = "node_down";
/// Queues that one may choose at a time: more than any agent serves.
const MAX_QUEUES: usize = 1_000;
