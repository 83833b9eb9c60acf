//! The records of a file, fed piece by piece, from any record on.

use serde::{Deserialize, Serialize};

use super::issue::IssueCode;
use super::split::{Cells, Fault, RECORD_BYTES_MAX, Split, split};

/// Reads records. It holds one record and the piece that was fed last.
#[derive(Clone, Debug)]
pub struct Reader {
    separator: u8,
    buffer: Vec<u8>,
    /// What of the buffer is read.
    read: usize,
    is_end: bool,
    place: Place,
    cells: Cells,
}

/// A place between two records: where a reading can be taken up again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Bytes before it, in UTF-8.
    pub byte: u64,
    /// Rows before it as a spreadsheet counts them: blank ones and the header too.
    pub row: u64,
    /// Line breaks before it, those within quotes too.
    pub line: u64,
    /// What comes up to the next line break belongs to a line that was given as broken.
    pub is_within_line: bool,
}

/// A record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// Number of the row, from 1, as a spreadsheet has it.
    pub number: u64,
    /// Line on which it begins, from 1, as a text editor has it.
    pub line: u64,
    /// Its cells.
    pub cells: &'a Cells,
    /// As it stands in the file.
    pub raw: &'a str,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next<'a> {
    /// A row that is not blank.
    Row(Row<'a>),
    /// A line that is no record: without cells.
    Broken(Row<'a>, IssueCode),
    /// Feed more, or say that there is none.
    Hungry,
    /// All was read.
    End,
}

impl Reader {
    /// Reads on at `place`: what is fed first begins there.
    #[must_use]
    pub fn at(place: Place, separator: u8) -> Self {
        let (buffer, cells) = (Vec::new(), Cells::default());
        Self { separator, buffer, read: 0, is_end: false, place, cells }
    }

    /// Where it stands: behind the record that was given last.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }

    /// The next piece of the file.
    pub fn feed(&mut self, piece: &[u8]) {
        self.buffer.drain(..self.read);
        self.read = 0;
        self.buffer.extend_from_slice(piece);
    }

    /// There is no more.
    pub fn finish(&mut self) {
        self.is_end = true;
    }

    /// The next record.
    pub fn next_row(&mut self) -> Next<'_> {
        loop {
            if self.place.is_within_line && !self.skip() {
                return if self.is_end { Next::End } else { Next::Hungry };
            }
            let start = self.read;
            let text = self.buffer.get(start..).unwrap_or_default();
            if text.is_empty() {
                return if self.is_end { Next::End } else { Next::Hungry };
            }
            match split(text, self.separator, self.is_end, &mut self.cells) {
                Split::Incomplete => return Next::Hungry,
                Split::Record { content, len } => {
                    let line = self.place.line;
                    self.pass(len);
                    if self.cells.are_blank() {
                        continue;
                    }
                    return Next::Row(self.row(line, start..start + content));
                }
                Split::Broken(fault) => {
                    let line = self.place.line;
                    let shown = self.pass_line();
                    self.cells = Cells::default();
                    return Next::Broken(self.row(line, start..start + shown), code(fault));
                }
            }
        }
    }

    fn row(&self, line: u64, range: core::ops::Range<usize>) -> Row<'_> {
        let raw = self.buffer.get(range).unwrap_or_default();
        // A part may end within a character.
        let whole = core::str::from_utf8(raw).map_or_else(|error| error.valid_up_to(), str::len);
        let raw = raw.get(..whole).and_then(|raw| core::str::from_utf8(raw).ok()).unwrap_or_default();
        Row { number: self.place.row, line: line + 1, cells: &self.cells, raw }
    }

    /// Goes behind a record of `len` bytes.
    fn pass(&mut self, len: usize) {
        let passed = self.buffer.get(self.read..self.read + len).unwrap_or_default();
        let breaks = passed.iter().filter(|byte| **byte == b'\n').count();
        // A file of an old Macintosh has no other line breaks.
        let lone = passed.last() == Some(&b'\r');
        self.place.line += breaks as u64 + u64::from(lone);
        self.place.byte += len as u64;
        self.place.row += 1;
        self.read += len;
    }

    /// Goes behind the line on which a broken record begins, so that a stray quote costs one line and no more; how much
    /// of it is shown.
    fn pass_line(&mut self) -> usize {
        let rest = self.buffer.get(self.read..).unwrap_or_default();
        let window = rest.get(..RECORD_BYTES_MAX).unwrap_or(rest);
        match window.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                self.pass(end + 1);
                end.min(SHOWN_BYTES_MAX)
            }
            None => {
                let length = window.len();
                self.pass(length);
                self.place.is_within_line = true;
                length.min(SHOWN_BYTES_MAX)
            }
        }
    }

    /// Goes behind the end of the line; false when it is not in sight.
    fn skip(&mut self) -> bool {
        let rest = self.buffer.get(self.read..).unwrap_or_default();
        let end = rest.iter().position(|byte| *byte == b'\n');
        let passed = end.map_or(rest.len(), |end| end + 1);
        self.place.byte += passed as u64;
        self.place.line += u64::from(end.is_some());
        self.read += passed;
        self.place.is_within_line = end.is_none();
        end.is_some()
    }
}

fn code(fault: Fault) -> IssueCode {
    match fault {
        Fault::UnclosedQuote => IssueCode::UnclosedQuote,
        Fault::TooLong => IssueCode::RowTooLong,
        Fault::TooWide => IssueCode::TooManyCells,
    }
}

/// So much of a line that is no record is shown in the report.
const SHOWN_BYTES_MAX: usize = 1_000;
