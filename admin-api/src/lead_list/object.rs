//! The list of leads as the API shows it.

use records::{LeadListState, LeadListTask, ListDuplicates};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time::rfc3339;

/// A list of leads. While it is imported its figures are those of the rows that are written.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LeadList {
    /// The list.
    #[schema(example = "list_0190f5a2b6d07c3a9d1e4f5000000000")]
    pub(super) id: String,
    /// What it is called.
    #[schema(example = "leads.csv")]
    name: String,
    /// How far it has come.
    state: LeadListStateWord,
    /// What is being done with it now.
    task: Option<LeadListTaskWord>,
    /// Country of the numbers that name none, ISO 3166-1.
    #[schema(example = "GB")]
    country: String,
    /// Which numbers are left out as they are there already.
    duplicates: DuplicatesWord,
    /// Bytes of the file, in UTF-8; 0 for a list without one.
    file_bytes: u64,
    /// Bytes of it that are read.
    read_bytes: u64,
    /// Rows that are read, without the header and blank ones.
    rows_read: u64,
    /// Rows that are leads.
    leads: u64,
    /// Numbers of these.
    numbers: u64,
    /// Rows that could not be read.
    rows_invalid: u64,
    /// Rows whose numbers are all there already.
    rows_duplicate: u64,
    /// Rows whose numbers must not be called.
    rows_forbidden: u64,
    /// Lines of the report, `errors.csv`: of rejected rows, and of values that were left out of others.
    issues: u64,
    /// Why it failed.
    failure: Option<String>,
    /// Who made it.
    #[schema(example = "demo")]
    created_by: String,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was changed last.
    #[schema(format = DateTime)]
    updated_at: String,
    /// When its import was started.
    #[schema(format = DateTime)]
    started_at: Option<String>,
    /// When its import ended.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
}

/// How far a list has come.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LeadListState)]
pub(crate) enum LeadListStateWord {
    /// The file is here; no column looks like a number.
    Uploaded,
    /// It is known what the columns hold: guessed, or said.
    Mapped,
    /// All rows were read once; the figures are what an import would bring.
    Validated,
    /// Rows become leads.
    Importing,
    /// All rows are leads.
    Done,
    /// All rows were read; `errors.csv` says what was wrong with some.
    DoneWithErrors,
    /// It cannot go on: see `failure`.
    Failed,
    /// It was called off; it has no leads.
    Cancelled,
}

/// What is being done with a list.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LeadListTask)]
pub(crate) enum LeadListTaskWord {
    /// Its rows are read and counted.
    Validate,
    /// Its rows become leads.
    Import,
    /// Its leads are deleted.
    Purge,
}

/// Which numbers are left out as they are there already.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LeadDuplicates)]
pub(crate) enum DuplicatesWord {
    /// None.
    Keep,
    /// Those that stand in the list before.
    #[default]
    InList,
    /// Those, and those of the account's other lists.
    InAccount,
}

impl From<records::LeadList> for LeadList {
    fn from(list: records::LeadList) -> Self {
        let counts = list.counts;
        Self {
            id: list.id.to_string(),
            name: list.name,
            state: list.state.into(),
            task: list.task.map(Into::into),
            country: list.country,
            duplicates: list.duplicates.into(),
            file_bytes: list.file_bytes,
            read_bytes: counts.read_bytes,
            rows_read: counts.rows_read,
            leads: counts.leads,
            numbers: counts.numbers,
            rows_invalid: counts.rows_invalid,
            rows_duplicate: counts.rows_duplicate,
            rows_forbidden: counts.rows_forbidden,
            issues: counts.issues,
            failure: list.failure,
            created_by: list.created_by,
            created_at: rfc3339(list.created_at),
            updated_at: rfc3339(list.updated_at),
            started_at: list.started_at.map(rfc3339),
            ended_at: list.ended_at.map(rfc3339),
        }
    }
}

/// Both ways between a word of the API and what is stored.
macro_rules! same {
    ($word:ident = $stored:ident { $($value:ident),* }) => {
        impl From<$stored> for $word {
            fn from(stored: $stored) -> Self {
                match stored { $($stored::$value => Self::$value,)* }
            }
        }

        impl From<$word> for $stored {
            fn from(word: $word) -> Self {
                match word { $($word::$value => Self::$value,)* }
            }
        }
    };
}

same!(
    LeadListStateWord =
        LeadListState { Uploaded, Mapped, Validated, Importing, Done, DoneWithErrors, Failed, Cancelled }
);
same!(LeadListTaskWord = LeadListTask { Validate, Import, Purge });
same!(DuplicatesWord = ListDuplicates { Keep, InList, InAccount });
