//! What an agent of a campaign sees beside the lead: what was said of him before, and the counters of the day.

use clock::{CampaignId, LeadId, WallTime};

use crate::columns;
use crate::database::{Database, DatabaseUnavailable, Row, sql};

/// What an agent said of a lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadNote {
    /// Extension of the agent.
    pub agent: String,
    /// Code of his disposition.
    pub code: String,
    /// What people read.
    pub label: String,
    /// His note.
    pub note: Option<String>,
    /// When he said it.
    pub given_at: WallTime,
}

/// What a campaign came to in a span of time, of one agent or of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeskCounts {
    /// Attempts that were begun: for this agent alone, or with him; or any.
    pub dialed: u64,
    /// Those in which an agent talked.
    pub connected: u64,
    /// Dispositions of these attempts: code, what people read, how many.
    pub dispositions: Vec<(String, String, u64)>,
    /// Those of them that count as a success.
    pub successes: u64,
    /// Callbacks that are due by the end of the span: the agent's own, or all.
    pub callbacks: u64,
    /// Those of them that are due now.
    pub callbacks_due: u64,
}

impl Database {
    /// What agents said of a lead in a campaign, newest first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn lead_notes(
        &self,
        account: &str,
        campaign: CampaignId,
        lead: LeadId,
    ) -> Result<Vec<LeadNote>, DatabaseUnavailable> {
        let select = "SELECT d.agent, d.code, d.label, d.note, d.given_at FROM attempts a \
                      JOIN call_dispositions d ON d.call_id = a.call_id \
                      WHERE a.account = $1 AND a.campaign_id = $2 AND a.lead_id = $3 AND d.account = $1 \
                      ORDER BY d.given_at DESC LIMIT $4";
        let query = sql(select).bind(account).bind(campaign.to_bytes()).bind(lead.to_bytes()).bind(NOTES_MAX);
        Ok(self.rows(query).await?.iter().map(note).collect::<Result<Vec<_>, _>>()?)
    }

    /// What a campaign came to from `from` to before `to`: of attempts begun then, with the dispositions of these, and
    /// of callbacks due before `to`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn desk_counts(
        &self,
        account: &str,
        campaign: CampaignId,
        agent: Option<&str>,
        (from, to, now): (WallTime, WallTime, WallTime),
    ) -> Result<DeskCounts, DatabaseUnavailable> {
        let mut counts = DeskCounts::default();
        let mut query = sql("SELECT COUNT(*), COUNT(a.connected_at) FROM attempts a WHERE a.account = ");
        query.push_bind(account).push(" AND a.campaign_id = ").push_bind(campaign.to_bytes());
        query.push(" AND a.ordered_at >= ").push_bind(from).push(" AND a.ordered_at < ").push_bind(to);
        if let Some(agent) = agent {
            query.push(" AND COALESCE(a.agent, a.waits) = ").push_bind(agent);
        }
        if let Some(row) = self.row(query).await? {
            counts.dialed = columns::optional_count(&row, 0)?.unwrap_or(0);
            counts.connected = columns::optional_count(&row, 1)?.unwrap_or(0);
        }
        let mut query =
            sql("SELECT d.code, d.label, COUNT(*), COUNT(CASE WHEN d.is_success THEN 1 END) FROM attempts a \
                             JOIN call_dispositions d ON d.call_id = a.call_id WHERE a.account = ");
        query.push_bind(account).push(" AND d.account = a.account AND a.campaign_id = ").push_bind(campaign.to_bytes());
        query.push(" AND a.ordered_at >= ").push_bind(from).push(" AND a.ordered_at < ").push_bind(to);
        if let Some(agent) = agent {
            query.push(" AND d.agent = ").push_bind(agent);
        }
        query.push(" GROUP BY d.code, d.label ORDER BY d.code, d.label");
        for row in self.rows(query).await? {
            let count = columns::optional_count(&row, 2)?.unwrap_or(0);
            counts.successes += columns::optional_count(&row, 3)?.unwrap_or(0);
            counts.dispositions.push((row.try_get(0)?, row.try_get(1)?, count));
        }
        let mut query = sql("SELECT COUNT(*), COUNT(CASE WHEN due_at <= ");
        query.push_bind(now).push(" THEN 1 END) FROM campaign_leads WHERE account = ").push_bind(account);
        query.push(" AND campaign_id = ").push_bind(campaign.to_bytes());
        query.push(" AND state = 'callback' AND due_at < ").push_bind(to);
        if let Some(agent) = agent {
            query.push(" AND agent = ").push_bind(agent);
        }
        if let Some(row) = self.row(query).await? {
            counts.callbacks = columns::optional_count(&row, 0)?.unwrap_or(0);
            counts.callbacks_due = columns::optional_count(&row, 1)?.unwrap_or(0);
        }
        Ok(counts)
    }
}

fn note(row: &Row) -> Result<LeadNote, sqlx::Error> {
    Ok(LeadNote {
        agent: row.try_get(0)?,
        code: row.try_get(1)?,
        label: row.try_get(2)?,
        note: row.try_get(3)?,
        given_at: columns::time(row, 4)?,
    })
}

/// What fits a screen.
const NOTES_MAX: u64 = 20;
