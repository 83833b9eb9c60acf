//! Campaigns and their leads in the database: the dialer holds what runs, the rows are what was and what is to come.

use clock::{AgentId, CampaignId, LeadId, ListId, WallTime};
use journal_core::{CampaignEntry, CampaignLeadEntry, LeadBooked, LeadTries};

use crate::columns;
use crate::database::{Database, DatabaseUnavailable, Failure, Row, Transaction, sql};
use crate::filter::MAX_LIMIT;
use crate::naming::Naming;

/// A lead that a campaign has tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignLead {
    /// The campaign.
    pub campaign: CampaignId,
    /// The lead.
    pub lead: LeadId,
    /// Its list.
    pub list: ListId,
    /// Account of the campaign.
    pub account: String,
    /// When it comes again, or that it does not.
    pub booked: LeadBooked,
    /// Extension of the agent who alone calls it back.
    pub agent: Option<String>,
    /// What was tried.
    pub tries: LeadTries,
    /// The agent's disposition that made it so.
    pub disposition: Option<String>,
    /// When it became so.
    pub updated_at: WallTime,
}

/// What a list of a campaign's leads is asked for, in the order of their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CampaignLeadFilter {
    /// The account whose they are.
    pub account: String,
    /// Of this campaign.
    pub campaign: CampaignId,
    /// Of this list.
    pub list: Option<ListId>,
    /// In any of these states (`retry`, `callback`, `done`); empty: in any.
    pub states: Vec<&'static str>,
    /// Updated before then.
    pub before: Option<WallTime>,
    /// Go on behind this one.
    pub after: Option<LeadId>,
    /// How many, at most [`CAMPAIGN_LEADS_MAX`].
    pub limit: usize,
}

impl CampaignLead {
    /// The row of an entry.
    #[must_use]
    pub fn of(entry: &CampaignLeadEntry, naming: &Naming) -> Self {
        let agent = match &entry.booked {
            LeadBooked::Callback(_, agent) => *agent,
            _ => None,
        };
        Self {
            campaign: entry.campaign,
            lead: entry.lead,
            list: entry.list,
            account: naming.home.clone(),
            booked: entry.booked.clone(),
            agent: agent.map(|agent| naming.agent(agent)),
            tries: entry.tries.clone(),
            disposition: entry.disposition.clone(),
            updated_at: entry.at,
        }
    }

    /// The word of its state.
    #[must_use]
    pub const fn state(&self) -> &'static str {
        match self.booked {
            LeadBooked::Retry(_) => "retry",
            LeadBooked::Callback(..) => "callback",
            LeadBooked::Done(_) => "done",
        }
    }
}

impl Database {
    /// Leads that a campaign has tried; true: there are more.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn campaign_leads(
        &self,
        filter: &CampaignLeadFilter,
    ) -> Result<(Vec<CampaignLead>, bool), DatabaseUnavailable> {
        let mut query = sql(SELECT);
        query.push(" WHERE campaign_id = ").push_bind(filter.campaign.to_bytes());
        query.push(" AND account = ").push_bind(filter.account.as_str());
        if let Some(list) = filter.list {
            query.push(" AND list_id = ").push_bind(list.to_bytes());
        }
        if !filter.states.is_empty() {
            query.push(" AND state IN ").push_list(filter.states.iter().copied());
        }
        if let Some(before) = filter.before {
            query.push(" AND updated_at < ").push_bind(before);
        }
        if let Some(after) = filter.after {
            query.push(" AND lead_id > ").push_bind(after.to_bytes());
        }
        let limit = filter.limit.clamp(1, CAMPAIGN_LEADS_MAX);
        query.push(" ORDER BY lead_id LIMIT ").push_bind(limit as u64 + 1);
        let rows = self.rows(query).await?;
        let mut page = rows.iter().map(lead).collect::<Result<Vec<_>, _>>()?;
        let more = page.len() > limit;
        page.truncate(limit);
        Ok((page, more))
    }

    /// Which of these leads a campaign has tried, in the order of their ids.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn campaign_leads_of(
        &self,
        campaign: CampaignId,
        leads: &[LeadId],
    ) -> Result<Vec<CampaignLead>, DatabaseUnavailable> {
        if leads.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = sql(SELECT);
        query.push(" WHERE campaign_id = ").push_bind(campaign.to_bytes()).push(" AND lead_id IN ");
        query.push_list(leads.iter().take(CAMPAIGN_LEADS_MAX).map(|lead| lead.to_bytes())).push(" ORDER BY lead_id");
        let rows = self.rows(query).await?;
        Ok(rows.iter().map(lead).collect::<Result<Vec<_>, _>>()?)
    }
}

