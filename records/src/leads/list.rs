//! Lists of leads.

use clock::{ListId, WallTime};

use crate::columns;
use crate::database::{Commit, Database, DatabaseUnavailable, Row, Statement, sql};
use crate::filter::MAX_LIMIT;
use crate::words::Word;

/// A list of leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadList {
    /// Its id; the last 4 bytes are zero.
    pub id: ListId,
    /// The account it belongs to.
    pub account: String,
    /// What it is called: the file's name.
    pub name: String,
    /// How far it has come.
    pub state: LeadListState,
    /// What is being done with it now.
    pub task: Option<LeadListTask>,
    /// The country of its numbers, ISO 3166-1.
    pub country: String,
    /// Which numbers are left out as they are there already.
    pub duplicates: ListDuplicates,
    /// How the file is written and what its columns hold, as JSON of who reads it.
    pub layout: String,
    /// Size of the file, as it lies on the disk; 0 for a list without one.
    pub file_bytes: u64,
    /// The place behind the last row that was read, as JSON of who reads it.
    pub place: String,
    /// What was read.
    pub counts: LeadListCounts,
    /// Why it failed.
    pub failure: Option<String>,
    /// Nobody sees it any more; its rows are being deleted.
    pub is_deleted: bool,
    /// Name of who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: WallTime,
    /// When it was changed last.
    pub updated_at: WallTime,
    /// When its import was started.
    pub started_at: Option<WallTime>,
    /// When its import ended.
    pub ended_at: Option<WallTime>,
    /// Counts its changes.
    pub version: u64,
}

/// What was read of a list. `rows_read = leads + rows_invalid + rows_duplicate + rows_forbidden`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeadListCounts {
    /// Bytes of the file.
    pub read_bytes: u64,
    /// Rows, without the header and blank ones.
    pub rows_read: u64,
    /// Rows that are leads.
    pub leads: u64,
    /// Their numbers.
    pub numbers: u64,
    /// Rows that could not be read.
    pub rows_invalid: u64,
    /// Rows whose numbers are there already.
    pub rows_duplicate: u64,
    /// Rows whose numbers must not be called.
    pub rows_forbidden: u64,
    /// Entries of the report.
    pub issues: u64,
}

/// How far a list has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeadListState {
    /// The file is here.
    Uploaded,
    /// It is known what the columns hold.
    Mapped,
    /// All rows were read once, and the counts are what an import would bring.
    Validated,
    /// Rows become leads.
    Importing,
    /// All rows are leads.
    Done,
    /// All rows were read; some are in the report.
    DoneWithErrors,
    /// It cannot go on.
    Failed,
    /// It was called off.
    Cancelled,
}

/// What is being done with a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeadListTask {
    /// Its rows are read and counted.
    Validate,
    /// Its rows become leads.
    Import,
    /// Its leads are deleted.
    Purge,
}

/// Which numbers are left out as they are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ListDuplicates {
    /// None.
    Keep,
    /// Those that stand in the list before.
    InList,
    /// Those, and those of the account's other lists.
    InAccount,
}

impl LeadListState {
    /// Whether nothing more comes of it.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::DoneWithErrors | Self::Failed | Self::Cancelled)
    }
}

impl Database {
    /// Keeps a new list; returned, it outlives a loss of power.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn create_lead_list(&self, list: &LeadList) -> Result<(), DatabaseUnavailable> {
        let mut transaction = self.begin(Commit::Synced).await?;
        transaction.execute(insert(list)).await?;
        Ok(transaction.commit().await?)
    }

    /// Changes what people may change of a list, if nobody changed it since `list.version`; false when somebody did.
    /// What an import counts is its own. Returned, it outlives a loss of power.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn change_lead_list(&self, list: &LeadList, now: WallTime) -> Result<bool, DatabaseUnavailable> {
        let mut transaction = self.begin(Commit::Synced).await?;
        let update = sql(CHANGE)
            .bind(list.name.as_str())
            .bind(list.state.word())
            .bind(list.task.map(LeadListTask::word))
            .bind(list.country.as_str())
            .bind(list.duplicates.word())
            .bind(list.layout.as_str())
            .bind(list.failure.as_deref())
            .bind(list.is_deleted)
            .bind(now)
            .bind(list.started_at)
            .bind(list.ended_at)
            .bind(list.id.to_bytes())
            .bind(list.version);
        let changed = transaction.execute(update).await?;
        transaction.commit().await?;
        Ok(changed == 1)
    }

    /// A list that is not deleted.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn lead_list(&self, account: &str, id: ListId) -> Result<Option<LeadList>, DatabaseUnavailable> {
        let mut query = sql(SELECT);
        query.push(" WHERE id = ").push_bind(id.to_bytes());
        query.push(" AND account = ").push_bind(account).push(" AND deleted = ").push_bind(false);
        Ok(self.row(query).await?.as_ref().map(list).transpose()?)
    }

    /// A page of lists that are not deleted, newest first, behind `after`, and whether there are more.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn lead_lists(
        &self,
        account: &str,
        states: &[LeadListState],
        after: Option<ListId>,
        limit: usize,
    ) -> Result<(Vec<LeadList>, bool), DatabaseUnavailable> {
        let mut query = sql(SELECT);
        query.push(" WHERE account = ").push_bind(account).push(" AND deleted = ").push_bind(false);
        if !states.is_empty() {
            query.push(" AND state IN ").push_list(states.iter().map(|state| state.word()));
        }
        if let Some(after) = after {
            query.push(" AND id < ").push_bind(after.to_bytes());
        }
        let limit = limit.clamp(1, MAX_LIMIT);
        query.push(" ORDER BY id DESC LIMIT ").push_bind(limit as u64 + 1);
        let mut page = self.rows(query).await?.iter().map(list).collect::<Result<Vec<_>, _>>()?;
        let more = page.len() > limit;
        page.truncate(limit);
        Ok((page, more))
    }

    /// How many lists an account has that are not deleted.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn count_lead_lists(&self, account: &str) -> Result<u64, DatabaseUnavailable> {
        let count = "SELECT COUNT(*) FROM lead_lists WHERE account = $1 AND deleted = $2";
        let row = self.row(sql(count).bind(account).bind(false)).await?;
        Ok(row.map(|row| columns::optional_count(&row, 0)).transpose()?.flatten().unwrap_or(0))
    }

    /// The list that has waited longest for something to be done with it.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn next_lead_task(&self) -> Result<Option<LeadList>, DatabaseUnavailable> {
        let mut query = sql(SELECT);
        query.push(" WHERE task IS NOT NULL ORDER BY updated_at, id LIMIT 1");
        Ok(self.row(query).await?.as_ref().map(list).transpose()?)
    }

    /// Ids of the lists that have a file: not deleted, not over.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn lead_lists_with_file(&self) -> Result<Vec<ListId>, DatabaseUnavailable> {
        let select = "SELECT id FROM lead_lists WHERE deleted = $1 AND file_bytes > 0 \
                      AND state IN ('uploaded', 'mapped', 'validated', 'importing')";
        let rows = self.rows(sql(select).bind(false)).await?;
        Ok(rows.iter().map(|row| list_id(row, 0)).collect::<Result<_, _>>()?)
    }
}

