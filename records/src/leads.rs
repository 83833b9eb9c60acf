//! Lists of leads, their leads and numbers, and what was wrong with their rows.
//!
//! What stands in a list only the database has, so a list, its start and its end are synced when they are told; what an
//! import writes in between it can read again from its file. Each piece of an import is one transaction with the place
//! in the file behind it, which is written only where the piece before ended: no row twice, none left out.

mod import;
mod issues;
mod list;
mod mend;
mod page;

pub use import::{Chunk, ChunkWritten, NewLead, NewNumber};
pub use issues::{LeadIssue, NewIssue};
pub use list::{LeadList, LeadListCounts, LeadListState, LeadListTask, ListDuplicates};
pub use page::{LEADS_A_PAGE_MAX, StoredLead, StoredNumber};

use clock::{LeadId, ListId};

/// The lead of a row of a list.
#[must_use]
pub fn lead_of_row(list: ListId, row: u32) -> LeadId {
    LeadId(first_of(list).0 | u128::from(row))
}

/// The list of a lead.
#[must_use]
pub fn list_of_lead(lead: LeadId) -> ListId {
    ListId(lead.0 & !u128::from(u32::MAX))
}

/// The row of a lead in its list.
#[must_use]
pub fn row_of_lead(lead: LeadId) -> u32 {
    // The last 4 bytes.
    (lead.0 & u128::from(u32::MAX)) as u32
}

/// A minted id as that of a list: its last 4 bytes are those of its leads.
#[must_use]
pub fn as_list_id(minted: ListId) -> ListId {
    ListId(first_of(minted).0)
}

/// The least id that a lead of a list can have; no lead has it, as rows begin at 1.
fn first_of(list: ListId) -> LeadId {
    LeadId(list.0 & !u128::from(u32::MAX))
}

fn last_of(list: ListId) -> LeadId {
    LeadId(list.0 | u128::from(u32::MAX))
}
