//! Rows of a list's file, some at a time, from where it was left.
#![allow(clippy::disallowed_types, reason = "a shell: files live here")]

use std::fs::File;
use std::io::{self, Read as _, Seek, SeekFrom};
use std::path::Path;

use dialer::list::{Issue, LeadReader, Next, Place, Read, Reader};

use super::layout::Layout;
use super::numbering::Plans;

/// A file that is being read. All of it blocks.
#[derive(Debug)]
pub(super) struct Source {
    file: File,
    reader: Reader,
    leads: LeadReader,
    plans: Plans,
    piece: Vec<u8>,
    /// The next row is the header.
    is_before_header: bool,
}

/// A row that was read.
#[derive(Debug)]
pub(super) struct ReadRow {
    /// Its number, from 1, as a spreadsheet has it.
    pub(super) number: u64,
    /// The line on which it begins, from 1.
    pub(super) line: u64,
    /// As it stands in the file, where something is wrong with it, up to [`RAW_BYTES_MAX`].
    pub(super) raw: String,
    /// What it says.
    pub(super) read: Read,
}

impl Source {
    /// Opens a file at `place`.
    pub(super) fn open(path: &Path, layout: &Layout, country: &str, plans: Plans, place: Place) -> io::Result<Self> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(place.byte))?;
        Ok(Self {
            file,
            reader: Reader::at(place, layout.dialect.byte()),
            leads: LeadReader::new(&layout.mapping, &layout.headers, country),
            plans,
            piece: vec![0; PIECE_BYTES],
            is_before_header: layout.dialect.has_header && place == layout.dialect.begin(),
        })
    }

    /// Where it stands: behind the rows that were given.
    pub(super) fn place(&self) -> Place {
        self.reader.place()
    }

    /// What a column is called.
    pub(super) fn header(&self, column: usize) -> String {
        self.leads.header(column)
    }

    /// The next rows, at most `most` and not many bytes; none at the end.
    pub(super) fn rows(&mut self, most: usize) -> io::Result<Vec<ReadRow>> {
        let mut rows = Vec::with_capacity(most);
        let mut bytes = 0;
        while rows.len() < most && bytes < BYTES_AT_ONCE {
            let (row, read) = match self.reader.next_row() {
                Next::End => break,
                Next::Hungry => {
                    self.feed()?;
                    continue;
                }
                Next::Row(_) if self.is_before_header => {
                    self.is_before_header = false;
                    continue;
                }
                Next::Row(row) => (row, self.leads.read(row.cells, &mut self.plans)),
                Next::Broken(row, code) => {
                    let issue = Issue { column: None, code, detail: String::new() };
                    (row, Read { issues: vec![issue], ..Read::default() })
                }
            };
            bytes += row.raw.len();
            let raw = row.raw.get(..row.raw.floor_char_boundary(RAW_BYTES_MAX)).unwrap_or_default();
            rows.push(ReadRow { number: row.number, line: row.line, raw: raw.to_owned(), read });
        }
        Ok(rows)
    }

    fn feed(&mut self) -> io::Result<()> {
        match self.file.read(&mut self.piece)? {
            0 => self.reader.finish(),
            read => self.reader.feed(self.piece.get(..read).unwrap_or_default()),
        }
        Ok(())
    }
}

/// Bytes that are read at a time.
const PIECE_BYTES: usize = 64 * 1024;
/// What is held of a file at a time, but for one row.
const BYTES_AT_ONCE: usize = 1024 * 1024;
/// Of a row, what the report shows.
const RAW_BYTES_MAX: usize = 4_096;
