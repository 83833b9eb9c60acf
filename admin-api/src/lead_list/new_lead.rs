//! Leads as they come as JSON.

use std::collections::BTreeMap;

use dialer::list::{CELL_CHARS_MAX, Details, NUMBERS_A_LEAD_MAX};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::coming::Coming;
use crate::problem::{Code, Problem};
use crate::time::parse_rfc3339;

/// Leads to be added.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLeads {
    /// The leads.
    #[schema(min_items = 1, max_items = 200)]
    leads: Vec<NewLead>,
}

/// A lead to be added.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLead {
    /// Its numbers, in the order in which they are tried, as they are dialed in its country or E.164.
    #[schema(example = json!(["+442071838750"]), min_items = 1, max_items = 10)]
    numbers: Vec<String>,
    /// The whole name.
    #[schema(example = "Jo Doe", max_length = 1000)]
    name: Option<String>,
    /// The first name.
    #[schema(max_length = 1000)]
    first_name: Option<String>,
    /// The last name.
    #[schema(max_length = 1000)]
    last_name: Option<String>,
    /// The company.
    #[schema(max_length = 1000)]
    company: Option<String>,
    /// The address of mail.
    #[schema(max_length = 1000)]
    email: Option<String>,
    /// Street and house.
    #[schema(max_length = 1000)]
    address: Option<String>,
    /// The town.
    #[schema(max_length = 1000)]
    city: Option<String>,
    /// The postcode.
    #[schema(max_length = 1000)]
    postcode: Option<String>,
    /// State or province, ISO 3166-2.
    #[schema(max_length = 1000)]
    region: Option<String>,
    /// Country, ISO 3166-1.
    #[schema(example = "GB", max_length = 1000)]
    country: Option<String>,
    /// IANA time zone.
    #[schema(example = "Europe/London", max_length = 1000)]
    time_zone: Option<String>,
    /// Its id where it comes from.
    #[schema(max_length = 1000)]
    external_id: Option<String>,
    /// When the person agreed to be called by artificial voices.
    #[schema(format = DateTime)]
    consent_artificial_voice_at: Option<String>,
    /// When the person agreed to be called about claims management.
    #[schema(format = DateTime)]
    consent_claims_management_at: Option<String>,
    /// What else is known.
    #[serde(default)]
    #[schema(schema_with = extra_schema)]
    extra: BTreeMap<String, String>,
}

impl NewLeads {
    /// The leads, if all of them are what leads are.
    ///
    /// # Errors
    /// What is wrong with the first that is none.
    pub(crate) fn coming(self) -> Result<Coming, Problem> {
        if !(1..=LEADS_MAX).contains(&self.leads.len()) {
            let expected = format!("expected 1 to {LEADS_MAX} leads");
            return Err(Problem::new(Code::InvalidBody, format!("{expected}.")).at("#/leads", "invalid", expected));
        }
        let leads = self.leads.into_iter().enumerate().map(|(at, lead)| details(lead, at));
        Ok(Coming::Typed(leads.collect::<Result<_, _>>()?))
    }
}

/// Checks what is known of a lead: what is too long is refused, as there is somebody to tell.
fn details(lead: NewLead, at: usize) -> Result<(Vec<String>, Details), Problem> {
    let invalid = |field: &str, expected: String| {
        Problem::new(Code::InvalidBody, format!("A lead is not valid: {expected}.")).at(
            format!("#/leads/{at}/{field}"),
            "invalid",
            expected,
        )
    };
    if !(1..=NUMBERS_A_LEAD_MAX).contains(&lead.numbers.len()) {
        return Err(invalid("numbers", format!("expected 1 to {NUMBERS_A_LEAD_MAX} numbers")));
    }
    let details = Details {
        consent_artificial_voice_at: moment("consent_artificial_voice_at", lead.consent_artificial_voice_at, &invalid)?,
        consent_claims_management_at: moment(
            "consent_claims_management_at",
            lead.consent_claims_management_at,
            &invalid,
        )?,
        name: lead.name,
        first_name: lead.first_name,
        last_name: lead.last_name,
        company: lead.company,
        email: lead.email,
        address: lead.address,
        city: lead.city,
        postcode: lead.postcode,
        region: lead.region,
        country: lead.country,
        time_zone: lead.time_zone,
        external_id: lead.external_id,
        extra: lead.extra,
    };
    checked(&details, &invalid)?;
    Ok((lead.numbers, details))
}

/// A moment that a field of a lead names, microseconds since 1970.
///
/// # Errors
/// When it is none.
pub(super) fn moment(
    field: &str,
    text: Option<String>,
    invalid: &impl Fn(&str, String) -> Problem,
) -> Result<Option<i64>, Problem> {
    let read = |text: String| {
        let expected = "expected a time, e.g. 2026-11-21T08:05:00Z";
        parse_rfc3339(&text).map(clock::WallTime::as_micros).ok_or_else(|| invalid(field, expected.to_owned()))
    };
    text.map(read).transpose()
}

/// Nothing that is known of a lead is longer than it may be.
///
/// # Errors
/// Of the first field that is.
pub(super) fn checked(details: &Details, invalid: &impl Fn(&str, String) -> Problem) -> Result<(), Problem> {
    if details.extra.len() > EXTRA_MAX {
        return Err(invalid("extra", format!("expected at most {EXTRA_MAX} fields")));
    }
    let texts = [
        ("name", &details.name),
        ("first_name", &details.first_name),
        ("last_name", &details.last_name),
        ("company", &details.company),
        ("email", &details.email),
        ("address", &details.address),
        ("city", &details.city),
        ("postcode", &details.postcode),
        ("region", &details.region),
        ("country", &details.country),
        ("time_zone", &details.time_zone),
        ("external_id", &details.external_id),
    ];
    let is_long = |text: &str| text.chars().count() > CELL_CHARS_MAX;
    let long = texts.iter().find(|(_, text)| text.as_deref().is_some_and(is_long)).map(|(field, _)| *field);
    let long =
        long.or_else(|| details.extra.iter().any(|(name, text)| is_long(name) || is_long(text)).then_some("extra"));
    match long {
        Some(field) => Err(invalid(field, format!("expected at most {CELL_CHARS_MAX} characters"))),
        None => Ok(()),
    }
}

/// What else is known of a lead: texts by their names.
pub(super) fn extra_schema() -> ObjectBuilder {
    let text = || ObjectBuilder::new().schema_type(Type::String).max_length(Some(CELL_CHARS_MAX));
    ObjectBuilder::new()
        .description(Some("What else is known, by its name; shown to the agent."))
        .additional_properties(Some(text()))
        .property_names(Some(text()))
        .max_properties(Some(EXTRA_MAX))
        .examples([json!({ "colour": "blue" })])
}

/// One transaction of the database takes them.
const LEADS_MAX: usize = 200;
/// As many as a spreadsheet has columns.
const EXTRA_MAX: usize = 100;
/// Most bytes of as many leads as may come at once, as JSON or as a file: some thousand characters for each.
pub(crate) const BODY_BYTES_MAX: usize = 1024 * 1024;
