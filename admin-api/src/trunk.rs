//! `/v1/trunks` and `/v1/registrations`.

use axum::extract::{Extension, Path, State};
use axum::{Json, response::IntoResponse};
use centre::trunk_view::{RegistrationView, TargetView};
use centre::{Directory, NamedTrunk, RegistrationSnapshot, Snapshot, TrunkSnapshot};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::access::{Access, Routes};
use crate::api::Shared;
use crate::key::Principal;
use crate::openapi::ReadRefusals;
use crate::page::{Cursor, Page, PageQuery};
use crate::problem::{Code, Problem};
use crate::query::{Limit, NoParameters, Query};
use crate::rights::Permission;
use crate::snapshot::snapshot_age;
use crate::time::rfc3339;

/// A trunk.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Trunk {
    /// Name.
    #[schema(example = "carrier")]
    name: String,
    /// It serves: some target is up, and it is registered where it is to be.
    up: bool,
    /// Why it is up or down, a stable word.
    #[schema(example = "ok")]
    reason: &'static str,
    /// Since when it is so.
    #[schema(format = DateTime)]
    since: Option<String>,
    /// Addresses whose requests are the trunk's.
    sources: Vec<String>,
    /// Its first destination.
    #[schema(example = "sip:127.0.0.2:5080")]
    destination: String,
    /// Where calls to it go, first choice first, as configured.
    #[schema(example = json!(["udp:127.0.0.2:5080"]))]
    destinations: Vec<String>,
    /// What the destinations lead to now, in the order of their rank.
    targets: Vec<Target>,
    /// Its registration, where it has one.
    registration: Option<TrunkRegistration>,
    /// Live calls over it.
    calls: u32,
    /// INVITEs refused for its limits since the start.
    refused: u64,
}

/// One address that calls to a trunk go to.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TrunkTarget)]
pub(crate) struct Target {
    /// Host of request URIs.
    #[schema(example = "carrier.example")]
    host: String,
    /// Address and port.
    #[schema(example = "192.0.2.1:5060")]
    address: String,
    /// `udp` or `tcp`.
    transport: &'static str,
    /// It serves, as far as is known.
    up: bool,
    /// Why it is up or down, a stable word.
    #[schema(example = "unanswered")]
    reason: &'static str,
    /// Since when it is so.
    #[schema(format = DateTime)]
    since: String,
}

/// Our registration at a carrier.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TrunkRegistration {
    /// Calls to it reach us.
    registered: bool,
    /// `ok`, or why the last try failed, a stable word.
    #[schema(example = "ok")]
    reason: &'static str,
    /// Status of the registrar's last final response.
    #[schema(example = 200)]
    status: Option<u16>,
    /// The registrar's address.
    registrar: Option<String>,
    /// When it ends unless it is refreshed.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// The address that the registrar saw us at: another than ours is address translation on the way.
    seen_as: Option<String>,
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

pub(crate) fn routes() -> Routes {
    let view = Access::All(Permission::TelephonyView);
    Routes::new()
        .add(view, routes!(trunks))
        .add(view, routes!(one_trunk))
        .add(Access::Own(Permission::TelephonyView), routes!(registrations))
        .add(Access::Known, routes!(own_devices))
}

/// All trunks, by name.
#[utoipa::path(get, path = "/v1/trunks", operation_id = "list_trunks", tag = "telephony", params(PageQuery),
    responses((status = 200, description = "A page of trunks", body = Page<Trunk>), ReadRefusals))]
async fn trunks(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let snapshot = shared.snapshot();
    let trunks = all(&snapshot, &shared.directory_of(&principal));
    let page = Page::cut("trunks", trunks, |trunk| trunk.name.clone(), query.cursor.as_ref(), query.limit.get())?;
    Ok((snapshot_age(&snapshot), page))
}

/// One trunk.
#[utoipa::path(get, path = "/v1/trunks/{name}", operation_id = "show_trunk", tag = "telephony",
    params(("name" = String, Path, description = "The trunk's name")),
    responses((status = 200, description = "The trunk", body = Trunk), ReadRefusals))]
