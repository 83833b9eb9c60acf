//! How many calls were lost and won back, and how fast: counted where the lists are read, so that they agree.

use std::collections::BTreeMap;

use clock::WallTime;

use super::LostCallFilter;
use crate::columns;
use crate::database::{Database, DatabaseUnavailable, Row, Statement, sql};

/// By what a report is split, besides time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LostCallGroup {
    /// Not at all.
    #[default]
    Whole,
    /// By the queue entered last.
    Queue,
    /// By the agent it was offered to last.
    Agent,
}

/// What is counted, split as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostCallReport {
    /// Rows in order of time, then of name; those without a lost call are left out.
    pub rows: Vec<LostCallRow>,
}

/// The counts of one span and one name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LostCallRow {
    /// Number of the span, from 0.
    pub span: usize,
    /// Queue or agent; none for calls without one, and where the report is not split.
    pub name: Option<String>,
    /// Calls lost in the span.
    pub lost: u64,
    /// Those of them that a call out won back, whenever it did.
    pub recovered: u64,
    /// Those of them whose caller got through alone.
    pub self_resolved: u64,
    /// Seconds from the lost call's end to the start of the call that won it back: median of the recovered ones.
    pub recovery_s_p50: Option<u64>,
    /// The same, the 90th percentile (nearest rank).
    pub recovery_s_p90: Option<u64>,
}

impl LostCallRow {
    /// Neither won back nor resolved.
    #[must_use]
    pub const fn open(&self) -> u64 {
        self.lost.saturating_sub(self.recovered).saturating_sub(self.self_resolved)
    }
}

impl Database {
    /// Counts the lost calls of a filter (its page is not looked at), from the first bound to before the last.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn lost_call_report(
        &self,
        filter: &LostCallFilter,
        bounds: &[WallTime],
        by: LostCallGroup,
    ) -> Result<LostCallReport, DatabaseUnavailable> {
        let ([first, .., last], [_, inner @ .., _]) = (bounds, bounds) else {
            return Ok(LostCallReport { rows: Vec::new() });
        };
        let first = filter.lost_at_gte.map_or(*first, |asked| asked.max(*first));
        let last = filter.lost_at_lt.map_or(*last, |asked| asked.min(*last));
        let within = LostCallFilter { lost_at_gte: Some(first), lost_at_lt: Some(last), ..filter.clone() };
        let mut found = Rows::new();
        for row in self.rows(counts(&within, inner, by)).await? {
            let count = |column| Ok::<_, sqlx::Error>(columns::optional_count(&row, column)?.unwrap_or(0));
            let entry = found.entry(key(&row)?).or_default();
            (entry.lost, entry.recovered, entry.self_resolved) = (count(2)?, count(3)?, count(4)?);
        }
        for row in self.rows(percentiles(&within, inner, by)).await? {
            let (seconds, place, many) = (columns::optional_count(&row, 2)?, row.try_get::<i64>(3)?, row.try_get(4)?);
            let entry = found.entry(key(&row)?).or_default();
            if place == median_place(many) {
                entry.recovery_s_p50 = seconds;
            }
            if place == p90_place(many) {
                entry.recovery_s_p90 = seconds;
            }
        }
        let rows = found.into_iter().map(|((span, name), row)| LostCallRow { span, name, ..row });
        Ok(LostCallReport { rows: rows.collect() })
    }
}

type Rows = BTreeMap<(usize, Option<String>), LostCallRow>;

fn key(row: &Row) -> Result<(usize, Option<String>), sqlx::Error> {
    let span = row.try_get::<i64>(0)?;
    Ok((usize::try_from(span).unwrap_or_default(), row.try_get(1)?))
}

fn counts(filter: &LostCallFilter, inner: &[WallTime], by: LostCallGroup) -> Statement {
    let mut query = sql("SELECT ");
    span_and_name(&mut query, inner, by);
    query.push(", COUNT(*), COUNT(CASE WHEN l.resolved_at IS NOT NULL AND NOT l.self_resolved THEN 1 END), ");
    query.push("COUNT(CASE WHEN l.self_resolved THEN 1 END) FROM lost_calls l");
    filter.restrict(&mut query);
    query.push(" GROUP BY 1, 2");
    query
}

/// Of each group the rows that are its median and its 90th percentile, with their place and the size of the group.
fn percentiles(filter: &LostCallFilter, inner: &[WallTime], by: LostCallGroup) -> Statement {
    let mut query = sql("SELECT span, name, seconds, place, many FROM (SELECT span, name, seconds, \
        ROW_NUMBER() OVER (PARTITION BY span, name ORDER BY seconds) AS place, \
        COUNT(*) OVER (PARTITION BY span, name) AS many FROM (SELECT ");
    span_and_name(&mut query, inner, by);
    query.push(", (l.resolved_at - l.ended_at) / 1000000 AS seconds FROM lost_calls l");
    filter.restrict(&mut query);
    query.push(" AND l.resolved_at IS NOT NULL AND NOT l.self_resolved) AS each_one) AS ranked ");
    query.push("WHERE place = (many + 1) / 2 OR place = (many * 9 + 9) / 10");
    query
}

/// `span` and `name`: the number of bounds that are not after the call's end, and what it is split by.
fn span_and_name(query: &mut Statement, inner: &[WallTime], by: LostCallGroup) {
    query.push("CAST(");
    if inner.is_empty() {
        query.push("0");
    } else {
        query.push("CASE");
        for (bound, number) in inner.iter().zip(0_i64..) {
            query.push(" WHEN l.ended_at < ").push_bind(*bound).push(" THEN CAST(").push_bind(number);
            query.push(" AS BIGINT)");
        }
        query.push(" ELSE CAST(").push_bind(inner.len() as u64).push(" AS BIGINT) END");
    }
    query.push(" AS BIGINT) AS span, ");
    query.push(match by {
        LostCallGroup::Whole => "CAST(NULL AS TEXT)",
        LostCallGroup::Queue => "l.queue",
        LostCallGroup::Agent => "l.agent",
    });
    query.push(" AS name");
}

/// Nearest rank: the smallest place that half of them do not exceed.
const fn median_place(many: i64) -> i64 {
    (many + 1) / 2
}

const fn p90_place(many: i64) -> i64 {
    (many * 9 + 9) / 10
}
