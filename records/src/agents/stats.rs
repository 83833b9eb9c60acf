//! My Stats: the figures of one agent over a span of time (P-382 to P-391).
//!
//! Times are sums of the intervals of his states, cut to the span; calls are the rows of the list of his calls that
//! began in it. So they are what the lists behind them say, and login time is the sum of its parts.

use std::collections::BTreeMap;

use clock::WallTime;
use journal_core::AgentState;

use super::calls::{COUNTED, of_agent};
use crate::columns;
use crate::database::{Database, DatabaseUnavailable, Row, Statement, sql};

/// The figures of one agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentStats {
    /// Time in each state with each reason that occurred.
    pub states: Vec<StateTotal>,
    /// Pauses that touch the span, by reason. What interrupts a pause without ending it, a call or a phone that is not
    /// there, makes no second one of it.
    pub pauses: BTreeMap<Option<String>, u64>,
    /// Calls that he made or in which he talked, between own parties not counted.
    pub total_calls: u64,
    /// Those of them in which he talked.
    pub calls_handled: u64,
    /// Calls that rang for him and that he did not take ([`super::AgentCall::missed`]), between own parties not counted.
    pub calls_missed: u64,
    /// Total calls whose disposition is a success.
    pub successes: u64,
    /// How long he talked in total calls, ms.
    pub talk_in_calls_ms: u64,
}

/// Time in one state with one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateTotal {
    /// The state.
    pub state: AgentState,
    /// Its reason.
    pub reason: Option<String>,
    /// Time of its intervals within the span, microseconds.
    pub micros: i64,
    /// Begin of the first, not before the span.
    pub first: WallTime,
    /// End of the last, not behind the span or the present.
    pub last: WallTime,
}

impl AgentStats {
    /// Time in the states that `is_wanted` names, ms.
    #[must_use]
    pub fn time_ms(&self, is_wanted: impl Fn(&StateTotal) -> bool) -> u64 {
        let micros: i64 = self.states.iter().filter(|total| is_wanted(total)).map(|total| total.micros).sum();
        micros.max(0).unsigned_abs() / 1_000
    }

    /// The first moment at which he was signed on, and the last.
    #[must_use]
    pub fn activity(&self) -> Option<(WallTime, WallTime)> {
        let active = || self.states.iter().filter(|total| total.state != AgentState::Offline);
        Some((active().map(|total| total.first).min()?, active().map(|total| total.last).max()?))
    }
}

impl Database {
    /// The figures of an agent from `from` to `to`, or to `now` where that is earlier.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn agent_stats(
        &self,
        account: &str,
        agent: &str,
        (from, to): (WallTime, WallTime),
        now: WallTime,
    ) -> Result<AgentStats, DatabaseUnavailable> {
        let end = to.min(now).max(from);
        // A span that lies ahead has no time in it yet.
        let mut stats = AgentStats::default();
        if from < end {
            let rows = self.rows(state_totals(account, agent, from, end)).await?;
            stats.states = rows.iter().map(|row| total(row, from, end)).collect::<Result<_, _>>()?;
            let rows = self.rows(pause_counts(account, agent, from, end)).await?;
            stats.pauses = rows.iter().map(pause_count).collect::<Result<_, _>>()?;
        }
        if let Some(row) = self.row(call_totals(account, agent, from, to)).await? {
            let count = |column| Ok::<_, sqlx::Error>(columns::optional_count(&row, column)?.unwrap_or(0));
            stats.total_calls = count(0)?;
            stats.calls_handled = count(1)?;
            stats.calls_missed = count(2)?;
            stats.successes = count(3)?;
            stats.talk_in_calls_ms = count(4)?;
        }
        Ok(stats)
    }
}

/// An open interval lasts to `end` here. Sums are cast, as PostgreSQL makes them of a type without bounds.
fn state_totals(account: &str, agent: &str, from: WallTime, end: WallTime) -> Statement {
    let mut query = sql("SELECT state, reason, CAST(SUM(CASE WHEN until IS NULL OR until > ");
    query.push_bind(end).push(" THEN ").push_bind(end).push(" ELSE until END - CASE WHEN since < ");
    query.push_bind(from).push(" THEN ").push_bind(from).push(" ELSE since END) AS BIGINT), MIN(since), ");
    query.push("MAX(CASE WHEN until IS NULL THEN ").push_bind(end).push(" ELSE until END)");
    touching(&mut query, account, agent, from, end);
    query.push(" GROUP BY state, reason ORDER BY state, reason");
    query
}

/// A pause that goes on where the last thing he chose was the same pause is not another one.
fn pause_counts(account: &str, agent: &str, from: WallTime, end: WallTime) -> Statement {
    let mut query = sql("SELECT reason, COUNT(*) FROM (SELECT state, reason, ");
    query.push("LAG(state) OVER (ORDER BY since, seq) AS former, ");
    query.push("LAG(reason) OVER (ORDER BY since, seq) AS former_reason");
    touching(&mut query, account, agent, from, end);
    query.push(" AND state NOT IN ('reserved', 'on_call', 'wrap_up') AND NOT (state = 'offline' AND ");
    query.push("COALESCE(reason, '') IN ('no_device', 'no_answer_to_probe', 'node_down'))) AS chosen ");
    query.push("WHERE state = 'paused' AND NOT (COALESCE(former, '') = 'paused' ");
    query.push("AND COALESCE(former_reason, '') = COALESCE(reason, '')) GROUP BY reason");
    query
}

/// The intervals of an agent that touch a span of time.
fn touching(query: &mut Statement, account: &str, agent: &str, from: WallTime, end: WallTime) {
    query.push(" FROM agent_state_intervals WHERE account = ").push_bind(account);
    query.push(" AND agent = ").push_bind(agent).push(" AND since < ").push_bind(end);
    query.push(" AND (until IS NULL OR until > ").push_bind(from).push(")");
}

fn call_totals(account: &str, agent: &str, from: WallTime, to: WallTime) -> Statement {
    let mut query = sql("SELECT COUNT(CASE WHEN ");
    query.push(COUNTED).push(" THEN 1 END), COUNT(CASE WHEN ").push(COUNTED);
    query.push(" AND p.talked_at IS NOT NULL THEN 1 END), ");
    query.push("COUNT(CASE WHEN NOT p.internal AND p.missed THEN 1 END), ");
    query.push("COUNT(CASE WHEN ").push(COUNTED).push(" AND d.is_success THEN 1 END), ");
    query.push("CAST(SUM(CASE WHEN ").push(COUNTED).push(" THEN p.talk_ms ELSE 0 END) AS BIGINT)");
    query.push(" FROM agent_calls p LEFT JOIN call_dispositions d ON d.call_id = p.call_id AND d.agent = p.agent");
    of_agent(&mut query, account, agent, from, to);
    query
}

fn total(row: &Row, from: WallTime, end: WallTime) -> Result<StateTotal, sqlx::Error> {
    Ok(StateTotal {
        state: columns::word(row, 0)?,
        reason: row.try_get(1)?,
        micros: row.try_get::<Option<i64>>(2)?.unwrap_or(0),
        first: columns::time(row, 3)?.max(from),
        last: columns::time(row, 4)?.min(end),
    })
}

fn pause_count(row: &Row) -> Result<(Option<String>, u64), sqlx::Error> {
    Ok((row.try_get(0)?, columns::optional_count(row, 1)?.unwrap_or(0)))
}
