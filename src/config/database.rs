//! Where the rows are: `database` and its password.

use std::fs;

use records::PostgresAddress;

use super::reader::Reader;

/// The database of a node.
#[derive(Clone, Debug, Default)]
pub enum Database {
    /// SQLite, a file in the data folder.
    #[default]
    Embedded,
    /// PostgreSQL.
    Postgres(PostgresAddress),
}

/// A fault never shows the address: it may have a password.
pub(super) fn read(reader: &mut Reader<'_>) -> Database {
    let right = "\"postgres://user@host/database\"; without the key the database is a file in data_dir";
    let address = reader.optional_secret("database", right);
    let password = read_password(reader);
    match address.map(|address| address.parse::<PostgresAddress>()) {
        None => {
            if password.is_some() {
                reader.fault("database", "is missing; the password is for nothing");
            }
            Database::Embedded
        }
        Some(Ok(address)) => Database::Postgres(match password {
            Some(password) => address.with_password(&password),
            None => address,
        }),
        Some(Err(why)) => {
            reader.fault("database", why.to_string());
            Database::Embedded
        }
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "start of the process: blocking is fine, and here the environment is read"
)]
fn read_password(reader: &mut Reader<'_>) -> Option<String> {
    let file = reader.optional_text("database_password_file", "a file with the password in its first line");
    let variable = reader.optional_text("database_password_env", "the name of an environment variable");
    match (file, variable) {
        (None, None) => None,
        (Some(_), Some(_)) => {
            reader.fault("database_password_env", "stands beside database_password_file; give one of them");
            None
        }
        (Some(file), None) => match fs::read_to_string(&file) {
            Ok(text) => Some(text.lines().next().unwrap_or_default().to_owned()),
            Err(why) => {
                reader.fault("database_password_file", format!("cannot read {file}: {why}"));
                None
            }
        },
        (None, Some(variable)) => match std::env::var(&variable) {
            Ok(password) => Some(password),
            Err(_) => {
                reader.fault("database_password_env", format!("the environment has no {variable}"));
                None
            }
        },
    }
}
