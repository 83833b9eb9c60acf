//! Callbacks in the database: what became of them. Those that are open are their owner's to show.

use clock::{CallId, CallbackId, WallTime};
use journal_core::{CallbackEntry, CallbackOwner, CallbackSource, CallbackState};

use crate::columns;
use crate::database::{Bind, Database, DatabaseUnavailable, Failure, Row, Transaction, sql};
use crate::filter::{Cursor, MAX_LIMIT};
use crate::naming::Naming;
use crate::words::Word;

/// A callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// Its id.
    pub id: CallbackId,
    /// The account it belongs to.
    pub account: String,
    /// Who works it off.
    pub owner: CallbackOwner,
    /// How far it has come.
    pub state: CallbackState,
    /// Whom to call, E.164.
    pub number: String,
    /// Name of the queue whose agents serve it.
    pub queue: Option<String>,
    /// Extension of the agent whose own it is.
    pub agent: Option<String>,
    /// How it was asked for.
    pub source: CallbackSource,
    /// The call that it came of.
    pub related_call_id: Option<CallId>,
    /// The call of its newest attempt.
    pub call_id: Option<CallId>,
    /// Extension of the agent who serves it, or served it.
    pub served_by: Option<String>,
    /// When it was asked for.
    pub requested_at: WallTime,
    /// What decides its place.
    pub arrived_at: WallTime,
    /// When it is to happen, if not as soon as possible.
    pub due_at: Option<WallTime>,
    /// When it comes again.
    pub next_at: Option<WallTime>,
    /// When it is given up.
    pub expires_at: WallTime,
    /// Times that the customer was called.
    pub attempts: u32,
    /// An agent said that the number is the customer's.
    pub is_verified: bool,
    /// Stable word for how it ended, or why the newest attempt failed.
    pub why: Option<String>,
    /// When it became so.
    pub updated_at: WallTime,
}

/// What a list of callbacks is asked for; newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallbackFilter {
    /// The account whose they are.
    pub account: String,
    /// In any of these states; empty: in any.
    pub state: Vec<CallbackState>,
    /// Of any of these queues; empty: of any.
    pub queue: Vec<String>,
    /// Own ones of this agent.
    pub agent: Option<String>,
    /// Of this number.
    pub number: Option<String>,
    /// That came of this call.
    pub related_call_id: Option<CallId>,
    /// Go on behind this one.
    pub cursor: Option<Cursor>,
    /// How many, 1 to [`MAX_LIMIT`].
    pub limit: usize,
}

impl Callback {
    /// The row of an entry.
    #[must_use]
    pub fn of(entry: &CallbackEntry, naming: &Naming) -> Self {
        Self {
            id: entry.callback,
            account: naming.account_of_callback(entry.queue, entry.agent),
            owner: entry.owner,
            state: entry.state,
            number: entry.number.clone(),
            queue: entry.queue.map(|id| naming.queue(id)),
            agent: entry.agent.map(|id| naming.agent(id)),
            source: entry.source,
            related_call_id: entry.related,
            call_id: entry.call,
            served_by: entry.served_by.map(|id| naming.agent(id)),
            requested_at: entry.requested_at,
            arrived_at: entry.arrived,
            due_at: entry.due_at,
            next_at: entry.next_at,
            expires_at: entry.expires_at,
            attempts: entry.attempts,
            is_verified: entry.is_verified,
            why: entry.why.clone(),
            updated_at: entry.at,
        }
    }

    /// The call of the caller who asked for it on the line and whom nobody has dialed, though he never called it off: it
    /// expired, or the queue that promised it is gone.
    pub(crate) fn broken_promise(&self) -> Option<CallId> {
        let is_gone = self.state == CallbackState::Cancelled && self.why.as_deref() == Some(QUEUE_GONE);
        let is_broken = self.attempts == 0 && (is_gone || self.state == CallbackState::Expired);
        self.related_call_id.filter(|_| is_broken && self.source == CallbackSource::Key)
    }
}

