//! A connection of either kind, and the few words that differ between them.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, Postgres};
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, Encode, Executor, Type};
use tokio::time::timeout;

use super::failure::{DatabaseUnavailable, MigrateFailure};
use super::row::Row;
use super::statement::{Statement, Value};

/// What a commit must outlive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Commit {
    /// Our crash; after power loss the last ones may be gone, never half of one. For what the journal can replay.
    Replayable,
    /// Power loss. For what only the database has: accounts, users, keys.
    Synced,
}

/// How to connect the writer.
#[derive(Clone, Debug)]
pub(super) enum Writer {
    Sqlite(Box<SqliteConnectOptions>),
    Postgres(Box<PgConnectOptions>),
}

/// The writer's connection.
pub(super) enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Writer {
    /// Connects. In PostgreSQL the connection holds the lock of the one writer as long as it lives.
    pub(super) async fn connect(&self) -> Result<Connection, MigrateFailure> {
        match timeout(CONNECT_TIMEOUT, self.connect_to_any()).await {
            Ok(connected) => connected,
            Err(_) => Err(MigrateFailure::Away(DatabaseUnavailable::silent_for(CONNECT_TIMEOUT))),
        }
    }

    async fn connect_to_any(&self) -> Result<Connection, MigrateFailure> {
        match self {
            Self::Sqlite(options) => Ok(Connection::Sqlite(options.connect().await?)),
            Self::Postgres(options) => {
                let mut connection = options.connect().await?;
                let lock = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(WRITER_LOCK);
                if lock.fetch_one(&mut connection).await? {
                    Ok(Connection::Postgres(connection))
                } else {
                    Err(MigrateFailure::Away(DatabaseUnavailable { why: holder(&mut connection).await }))
                }
            }
        }
    }
}

impl Connection {
    pub(super) async fn begin(&mut self, commit: Commit) -> Result<(), sqlx::Error> {
        match (self, commit) {
            // The write lock at once, so that no transaction can fail half-way for a lock.
            (Self::Sqlite(to), Commit::Replayable) => {
                to.execute(sqlx::raw_sql("PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE")).await.map(drop)
            }
            (Self::Sqlite(to), Commit::Synced) => {
                to.execute(sqlx::raw_sql("PRAGMA synchronous = FULL; BEGIN IMMEDIATE")).await.map(drop)
            }
            (Self::Postgres(to), Commit::Replayable) => {
                to.execute(sqlx::raw_sql("BEGIN; SET LOCAL synchronous_commit = off")).await.map(drop)
            }
            (Self::Postgres(to), Commit::Synced) => to.execute(sqlx::raw_sql("BEGIN")).await.map(drop),
        }
    }

    /// Executes it; how many rows it changed.
    pub(super) async fn execute(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        match self {
            Self::Sqlite(on) => Ok(query::<Sqlite>(statement).execute(on).await?.rows_affected()),
            Self::Postgres(on) => Ok(query::<Postgres>(statement).execute(on).await?.rows_affected()),
        }
    }

    pub(super) async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite(on) => sqlite_rows(on, statement).await,
            Self::Postgres(on) => postgres_rows(on, statement).await,
        }
    }

    pub(super) async fn close(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
        }
    }

    /// Executes a word about the transaction itself.
    pub(super) async fn tell(&mut self, word: &'static str) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(to) => to.execute(sqlx::raw_sql(word)).await.map(drop),
            Self::Postgres(to) => to.execute(sqlx::raw_sql(word)).await.map(drop),
        }
    }
}

pub(super) async fn sqlite_rows<'c>(
    on: impl Executor<'c, Database = Sqlite>,
    statement: Statement,
) -> Result<Vec<Row>, sqlx::Error> {
    Ok(query::<Sqlite>(statement).fetch_all(on).await?.into_iter().map(Row::Sqlite).collect())
}

pub(super) async fn postgres_rows<'c>(
    on: impl Executor<'c, Database = Postgres>,
    statement: Statement,
) -> Result<Vec<Row>, sqlx::Error> {
    Ok(query::<Postgres>(statement).fetch_all(on).await?.into_iter().map(Row::Postgres).collect())
}

/// The statement as the database's own. Its text is the program's: see [`Statement`].
fn query<DB>(statement: Statement) -> Query<'static, DB, DB::Arguments>
where
    DB: sqlx::Database,
    Option<Vec<u8>>: Encode<'static, DB> + Type<DB>,
    Option<String>: Encode<'static, DB> + Type<DB>,
    Option<i64>: Encode<'static, DB> + Type<DB>,
    Option<bool>: Encode<'static, DB> + Type<DB>,
{
    let query = sqlx::query::<DB>(AssertSqlSafe(statement.text));
    statement.values.into_iter().fold(query, |query, value| match value {
        Value::Bytes(bytes) => query.bind(bytes),
        Value::Text(text) => query.bind(text),
        Value::Integer(integer) => query.bind(integer),
        Value::Boolean(boolean) => query.bind(boolean),
    })
}

/// Who has the lock, for the operator.
async fn holder(connection: &mut PgConnection) -> String {
    let select = "SELECT a.pid::bigint, COALESCE(host(a.client_addr), 'this host') FROM pg_locks l \
                  JOIN pg_stat_activity a ON a.pid = l.pid JOIN pg_database d ON d.oid = l.database \
                  WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database() \
                  AND l.classid::bigint = $1 AND l.objid::bigint = $2 LIMIT 1";
    let (high, low) = (WRITER_LOCK >> 32, WRITER_LOCK & 0xffff_ffff);
    let found = sqlx::query_as::<_, (i64, String)>(select).bind(high).bind(low).fetch_optional(connection).await;
    let who = found.ok().flatten().map_or_else(
        || "another node".to_owned(),
        |(pid, address)| format!("another node, from {address}, server process {pid}"),
    );
    format!("in use by {who}; stop that node, or give this one a database of its own")
}

/// A node that is told late that its database is away answers late; a start waits for it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// "trunkl 1" as a number: the advisory lock of the one node that writes to a database.
const WRITER_LOCK: i64 = 0x7472_756e_6b6c_0001;
