//! Calls in the database: `calls`, `call_sip_ids`, `recordings`.

use std::collections::BTreeMap;

use clock::{CallId, WallTime};
use journal_core::{Cause, Who};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, SqliteConnection};

use crate::call::CallRecording;
use crate::database::{Database, DatabaseUnavailable, Db, Failure};
use crate::filter::{CallFilter, CallSort, NONE};
use crate::words::Word;
use crate::{Call, columns};

impl Database {
    /// Stored calls that match, in order, one more than the limit if there are more.
    pub(crate) async fn calls(&self, filter: &CallFilter) -> Result<Vec<Call>, DatabaseUnavailable> {
        let mut query = select(filter);
        let rows = query.build().fetch_all(self.readers()).await?;
        self.with_sip_ids(rows.iter().map(call).collect::<Result<_, _>>()?).await
    }

    /// A stored call.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn call(&self, account: &str, id: CallId) -> Result<Option<Call>, DatabaseUnavailable> {
        let mut query = QueryBuilder::<Db>::new(SELECT);
        query.push(" WHERE c.account = ").push_bind(account.to_owned());
        query.push(" AND c.id = ").push_bind(id.to_bytes().to_vec());
        let rows = query.build().fetch_all(self.readers()).await?;
        let found = self.with_sip_ids(rows.iter().map(call).collect::<Result<_, _>>()?).await?;
        Ok(found.into_iter().next())
    }

    async fn with_sip_ids(&self, mut calls: Vec<Call>) -> Result<Vec<Call>, DatabaseUnavailable> {
        if calls.is_empty() {
            return Ok(calls);
        }
        let mut query = QueryBuilder::<Db>::new("SELECT call_id, sip_call_id FROM call_sip_ids WHERE call_id IN (");
        let mut ids = query.separated(", ");
        for call in &calls {
            ids.push_bind(call.id.to_bytes().to_vec());
        }
        query.push(") ORDER BY call_id, ordinal");
        let mut by_call: BTreeMap<CallId, Vec<String>> = BTreeMap::new();
        for row in query.build().fetch_all(self.readers()).await? {
            by_call.entry(columns::call_id(&row, 0)?).or_default().push(row.try_get(1)?);
        }
        for call in &mut calls {
            call.sip_call_ids = by_call.remove(&call.id).unwrap_or_default();
        }
        Ok(calls)
    }
}

/// Writes a call, or what changed of it since it was written.
pub(crate) async fn write(to: &mut SqliteConnection, call: &Call) -> Result<(), Failure> {
    let cause = call.cause.as_ref();
    let micros = |at: Option<WallTime>| at.map(WallTime::as_micros);
    let mut query = QueryBuilder::<Db>::new(INSERT);
    let mut row = query.separated(", ");
    row.push_bind(call.id.to_bytes().to_vec()).push_bind(call.account.clone());
    row.push_bind(call.direction.word()).push_bind(call.internal);
    row.push_bind(call.parent_call_id.map(|id| id.to_bytes().to_vec()));
    row.push_bind(call.status.word()).push_bind(call.outcome.word());
    row.push_bind(call.from.clone()).push_bind(call.to.clone());
    row.push_bind(call.queue.clone()).push_bind(call.agent.clone()).push_bind(call.trunk.clone());
    row.push_bind(call.started_at.as_micros()).push_bind(micros(call.queued_at));
    row.push_bind(micros(call.ringing_at)).push_bind(micros(call.answered_at)).push_bind(micros(call.ended_at));
    row.push_bind(call.queue_wait_ms.map(columns::bigint)).push_bind(call.talk_ms.map(columns::bigint));
    row.push_bind(cause.map(|cause| cause.who.word()));
    row.push_bind(cause.and_then(|cause| cause.q850).map(i64::from));
    row.push_bind(cause.and_then(|cause| cause.sip).map(i64::from));
    row.push_bind(cause.map(|cause| cause.code.clone())).push_bind(call.is_lost);
    query.push(ON_CONFLICT);
    query.build().execute(&mut *to).await?;
    write_sip_ids(to, call).await?;
    match &call.recording {
        Some(recording) => write_recording(to, call.id, recording).await,
        None => Ok(()),
    }
}

