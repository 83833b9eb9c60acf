//! The audit log: who changed or commanded what, when and from where. Entries are only added.
//!
//! Each is chained to the one before it, and there is one writer at a time (`Database::begin`), so that changes of
//! people and commands that the projector finds in the journal make one chain.

use clock::WallTime;
use journal::JournalId;
use journal_core::{ActorKind, AuditNote, AuditOutcome, Position};
use serde_json::{Value, json};

use super::RowId;
use crate::columns;
use crate::database::{Database, DatabaseUnavailable, Failure, Row, Statement, Transaction, sql};

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

/// One change or command.
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
    /// What was done: `user.created`, `api_key.revoked` ...; a command has the name of its operation.
    pub action: String,
    /// Kind of what was changed.
    pub resource_type: String,
    /// Its id as the API writes it.
    pub resource_id: String,
    /// What it was before; null when it is new.
    pub before: Value,
    /// What it is now; null when it is gone. Of a command what was asked for and the status of the answer.
    pub after: Value,
    /// What became of it.
    pub outcome: AuditOutcome,
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
    /// Of which any of these came.
    pub outcome: Vec<AuditOutcome>,
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
    pub(super) outcome: AuditOutcome,
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
        let outcome = AuditOutcome::Done;
        Self { account: account.into(), action, resource_type, resource_id: id.text(prefix), before, after, outcome }
    }

    /// The same of something that was not permitted.
    pub(super) fn refused(self) -> Self {
        Self { outcome: AuditOutcome::Refused, ..self }
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
            outcome: self.outcome,
            hash: [0; 32],
        };
        entry.hash = entry.hash_after(chain);
        entry
    }
}

impl AuditEntry {
    /// The entry of a command, behind the one with this number and hash.
    fn of_command(note: &AuditNote, (seq, chain): (u64, &[u8; 32])) -> Self {
        let actor = Actor {
            kind: note.actor_kind,
            id: note.actor_id.clone(),
            name: note.actor_name.clone(),
            address: note.address.clone(),
            user_agent: note.user_agent.clone(),
            request_id: note.request_id.clone(),
        };
        let mut entry = Self {
            seq: seq + 1,
            at: note.at,
            account: note.account.clone(),
            actor,
            action: note.action.clone(),
            resource_type: note.resource_type.clone(),
            resource_id: columns::indexed(&note.resource_id).to_owned(),
            before: Value::Null,
            after: serde_json::from_str(&note.detail).unwrap_or_default(),
            outcome: note.outcome,
            hash: [0; 32],
        };
        entry.hash = entry.hash_after(chain);
        entry
    }

    /// The hash that this entry has behind one with hash `chain`.
    #[must_use]
    pub fn hash_after(&self, chain: &[u8; 32]) -> [u8; 32] {
        use sha2::{Digest, Sha256};
        let Actor { kind, id, name, address, user_agent, request_id } = &self.actor;
        // An array, and maps in the order of their keys: one text for one entry.
        let mut canonical = json!([
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
        // Entries from before there were outcomes have the hash that they had.
        if let (AuditOutcome::Refused, Some(fields)) = (self.outcome, canonical.as_array_mut()) {
            fields.push(json!(self.outcome.word()));
        }
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
        if !filter.outcome.is_empty() {
            query.push(" AND outcome IN ").push_list(filter.outcome.iter().map(|outcome| outcome.word()));
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

/// Number and hash of the last entry, which the next one is chained to.
pub(super) fn last_of(row: Option<&Row>) -> Result<(u64, [u8; 32]), sqlx::Error> {
    row.map_or(Ok((0, [0; 32])), |row| Ok((columns::optional_count(row, 0)?.unwrap_or(0), columns::hash(row, 1)?)))
}

/// Writes commands that the journal has, each once.
pub(crate) async fn write_commands(
    to: &mut Transaction,
    journal: JournalId,
    notes: &[(Position, &AuditNote)],
) -> Result<(), Failure> {
    if notes.is_empty() {
        return Ok(());
    }
    let (mut seq, mut chain) = last_of(to.row(sql(LAST)).await?.as_ref())?;
    for (position, note) in notes {
        let entry = AuditEntry::of_command(note, (seq, &chain));
        let behind = (entry.seq, entry.hash);
        let source = [journal.0.as_slice(), &position.to_key()].concat();
        let mut insert = insert(entry, Some(source));
        // One that is there already was read again, after its database had gone on with another journal.
        insert.push(" ON CONFLICT (entry) DO NOTHING");
        if to.execute(insert).await? > 0 {
            (seq, chain) = behind;
        }
    }
    Ok(())
}

/// Adds an entry; `source` says where in which journal it was, if it was in one.
pub(super) fn insert(entry: AuditEntry, source: Option<Vec<u8>>) -> Statement {
    let Actor { kind, id, name, address, user_agent, request_id } = entry.actor;
    sql(LOG)
        .bind(entry.seq)
        .bind(entry.at)
        .bind(entry.account)
        .bind(kind.word())
        .bind(id)
        .bind(name)
        .bind(address)
        .bind(user_agent)
        .bind(request_id)
        .bind(entry.action)
        .bind(entry.resource_type)
        .bind(entry.resource_id)
        .bind(entry.before.to_string())
        .bind(entry.after.to_string())
        .bind(entry.hash)
        .bind(entry.outcome.word())
        .bind(source)
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
        outcome: match row.try_get::<String>(15)?.as_str() {
            word if word == AuditOutcome::Refused.word() => AuditOutcome::Refused,
            _ => AuditOutcome::Done,
        },
        hash: columns::hash(row, 14)?,
    })
}

const SELECT: &str = "SELECT seq, at, account, actor_kind, actor_id, actor_name, address, user_agent, request_id, \
                      action, resource_type, resource_id, before, after, hash, outcome FROM audit_log";
pub(super) const LAST: &str = "SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1";
const LOG: &str = "INSERT INTO audit_log (seq, at, account, actor_kind, actor_id, actor_name, address, user_agent, \
    request_id, action, resource_type, resource_id, before, after, hash, outcome, entry) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
