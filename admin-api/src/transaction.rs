//! `/v1/transactions`: calls as pieces of work, and the journey of a customer.
//!
//! A transaction is a contact with a customer seen as work. It is made of what the engine knows of its call, live or
//! stored, and of nothing else: its id is its call's.

mod journey;
mod object;

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use clock::CallId;
use records::{CallFilter, CallSort, list_calls};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::access::{Access, Routes};
use crate::api::Shared;
use crate::call::source::{self, any};
use crate::call::{INCOMPLETE, Told};
use crate::key::Principal;
use crate::openapi::ReadRefusals;
use crate::page::{Cursor, Page};
use crate::people::team_of;
use crate::problem::{Code, Problem};
use crate::query::{AnyOf, Limit, NoParameters, Query, Time};
use crate::rights::Permission;
use crate::voicemail::away;
use crate::words::{CallDirection, TransactionStatus};
use object::{Channel, Link, Transaction};

/// Filters of the list of transactions.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TransactionsQuery {
    /// Items of a page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 25)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// `-opened_at`, the newest first, or `opened_at`.
    #[serde(default)]
    #[param(inline)]
    sort: Order,
    /// Any of these statuses, separated by commas.
    #[param(value_type = Option<Vec<TransactionStatus>>, style = Form, explode = false)]
    status: Option<AnyOf<TransactionStatus>>,
    /// This channel.
    #[param(inline)]
    channel: Option<Channel>,
    /// Any of these inboxes (queues), separated by commas; `none` for transactions of none.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["support"]))]
    inbox: Option<AnyOf<String>>,
    /// Assigned to any of these agents, by extension, separated by commas; `none` for those assigned to nobody.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["none"]))]
    assigned: Option<AnyOf<String>>,
    /// A call out to the customer followed its end, or not.
    follow_up: Option<bool>,
    /// Any of these directions, separated by commas.
    #[param(value_type = Option<Vec<CallDirection>>, style = Form, explode = false)]
    direction: Option<AnyOf<CallDirection>>,
    /// With this customer.
    #[param(example = "+442071838750")]
    number: Option<String>,
    /// Of the queues and agents of this team.
    team: Option<String>,
    /// Began then or later.
    #[serde(rename = "opened_at[gte]")]
    #[param(value_type = Option<String>, format = DateTime)]
    opened_from: Option<Time>,
    /// Began before.
    #[serde(rename = "opened_at[lt]")]
    #[param(value_type = Option<String>, format = DateTime)]
    opened_before: Option<Time>,
}

/// Order of a list of transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
pub(crate) enum Order {
    /// Newest first.
    #[default]
    #[serde(rename = "-opened_at")]
    Newest,
    /// Oldest first.
    #[serde(rename = "opened_at")]
    Oldest,
}

/// A transaction with its journey and what it is linked with.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WholeTransaction {
    #[serde(flatten)]
    transaction: Transaction,
    /// Other transactions that belong to it; of each kind the newest first.
    links: Vec<Link>,
    /// What happened, in order.
    journey: Vec<Told>,
}

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(Access::Own(Permission::CallsView), routes!(list))
        .add(Access::Own(Permission::CallsView), routes!(one))
        .add(Access::Own(Permission::CallsView), routes!(journey::of_customer))
}

/// Transactions, live and ended.
///
/// Consultations are none of their own: they are linked with the transaction that they are about. While the database
/// is away the list has the live ones, and the header `Trunkline-Incomplete: database`.
#[utoipa::path(get, path = "/v1/transactions", operation_id = "list_transactions", tag = "transactions",
    params(TransactionsQuery),
    responses((status = 200, description = "A page of transactions", body = Page<Transaction>), ReadRefusals))]
async fn list(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<TransactionsQuery>,
) -> Result<Response, Problem> {
    let list = match query.sort {
        Order::Newest => "transactions -opened_at",
        Order::Oldest => "transactions opened_at",
    };
    let mut filter = CallFilter {
        internal: Some(false),
        consultation: Some(false),
        work: any(query.status),
        callback: query.channel.map(|channel| channel == Channel::Callback),
        queue: any(query.inbox),
        agent: any(query.assigned),
        follow_up: query.follow_up,
        direction: any(query.direction),
        party: query.number,
        started_at_gte: query.opened_from.map(|Time(at)| at),
        started_at_lt: query.opened_before.map(|Time(at)| at),
        sort: match query.sort {
            Order::Newest => CallSort::NewestFirst,
            Order::Oldest => CallSort::OldestFirst,
        },
        cursor: query.cursor.map(|cursor| cursor.parse(list)).transpose()?,
        limit: query.limit.get(),
        ..CallFilter::of(&principal.account)
    };
    if let Some(team) = &query.team {
        filter.teams.push(team_of(&shared, &principal, team)?);
    }
    page(&shared, &principal, filter, list).await
}

/// One transaction, with its journey and its links.
#[utoipa::path(get, path = "/v1/transactions/{id}", operation_id = "show_transaction", tag = "transactions",
    params(("id" = String, Path, description = "The transaction's id")),
    responses((status = 200, description = "The transaction", body = WholeTransaction), ReadRefusals))]
async fn one(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
) -> Result<Json<WholeTransaction>, Problem> {
    let unknown = || Problem::new(Code::TransactionNotFound, format!("There is no transaction `{id}`."));
    let call: CallId =
        format!("call_{}", id.strip_prefix("txn_").ok_or_else(unknown)?).parse().map_err(|_| unknown())?;
    let whose = principal.whose(Permission::CallsView);
    let found = source::find(&shared, &whose, call).await?.filter(|call| !call.internal).ok_or_else(unknown)?;
    let steps = source::journey(&shared, &whose, call).await?.ok_or_else(unknown)?;
    let related = shared.services.database.related_calls(&found).await.map_err(away)?;
    let links = related.into_iter().map(|(relation, call)| Link::new(relation, call)).collect();
    Ok(Json(WholeTransaction { transaction: Transaction::from(&found), links, journey: Told::all(steps) }))
}

/// A page of what the filter leaves of theirs.
async fn page(shared: &Shared, principal: &Principal, mut filter: CallFilter, list: &str) -> Result<Response, Problem> {
    filter.teams.extend(principal.whose(Permission::CallsView).scope());
    let page = list_calls(&shared.services.live, &shared.services.database, &filter).await;
    let next_cursor = page.next_cursor.map(|next| Cursor::after(list, &next.to_string()));
    let data = page.calls.iter().map(Transaction::from).collect();
    let mut response = Page { data, next_cursor }.into_response();
    if page.incomplete {
        response.headers_mut().insert(INCOMPLETE, HeaderValue::from_static("database"));
    }
    Ok(response)
}
