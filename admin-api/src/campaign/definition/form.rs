//! A campaign's form as it is written over the API.

use dialer::campaign::{FieldKind, FormField, NUMBER_MAX, Script};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CampaignDefinition, Faults};

/// A question of a campaign's form.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignFormField {
    /// Its name among the answers.
    #[schema(example = "age", min_length = 1, max_length = 40, pattern = "^[a-z][a-z0-9_]{0,39}$")]
    pub(in crate::campaign) name: String,
    /// What people read.
    #[schema(example = "How old are you?", min_length = 1, max_length = 200)]
    label: String,
    /// What answers it.
    kind: FormKind,
    /// A disposition that counts as success needs its answer.
    #[serde(default)]
    required: bool,
    /// Characters of a text; 500 without it.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 2000)]
    max_length: Option<u32>,
    /// The least number; without it -1e9.
    #[serde(default)]
    #[schema(minimum = -1_000_000_000, maximum = 1_000_000_000)]
    minimum: Option<f64>,
    /// The largest number; without it 1e9.
    #[serde(default)]
    #[schema(minimum = -1_000_000_000, maximum = 1_000_000_000)]
    maximum: Option<f64>,
    /// What may be chosen, with `choice`.
    #[serde(default)]
    #[schema(max_items = 50)]
    choices: Vec<FormChoice>,
}

/// Something that may be chosen.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = "Gold", min_length = 1, max_length = 100)]
pub(crate) struct FormChoice(String);

/// What answers a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FormKind {
    /// Text.
    Text,
    /// A number.
    Number,
    /// One of the choices.
    Choice,
    /// A date, `2026-11-23`.
    Date,
}

impl CampaignDefinition {
    /// What its agents say and ask.
    pub(super) fn script(&self) -> Script {
        let field = |field: &CampaignFormField| FormField {
            name: field.name.clone(),
            label: field.label.clone(),
            is_required: field.required,
            kind: field.kind(),
        };
        Script { text: self.script.clone(), form: self.form.iter().map(field).collect() }
    }

    /// Fields of the form that are out of their range, also those that its kind does not look at.
    pub(super) fn form_ranges(&self, faults: &mut Faults) {
        for (at, field) in self.form.iter().enumerate() {
            let is_length = field.max_length.is_none_or(|chars| (1..=2_000).contains(&chars));
            faults.unless(is_length, &format!("/form/{at}/max_length"), "out_of_range", "1 to 2000 characters");
            for (name, bound) in [("minimum", field.minimum), ("maximum", field.maximum)] {
                let is_bound = bound.is_none_or(|bound| (-NUMBER_MAX..=NUMBER_MAX).contains(&bound));
                faults.unless(is_bound, &format!("/form/{at}/{name}"), "out_of_range", "a number within ±1e9");
            }
            let is_choice = |FormChoice(choice): &FormChoice| (1..=100).contains(&choice.chars().count());
            let are_choices = field.choices.len() <= 50 && field.choices.iter().all(is_choice);
            faults.unless(
                are_choices,
                &format!("/form/{at}/choices"),
                "out_of_range",
                "at most 50, of 1 to 100 characters",
            );
        }
    }
}

impl CampaignFormField {
    fn kind(&self) -> FieldKind {
        match self.kind {
            FormKind::Text => FieldKind::Text { chars_max: self.max_length.unwrap_or(USUAL_LENGTH) },
            FormKind::Number => FieldKind::Number {
                least: self.minimum.unwrap_or(-NUMBER_MAX),
                most: self.maximum.unwrap_or(NUMBER_MAX),
            },
            FormKind::Choice => FieldKind::Choice(self.choices.iter().map(|FormChoice(text)| text.clone()).collect()),
            FormKind::Date => FieldKind::Date,
        }
    }
}

/// A few sentences.
const USUAL_LENGTH: u32 = 500;
