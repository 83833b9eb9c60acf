//! What was wrong with rows of a list.

use clock::ListId;

use crate::columns;
use crate::database::{Bind, Database, DatabaseUnavailable, Failure, Row, Transaction, sql};

/// Something wrong with a row, to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewIssue {
    /// The row, from 1.
    pub row: u64,
    /// Which of the row's, from 0.
    pub position: u32,
    /// The line on which the row begins, from 1.
    pub line: u64,
    /// The row is a lead all the same.
    pub is_kept: bool,
    /// Name of the column; none: the row as a whole.
    pub column: Option<String>,
    /// Stable word for what is wrong.
    pub code: &'static str,
    /// More about it.
    pub detail: String,
    /// The row as it stood in the file, at position 0.
    pub text: Option<String>,
}

/// The same, as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadIssue {
    /// The row, from 1.
    pub row: u64,
    /// Which of the row's, from 0.
    pub position: u32,
    /// The line on which the row begins, from 1.
    pub line: u64,
    /// The row is a lead all the same.
    pub is_kept: bool,
    /// Name of the column; none: the row as a whole.
    pub column: Option<String>,
    /// Stable word for what is wrong.
    pub code: String,
    /// More about it.
    pub detail: String,
    /// The row as it stood in the file, at position 0.
    pub text: Option<String>,
}

impl Database {
    /// Issues of a list in the order of its rows, behind `after` (row and position).
    ///
    /// # Errors
    /// When the database is away.
    pub async fn lead_issues(
        &self,
        list: ListId,
        after: Option<(u64, u32)>,
        limit: usize,
    ) -> Result<Vec<LeadIssue>, DatabaseUnavailable> {
        let mut query = sql(SELECT);
        query.push(" WHERE list_id = ").push_bind(list.to_bytes());
        if let Some((row, position)) = after {
            query.push(" AND (row_number, position) > ").push_list([row.value(), position.value()]);
        }
        query.push(" ORDER BY row_number, position LIMIT ").push_bind(limit as u64);
        Ok(self.rows(query).await?.iter().map(issue).collect::<Result<_, _>>()?)
    }
}

pub(super) async fn write(to: &mut Transaction, list: ListId, issues: Vec<NewIssue>) -> Result<(), Failure> {
    let row = |issue: NewIssue| {
        vec![
            list.to_bytes().value(),
            issue.row.value(),
            issue.position.value(),
            issue.line.value(),
            issue.is_kept.value(),
            issue.column.value(),
            issue.code.value(),
            issue.detail.value(),
            issue.text.value(),
        ]
    };
    to.insert(INSERT, issues.into_iter().map(row).collect(), "").await
}

/// Deletes some of a list's; whether there are more.
pub(super) async fn purge(to: &mut Transaction, list: ListId, most: u64) -> Result<bool, Failure> {
    let bound = "SELECT row_number FROM lead_issues WHERE list_id = $1 ORDER BY row_number, position LIMIT 1 OFFSET $2";
    let bound = to.row(sql(bound).bind(list.to_bytes()).bind(most)).await?;
    let up_to: Option<i64> = bound.map(|row| row.try_get(0)).transpose().map_err(DatabaseUnavailable::from)?;
    let delete = "DELETE FROM lead_issues WHERE list_id = $1 AND row_number <= $2";
    to.execute(sql(delete).bind(list.to_bytes()).bind(up_to.unwrap_or(i64::MAX))).await?;
    Ok(up_to.is_some())
}

fn issue(row: &Row) -> Result<LeadIssue, sqlx::Error> {
    let count = |column| columns::optional_count(row, column).map(Option::unwrap_or_default);
    Ok(LeadIssue {
        row: count(0)?,
        position: u32::try_from(count(1)?).unwrap_or(u32::MAX),
        line: count(2)?,
        is_kept: row.try_get(3)?,
        column: row.try_get(4)?,
        code: row.try_get(5)?,
        detail: row.try_get(6)?,
        text: row.try_get(7)?,
    })
}

const SELECT: &str = "SELECT row_number, position, line, kept, column_name, code, detail, row_text FROM lead_issues";
const INSERT: &str = "INSERT INTO lead_issues \
    (list_id, row_number, position, line, kept, column_name, code, detail, row_text) VALUES";
