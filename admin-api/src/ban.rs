//! `/v1/bans`: who gets no answer to SIP requests, and how an operator ends that.

use std::sync::Arc;

use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use centre::{Answer, Command, Snapshot};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::access::{Access, Routes};
use crate::api::{Shared, wrong_answer};
use crate::body::EmptyBody;
use crate::idempotency::RequestKey;
use crate::key::Principal;
use crate::once::once;
use crate::openapi::{ReadRefusals, Refusals};
use crate::page::{Cursor, Page};
use crate::problem::{Code, Problem};
use crate::query::{Limit, NoParameters, Query};
use crate::rights::Permission;
use crate::snapshot::snapshot_age;
use crate::time::{rfc3339, wall_now};

/// An address, or one user of it, that gets no answer after too many failed passwords. Trunks and addresses from which
/// a phone is registered are never banned, calls in progress never disturbed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Ban {
    /// Id.
    #[schema(example = "ban_17")]
    id: String,
    /// Where the failures came from.
    #[schema(example = "192.0.2.66")]
    address: String,
    /// The user who gets no answer; null when nobody at the address does.
    #[schema(example = "1001")]
    user: Option<String>,
    /// When it began.
    #[schema(format = DateTime)]
    since: String,
    /// When it ends by itself.
    #[schema(format = DateTime)]
    until: String,
    /// Why.
    why: Why,
}

/// Why a ban began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Why {
    /// Five failures of one user within a minute.
    WrongPasswords,
    /// Failures of fifty users within a minute.
    ManyUsers,
}

/// Parameters of the list of bans.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BansQuery {
    /// Items of a page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 25)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// At this address.
    #[param(schema_with = crate::openapi::ip_address, example = "192.0.2.66")]
    address: Option<std::net::IpAddr>,
}

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(Access::All(Permission::BansView), routes!(list))
        .add(Access::All(Permission::BansRelease), routes!(release))
}

/// Those that stand now.
pub(crate) fn standing(snapshot: &Snapshot) -> impl Iterator<Item = &centre::Ban> {
    let now = wall_now();
    snapshot.bans.iter().filter(move |ban| now < ban.until)
}

/// All bans, oldest first.
#[utoipa::path(get, path = "/v1/bans", operation_id = "list_bans", tag = "telephony", params(BansQuery),
    responses((status = 200, description = "A page of bans", body = Page<Ban>), ReadRefusals))]
async fn list(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<BansQuery>,
) -> Result<impl IntoResponse, Problem> {
    let snapshot = shared.snapshot();
    let is_ours = principal.account == shared.services.account;
    let wanted = |ban: &&centre::Ban| is_ours && query.address.is_none_or(|address| address == ban.address);
    let bans: Vec<Ban> = standing(&snapshot).filter(wanted).map(Ban::of).collect();
    let in_order = |ban: &Ban| format!("{:>24}", ban.id);
    let page = Page::cut("bans", bans, in_order, query.cursor.as_ref(), query.limit.get())?;
    Ok((snapshot_age(&snapshot), page))
}

/// Lifts a ban. That of a whole address lifts all bans of the address.
#[utoipa::path(post, path = "/v1/bans/{id}/release", operation_id = "release_ban", tag = "telephony",
    params(("id" = String, Path, description = "The ban's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    responses((status = 200, description = "The ban, which is over", body = Ban), Refusals))]
async fn release(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    EmptyBody: EmptyBody,
) -> Result<Response, Problem> {
    if principal.account != shared.services.account {
        return Err(unknown(&id));
    }
    let ban = id.strip_prefix(ID_PREFIX).and_then(|number| number.parse().ok()).ok_or_else(|| unknown(&id))?;
    let key = RequestKey::read(&headers, &principal, &format!("POST /v1/bans/{id}/release"), b"")?;
    once(Arc::clone(&shared), key, async move { lift(&shared, ban).await }).await
}

async fn lift(shared: &Shared, ban: u64) -> Result<(StatusCode, Ban), Problem> {
    match shared.services.command_to_the_end(Command::LiftBan { ban }).await? {
        Answer::BanLifted(ban) => Ok((StatusCode::OK, Ban::of(&ban))),
        other => Err(wrong_answer(&other)),
    }
}

impl Ban {
    fn of(ban: &centre::Ban) -> Self {
        Self {
            id: format!("{ID_PREFIX}{}", ban.id),
            address: ban.address.to_string(),
            user: ban.user.clone(),
            since: rfc3339(ban.since),
            until: rfc3339(ban.until),
            why: if ban.user.is_some() { Why::WrongPasswords } else { Why::ManyUsers },
        }
    }
}

fn unknown(id: &str) -> Problem {
    Problem::new(Code::BanNotFound, format!("There is no ban `{id}`, or it is over."))
}

const ID_PREFIX: &str = "ban_";
