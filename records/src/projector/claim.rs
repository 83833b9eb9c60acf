//! Whether a database and a journal belong together, and how far the database is.

use journal::{Journal, JournalId};
use journal_core::{Durability, Position};
use sqlx::{Row, SqliteConnection};

use crate::database::{Database, DatabaseUnavailable, Failure, MigrateFailure};

/// How far a database is in its journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) journal: JournalId,
    pub(super) applied: Position,
    pub(super) resume: Position,
}

/// The database is not ready.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// Not now: go on without it.
    #[error(transparent)]
    Away(#[from] DatabaseUnavailable),
    /// Never with this journal or program: do not start.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Why a database is refused, in one line that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It was filled from another journal.
    #[error(
        "database {database}: filled from journal {expected}, but this node's journal is {got}; use the data folder \
         that belongs to it, or keep its rows and go on with this journal: {ADOPT}"
    )]
    Foreign {
        /// The database.
        database: String,
        /// Journal it was filled from.
        expected: JournalId,
        /// Journal of this node.
        got: JournalId,
    },
    /// It has entries that the journal no longer has.
    #[error(
        "database {database}: has entries up to {applied}, but the journal ends at {end}; restore the newer journal, \
         or keep its rows and go on with this one: {ADOPT}"
    )]
    Ahead {
        /// The database.
        database: String,
        /// Sequence of the last entry it has.
        applied: u64,
        /// Sequence of the journal's last entry.
        end: u64,
    },
    /// The journal has trimmed entries that it lacks.
    #[error(
        "database {database}: has entries up to {applied}, but the journal begins at {first}; restore a newer copy of \
         it, or go on without the records between: {ADOPT}"
    )]
    Gap {
        /// The database.
        database: String,
        /// Sequence of the last entry it has.
        applied: u64,
        /// Sequence of the first entry kept.
        first: u64,
    },
    /// It is no database, or its tables are not this program's.
    #[error(
        "database {database}: {why}; start the program that made it, restore a backup, or move it away: it is filled \
         again from what the journal keeps"
    )]
    Schema {
        /// The database.
        database: String,
        /// What is wrong.
        why: String,
    },
}

/// Brings the schema up to date and takes the database for this journal.
pub(super) async fn claim(database: &Database, journal: &Journal) -> Result<Claim, PrepareError> {
    migrate(database).await?;
    let mut transaction = database.begin().await.map_err(away)?;
    let name = database.path().display().to_string();
    let claim = match read(&mut transaction).await.map_err(away)? {
        Some(claim) => check(claim, journal, name)?,
        None => {
            let claim = Claim { journal: journal.id(), applied: Position::START, resume: Position::START };
            store(&mut transaction, claim).await.map_err(away)?;
            claim
        }
    };
    transaction.commit().await.map_err(DatabaseUnavailable::from)?;
    Ok(claim)
}

/// Goes on with this journal whatever was there: behind its end where it is the
/// same one, from its beginning where it is another.
pub(super) async fn adopt(database: &Database, journal: &Journal) -> Result<(), PrepareError> {
    migrate(database).await?;
    let mut transaction = database.begin().await.map_err(away)?;
    let former = read(&mut transaction).await.map_err(away)?;
    let behind_end = former
        .filter(|claim| claim.journal == journal.id())
        .map(|claim| (claim.applied, end_for(claim, journal)))
        .filter(|(applied, end)| applied > end);
    let position = behind_end.map_or(Position::START, |(_, end)| end);
    let claim = Claim { journal: journal.id(), applied: position, resume: position };
    store(&mut transaction, claim).await.map_err(away)?;
    transaction.commit().await.map_err(DatabaseUnavailable::from)?;
    Ok(())
}

/// Notes how far the database is, in the transaction of the rows.
pub(super) async fn store(to: &mut SqliteConnection, claim: Claim) -> Result<(), Failure> {
    let upsert = "INSERT INTO projection (id, journal_id, applied, resume) VALUES (1, $1, $2, $3) \
                  ON CONFLICT (id) DO UPDATE SET journal_id = excluded.journal_id, applied = excluded.applied, \
                  resume = excluded.resume";
    sqlx::query(upsert)
        .bind(claim.journal.0.to_vec())
        .bind(claim.applied.to_key().to_vec())
        .bind(claim.resume.to_key().to_vec())
        .execute(to)
        .await?;
    Ok(())
}

async fn read(from: &mut SqliteConnection) -> Result<Option<Claim>, Failure> {
    let select = "SELECT journal_id, applied, resume FROM projection WHERE id = 1";
    let Some(row) = sqlx::query(select).fetch_optional(from).await? else { return Ok(None) };
    let id = <[u8; 16]>::try_from(row.try_get::<Vec<u8>, _>(0)?).unwrap_or_default();
    let position = |column: usize| -> Result<Position, sqlx::Error> {
        Ok(Position::from_key(&row.try_get::<Vec<u8>, _>(column)?).unwrap_or_default())
    };
    Ok(Some(Claim { journal: JournalId(id), applied: position(1)?, resume: position(2)? }))
}

async fn migrate(database: &Database) -> Result<(), PrepareError> {
    database.migrate().await.map_err(|failure| match failure {
        MigrateFailure::Away(why) => PrepareError::Away(why),
        MigrateFailure::Foreign(why) => Refusal::Schema { database: database.path().display().to_string(), why }.into(),
    })
}

fn check(claim: Claim, journal: &Journal, database: String) -> Result<Claim, PrepareError> {
    if claim.journal != journal.id() {
        return Err(Refusal::Foreign { database, expected: claim.journal, got: journal.id() }.into());
    }
    let end = end_for(claim, journal);
    if claim.applied > end {
        return Err(Refusal::Ahead { database, applied: claim.applied.sequence, end: end.sequence }.into());
    }
    let first = journal.first().map_err(|e| DatabaseUnavailable { why: e.to_string() })?;
    match first.map(|stored| stored.position.sequence) {
        Some(first) if claim.resume.sequence + 1 < first && claim.resume != Position::START => {
            Err(Refusal::Gap { database, applied: claim.resume.sequence, first }.into())
        }
        _ => Ok(claim),
    }
}

/// Where the journal ends for a database that came as far as `claim`: what this opening appended already must not hide
/// what a damaged journal lacks.
fn end_for(claim: Claim, journal: &Journal) -> Position {
    let of_this_epoch = claim.applied.epoch >= journal.epoch();
    if of_this_epoch { journal.reached(Durability::Synced) } else { journal.found() }
}

fn away(failure: Failure) -> PrepareError {
    match failure {
        Failure::Away(why) => why.into(),
        Failure::Row(why) => DatabaseUnavailable { why }.into(),
    }
}

/// The command that resolves a refusal.
const ADOPT: &str = "trunkline adopt --config FILE";
