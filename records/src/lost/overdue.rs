//! Lost calls of which something is to be told: that nobody cared for them, or that they were won back; and how many are
//! open.

use clock::WallTime;

use super::LostCall;
use super::list::{SELECT, lost_call};
use crate::columns;
use crate::database::{Database, DatabaseUnavailable, sql};

/// Which lost calls are overdue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverdueCall {
    /// Name of a queue; all others, and calls of no queue, without.
    pub queue: Option<String>,
    /// Ended after.
    pub ended_after: WallTime,
    /// Ended at or before.
    pub ended_by: WallTime,
}

/// How many lost calls are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LostCallCounts {
    /// Not won back, and the caller did not get through alone.
    pub open: u64,
    /// Those of them that were told as overdue.
    pub overdue: u64,
}

impl Database {
    /// Open lost calls that ended by a moment, were not called back and are not told of yet, the oldest first: those of
    /// one queue, or of all queues but `others`. A withheld number cannot be called back and is none of them.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn overdue_lost_calls(
        &self,
        account: &str,
        which: &OverdueCall,
        others: &[String],
        limit: usize,
    ) -> Result<Vec<LostCall>, DatabaseUnavailable> {
        let mut query = sql(SELECT);
        query.push(" WHERE l.resolved_at IS NULL AND l.overdue_at IS NULL AND l.ended_at <= ");
        query.push_bind(which.ended_by).push(" AND l.ended_at > ").push_bind(which.ended_after);
        query.push(" AND l.account = ").push_bind(account);
        match &which.queue {
            Some(queue) => _ = query.push(" AND l.queue = ").push_bind(queue.as_str()),
            None if others.is_empty() => {}
            None => {
                query.push(" AND (l.queue IS NULL OR l.queue NOT IN ");
                query.push_list(others.iter().map(String::as_str)).push(")");
            }
        }
        query.push(" AND l.number COLLATE \"C\" >= '+' AND l.number COLLATE \"C\" < ',' AND NOT EXISTS (SELECT 1 FROM follow_ups f ");
        query.push("WHERE f.account = l.account AND f.number = l.number AND f.outbound AND f.at >= l.ended_at)");
        query.push(" ORDER BY l.ended_at, l.call_id LIMIT ").push_bind(limit as u64);
        Ok(self.rows(query).await?.iter().map(lost_call).collect::<Result<_, _>>()?)
    }

    /// Lost calls that a call out won back and of which that was not told yet, the first one first: those that ended after
    /// a moment.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn untold_recoveries(
        &self,
        account: &str,
        ended_after: WallTime,
        limit: usize,
    ) -> Result<Vec<LostCall>, DatabaseUnavailable> {
        let mut query = sql(SELECT);
        query.push(" WHERE l.resolved_at IS NOT NULL AND NOT l.self_resolved AND l.recovery_told_at IS NULL");
        query.push(" AND l.account = ").push_bind(account).push(" AND l.ended_at > ").push_bind(ended_after);
        query.push(" ORDER BY l.resolved_at, l.call_id LIMIT ").push_bind(limit as u64);
        Ok(self.rows(query).await?.iter().map(lost_call).collect::<Result<_, _>>()?)
    }

    /// How many of the calls lost since a moment are open now.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn lost_call_counts(
        &self,
        account: &str,
        since: WallTime,
    ) -> Result<LostCallCounts, DatabaseUnavailable> {
        let select = "SELECT COUNT(*), COUNT(overdue_at) FROM lost_calls WHERE account = $1 AND ended_at >= $2 \
                      AND resolved_at IS NULL";
        let Some(row) = self.row(sql(select).bind(account).bind(since)).await? else {
            return Ok(LostCallCounts::default());
        };
        let count = |column| Ok::<_, sqlx::Error>(columns::optional_count(&row, column)?.unwrap_or(0));
        Ok(LostCallCounts { open: count(0)?, overdue: count(1)? })
    }
}
