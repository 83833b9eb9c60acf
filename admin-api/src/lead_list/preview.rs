//! The first rows of a file as they would be imported, and what its columns hold.

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::response::Response;
use dialer::list::{BadMapping, COLUMNS_MAX, Field, Mapping, Row};
use records::LeadListState;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::{IntoParams, ToSchema};

use super::change::{change, shown};
use super::layout::Layout;
use super::numbering::Plans;
use super::object::{DuplicatesWord, LeadList};
use super::upload::country;
use super::{files, find, in_state, text};
use crate::api::Shared;
use crate::body::JsonBody;
use crate::key::Principal;
use crate::openapi::{ReadRefusals, Refusals, list_of};
use crate::problem::{Code, Problem, ProblemBody};
use crate::query::{NoParameters, Query};

/// The first rows of a file.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LeadListPreview {
    /// What the file came in.
    #[schema(example = "utf-8")]
    encoding: String,
    /// What stands between cells: `,`, `;`, `|` or a tab.
    #[schema(example = ",")]
    separator: String,
    /// The first row names the columns.
    has_header: bool,
    /// The columns.
    columns: Vec<PreviewColumn>,
    /// The rows behind the header.
    rows: Vec<PreviewRow>,
}

/// A column.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PreviewColumn {
    /// Its name; empty without a header.
    #[schema(example = "Phone")]
    header: String,
    /// What it holds.
    #[schema(example = "phone")]
    field: &'static str,
}

/// A row as it would be imported.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PreviewRow {
    /// Its number, from 1, as a spreadsheet has it.
    #[schema(example = 2)]
    row: u64,
    /// Its cells.
    #[schema(example = json!(["Jo Doe", "020 7183 8750"]))]
    cells: Vec<String>,
    /// Its numbers, E.164.
    #[schema(example = json!(["+442071838750"]))]
    numbers: Vec<String>,
    /// What is wrong with it, but for duplicates and numbers that must not be called.
    issues: Vec<LeadIssue>,
}

/// Something wrong with a row.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LeadIssue {
    /// Name of the column, or of the field; null for the row as a whole.
    #[schema(example = "Phone")]
    pub(super) column: Option<String>,
    /// Stable word.
    #[schema(example = "invalid_number")]
    pub(super) code: &'static str,
    /// `invalid`, `duplicate`, `forbidden`, or `note` for a value that is left out of a good row.
    #[schema(example = "invalid")]
    pub(super) class: &'static str,
    /// It in a sentence.
    #[schema(example = "It is no number of its country, and none with a country code.")]
    pub(super) says: &'static str,
    /// More about it.
    #[schema(example = "n/a")]
    pub(super) detail: String,
}

/// How many rows.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PreviewQuery {
    /// So many rows, 1 to 100.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 20)]
    rows: Option<u32>,
}

/// What the columns of a file hold. What is not given stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeadListMapping {
    /// What each column holds, in their order.
    #[schema(schema_with = columns_schema)]
    columns: Option<Vec<Field>>,
    /// What stands between cells.
    #[schema(schema_with = separator_schema)]
    separator: Option<SeparatorWord>,
    /// The first row names the columns.
    has_header: Option<bool>,
    /// Country of the numbers that name none, ISO 3166-1.
    #[schema(example = "GB", pattern = "^[A-Za-z]{2}$")]
    country: Option<String>,
    /// Which numbers are left out as they are there already.
    #[schema(inline)]
    duplicates: Option<DuplicatesWord>,
}

/// What stands between cells.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) enum SeparatorWord {
    #[serde(rename = ",")]
    Comma,
    #[serde(rename = ";")]
    Semicolon,
    #[serde(rename = "|")]
    Bar,
    #[serde(rename = "\t")]
    Tab,
}

/// The first rows of a file, each as it would be imported, and what the columns seem to hold.
#[utoipa::path(get, path = "/v1/lead-lists/{id}/preview", operation_id = "preview_lead_list", tag = "lead lists",
    params(("id" = String, Path, description = "The list's id"), PreviewQuery),
    responses((status = 200, description = "The first rows", body = LeadListPreview),
        (status = 409, description = "Its file is gone: it is imported", body = ProblemBody, content_type = "application/problem+json"),
        ReadRefusals))]
pub(crate) async fn preview(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(query): Query<PreviewQuery>,
) -> Result<Json<LeadListPreview>, Problem> {
    let most = query.rows.unwrap_or(ROWS_DEFAULT);
    if !(1..=ROWS_MAX).contains(&most) {
        return Err(Problem::bad_parameter("rows", format!("expected 1 to {ROWS_MAX}")));
    }
    let list = find(&shared, &principal, &id).await?;
    has_file(&list)?;
    let layout = Layout::of(&list)?;
    let beginning = files::beginning(&shared.services.data_dir, list.id).await?;
    let column = |(at, field): (usize, &Field)| PreviewColumn {
        header: layout.headers.get(at).cloned().unwrap_or_default(),
        field: field.word(),
    };
    Ok(Json(LeadListPreview {
        encoding: layout.encoding.clone(),
        separator: layout.dialect.separator.to_string(),
        has_header: layout.dialect.has_header,
        columns: layout.mapping.fields().iter().enumerate().map(column).collect(),
        rows: rows(&shared, &list, &layout, &beginning, most as usize),
    }))
}

/// Says what the columns of a file hold: at least one is a phone.
#[utoipa::path(put, path = "/v1/lead-lists/{id}/mapping", operation_id = "map_lead_list", tag = "lead lists",
    params(("id" = String, Path, description = "The list's id")), request_body = LeadListMapping,
    responses((status = 200, description = "The list", body = LeadList), Refusals))]
