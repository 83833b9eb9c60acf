//! The connection to the database, SQLite or PostgreSQL, and all that differs between them.
//!
//! One set of migrations and one text of each statement serve both. So a text uses
//! only what means the same in both:
//! - parameters are `$1`, `$2` ...; types are `BYTEA` (ids, 16 bytes), `TEXT`, `BIGINT`
//!   (times in microseconds, counts) and `BOOLEAN`; ids are made by the program;
//! - `INSERT ... ON CONFLICT (columns) DO ...`, row values in comparisons, partial indexes;
//! - no `LIKE` (SQLite's ignores case), no functions of time, text or JSON;
//! - a column that can be NULL is sorted only with `NULLS FIRST` or `NULLS LAST`, a text
//!   only with `COLLATE "C"`, by which both compare bytes.

mod connection;
mod failure;
mod postgres;
mod row;
mod statement;
mod transaction;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgPoolOptions, Postgres};
use sqlx::sqlite::{Sqlite, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Pool};
use tokio::sync::Mutex;
use tokio::time::timeout;

use connection::{Connection, Writer, postgres_rows, sqlite_rows};

pub use failure::DatabaseUnavailable;
pub use postgres::{BadPostgresAddress, PostgresAddress};

pub(crate) use connection::Commit;
pub(crate) use failure::{Failure, MigrateFailure};
pub(crate) use row::Row;
pub(crate) use statement::{Bind, Statement, Value, sql};
pub(crate) use transaction::Transaction;

/// A database, connected when it is first used. Never touched in the call path.
#[derive(Clone)]
pub struct Database {
    name: String,
    writer: Writer,
    /// The one connection that writes, while nobody does. A lock across awaits on purpose: it is the queue of those who
    /// write, none of whom is in the call path.
    idle: Arc<Mutex<Option<Connection>>>,
    readers: Readers,
    set_aside: String,
}

#[derive(Clone)]
enum Readers {
    Sqlite(Pool<Sqlite>),
    Postgres(Pool<Postgres>),
}

impl Database {
    /// A SQLite database in a file, created when it is first prepared. One writer, a few readers, write-ahead log.
    #[must_use]
    pub fn sqlite(path: &Path) -> Self {
        // PostgreSQL's name for the order of bytes, which is SQLite's own.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(BUSY_TIMEOUT)
            .collation("C", str::cmp)
            .disable_statement_logging();
        let writer = options.clone().create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
        let pool = SqlitePoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).max_connections(READERS);
        let name = path.display().to_string();
        Self {
            set_aside: format!("mv '{name}' '{name}.aside'"),
            name,
            writer: Writer::Sqlite(Box::new(writer.synchronous(SqliteSynchronous::Normal))),
            idle: Arc::default(),
            readers: Readers::Sqlite(pool.connect_lazy_with(options.read_only(true))),
        }
    }

    /// A PostgreSQL database. It must exist; its tables are made when it is first prepared.
    #[must_use]
    pub fn postgres(address: &PostgresAddress) -> Self {
        let pool = PgPoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).max_connections(READERS);
        let reader = address.options().options([("default_transaction_read_only", "on")]);
        Self {
            name: address.to_string(),
            set_aside: address.set_aside(),
            writer: Writer::Postgres(Box::new(address.options())),
            idle: Arc::default(),
            readers: Readers::Postgres(pool.connect_lazy_with(reader)),
        }
    }

    /// Where it is, for messages: never with a password.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The command that sets it aside, so that an empty one takes its place.
    #[must_use]
    pub(crate) fn set_aside(&self) -> &str {
        &self.set_aside
    }

    /// Closes all connections.
    pub async fn close(&self) {
        match &self.readers {
            Readers::Sqlite(pool) => pool.close().await,
            Readers::Postgres(pool) => pool.close().await,
        }
        let idle = self.idle.lock().await.take();
        if let Some(connection) = idle {
            // What it says at its end concerns nobody any more.
            let _ = timeout(ACQUIRE_TIMEOUT, connection.close()).await;
        }
    }

    /// All rows of a query. It sees what was committed before, nothing else.
    pub(crate) async fn rows(&self, statement: Statement) -> Result<Vec<Row>, DatabaseUnavailable> {
        let read = async {
            match &self.readers {
                Readers::Sqlite(pool) => sqlite_rows(pool, statement).await,
                Readers::Postgres(pool) => postgres_rows(pool, statement).await,
            }
        };
        match timeout(READ_TIMEOUT, read).await {
            Ok(rows) => Ok(rows?),
            Err(_) => Err(DatabaseUnavailable::silent_for(READ_TIMEOUT)),
        }
    }

    /// The first row of a query.
    pub(crate) async fn row(&self, statement: Statement) -> Result<Option<Row>, DatabaseUnavailable> {
        Ok(self.rows(statement).await?.into_iter().next())
    }

    /// Begins the one writing transaction, after those who wait already.
    pub(crate) async fn begin(&self, commit: Commit) -> Result<Transaction, Failure> {
        let mut place = timeout(TURN_TIMEOUT, Arc::clone(&self.idle).lock_owned())
            .await
            .map_err(|_| DatabaseUnavailable::silent_for(TURN_TIMEOUT))?;
        let connection = match place.take() {
            Some(connection) => connection,
            None => self.writer.connect().await.map_err(DatabaseUnavailable::from)?,
        };
        Transaction::begin(place, connection, commit).await
    }

    /// Brings the tables up to date.
    pub(crate) async fn migrate(&self) -> Result<(), MigrateFailure> {
        let mut place = self.idle.lock().await;
        let mut connection = match place.take() {
            Some(connection) => connection,
            None => self.writer.connect().await?,
        };
        let migrated = match &mut connection {
            Connection::Sqlite(to) => MIGRATIONS.run_direct(None, to, false).await,
            Connection::Postgres(to) => MIGRATIONS.run_direct(None, to, false).await,
        };
        migrated.map_err(why_not_migrated)?;
        *place = Some(connection);
        Ok(())
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Database").field(&self.name).finish()
    }
}

fn why_not_migrated(error: MigrateError) -> MigrateFailure {
    match error {
        MigrateError::VersionMissing(version) | MigrateError::VersionTooNew(version, _) => {
            MigrateFailure::Foreign(format!("a newer program made its tables (migration {version})"))
        }
        MigrateError::VersionMismatch(version) => {
            MigrateFailure::Foreign(format!("its migration {version} is another one"))
        }
        MigrateError::ExecuteMigration(error, version) if failure::is_of_the_schema(&error) => {
            MigrateFailure::Foreign(format!("migration {version} does not fit what is in it ({error})"))
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        other => MigrateFailure::Away(DatabaseUnavailable { why: other.to_string() }),
    }
}

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");
/// Reports and lists at once; each has its own thread in SQLite, its own process in PostgreSQL.
const READERS: u32 = 4;
/// Another program's short write is waited for; a long one is tried again by the projector.
const BUSY_TIMEOUT: Duration = Duration::from_millis(500);
/// A REST request is told in time that the database is away.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// The same, with a reader's connection in hand whose server says nothing.
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// A projector's transaction is shorter than this while the database is well.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
