//! How a file is written and what its columns hold, as it is kept with the list.

use dialer::list::{Dialect, Encoding, Mapping};
use serde::{Deserialize, Serialize};

use super::in_state;
use crate::problem::{Code, Problem};

/// How a file is written and what its columns hold.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Layout {
    /// The encoding that it came in; on the disk it is UTF-8.
    pub(super) encoding: String,
    /// Separator and header.
    pub(super) dialect: Dialect,
    /// What the columns are called; empty without a header.
    pub(super) headers: Vec<String>,
    /// How many columns the first rows have.
    pub(super) columns: usize,
    /// What each holds.
    pub(super) mapping: Mapping,
}

impl Layout {
    /// What the beginning of a file looks like; none where there is no row.
    pub(super) fn guess(encoding: Encoding, beginning: &str) -> Option<Self> {
        Self::with(encoding.word(), Dialect::guess(beginning), beginning)
    }

    /// The same where separator and header are known.
    pub(super) fn with(encoding: &str, dialect: Dialect, beginning: &str) -> Option<Self> {
        let mut rows = dialect.rows(beginning, ROWS_LOOKED_AT);
        if rows.is_empty() {
            return None;
        }
        let headers = if dialect.has_header { rows.remove(0) } else { Vec::new() };
        let mapping = Mapping::guess(&headers, &rows);
        let columns = mapping.fields().len();
        Some(Self { encoding: encoding.to_owned(), dialect, headers, columns, mapping })
    }

    /// As it is kept.
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// That of a list, which has a file.
    pub(super) fn of(list: &records::LeadList) -> Result<Self, Problem> {
        if list.file_bytes == 0 {
            return Err(in_state(list, "expected one that was made of a file"));
        }
        serde_json::from_str(&list.layout).map_err(|error| {
            tracing::error!(%error, list = %list.id, "the layout of a list cannot be read");
            Problem::new(Code::InternalError, "The fault is ours; it was logged under the request id.")
        })
    }
}

/// Rows by which columns are guessed.
const ROWS_LOOKED_AT: usize = 50;
