//! People and their rights: accounts, users, API keys, sessions, and the log of their changes.
//!
//! There are few of them and each request needs them, so they are read whole
//! ([`People`]) and asked in memory; the database is needed to change them and
//! to begin a session. A change is a pure function of them (`change`), and its
//! rows, and its entries in the audit log, are one transaction that is durable
//! when it ends: what `synced` is to the journal. Secrets are hashes here.

mod audit;
mod change;
mod limits;
mod model;
mod rows;
mod snapshot;

pub use audit::{Actor, AuditEntry, AuditFilter};
pub use journal_core::{ActorKind, AuditOutcome};

pub(crate) use audit::write_commands;
pub use change::{Change, Refused};
pub use model::{Account, ApiKey, BadRowId, People, RowId, Session, Team, User};
pub use rows::ChangeError;
pub use snapshot::{keep_people, kept_people};