async fn write_sip_ids(to: &mut SqliteConnection, call: &Call) -> Result<(), Failure> {
    if call.sip_call_ids.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::<Db>::new("INSERT INTO call_sip_ids (call_id, ordinal, sip_call_id) ");
    query.push_values(call.sip_call_ids.iter().zip(1_i64..), |mut row, (sip_call_id, ordinal)| {
        row.push_bind(call.id.to_bytes().to_vec()).push_bind(ordinal).push_bind(sip_call_id.clone());
    });
    query.push(" ON CONFLICT (call_id, ordinal) DO NOTHING");
    query.build().execute(to).await?;
    Ok(())
}

async fn write_recording(to: &mut SqliteConnection, call: CallId, recording: &CallRecording) -> Result<(), Failure> {
    let upsert = "INSERT INTO recordings (call_id, state, path, duration_ms, sha256) VALUES ($1, $2, $3, $4, $5) \
                  ON CONFLICT (call_id) DO UPDATE SET state = excluded.state, path = excluded.path, \
                  duration_ms = excluded.duration_ms, sha256 = excluded.sha256";
    sqlx::query(upsert)
        .bind(call.to_bytes().to_vec())
        .bind(recording.state.word())
        .bind(recording.path.clone())
        .bind(columns::bigint(recording.duration_ms))
        .bind(recording.sha256.to_vec())
        .execute(to)
        .await?;
    Ok(())
}

fn select(filter: &CallFilter) -> QueryBuilder<Db> {
    let mut query = QueryBuilder::<Db>::new(SELECT);
    query.push(" WHERE c.account = ").push_bind(filter.account.clone());
    if let Some(id) = &filter.sip_call_id {
        query.push(" AND c.id IN (SELECT call_id FROM call_sip_ids WHERE sip_call_id = ");
        query.push_bind(id.clone()).push(")");
    }
    any_of(&mut query, "c.from_number", filter.from.iter().cloned());
    any_of(&mut query, "c.to_number", filter.to.iter().cloned());
    any_of(&mut query, "c.status", filter.status.iter().map(|status| status.word().to_owned()));
    any_of(&mut query, "c.outcome", filter.outcome.iter().map(|outcome| outcome.word().to_owned()));
    any_of(&mut query, "c.direction", filter.direction.iter().map(|direction| direction.word().to_owned()));
    named(&mut query, "c.queue", &filter.queue);
    named(&mut query, "c.agent", &filter.agent);
    if let Some(internal) = filter.internal {
        query.push(" AND c.internal = ").push_bind(internal);
    }
    if let Some(at) = filter.started_at_gte {
        query.push(" AND c.started_at >= ").push_bind(at.as_micros());
    }
    if let Some(at) = filter.started_at_lt {
        query.push(" AND c.started_at < ").push_bind(at.as_micros());
    }
    let (behind, order) = match filter.sort {
        CallSort::NewestFirst => ("<", " ORDER BY c.started_at DESC, c.id DESC"),
        CallSort::OldestFirst => (">", " ORDER BY c.started_at, c.id"),
    };
    if let Some(cursor) = filter.cursor {
        query.push(format_args!(" AND (c.started_at, c.id) {behind} (")).push_bind(cursor.at.as_micros());
        query.push(", ").push_bind(cursor.call().to_bytes().to_vec()).push(")");
    }
    query.push(order).push(" LIMIT ").push_bind(columns::bigint(filter.rows() as u64 + 1));
    query
}

/// Any of these names, and [`NONE`] for a column without one.
fn named(query: &mut QueryBuilder<Db>, column: &str, values: &[String]) {
    if !values.iter().any(|value| value == NONE) {
        return any_of(query, column, values.iter().cloned());
    }
    query.push(format_args!(" AND ({column} IS NULL OR {column} IN ("));
    let mut list = query.separated(", ");
    for value in values {
        list.push_bind(value.clone());
    }
    query.push("))");
}