pub(crate) async fn map(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    JsonBody { value, .. }: JsonBody<LeadListMapping>,
) -> Result<Response, Problem> {
    let list = find(&shared, &principal, &id).await?;
    has_file(&list)?;
    let beginning = files::beginning(&shared.services.data_dir, list.id).await?;
    let mapped = change(&shared, &principal, &id, |list| {
        has_file(list)?;
        if list.task.is_some() {
            return Err(in_state(list, "it is being read"));
        }
        let layout = mapped(Layout::of(list)?, &value, &beginning)?;
        if let Some(asked) = &value.country {
            let expected = "expected two letters of a country, e.g. GB";
            list.country = country(&shared, Some(asked)).ok_or_else(|| invalid("#/country", expected.to_owned()))?;
        }
        if let Some(duplicates) = value.duplicates {
            list.duplicates = duplicates.into();
        }
        (list.layout, list.state) = (layout.text(), LeadListState::Mapped);
        Ok(())
    });
    mapped.await.map(shown)
}

fn mapped(mut layout: Layout, asked: &LeadListMapping, beginning: &str) -> Result<Layout, Problem> {
    let mut dialect = layout.dialect;
    dialect.separator = asked.separator.map_or(dialect.separator, SeparatorWord::character);
    dialect.has_header = asked.has_header.unwrap_or(dialect.has_header);
    if dialect != layout.dialect {
        let anew = Layout::with(&layout.encoding, dialect, beginning);
        layout = anew.ok_or_else(|| invalid("#/separator", "the file would have no rows".to_owned()))?;
    }
    if let Some(fields) = &asked.columns {
        layout.mapping = Mapping::new(fields.clone(), layout.columns).map_err(|bad| unmapped(&bad))?;
    }
    if layout.mapping.has_phone() { Ok(layout) } else { Err(unmapped(&BadMapping::NoPhone)) }
}

fn unmapped(bad: &BadMapping) -> Problem {
    let (pointer, code) = match bad {
        BadMapping::NoPhone => ("#/mapping/phone".to_owned(), "required"),
        BadMapping::Columns { .. } => ("#/columns".to_owned(), "invalid"),
        BadMapping::Twice { column, .. } => (format!("#/columns/{column}"), "invalid"),
    };
    Problem::new(Code::InvalidBody, format!("The columns cannot be mapped so: {bad}.")).at(
        pointer,
        code,
        bad.to_string(),
    )
}

fn invalid(pointer: &str, detail: String) -> Problem {
    Problem::new(Code::InvalidBody, format!("The mapping is not valid: {detail}.")).at(pointer, "invalid", detail)
}

/// Its file is here and not imported yet.
fn has_file(list: &records::LeadList) -> Result<(), Problem> {
    let waits = matches!(list.state, LeadListState::Uploaded | LeadListState::Mapped | LeadListState::Validated);
    if waits { Ok(()) } else { Err(in_state(list, "its file is kept until the import begins")) }
}

fn rows(shared: &Shared, list: &records::LeadList, layout: &Layout, beginning: &str, most: usize) -> Vec<PreviewRow> {
    let is_whole = beginning.len() as u64 >= list.file_bytes;
    let mut plans = Plans::new(shared.services.number_plan);
    text::rows(beginning, is_whole, layout, &list.country, &mut plans, most, |row, read, leads| {
        let issue = |issue| LeadIssue::of(issue, |column| leads.header(column));
        let numbers = read.lead.numbers.into_iter().map(|number| number.e164).collect();
        shown_row(row, numbers, read.issues.into_iter().map(issue).collect())
    })
}

fn shown_row(row: Row<'_>, numbers: Vec<String>, issues: Vec<LeadIssue>) -> PreviewRow {
    let shown = |cell: &str| cell.chars().take(CELL_CHARS_SHOWN).collect();
    PreviewRow { row: row.number, cells: row.cells.iter().map(shown).collect(), numbers, issues }
}

impl SeparatorWord {
    const fn character(self) -> char {
        match self {
            Self::Comma => ',',
            Self::Semicolon => ';',
            Self::Bar => '|',
            Self::Tab => '\t',
        }
    }
}

impl LeadIssue {
    /// An issue, with the name of its column.
    pub(super) fn of(issue: dialer::list::Issue, header: impl Fn(usize) -> String) -> Self {
        Self {
            column: issue.column.map(header),
            code: issue.code.word(),
            class: issue.code.class().word(),
            says: issue.code.says(),
            detail: issue.detail,
        }
    }
}

fn separator_schema() -> ObjectBuilder {
    let separators = [SeparatorWord::Comma, SeparatorWord::Semicolon, SeparatorWord::Bar, SeparatorWord::Tab];
    let words = separators.map(|separator| json!(separator.character()));
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .enum_values(Some(words.into_iter().chain([Value::Null])))
        .description(Some("What stands between cells: `,`, `;`, `|` or a tab."))
}

fn columns_schema() -> ArrayBuilder {
    list_of(Field::ALL.iter().map(|field| field.word()))
        .schema_type(SchemaType::from_iter([Type::Array, Type::Null]))
        .max_items(Some(COLUMNS_MAX))
        .description(Some(
            "What each column holds, in their order; any number of them may be `phone`, `extra` or `ignore`. Guessed \
             anew without it when the separator or the header change.",
        ))
        .examples([json!(["name", "phone"])])
}

/// A look, not a reading.
const ROWS_DEFAULT: u32 = 20;
/// As far as anybody scrolls to see whether the columns are right.
const ROWS_MAX: u32 = 100;
/// A page of a hundred rows stays small.
const CELL_CHARS_SHOWN: usize = 200;
