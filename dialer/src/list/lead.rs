//! A row as a lead: somebody to call, by one or several numbers, and what is known of him.

use std::collections::BTreeMap;

use clock::{LeadId, WallTime};
use serde::{Deserialize, Serialize};

use super::field::Field;
use super::issue::{Issue, IssueClass, IssueCode};
use super::mapping::Mapping;
use super::number::{self, Numbering};
use super::split::Cells;
use crate::gate::{Consent, ConsentTo, has_states, packed, region_named, zone_named};

/// Somebody to call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lead {
    /// His numbers, in the order in which they are tried; at least one.
    pub numbers: Vec<LeadNumber>,
    /// What else is known.
    pub details: Details,
}

/// A number of a lead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeadNumber {
    /// E.164.
    pub e164: String,
    /// As it was typed.
    pub typed: String,
    /// The column that it is from, from 0.
    pub column: usize,
}

/// What is known of a lead beside his numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Details {
    /// The whole name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The first name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// The last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The address of mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Street and house.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The town.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// The postcode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postcode: Option<String>,
    /// State or province, ISO 3166-2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Country, ISO 3166-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// IANA time zone, `Area/City` or `UTC`; with any other the lead is not dialed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Its id where it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// When he agreed to be called by artificial voices, microseconds since 1970, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent_artificial_voice_at: Option<i64>,
    /// When he agreed to be called about claims management, microseconds since 1970, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent_claims_management_at: Option<i64>,
    /// What else the list says, by the names of its columns.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, String>,
}

/// A row that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// The lead; without a number it is none.
    pub lead: Lead,
    /// What is wrong.
    pub issues: Vec<Issue>,
}

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOutcome {
    /// It is a lead.
    Kept,
    /// It is none, for the gravest of its faults.
    Rejected(IssueClass),
}

/// Reads rows as leads.
#[derive(Clone, Debug)]
pub struct LeadReader {
    fields: Vec<Field>,
    headers: Vec<String>,
    country: String,
}

impl LeadReader {
    /// Reads rows whose columns are mapped so and called so; `country` (ISO 3166-1) is that of the numbers where a row
    /// names none.
    #[must_use]
    pub fn new(mapping: &Mapping, headers: &[String], country: &str) -> Self {
        let called = |(column, header): (usize, &String)| {
            let header: String = header.trim().chars().take(HEADER_CHARS_MAX).collect();
            if header.is_empty() { format!("column {}", column + 1) } else { header }
        };
        let headers = headers.iter().enumerate().map(called).collect();
        Self { fields: mapping.fields().to_vec(), headers, country: country.to_uppercase() }
    }

    /// What a column is called.
    #[must_use]
    pub fn header(&self, column: usize) -> String {
        self.headers.get(column).cloned().unwrap_or_else(|| format!("column {}", column + 1))
    }

    /// Reads a row.
    pub fn read(&self, cells: &Cells, numbering: &mut dyn Numbering) -> Read {
        let mut read = Read::default();
        let beyond = (self.fields.len()..cells.len()).find(|column| !cells.cell(*column).trim().is_empty());
        if beyond.is_some() {
            let detail = format!("{} cells, {} columns", cells.len(), self.fields.len());
            read.issues.push(Issue { column: None, code: IssueCode::TooManyCells, detail });
            return read;
        }
        for (column, field) in self.fields.iter().enumerate() {
            if !matches!(field, Field::Phone | Field::Ignore) {
                self.put(&mut read, column, *field, cells.cell(column));
            }
        }
        let country = match self.country(&mut read, numbering) {
            Some(country) => country,
            None => return read,
        };
        let column = self.fields.iter().position(|field| *field == Field::Region);
        read.issues.extend(read.lead.details.settle_region(&country, column));
        let phones = self.fields.iter().enumerate().filter(|(_, field)| **field == Field::Phone);
        for (column, _) in phones {
            for typed in number::several(cells.cell(column)) {
                put_number(&mut read, column, typed, &country, numbering);
            }
        }
        if read.lead.numbers.is_empty() && read.issues.iter().all(|issue| issue.code.class() == IssueClass::Note) {
            read.issues.push(Issue { column: None, code: IssueCode::NoNumber, detail: String::new() });
        }
        read.lead.details.name_whole();
        read
    }

