//! Which column holds what: guessed from headers and values, then as a person says.

use serde::{Deserialize, Serialize};

use super::field::Field;
use super::number::{holds_a_number, is_like_a_number};
use super::split::COLUMNS_MAX;

/// What each column holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping(Vec<Field>);

/// Why columns cannot be mapped so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMapping {
    /// Nobody could be called.
    #[error("at least one column must be a phone number")]
    NoPhone,
    /// It names more or fewer columns than the file has.
    #[error("the file has {columns} columns, and {got} were named")]
    Columns {
        /// Columns of the file.
        columns: usize,
        /// Columns named.
        got: usize,
    },
    /// Only one column can be it.
    #[error("two columns are named {}", .field.word())]
    Twice {
        /// What they are.
        field: Field,
        /// The second, from 0.
        column: usize,
    },
}

impl Mapping {
    /// A mapping of `columns` columns as a person wants it.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn new(fields: Vec<Field>, columns: usize) -> Result<Self, BadMapping> {
        if fields.len() != columns || columns > COLUMNS_MAX {
            return Err(BadMapping::Columns { columns, got: fields.len() });
        }
        for (column, field) in fields.iter().enumerate() {
            if !field.may_repeat() && fields.iter().take(column).any(|before| before == field) {
                return Err(BadMapping::Twice { field: *field, column });
            }
        }
        let mapping = Self(fields);
        if mapping.has_phone() { Ok(mapping) } else { Err(BadMapping::NoPhone) }
    }

    /// What the columns seem to hold, by their headers and by the values of the first rows. Without a phone column when
    /// none looks like one.
    #[must_use]
    pub fn guess(headers: &[String], rows: &[Vec<String>]) -> Self {
        // A row that is wider than the header has a separator too many.
        let widest = rows.iter().map(Vec::len).max().unwrap_or(0);
        let columns = if headers.is_empty() { widest } else { headers.len() }.min(COLUMNS_MAX);
        let mut fields = Vec::with_capacity(columns);
        for column in 0..columns {
            let header = headers.get(column).map_or("", String::as_str);
            let called = Field::called(header).filter(|field| field.may_repeat() || !fields.contains(field));
            // A column that is called a number and holds none is none: `Contact`, `Number` of a house.
            let called = called.filter(|field| *field != Field::Phone || share(rows, column, holds_a_number) > 0);
            fields.push(called.unwrap_or(Field::Extra));
        }
        let mut by_value = |field: Field, is_like: fn(&str) -> bool| {
            if fields.contains(&field) {
                return;
            }
            let open = (0..columns).filter(|column| fields.get(*column) == Some(&Field::Extra));
            let best = open.max_by_key(|column| (share(rows, *column, is_like), columns - column));
            let best = best.filter(|column| share(rows, *column, is_like) >= SHARE_MIN);
            if let Some(place) = best.and_then(|column| fields.get_mut(column)) {
                *place = field;
            }
        };
        by_value(Field::Phone, is_like_a_number);
        by_value(Field::Email, is_like_mail);
        Self(fields)
    }

    /// What each column holds.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.0
    }

    /// Whether a column is a number.
    #[must_use]
    pub fn has_phone(&self) -> bool {
        self.0.contains(&Field::Phone)
    }
}

/// Percent of a column's cells with something in them that look like it.
fn share(rows: &[Vec<String>], column: usize, is_like: fn(&str) -> bool) -> usize {
    let cells = rows.iter().filter_map(|row| row.get(column)).filter(|cell| !cell.trim().is_empty());
    let (all, like) = cells.fold((0, 0), |(all, like), cell| (all + 1, like + usize::from(is_like(cell))));
    (like * 100).checked_div(all).unwrap_or(0)
}

fn is_like_mail(cell: &str) -> bool {
    cell.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
}

/// Most of a column's values must look like it, as some are always wrong.
const SHARE_MIN: usize = 60;
