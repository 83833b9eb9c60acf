//! What calls of campaigns were like of late: how many were answered by whom, and how long everything took.

use clock::{CampaignId, WallTime};

use crate::columns;
use crate::database::{Database, DatabaseUnavailable, sql};

/// What dialed numbers came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Experience {
    /// Numbers dialed, those left out that we, the trunk or the network failed.
    pub dialed: u64,
    /// Answered by a person.
    pub people: u64,
    /// Answered by a machine.
    pub machines: u64,
    /// Busy, or the network had no way.
    pub busy: u64,
    /// No such number.
    pub unobtainable: u64,
    /// Those with whom an agent talked, or who heard a message.
    pub served: u64,
    /// How long those took from then on, microseconds.
    pub served_micros: u64,
    /// How long machines took, microseconds.
    pub machine_micros: u64,
    /// From the order of each number to its answer or its end, microseconds.
    pub ring_micros: u64,
}

impl Database {
    /// The campaigns that were started last, newest first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn campaigns_started(&self, account: &str, limit: usize) -> Result<Vec<CampaignId>, DatabaseUnavailable> {
        let select = "SELECT id FROM campaigns WHERE account = $1 AND started_at IS NOT NULL \
                      ORDER BY started_at DESC, id DESC LIMIT $2";
        let rows = self.rows(sql(select).bind(account).bind(limit as u64)).await?;
        let ids = rows.iter().map(|row| Ok::<_, sqlx::Error>(CampaignId(columns::call_id(row, 0)?.0)));
        Ok(ids.collect::<Result<Vec<_>, _>>()?)
    }

    /// What the newest attempts of these campaigns came to, those ordered since then, 20,000 at most.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn campaign_experience(
        &self,
        account: &str,
        campaigns: &[CampaignId],
        since: WallTime,
    ) -> Result<Experience, DatabaseUnavailable> {
        if campaigns.is_empty() {
            return Ok(Experience::default());
        }
        let mut query = sql(FIGURES);
        query.push_bind(account).push(" AND campaign_id IN ");
        query.push_list(campaigns.iter().map(|campaign| campaign.to_bytes()));
        query.push(" AND ordered_at >= ").push_bind(since).push(NEWEST).push_bind(ATTEMPTS_MAX).push(") a");
        let Some(row) = self.row(query).await? else { return Ok(Experience::default()) };
        let figure = |column| Ok::<_, sqlx::Error>(columns::optional_count(&row, column)?.unwrap_or(0));
        Ok(Experience {
            dialed: figure(0)?,
            people: figure(1)?,
            machines: figure(2)?,
            busy: figure(3)?,
            unobtainable: figure(4)?,
            served: figure(5)?,
            served_micros: figure(6)?,
            machine_micros: figure(7)?,
            ring_micros: figure(8)?,
        })
    }
}

const FIGURES: &str = "SELECT COUNT(*), \
    COUNT(CASE WHEN outcome IN ('connected', 'abandoned', 'hung_up', 'message') THEN 1 END), \
    COUNT(CASE WHEN outcome IN ('machine', 'machine_message', 'fax', 'dead_air') THEN 1 END), \
    COUNT(CASE WHEN outcome IN ('busy', 'congestion') THEN 1 END), \
    COUNT(CASE WHEN outcome = 'unobtainable' THEN 1 END), \
    COUNT(CASE WHEN outcome IN ('connected', 'message') THEN 1 END), \
    CAST(SUM(CASE WHEN outcome IN ('connected', 'message') THEN ended_at - COALESCE(connected_at, answered_at) END) \
        AS BIGINT), \
    CAST(SUM(CASE WHEN outcome IN ('machine', 'machine_message', 'fax', 'dead_air') THEN ended_at - answered_at END) \
        AS BIGINT), \
    CAST(SUM(COALESCE(answered_at, ended_at) - ordered_at) AS BIGINT) FROM \
    (SELECT outcome, ordered_at, answered_at, connected_at, ended_at FROM attempts WHERE account = ";
const NEWEST: &str = " AND ended_at IS NOT NULL \
    AND outcome NOT IN ('not_dialed', 'failed', 'canceled', 'node_restart') ORDER BY ordered_at DESC LIMIT ";
/// More tell nothing more.
const ATTEMPTS_MAX: u64 = 20_000;