    /// The country of the row's numbers; none when it names one that nobody knows.
    fn country(&self, read: &mut Read, numbering: &mut dyn Numbering) -> Option<String> {
        let Some(said) = read.lead.details.country.take() else { return Some(self.country.clone()) };
        let country = said.to_uppercase();
        if numbering.trunk_prefix(&country).is_some() {
            read.lead.details.country = Some(country.clone());
            return Some(country);
        }
        let column = self.fields.iter().position(|field| *field == Field::Country);
        read.issues.push(Issue { column, code: IssueCode::UnknownCountry, detail: shown(&said) });
        None
    }

    fn put(&self, read: &mut Read, column: usize, field: Field, cell: &str) {
        let cell = cell.trim();
        if cell.is_empty() {
            return;
        }
        let mut note = |code| read.issues.push(Issue { column: Some(column), code, detail: shown(cell) });
        let value: String = cell.chars().take(CELL_CHARS_MAX).collect();
        if value.len() < cell.len() {
            note(IssueCode::ValueCut);
        }
        let details = &mut read.lead.details;
        let place = match field {
            Field::Name => &mut details.name,
            Field::FirstName => &mut details.first_name,
            Field::LastName => &mut details.last_name,
            Field::Company => &mut details.company,
            Field::Email => &mut details.email,
            Field::Address => &mut details.address,
            Field::City => &mut details.city,
            Field::Postcode => &mut details.postcode,
            Field::Region => &mut details.region,
            Field::Country => &mut details.country,
            Field::ExternalId => &mut details.external_id,
            Field::TimeZone => {
                // One that is not known is kept: the gate refuses the lead, where the number's own zone might be wrong.
                if zone_named(&value).is_none() {
                    note(IssueCode::UnknownTimeZone);
                }
                &mut details.time_zone
            }
            Field::ConsentArtificialVoice | Field::ConsentClaimsManagement => {
                let Some(at) = date(&value) else { return note(IssueCode::BadDate) };
                let place = match field {
                    Field::ConsentArtificialVoice => &mut details.consent_artificial_voice_at,
                    _ => &mut details.consent_claims_management_at,
                };
                *place = Some(at.as_micros());
                return;
            }
            Field::Extra => {
                details.extra.insert(self.header(column), value);
                return;
            }
            Field::Phone | Field::Ignore => return,
        };
        *place = Some(value);
    }
}

/// Reads a lead that came without a file: his numbers as they are typed, and what else is known.
#[must_use]
pub fn read_lead<'a>(
    numbers: impl IntoIterator<Item = &'a str>,
    mut details: Details,
    country: &str,
    numbering: &mut dyn Numbering,
) -> Read {
    let mut read = Read::default();
    let country = details.country.clone().unwrap_or_else(|| country.to_owned()).to_uppercase();
    if numbering.trunk_prefix(&country).is_none() {
        read.issues.push(Issue { column: None, code: IssueCode::UnknownCountry, detail: shown(&country) });
        return read;
    }
    if let Some(zone) = details.time_zone.as_ref().filter(|zone| zone_named(zone).is_none()) {
        read.issues.push(Issue { column: None, code: IssueCode::UnknownTimeZone, detail: shown(zone) });
    }
    read.issues.extend(details.settle_region(&country, None));
    for (place, typed) in numbers.into_iter().enumerate() {
        put_number(&mut read, place, typed, &country, numbering);
    }
    if read.lead.numbers.is_empty() && read.issues.iter().all(|issue| issue.code.class() == IssueClass::Note) {
        read.issues.push(Issue { column: None, code: IssueCode::NoNumber, detail: String::new() });
    }
    details.name_whole();
    read.lead.details = details;
    read
}

