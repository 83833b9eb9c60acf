//! One record of a CSV text: cells between separators, quoted or not (RFC 4180, and what spreadsheets make of it).

/// The cells of one record, kept in two vectors that are used again for the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells {
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// What stands at the beginning of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Split {
    /// A record of `content` bytes, with its line break of `len` bytes.
    Record { content: usize, len: usize },
    /// More text is needed to tell.
    Incomplete,
    /// No record that could be read.
    Broken(Fault),
}

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A quote is opened and not closed within reason.
    UnclosedQuote,
    /// It is longer than [`RECORD_BYTES_MAX`].
    TooLong,
    /// It has more than [`COLUMNS_MAX`] cells.
    TooWide,
}

impl Cells {
    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// None.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A cell, from 0; what the row does not have is empty.
    #[must_use]
    pub fn cell(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends.get(before).copied().unwrap_or(self.text.len()));
        let end = self.ends.get(index).copied().unwrap_or(start);
        // Quotes and separators are ASCII, so that a cell is as good UTF-8 as the text.
        self.text.get(start..end).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or("\u{fffd}")
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|index| self.cell(index))
    }

    /// Whether nothing is in any of them.
    #[must_use]
    pub fn are_blank(&self) -> bool {
        self.text.iter().all(u8::is_ascii_whitespace)
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }
}

/// Splits the record at the beginning of `text` into `cells`; `is_end`: nothing comes behind the text.
///
/// A quote counts where a cell begins, two of them within quotes are one, and what follows a closing quote belongs to
/// the cell: as spreadsheets and most readers do it.
pub(super) fn split(text: &[u8], separator: u8, is_end: bool, cells: &mut Cells) -> Split {
    cells.clear();
    let is_whole = is_end && text.len() <= RECORD_BYTES_MAX;
    let text = text.get(..RECORD_BYTES_MAX).unwrap_or(text);
    let is_full = text.len() == RECORD_BYTES_MAX;
    let short = |fault| if is_full { Split::Broken(Fault::TooLong) } else { fault };
    let mut at = 0;
    loop {
        if text.get(at) == Some(&b'"') {
            match quoted(text, at + 1, is_whole, cells) {
                Some(behind) if breaks(text.get(at..behind)) > LINES_A_CELL_MAX => {
                    return Split::Broken(Fault::UnclosedQuote);
                }
                Some(behind) => at = behind,
                None if is_whole && !is_full => return Split::Broken(Fault::UnclosedQuote),
                None => return short(Split::Incomplete),
            }
        }
        let rest = text.get(at..).unwrap_or_default();
        let plain = rest.iter().position(|byte| *byte == separator || matches!(byte, b'\n' | b'\r'));
        cells.text.extend_from_slice(rest.get(..plain.unwrap_or(rest.len())).unwrap_or_default());
        at += plain.unwrap_or(rest.len());
        if cells.ends.len() >= COLUMNS_MAX {
            return Split::Broken(Fault::TooWide);
        }
        cells.ends.push(cells.text.len());
        match text.get(at) {
            Some(byte) if *byte == separator => at += 1,
            Some(b'\r') => {
                return match text.get(at + 1) {
                    Some(b'\n') => Split::Record { content: at, len: at + 2 },
                    None if !is_whole => short(Split::Incomplete),
                    _ => Split::Record { content: at, len: at + 1 },
                };
            }
            Some(_) => return Split::Record { content: at, len: at + 1 },
            None if is_whole => return Split::Record { content: at, len: at },
            None => return short(Split::Incomplete),
        }
    }
}

/// Copies what is within quotes; the place behind the closing one, if it is there.
fn quoted(text: &[u8], mut at: usize, is_end: bool, cells: &mut Cells) -> Option<usize> {
    loop {
        let rest = text.get(at..)?;
        let length = rest.iter().position(|byte| *byte == b'"')?;
        cells.text.extend_from_slice(rest.get(..length)?);
        match rest.get(length + 1) {
            Some(b'"') => {
                cells.text.push(b'"');
                at += length + 2;
            }
            None if !is_end => return None,
            _ => return Some(at + length + 1),
        }
    }
}

fn breaks(text: Option<&[u8]>) -> usize {
    text.map_or(0, |text| text.iter().filter(|byte| **byte == b'\n').count())
}

/// A note has a few lines; more of them are rows between two stray quotes.
const LINES_A_CELL_MAX: usize = 100;
/// Longest record: a lead is a line, and a stray quote must not swallow a file.
pub const RECORD_BYTES_MAX: usize = 64 * 1024;
/// Widest row: spreadsheets of leads have twenty columns.
pub const COLUMNS_MAX: usize = 256;
