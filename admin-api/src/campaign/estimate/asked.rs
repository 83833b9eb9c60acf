//! What whoever wants an estimate says himself.

use dialer::estimate::Rates;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::problem::{Code, Problem};

/// What is known better than the last campaigns tell, and what calls cost. Shares are of dialed numbers; money is in minor
/// units of the currency.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CampaignAssumptions {
    /// Share that a person answers.
    #[schema(example = 0.25, minimum = 0, maximum = 1)]
    pub(super) people: Option<f64>,
    /// Share that a machine answers.
    #[schema(example = 0.3, minimum = 0, maximum = 1)]
    pub(super) machines: Option<f64>,
    /// Share that is busy.
    #[schema(example = 0.05, minimum = 0, maximum = 1)]
    pub(super) busy: Option<f64>,
    /// Share of numbers that there are not.
    #[schema(example = 0.03, minimum = 0, maximum = 1)]
    pub(super) unobtainable: Option<f64>,
    /// A conversation, or the message, s.
    #[schema(example = 180, minimum = 0, maximum = 86400)]
    pub(super) talk_s: Option<f64>,
    /// What an agent does after it, s.
    #[schema(example = 20, minimum = 0, maximum = 86400)]
    pub(super) wrap_s: Option<f64>,
    /// What a machine takes, s.
    #[schema(example = 10, minimum = 0, maximum = 86400)]
    pub(super) machine_s: Option<f64>,
    /// How long a number rings, s.
    #[schema(example = 18, minimum = 0, maximum = 120)]
    pub(super) ring_s: Option<f64>,
    /// Share of their time that agents are busy, with `predictive`.
    #[schema(example = 0.85, minimum = 0.05, maximum = 1)]
    pub(super) occupancy: Option<f64>,
    /// Hours of a day in which called people may be called.
    #[schema(example = 12, minimum = 0.25, maximum = 24)]
    pub(super) hours_a_day: Option<f64>,
    /// Agents who work for it; without it those that it names, or all of its queue.
    #[schema(example = 10, minimum = 0, maximum = 100_000)]
    pub(super) agents: Option<u32>,
    /// ISO 4217.
    #[schema(example = "GBP", pattern = "^([A-Z]{3})?$")]
    pub(super) currency: String,
    /// A minute on the line.
    #[schema(example = 1.2, minimum = 0, maximum = 1_000_000_000)]
    minute_minor: Option<f64>,
    /// An answered call.
    #[schema(example = 0.5, minimum = 0, maximum = 1_000_000_000)]
    call_minor: Option<f64>,
    /// Minutes that are paid for and not used yet; without it each is paid.
    #[schema(example = 5000, minimum = 0, maximum = 1_000_000_000)]
    minutes_left: Option<f64>,
    /// A minute beyond those; without it as any.
    #[schema(example = 2, minimum = 0, maximum = 1_000_000_000)]
    overage_minor: Option<f64>,
    /// What may be spent.
    #[schema(example = 100000, minimum = 0, maximum = 1_000_000_000)]
    budget_minor: Option<f64>,
}

impl CampaignAssumptions {
    pub(super) fn rates(&self) -> Rates {
        let Self { minute_minor, call_minor, minutes_left, overage_minor, budget_minor, .. } = *self;
        Rates { minute_minor, call_minor, minutes_left, overage_minor, budget_minor }
    }

    /// All that cannot be at once.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let shares = [self.people, self.machines, self.busy, self.unobtainable];
        let figures = [
            ("people", self.people, 0.0, 1.0),
            ("machines", self.machines, 0.0, 1.0),
            ("busy", self.busy, 0.0, 1.0),
            ("unobtainable", self.unobtainable, 0.0, 1.0),
            ("talk_s", self.talk_s, 0.0, DAY_S),
            ("wrap_s", self.wrap_s, 0.0, DAY_S),
            ("machine_s", self.machine_s, 0.0, DAY_S),
            ("ring_s", self.ring_s, 0.0, RING_S_MAX),
            ("occupancy", self.occupancy, 0.05, 1.0),
            ("hours_a_day", self.hours_a_day, 0.25, 24.0),
            ("agents", self.agents.map(f64::from), 0.0, AGENTS_MAX),
            ("minute_minor", self.minute_minor, 0.0, MONEY_MAX),
            ("call_minor", self.call_minor, 0.0, MONEY_MAX),
            ("minutes_left", self.minutes_left, 0.0, MONEY_MAX),
            ("overage_minor", self.overage_minor, 0.0, MONEY_MAX),
            ("budget_minor", self.budget_minor, 0.0, MONEY_MAX),
        ];
        let mut wrong = Vec::new();
        for (field, figure, least, most) in figures {
            if figure.is_some_and(|figure| !(least..=most).contains(&figure)) {
                wrong.push((field, "out_of_range", format!("expected {least} to {most}")));
            }
        }
        let sum: f64 = shares.iter().flatten().sum();
        if wrong.is_empty() && sum > 1.0 + ROUNDING {
            wrong.push(("people", "contradiction", format!("expected shares that make at most 1, not {sum}")));
        }
        let is_currency =
            self.currency.len() == CURRENCY_CHARS && self.currency.bytes().all(|byte| byte.is_ascii_uppercase());
        if !is_currency && !self.currency.is_empty() {
            wrong.push(("currency", "invalid", "expected ISO 4217, e.g. GBP".to_owned()));
        }
        if wrong.is_empty() {
            return Ok(());
        }
        let problem = Problem::new(Code::InvalidBody, "What is expected of the campaign cannot be.");
        Err(wrong
            .into_iter()
            .fold(problem, |problem, (field, code, expected)| problem.at(format!("#/{field}"), code, expected)))
    }
}

/// Nobody talks longer.
const DAY_S: f64 = 86_400.0;
/// As a campaign may.
const RING_S_MAX: f64 = 120.0;
/// More than any house has.
const AGENTS_MAX: f64 = 100_000.0;
/// Of any amount, and of minutes.
const MONEY_MAX: f64 = 1e9;
/// ISO 4217 has three letters.
const CURRENCY_CHARS: usize = 3;
/// Of shares that were written with some digits.
const ROUNDING: f64 = 1e-6;
