//! The connection to the database, and all that differs between databases.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::error::ErrorKind;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Pool, Sqlite, Transaction};

/// The database that this program speaks to.
pub(crate) type Db = Sqlite;

/// A database, connected when it is first used. Never touched in the call path.
#[derive(Clone, Debug)]
pub struct Database {
    path: PathBuf,
    writer: Pool<Db>,
    readers: Pool<Db>,
}

/// The database does not answer now: away, locked, or its disk is full. Try again.
#[derive(Debug, thiserror::Error)]
#[error("the database is not available: {why}")]
pub struct DatabaseUnavailable {
    /// What it says.
    pub why: String,
}

/// A statement failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The database as a whole: the same statement may work later.
    Away(DatabaseUnavailable),
    /// This row, now and for ever.
    Row(String),
}

/// The schema cannot be brought up to date.
#[derive(Debug)]
pub(crate) enum MigrateFailure {
    Away(DatabaseUnavailable),
    /// It is not this program's.
    Foreign(String),
}

impl Database {
    /// A SQLite database in a file, created when it is first prepared. One writer, a few readers, write-ahead log.
    #[must_use]
    pub fn sqlite(path: &Path) -> Self {
        // After power loss the last transactions may be gone, never half of one: the projector replays them.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(BUSY_TIMEOUT)
            .synchronous(SqliteSynchronous::Normal);
        let writer = options.clone().create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
        let pool = || SqlitePoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).min_connections(0);
        Self {
            path: path.to_owned(),
            writer: pool().max_connections(1).connect_lazy_with(writer),
            readers: pool().max_connections(READERS).connect_lazy_with(options.read_only(true)),
        }
    }

    /// Where it is, for messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    pub(crate) const fn readers(&self) -> &Pool<Db> {
        &self.readers
    }

    /// Begins the writer's transaction. It takes the write lock at once, so that it cannot fail half-way for a lock.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Db>, Failure> {
        Ok(self.writer.begin_with(BEGIN_WRITE).await?)
    }

    /// Lets the writer's connection go: a full disk may end a transaction behind its back, and every later one with it.
    pub(crate) async fn renew_writer(&self) {
        if let Ok(connection) = self.writer.acquire().await {
            // What it says at its end concerns nobody any more.
            let _ = connection.close().await;
        }
    }

    pub(crate) async fn migrate(&self) -> Result<(), MigrateFailure> {
        MIGRATIONS.run(&self.writer).await.map_err(|error| match error {
            MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => {
                MigrateFailure::Foreign("a newer program made its tables".to_owned())
            }
            MigrateError::VersionMismatch(version) => {
                MigrateFailure::Foreign(format!("its migration {version} is another one"))
            }
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) if is_no_database(&error) => {
                MigrateFailure::Foreign("it is damaged, or no SQLite database".to_owned())
            }
            other => MigrateFailure::Away(DatabaseUnavailable { why: other.to_string() }),
        })
    }
}

impl From<sqlx::Error> for DatabaseUnavailable {
    fn from(error: sqlx::Error) -> Self {
        Self { why: error.to_string() }
    }
}

impl From<sqlx::Error> for Failure {
    /// A broken constraint or a value that does not fit is the row's; everything else is the database's.
    fn from(error: sqlx::Error) -> Self {
        let of_the_row = match &error {
            sqlx::Error::Database(database) => {
                database.kind() != ErrorKind::Other || database.code().is_some_and(|code| is_of_the_row(&code))
            }
            sqlx::Error::Encode(_) => true,
            _ => false,
        };
        if of_the_row { Self::Row(error.to_string()) } else { Self::Away(error.into()) }
    }
}

/// SQLite's result codes CORRUPT and NOTADB: no later try finds it whole.
fn is_no_database(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, 11 | 26))
}

/// SQLite's result codes (the low byte of an extended one): TOOBIG, CONSTRAINT, MISMATCH.
fn is_of_the_row(code: &str) -> bool {
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 18..=20))
}

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");
const BEGIN_WRITE: &str = "BEGIN IMMEDIATE";
/// Reports and lists at once; each has its own thread in SQLite.
const READERS: u32 = 4;
/// Another program's short write is waited for; a long one is tried again by the projector.
const BUSY_TIMEOUT: Duration = Duration::from_millis(500);
/// A REST request is told in time that the database is away.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_that_a_full_disk_broke_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::sqlite(&folder.path().join("trunkline.db"));
        database.migrate().await.unwrap();
        // The least it takes: as many pages as there are.
        sqlx::query("PRAGMA max_page_count = 1").execute(&database.writer).await.unwrap();
        assert!(write_much(&database).await.is_err_and(|why| why.contains("full")));
        assert!(write_much(&database).await.is_err());
        database.renew_writer().await;
        write_much(&database).await.unwrap();
    }

    async fn write_much(database: &Database) -> Result<(), String> {
        let mut transaction = database.begin().await.map_err(|error| format!("{error:?}"))?;
        let insert = "INSERT INTO projection_poison (position, journal_id, written_at, why, entry) \
                      VALUES (x'01', x'02', 0, 'large', zeroblob(1000000))";
        sqlx::query(insert).execute(&mut *transaction).await.map_err(|error| error.to_string())?;
        transaction.commit().await.map_err(|error| error.to_string())
    }
}
