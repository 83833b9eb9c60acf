//! Leads as they are read: in pages of a list's order, which the hopper goes through, and by their ids.

use clock::{LeadId, ListId};

use super::list::list_id;
use super::{first_of, last_of};
use crate::columns;
use crate::database::{Database, DatabaseUnavailable, Row, Statement, sql};

/// A lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLead {
    /// Its id.
    pub id: LeadId,
    /// The name, where one is known.
    pub name: Option<String>,
    /// What else is known, as JSON.
    pub details: String,
    /// Its numbers, in the order in which they are tried.
    pub numbers: Vec<StoredNumber>,
}

/// A number of a lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredNumber {
    /// E.164.
    pub e164: String,
    /// As it was typed.
    pub typed: String,
}

impl Database {
    /// The next `limit` leads of a list in the order of its rows, or the other way round, behind `after`: fewer are the
    /// last. A page costs the same wherever it begins; leads that are added meanwhile come behind.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn next_leads(
        &self,
        list: ListId,
        newest_first: bool,
        after: Option<LeadId>,
        limit: usize,
    ) -> Result<Vec<StoredLead>, DatabaseUnavailable> {
        let (first, last) = (first_of(list), last_of(list));
        let mut query = sql(LEADS);
        let limit = limit.min(LEADS_A_PAGE_MAX) as u64;
        if newest_first {
            let below = after.map_or(last, |after| after.min(last));
            query.push(" WHERE id > ").push_bind(first.to_bytes());
            query.push(if after.is_some() { " AND id < " } else { " AND id <= " }).push_bind(below.to_bytes());
            query.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
        } else {
            let above = after.map_or(first, |after| after.max(first));
            query.push(" WHERE id > ").push_bind(above.to_bytes());
            query.push(" AND id <= ").push_bind(last.to_bytes());
            query.push(" ORDER BY id LIMIT ").push_bind(limit);
        }
        self.leads(query).await
    }

    /// The leads of these ids that are there, in the order of their ids; at most [`LEADS_A_PAGE_MAX`] are looked for.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn leads_by_id(&self, ids: &[LeadId]) -> Result<Vec<StoredLead>, DatabaseUnavailable> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = sql(LEADS);
        query.push(" WHERE id IN ").push_list(ids.iter().take(LEADS_A_PAGE_MAX).map(|id| id.to_bytes()));
        query.push(" ORDER BY id");
        self.leads(query).await
    }

    /// The lists of an account that have this number, newest first, each with the lead.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn leads_with_number(
        &self,
        account: &str,
        digits: u64,
        limit: usize,
    ) -> Result<Vec<StoredLead>, DatabaseUnavailable> {
        let select = "SELECT DISTINCT lead_id FROM lead_numbers WHERE account = $1 AND number = $2 \
                      ORDER BY lead_id DESC LIMIT $3";
        let limit = limit.min(LEADS_A_PAGE_MAX) as u64;
        let rows = self.rows(sql(select).bind(account).bind(digits).bind(limit)).await?;
        let ids = rows.iter().map(|row| lead_id(row, 0)).collect::<Result<Vec<_>, _>>()?;
        let mut leads = self.leads_by_id(&ids).await?;
        leads.reverse();
        Ok(leads)
    }

    /// The leads of a query that selects `id, name, details` of them in the order of `id`, or the other way round.
    pub(crate) async fn leads(&self, query: Statement) -> Result<Vec<StoredLead>, DatabaseUnavailable> {
        let rows = self.rows(query).await?;
        let mut leads = rows.iter().map(lead).collect::<Result<Vec<_>, _>>()?;
        if leads.is_empty() {
            return Ok(leads);
        }
        let mut query = sql("SELECT lead_id, number, typed FROM lead_numbers WHERE lead_id IN ");
        query.push_list(leads.iter().map(|lead| lead.id.to_bytes())).push(" ORDER BY lead_id, position");
        let mut numbers = Vec::new();
        for row in self.rows(query).await? {
            let digits = columns::optional_count(&row, 1)?.unwrap_or_default();
            numbers.push((lead_id(&row, 0)?, StoredNumber { e164: format!("+{digits}"), typed: row.try_get(2)? }));
        }
        for lead in &mut leads {
            let from = numbers.partition_point(|(id, _)| *id < lead.id);
            let of_lead = numbers.iter().skip(from).take_while(|(id, _)| *id == lead.id);
            lead.numbers = of_lead.map(|(_, number)| number.clone()).collect();
        }
        Ok(leads)
    }
}

fn lead(row: &Row) -> Result<StoredLead, sqlx::Error> {
    Ok(StoredLead { id: lead_id(row, 0)?, name: row.try_get(1)?, details: row.try_get(2)?, numbers: Vec::new() })
}

fn lead_id(row: &Row, column: usize) -> Result<LeadId, sqlx::Error> {
    list_id(row, column).map(|id| LeadId(id.0))
}

const LEADS: &str = "SELECT id, name, details FROM leads";
/// What a page holds at most: a minute of a large campaign.
pub const LEADS_A_PAGE_MAX: usize = 1_000;
