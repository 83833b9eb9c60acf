//! Agents' parts in calls: what their figures count, and the list behind them.

use clock::{CallId, WallTime};
use journal_core::Direction;

use super::CallDisposition;
use super::dispositions::optional as optional_disposition;
use crate::columns;
use crate::database::{Bind, Database, DatabaseUnavailable, Failure, Row, Statement, Transaction, Value, sql};
use crate::filter::{Cursor, MAX_LIMIT};
use crate::words::Word;

/// An agent's part in a call that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentCall {
    /// The account of the call.
    pub account: String,
    /// Extension.
    pub agent: String,
    /// The call.
    pub call_id: CallId,
    /// Its direction.
    pub direction: Direction,
    /// Between own parties only: in no figure.
    pub internal: bool,
    /// The queue it entered last.
    pub queue: Option<String>,
    /// He called; else he was called.
    pub dialed: bool,
    /// His first leg began.
    pub began_at: WallTime,
    /// His last leg ended.
    pub ended_at: WallTime,
    /// He first talked with the other side; `None` when he never did.
    pub talked_at: Option<WallTime>,
    /// How long he talked, hold included, ms.
    pub talk_ms: u64,
    /// It rang for him and he did not take it: he let an offer ring out or declined it, or he himself was called and
    /// never talked. Who rang with others or was taken back the offer has missed nothing.
    pub missed: bool,
    /// What he said came of it.
    pub disposition: Option<CallDisposition>,
}

/// Which parts a list shows; newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentCallFilter {
    /// The account.
    pub account: String,
    /// Extension.
    pub agent: String,
    /// Begun at or after.
    pub from: WallTime,
    /// Begun before.
    pub to: WallTime,
    /// Only those that are [`AgentCall::counts`], or only the others.
    pub counted: Option<bool>,
    /// Go on behind this one.
    pub cursor: Option<Cursor>,
    /// How many, 1 to [`MAX_LIMIT`].
    pub limit: usize,
}

impl AgentCall {
    /// It is one of his total calls: not internal, and he called or talked.
    #[must_use]
    pub const fn counts(&self) -> bool {
        !self.internal && (self.dialed || self.talked_at.is_some())
    }

    /// The place in the list.
    #[must_use]
    pub const fn place(&self) -> Cursor {
        Cursor { at: self.began_at, id: self.call_id.0 }
    }
}

impl Database {
    /// A page of an agent's calls, newest first, and whether there are more.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn agent_calls(&self, filter: &AgentCallFilter) -> Result<(Vec<AgentCall>, bool), DatabaseUnavailable> {
        let mut query = sql(SELECT);
        of_agent(&mut query, &filter.account, &filter.agent, filter.from, filter.to);
        match filter.counted {
            Some(true) => _ = query.push(" AND ").push(COUNTED),
            Some(false) => _ = query.push(" AND NOT ").push(COUNTED),
            None => {}
        }
        if let Some(cursor) = filter.cursor {
            query.push(" AND (p.began_at, p.call_id) < ").push_list([cursor.at.value(), cursor.call().value()]);
        }
        let limit = filter.limit.clamp(1, MAX_LIMIT);
        query.push(" ORDER BY p.began_at DESC, p.call_id DESC LIMIT ").push_bind(limit as u64 + 1);
        let rows = self.rows(query).await?;
        let mut page = rows.iter().map(part).collect::<Result<Vec<_>, _>>()?;
        let more = page.len() > limit;
        page.truncate(limit);
        Ok((page, more))
    }
}

/// The parts of an agent that began in a span of time, of the table `p`.
pub(super) fn of_agent(query: &mut Statement, account: &str, agent: &str, from: WallTime, to: WallTime) {
    query.push(" WHERE p.account = ").push_bind(account).push(" AND p.agent = ").push_bind(agent);
    query.push(" AND p.began_at >= ").push_bind(from).push(" AND p.began_at < ").push_bind(to);
}

/// Writes parts once.
pub(crate) async fn write(to: &mut Transaction, parts: &[&AgentCall]) -> Result<(), Failure> {
    let rows = parts.iter().map(|part| row(part)).collect();
    to.insert(INSERT, rows, " ON CONFLICT (account, agent, call_id) DO NOTHING").await
}

/// In the order of `INSERT`.
fn row(part: &AgentCall) -> Vec<Value> {
    vec![
        part.account.as_str().value(),
        part.agent.as_str().value(),
        part.call_id.value(),
        part.direction.word().value(),
        part.internal.value(),
        part.queue.as_deref().value(),
        part.dialed.value(),
        part.began_at.value(),
        part.ended_at.value(),
        part.talked_at.value(),
        part.talk_ms.value(),
        part.missed.value(),
    ]
}

/// In the order of `SELECT`.
fn part(row: &Row) -> Result<AgentCall, sqlx::Error> {
    Ok(AgentCall {
        account: row.try_get(0)?,
        agent: row.try_get(1)?,
        call_id: columns::call_id(row, 2)?,
        direction: columns::word(row, 3)?,
        internal: row.try_get(4)?,
        queue: row.try_get(5)?,
        dialed: row.try_get(6)?,
        began_at: columns::time(row, 7)?,
        ended_at: columns::time(row, 8)?,
        talked_at: columns::optional_time(row, 9)?,
        talk_ms: columns::optional_count(row, 10)?.unwrap_or(0),
        missed: row.try_get(11)?,
        disposition: optional_disposition(row, 12)?,
    })
}

const SELECT: &str = "SELECT p.account, p.agent, p.call_id, p.direction, p.internal, p.queue, p.dialed, p.began_at, \
    p.ended_at, p.talked_at, p.talk_ms, p.missed, d.call_id, d.agent, d.code, d.label, d.is_success, d.note, \
    d.callback_number, d.callback_due_at, d.given_at, d.given_by, d.callback_agent, \
    d.callback_zone FROM agent_calls p \
    LEFT JOIN call_dispositions d ON d.call_id = p.call_id AND d.agent = p.agent";

/// What [`AgentCall::counts`] says.
pub(super) const COUNTED: &str = "(NOT p.internal AND (p.dialed OR p.talked_at IS NOT NULL))";

const INSERT: &str = "INSERT INTO agent_calls (account, agent, call_id, direction, internal, queue, dialed, \
    began_at, ended_at, talked_at, talk_ms, missed) VALUES";
