//! Calls in the database: `calls`, `call_sip_ids`, `recordings`.

use std::collections::BTreeMap;

use clock::CallId;
use journal_core::outcome::WorkStatus;
use journal_core::{CallStatus, Cause, Who};

use crate::call::CallRecording;
use crate::database::{Bind, Database, DatabaseUnavailable, Failure, Row, Statement, Transaction, Value, sql};
use crate::filter::{CallFilter, CallSort, NONE};
use crate::words::Word;
use crate::{Call, LostState, columns, lost};

impl Database {
    /// Stored calls that match, in order, one more than the limit if there are more.
    pub(crate) async fn calls(&self, filter: &CallFilter) -> Result<Vec<Call>, DatabaseUnavailable> {
        let rows = self.rows(select(filter)).await?;
        self.with_sip_ids(rows.iter().map(call).collect::<Result<_, _>>()?).await
    }

    /// A stored call.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn call(&self, account: &str, id: CallId) -> Result<Option<Call>, DatabaseUnavailable> {
        let mut query = sql(SELECT);
        query.push(" WHERE c.account = ").push_bind(account).push(" AND c.id = ").push_bind(id);
        let rows = self.rows(query).await?;
        let found = self.with_sip_ids(rows.iter().map(call).collect::<Result<_, _>>()?).await?;
        Ok(found.into_iter().next())
    }

    async fn with_sip_ids(&self, mut calls: Vec<Call>) -> Result<Vec<Call>, DatabaseUnavailable> {
        if calls.is_empty() {
            return Ok(calls);
        }
        let mut query = sql("SELECT call_id, sip_call_id FROM call_sip_ids WHERE call_id IN ");
        query.push_list(calls.iter().map(|call| call.id)).push(" ORDER BY call_id, ordinal");
        let mut by_call: BTreeMap<CallId, Vec<String>> = BTreeMap::new();
        for row in self.rows(query).await? {
            by_call.entry(columns::call_id(&row, 0)?).or_default().push(row.try_get(1)?);
        }
        for call in &mut calls {
            call.sip_call_ids = by_call.remove(&call.id).unwrap_or_default();
        }
        Ok(calls)
    }
}

/// Writes calls, or what changed of them since they were written. Each is here once.
pub(crate) async fn write(to: &mut Transaction, calls: &[&Call]) -> Result<(), Failure> {
    to.insert(INSERT, calls.iter().map(|call| row(call)).collect(), ON_CONFLICT).await?;
    let sip_ids = calls.iter().flat_map(|call| {
        let numbered = call.sip_call_ids.iter().zip(1_i64..);
        numbered.map(|(id, ordinal)| vec![call.id.value(), ordinal.value(), columns::indexed(id).value()])
    });
    to.insert(INSERT_SIP_IDS, sip_ids.collect(), " ON CONFLICT (call_id, ordinal) DO NOTHING").await?;
    let recordings = calls.iter().filter_map(|call| Some(recording_row(call.id, call.recording.as_ref()?)));
    to.insert(INSERT_RECORDINGS, recordings.collect(), ON_RECORDED).await
}

/// In the order of `INSERT`.
fn row(call: &Call) -> Vec<Value> {
    let cause = call.cause.as_ref();
    vec![
        call.id.value(),
        call.account.as_str().value(),
        call.direction.word().value(),
        call.internal.value(),
        call.parent_call_id.value(),
        call.status.word().value(),
        call.outcome.word().value(),
        columns::indexed(&call.from).value(),
        columns::indexed(&call.to).value(),
        call.queue.as_deref().value(),
        call.agent.as_deref().value(),
        call.trunk.as_deref().value(),
        call.started_at.value(),
        call.queued_at.value(),
        call.ringing_at.value(),
        call.answered_at.value(),
        call.ended_at.value(),
        call.queue_wait_ms.value(),
        call.talk_ms.value(),
        cause.map(|cause| cause.who.word()).value(),
        cause.and_then(|cause| cause.q850).map(u32::from).value(),
        cause.and_then(|cause| cause.sip).map(u32::from).value(),
        cause.map(|cause| cause.code.as_str()).value(),
        call.is_lost.value(),
    ]
}

/// In the order of `INSERT_RECORDINGS`.
fn recording_row(call: CallId, recording: &CallRecording) -> Vec<Value> {
    vec![
        call.value(),
        recording.state.word().value(),
        recording.path.as_str().value(),
        recording.duration_ms.value(),
        recording.sha256.value(),
    ]
}