impl Details {
    /// What the person agreed to, as the gate wants to know it; shown by the lead.
    #[must_use]
    pub fn consents(&self, lead: LeadId) -> Vec<Consent> {
        let given = [
            (ConsentTo::ArtificialVoice, self.consent_artificial_voice_at),
            (ConsentTo::ClaimsManagement, self.consent_claims_management_at),
        ];
        let consent = |(to, at): (ConsentTo, Option<i64>)| {
            Some(Consent { to, id: lead.to_string(), given_at: WallTime::from_micros(at?), revoked_at: None })
        };
        given.into_iter().filter_map(consent).collect()
    }

    /// Writes the region as its code. One that is not known is kept as it was said: the gate refuses the lead where
    /// states have rules of their own.
    fn settle_region(&mut self, country: &str, column: Option<usize>) -> Option<Issue> {
        let said = self.region.as_mut().filter(|_| has_states(country))?;
        let Some(code) = region_named(said) else {
            return Some(Issue { column, code: IssueCode::UnknownRegion, detail: shown(said) });
        };
        code.clone_into(said);
        None
    }

    /// Makes the whole name of its parts where only they are known.
    fn name_whole(&mut self) {
        if self.name.is_none() {
            let parts: Vec<&str> =
                [&self.first_name, &self.last_name].into_iter().filter_map(|part| part.as_deref()).collect();
            self.name = Some(parts.join(" ")).filter(|whole| !whole.is_empty());
        }
    }
}

impl Read {
    /// Takes numbers away for which `fault` says why.
    pub fn sift(&mut self, mut fault: impl FnMut(&LeadNumber) -> Option<(IssueCode, String)>) {
        let issues = &mut self.issues;
        self.lead.numbers.retain(|number| {
            let Some((code, detail)) = fault(number) else { return true };
            issues.push(Issue { column: Some(number.column), code, detail });
            false
        });
    }

    /// What becomes of the row.
    #[must_use]
    pub fn outcome(&self) -> RowOutcome {
        if !self.lead.numbers.is_empty() {
            return RowOutcome::Kept;
        }
        let gravest = self.issues.iter().map(|issue| issue.code.class()).max();
        RowOutcome::Rejected(gravest.unwrap_or(IssueClass::Invalid).max(IssueClass::Invalid))
    }
}

fn put_number(read: &mut Read, column: usize, typed: &str, country: &str, numbering: &mut dyn Numbering) {
    let mut fault = |code| read.issues.push(Issue { column: Some(column), code, detail: shown(typed) });
    match number::read(typed, country, numbering) {
        Err(code) => fault(code),
        Ok(e164) if packed(&e164).is_none() => fault(IssueCode::InvalidNumber),
        Ok(e164) if read.lead.numbers.iter().any(|known| known.e164 == e164) => {}
        Ok(_) if read.lead.numbers.len() >= NUMBERS_A_LEAD_MAX => fault(IssueCode::TooManyNumbers),
        Ok(e164) => read.lead.numbers.push(LeadNumber { e164, typed: shown(typed), column }),
    }
}

/// A date, or a moment in RFC 3339; of a date its first moment in UTC.
fn date(text: &str) -> Option<WallTime> {
    hours::moment(text).or_else(|| hours::moment(&format!("{text}T00:00:00Z")))
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARS_MAX).collect()
}

/// A person has a few; more than these are nobody's.
pub const NUMBERS_A_LEAD_MAX: usize = 10;
/// Longest value that is kept: a note of a few sentences.
pub const CELL_CHARS_MAX: usize = 1_000;
/// Longest name of a column.
const HEADER_CHARS_MAX: usize = 100;
/// Of what is shown of a value.
const SHOWN_CHARS_MAX: usize = 100;
