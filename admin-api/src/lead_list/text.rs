//! Rows of a text that is at hand: the beginning of a file, or a small one.

use dialer::list::{Issue, LeadReader, Next, Read, Reader, Row};

use super::layout::Layout;
use super::numbering::Plans;

/// What `take` makes of each row behind the header, at most `most`; `is_whole`: the text ends where the file does.
pub(super) fn rows<T>(
    text: &str,
    is_whole: bool,
    layout: &Layout,
    country: &str,
    plans: &mut Plans,
    most: usize,
    mut take: impl FnMut(Row<'_>, Read, &LeadReader) -> T,
) -> Vec<T> {
    let leads = LeadReader::new(&layout.mapping, &layout.headers, country);
    let begin = layout.dialect.begin();
    let mut reader = Reader::at(begin, layout.dialect.byte());
    reader.feed(text.get(usize::try_from(begin.byte).unwrap_or(0)..).unwrap_or_default().as_bytes());
    if is_whole {
        reader.finish();
    }
    let mut is_before_header = layout.dialect.has_header;
    let mut rows = Vec::new();
    while rows.len() < most {
        match reader.next_row() {
            Next::Row(_) if is_before_header => is_before_header = false,
            Next::Row(row) => {
                let read = leads.read(row.cells, plans);
                rows.push(take(row, read, &leads));
            }
            Next::Broken(row, code) => {
                let issue = Issue { column: None, code, detail: String::new() };
                rows.push(take(row, Read { issues: vec![issue], ..Read::default() }, &leads));
            }
            Next::Hungry | Next::End => break,
        }
    }
    rows
}
