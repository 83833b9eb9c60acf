//! `/v1/calls/{id}/answers`: what an agent answers to the form of the campaign that made a call.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Extension, Path, State};
use centre::CampaignCommand;
use clock::{AgentId, CallId};
use dialer::campaign::{Answers, FIELDS_MAX, Given, TEXT_MAX};
use dialer::runner::{Answered, Reply};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, OneOfBuilder, Schema, Type};

use super::act;
use crate::api::Shared;
use crate::body::JsonBody;
use crate::disposition::{call_of, part_of};
use crate::key::Principal;
use crate::openapi::Refusals;
use crate::problem::{Code, Problem};
use crate::query::{NoParameters, Query};
use crate::rights::Permission;

/// Answers to a campaign's form, by the names of its fields.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct GivenAnswers(BTreeMap<String, Value>);

/// What an agent answers.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAnswers {
    /// The agent who asked; without it the one who sends them, else the one who talked last.
    #[schema(example = "1001", max_length = 64)]
    agent: Option<String>,
    /// The answers, added to those that were given before; null takes one back.
    #[schema(schema_with = answers_schema)]
    answers: GivenAnswers,
}

/// The answers to a campaign's form.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FormAnswers {
    /// All of them.
    #[schema(schema_with = answers_schema)]
    answers: BTreeMap<String, Value>,
}

/// Keeps what an agent answers to the campaign's form, while he talks or afterwards; the disposition can bring more.
/// They outlive a crash when this is answered.
#[utoipa::path(put, path = "/v1/calls/{id}/answers", operation_id = "answer_campaign_form", tag = "campaigns",
    request_body = NewAnswers, params(("id" = String, Path, description = "The call's id")),
    responses((status = 200, description = "All answers now", body = FormAnswers), Refusals))]
pub(super) async fn answer(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    JsonBody { value, .. }: JsonBody<NewAnswers>,
) -> Result<Json<FormAnswers>, Problem> {
    let (call, known) = call_of(&shared, &principal, Permission::AgentsControl, &id).await?;
    let (agent, _) = part_of(&shared, &principal, (call, &known), value.agent.as_deref()).await?;
    let answers = keep(&shared, call, agent, value.answers, false, principal.name.clone()).await?;
    Ok(Json(FormAnswers { answers: shown(&answers) }))
}

/// Keeps answers; with `is_final` the required ones must be there.
pub(crate) async fn keep(
    shared: &Shared,
    call: CallId,
    agent: AgentId,
    given: GivenAnswers,
    is_final: bool,
    by: String,
) -> Result<Answers, Problem> {
    let given = given.0.into_iter().map(|(name, value)| Ok((given_of(&name, value)?, name)));
    let given = given.map(|pair: Result<_, Problem>| pair.map(|(given, name)| (name, given)));
    let answered = Answered { call, agent, given: given.collect::<Result<_, _>>()?, is_final, by };
    match act(shared, CampaignCommand::Answer(answered)).await? {
        Reply::Answers(answers) => Ok(answers),
        _ => Err(Problem::new(Code::InternalError, "The campaign gave another answer.")),
    }
}

/// As they are shown.
pub(super) fn shown(answers: &Answers) -> BTreeMap<String, Value> {
    let value = |answer: &dialer::campaign::Answer| match (answer, answer.number()) {
        (_, Some(whole)) if whole.fract() == 0.0 => Value::from(whole as i64),
        (_, Some(number)) => Value::from(number),
        (dialer::campaign::Answer::Text(text), None) => Value::from(text.as_str()),
        (dialer::campaign::Answer::Number(_), None) => Value::Null,
    };
    answers.iter().map(|(name, answer)| (name.clone(), value(answer))).collect()
}

fn given_of(name: &str, value: Value) -> Result<Given, Problem> {
    match value {
        Value::Null => Ok(Given::Nothing),
        Value::String(text) => Ok(Given::Text(text)),
        Value::Number(number) => Ok(Given::Number(number.as_f64().unwrap_or(f64::NAN))),
        _ => {
            let problem = Problem::new(Code::InvalidBody, "What was sent is not as expected.");
            Err(problem.at(format!("#/answers/{name}"), "invalid", "expected text, a number or null"))
        }
    }
}

pub(crate) fn answers_schema() -> ObjectBuilder {
    let text = ObjectBuilder::new().schema_type(Type::String).max_length(Some(TEXT_MAX as usize));
    let number = ObjectBuilder::new().schema_type(Type::Number).minimum(Some(-1e9)).maximum(Some(1e9));
    let nothing = ObjectBuilder::new().schema_type(Type::Null);
    let name = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[a-z][a-z0-9_]{0,39}$"));
    let value = Schema::OneOf(OneOfBuilder::new().item(text).item(number).item(nothing).build());
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some("Answers by the names of the form's fields."))
        .additional_properties(Some(AdditionalProperties::RefOr(value.into())))
        .property_names(Some(name))
        .max_properties(Some(FIELDS_MAX))
        .examples([json!({ "age": 44, "plan": "Gold" })])
}
