//! The journey of one customer: all that he had to do with us, first to present.

use axum::extract::{Extension, Path, State};
use axum::response::Response;
use records::{CallFilter, CallSort};
use serde::Deserialize;
use utoipa::IntoParams;

use super::object::Transaction;
use super::{Order, page};
use crate::api::Shared;
use crate::key::Principal;
use crate::openapi::ReadRefusals;
use crate::page::{Cursor, Page};
use crate::problem::Problem;
use crate::query::{Limit, Query};

/// Parameters of a customer's journey.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct JourneyQuery {
    /// Items of a page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 25)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// `opened_at`, from the first to the present, or `-opened_at`.
    #[serde(default = "oldest_first")]
    #[param(inline)]
    sort: Order,
}

/// All transactions with one customer, first to present, each with its status and agent.
#[utoipa::path(get, path = "/v1/customers/{number}/journey", operation_id = "show_customer_journey",
    tag = "transactions",
    params(("number" = String, Path, description = "The customer's number, E.164", example = "+442071838750"),
        JourneyQuery),
    responses((status = 200, description = "A page of transactions", body = Page<Transaction>), ReadRefusals))]
pub(crate) async fn of_customer(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(number): Path<String>,
    Query(query): Query<JourneyQuery>,
) -> Result<Response, Problem> {
    let (list, sort) = match query.sort {
        Order::Newest => (format!("journey -opened_at {number}"), CallSort::NewestFirst),
        Order::Oldest => (format!("journey opened_at {number}"), CallSort::OldestFirst),
    };
    let filter = CallFilter {
        party: Some(number),
        internal: Some(false),
        consultation: Some(false),
        sort,
        cursor: query.cursor.map(|cursor| cursor.parse(&list)).transpose()?,
        limit: query.limit.get(),
        ..CallFilter::of(&principal.account)
    };
    page(&shared, &principal, filter, &list).await
}

const fn oldest_first() -> Order {
    Order::Oldest
}
