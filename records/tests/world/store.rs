//! The database of a test, seen from outside the program.

use std::path::{Path, PathBuf};
use std::time::Duration;

use records::{Database, PostgresAddress};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row, SqliteConnection};

use crate::postgres::{postgres_database, psql};

/// On which database a test runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    Sqlite,
    Postgres,
}

/// Where the rows are.
pub(crate) enum Store {
    Sqlite(PathBuf),
    Postgres(String),
}

/// Another program's lock on it.
pub(crate) enum Lock {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Store {
    pub(crate) fn new(on: On, folder: &Path) -> Self {
        match on {
            On::Sqlite => Self::Sqlite(folder.join("records.db")),
            On::Postgres => Self::Postgres(postgres_database()),
        }
    }

    pub(crate) fn database(&self) -> Database {
        match self {
            Self::Sqlite(file) => Database::sqlite(file),
            Self::Postgres(address) => Database::postgres(&address.parse::<PostgresAddress>().expect("an address")),
        }
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        match self {
            Self::Sqlite(file) => {
                let mut connection = connect(file).await;
                sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut connection).await.expect("it counts").get(0)
            }
            Self::Postgres(address) => psql(address, &sql).parse().expect("a number"),
        }
    }

    pub(crate) async fn execute(&self, sql: &'static str) {
        match self {
            Self::Sqlite(file) => {
                sqlx::raw_sql(sql).execute(&mut connect(file).await).await.expect("it executes");
            }
            Self::Postgres(address) => {
                psql(address, sql);
            }
        }
    }

    /// Another program that locks the rows for itself.
    pub(crate) async fn lock(&self) -> Lock {
        match self {
            Self::Sqlite(file) => {
                let mut connection = connect(file).await;
                sqlx::raw_sql("BEGIN EXCLUSIVE").execute(&mut connection).await.expect("it locks");
                Lock::Sqlite(connection)
            }
            Self::Postgres(address) => {
                let mut connection = PgConnection::connect(address).await.expect("it connects");
                let lock = "BEGIN; LOCK TABLE projection IN ACCESS EXCLUSIVE MODE";
                sqlx::raw_sql(lock).execute(&mut connection).await.expect("it locks");
                Lock::Postgres(connection)
            }
        }
    }

    /// Makes the tables up to a migration.
    pub(crate) async fn migrate_to(&self, last: i64) {
        let migrations = sqlx::migrate!("./migrations");
        let made = match self {
            Self::Sqlite(file) => {
                let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
                migrations.run_to(last, &mut options.connect().await.expect("it connects")).await
            }
            Self::Postgres(address) => {
                migrations.run_to(last, &mut PgConnection::connect(address).await.expect("it connects")).await
            }
        };
        made.expect("the tables are made");
    }

    /// A copy of the closed database.
    pub(crate) fn copy(&self) -> Self {
        match self {
            Self::Sqlite(file) => {
                let copy = file.with_extension("copy");
                std::fs::copy(file, &copy).expect("it copies");
                Self::Sqlite(copy)
            }
            Self::Postgres(address) => {
                let (server, name) = address.rsplit_once('/').expect("an address");
                let copy = format!("{name}_copy");
                psql(&format!("{server}/postgres"), &format!("CREATE DATABASE {copy} TEMPLATE {name}"));
                Self::Postgres(format!("{server}/{copy}"))
            }
        }
    }

    /// Puts a copy in its place.
    pub(crate) fn restore(&self, copy: &Self) {
        match (self, copy) {
            (Self::Sqlite(file), Self::Sqlite(copy)) => {
                for suffix in ["-wal", "-shm"] {
                    let mut name = file.clone().into_os_string();
                    name.push(suffix);
                    assert!(!Path::new(&name).exists(), "the database was closed");
                }
                std::fs::copy(copy, file).expect("it copies");
            }
            (Self::Postgres(address), Self::Postgres(copy)) => {
                let (server, name) = address.rsplit_once('/').expect("an address");
                let (_, copy) = copy.rsplit_once('/').expect("an address");
                let admin = format!("{server}/postgres");
                psql(&admin, &format!("DROP DATABASE {name} WITH (FORCE)"));
                psql(&admin, &format!("CREATE DATABASE {name} TEMPLATE {copy}"));
            }
            _ => panic!("of the same kind"),
        }
    }
}

impl Lock {
    pub(crate) async fn release(self) {
        match self {
            Self::Sqlite(connection) => connection.close().await.expect("it closes"),
            Self::Postgres(connection) => connection.close().await.expect("it closes"),
        }
    }
}

async fn connect(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(file).busy_timeout(Duration::from_secs(10));
    options.connect().await.expect("it connects")
}
