//! Standing legs: an agent's phone is called once and stays connected, so that calls of a campaign reach him at once.

use std::sync::Arc;

use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use centre::{Answer, Command};

use super::{Agent, unknown};
use crate::api::{Shared, wrong_answer};
use crate::body::EmptyBody;
use crate::idempotency::RequestKey;
use crate::key::Principal;
use crate::once::once;
use crate::openapi::Refusals;
use crate::problem::Problem;
use crate::query::{NoParameters, Query};
use crate::rights::Permission;

macro_rules! verbs {
    ($($(#[doc = $doc:literal])* $name:ident($verb:literal, $operation:literal, $wanted:literal);)*) => {
        $(
            $(#[doc = $doc])*
            #[utoipa::path(post, path = concat!("/v1/agents/{extension}/", $verb), operation_id = $operation, tag = "agents",
                params(("extension" = String, Path, description = "The agent's extension"),
                    ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
                responses((status = 200, description = "The agent as he is now", body = Agent), Refusals))]
            pub(super) async fn $name(
                State(shared): State<Shared>,
                Extension(principal): Extension<Principal>,
                Path(extension): Path<String>,
                Query(_): Query<NoParameters>,
                headers: HeaderMap,
                EmptyBody: EmptyBody,
            ) -> Result<Response, Problem> {
                want(&shared, &principal, extension, &headers, ($verb, $wanted)).await
            }
        )*
    };
}

verbs! {
    /// Logs an agent in with a standing leg: his phone is called, and stays connected between calls. Queues with
    /// `standing_leg` are served by him while it is up. The answer does not wait for his phone.
    connect("connect", "connect_agent", true);
    /// Logs an agent out: his standing leg ends, after the call if he talks.
    disconnect("disconnect", "disconnect_agent", false);
}

/// The stable word.
pub(super) const fn word(leg: acd::StandingLeg) -> &'static str {
    match leg {
        acd::StandingLeg::None => "none",
        acd::StandingLeg::Down => "down",
        acd::StandingLeg::Calling => "calling",
        acd::StandingLeg::Held => "held",
        acd::StandingLeg::Up => "up",
    }
}

async fn want(
    shared: &Shared,
    principal: &Principal,
    extension: String,
    headers: &HeaderMap,
    (verb, wanted): (&str, bool),
) -> Result<Response, Problem> {
    let directory = shared.agents_of(principal, Permission::AgentsControl);
    let agent = directory.agent(&extension).ok_or_else(|| unknown(&extension))?;
    let key = RequestKey::read(headers, principal, &format!("POST /v1/agents/{extension}/{verb}"), b"")?;
    let shared = Arc::clone(shared);
    once(Arc::clone(&shared), key, async move {
        match shared.services.command_to_the_end(Command::SetStandingLeg { agent, wanted }).await? {
            Answer::Agent(now) => {
                let now = Agent::from_snapshot(&now, &directory).ok_or_else(|| unknown(&extension))?;
                Ok((StatusCode::OK, now))
            }
            other => Err(wrong_answer(&other)),
        }
    })
    .await
}