impl Database {
    /// A page of callbacks, newest first, and where the next one begins.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn callbacks(
        &self,
        filter: &CallbackFilter,
    ) -> Result<(Vec<Callback>, Option<Cursor>), DatabaseUnavailable> {
        let mut query = sql(SELECT);
        query.push(" WHERE account = ").push_bind(filter.account.as_str());
        if !filter.state.is_empty() {
            query.push(" AND state IN ").push_list(filter.state.iter().map(|state| state.word()));
        }
        if !filter.queue.is_empty() {
            query.push(" AND queue IN ").push_list(filter.queue.iter().map(String::as_str));
        }
        if let Some(agent) = &filter.agent {
            query.push(" AND agent = ").push_bind(agent.as_str());
        }
        if let Some(number) = &filter.number {
            query.push(" AND number = ").push_bind(number.as_str());
        }
        if let Some(call) = filter.related_call_id {
            query.push(" AND related_call_id = ").push_bind(call);
        }
        if let Some(cursor) = filter.cursor {
            query.push(" AND (requested_at, id) < ").push_list([cursor.at.value(), cursor.id.to_be_bytes().value()]);
        }
        let limit = filter.limit.clamp(1, MAX_LIMIT);
        query.push(" ORDER BY requested_at DESC, id DESC LIMIT ").push_bind(limit as u64 + 1);
        let rows = self.rows(query).await?;
        let mut page = rows.iter().map(callback).collect::<Result<Vec<_>, _>>()?;
        let more = page.len() > limit;
        page.truncate(limit);
        let last = page.last().map(|last| Cursor { at: last.requested_at, id: last.id.0 });
        Ok((page, last.filter(|_| more)))
    }

    /// A callback.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn callback(&self, account: &str, id: CallbackId) -> Result<Option<Callback>, DatabaseUnavailable> {
        let mut query = sql(SELECT);
        query.push(" WHERE account = ").push_bind(account).push(" AND id = ").push_bind(id.to_bytes());
        let row = self.row(query).await?;
        Ok(row.as_ref().map(callback).transpose()?)
    }
}

/// Writes a callback as it is now.
pub(crate) async fn write(to: &mut Transaction, callback: &Callback) -> Result<(), Failure> {
    let delete = sql("DELETE FROM callbacks WHERE id = $1").bind(callback.id.to_bytes());
    to.execute(delete).await?;
    let insert = "INSERT INTO callbacks (id, account, owner, state, number, queue, agent, source, related_call_id, \
                  call_id, served_by, requested_at, arrived_at, due_at, next_at, expires_at, attempts, verified, why, \
                  updated_at) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";
    let insert = sql(insert)
        .bind(callback.id.to_bytes())
        .bind(callback.account.as_str())
        .bind(callback.owner.word())
        .bind(callback.state.word())
        .bind(callback.number.as_str())
        .bind(callback.queue.as_deref())
        .bind(callback.agent.as_deref())
        .bind(callback.source.word())
        .bind(callback.related_call_id)
        .bind(callback.call_id)
        .bind(callback.served_by.as_deref())
        .bind(callback.requested_at)
        .bind(callback.arrived_at)
        .bind(callback.due_at)
        .bind(callback.next_at)
        .bind(callback.expires_at)
        .bind(u64::from(callback.attempts))
        .bind(callback.is_verified)
        .bind(callback.why.as_deref())
        .bind(callback.updated_at);
    to.execute(insert).await?;
    Ok(())
}

fn callback(row: &Row) -> Result<Callback, sqlx::Error> {
    Ok(Callback {
        id: CallbackId(columns::call_id(row, 0)?.0),
        account: row.try_get(1)?,
        owner: columns::word(row, 2)?,
        state: columns::word(row, 3)?,
        number: row.try_get(4)?,
        queue: row.try_get(5)?,
        agent: row.try_get(6)?,
        source: columns::word(row, 7)?,
        related_call_id: columns::optional_call_id(row, 8)?,
        call_id: columns::optional_call_id(row, 9)?,
        served_by: row.try_get(10)?,
        requested_at: columns::time(row, 11)?,
        arrived_at: columns::time(row, 12)?,
        due_at: columns::optional_time(row, 13)?,
        next_at: columns::optional_time(row, 14)?,
        expires_at: columns::time(row, 15)?,
        attempts: u32::try_from(columns::optional_count(row, 16)?.unwrap_or(0)).unwrap_or(u32::MAX),
        is_verified: row.try_get(17)?,
        why: row.try_get(18)?,
        updated_at: columns::time(row, 19)?,
    })
}

const SELECT: &str = "SELECT id, account, owner, state, number, queue, agent, source, related_call_id, call_id, \
                      served_by, requested_at, arrived_at, due_at, next_at, expires_at, attempts, verified, why, \
                      updated_at FROM callbacks";

/// Why a callback was cancelled whose queue is gone, in the distributor's word.
const QUEUE_GONE: &str = "queue_gone";