fn select(filter: &CallFilter) -> Statement {
    let mut query = sql(SELECT);
    query.push(" WHERE c.account = ").push_bind(filter.account.as_str());
    if let Some(id) = &filter.sip_call_id {
        query.push(" AND c.id IN (SELECT call_id FROM call_sip_ids WHERE sip_call_id = ");
        query.push_bind(columns::indexed(id)).push(")");
    }
    any_of(&mut query, "c.from_number", filter.from.iter().map(|from| columns::indexed(from)));
    any_of(&mut query, "c.to_number", filter.to.iter().map(|to| columns::indexed(to)));
    any_of(&mut query, "c.status", filter.status.iter().map(|status| status.word()));
    any_of(&mut query, "c.outcome", filter.outcome.iter().map(|outcome| outcome.word()));
    any_of(&mut query, "c.direction", filter.direction.iter().map(|direction| direction.word()));
    named(&mut query, "c.queue", &filter.queue);
    named(&mut query, "c.agent", &filter.agent);
    if let Some(internal) = filter.internal {
        query.push(" AND c.internal = ").push_bind(internal);
    }
    restrict(&mut query, filter);
    if let Some(at) = filter.started_at_gte {
        query.push(" AND c.started_at >= ").push_bind(at);
    }
    if let Some(at) = filter.started_at_lt {
        query.push(" AND c.started_at < ").push_bind(at);
    }
    let (behind, order) = match filter.sort {
        CallSort::NewestFirst => (" AND (c.started_at, c.id) < ", " ORDER BY c.started_at DESC, c.id DESC"),
        CallSort::OldestFirst => (" AND (c.started_at, c.id) > ", " ORDER BY c.started_at, c.id"),
    };
    if let Some(cursor) = filter.cursor {
        query.push(behind).push_list([cursor.at.value(), cursor.call().value()]);
    }
    query.push(order).push(" LIMIT ").push_bind(filter.rows() as u64 + 1);
    query
}

/// What is said of lost calls, of customers, of work and of teams.
fn restrict(query: &mut Statement, filter: &CallFilter) {
    if let Some(lost) = filter.lost {
        query.push(" AND c.is_lost = ").push_bind(lost);
    }
    if let Some(recovered) = filter.recovered {
        let text = " AND (l.resolved_at IS NOT NULL AND NOT l.self_resolved) = ";
        query.push(text).push_bind(recovered);
    }
    if let Some(resolved) = filter.self_resolved {
        query.push(" AND (l.resolved_at IS NOT NULL AND l.self_resolved) = ").push_bind(resolved);
    }
    if let Some(party) = &filter.party {
        query.push(" AND NOT c.internal AND ((c.direction = 'inbound' AND c.from_number = ");
        query.push_bind(columns::indexed(party)).push(") OR (c.direction <> 'inbound' AND c.to_number = ");
        query.push_bind(columns::indexed(party)).push("))");
    }
    if !filter.work.is_empty() {
        // All others are of live calls only.
        let stored = CallStatus::ALL.iter().filter(|status| filter.work.contains(&work_of(**status)));
        let stored: Vec<_> = stored.map(|status| status.word()).chain(["none"]).collect();
        query.push(" AND c.status IN ").push_list(stored);
    }
    if let Some(followed) = filter.follow_up {
        query.push(" AND EXISTS (SELECT 1 FROM follow_ups f WHERE f.account = c.account AND f.number = c.from_number ");
        query.push("AND f.outbound AND f.at >= c.ended_at AND c.direction = 'inbound') = ").push_bind(followed);
    }
    if let Some(consultation) = filter.consultation {
        query.push(" AND (c.parent_call_id IS NOT NULL) = ").push_bind(consultation);
    }
    if let Some(callback) = filter.callback {
        query.push(" AND (c.direction <> 'inbound' AND EXISTS (SELECT 1 FROM call_events e WHERE e.call_id = c.id ");
        query.push("AND e.type = 'callback.dialing')) = ").push_bind(callback);
    }
    for team in &filter.teams {
        team.restrict(query, "c.queue", "c.agent");
    }
}

/// A stored call's status as a piece of work.
const fn work_of(status: CallStatus) -> WorkStatus {
    match status {
        CallStatus::Failed => WorkStatus::Failed,
        _ => WorkStatus::Ended,
    }
}

/// Any of these names, and [`NONE`] for a column without one.
pub(crate) fn named(query: &mut Statement, column: &'static str, values: &[String]) {
    if !values.iter().any(|value| value == NONE) {
        return any_of(query, column, values.iter().map(String::as_str));
    }
    query.push(" AND (").push(column).push(" IS NULL OR ").push(column).push(" IN ");
    query.push_list(values.iter().map(String::as_str)).push(")");
}

