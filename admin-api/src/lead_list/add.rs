//! Leads that come one by one, without a file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use dialer::list::{CELL_CHARS_MAX, Details, NUMBERS_A_LEAD_MAX, Place, RowOutcome, read_lead};
use records::{LeadListState, lead_of_row};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::numbering::Plans;
use super::preview::LeadIssue;
use super::sieve::{Sieve, Sifted};
use super::source::ReadRow;
use super::{find, in_state};
use crate::api::Shared;
use crate::body::JsonBody;
use crate::idempotency::RequestKey;
use crate::key::Principal;
use crate::once::once;
use crate::openapi::Refusals;
use crate::problem::{Code, Problem};
use crate::query::{NoParameters, Query};
use crate::time::{parse_rfc3339, wall_now};
use crate::voicemail::away;

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

/// What became of leads.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LeadsAdded {
    /// How many are leads now.
    #[schema(example = 1)]
    added: usize,
    /// What became of each, in their order.
    leads: Vec<LeadAdded>,
}

/// What became of one.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LeadAdded {
    /// The lead; null for one that was not added.
    #[schema(example = "lead_0190f5a2b6d07c3a9d1e4f5000000002")]
    id: Option<String>,
    /// What is wrong.
    issues: Vec<LeadIssue>,
}

/// Adds leads to a list that is imported, or has no file. Each is added or not on its own; the answer says why not.
///
/// A body may have 1 MiB, which is 5 KiB a lead where all 200 come at once.
#[utoipa::path(post, path = "/v1/lead-lists/{id}/leads", operation_id = "add_leads", tag = "lead lists",
    params(("id" = String, Path, description = "The list's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    request_body = NewLeads,
    responses((status = 200, description = "What became of each", body = LeadsAdded), Refusals))]
pub(crate) async fn add(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, bytes }: JsonBody<NewLeads, BODY_BYTES_MAX>,
) -> Result<Response, Problem> {
    if !(1..=LEADS_MAX).contains(&value.leads.len()) {
        let expected = format!("expected 1 to {LEADS_MAX} leads");
        return Err(Problem::new(Code::InvalidBody, format!("{expected}.")).at("#/leads", "invalid", expected));
    }
    let leads =
        value.leads.into_iter().enumerate().map(|(at, lead)| details(lead, at)).collect::<Result<Vec<_>, _>>()?;
    let key = RequestKey::read(&headers, &principal, &format!("POST /v1/lead-lists/{id}/leads"), &bytes)?;
    let asked = Arc::clone(&shared);
    once(shared, key, async move {
        for _ in 0..TRIES {
            if let Some(added) = try_to_add(&asked, &principal, &id, &leads).await? {
                return Ok((StatusCode::OK, added));
            }
        }
        Err(Problem::new(Code::Unavailable, "Others change the list all the time."))
    })
    .await
}

/// None when somebody else changed the list meanwhile.
async fn try_to_add(
    shared: &Shared,
    principal: &Principal,
    id: &str,
    leads: &[(Vec<String>, Details)],
) -> Result<Option<LeadsAdded>, Problem> {
    let list = find(shared, principal, id).await?;
    let takes = matches!(list.state, LeadListState::Done | LeadListState::DoneWithErrors) && list.task.is_none();
    if !takes {
        return Err(in_state(&list, "leads are added to a list that is imported, or has no file"));
    }
    let mut place: Place = serde_json::from_str(&list.place).unwrap_or_default();
    let mut plans = Plans::new(shared.services.number_plan);
    let mut reads: Vec<_> = leads
        .iter()
        .map(|(numbers, details)| {
            read_lead(numbers.iter().map(String::as_str), details.clone(), &list.country, &mut plans)
        })
        .collect();
    let sieve = Sieve::of(shared, &list, reads.iter()).await.map_err(away)?;
    let (mut seen, mut sifted, mut told) = (BTreeSet::new(), Sifted::from(list.counts), Vec::new());
    for mut read in reads.drain(..) {
        sieve.sift(&mut read, &mut seen);
        place.row += 1;
        let lead = lead_of_row(list.id, u32::try_from(place.row).unwrap_or(u32::MAX));
        let id = (read.outcome() == RowOutcome::Kept).then(|| lead.to_string());
        let issues = read.issues.iter().cloned().map(|issue| LeadIssue::of(issue, number_name)).collect();
        told.push(LeadAdded { id, issues });
        sifted.enter(ReadRow { number: place.row, line: 0, raw: String::new(), read }, number_name);
    }
    let Sifted { mut chunk, counts } = sifted;
    (chunk.counts, chunk.place) = (counts, serde_json::to_string(&place).unwrap_or_default());
    let database = &shared.services.database;
    let is_added = database.add_leads(list.id, &list.account, list.version, chunk, wall_now()).await.map_err(away)?;
    let added = told.iter().filter(|lead| lead.id.is_some()).count();
    Ok(is_added.then_some(LeadsAdded { added, leads: told }))
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
    if lead.extra.len() > EXTRA_MAX {
        return Err(invalid("extra", format!("expected at most {EXTRA_MAX} fields")));
    }
    let moment = |field: &str, text: Option<String>| {
        let read = |text: String| {
            let expected = "expected a time, e.g. 2026-11-21T08:05:00Z";
            parse_rfc3339(&text).map(clock::WallTime::as_micros).ok_or_else(|| invalid(field, expected.to_owned()))
        };
        text.map(read).transpose()
    };
    let details = Details {
        consent_artificial_voice_at: moment("consent_artificial_voice_at", lead.consent_artificial_voice_at)?,
        consent_claims_management_at: moment("consent_claims_management_at", lead.consent_claims_management_at)?,
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
        None => Ok((lead.numbers, details)),
    }
}

fn number_name(at: usize) -> String {
    format!("numbers/{at}")
}

/// What else is known of a lead: texts by their names.
fn extra_schema() -> ObjectBuilder {
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
/// Some thousand characters for each of as many leads as may come at once.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// As many as a spreadsheet has columns.
const EXTRA_MAX: usize = 100;
/// Somebody else adds to the list between two looks at it: not so often.
const TRIES: usize = 5;
