//! Which separator a file has, where its rows begin, and whether the first of them is a header.

use serde::{Deserialize, Serialize};

use super::number::is_like_a_number;
use super::reader::{Next, Place, Reader};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialect {
    /// Between cells: one of `,` `;` tab `|`.
    pub separator: char,
    /// The first row names the columns.
    pub has_header: bool,
    /// Bytes before the first row: the line `sep=;` that Excel writes.
    pub preamble: u64,
}

impl Dialect {
    /// What the beginning of a file (UTF-8; [`super::RECORD_BYTES_MAX`] of it, or all) looks like.
    #[must_use]
    pub fn guess(beginning: &str) -> Self {
        let (said, preamble) = preamble(beginning);
        let text = beginning.get(preamble..).unwrap_or_default();
        let best = SEPARATORS.into_iter().rev().max_by_key(|separator| evenness(text, *separator));
        let separator = said.or(best).unwrap_or(b',');
        Self { separator: char::from(separator), has_header: has_header(text, separator), preamble: preamble as u64 }
    }

    /// The separator as the byte that it is.
    #[must_use]
    pub fn byte(self) -> u8 {
        u8::try_from(self.separator).unwrap_or(b',')
    }

    /// Where the first row begins.
    #[must_use]
    pub fn begin(self) -> Place {
        let (row, line) = (0, u64::from(self.preamble > 0));
        Place { byte: self.preamble, row, line, is_within_line: false }
    }

    /// The first rows of a file's beginning, as its cells.
    #[must_use]
    pub fn rows(self, beginning: &str, most: usize) -> Vec<Vec<String>> {
        rows(beginning.get(usize::try_from(self.preamble).unwrap_or(0)..).unwrap_or_default(), self.byte(), most)
    }
}

fn preamble(text: &str) -> (Option<u8>, usize) {
    let line = text.split('\n').next().unwrap_or_default();
    let said = line.trim_end().strip_prefix("sep=").filter(|said| said.len() == 1);
    let said = said.and_then(|said| said.bytes().next()).filter(|said| SEPARATORS.contains(said));
    (said, said.map_or(0, |_| (line.len() + 1).min(text.len())))
}

fn rows(text: &str, separator: u8, most: usize) -> Vec<Vec<String>> {
    let mut reader = Reader::at(Place::default(), separator);
    reader.feed(text.as_bytes());
    let mut rows = Vec::new();
    while rows.len() < most {
        match reader.next_row() {
            Next::Row(row) => rows.push(row.cells.iter().map(str::to_owned).collect()),
            Next::Broken(..) => {}
            // A last row without a line break is whole only if the file is.
            Next::Hungry if text.len() < super::RECORD_BYTES_MAX => reader.finish(),
            Next::Hungry | Next::End => break,
        }
    }
    rows
}

/// How many rows have as many cells as most have, and how many those are; a separator that separates nothing has none.
fn evenness(text: &str, separator: u8) -> (usize, usize) {
    let widths: Vec<usize> = rows(text, separator, ROWS_LOOKED_AT).iter().map(Vec::len).collect();
    let count = |width: &usize| widths.iter().filter(|other| *other == width).count();
    let common = widths.iter().filter(|width| **width > 1).max_by_key(|width| (count(width), **width));
    common.map_or((0, 0), |width| (count(width), *width))
}

/// A header has no number and no address of mail in it.
fn has_header(text: &str, separator: u8) -> bool {
    let first = rows(text, separator, 1).into_iter().next().unwrap_or_default();
    !first.iter().any(|cell| is_like_a_number(cell) || cell.contains('@'))
}

const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];
const ROWS_LOOKED_AT: usize = 50;
