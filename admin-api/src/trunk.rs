//! `/v1/trunks` and `/v1/registrations`.

use axum::extract::{Extension, State};
use axum::response::IntoResponse;
use centre::{Directory, RegistrationSnapshot};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::api::Shared;
use crate::key::Principal;
use crate::openapi::ReadRefusals;
use crate::page::{Cursor, Page, PageQuery};
use crate::problem::Problem;
use crate::query::{Limit, Query};
use crate::snapshot::snapshot_age;
use crate::time::rfc3339;

/// A trunk.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Trunk {
    /// Name.
    #[schema(example = "carrier")]
    name: String,
    /// Addresses whose requests are the trunk's.
    sources: Vec<String>,
    /// Where calls to it go.
    #[schema(example = "sip:127.0.0.2:5080")]
    destination: String,
    /// Live calls over it.
    calls: u32,
    /// INVITEs refused for its limits since the start.
    refused: u64,
}

/// One registered contact.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Registration {
    /// The agent whose phone it is.
    #[schema(example = "1001")]
    extension: String,
    /// Contact URI.
    contact: String,
    /// `udp` or `tcp`.
    transport: String,
    /// Where it came from.
    source: String,
    /// When it ends.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Parameters of the list of registrations.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RegistrationsQuery {
    /// Items of a page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 25)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Of this agent.
    #[param(example = "1001")]
    extension: Option<String>,
}

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(trunks)).routes(routes!(registrations))
}

/// All trunks, by name.
#[utoipa::path(get, path = "/v1/trunks", operation_id = "list_trunks", tag = "telephony", params(PageQuery),
    responses((status = 200, description = "A page of trunks", body = Page<Trunk>), ReadRefusals))]
async fn trunks(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let (directory, snapshot) = (shared.directory_of(&principal), shared.snapshot());
    let trunk = |(id, named): (&clock::TrunkId, &centre::NamedTrunk)| {
        let live = snapshot.trunks.iter().find(|trunk| trunk.trunk == *id);
        Trunk {
            name: named.name.clone(),
            sources: named.sources.clone(),
            destination: named.destination.clone(),
            calls: live.map_or(0, |trunk| trunk.calls),
            refused: live.map_or(0, |trunk| trunk.refused),
        }
    };
    let trunks = directory.trunks.iter().map(trunk).collect();
    let page = Page::cut("trunks", trunks, |trunk| trunk.name.clone(), query.cursor.as_ref(), query.limit.get())?;
    Ok((snapshot_age(&snapshot), page))
}

/// All registered contacts, by extension.
#[utoipa::path(get, path = "/v1/registrations", operation_id = "list_registrations", tag = "telephony", params(RegistrationsQuery),
    responses((status = 200, description = "A page of registrations", body = Page<Registration>), ReadRefusals))]
async fn registrations(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<RegistrationsQuery>,
) -> Result<impl IntoResponse, Problem> {
    let (directory, snapshot) = (shared.directory_of(&principal), shared.snapshot());
    let live = snapshot.registrations.iter().filter_map(|live| Registration::of(live, &directory));
    let wanted = |one: &Registration| query.extension.as_ref().is_none_or(|extension| *extension == one.extension);
    let key = |one: &Registration| format!("{} {}", one.extension, one.contact);
    let page =
        Page::cut("registrations", live.filter(wanted).collect(), key, query.cursor.as_ref(), query.limit.get())?;
    Ok((snapshot_age(&snapshot), page))
}

impl Registration {
    fn of(live: &RegistrationSnapshot, directory: &Directory) -> Option<Self> {
        Some(Self {
            extension: directory.agents.get(&live.agent)?.extension.clone(),
            contact: live.contact.clone(),
            transport: live.transport.into(),
            source: live.source.clone(),
            expires_at: rfc3339(live.expires_at),
        })
    }
}