fn any_of(query: &mut Statement, column: &'static str, values: impl ExactSizeIterator<Item = impl Bind>) {
    if values.len() == 0 {
        return;
    }
    query.push(" AND ").push(column).push(" IN ").push_list(values);
}

/// Columns in the order of `SELECT`.
fn call(row: &Row) -> Result<Call, sqlx::Error> {
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
        lost: lost(row)?,
        recovers: columns::optional_call_id(row, 32)?,
        followed_up_by: columns::optional_call_id(row, 33)?,
        is_callback: row.try_get(34)?,
        failure_reason: row.try_get(35)?,
        work: work_of(columns::word(row, 5)?),
    })
}

fn lost(row: &Row) -> Result<Option<LostState>, sqlx::Error> {
    if !row.try_get::<bool>(23)? {
        return Ok(None);
    }
    Ok(Some(LostState { resolved: lost::resolved(row, 28)?, overdue_at: columns::optional_time(row, 31)? }))
}

fn cause(row: &Row) -> Result<Option<Cause>, sqlx::Error> {
    let Some(who) = columns::optional_word::<Who>(row, 19)? else { return Ok(None) };
    let q850 = row.try_get::<Option<i64>>(20)?.and_then(|cause| u8::try_from(cause).ok());
    let sip = row.try_get::<Option<i64>>(21)?.and_then(|status| u16::try_from(status).ok());
    let code = row.try_get::<Option<String>>(22)?.unwrap_or_default();
    Ok(Some(Cause { who, q850, sip, code }))
}

fn recording(row: &Row) -> Result<Option<CallRecording>, sqlx::Error> {
    let Some(state) = columns::optional_word(row, 24)? else { return Ok(None) };
    let sha256 = <[u8; 32]>::try_from(row.try_get::<Vec<u8>>(27)?).unwrap_or_default();
    let duration_ms = columns::optional_count(row, 26)?.unwrap_or(0);
    Ok(Some(CallRecording { state, path: row.try_get(25)?, duration_ms, sha256 }))
}

const SELECT: &str = "SELECT c.id, c.account, c.direction, c.internal, c.parent_call_id, c.status, c.outcome, \
    c.from_number, c.to_number, c.queue, c.agent, c.trunk, c.started_at, c.queued_at, c.ringing_at, c.answered_at, \
    c.ended_at, c.queue_wait_ms, c.talk_ms, c.cause_who, c.cause_q850, c.cause_sip, c.cause_code, c.is_lost, \
    r.state, r.path, r.duration_ms, r.sha256, l.resolved_at, l.resolved_by, l.self_resolved, l.overdue_at, \
    (SELECT w.call_id FROM lost_calls w WHERE w.resolved_by = c.id AND NOT w.self_resolved \
     ORDER BY w.ended_at DESC, w.call_id DESC LIMIT 1), \
    (SELECT f.call_id FROM follow_ups f WHERE f.account = c.account AND f.number = c.from_number AND f.outbound \
     AND f.at >= c.ended_at AND c.direction = 'inbound' ORDER BY f.at, f.call_id LIMIT 1), \
    (c.direction <> 'inbound' AND EXISTS (SELECT 1 FROM call_events e WHERE e.call_id = c.id \
     AND e.type = 'callback.dialing')), \
    (SELECT n.reason FROM call_failure_reasons n WHERE n.call_id = c.id) \
    FROM calls c LEFT JOIN recordings r ON r.call_id = c.id LEFT JOIN lost_calls l ON l.call_id = c.id";

const INSERT: &str = "INSERT INTO calls (id, account, direction, internal, parent_call_id, status, outcome, \
    from_number, to_number, queue, agent, trunk, started_at, queued_at, ringing_at, answered_at, ended_at, \
    queue_wait_ms, talk_ms, cause_who, cause_q850, cause_sip, cause_code, is_lost) VALUES";

/// A call is written again when its recording is ready: its row stands from the end on.
const ON_CONFLICT: &str = " ON CONFLICT (id) DO NOTHING";

const INSERT_SIP_IDS: &str = "INSERT INTO call_sip_ids (call_id, ordinal, sip_call_id) VALUES";

const INSERT_RECORDINGS: &str = "INSERT INTO recordings (call_id, state, path, duration_ms, sha256) VALUES";

const ON_RECORDED: &str = " ON CONFLICT (call_id) DO UPDATE SET state = excluded.state, path = excluded.path, \
    duration_ms = excluded.duration_ms, sha256 = excluded.sha256";
