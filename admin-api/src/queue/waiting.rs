//! `/v1/queues/{name}/calls`: who waits, in order, and why.

use acd::{Basis, InLine, State, WaitingSnapshot};
use axum::extract::{Extension, Path, State as Held};
use axum::response::IntoResponse;
use centre::Directory;
use clock::WallTime;
use serde::Serialize;
use utoipa::ToSchema;

use super::{millis, unknown};
use crate::api::Shared;
use crate::key::Principal;
use crate::openapi::ReadRefusals;
use crate::page::{Page, PageQuery};
use crate::problem::Problem;
use crate::query::Query;
use crate::snapshot::snapshot_age;
use crate::time::{rfc3339, wall_now};

/// A call that waits in a queue.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WaitingCall {
    /// The call.
    #[schema(example = "call_00000000000000000000000000000008")]
    call_id: String,
    /// Who waits.
    #[schema(example = "+447700900123")]
    from: Option<String>,
    /// Its place in the queue, callbacks before it included, from 1: what is announced.
    position: u32,
    /// The time that decides its place: his first call's where a queue keeps places, that of the queue before where an overflow keeps it.
    #[schema(format = DateTime)]
    arrived_at: String,
    /// How long it has waited in this queue, ms.
    wait_ms: u64,
    /// Higher first.
    priority: i32,
    /// How much longer it is expected to wait for an agent's answer, ms: the mean; null while nobody is on duty.
    ewt_ms: Option<u64>,
    /// Three of four callers wait no longer than this, ms: what is rounded up and announced.
    ewt_upper_ms: Option<u64>,
    /// What the expected wait stands on.
    ewt_basis: Option<WaitBasis>,
    /// Extensions of the agents who ring for it.
    offered_to: Vec<String>,
    /// Offers so far.
    attempts: u32,
    /// Why it waits.
    why: WhyWaits,
    /// The same in words.
    why_text: String,
}

/// What an expected wait stands on.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WaitBasis {
    /// An agent rings or is ready.
    Ready,
    /// Calls before it, agents on duty, learned service and patience.
    QueueLength,
    /// Too little is learned: the wait of the head of the line.
    HeadOfLine,
    /// Nothing is learned yet: usual rates.
    Prior,
}

/// Why a call waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WhyWaits {
    /// An agent's phone rings for it.
    Ringing,
    /// No agent of the queue is on duty.
    NobodyOnDuty,
    /// All agents on duty are busy.
    AllBusy,
    /// Agents are ready, and a rule keeps the call from them: `/v1/calls/{id}/routing` names it.
    HeldBack,
}

/// The calls that wait in a queue, in the order in which they will be served.
#[utoipa::path(get, path = "/v1/queues/{name}/calls", operation_id = "list_waiting_calls", tag = "queues",
    params(("name" = String, Path, description = "The queue's name"), PageQuery),
    responses((status = 200, description = "A page of waiting calls", body = Page<WaitingCall>), ReadRefusals))]
pub(crate) async fn waiting_calls(
    Held(shared): Held<Shared>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let (snapshot, directory) = (shared.snapshot(), shared.directory_of(&principal));
    let id = directory.queue(&name).ok_or_else(|| unknown(&name))?;
    let now = wall_now();
    let agents = snapshot.acd.queue(id).map(|row| row.agents).unwrap_or_default();
    let callers = snapshot.acd.line(id).into_iter().filter(|one| one.waiting.callback.is_none());
    let calls = callers.map(|one| {
        let from = shared.services.live.call(&principal.account, one.waiting.call).map(|live| live.from);
        WaitingCall::new(&one, agents, from, &directory, now)
    });
    let in_order = |call: &WaitingCall| format!("{:010}", call.position);
    let of = format!("calls of {name}");
    let page = Page::cut(&of, calls.collect(), in_order, query.cursor.as_ref(), query.limit.get())?;
    Ok((snapshot_age(&snapshot), page))
}

impl WaitingCall {
    fn new(one: &InLine<'_>, agents: [u32; 6], from: Option<String>, directory: &Directory, now: WallTime) -> Self {
        let (call, position, estimate) = (one.waiting, one.place, one.expected);
        let extension = |agent| directory.agents.get(agent).map(|agent| agent.extension.clone());
        let offered_to: Vec<String> = call.offered_to.iter().filter_map(extension).collect();
        let why = why_waits(call, agents);
        Self {
            call_id: call.call.to_string(),
            from,
            position,
            arrived_at: rfc3339(call.arrived),
            wait_ms: now.millis_since(call.entered),
            priority: call.priority,
            ewt_ms: estimate.map(|estimate| millis(estimate.mean)),
            ewt_upper_ms: estimate.map(|estimate| millis(estimate.upper)),
            ewt_basis: estimate.map(|estimate| estimate.basis.into()),
            why_text: why.text(agents, &offered_to),
            offered_to,
            attempts: call.attempts,
            why,
        }
    }
}

fn why_waits(call: &WaitingSnapshot, agents: [u32; 6]) -> WhyWaits {
    let busy = [State::Reserved, State::OnCall, State::WrapUp].iter().map(|state| agents[*state as usize]).sum::<u32>();
    match agents[State::Ready as usize] {
        _ if !call.offered_to.is_empty() => WhyWaits::Ringing,
        0 if busy == 0 => WhyWaits::NobodyOnDuty,
        0 => WhyWaits::AllBusy,
        _ => WhyWaits::HeldBack,
    }
}

impl WhyWaits {
    fn text(self, agents: [u32; 6], offered_to: &[String]) -> String {
        let number = |state: State| agents[state as usize];
        match self {
            Self::Ringing => format!("The phone of {} rings for it.", offered_to.join(", ")),
            Self::NobodyOnDuty => {
                format!("Nobody is on duty: {} paused, {} offline.", number(State::Paused), number(State::Offline))
            }
            Self::AllBusy => format!(
                "All on duty are busy: {} on a call, {} in wrap-up, {} being rung.",
                number(State::OnCall),
                number(State::WrapUp),
                number(State::Reserved)
            ),
            Self::HeldBack => {
                format!("{} are ready, but a rule keeps the call from them for now.", number(State::Ready))
            }
        }
    }
}

impl From<Basis> for WaitBasis {
    fn from(basis: Basis) -> Self {
        match basis {
            Basis::Ready => Self::Ready,
            Basis::QueueLength => Self::QueueLength,
            Basis::HeadOfLine => Self::HeadOfLine,
            Basis::Prior => Self::Prior,
        }
    }
}
