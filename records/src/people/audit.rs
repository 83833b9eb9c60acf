//! The audit log: who changed what, when and from where. Entries are only added.

use clock::WallTime;
use serde_json::{Value, json};

use super::RowId;
use crate::columns;
use crate::database::{Database, DatabaseUnavailable, Row, sql};

/// Who changes something, and how it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// What he is.
    pub kind: ActorKind,
    /// Id as the API writes it; that of a key of the configuration file is made of its name.
    pub id: String,
    /// His name then.
    pub name: String,
    /// Address of the connection.
    pub address: String,
    /// Header `User-Agent`.
    pub user_agent: String,
    /// Id of the request.
    pub request_id: String,
}

/// What an actor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorKind {
    /// A user.
    User,
    /// An API key.
    Key,
    /// The node itself.
    System,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// From 1 without a gap.
    pub seq: u64,
    /// When.
    pub at: WallTime,
    /// Account of what was changed.
    pub account: String,
    /// Who.
    pub actor: Actor,
    /// What was done: `user.created`, `api_key.revoked` ...
    pub action: String,
    /// Kind of what was changed.
    pub resource_type: String,
    /// Its id as the API writes it.
    pub resource_id: String,
    /// What it was before; null when it is new.
    pub before: Value,
    /// What it is now; null when it is gone.
    pub after: Value,
    /// SHA-256 of the former entry's hash and this entry: nothing can be taken out or changed unseen.
    pub hash: [u8; 32],
}

/// What a list of entries is asked for; newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditFilter {
    /// The account whose they are.
    pub account: String,
    /// Any of these actors, by id.
    pub actor: Vec<String>,
    /// Any of these actions.
    pub action: Vec<String>,
    /// Any of these kinds of things.
    pub resource_type: Vec<String>,
    /// Of this thing.
    pub resource_id: Option<String>,
    /// Then or later.
    pub at_gte: Option<WallTime>,
    /// Before.
    pub at_lt: Option<WallTime>,
    /// Older than this entry.
    pub before_seq: Option<u64>,
    /// How many.
    pub limit: usize,
}

/// Something that a change did, before it has a place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Noted {
    pub(super) account: String,
    pub(super) action: &'static str,
    pub(super) resource_type: &'static str,
    pub(super) resource_id: String,
    pub(super) before: Value,
    pub(super) after: Value,
}

impl ActorKind {
    pub(super) const ALL: [Self; 3] = [Self::User, Self::Key, Self::System];

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

impl Noted {
    pub(super) fn of(
        (resource_type, action): (&'static str, &'static str),
        account: &str,
        id: RowId,
        before: Value,
        after: Value,
    ) -> Self {
        let prefix = match resource_type {
            "api_key" => "key",
            "account" => "acct",
            "session" => "ses",
            other => other,
        };
        Self { account: account.into(), action, resource_type, resource_id: id.text(prefix), before, after }
    }

    /// The entry that follows the one with this number and hash.
    pub(super) fn entry(self, seq: u64, chain: &[u8; 32], at: WallTime, actor: &Actor) -> AuditEntry {
        let mut entry = AuditEntry {
            seq,
            at,
            account: self.account,
            actor: actor.clone(),
            action: self.action.into(),
            resource_type: self.resource_type.into(),
            resource_id: self.resource_id,
            before: self.before,
            after: self.after,
            hash: [0; 32],
        };
        entry.hash = entry.hash_after(chain);
        entry
    }
}

impl AuditEntry {
    /// The hash that this entry has behind one with hash `chain`.
    #[must_use]
    pub fn hash_after(&self, chain: &[u8; 32]) -> [u8; 32] {
        use sha2::{Digest, Sha256};
        let Actor { kind, id, name, address, user_agent, request_id } = &self.actor;
        // An array, and maps in the order of their keys: one text for one entry.
        let canonical = json!([
            self.seq,
            self.at.as_micros(),
            self.account,
            kind.word(),
            id,
            name,
            address,
            user_agent,
            request_id,
            self.action,
            self.resource_type,
            self.resource_id,
            self.before,
            self.after,
        ]);
        Sha256::new().chain_update(chain).chain_update(canonical.to_string()).finalize().into()
    }
}

impl Database {
    /// Entries that match, newest first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn audit_log(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>, DatabaseUnavailable> {
        let mut query = sql(SELECT);
        query.push(" WHERE account = ").push_bind(filter.account.clone());
        for (column, values) in [
            (" AND actor_id IN ", &filter.actor),
            (" AND action IN ", &filter.action),
            (" AND resource_type IN ", &filter.resource_type),
        ] {
            if !values.is_empty() {
                query.push(column).push_list(values.iter().cloned());
            }
        }
        if let Some(id) = &filter.resource_id {
            query.push(" AND resource_id = ").push_bind(id.clone());
        }
        if let Some(at) = filter.at_gte {
            query.push(" AND at >= ").push_bind(at);
        }
        if let Some(at) = filter.at_lt {
            query.push(" AND at < ").push_bind(at);
        }
        if let Some(seq) = filter.before_seq {
            query.push(" AND seq < ").push_bind(seq);
        }
        query.push(" ORDER BY seq DESC LIMIT ").push_bind(filter.limit as u64);
        Ok(self.rows(query).await?.iter().map(entry).collect::<Result<_, _>>()?)
    }
}

fn entry(row: &Row) -> Result<AuditEntry, sqlx::Error> {
    let kind: String = row.try_get(3)?;
    let json = |column| Ok::<_, sqlx::Error>(serde_json::from_str(&row.try_get::<String>(column)?).unwrap_or_default());
    Ok(AuditEntry {
        seq: columns::optional_count(row, 0)?.unwrap_or(0),
        at: columns::time(row, 1)?,
        account: row.try_get(2)?,
        actor: Actor {
            kind: ActorKind::ALL.into_iter().find(|known| known.word() == kind).unwrap_or(ActorKind::System),
            id: row.try_get(4)?,
            name: row.try_get(5)?,
            address: row.try_get(6)?,
            user_agent: row.try_get(7)?,
            request_id: row.try_get(8)?,
        },
        action: row.try_get(9)?,
        resource_type: row.try_get(10)?,
        resource_id: row.try_get(11)?,
        before: json(12)?,
        after: json(13)?,
        hash: columns::hash(row, 14)?,
    })
}

const SELECT: &str = "SELECT seq, at, account, actor_kind, actor_id, actor_name, address, user_agent, request_id, \
                      action, resource_type, resource_id, before, after, hash FROM audit_log";
