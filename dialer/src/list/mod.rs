//! Lists of leads: what a person uploads, read row by row.
//!
//! A CSV file becomes UTF-8 (`encoding`), its separator and header are found (`dialect`), its columns are guessed and
//! mapped (`field`, `mapping`), its records split (`split`, `reader`) and read as leads (`lead`, `number`); what is wrong
//! with a row is an issue (`issue`), told in a file of its own (`report`). Nothing here grows with the file: the
//! longest record and the widest row are bounded, and a reading can be taken up again at any record.

mod dialect;
mod encoding;
mod field;
mod issue;
mod lead;
mod mapping;
mod number;
mod reader;
mod report;
mod split;

pub use dialect::Dialect;
pub use encoding::{BadText, Encoding, Transcoder};
pub use field::Field;
pub use issue::{Issue, IssueClass, IssueCode};
pub use lead::{
    CELL_CHARS_MAX, Details, Lead, LeadNumber, LeadReader, NUMBERS_A_LEAD_MAX, Read, RowOutcome, read_lead,
};
pub use mapping::{BadMapping, Mapping};
pub use number::Numbering;
pub use reader::{Next, Place, Reader, Row};
pub use report::{Quoted, quoted};
pub use split::{COLUMNS_MAX, Cells, RECORD_BYTES_MAX};

#[cfg(test)]
mod tests;
