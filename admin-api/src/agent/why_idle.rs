//! `/v1/agents/{extension}/why-idle`: asked of the distributor itself, at this moment.

use acd::NoCall;
use axum::Json;
use axum::extract::{Extension, Path, State};
use centre::{Answer, Command, Directory};
use serde::Serialize;
use utoipa::ToSchema;

use super::unknown;
use crate::api::{Shared, wrong_answer};
use crate::key::Principal;
use crate::openapi::ReadRefusals;
use crate::problem::Problem;
use crate::query::{NoParameters, Query};
use crate::rights::Permission;
use crate::words::AgentState;

/// Why an agent has no call at this moment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WhyIdle {
    /// The agent.
    #[schema(example = "1001")]
    extension: String,
    /// What is true of him: in any state but `ready` nothing else matters.
    state: AgentState,
    /// He did not take an offer and is left alone for so long still, ms.
    resting_ms: Option<u64>,
    /// His queues, and what keeps the first call of each from him.
    queues: Vec<IdleIn>,
    /// The same in words.
    #[schema(example = "The agent is ready. support: nobody waits.")]
    words: String,
}

/// Why an agent has no call of one queue.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct IdleIn {
    /// The queue.
    #[schema(example = "support")]
    queue: String,
    /// Calls that wait there.
    waiting: u32,
    /// What keeps the first of them from him.
    reason: IdleReason,
    /// The skill that he lacks, or is not good enough at.
    skill: Option<String>,
    /// The level of it that the call needs.
    skill_level: Option<u8>,
    /// The agent for whom the call is kept.
    held_for: Option<String>,
    /// For how long still, ms.
    held_ms: Option<u64>,
    /// Conversations that the queue may have at the same time.
    conversations_max: Option<u32>,
}

/// What keeps a call from an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IdleReason {
    /// There is no call.
    NothingWaits,
    /// It rings with as many agents as may.
    Ringing,
    /// It is kept for its preferred agent.
    HeldForAgent,
    /// The queue has as many conversations as it may.
    ConversationLimit,
    /// He takes no work of its kind.
    KindNotTaken,
    /// He is of a level that it may not reach yet.
    LevelNotReached,
    /// He lacks a skill.
    SkillMissing,
    /// He is not ready, or rests.
    NotReady,
    /// Nothing: he is about to get it.
    Next,
}

/// Why an agent has no call: for each of his queues the rule that keeps its first call from him.
#[utoipa::path(get, path = "/v1/agents/{extension}/why-idle", operation_id = "explain_idle_agent", tag = "agents",
    params(("extension" = String, Path, description = "The agent's extension")),
    responses((status = 200, description = "Why he has no call", body = WhyIdle), ReadRefusals))]
pub(super) async fn why_idle(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(extension): Path<String>,
    Query(_): Query<NoParameters>,
) -> Result<Json<WhyIdle>, Problem> {
    let directory = shared.agents_of(&principal, Permission::AgentsView);
    let agent = directory.agent(&extension).ok_or_else(|| unknown(&extension))?;
    match shared.services.command(Command::WhyIdle { agent }).await? {
        Answer::WhyIdle(why) => Ok(Json(WhyIdle::new(extension, &why, &directory))),
        other => Err(wrong_answer(&other)),
    }
}

impl WhyIdle {
    fn new(extension: String, why: &acd::WhyIdle, directory: &Directory) -> Self {
        let queues: Vec<IdleIn> = why.queues.iter().map(|one| IdleIn::new(one, directory)).collect();
        let state = AgentState::from(why.state);
        let state_words = in_words(why.state);
        let rests = if why.resting.is_some() { " and left alone for a moment after an offer not taken" } else { "" };
        let mut words = format!("The agent is {state_words}{rests}.");
        if queues.is_empty() {
            words += " At present no queue is served.";
        }
        for one in &queues {
            words += &format!(" {}: {}.", one.queue, one.words());
        }
        Self { extension, state, resting_ms: why.resting.map(millis), queues, words }
    }
}

impl IdleIn {
    fn new(one: &acd::IdleIn, directory: &Directory) -> Self {
        let extension = |agent| directory.agents.get(agent).map(|named| named.extension.clone());
        let mut view = Self {
            queue: directory.queues.get(&one.queue).map(|named| named.name.clone()).unwrap_or_default(),
            waiting: one.waiting,
            reason: reason(one.reason),
            skill: None,
            skill_level: None,
            held_for: None,
            held_ms: None,
            conversations_max: None,
        };
        match one.reason {
            NoCall::HeldFor { agent, left } => (view.held_for, view.held_ms) = (extension(&agent), Some(millis(left))),
            NoCall::Conversations { max } => view.conversations_max = Some(max),
            NoCall::Skill(need) => {
                view.skill = directory.skills.get(&need.skill).cloned();
                view.skill_level = Some(need.level);
            }
            _ => {}
        }
        view
    }

    fn words(&self) -> String {
        let waiting = match self.waiting {
            1 => "1 call waits".to_owned(),
            waiting => format!("{waiting} calls wait"),
        };
        let why = match self.reason {
            IdleReason::NothingWaits => return "nobody waits".to_owned(),
            IdleReason::Ringing => "the first rings with others".to_owned(),
            IdleReason::HeldForAgent => {
                format!("the first is kept for {}", self.held_for.as_deref().unwrap_or("another agent"))
            }
            IdleReason::ConversationLimit => "the queue has as many conversations as it may".to_owned(),
            IdleReason::KindNotTaken => "the agent takes no work of the kind of the first".to_owned(),
            IdleReason::LevelNotReached => "the first may not reach the agent's level yet".to_owned(),
            IdleReason::SkillMissing => format!(
                "the first needs {} at level {}",
                self.skill.as_deref().unwrap_or("a skill"),
                self.skill_level.unwrap_or(1)
            ),
            IdleReason::NotReady => "the agent is not ready for the first".to_owned(),
            IdleReason::Next => "the first is about to be offered".to_owned(),
        };
        format!("{waiting}, {why}")
    }
}

const fn in_words(state: acd::State) -> &'static str {
    match state {
        acd::State::Offline => "offline",
        acd::State::Ready => "ready",
        acd::State::Reserved => "being rung",
        acd::State::OnCall => "in a call",
        acd::State::WrapUp => "in wrap-up",
        acd::State::Paused => "paused",
    }
}

const fn reason(reason: NoCall) -> IdleReason {
    match reason {
        NoCall::NothingWaits => IdleReason::NothingWaits,
        NoCall::Rings => IdleReason::Ringing,
        NoCall::HeldFor { .. } => IdleReason::HeldForAgent,
        NoCall::Conversations { .. } => IdleReason::ConversationLimit,
        NoCall::Kind => IdleReason::KindNotTaken,
        NoCall::Level => IdleReason::LevelNotReached,
        NoCall::Skill(_) => IdleReason::SkillMissing,
        NoCall::NotReady => IdleReason::NotReady,
        NoCall::Next => IdleReason::Next,
    }
}

fn millis(duration: core::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
