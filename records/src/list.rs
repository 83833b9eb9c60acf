//! Live and stored calls as one, without gap or double.
//!
//! A call keeps its place in a list, (started_at, id), when it moves from live
//! to stored, so pages of both merge by it. Live calls are read first: one
//! that is stored in between is in both, and shown once.

use std::collections::BTreeSet;

use clock::CallId;

use crate::database::{Database, DatabaseUnavailable};
use crate::filter::{CallFilter, Cursor};
use crate::{Call, JourneyStep, LiveCalls};

/// A page of calls.
#[derive(Clone, Debug, PartialEq)]
pub struct CallPage {
    /// The calls, in order.
    pub calls: Vec<Call>,
    /// Where the next page begins; `None` at the end.
    pub next_cursor: Option<Cursor>,
    /// Stored calls are missing, since the database is away: `Trunkline-Incomplete: database`.
    pub incomplete: bool,
}

/// Calls that match, live and stored.
pub async fn list_calls(live: &LiveCalls, database: &Database, filter: &CallFilter) -> CallPage {
    let live_calls = live.list(filter);
    let (stored, incomplete) = match database.calls(filter).await {
        Ok(stored) => (stored, live.overflowed()),
        Err(away) => {
            tracing::warn!(target: "records", %away, "a list without stored calls");
            (Vec::new(), true)
        }
    };
    let known: BTreeSet<CallId> = live_calls.iter().map(|call| call.id).collect();
    let mut calls = live_calls;
    calls.extend(stored.into_iter().filter(|call| !known.contains(&call.id)));
    calls.sort_by(|a, b| filter.sort.order(&Cursor::of(a), &Cursor::of(b)));
    let more = calls.len() > filter.rows();
    calls.truncate(filter.rows());
    let next_cursor = calls.last().map(Cursor::of).filter(|_| more);
    CallPage { calls, next_cursor, incomplete }
}

/// A call, live or stored.
///
/// # Errors
/// When it is not live and the database is away.
pub async fn find_call(
    live: &LiveCalls,
    database: &Database,
    account: &str,
    id: CallId,
) -> Result<Option<Call>, DatabaseUnavailable> {
    match live.call(account, id) {
        Some(call) => Ok(Some(call)),
        None => database.call(account, id).await,
    }
}

/// The journey of a call, live or stored; `None` where the account has no such call.
///
/// # Errors
/// When it is not live and the database is away.
pub async fn find_call_events(
    live: &LiveCalls,
    database: &Database,
    account: &str,
    id: CallId,
) -> Result<Option<Vec<JourneyStep>>, DatabaseUnavailable> {
    if live.call(account, id).is_some()
        && let Some(steps) = live.events(id)
    {
        return Ok(Some(steps));
    }
    match database.call(account, id).await? {
        Some(_) => Ok(Some(database.call_events(id).await?)),
        None => Ok(None),
    }
}
