//! Agents in the database: the intervals of their states.

use clock::{CallId, WallTime};
use journal_core::AgentState;

use crate::columns;
use crate::database::{Database, DatabaseUnavailable, Failure, Row, Transaction, sql};
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

/// Ends the open interval of the agent and begins this one.
pub(crate) async fn write(to: &mut Transaction, interval: &StateInterval) -> Result<(), Failure> {
    let close = "UPDATE agent_state_intervals SET until = $1 WHERE account = $2 AND agent = $3 AND until IS NULL";
    to.execute(sql(close).bind(interval.since).bind(interval.account.as_str()).bind(interval.agent.as_str())).await?;
    let open = "INSERT INTO agent_state_intervals (account, agent, state, reason, call_id, since) \
                VALUES ($1, $2, $3, $4, $5, $6)";
    let open = sql(open).bind(interval.account.as_str()).bind(interval.agent.as_str()).bind(interval.state.word());
    to.execute(open.bind(interval.reason.clone()).bind(interval.call_id).bind(interval.since)).await?;
    Ok(())
}
