//! The log of states: intervals that follow each other without gap or overlap, the last of them open.

use std::collections::BTreeMap;

use clock::{CallId, WallTime};
use journal_core::{AgentState, StateCause};

use crate::columns;
use crate::database::{Bind, Database, DatabaseUnavailable, Failure, Row, Transaction, Value, sql};
use crate::filter::MAX_LIMIT;
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
    /// What made it so.
    pub cause: StateCause,
    /// Sequence of its entry in the journal.
    pub seq: u64,
}

/// Which intervals of an agent a list shows; oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntervalFilter {
    /// The account of the agent.
    pub account: String,
    /// Extension.
    pub agent: String,
    /// Those that last beyond this.
    pub from: WallTime,
    /// Those that begin before this.
    pub to: WallTime,
    /// Go on behind this one.
    pub behind: Option<IntervalPlace>,
    /// How many, 1 to [`MAX_LIMIT`].
    pub limit: usize,
}

/// The place of an interval in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IntervalPlace {
    /// Since when.
    pub since: WallTime,
    /// Sequence of its entry.
    pub seq: u64,
}

impl Database {
    /// Intervals of an agent that touch a time span, in order, and whether there are more.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn agent_states(
        &self,
        filter: &IntervalFilter,
    ) -> Result<(Vec<StateInterval>, bool), DatabaseUnavailable> {
        let mut query = sql(SELECT);
        query.push(" WHERE account = ").push_bind(filter.account.as_str());
        query.push(" AND agent = ").push_bind(filter.agent.as_str());
        query.push(" AND since < ").push_bind(filter.to);
        query.push(" AND (until IS NULL OR until > ").push_bind(filter.from).push(")");
        if let Some(IntervalPlace { since, seq }) = filter.behind {
            query.push(" AND (since, seq) > ").push_list([since.value(), seq.value()]);
        }
        let limit = filter.limit.clamp(1, MAX_LIMIT);
        query.push(" ORDER BY since, seq LIMIT ").push_bind(limit as u64 + 1);
        let rows = self.rows(query).await?;
        let mut page = rows.iter().map(interval).collect::<Result<Vec<_>, _>>()?;
        let more = page.len() > limit;
        page.truncate(limit);
        Ok((page, more))
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
        interval.cause.word().value(),
        interval.seq.value(),
    ]
}

/// In the order of `SELECT`.
fn interval(row: &Row) -> Result<StateInterval, sqlx::Error> {
    Ok(StateInterval {
        account: row.try_get(0)?,
        agent: row.try_get(1)?,
        state: columns::word(row, 2)?,
        reason: row.try_get(3)?,
        call_id: columns::optional_call_id(row, 4)?,
        since: columns::time(row, 5)?,
        until: columns::optional_time(row, 6)?,
        cause: columns::word(row, 7)?,
        seq: columns::optional_count(row, 8)?.unwrap_or(0),
    })
}

const SELECT: &str =
    "SELECT account, agent, state, reason, call_id, since, until, cause, seq FROM agent_state_intervals";

const INSERT: &str = "INSERT INTO agent_state_intervals \
    (account, agent, state, reason, call_id, since, until, cause, seq) VALUES";