/// Writes a campaign as it is now.
pub(crate) async fn write(to: &mut Transaction, account: &str, campaign: &CampaignEntry) -> Result<(), Failure> {
    to.execute(sql("DELETE FROM campaigns WHERE id = $1").bind(campaign.campaign.to_bytes())).await?;
    let insert = "INSERT INTO campaigns (id, account, name, method, definition, status, edited_by, submitted_by, \
                  submitted_at, approved_by, approved_at, reason, started_at, ended_at, updated_at, estimate, archived_by, \
                  archived_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    let who = |said: &Option<(String, WallTime)>| said.as_ref().map(|(who, _)| who.clone());
    let when = |said: &Option<(String, WallTime)>| said.as_ref().map(|(_, at)| *at);
    let insert = sql(insert)
        .bind(campaign.campaign.to_bytes())
        .bind(account)
        .bind(campaign.name.as_str())
        .bind(campaign.method.as_str())
        .bind(campaign.definition.as_str())
        .bind(campaign.status.as_str())
        .bind(campaign.edited_by.as_deref())
        .bind(who(&campaign.submitted).as_deref())
        .bind(when(&campaign.submitted))
        .bind(who(&campaign.approved).as_deref())
        .bind(when(&campaign.approved))
        .bind(campaign.reason.as_deref())
        .bind(campaign.started_at)
        .bind(campaign.ended_at)
        .bind(campaign.at)
        .bind(campaign.estimate.as_deref())
        .bind(who(&campaign.archived).as_deref())
        .bind(when(&campaign.archived));
    to.execute(insert).await?;
    Ok(())
}

/// Writes a lead as it is now.
pub(crate) async fn write_lead(to: &mut Transaction, lead: &CampaignLead) -> Result<(), Failure> {
    let delete = sql("DELETE FROM campaign_leads WHERE campaign_id = $1 AND lead_id = $2");
    to.execute(delete.bind(lead.campaign.to_bytes()).bind(lead.lead.to_bytes())).await?;
    let insert = "INSERT INTO campaign_leads (campaign_id, lead_id, list_id, account, state, due_at, agent, agent_id, \
                  why, attempts, tries, last_outcome, last_at, disposition, updated_at) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    let (due, agent, why) = match &lead.booked {
        LeadBooked::Retry(at) => (Some(*at), None, None),
        LeadBooked::Callback(at, agent) => (Some(*at), *agent, None),
        LeadBooked::Done(why) => (None, None, Some(why.as_str())),
    };
    let tries = serde_json::to_string(&lead.tries).unwrap_or_default();
    let insert = sql(insert)
        .bind(lead.campaign.to_bytes())
        .bind(lead.lead.to_bytes())
        .bind(lead.list.to_bytes())
        .bind(lead.account.as_str())
        .bind(lead.state())
        .bind(due)
        .bind(lead.agent.as_deref())
        .bind(agent.map(|agent| u64::from(agent.0)))
        .bind(why)
        .bind(u64::from(lead.tries.total))
        .bind(tries.as_str())
        .bind(lead.tries.last.as_ref().map(|(word, _)| word.as_str()))
        .bind(lead.tries.last.as_ref().map(|(_, at)| *at))
        .bind(lead.disposition.as_deref())
        .bind(lead.updated_at);
    to.execute(insert).await?;
    Ok(())
}

fn lead(row: &Row) -> Result<CampaignLead, sqlx::Error> {
    let due = columns::optional_time(row, 5)?.unwrap_or_default();
    let agent = columns::optional_count(row, 7)?.and_then(|id| u32::try_from(id).ok()).map(AgentId);
    let booked = match row.try_get::<String>(4)?.as_str() {
        "retry" => LeadBooked::Retry(due),
        "callback" => LeadBooked::Callback(due, agent),
        _ => LeadBooked::Done(row.try_get::<Option<String>>(8)?.unwrap_or_default()),
    };
    Ok(CampaignLead {
        campaign: CampaignId(columns::call_id(row, 0)?.0),
        lead: LeadId(columns::call_id(row, 1)?.0),
        list: ListId(columns::call_id(row, 2)?.0),
        account: row.try_get(3)?,
        booked,
        agent: row.try_get(6)?,
        tries: serde_json::from_str(&row.try_get::<String>(9)?).unwrap_or_default(),
        disposition: row.try_get(10)?,
        updated_at: columns::time(row, 11)?,
    })
}

const SELECT: &str = "SELECT campaign_id, lead_id, list_id, account, state, due_at, agent, agent_id, why, tries, \
                      disposition, updated_at FROM campaign_leads";
/// What the dialer asks for at once, and more than a page of the API.
pub const CAMPAIGN_LEADS_MAX: usize = if MAX_LIMIT > 1_000 { MAX_LIMIT } else { 1_000 };
