//! Lists of lost calls.

use clock::WallTime;

use super::{LostCall, LostState, Resolved};
use crate::calls::named;
use crate::columns;
use crate::database::{Bind, Database, DatabaseUnavailable, Row, Statement, sql};
use crate::filter::{Cursor, MAX_LIMIT};

/// Queues and agents that belong together: a call is the team's that was in one of its queues or is one of its agents'.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TeamScope {
    /// Names of queues.
    pub queues: Vec<String>,
    /// Extensions of agents.
    pub agents: Vec<String>,
}

/// What a list of lost calls is asked for. An empty list of values means any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostCallFilter {
    /// The account whose they are; from the credential only.
    pub account: String,
    /// Who called.
    pub number: Option<String>,
    /// Any of these queues; [`crate::NONE`] for calls of no queue.
    pub queue: Vec<String>,
    /// Offered last to any of these agents; [`crate::NONE`] for calls offered to none.
    pub agent: Vec<String>,
    /// Won back by a call out, or not.
    pub recovered: Option<bool>,
    /// The caller got through alone, or not.
    pub self_resolved: Option<bool>,
    /// Told as overdue, or not.
    pub overdue: Option<bool>,
    /// Of each of these teams.
    pub teams: Vec<TeamScope>,
    /// Lost then or later.
    pub lost_at_gte: Option<WallTime>,
    /// Lost before.
    pub lost_at_lt: Option<WallTime>,
    /// Order.
    pub sort: LostCallSort,
    /// Go on behind this call.
    pub cursor: Option<Cursor>,
    /// How many, 1 to [`MAX_LIMIT`].
    pub limit: usize,
}

/// Order of a list of lost calls; those of one microsecond by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LostCallSort {
    /// `-lost_at`.
    #[default]
    NewestFirst,
    /// `lost_at`.
    OldestFirst,
}

impl TeamScope {
    /// One agent's own.
    #[must_use]
    pub fn of_agent(extension: &str) -> Self {
        Self { queues: Vec::new(), agents: vec![extension.to_owned()] }
    }

    /// Whether a call with this queue and agent is the team's.
    #[must_use]
    pub fn has(&self, queue: Option<&str>, agent: Option<&str>) -> bool {
        let among = |names: &[String], name: Option<&str>| name.is_some_and(|name| names.iter().any(|one| one == name));
        among(&self.queues, queue) || among(&self.agents, agent)
    }

    /// Leaves the team's calls in a query.
    pub(crate) fn restrict(&self, query: &mut Statement, queue: &'static str, agent: &'static str) {
        query.push(" AND (FALSE");
        for (column, names) in [(queue, &self.queues), (agent, &self.agents)] {
            if !names.is_empty() {
                query.push(" OR ").push(column).push(" IN ").push_list(names.iter().map(String::as_str));
            }
        }
        query.push(")");
    }
}

impl LostCallFilter {
    /// All lost calls of an account, the newest first.
    #[must_use]
    pub fn of(account: &str) -> Self {
        Self {
            account: account.to_owned(),
            number: None,
            queue: Vec::new(),
            agent: Vec::new(),
            recovered: None,
            self_resolved: None,
            overdue: None,
            teams: Vec::new(),
            lost_at_gte: None,
            lost_at_lt: None,
            sort: LostCallSort::default(),
            cursor: None,
            limit: crate::DEFAULT_LIMIT,
        }
    }

    /// The conditions, behind what a query says already.
    pub(super) fn restrict(&self, query: &mut Statement) {
        query.push(" WHERE l.account = ").push_bind(self.account.as_str());
        if let Some(number) = &self.number {
            query.push(" AND l.number = ").push_bind(columns::indexed(number));
        }
        named(query, "l.queue", &self.queue);
        named(query, "l.agent", &self.agent);
        if let Some(recovered) = self.recovered {
            query.push(" AND (l.resolved_at IS NOT NULL AND NOT l.self_resolved) = ").push_bind(recovered);
        }
        if let Some(resolved) = self.self_resolved {
            query.push(" AND l.self_resolved = ").push_bind(resolved);
        }
        if let Some(overdue) = self.overdue {
            query.push(" AND (l.overdue_at IS NOT NULL) = ").push_bind(overdue);
        }
        for team in &self.teams {
            team.restrict(query, "l.queue", "l.agent");
        }
        if let Some(at) = self.lost_at_gte {
            query.push(" AND l.ended_at >= ").push_bind(at);
        }
        if let Some(at) = self.lost_at_lt {
            query.push(" AND l.ended_at < ").push_bind(at);
        }
    }
}

impl Database {
    /// A page of lost calls, and where the next one begins.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn lost_calls(
        &self,
        filter: &LostCallFilter,
    ) -> Result<(Vec<LostCall>, Option<Cursor>), DatabaseUnavailable> {
        let mut query = sql(SELECT);
        filter.restrict(&mut query);
        let (behind, order) = match filter.sort {
            LostCallSort::NewestFirst => {
                (" AND (l.ended_at, l.call_id) < ", " ORDER BY l.ended_at DESC, l.call_id DESC")
            }
            LostCallSort::OldestFirst => (" AND (l.ended_at, l.call_id) > ", " ORDER BY l.ended_at, l.call_id"),
        };
        if let Some(cursor) = filter.cursor {
            query.push(behind).push_list([cursor.at.value(), cursor.call().value()]);
        }
        let limit = filter.limit.clamp(1, MAX_LIMIT);
        query.push(order).push(" LIMIT ").push_bind(limit as u64 + 1);
        let mut page = self.rows(query).await?.iter().map(lost_call).collect::<Result<Vec<_>, _>>()?;
        let more = page.len() > limit;
        page.truncate(limit);
        let last = page.last().map(|last| Cursor { at: last.ended_at, id: last.id.0 });
        Ok((page, last.filter(|_| more)))
    }
}

pub(super) fn lost_call(row: &Row) -> Result<LostCall, sqlx::Error> {
    Ok(LostCall {
        id: columns::call_id(row, 0)?,
        account: row.try_get(1)?,
        number: row.try_get(2)?,
        queue: row.try_get(3)?,
        agent: row.try_get(4)?,
        status: columns::word(row, 5)?,
        ended_at: columns::time(row, 6)?,
        state: LostState { resolved: resolved(row, 7)?, overdue_at: columns::optional_time(row, 10)? },
    })
}

/// `resolved_at`, `resolved_by` and `self_resolved`, from this column on.
pub(crate) fn resolved(row: &Row, column: usize) -> Result<Option<Resolved>, sqlx::Error> {
    let (Some(at), Some(by)) = (columns::optional_time(row, column)?, columns::optional_call_id(row, column + 1)?)
    else {
        return Ok(None);
    };
    Ok(Some(Resolved { at, by, alone: row.try_get(column + 2)? }))
}

pub(super) const SELECT: &str = "SELECT l.call_id, l.account, l.number, l.queue, l.agent, l.status, l.ended_at, \
                                 l.resolved_at, l.resolved_by, l.self_resolved, l.overdue_at FROM lost_calls l";
