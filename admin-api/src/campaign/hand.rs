//! `/v1/campaigns/{id}/agents/{extension}/…`: agents of manual and preview campaigns ask for each call.

use std::sync::Arc;

use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use centre::CampaignCommand;
use dialer::gate::packed;
use dialer::hopper::NumberHistory;
use dialer::runner::{ByHand, Reply, Shown};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{act, known};
use crate::access::{Access, Routes};
use crate::api::Shared;
use crate::body::{EmptyBody, JsonBody};
use crate::idempotency::RequestKey;
use crate::key::Principal;
use crate::once::once;
use crate::openapi::Refusals;
use crate::problem::{Code, Problem};
use crate::query::{NoParameters, Query};
use crate::rights::Permission;
use crate::time::{rfc3339, wall_now};
use crate::voicemail::away;

/// What an agent sees, or what is being dialed for him.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(crate) struct HandDial {
    /// The lead that he sees.
    lead_id: Option<String>,
    /// The number that would be dialed.
    number: Option<String>,
    /// It is dialed then, unless he says something.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// He may pass it on.
    may_skip: Option<bool>,
    /// The attempt that was begun.
    attempt_id: Option<String>,
}

/// A number to dial.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandNumber {
    /// E.164.
    #[schema(example = "+442071838750", pattern = "^\\+[1-9][0-9]{1,14}$")]
    number: String,
}

pub(super) fn routes() -> Routes {
    let dial = Access::Own(Permission::CallsDial);
    Routes::new()
        .add(dial, routes!(next))
        .add(dial, routes!(accept))
        .add(dial, routes!(skip))
        .add(dial, routes!(number))
}

macro_rules! hands {
    ($($(#[doc = $doc:literal])* $name:ident($verb:literal, $operation:literal) = $what:expr;)*) => {
        $(
            $(#[doc = $doc])*
            #[utoipa::path(post, path = concat!("/v1/campaigns/{id}/agents/{extension}/", $verb),
                operation_id = $operation, tag = "campaigns",
                params(("id" = String, Path, description = "The campaign's id"),
                    ("extension" = String, Path, description = "The agent's extension"),
                    ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
                responses((status = 200, description = "What he sees, or what is dialed", body = HandDial), Refusals))]
            async fn $name(
                State(shared): State<Shared>,
                Extension(principal): Extension<Principal>,
                Path(path): Path<(String, String)>,
                Query(_): Query<NoParameters>,
                headers: HeaderMap,
                _: EmptyBody,
            ) -> Result<Response, Problem> {
                let route = format!("POST /v1/campaigns/{}/agents/{}/{}", path.0, path.1, $verb);
                let key = RequestKey::read(&headers, &principal, &route, b"")?;
                let asked = Arc::clone(&shared);
                once(shared, key, async move { hand(&asked, &principal, path, $what).await }).await
            }
        )*
    };
}

hands! {
    /// Shows the agent the next lead.
    next("next-lead", "next_campaign_lead") = ByHand::Next;
    /// Dials the lead that the agent sees.
    accept("accept-lead", "accept_campaign_lead") = ByHand::Accept;
    /// Passes the lead on, and shows another one if there is one.
    skip("skip-lead", "skip_campaign_lead") = ByHand::Skip;
}

/// Dials a number that the agent typed, with all checks.
#[utoipa::path(post, path = "/v1/campaigns/{id}/agents/{extension}/dial", operation_id = "dial_campaign_number",
    tag = "campaigns", request_body = HandNumber,
    params(("id" = String, Path, description = "The campaign's id"),
        ("extension" = String, Path, description = "The agent's extension"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    responses((status = 200, description = "What is dialed", body = HandDial), Refusals))]
async fn number(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(path): Path<(String, String)>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, bytes }: JsonBody<HandNumber>,
) -> Result<Response, Problem> {
    let key = RequestKey::read(
        &headers,
        &principal,
        &format!("POST /v1/campaigns/{}/agents/{}/dial", path.0, path.1),
        &bytes,
    )?;
    let wrong =
        || Problem::new(Code::InvalidBody, "The number is not valid.").at("#/number", "invalid", "expected E.164");
    packed(&value.number).ok_or_else(wrong)?;
    let digits: u64 = value.number.trim_start_matches('+').parse().map_err(|_| wrong())?;
    let since = clock::WallTime::from_micros(wall_now().as_micros().saturating_sub(RECENT_MICROS));
    let known = shared.services.database.number_histories(&principal.account, &[digits], since).await.map_err(away)?;
    let history = known.get(&digits).map_or_else(NumberHistory::default, |known| NumberHistory {
        total: known.total,
        recent: known.recent.clone(),
        abandoned_at: known.abandoned_at,
        machine_at: known.machine_at,
    });
    let what = ByHand::Number { number: value.number, history: Some(history) };
    let asked = Arc::clone(&shared);
    once(shared, key, async move { hand(&asked, &principal, path, what).await }).await
}

async fn hand(
    shared: &Shared,
    principal: &Principal,
    (id, extension): (String, String),
    what: ByHand,
) -> Result<(StatusCode, HandDial), Problem> {
    let campaign = known(shared, principal, &id)?;
    let directory = shared.agents_of(principal, Permission::CallsDial);
    let absent = || Problem::new(Code::AgentNotFound, format!("There is no agent `{extension}`."));
    let agent = directory.agent(&extension).ok_or_else(absent)?;
    let done = match act(shared, CampaignCommand::ByHand { campaign, agent, what }).await? {
        Reply::Shown(Shown { lead, number, until, may_skip, .. }) => HandDial {
            lead_id: Some(lead.to_string()),
            number: Some(number),
            until: until.map(rfc3339),
            may_skip: Some(may_skip),
            attempt_id: None,
        },
        Reply::Dialing(attempt) => HandDial { attempt_id: Some(attempt.to_string()), ..HandDial::default() },
        _ => HandDial::default(),
    };
    Ok((StatusCode::OK, done))
}

/// As far as the gate looks back.
const RECENT_MICROS: i64 = 72 * 3_600 * 1_000_000;