async fn one_trunk(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
    Query(_): Query<NoParameters>,
) -> Result<impl IntoResponse, Problem> {
    let snapshot = shared.snapshot();
    let trunk = all(&snapshot, &shared.directory_of(&principal)).into_iter().find(|trunk| trunk.name == name);
    let unknown = || Problem::new(Code::TrunkNotFound, format!("There is no trunk `{name}`."));
    Ok((snapshot_age(&snapshot), Json(trunk.ok_or_else(unknown)?)))
}

/// All registered contacts, by extension; an operator's own.
#[utoipa::path(get, path = "/v1/registrations", operation_id = "list_registrations", tag = "telephony", params(RegistrationsQuery),
    responses((status = 200, description = "A page of registrations", body = Page<Registration>), ReadRefusals))]
async fn registrations(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<RegistrationsQuery>,
) -> Result<impl IntoResponse, Problem> {
    let (directory, snapshot) = (shared.agents_of(&principal, Permission::TelephonyView), shared.snapshot());
    let live = snapshot.registrations.iter().filter_map(|live| Registration::of(live, &directory));
    let wanted = |one: &Registration| query.extension.as_ref().is_none_or(|extension| *extension == one.extension);
    let key = |one: &Registration| format!("{} {}", one.extension, one.contact);
    let page =
        Page::cut("registrations", live.filter(wanted).collect(), key, query.cursor.as_ref(), query.limit.get())?;
    Ok((snapshot_age(&snapshot), page))
}

/// The registered phones of the agent that one is, by contact: the `device` of a callback is one of these contacts.
/// Empty for whoever is no agent.
#[utoipa::path(get, path = "/v1/me/devices", operation_id = "list_own_devices", tag = "people",
    responses((status = 200, description = "All of them", body = Page<Registration>), ReadRefusals))]
async fn own_devices(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(_): Query<NoParameters>,
) -> impl IntoResponse {
    let (directory, snapshot) = (shared.directory_of(&principal), shared.snapshot());
    let live = snapshot.registrations.iter().filter_map(|live| Registration::of(live, &directory));
    let mut data: Vec<Registration> = live.filter(|one| principal.extension.as_ref() == Some(&one.extension)).collect();
    data.sort_by(|a, b| a.contact.cmp(&b.contact));
    (snapshot_age(&snapshot), Page { data, next_cursor: None })
}

fn all(snapshot: &Snapshot, directory: &Directory) -> Vec<Trunk> {
    let trunk = |(id, named): (&clock::TrunkId, &NamedTrunk)| {
        Trunk::of(named, snapshot.trunks.iter().find(|trunk| trunk.trunk == *id))
    };
    directory.trunks.iter().map(trunk).collect()
}

impl Trunk {
    fn of(named: &NamedTrunk, live: Option<&TrunkSnapshot>) -> Self {
        let status = live.and_then(|live| live.status.as_ref());
        let target = |target: &TargetView| Target {
            host: target.host.clone(),
            address: target.addr.to_string(),
            transport: target.transport,
            up: target.up,
            reason: target.reason.word(),
            since: rfc3339(target.since),
        };
        let registration = |view: &RegistrationView| TrunkRegistration {
            registered: view.registered,
            reason: view.reason.word(),
            status: view.status,
            registrar: view.registrar.map(|addr| addr.to_string()),
            expires_at: view.expires_at.map(rfc3339),
            seen_as: view.seen_as.map(|addr| addr.to_string()),
        };
        Self {
            name: named.name.clone(),
            up: status.is_some_and(|status| status.up),
            reason: status.map_or(NOT_KNOWN, |status| status.reason.word()),
            since: status.map(|status| rfc3339(status.since)),
            sources: named.sources.clone(),
            destination: named.destination.clone(),
            destinations: named.destinations.clone(),
            targets: status.map(|status| status.targets.iter().map(target).collect()).unwrap_or_default(),
            registration: status.and_then(|status| status.registration.as_ref()).map(registration),
            calls: live.map_or(0, |live| live.calls),
            refused: live.map_or(0, |live| live.refused),
        }
    }
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

/// Before the watcher has told anything.
const NOT_KNOWN: &str = "not_known_yet";
