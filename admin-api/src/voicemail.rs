//! `/v1/voicemails`.

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use records::{DatabaseUnavailable, VoicemailFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::access::{Access, Routes};
use crate::api::Shared;
use crate::file::Wav;
use crate::key::Principal;
use crate::openapi::ReadRefusals;
use crate::page::{Cursor, Page};
use crate::problem::{Code, Problem, ProblemBody};
use crate::query::{AnyOf, Limit, NoParameters, Query};
use crate::rights::Permission;
use crate::time::rfc3339;

/// A voicemail.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Voicemail {
    /// The voicemail.
    #[schema(example = "vm_0190f5a2b6d07c3a9d1e4f5061728394")]
    id: String,
    /// The box: a queue.
    #[schema(example = "support")]
    queue: String,
    /// The call in which it was left.
    call_id: String,
    /// Who left it.
    #[schema(example = "+442071838750")]
    from: String,
    /// When it was complete.
    #[schema(format = DateTime)]
    received_at: String,
    /// Length, ms.
    duration_ms: u64,
}

/// Filters of the list of voicemails.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct VoicemailsQuery {
    /// Items of a page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 25)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Any of these boxes, separated by commas.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["support"]))]
    queue: Option<AnyOf<String>>,
}

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(Access::All(Permission::VoicemailsView), routes!(list))
        .add(Access::All(Permission::VoicemailsView), routes!(one))
        .add(Access::All(Permission::VoicemailsPlay), routes!(audio))
}

/// Voicemails, newest first.
#[utoipa::path(get, path = "/v1/voicemails", operation_id = "list_voicemails", tag = "voicemails", params(VoicemailsQuery),
    responses((status = 200, description = "A page of voicemails", body = Page<Voicemail>), ReadRefusals))]
async fn list(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<VoicemailsQuery>,
) -> Result<Page<Voicemail>, Problem> {
    let filter = VoicemailFilter {
        account: principal.account,
        queue: query.queue.map(|AnyOf(queues)| queues).unwrap_or_default(),
        cursor: query.cursor.map(|cursor| cursor.parse(LIST)).transpose()?,
        limit: query.limit.get(),
    };
    let (voicemails, next) = shared.services.database.voicemails(&filter).await.map_err(away)?;
    let data = voicemails.into_iter().map(Voicemail::from).collect();
    Ok(Page { data, next_cursor: next.map(|next| Cursor::after(LIST, &next.to_string())) })
}

/// One voicemail.
#[utoipa::path(get, path = "/v1/voicemails/{id}", operation_id = "show_voicemail", tag = "voicemails",
    params(("id" = String, Path, description = "The voicemail's id")),
    responses((status = 200, description = "The voicemail", body = Voicemail), ReadRefusals))]
async fn one(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
) -> Result<Json<Voicemail>, Problem> {
    find(&shared, &principal, &id).await.map(|voicemail| Json(voicemail.into()))
}

/// What the caller said: WAV. Ranges are honoured.
#[utoipa::path(get, path = "/v1/voicemails/{id}/audio", operation_id = "play_voicemail", tag = "voicemails",
    params(("id" = String, Path, description = "The voicemail's id"),
        ("Range" = Option<String>, Header, description = "One range of bytes")),
    responses(
        (status = 200, description = "The file", body = Vec<u8>, content_type = "audio/wav"),
        (status = 206, description = "The range asked for", body = Vec<u8>, content_type = "audio/wav"),
        (status = 416, description = "The range lies outside", body = ProblemBody, content_type = "application/problem+json"),
        ReadRefusals))]
async fn audio(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let voicemail = find(&shared, &principal, &id).await?;
    let (data_dir, tag) = (&shared.services.data_dir, voicemail.id.to_string());
    Wav { data_dir, path: &voicemail.path, tag, missing: Code::VoicemailNotFound }.send(&headers).await
}

async fn find(shared: &Shared, principal: &Principal, id: &str) -> Result<records::Voicemail, Problem> {
    let unknown = || Problem::new(Code::VoicemailNotFound, format!("There is no voicemail `{id}`."));
    let wanted = id.parse().map_err(|_| unknown())?;
    let found = shared.services.database.voicemail(&principal.account, wanted).await.map_err(away)?;
    found.ok_or_else(unknown)
}

/// The problem of a database that does not answer.
pub(crate) fn away(error: DatabaseUnavailable) -> Problem {
    tracing::warn!(%error, "a request needs the database");
    Problem::new(Code::DatabaseUnavailable, "Stored records cannot be read now; live calls can.")
}

impl From<records::Voicemail> for Voicemail {
    fn from(voicemail: records::Voicemail) -> Self {
        Self {
            id: voicemail.id.to_string(),
            queue: voicemail.queue,
            call_id: voicemail.call_id.to_string(),
            from: voicemail.from,
            received_at: rfc3339(voicemail.received_at),
            duration_ms: voicemail.duration_ms,
        }
    }
}

const LIST: &str = "voicemails";
