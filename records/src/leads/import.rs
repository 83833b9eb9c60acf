//! What an import writes: pieces of a list, each whole or not at all.

use clock::{LeadId, ListId, WallTime};

use super::issues::NewIssue;
use super::list::{LeadListCounts, LeadListState, LeadListTask, counted, list_id};
use super::{first_of, last_of, lead_of_row, list_of_lead};
use crate::columns;
use crate::database::{Bind, Commit, Database, DatabaseUnavailable, Statement, Transaction, Value, sql};
use crate::words::Word;

/// A piece of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// Rows that are leads, in their order.
    pub leads: Vec<NewLead>,
    /// What is wrong with rows.
    pub issues: Vec<NewIssue>,
    /// The place behind the piece, as JSON of who reads the file.
    pub place: String,
    /// What was read up to here, from the beginning.
    pub counts: LeadListCounts,
}

/// A lead to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLead {
    /// Its row, from 1; each lead of a list has another.
    pub row: u32,
    /// The name, where one is known.
    pub name: Option<String>,
    /// What else is known, as JSON.
    pub details: String,
    /// Its numbers, in the order in which they are tried.
    pub numbers: Vec<NewNumber>,
}

/// A number to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNumber {
    /// The digits of its E.164.
    pub digits: u64,
    /// As it was typed.
    pub typed: String,
}

/// What became of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkWritten {
    /// It is written.
    Done,
    /// It is not: the list stands elsewhere, as somebody called the import off or another piece was written.
    Elsewhere,
}

impl Database {
    /// Writes a piece of an import that begins where the list stands: at `from` bytes of its file.
    ///
    /// # Errors
    /// When the database is away. Nobody knows then whether the piece is written: the list says it.
    pub async fn import_chunk(
        &self,
        list: ListId,
        account: &str,
        from: u64,
        chunk: Chunk,
        now: WallTime,
    ) -> Result<ChunkWritten, DatabaseUnavailable> {
        let update = counted(sql(PROGRESS).bind(chunk.place.as_str()), &chunk.counts);
        let update = update.bind(now).bind(list.to_bytes()).bind(from);
        let is_written = self.write_chunk(Commit::Replayable, update, list, account, chunk).await?;
        Ok(if is_written { ChunkWritten::Done } else { ChunkWritten::Elsewhere })
    }

    /// Adds leads that came without a file to a list that is over, with what was wrong; false when it stands elsewhere
    /// than at `version`. Returned, they outlive a loss of power.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn add_leads(
        &self,
        list: ListId,
        account: &str,
        version: u64,
        chunk: Chunk,
        now: WallTime,
    ) -> Result<bool, DatabaseUnavailable> {
        let update = counted(sql(ADDED).bind(chunk.place.as_str()), &chunk.counts);
        let update = update.bind(now).bind(list.to_bytes()).bind(version);
        self.write_chunk(Commit::Synced, update, list, account, chunk).await
    }

    /// Writes a piece if `update` finds the list where the piece begins; false when it does not.
    async fn write_chunk(
        &self,
        commit: Commit,
        update: Statement,
        list: ListId,
        account: &str,
        chunk: Chunk,
    ) -> Result<bool, DatabaseUnavailable> {
        let mut transaction = self.begin(commit).await?;
        if transaction.execute(update).await? == 0 {
            return Ok(false);
        }
        write_leads(&mut transaction, list, account, chunk.leads).await?;
        super::issues::write(&mut transaction, list, chunk.issues).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Ends a task of a list: `state` and perhaps why, and what was counted where that is another than the list has.
    /// False when it stands elsewhere. Returned, it outlives a loss of power.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn end_lead_task(
        &self,
        list: ListId,
        task: LeadListTask,
        state: LeadListState,
        failure: Option<&str>,
        counts: &LeadListCounts,
        now: WallTime,
    ) -> Result<bool, DatabaseUnavailable> {
        let mut transaction = self.begin(Commit::Synced).await?;
        let update = counted(sql(END).bind(state.word()).bind(failure), counts).bind(now);
        let update = update.bind(state.is_over().then_some(now)).bind(list.to_bytes()).bind(task.word());
        let changed = transaction.execute(update).await?;
        transaction.commit().await?;
        Ok(changed == 1)
    }

    /// Which of these numbers leads of the account have already, and which leads: of lists that are in use.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn known_numbers(
        &self,
        account: &str,
        numbers: &[u64],
    ) -> Result<Vec<(u64, LeadId)>, DatabaseUnavailable> {
        let mut known = Vec::new();
        for some in numbers.chunks(NUMBERS_A_QUERY) {
            let mut query = sql("SELECT number, lead_id FROM lead_numbers WHERE account = ");
            query.push_bind(account).push(" AND number IN ").push_list(some.iter().copied());
            for row in self.rows(query).await? {
                let number = columns::optional_count(&row, 0)?.unwrap_or_default();
                known.push((number, LeadId(list_id(&row, 1)?.0)));
            }
        }
        if !known.is_empty() {
            let out_of_use = self.lists_out_of_use(account).await?;
            known.retain(|(_, lead)| !out_of_use.contains(&list_of_lead(*lead)));
        }
        Ok(known)
    }

    /// Lists whose leads nobody calls any more.
    async fn lists_out_of_use(&self, account: &str) -> Result<Vec<ListId>, DatabaseUnavailable> {
        let select =
            "SELECT id FROM lead_lists WHERE account = $1 AND (deleted = $2 OR state IN ('failed', 'cancelled'))";
        let rows = self.rows(sql(select).bind(account).bind(true)).await?;
        Ok(rows.iter().map(|row| list_id(row, 0)).collect::<Result<_, _>>()?)
    }

    /// Deletes some of a list's leads; false once there is nothing left of it, and of a deleted list not even itself.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn purge_leads(&self, list: ListId, now: WallTime) -> Result<bool, DatabaseUnavailable> {
        let mut transaction = self.begin(Commit::Replayable).await?;
        let (first, last) = (first_of(list), last_of(list));
        let bound = "SELECT id FROM leads WHERE id > $1 AND id <= $2 ORDER BY id LIMIT 1 OFFSET $3";
        let bound = sql(bound).bind(first.to_bytes()).bind(last.to_bytes()).bind(PURGED_AT_ONCE);
        let up_to = transaction.row(bound).await?.map(|row| list_id(&row, 0)).transpose().map_err(away)?;
        let up_to = up_to.map_or(last, |id| LeadId(id.0));
        for delete in [
            "DELETE FROM lead_numbers WHERE lead_id > $1 AND lead_id <= $2",
            "DELETE FROM leads WHERE id > $1 AND id <= $2",
        ] {
            transaction.execute(sql(delete).bind(first.to_bytes()).bind(up_to.to_bytes())).await?;
        }
        let mut more = up_to != last;
        if !more {
            more = super::issues::purge(&mut transaction, list, PURGED_AT_ONCE).await?;
        }
        if !more {
            let gone = "DELETE FROM lead_lists WHERE id = $1 AND deleted = $2";
            transaction.execute(sql(gone).bind(list.to_bytes()).bind(true)).await?;
            let left = "UPDATE lead_lists SET task = NULL, leads = 0, numbers = 0, issues = 0, updated_at = $1, \
                        version = version + 1 WHERE id = $2 AND task = 'purge'";
            transaction.execute(sql(left).bind(now).bind(list.to_bytes())).await?;
        }
        transaction.commit().await?;
        Ok(more)
    }
}

