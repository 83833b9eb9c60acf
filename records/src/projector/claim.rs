//! Whether a database and a journal belong together, and how far the database is.

use journal::{Journal, JournalId};
use journal_core::{Durability, Position};

use crate::database::{
    Commit, Database, DatabaseUnavailable, Failure, MigrateFailure, Row, Statement, Transaction, sql,
};

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
    /// Another node, with another journal, writes to it now.
    #[error("database {database}: {why}")]
    InUse {
        /// The database.
        database: String,
        /// By whom, and what to do.
        why: String,
    },
    /// It is no database, or its tables are not this program's.
    #[error(
        "database {database}: {why}; start the program that made it, or restore a backup, or set it aside, and the \
         next start fills an empty one from what the journal keeps: {set_aside}"
    )]
    Schema {
        /// The database.
        database: String,
        /// What is wrong.
        why: String,
        /// The command that sets it aside.
        set_aside: String,
    },
}

/// Brings the schema up to date and takes the database for this journal.
pub(super) async fn claim(database: &Database, journal: &Journal) -> Result<Claim, PrepareError> {
    if let Err(failure) = migrate(database).await {
        return Err(in_use(database, journal, failure).await);
    }
    let mut transaction = database.begin(Commit::Replayable).await.map_err(away)?;
    let name = database.name().to_owned();
    let claim = match read(&mut transaction).await.map_err(away)? {
        Some(claim) => check(claim, journal, name)?,
        None => {
            let claim = Claim { journal: journal.id(), applied: Position::START, resume: Position::START };
            store(&mut transaction, claim).await.map_err(away)?;
            claim
        }
    };
    transaction.commit().await.map_err(away)?;
    Ok(claim)
}

/// Goes on with this journal whatever was there: behind its end where it is the
/// same one, from its beginning where it is another.
pub(super) async fn adopt(database: &Database, journal: &Journal) -> Result<(), PrepareError> {
    migrate(database).await?;
    let mut transaction = database.begin(Commit::Synced).await.map_err(away)?;
    let former = read(&mut transaction).await.map_err(away)?;
    let behind_end = former
        .filter(|claim| claim.journal == journal.id())
        .map(|claim| (claim.applied, end_for(claim, journal)))
        .filter(|(applied, end)| applied > end);
    let position = behind_end.map_or(Position::START, |(_, end)| end);
    let claim = Claim { journal: journal.id(), applied: position, resume: position };
    store(&mut transaction, claim).await.map_err(away)?;
    transaction.commit().await.map_err(away)?;
    Ok(())
}

/// Notes how far the database is, in the transaction of the rows.
pub(super) async fn store(to: &mut Transaction, claim: Claim) -> Result<(), Failure> {
    let upsert = "INSERT INTO projection (id, journal_id, applied, resume) VALUES (1, $1, $2, $3) \
                  ON CONFLICT (id) DO UPDATE SET journal_id = excluded.journal_id, applied = excluded.applied, \
                  resume = excluded.resume";
    to.execute(sql(upsert).bind(claim.journal.0).bind(claim.applied.to_key()).bind(claim.resume.to_key())).await?;
    Ok(())
}

/// Whether rows up to `position` are there already: a commit may have worked although nobody heard so.
///
/// # Errors
/// Also when the database is no longer this journal's, and all waits until it is again.
pub(super) async fn is_done(on: &mut Transaction, journal: &Journal, position: Position) -> Result<bool, Failure> {
    match read(on).await? {
        Some(claim) if claim.journal == journal.id() => Ok(claim.applied >= position),
        Some(claim) => {
            let why = format!("it was given to journal {}; this node's is {}: {ADOPT}", claim.journal, journal.id());
            Err(DatabaseUnavailable { why }.into())
        }
        None => Err(DatabaseUnavailable { why: "it was emptied; start this node anew".to_owned() }.into()),
    }
}

async fn read(from: &mut Transaction) -> Result<Option<Claim>, Failure> {
    Ok(from.row(select()).await?.as_ref().map(claim_in).transpose()?)
}

fn select() -> Statement {
    sql("SELECT journal_id, applied, resume FROM projection WHERE id = 1")
}

fn claim_in(row: &Row) -> Result<Claim, sqlx::Error> {
    let id = <[u8; 16]>::try_from(row.try_get::<Vec<u8>>(0)?).unwrap_or_default();
    let position = |column: usize| -> Result<Position, sqlx::Error> {
        Ok(Position::from_key(&row.try_get::<Vec<u8>>(column)?).unwrap_or_default())
    };
    Ok(Claim { journal: JournalId(id), applied: position(1)?, resume: position(2)? })
}

/// A database that cannot be taken now may be one that never will be: another node's.
async fn in_use(database: &Database, journal: &Journal, failure: PrepareError) -> PrepareError {
    let PrepareError::Away(away) = failure else { return failure };
    let owner = match database.row(select()).await {
        Ok(Some(row)) => claim_in(&row).ok().map(|claim| claim.journal),
        _ => None,
    };
    match owner {
        Some(owner) if owner != journal.id() => {
            Refusal::InUse { database: database.name().to_owned(), why: away.why }.into()
        }
        _ => away.into(),
    }
}

async fn migrate(database: &Database) -> Result<(), PrepareError> {
    database.migrate().await.map_err(|failure| match failure {
        MigrateFailure::Away(why) => PrepareError::Away(why),
        MigrateFailure::Foreign(why) => {
            let (database, set_aside) = (database.name().to_owned(), database.set_aside().to_owned());
            Refusal::Schema { database, why, set_aside }.into()
        }
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
    DatabaseUnavailable::from(failure).into()
}

/// The command that resolves most refusals.
const ADOPT: &str = "trunkline adopt --config FILE";
