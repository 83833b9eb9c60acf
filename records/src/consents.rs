//! Consents of numbers, and their revocations: `consents`. Rows are only added.

use clock::WallTime;
use journal_core::ConsentEntry;

use crate::columns;
use crate::database::{Bind, Database, DatabaseUnavailable, Failure, Row, Transaction, Value, sql};
use crate::filter::MAX_LIMIT;
use crate::people::RowId;

/// A consent or a revocation, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// What was written down.
    pub entry: ConsentEntry,
    /// When a consent was revoked, if it was: the first revocation behind it.
    pub revoked_at: Option<WallTime>,
}

/// What a list of consents is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsentFilter {
    /// The account whose they are.
    pub account: String,
    /// This one.
    pub id: Option<RowId>,
    /// Of this number.
    pub number: Option<String>,
    /// To this.
    pub purpose: Option<String>,
    /// Given, or revoked.
    pub given: Option<bool>,
    /// Written down before this one.
    pub before: Option<RowId>,
    /// How many, 1 to [`MAX_LIMIT`].
    pub limit: usize,
}

impl Database {
    /// A page of consents and revocations, newest first, and whether more follow.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn consents(&self, filter: &ConsentFilter) -> Result<(Vec<Consent>, bool), DatabaseUnavailable> {
        let mut query = sql(SELECT);
        query.push(" WHERE c.account = ").push_bind(filter.account.as_str());
        for (column, value) in [(" AND c.number = ", &filter.number), (" AND c.purpose = ", &filter.purpose)] {
            if let Some(value) = value {
                query.push(column).push_bind(value.as_str());
            }
        }
        if let Some(given) = filter.given {
            query.push(" AND c.given = ").push_bind(given);
        }
        for (column, id) in [(" AND c.id = ", filter.id), (" AND c.id < ", filter.before)] {
            if let Some(id) = id {
                query.push(column).push_bind(id.0.to_be_bytes());
            }
        }
        let limit = filter.limit.clamp(1, MAX_LIMIT);
        query.push(" ORDER BY c.id DESC LIMIT ").push_bind(limit as u64 + 1);
        let mut page = self.rows(query).await?.iter().map(consent).collect::<Result<Vec<_>, _>>()?;
        let more = page.len() > limit;
        page.truncate(limit);
        Ok((page, more))
    }
}

/// Writes it, once.
pub(crate) async fn write(to: &mut Transaction, entry: &ConsentEntry) -> Result<(), Failure> {
    to.insert(INSERT, vec![row(entry)], " ON CONFLICT (id) DO NOTHING").await
}

/// In the order of `INSERT`.
fn row(entry: &ConsentEntry) -> Vec<Value> {
    vec![
        entry.id.to_be_bytes().value(),
        entry.account.as_str().value(),
        entry.number.as_str().value(),
        entry.purpose.as_str().value(),
        entry.given.value(),
        entry.channel.as_str().value(),
        entry.source.as_str().value(),
        entry.evidence.as_deref().value(),
        entry.at.value(),
        entry.by.as_str().value(),
        entry.recorded_at.value(),
    ]
}

fn consent(row: &Row) -> Result<Consent, sqlx::Error> {
    let entry = ConsentEntry {
        id: columns::call_id(row, 0)?.0,
        account: row.try_get(1)?,
        number: row.try_get(2)?,
        purpose: row.try_get(3)?,
        given: row.try_get(4)?,
        channel: row.try_get(5)?,
        source: row.try_get(6)?,
        evidence: row.try_get(7)?,
        at: columns::time(row, 8)?,
        by: row.try_get(9)?,
        recorded_at: columns::time(row, 10)?,
    };
    let revoked_at = columns::optional_time(row, 11)?.filter(|_| entry.given);
    Ok(Consent { entry, revoked_at })
}

const SELECT: &str = "SELECT c.id, c.account, c.number, c.purpose, c.given, c.channel, c.source, c.evidence, c.at, \
                      c.recorded_by, c.recorded_at, (SELECT MIN(r.at) FROM consents r WHERE r.account = c.account AND \
                      r.number = c.number AND r.purpose = c.purpose AND r.given = FALSE AND r.at >= c.at) FROM consents c";
const INSERT: &str = "INSERT INTO consents (id, account, number, purpose, given, channel, source, evidence, at, \
                      recorded_by, recorded_at) VALUES";