async fn write_leads(
    to: &mut Transaction,
    list: ListId,
    account: &str,
    leads: Vec<NewLead>,
) -> Result<(), DatabaseUnavailable> {
    let mut rows = Vec::with_capacity(leads.len());
    let mut numbers = Vec::with_capacity(leads.len());
    for lead in leads {
        let id = lead_of_row(list, lead.row).to_bytes();
        for (position, number) in (0_u64..).zip(lead.numbers) {
            numbers.push(vec![
                id.value(),
                position.value(),
                account.value(),
                number.digits.value(),
                number.typed.value(),
            ]);
        }
        rows.push(vec![id.value(), account.value(), lead.name.value(), lead.details.value()]);
    }
    insert(to, "INSERT INTO leads (id, account, name, details) VALUES", rows).await?;
    insert(to, "INSERT INTO lead_numbers (lead_id, position, account, number, typed) VALUES", numbers).await
}

async fn insert(to: &mut Transaction, text: &'static str, rows: Vec<Vec<Value>>) -> Result<(), DatabaseUnavailable> {
    Ok(to.insert(text, rows, "").await?)
}

fn away(error: sqlx::Error) -> DatabaseUnavailable {
    error.into()
}

const PROGRESS: &str = "UPDATE lead_lists SET place = $1, read_bytes = $2, rows_read = $3, leads = $4, numbers = $5, \
    rows_invalid = $6, rows_duplicate = $7, rows_forbidden = $8, issues = $9, updated_at = $10 \
    WHERE id = $11 AND read_bytes = $12 AND task = 'import'";
const ADDED: &str = "UPDATE lead_lists SET place = $1, read_bytes = $2, rows_read = $3, leads = $4, numbers = $5, \
    rows_invalid = $6, rows_duplicate = $7, rows_forbidden = $8, issues = $9, updated_at = $10, version = version + 1 \
    WHERE id = $11 AND version = $12 AND task IS NULL";
const END: &str = "UPDATE lead_lists SET state = $1, failure = $2, task = NULL, read_bytes = $3, rows_read = $4, \
    leads = $5, numbers = $6, rows_invalid = $7, rows_duplicate = $8, rows_forbidden = $9, issues = $10, \
    updated_at = $11, ended_at = $12, version = version + 1 WHERE id = $13 AND task = $14";
/// Few texts of statements: most pieces need one or two.
const NUMBERS_A_QUERY: usize = 500;
/// A transaction of a few tens of milliseconds: the projector waits behind it.
const PURGED_AT_ONCE: u64 = 2_000;
