//! `/v1/queues/{name}/calls`: who waits, in order, and why.

use acd::{Basis, InLine, Need, Others, State, Waits};
use axum::extract::{Extension, Path, State as Held};
use axum::response::IntoResponse;
use centre::{Answer, Command, Directory};
use clock::{CallId, WallTime};
use serde::Serialize;
use utoipa::ToSchema;

use super::{millis, unknown};
use crate::api::{Shared, wrong_answer};
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
    /// It is kept for its preferred agent.
    HeldForAgent,
    /// The queue has as many conversations as it may.
    ConversationLimit,
    /// Who could take it did not take an offer, and is left alone for a moment.
    Resting,
    /// All agents on duty who may take it are busy.
    AllBusy,
    /// No agent of the queue is on duty.
    NobodyOnDuty,
    /// Who is on duty lacks a skill that it needs.
    SkillMissing,
    /// Who is on duty is of a level that it may not reach yet.
    LevelNotReached,
    /// Who is on duty takes no work of its kind.
    KindNotTaken,
    /// Nothing: it is about to be offered.
    Next,
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
    let in_order = |one: &InLine<'_>| format!("{:010}", one.place);
    let of = format!("calls of {name}");
    let page = Page::cut(&of, callers.collect(), in_order, query.cursor.as_ref(), query.limit.get())?;
    let waits = why_they_wait(&shared, page.data.iter().map(|one| one.waiting.call).collect()).await?;
    let calls = page.data.iter().filter_map(|one| {
        let from = shared.services.live.call(&principal.account, one.waiting.call).map(|live| live.from);
        // Who is not among them was served or hung up a moment ago.
        let why = waits.iter().find(|why| why.call == one.waiting.call)?;
        Some(WaitingCall::new(one, why, agents, from, &directory, now))
    });
    let page = Page { data: calls.collect(), next_cursor: page.next_cursor };
    Ok((snapshot_age(&snapshot), page))
}

/// Asked of the distributor itself, at this moment.
async fn why_they_wait(shared: &Shared, calls: Vec<CallId>) -> Result<Vec<Waits>, Problem> {
    if calls.is_empty() {
        return Ok(Vec::new());
    }
    match shared.services.command(Command::WhyWait { calls }).await? {
        Answer::WhyWait(waits) => Ok(waits),
        other => Err(wrong_answer(&other)),
    }
}

impl WaitingCall {
    fn new(
        one: &InLine<'_>,
        why: &Waits,
        agents: [u32; 6],
        from: Option<String>,
        directory: &Directory,
        now: WallTime,
    ) -> Self {
        let (call, position, estimate) = (one.waiting, one.place, one.expected);
        let extension = |agent| directory.agents.get(agent).map(|agent| agent.extension.clone());
        let offered_to: Vec<String> = call.offered_to.iter().filter_map(extension).collect();
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
            why_text: in_words(why, agents, &offered_to, directory),
            offered_to,
            attempts: call.attempts,
            why: reason(&why.why, agents),
        }
    }
}

/// `agents` are those of the queue by state.
fn reason(why: &acd::WhyWaits, agents: [u32; 6]) -> WhyWaits {
    let others = match why {
        acd::WhyWaits::Rings(_) => return WhyWaits::Ringing,
        acd::WhyWaits::HeldFor { .. } => return WhyWaits::HeldForAgent,
        acd::WhyWaits::Conversations { .. } => return WhyWaits::ConversationLimit,
        acd::WhyWaits::NobodyFree(others) => others,
    };
    match others {
        Others { behind: 1.., .. } => WhyWaits::Next,
        Others { resting: 1.., .. } => WhyWaits::Resting,
        _ if busy(&others.states) > 0 => WhyWaits::AllBusy,
        _ if agents[State::Ready as usize] + busy(&agents) == 0 => WhyWaits::NobodyOnDuty,
        Others { skill: 1.., .. } => WhyWaits::SkillMissing,
        Others { level: 1.., .. } => WhyWaits::LevelNotReached,
        Others { kind: 1.., .. } => WhyWaits::KindNotTaken,
        _ => WhyWaits::NobodyOnDuty,
    }
}

fn in_words(why: &Waits, agents: [u32; 6], offered_to: &[String], directory: &Directory) -> String {
    let others = match &why.why {
        acd::WhyWaits::Rings(phones) if offered_to.is_empty() => return format!("{phones} phones ring for it."),
        acd::WhyWaits::Rings(_) => return format!("The phone of {} rings for it.", offered_to.join(", ")),
        acd::WhyWaits::HeldFor { agent, .. } => {
            let agent = directory.agents.get(agent).map_or("its agent", |agent| &agent.extension);
            return format!("It is kept for {agent} for now.");
        }
        acd::WhyWaits::Conversations { max } => {
            return format!("The queue has as many conversations as it may: {max}.");
        }
        acd::WhyWaits::NobodyFree(others) => others,
    };
    let number = |state: State| others.states[state as usize];
    let first = match reason(&why.why, agents) {
        WhyWaits::Next => "It is about to be offered.".to_owned(),
        WhyWaits::Resting => {
            format!("Ready, but left alone for a moment after an offer not taken: {}.", others.resting)
        }
        WhyWaits::AllBusy => format!(
            "All on duty who may take it are busy: {} on a call, {} in wrap-up, {} being rung.",
            number(State::OnCall),
            number(State::WrapUp),
            number(State::Reserved)
        ),
        WhyWaits::NobodyOnDuty => {
            let (paused, offline) = (agents[State::Paused as usize], agents[State::Offline as usize]);
            return format!("Nobody is on duty: {paused} paused, {offline} offline.");
        }
        _ => "Nobody on duty may take it.".to_owned(),
    };
    let unfit = [
        (others.skill, format!("lack {}", needs(&why.required, directory))),
        (others.level, "are of a level that it may not reach yet".to_owned()),
        (others.kind, "take no work of its kind".to_owned()),
    ];
    let unfit = unfit.iter().filter(|(agents, _)| *agents > 0);
    unfit.fold(first, |text, (agents, what)| format!("{text} Of the queue's agents {agents} {what}."))
}

fn needs(required: &[Need], directory: &Directory) -> String {
    let name = |need: &Need| directory.skills.get(&need.skill).cloned().unwrap_or_else(|| "a skill".to_owned());
    let needs: Vec<_> = required.iter().map(|need| format!("{} at level {}", name(need), need.level)).collect();
    needs.join(" or ")
}

fn busy(agents: &[u32; 6]) -> u32 {
    [State::Reserved, State::OnCall, State::WrapUp].iter().map(|state| agents[*state as usize]).sum()
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
