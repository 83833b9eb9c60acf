//! Which numbers of a row stay: not those that are there already, nor those that must not be called.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use centre::Directory;
use clock::LeadId;
use dialer::gate::{Lists, packed, stands_against};
use dialer::list::{IssueClass, IssueCode, LeadNumber, Read, RowOutcome};
use records::{Chunk, DatabaseUnavailable, LeadListCounts, ListDuplicates, NewIssue, NewLead, NewNumber, list_of_lead};

use super::source::ReadRow;
use crate::api::Shared;

/// What rows are sifted by, as it is at the moment.
#[derive(Debug)]
pub(super) struct Sieve {
    duplicates: ListDuplicates,
    directory: Arc<Directory>,
    do_not_call: Arc<Lists>,
    /// Numbers that stand in the list already, and in others.
    own: BTreeSet<u64>,
    others: BTreeMap<u64, LeadId>,
}

/// Rows that were sifted, as they are counted and written.
#[derive(Debug, Default)]
pub(super) struct Sifted {
    /// What is to be written.
    pub(super) chunk: Chunk,
    /// What was counted up to here.
    pub(super) counts: LeadListCounts,
}

impl Sieve {
    /// For these rows of a list. What its own leads have is known where they are written.
    ///
    /// # Errors
    /// When the database is away.
    pub(super) async fn of<'a>(
        shared: &Shared,
        list: &records::LeadList,
        rows: impl Iterator<Item = &'a Read>,
    ) -> Result<Self, DatabaseUnavailable> {
        let numbers: Vec<u64> = match list.duplicates {
            ListDuplicates::Keep => Vec::new(),
            _ => rows.flat_map(|read| &read.lead.numbers).filter_map(|number| packed(&number.e164)).collect(),
        };
        let known = shared.services.database.known_numbers(&list.account, &numbers).await?;
        let (own, others): (Vec<_>, Vec<_>) = known.into_iter().partition(|(_, lead)| list_of_lead(*lead) == list.id);
        let is_ours = list.account == shared.services.account;
        Ok(Self {
            duplicates: list.duplicates,
            directory: if is_ours { shared.directory() } else { Arc::default() },
            do_not_call: if is_ours { shared.snapshot().do_not_call.clone() } else { Arc::default() },
            own: own.into_iter().map(|(number, _)| number).collect(),
            others: others.into_iter().collect(),
        })
    }

    /// Takes away what must not stay; `seen` has the numbers of the rows before that are not written yet.
    pub(super) fn sift(&self, read: &mut Read, seen: &mut BTreeSet<u64>) {
        read.sift(|number| self.fault(number, seen));
        if read.outcome() == RowOutcome::Kept && self.duplicates != ListDuplicates::Keep {
            seen.extend(read.lead.numbers.iter().filter_map(|number| packed(&number.e164)));
        }
    }

    fn fault(&self, number: &LeadNumber, seen: &BTreeSet<u64>) -> Option<(IssueCode, String)> {
        let rules = &self.directory.dial_rules;
        if let Some(denial) = stands_against(rules, &self.do_not_call, &number.e164) {
            return Some((IssueCode::Forbidden, format!("{}: {}", denial.rule.word(), denial.because)));
        }
        let digits = packed(&number.e164)?;
        if self.duplicates == ListDuplicates::Keep {
            return None;
        }
        if seen.contains(&digits) || self.own.contains(&digits) {
            return Some((IssueCode::DuplicateInList, number.e164.clone()));
        }
        let lead = self.others.get(&digits).filter(|_| self.duplicates == ListDuplicates::InAccount)?;
        Some((IssueCode::DuplicateInAccount, format!("{} in {}", number.e164, list_of_lead(*lead))))
    }
}

impl Sifted {
    /// Goes on behind what was counted.
    pub(super) fn from(counts: LeadListCounts) -> Self {
        Self { counts, ..Self::default() }
    }

    /// Counts a row, and keeps what is to be written of it.
    pub(super) fn enter(&mut self, row: ReadRow, header: impl Fn(usize) -> String) {
        let ReadRow { number, line, raw, read } = row;
        let outcome = read.outcome();
        let counts = &mut self.counts;
        counts.rows_read += 1;
        counts.issues += read.issues.len() as u64;
        match outcome {
            RowOutcome::Kept => counts.leads += 1,
            RowOutcome::Rejected(IssueClass::Forbidden) => counts.rows_forbidden += 1,
            RowOutcome::Rejected(IssueClass::Duplicate) => counts.rows_duplicate += 1,
            RowOutcome::Rejected(_) => counts.rows_invalid += 1,
        }
        let mut raw = Some(raw);
        for (position, issue) in (0..).zip(read.issues) {
            self.chunk.issues.push(NewIssue {
                row: number,
                position,
                line,
                is_kept: outcome == RowOutcome::Kept,
                column: issue.column.map(&header),
                code: issue.code.word(),
                detail: issue.detail,
                text: raw.take(),
            });
        }
        if outcome == RowOutcome::Kept {
            let mut lead = read.lead;
            let digits = |number: LeadNumber| Some(NewNumber { digits: packed(&number.e164)?, typed: number.typed });
            let numbers: Vec<NewNumber> = lead.numbers.into_iter().filter_map(digits).collect();
            self.counts.numbers += numbers.len() as u64;
            let name = lead.details.name.take();
            let details = serde_json::to_string(&lead.details).unwrap_or_else(|_| "{}".to_owned());
            self.chunk.leads.push(NewLead { row: u32::try_from(number).unwrap_or(u32::MAX), name, details, numbers });
        }
    }
}
