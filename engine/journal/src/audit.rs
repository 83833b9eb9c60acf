//! What somebody told an owner to do, on its way to the audit log.
//!
//! Changes of rows are logged in the transaction that makes them. Commands to owners are no rows and work while the
//! database is away: the API journals them with the answer, and the projector makes a row of each.

use clock::WallTime;
use serde::{Deserialize, Serialize};

/// A request that was carried out or refused. No field has a secret in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditNote {
    /// When it was answered.
    pub at: WallTime,
    /// Account of who asked.
    pub account: String,
    /// What he is.
    pub actor_kind: ActorKind,
    /// His id as the API writes it.
    pub actor_id: String,
    /// His name then.
    pub actor_name: String,
    /// Address of the connection.
    pub address: String,
    /// Header `User-Agent`.
    pub user_agent: String,
    /// Id of the request.
    pub request_id: String,
    /// The operation: its name in the description of the API.
    pub action: String,
    /// Kind of what it was about: `agent`, `call` ...
    pub resource_type: String,
    /// Its id or name as the API writes it.
    pub resource_id: String,
    /// What became of it.
    pub outcome: AuditOutcome,
    /// A JSON object: the HTTP status, and what was asked for.
    pub detail: String,
}

/// What one who asks is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActorKind {
    /// A user.
    User,
    /// An API key.
    Key,
    /// The node itself, or one who is not known.
    System,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuditOutcome {
    /// It was carried out.
    #[default]
    Done,
    /// It was not permitted.
    Refused,
}

impl ActorKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::User, Self::Key, Self::System];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Key => "api_key",
            Self::System => "system",
        }
    }
}

impl AuditOutcome {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}