fn any_of(query: &mut QueryBuilder<Db>, column: &str, values: impl ExactSizeIterator<Item = String>) {
    if values.len() == 0 {
        return;
    }
    query.push(format_args!(" AND {column} IN ("));
    let mut list = query.separated(", ");
    for value in values {
        list.push_bind(value);
    }
    query.push(")");
}

/// Columns in the order of `SELECT`.
fn call(row: &SqliteRow) -> Result<Call, sqlx::Error> {
    Ok(Call {
        id: columns::call_id(row, 0)?,
        account: row.try_get(1)?,
        sip_call_ids: Vec::new(),
        direction: columns::word(row, 2)?,
        internal: row.try_get(3)?,
        parent_call_id: columns::optional_call_id(row, 4)?,
        status: columns::word(row, 5)?,
        outcome: columns::word(row, 6)?,
        from: row.try_get(7)?,
        to: row.try_get(8)?,
        queue: row.try_get(9)?,
        agent: row.try_get(10)?,
        trunk: row.try_get(11)?,
        started_at: columns::time(row, 12)?,
        queued_at: columns::optional_time(row, 13)?,
        ringing_at: columns::optional_time(row, 14)?,
        answered_at: columns::optional_time(row, 15)?,
        ended_at: columns::optional_time(row, 16)?,
        queue_wait_ms: columns::optional_count(row, 17)?,
        talk_ms: columns::optional_count(row, 18)?,
        cause: cause(row)?,
        is_lost: row.try_get(23)?,
        recording: recording(row)?,
    })
}

fn cause(row: &SqliteRow) -> Result<Option<Cause>, sqlx::Error> {
    let Some(who) = columns::optional_word::<Who>(row, 19)? else { return Ok(None) };
    let q850 = row.try_get::<Option<i64>, _>(20)?.and_then(|cause| u8::try_from(cause).ok());
    let sip = row.try_get::<Option<i64>, _>(21)?.and_then(|status| u16::try_from(status).ok());
    let code = row.try_get::<Option<String>, _>(22)?.unwrap_or_default();
    Ok(Some(Cause { who, q850, sip, code }))
}

fn recording(row: &SqliteRow) -> Result<Option<CallRecording>, sqlx::Error> {
    let Some(state) = columns::optional_word(row, 24)? else { return Ok(None) };
    let sha256 = <[u8; 32]>::try_from(row.try_get::<Vec<u8>, _>(27)?).unwrap_or_default();
    let duration_ms = columns::optional_count(row, 26)?.unwrap_or(0);
    Ok(Some(CallRecording { state, path: row.try_get(25)?, duration_ms, sha256 }))
}

const SELECT: &str = "SELECT c.id, c.account, c.direction, c.internal, c.parent_call_id, c.status, c.outcome, \
    c.from_number, c.to_number, c.queue, c.agent, c.trunk, c.started_at, c.queued_at, c.ringing_at, c.answered_at, \
    c.ended_at, c.queue_wait_ms, c.talk_ms, c.cause_who, c.cause_q850, c.cause_sip, c.cause_code, c.is_lost, \
    r.state, r.path, r.duration_ms, r.sha256 FROM calls c LEFT JOIN recordings r ON r.call_id = c.id";

const INSERT: &str = "INSERT INTO calls (id, account, direction, internal, parent_call_id, status, outcome, \
    from_number, to_number, queue, agent, trunk, started_at, queued_at, ringing_at, answered_at, ended_at, \
    queue_wait_ms, talk_ms, cause_who, cause_q850, cause_sip, cause_code, is_lost) VALUES (";

/// A call is written again when its recording is ready: its row stands from the end on.
const ON_CONFLICT: &str = ") ON CONFLICT (id) DO NOTHING";
