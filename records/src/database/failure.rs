//! Whose fault it is that a statement failed.

use std::time::Duration;

use sqlx::error::{DatabaseError, ErrorKind};

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

/// The database cannot be used.
#[derive(Debug)]
pub(crate) enum MigrateFailure {
    /// Not now.
    Away(DatabaseUnavailable),
    /// It is not this program's.
    Foreign(String),
}

impl DatabaseUnavailable {
    pub(crate) fn silent_for(limit: Duration) -> Self {
        Self { why: format!("no answer within {} s", limit.as_secs()) }
    }
}

impl From<sqlx::Error> for DatabaseUnavailable {
    fn from(error: sqlx::Error) -> Self {
        Self { why: one_line(&error.to_string()) }
    }
}

impl From<sqlx::Error> for MigrateFailure {
    fn from(error: sqlx::Error) -> Self {
        if is_no_database(&error) {
            Self::Foreign("it is damaged, or no SQLite database".to_owned())
        } else {
            Self::Away(error.into())
        }
    }
}

impl From<MigrateFailure> for DatabaseUnavailable {
    fn from(failure: MigrateFailure) -> Self {
        match failure {
            MigrateFailure::Away(away) => away,
            MigrateFailure::Foreign(why) => Self { why },
        }
    }
}

impl From<DatabaseUnavailable> for Failure {
    fn from(away: DatabaseUnavailable) -> Self {
        Self::Away(away)
    }
}

impl From<sqlx::Error> for Failure {
    /// A broken constraint or a value that does not fit is the row's; everything else is the database's.
    fn from(error: sqlx::Error) -> Self {
        let of_the_row = match &error {
            sqlx::Error::Database(database) => is_of_the_row(database.as_ref()),
            sqlx::Error::Encode(_) => true,
            _ => false,
        };
        if of_the_row { Self::Row(one_line(&error.to_string())) } else { Self::Away(error.into()) }
    }
}

impl From<Failure> for DatabaseUnavailable {
    /// Where no row was written, no row can be at fault.
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Away(away) => away,
            Failure::Row(why) => Self { why },
        }
    }
}

/// SQLite's result codes CORRUPT and NOTADB: no later try finds it whole.
fn is_no_database(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, 11 | 26))
}

/// SQLite's general ERROR, PostgreSQL's class 42: a table is there already, or may not be made.
pub(super) fn is_of_the_schema(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| code == "1" || code.starts_with("42"))
}

fn is_of_the_row(error: &dyn DatabaseError) -> bool {
    let Some(code) = error.code() else { return error.kind() != ErrorKind::Other };
    if error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() {
        is_of_the_row_in_postgres(&code)
    } else {
        is_of_the_row_in_sqlite(&code)
    }
}

/// SQLite's result codes (the low byte of an extended one): TOOBIG, CONSTRAINT, MISMATCH.
fn is_of_the_row_in_sqlite(code: &str) -> bool {
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 18..=20))
}

/// PostgreSQL's classes of SQLSTATE: 22 data exception, 23 integrity constraint, 54 program limit (a row too large for
/// its index). All others are about the connection, the server, its disk, its locks or its rights.
fn is_of_the_row_in_postgres(code: &str) -> bool {
    matches!(code.get(..2), Some("22" | "23" | "54"))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_say_whose_fault_it_is() {
        // 19 CONSTRAINT, 2067 its UNIQUE, 20 MISMATCH; 5 BUSY, 13 FULL, 10 IOERR, 8 READONLY.
        for (code, of_the_row) in [("19", true), ("2067", true), ("20", true), ("5", false), ("13", false)] {
            assert_eq!(is_of_the_row_in_sqlite(code), of_the_row, "{code}");
        }
        // unique, NUL in a text, index row too large; shutdown, disk full, lost, read-only, lock, no table.
        let row = ["23505", "22021", "54000"];
        let away = ["57P01", "53100", "08006", "25006", "55P03", "42P01", "40P01", "28P01", "3D000", ""];
        assert!(row.iter().all(|code| is_of_the_row_in_postgres(code)));
        assert!(!away.iter().any(|code| is_of_the_row_in_postgres(code)));
    }
}
