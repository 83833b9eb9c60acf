//! The leads of a list.

use axum::extract::{Extension, Path, State};
use dialer::list::Details;
use records::{StoredLead, row_of_lead};
use serde::Serialize;
use utoipa::ToSchema;

use super::find;
use crate::api::Shared;
use crate::key::Principal;
use crate::openapi::ReadRefusals;
use crate::page::{Cursor, Page, PageQuery};
use crate::problem::Problem;
use crate::query::Query;
use crate::time::rfc3339;
use crate::voicemail::away;

/// A lead.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LeadEntry {
    /// The lead.
    #[schema(example = "lead_0190f5a2b6d07c3a9d1e4f5000000002")]
    id: String,
    /// Its row in the list.
    #[schema(example = 2)]
    row: u32,
    /// The whole name.
    #[schema(example = "Jo Doe")]
    name: Option<String>,
    /// Its numbers, in the order in which they are tried.
    numbers: Vec<LeadEntryNumber>,
    /// The first name.
    first_name: Option<String>,
    /// The last name.
    last_name: Option<String>,
    /// The company.
    company: Option<String>,
    /// The address of mail.
    email: Option<String>,
    /// Street and house.
    address: Option<String>,
    /// The town.
    city: Option<String>,
    /// The postcode.
    #[schema(example = "EC1A 1BB")]
    postcode: Option<String>,
    /// State or province, ISO 3166-2.
    region: Option<String>,
    /// Country, ISO 3166-1.
    country: Option<String>,
    /// IANA time zone.
    #[schema(example = "Europe/London")]
    time_zone: Option<String>,
    /// Its id where it comes from.
    external_id: Option<String>,
    /// When the person agreed to be called by artificial voices.
    #[schema(format = DateTime)]
    consent_artificial_voice_at: Option<String>,
    /// When the person agreed to be called about claims management.
    #[schema(format = DateTime)]
    consent_claims_management_at: Option<String>,
    /// What else the list says, by the names of its columns.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    extra: std::collections::BTreeMap<String, String>,
}

/// A number of a lead.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LeadEntryNumber {
    /// E.164.
    #[schema(example = "+442071838750")]
    number: String,
    /// As it was typed.
    #[schema(example = "020 7183 8750")]
    typed: String,
}

/// The leads of a list, in the order of its rows.
#[utoipa::path(get, path = "/v1/lead-lists/{id}/entries", operation_id = "list_leads", tag = "lead lists",
    params(("id" = String, Path, description = "The list's id"), PageQuery),
    responses((status = 200, description = "A page of leads", body = Page<LeadEntry>), ReadRefusals))]
pub(crate) async fn entries(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Page<LeadEntry>, Problem> {
    let list = find(&shared, &principal, &id).await?;
    let place = format!("leads of {}", list.id);
    let after = query.cursor.as_ref().map(|cursor| cursor.parse(&place)).transpose()?;
    let limit = query.limit.get();
    let leads = shared.services.database.next_leads(list.id, false, after, limit + 1).await.map_err(away)?;
    let more = leads.len() > limit;
    let data: Vec<LeadEntry> = leads.into_iter().take(limit).map(LeadEntry::from).collect();
    let last = data.last().filter(|_| more).map(|last| Cursor::after(&place, &last.id));
    Ok(Page { data, next_cursor: last })
}

impl From<StoredLead> for LeadEntry {
    fn from(lead: StoredLead) -> Self {
        let details: Details = serde_json::from_str(&lead.details).unwrap_or_default();
        let moment = |micros: Option<i64>| micros.map(clock::WallTime::from_micros).map(rfc3339);
        let number = |number: records::StoredNumber| LeadEntryNumber { number: number.e164, typed: number.typed };
        Self {
            id: lead.id.to_string(),
            row: row_of_lead(lead.id),
            name: lead.name,
            numbers: lead.numbers.into_iter().map(number).collect(),
            first_name: details.first_name,
            last_name: details.last_name,
            company: details.company,
            email: details.email,
            address: details.address,
            city: details.city,
            postcode: details.postcode,
            region: details.region,
            country: details.country,
            time_zone: details.time_zone,
            external_id: details.external_id,
            consent_artificial_voice_at: moment(details.consent_artificial_voice_at),
            consent_claims_management_at: moment(details.consent_claims_management_at),
            extra: details.extra,
        }
    }
}
