//! Agents in the database: the intervals of their states.

use std::collections::BTreeMap;

use clock::{CallId, WallTime};
use journal_core::AgentState;

use crate::columns;
use crate::database::{Bind, Database, DatabaseUnavailable, Failure, Row, Transaction, Value, sql};
use crate::words::Word;

/// A state and how long it was true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateInterval {
    /// The account of the agent.
    pub account: String,
    /// Extension.
    pub agent: String,
    /// The state.
    pub state: AgentState,
    /// Why.
    pub reason: Option<String>,
    /// The call, while reserved or on one.
    pub call_id: Option<CallId>,
    /// From.
    pub since: WallTime,
    /// To; `None` for the present.
    pub until: Option<WallTime>,
}

impl Database {
    /// Intervals of an agent that touch a time span, in order; at most 10,000.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn agent_states(
        &self,
        account: &str,
        agent: &str,
        from: WallTime,
        to: WallTime,
    ) -> Result<Vec<StateInterval>, DatabaseUnavailable> {
        let select = "SELECT account, agent, state, reason, call_id, since, until FROM agent_state_intervals \
                      WHERE account = $1 AND agent = $2 AND since < $3 AND (until IS NULL OR until > $4) \
                      ORDER BY since LIMIT 10000";
        let rows = self.rows(sql(select).bind(account).bind(agent).bind(to).bind(from)).await?;
        let interval = |row: Row| -> Result<StateInterval, sqlx::Error> {
            Ok(StateInterval {
                account: row.try_get(0)?,
                agent: row.try_get(1)?,
                state: columns::word(&row, 2)?,
                reason: row.try_get(3)?,
                call_id: columns::optional_call_id(&row, 4)?,
                since: columns::time(&row, 5)?,
                until: columns::optional_time(&row, 6)?,
            })
        };
        Ok(rows.into_iter().map(interval).collect::<Result<_, _>>()?)
    }
}

/// Begins these intervals, in their order; each ends the one before of its agent.
pub(crate) async fn write(to: &mut Transaction, intervals: &[&StateInterval]) -> Result<(), Failure> {
    let mut ends: Vec<Option<WallTime>> = vec![None; intervals.len()];
    let mut latest: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (place, interval) in intervals.iter().enumerate() {
        let former = latest.insert((&interval.account, &interval.agent), place);
        match former.and_then(|former| ends.get_mut(former)) {
            Some(end) => *end = Some(interval.since),
            None => end_stored(to, interval).await?,
        }
    }
    let rows = intervals.iter().zip(ends).map(|(interval, until)| row(interval, until));
    to.insert(INSERT, rows.collect(), "").await
}

/// Ends the open interval of the agent where this one begins.
async fn end_stored(to: &mut Transaction, next: &StateInterval) -> Result<(), Failure> {
    let end = "UPDATE agent_state_intervals SET until = $1 WHERE account = $2 AND agent = $3 AND until IS NULL";
    to.execute(sql(end).bind(next.since).bind(next.account.as_str()).bind(next.agent.as_str())).await?;
    Ok(())
}

/// In the order of `INSERT`.
fn row(interval: &StateInterval, until: Option<WallTime>) -> Vec<Value> {
    vec![
        interval.account.as_str().value(),
        interval.agent.as_str().value(),
        interval.state.word().value(),
        interval.reason.as_deref().value(),
        interval.call_id.value(),
        interval.since.value(),
        until.value(),
    ]
}

const INSERT: &str = "INSERT INTO agent_state_intervals (account, agent, state, reason, call_id, since, until) VALUES";
