//! Figures of campaigns, by list: counts of attempts that ended in a span of time, which are a recount of the list of
//! attempts, and the time that agents were at work for the campaign.

use clock::{CampaignId, ListId, WallTime};
use journal_core::{CampaignEvent, CampaignStep};

use crate::columns;
use crate::database::{Database, DatabaseUnavailable, Failure, Row, Transaction, sql};
use crate::naming::Naming;

/// A span in which an agent was at work for a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentTime {
    /// The campaign.
    pub campaign: CampaignId,
    /// Its account.
    pub account: String,
    /// Extension of the agent.
    pub agent: String,
    /// From then.
    pub since: WallTime,
    /// To before then.
    pub until: WallTime,
}

/// What a campaign came to in a span of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CampaignFigures {
    /// By list; those of which nothing is known are left out.
    pub lists: Vec<ListFigures>,
    /// Time of its agents at work, microseconds.
    pub agent_micros: u64,
}

/// What a list of a campaign came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListFigures {
    /// The list; none: numbers that agents typed.
    pub list: Option<ListId>,
    /// Attempts that ended in the span.
    pub attempts: u64,
    /// Those of them that were dialed: a line was taken.
    pub dialed: u64,
    /// Answered, by whomever.
    pub answered: u64,
    /// Answered by a person.
    pub people: u64,
    /// An agent talked.
    pub connected: u64,
    /// A person was there and no agent in time.
    pub abandoned: u64,
    /// Answered by a machine.
    pub machines: u64,
    /// With a disposition that counts as a success.
    pub successes: u64,
    /// Leads that were dialed at least once before the end of the span, ever.
    pub leads_dialed: u64,
}

impl AgentTime {
    /// The span that an entry tells of, if it does.
    #[must_use]
    pub fn of(step: &CampaignStep, naming: &Naming) -> Option<Self> {
        let CampaignEvent::Worked { agent, since } = step.event else { return None };
        let (account, agent) = (naming.home.clone(), naming.agent(agent));
        Some(Self { campaign: step.campaign, account, agent, since, until: step.at })
    }
}

impl Database {
    /// What a campaign came to from `from` to before `to`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn campaign_figures(
        &self,
        account: &str,
        campaign: CampaignId,
        (from, to): (WallTime, WallTime),
    ) -> Result<CampaignFigures, DatabaseUnavailable> {
        let mut query = sql(COUNTS);
        query.push_bind(account).push(" AND a.campaign_id = ").push_bind(campaign.to_bytes());
        // No call lasts longer: the index is of when they were ordered.
        let earliest = WallTime::from_micros(from.as_micros().saturating_sub(CALL_MAX_MICROS));
        query.push(" AND a.ordered_at >= ").push_bind(earliest).push(" AND a.ordered_at < ").push_bind(to);
        query.push(" AND a.ended_at >= ").push_bind(from).push(" AND a.ended_at < ").push_bind(to);
        query.push(" GROUP BY a.list_id ORDER BY a.list_id");
        let mut lists = self.rows(query).await?.iter().map(counts).collect::<Result<Vec<_>, _>>()?;
        let select = "SELECT list_id, COUNT(DISTINCT lead_id) FROM attempts WHERE account = $1 AND campaign_id = $2 \
                      AND ordered_at < $3 AND COALESCE(outcome, '') <> 'not_dialed' AND list_id IS NOT NULL \
                      GROUP BY list_id ORDER BY list_id";
        for row in self.rows(sql(select).bind(account).bind(campaign.to_bytes()).bind(to)).await? {
            let (list, leads_dialed) = (list_of(&row)?, columns::optional_count(&row, 1)?.unwrap_or(0));
            match lists.iter_mut().find(|known| known.list == list) {
                Some(known) => known.leads_dialed = leads_dialed,
                None => lists.push(ListFigures { list, leads_dialed, ..ListFigures::default() }),
            }
        }
        let mut query = sql("SELECT CAST(SUM(CASE WHEN until > ");
        query.push_bind(to).push(" THEN ").push_bind(to).push(" ELSE until END - CASE WHEN since < ").push_bind(from);
        query
            .push(" THEN ")
            .push_bind(from)
            .push(" ELSE since END) AS BIGINT) FROM campaign_agent_time WHERE account = ");
        query.push_bind(account).push(" AND campaign_id = ").push_bind(campaign.to_bytes());
        query.push(" AND since < ").push_bind(to).push(" AND until > ").push_bind(from);
        let row = self.row(query).await?;
        let agent_micros = row.map(|row| columns::optional_count(&row, 0)).transpose()?.flatten().unwrap_or(0);
        Ok(CampaignFigures { lists, agent_micros })
    }
}

/// Writes a span of an agent's work.
pub(crate) async fn write(to: &mut Transaction, time: &AgentTime) -> Result<(), Failure> {
    let delete = sql("DELETE FROM campaign_agent_time WHERE campaign_id = $1 AND agent = $2 AND since = $3");
    to.execute(delete.bind(time.campaign.to_bytes()).bind(time.agent.as_str()).bind(time.since)).await?;
    let insert =
        "INSERT INTO campaign_agent_time (campaign_id, account, agent, since, until) VALUES ($1, $2, $3, $4, $5)";
    let insert = sql(insert)
        .bind(time.campaign.to_bytes())
        .bind(time.account.as_str())
        .bind(time.agent.as_str())
        .bind(time.since)
        .bind(time.until);
    to.execute(insert).await?;
    Ok(())
}

fn list_of(row: &Row) -> Result<Option<ListId>, sqlx::Error> {
    Ok(columns::optional_call_id(row, 0)?.map(|id| ListId(id.0)))
}

fn counts(row: &Row) -> Result<ListFigures, sqlx::Error> {
    let count = |column| Ok::<_, sqlx::Error>(columns::optional_count(row, column)?.unwrap_or(0));
    Ok(ListFigures {
        list: list_of(row)?,
        attempts: count(1)?,
        dialed: count(2)?,
        answered: count(3)?,
        people: count(4)?,
        connected: count(5)?,
        abandoned: count(6)?,
        machines: count(7)?,
        successes: count(8)?,
        leads_dialed: 0,
    })
}

const COUNTS: &str = "SELECT a.list_id, COUNT(*), COUNT(CASE WHEN a.outcome <> 'not_dialed' THEN 1 END), \
                      COUNT(a.answered_at), \
                      COUNT(CASE WHEN a.outcome IN ('connected', 'abandoned', 'hung_up', 'message') THEN 1 END), \
                      COUNT(a.connected_at), COUNT(CASE WHEN a.outcome = 'abandoned' THEN 1 END), \
                      COUNT(CASE WHEN a.outcome IN ('machine', 'machine_message') THEN 1 END), \
                      COUNT(CASE WHEN d.is_success THEN 1 END) FROM attempts a \
                      LEFT JOIN call_dispositions d ON d.call_id = a.call_id AND d.agent = COALESCE(a.agent, a.waits) \
                      WHERE a.account = ";
/// The longest call, and more.
const CALL_MAX_MICROS: i64 = 24 * 3_600 * 1_000_000;
