//! `/v1/calls/{id}/routing`: why each agent was offered the call, derived from its journey.

use axum::extract::{Extension, Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{StepsQuery, parse_id, source, unknown};
use crate::api::Shared;
use crate::key::Principal;
use crate::openapi::ReadRefusals;
use crate::page::Page;
use crate::problem::Problem;
use crate::query::Query;
use crate::rights::Permission;
use crate::time::rfc3339;

/// One decision: an offer, and why it went to this agent.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Decision {
    /// Its number in the call's journey.
    seq: u32,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    #[serde(flatten)]
    facts: Facts,
    /// The same in words.
    #[schema(
        example = "1001 was offered the call: idle longest (35 s) of 2 agents who could take it. Others: 1 in a call."
    )]
    words: String,
}

/// What was known at the moment of a decision.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Facts {
    /// The queue.
    #[schema(example = "support")]
    queue: String,
    /// Extension of the agent who was offered the call.
    #[schema(example = "1001")]
    agent: String,
    /// What chose among equals: `longest_idle`, `ring_all`, `round_robin`, `fewest_calls`, `least_talk`, `top_down`,
    /// `random`, `weighted`, `progressive_ring`.
    #[schema(example = "longest_idle")]
    strategy: String,
    /// The call was kept for him.
    preferred: bool,
    /// Others rang for it already.
    joined: bool,
    /// Agents who could take the call, him included.
    candidates: u32,
    /// The how-many-th offer of the call in this queue, from 1.
    attempt: u32,
    /// How long the call had waited, ms.
    waited_ms: u64,
    /// How long he had been idle, ms.
    idle_ms: u64,
    /// Skills that the call asked for.
    required: Vec<SkillNeed>,
    /// He first, then others of the queue: all of a small one, else the next best.
    agents: Vec<RoutedAgent>,
    /// How many others of the queue did not get it, by reason.
    others: RoutedOthers,
}

/// A skill and its least level.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SkillNeed {
    /// Name of the skill.
    #[schema(example = "german")]
    skill: String,
    /// Least level.
    level: u8,
}

/// An agent, as he stood to the call.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct RoutedAgent {
    /// Extension.
    #[schema(example = "1002")]
    agent: String,
    /// `chosen`, `behind` (could take it, another came first), `offline`, `reserved`, `on_call`, `wrap_up`, `paused`,
    /// `resting`, `kind`, `level`, `skill`, `held`.
    #[schema(example = "behind")]
    standing: String,
    /// The skill that he lacked.
    lacks: Option<SkillNeed>,
    /// His level in the queue.
    level: u8,
    /// Sum of his levels in the preferred skills.
    proficiency: u16,
    /// What the strategy compared: ms of being idle, calls, ms of talk, position from 0, thousandths of a call by weight.
    figure: u64,
}

/// Agents who did not get the call, by reason.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct RoutedOthers {
    /// Could take it, and another came first.
    behind: u32,
    /// Signed off, or no phone.
    offline: u32,
    /// An offer was open.
    reserved: u32,
    /// In a call.
    on_call: u32,
    /// After a call.
    wrap_up: u32,
    /// Pausing.
    paused: u32,
    /// Left alone after an offer that they did not take.
    resting: u32,
    /// Take no work of this kind.
    kind: u32,
    /// Of a level that the call might not reach yet.
    level: u32,
    /// Lack a skill.
    skill: u32,
}

/// Why each agent was offered the call, and why nobody else was: one item a decision, oldest first.
#[utoipa::path(get, path = "/v1/calls/{id}/routing", operation_id = "list_call_routing", tag = "calls",
    params(("id" = String, Path, description = "The call's id"), StepsQuery),
    responses((status = 200, description = "A page of decisions", body = Page<Decision>), ReadRefusals))]
pub(super) async fn routing(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(query): Query<StepsQuery>,
) -> Result<Page<Decision>, Problem> {
    let call = parse_id(&id)?;
    let steps = source::journey(&shared, &principal.whose(Permission::CallsView), call).await?;
    let steps = steps.ok_or_else(|| unknown(&id))?;
    let decisions = steps.into_iter().filter_map(Decision::of).collect();
    let in_order = |decision: &Decision| format!("{:010}", decision.seq);
    Page::cut(&format!("routing of {call}"), decisions, in_order, query.cursor.as_ref(), query.limit.get())
}

impl Decision {
    /// `None` for a step that is none.
    fn of(step: records::JourneyStep) -> Option<Self> {
        let facts: Facts = (step.kind == "routing.decided").then(|| serde_json::from_value(step.data).ok())??;
        Some(Self { seq: step.seq, at: rfc3339(step.at), words: facts.words(), facts })
    }
}

impl Facts {
    fn words(&self) -> String {
        let figure = self.agents.first().map_or(0, |one| one.figure);
        let seconds = figure / 1_000;
        let why = match self.strategy.as_str() {
            _ if self.preferred => "the call was kept for this agent".to_owned(),
            "longest_idle" => format!("idle longest ({seconds} s)"),
            "ring_all" => "all who can take the call ring".to_owned(),
            "round_robin" => format!("next in turn (position {})", figure + 1),
            "fewest_calls" => format!("fewest calls ({figure})"),
            "least_talk" => format!("least time talked ({seconds} s)"),
            "top_down" => format!("first in position ({})", figure + 1),
            "weighted" => "furthest behind the share of the agent's weight".to_owned(),
            "progressive_ring" => format!("next to ring (position {})", figure + 1),
            _ => "drawn by chance".to_owned(),
        };
        let of = match self.candidates {
            _ if self.preferred => String::new(),
            1 => ", the only agent who could take it".to_owned(),
            count => format!(" of {count} agents who could take it"),
        };
        let skills: Vec<String> =
            self.required.iter().map(|need| format!("{} at level {}", need.skill, need.level)).collect();
        let needs = if skills.is_empty() { String::new() } else { format!(" It asked for {}.", skills.join(", ")) };
        let others = self.others.words();
        let others = if others.is_empty() { String::new() } else { format!(" Others: {others}.") };
        format!("{} was offered the call: {why}{of}.{needs}{others}", self.agent)
    }
}

impl RoutedOthers {
    fn words(&self) -> String {
        let reasons = [
            (self.behind, "came after"),
            (self.on_call, "in a call"),
            (self.reserved, "ringing"),
            (self.wrap_up, "in wrap-up"),
            (self.paused, "paused"),
            (self.offline, "offline"),
            (self.resting, "left alone after an offer not taken"),
            (self.skill, "without the skill"),
            (self.level, "of a later level"),
            (self.kind, "not for this kind of work"),
        ];
        let named = reasons.iter().filter(|(count, _)| *count > 0).map(|(count, reason)| format!("{count} {reason}"));
        named.collect::<Vec<_>>().join(", ")
    }
}