pub(super) fn insert(list: &LeadList) -> Statement {
    let insert = sql(INSERT)
        .bind(list.id.to_bytes())
        .bind(list.account.as_str())
        .bind(list.name.as_str())
        .bind(list.state.word())
        .bind(list.task.map(LeadListTask::word))
        .bind(list.country.as_str())
        .bind(list.duplicates.word())
        .bind(list.layout.as_str())
        .bind(list.file_bytes)
        .bind(list.place.as_str());
    counted(insert, &list.counts)
        .bind(list.failure.as_deref())
        .bind(list.is_deleted)
        .bind(list.created_by.as_str())
        .bind(list.created_at)
        .bind(list.updated_at)
        .bind(list.started_at)
        .bind(list.ended_at)
        .bind(list.version)
}

/// Binds what was counted, in the order of its fields.
pub(super) fn counted(statement: Statement, counts: &LeadListCounts) -> Statement {
    statement
        .bind(counts.read_bytes)
        .bind(counts.rows_read)
        .bind(counts.leads)
        .bind(counts.numbers)
        .bind(counts.rows_invalid)
        .bind(counts.rows_duplicate)
        .bind(counts.rows_forbidden)
        .bind(counts.issues)
}

/// In the order of `SELECT`.
fn list(row: &Row) -> Result<LeadList, sqlx::Error> {
    let count = |column| columns::optional_count(row, column).map(Option::unwrap_or_default);
    Ok(LeadList {
        id: list_id(row, 0)?,
        account: row.try_get(1)?,
        name: row.try_get(2)?,
        state: columns::word(row, 3)?,
        task: columns::optional_word(row, 4)?,
        country: row.try_get(5)?,
        duplicates: columns::word(row, 6)?,
        layout: row.try_get(7)?,
        file_bytes: count(8)?,
        place: row.try_get(9)?,
        counts: LeadListCounts {
            read_bytes: count(10)?,
            rows_read: count(11)?,
            leads: count(12)?,
            numbers: count(13)?,
            rows_invalid: count(14)?,
            rows_duplicate: count(15)?,
            rows_forbidden: count(16)?,
            issues: count(17)?,
        },
        failure: row.try_get(18)?,
        is_deleted: row.try_get(19)?,
        created_by: row.try_get(20)?,
        created_at: columns::time(row, 21)?,
        updated_at: columns::time(row, 22)?,
        started_at: columns::optional_time(row, 23)?,
        ended_at: columns::optional_time(row, 24)?,
        version: count(25)?,
    })
}

pub(super) fn list_id(row: &Row, column: usize) -> Result<ListId, sqlx::Error> {
    columns::call_id(row, column).map(|id| ListId(id.0))
}

const SELECT: &str = "SELECT id, account, name, state, task, country, duplicates, layout, file_bytes, place, read_bytes, \
                      rows_read, leads, numbers, rows_invalid, rows_duplicate, rows_forbidden, issues, failure, deleted, \
                      created_by, created_at, updated_at, started_at, ended_at, version FROM lead_lists";
const INSERT: &str = "INSERT INTO lead_lists (id, account, name, state, task, country, duplicates, layout, file_bytes, \
    place, read_bytes, rows_read, leads, numbers, rows_invalid, rows_duplicate, rows_forbidden, issues, failure, deleted, \
    created_by, created_at, updated_at, started_at, ended_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, \
    $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)";
const CHANGE: &str = "UPDATE lead_lists SET name = $1, state = $2, task = $3, country = $4, duplicates = $5, layout = $6, \
    failure = $7, deleted = $8, updated_at = $9, started_at = $10, ended_at = $11, version = version + 1 \
    WHERE id = $12 AND version = $13";
