//! Where calls are read: live ones from memory, ended ones from the database, as one.

use clock::CallId;
use records::{CallFilter, CallSort, JourneyStep, find_call, find_call_events, list_calls};

use crate::api::Shared;
use crate::call::{CallsQuery, Order};
use crate::key::{Principal, Whose};
use crate::page::Cursor;
use crate::people::team_of;
use crate::problem::Problem;
use crate::query::{AnyOf, Time};
use crate::rights::Permission;
use crate::voicemail::away;

/// What a list of calls found.
pub(crate) struct Found {
    pub(crate) calls: Vec<records::Call>,
    pub(crate) next_cursor: Option<Cursor>,
    /// Stored calls are missing: the database is away.
    pub(crate) incomplete: bool,
}

/// A page of the account's calls.
pub(crate) async fn list(shared: &Shared, principal: &Principal, query: CallsQuery) -> Result<Found, Problem> {
    let list = list_name(query.sort);
    let team = query.team.clone();
    let mut filter = filter(principal, query)?;
    filter.teams.extend(principal.whose(Permission::CallsView).scope());
    if let Some(team) = team {
        filter.teams.push(team_of(shared, principal, &team)?);
    }
    let page = list_calls(&shared.services.live, &shared.services.database, &filter).await;
    let next_cursor = page.next_cursor.map(|next| Cursor::after(list, &next.to_string()));
    Ok(Found { calls: page.calls, next_cursor, incomplete: page.incomplete })
}

/// A call, if it is theirs.
pub(crate) async fn find(shared: &Shared, whose: &Whose, id: CallId) -> Result<Option<records::Call>, Problem> {
    let found = find_call(&shared.services.live, &shared.services.database, &whose.account, id).await.map_err(away)?;
    Ok(found.filter(|call| whose.has(call)))
}

/// The steps of a call, if it is theirs.
pub(crate) async fn journey(shared: &Shared, whose: &Whose, id: CallId) -> Result<Option<Vec<JourneyStep>>, Problem> {
    if whose.only.is_some() && find(shared, whose, id).await?.is_none() {
        return Ok(None);
    }
    find_call_events(&shared.services.live, &shared.services.database, &whose.account, id).await.map_err(away)
}

fn filter(principal: &Principal, query: CallsQuery) -> Result<CallFilter, Problem> {
    Ok(CallFilter {
        sip_call_id: query.sip_call_id,
        from: any(query.from),
        to: any(query.to),
        status: any(query.status),
        outcome: any(query.outcome),
        direction: any(query.direction),
        queue: any(query.queue),
        agent: any(query.agent),
        internal: query.internal,
        lost: query.lost,
        recovered: query.recovered,
        self_resolved: query.self_resolved,
        party: query.number,
        started_at_gte: query.started_from.map(|Time(at)| at),
        started_at_lt: query.started_before.map(|Time(at)| at),
        sort: match query.sort {
            Order::Newest => CallSort::NewestFirst,
            Order::Oldest => CallSort::OldestFirst,
        },
        cursor: query.cursor.map(|cursor| cursor.parse(list_name(query.sort))).transpose()?,
        limit: query.limit.get(),
        ..CallFilter::of(&principal.account)
    })
}

/// A cursor is one of a list in one order.
fn list_name(order: Order) -> &'static str {
    match order {
        Order::Newest => "calls -started_at",
        Order::Oldest => "calls started_at",
    }
}

pub(crate) fn any<T, U: From<T>>(values: Option<AnyOf<T>>) -> Vec<U> {
    values.map(|AnyOf(values)| values.into_iter().map(U::from).collect()).unwrap_or_default()
}
