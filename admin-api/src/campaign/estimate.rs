//! `/v1/campaigns/{id}/estimate`: what a campaign will take, before it starts.

use axum::Json;
use axum::extract::{Extension, Path, State};
use dialer::campaign::{Assumptions, Estimate, Rates, estimate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{absent, known};
use crate::api::Shared;
use crate::body::{JsonBody, whole};
use crate::key::Principal;
use crate::openapi::Refusals;
use crate::problem::{Code, Problem};
use crate::query::{NoParameters, Query};

/// What is expected, and what calls cost. Money is in minor units of the currency.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignAssumptions {
    /// Leads of the campaign's lists.
    #[serde(deserialize_with = "whole")]
    #[schema(example = 1000, minimum = 0, maximum = 50_000_000)]
    leads: u64,
    /// Share of dialed numbers that a person answers.
    #[schema(example = 0.25, minimum = 0, maximum = 1)]
    people: Option<f64>,
    /// Share that a machine answers.
    #[schema(example = 0.3, minimum = 0, maximum = 1)]
    machines: Option<f64>,
    /// A conversation, s.
    #[schema(example = 180, minimum = 0)]
    talk_s: Option<f64>,
    /// What a machine takes, s.
    #[schema(example = 10, minimum = 0)]
    machine_s: Option<f64>,
    /// Share of numbers that the gate does not let pass.
    #[schema(example = 0.05, minimum = 0, maximum = 1)]
    denied: Option<f64>,
    /// ISO 4217.
    #[serde(default)]
    #[schema(example = "GBP", pattern = "^([A-Z]{3})?$")]
    currency: String,
    /// A minute on the line.
    #[serde(default)]
    #[schema(minimum = 0)]
    minute_minor: f64,
    /// An answered call.
    #[serde(default)]
    #[schema(minimum = 0)]
    call_minor: f64,
    /// Minutes that are paid for and not used yet.
    #[serde(default)]
    #[schema(minimum = 0)]
    minutes_left: f64,
    /// A minute beyond those.
    #[serde(default)]
    #[schema(minimum = 0)]
    overage_minor: f64,
}

/// What a campaign is expected to take.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CampaignEstimate {
    /// Leads that it has.
    leads: u64,
    /// Leads that the gate is expected to let pass.
    dialable: u64,
    /// Numbers dialed, retries included.
    calls: u64,
    /// People reached.
    people: u64,
    /// Minutes on the line.
    minutes: u64,
    /// ISO 4217.
    currency: String,
    /// What it costs, overage included.
    cost_minor: u64,
    /// Minutes beyond what is included.
    overage_minutes: u64,
    /// What those cost.
    overage_minor: u64,
    /// It goes beyond what is included.
    is_over: bool,
}

/// What a campaign will take: calls, minutes, cost, overage.
#[utoipa::path(post, path = "/v1/campaigns/{id}/estimate", operation_id = "estimate_campaign", tag = "campaigns",
    request_body = CampaignAssumptions, params(("id" = String, Path, description = "The campaign's id")),
    responses((status = 200, description = "The estimate", body = CampaignEstimate), Refusals))]
pub(super) async fn estimate_it(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    JsonBody { value, .. }: JsonBody<CampaignAssumptions>,
) -> Result<Json<CampaignEstimate>, Problem> {
    let campaign = known(&shared, &principal, &id)?;
    value.check()?;
    let snapshot = shared.snapshot();
    let found = snapshot.campaigns.campaigns.get(&campaign).ok_or_else(|| absent(&id))?;
    let usual = Assumptions::default();
    let expected = Assumptions {
        people: value.people.unwrap_or(usual.people),
        machines: value.machines.unwrap_or(usual.machines),
        talk_s: value.talk_s.unwrap_or(usual.talk_s),
        machine_s: value.machine_s.unwrap_or(usual.machine_s),
        denied: value.denied.unwrap_or(usual.denied),
    };
    let rates = Rates {
        currency: value.currency.clone(),
        minute_minor: value.minute_minor,
        call_minor: value.call_minor,
        minutes_left: value.minutes_left,
        overage_minor: value.overage_minor,
    };
    let made = estimate(value.leads, &found.written.definition.recycle, &expected, &rates);
    let Estimate { leads, dialable, calls, people, minutes, cost_minor, overage_minutes, overage_minor } = made;
    let (currency, is_over) = (value.currency, overage_minutes > 0);
    Ok(Json(CampaignEstimate {
        leads,
        dialable,
        calls,
        people,
        minutes,
        currency,
        cost_minor,
        overage_minutes,
        overage_minor,
        is_over,
    }))
}

impl CampaignAssumptions {
    /// All that cannot be at once.
    fn check(&self) -> Result<(), Problem> {
        let shares = [("people", self.people), ("machines", self.machines), ("denied", self.denied)];
        let amounts = [
            ("talk_s", self.talk_s),
            ("machine_s", self.machine_s),
            ("minute_minor", Some(self.minute_minor)),
            ("call_minor", Some(self.call_minor)),
            ("minutes_left", Some(self.minutes_left)),
            ("overage_minor", Some(self.overage_minor)),
        ];
        let mut wrong = Vec::new();
        if self.leads > LEADS_MAX {
            wrong.push(("leads", "expected at most 50000000"));
        }
        for (field, share) in shares {
            if share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
                wrong.push((field, "expected a share, 0 to 1"));
            }
        }
        for (field, amount) in amounts {
            if amount.is_some_and(|amount| amount < 0.0) {
                wrong.push((field, "expected 0 or more"));
            }
        }
        let is_currency =
            self.currency.len() == CURRENCY_CHARS && self.currency.bytes().all(|b| b.is_ascii_uppercase());
        if !is_currency && !self.currency.is_empty() {
            wrong.push(("currency", "expected ISO 4217, e.g. GBP"));
        }
        if wrong.is_empty() {
            return Ok(());
        }
        let problem = Problem::new(Code::InvalidBody, "What is expected of the campaign cannot be.");
        Err(wrong.iter().fold(problem, |problem, (field, expected)| {
            problem.at(format!("#/{field}"), "invalid", (*expected).to_owned())
        }))
    }
}

/// Ten lists of five million.
const LEADS_MAX: u64 = 50_000_000;
/// ISO 4217 has three letters.
const CURRENCY_CHARS: usize = 3;
