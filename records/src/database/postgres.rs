//! The address of a PostgreSQL database.

use std::fmt;
use std::str::FromStr;

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

/// Where a PostgreSQL database is: `postgres://user:password@host:port/database?sslmode=...`, with what libpq knows
/// besides. Shown without its password.
#[derive(Clone)]
pub struct PostgresAddress {
    options: Box<PgConnectOptions>,
    database: String,
}

/// The text is no address of a PostgreSQL database. It is not repeated here: it may have a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the address of a PostgreSQL database, like \"postgres://trunkline@localhost/trunkline\": {why}")]
pub struct BadPostgresAddress {
    /// What is wrong.
    pub why: String,
}

impl PostgresAddress {
    /// The same with this password.
    #[must_use]
    pub fn with_password(self, password: &str) -> Self {
        Self { options: Box::new(self.options.password(password)), database: self.database }
    }

    pub(super) fn options(&self) -> PgConnectOptions {
        PgConnectOptions::clone(&self.options)
            .disable_statement_logging()
            .application_name(APPLICATION)
            .options(SERVER_SETTINGS)
    }

    /// The command that sets the database aside and makes an empty one in its place.
    pub(super) fn set_aside(&self) -> String {
        let Self { options, database } = self;
        let (host, port, user) = (self.host(), options.get_port(), options.get_username());
        format!(
            "psql -h {host} -p {port} -U {user} postgres -c 'ALTER DATABASE \"{database}\" RENAME TO \
             \"{database}_aside\"' -c 'CREATE DATABASE \"{database}\"'"
        )
    }

    /// A name, an address, or the folder of a socket.
    fn host(&self) -> String {
        self.options.get_socket().map_or_else(|| self.options.get_host().to_owned(), |path| path.display().to_string())
    }
}

impl FromStr for PostgresAddress {
    type Err = BadPostgresAddress;

    fn from_str(text: &str) -> Result<Self, BadPostgresAddress> {
        let bad = |why: &str| BadPostgresAddress { why: why.to_owned() };
        if !["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) {
            return Err(bad("it does not begin with postgres://"));
        }
        let options = PgConnectOptions::from_str(text).map_err(|error| match error {
            sqlx::Error::Configuration(why) => bad(&why.to_string()),
            _ => bad("it cannot be read"),
        })?;
        let Some(database) = options.get_database().map(ToOwned::to_owned) else {
            return Err(bad("it names no database"));
        };
        Ok(Self { options: Box::new(options), database })
    }
}

impl fmt::Display for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (user, port) = (self.options.get_username(), self.options.get_port());
        write!(f, "postgres://{user}@{}:{port}/{}", self.host(), self.database)
    }
}

impl fmt::Debug for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const APPLICATION: &str = "trunkline";
/// Another program's short lock is waited for. A host that vanished loses the writer's lock within half a minute, so
/// that another can take over.
const SERVER_SETTINGS: [(&str, &str); 5] = [
    ("lock_timeout", "2s"),
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("client_min_messages", "warning"),
];
