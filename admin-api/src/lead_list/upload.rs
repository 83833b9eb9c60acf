//! A new list: a file that is uploaded, or one that leads are added to one by one.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, FromRequest, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use clock::{ListId, WallTime};
use dialer::list::Encoding;
use futures_util::StreamExt;
use records::{LeadListCounts, LeadListState, as_list_id};
use serde::Deserialize;
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};

use super::layout::Layout;
use super::object::{DuplicatesWord, LeadList};
use super::{files, tell};
use crate::api::Shared;
use crate::body::JsonBody;
use crate::idempotency::RequestKey;
use crate::key::Principal;
use crate::once::once;
use crate::openapi::Refusals;
use crate::people::new_id;
use crate::problem::{Code, Problem};
use crate::query::Query;
use crate::text::misleads;
use crate::time::wall_now;
use crate::voicemail::away;

/// What is known of a file that is uploaded.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UploadQuery {
    /// What the list is called; without it `list.csv`. Goes with a file.
    #[param(min_length = 1, max_length = 200, example = "leads.csv")]
    name: Option<String>,
    /// Country of the numbers that name none, ISO 3166-1; without it the node's own. Goes with a file.
    #[param(pattern = "^[A-Za-z]{2}$", example = "GB")]
    country: Option<String>,
    /// Which numbers are left out as they are there already. Goes with a file.
    #[param(inline)]
    duplicates: Option<DuplicatesWord>,
    /// What the file is written in, where it has no byte order mark and is not UTF-8. Goes with a file.
    #[param(inline)]
    encoding: Option<EncodingWord>,
}

/// How leads come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Json,
    File,
}

/// What a file is written in.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub(crate) enum EncodingWord {
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "utf-16le")]
    Utf16Le,
    #[serde(rename = "utf-16be")]
    Utf16Be,
    #[serde(rename = "windows-1252")]
    Windows1252,
}

/// Lines of cells, in UTF-8 or as `encoding` says: bytes, of which none are wrong but by what they hold.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code, reason = "read by the derive only")]
pub(crate) struct LeadFile(Vec<u8>);

/// A list without a file.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLeadList {
    /// What it is called.
    #[schema(example = "from the web form", min_length = 1, max_length = 200)]
    name: String,
    /// Country of the numbers that name none, ISO 3166-1; without it the node's own.
    #[schema(example = "GB", pattern = "^[A-Za-z]{2}$")]
    country: Option<String>,
    /// Which numbers are left out as they are there already.
    #[serde(default)]
    #[schema(inline)]
    duplicates: DuplicatesWord,
}

/// A list that is about to be.
struct Draft {
    list: records::LeadList,
    key: Option<RequestKey>,
}

/// A new list. A CSV file becomes one as it comes; its columns are guessed, and nothing is imported yet. As JSON a list
/// without a file, to which leads are added.
///
/// The answer comes when the file is safe from a loss of power.
#[utoipa::path(post, path = "/v1/lead-lists", operation_id = "create_lead_list", tag = "lead lists",
    params(UploadQuery, ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    request_body(content(
        (inline(LeadFile) = "text/csv", example = json!("Name,Phone\nJo Doe,020 7183 8750\n")),
        (NewLeadList = "application/json")), description = "The file, or the list"),
    responses((status = 201, description = "The list", body = LeadList), Refusals))]
pub(crate) async fn upload(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<UploadQuery>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let draft = match Kind::of(&headers)? {
        Kind::Json => empty(&shared, &principal, &query, &headers, request).await?,
        Kind::File => filed(&shared, &principal, &query, &headers, request.into_body()).await?,
    };
    keep(&shared, draft).await
}

/// Takes a file and makes a list of it.
async fn filed(
    shared: &Shared,
    principal: &Principal,
    query: &UploadQuery,
    headers: &HeaderMap,
    body: Body,
) -> Result<Draft, Problem> {
    let name = query.name.as_deref().unwrap_or("list.csv");
    check_name(name).map_err(|detail| Problem::bad_parameter("name", detail))?;
    let country = country(shared, query.country.as_deref())
        .ok_or_else(|| Problem::bad_parameter("country", "expected two letters of a country, e.g. GB"))?;
    RequestKey::read(headers, principal, "", b"")?;
    room(shared, principal).await?;
    let uploads = Arc::clone(&shared.lead_lists.uploads);
    let _place = uploads
        .try_acquire_owned()
        .map_err(|_| Problem::new(Code::Unavailable, "Too many files are being uploaded."))?;
    let id = as_list_id(ListId(new_id()?.0));
    let data_dir = &shared.services.data_dir;
    let mut upload = files::Upload::begin(data_dir, id, query.encoding.map(Encoding::from)).await?;
    let mut pieces = body.into_data_stream();
    let broken = || Problem::new(Code::BadRequest, "The body broke off.");
    while let Some(piece) = timeout(PIECE_DEADLINE, pieces.next()).await.map_err(|_| broken())? {
        upload.take(&piece.map_err(|_| broken())?).await?;
    }
    let taken = upload.finish().await?;
    let layout = Layout::guess(taken.encoding, &files::beginning(data_dir, id).await?);
    let Some(layout) = layout else {
        files::remove(data_dir, id).await;
        return Err(Problem::new(Code::UnreadableFile, "The file has no rows.").at("#", "empty", "expected rows"));
    };
    // The parameters belong to what makes two requests the same.
    let asked = [&taken.digest[..], format!("{query:?}").as_bytes()].concat();
    let key = RequestKey::read(headers, principal, "POST /v1/lead-lists", &asked)?;
    let state = if layout.mapping.has_phone() { LeadListState::Mapped } else { LeadListState::Uploaded };
    let list = records::LeadList {
        id,
        state,
        layout: layout.text(),
        file_bytes: taken.bytes,
        duplicates: query.duplicates.unwrap_or_default().into(),
        ..blank(principal, name, country, wall_now())
    };
    Ok(Draft { list, key })
}

async fn empty(
    shared: &Shared,
    principal: &Principal,
    query: &UploadQuery,
    headers: &HeaderMap,
    request: Request,
) -> Result<Draft, Problem> {
    let UploadQuery { name, country: asked, duplicates, encoding } = query;
    let given = [name.is_some(), asked.is_some(), duplicates.is_some(), encoding.is_some()];
    if let Some((name, _)) = ["name", "country", "duplicates", "encoding"].iter().zip(given).find(|(_, given)| *given) {
        return Err(Problem::bad_parameter(name, "expected a file, which it goes with"));
    }
    let JsonBody { value, bytes } = JsonBody::<NewLeadList>::from_request(request, &()).await?;
    let invalid = |field: &str, detail: String| {
        Problem::new(Code::InvalidBody, format!("The field `{field}` is not valid: {detail}.")).at(
            format!("#/{field}"),
            "invalid",
            detail,
        )
    };
    check_name(&value.name).map_err(|detail| invalid("name", detail))?;
    let country = country(shared, value.country.as_deref())
        .ok_or_else(|| invalid("country", "expected two letters of a country, e.g. GB".to_owned()))?;
    room(shared, principal).await?;
    let key = RequestKey::read(headers, principal, "POST /v1/lead-lists", &bytes)?;
    let now = wall_now();
    let list = records::LeadList {
        id: as_list_id(ListId(new_id()?.0)),
        state: LeadListState::Done,
        duplicates: value.duplicates.into(),
        ended_at: Some(now),
        ..blank(principal, &value.name, country, now)
    };
    Ok(Draft { list, key })
}

/// Keeps a list that is about to be; a file that comes twice is kept once.
async fn keep(shared: &Shared, draft: Draft) -> Result<Response, Problem> {
    let Draft { list, key } = draft;
    let (id, has_file) = (list.id, list.file_bytes > 0);
    let to = Arc::clone(shared);
    let kept = once(Arc::clone(shared), key, async move {
        to.services.database.create_lead_list(&list).await.map_err(away)?;
        tell(&to, &list, false).await;
        Ok((StatusCode::CREATED, LeadList::from(list)))
    })
    .await;
    let is_another = match &kept {
        Ok(response) => response.headers().contains_key("idempotent-replayed"),
        Err(problem) => matches!(problem.code(), Code::IdempotencyKeyReused | Code::IdempotencyRequestRunning),
    };
    // Where it failed otherwise nobody knows whether the list is kept: the next start deletes the file if it is not.
    if has_file && is_another {
        files::remove(&shared.services.data_dir, id).await;
    }
    kept
}

fn blank(principal: &Principal, name: &str, country: String, now: WallTime) -> records::LeadList {
    records::LeadList {
        id: ListId(0),
        account: principal.account.clone(),
        name: name.to_owned(),
        state: LeadListState::Uploaded,
        task: None,
        country,
        duplicates: records::ListDuplicates::InList,
        layout: "{}".to_owned(),
        file_bytes: 0,
        place: "{}".to_owned(),
        counts: LeadListCounts::default(),
        failure: None,
        is_deleted: false,
        created_by: principal.name.clone(),
        created_at: now,
        updated_at: now,
        started_at: None,
        ended_at: None,
        version: 1,
    }
}

impl From<EncodingWord> for Encoding {
    fn from(word: EncodingWord) -> Self {
        match word {
            EncodingWord::Utf8 => Self::Utf8,
            EncodingWord::Utf16Le => Self::Utf16Le,
            EncodingWord::Utf16Be => Self::Utf16Be,
            EncodingWord::Windows1252 => Self::Windows1252,
        }
    }
}

/// The country that is meant, if numbers are known in it.
pub(super) fn country(shared: &Shared, asked: Option<&str>) -> Option<String> {
    let country = asked.unwrap_or(&shared.services.home_country).to_ascii_uppercase();
    let is_known = country.len() == 2 && (shared.services.number_plan)(&country).is_some();
    is_known.then_some(country)
}

fn check_name(name: &str) -> Result<(), String> {
    let is_fine = (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.chars().any(misleads);
    if is_fine { Ok(()) } else { Err(format!("expected 1 to {NAME_CHARS_MAX} characters that can be seen")) }
}

async fn room(shared: &Shared, principal: &Principal) -> Result<(), Problem> {
    let lists = shared.services.database.count_lead_lists(&principal.account).await.map_err(away)?;
    if lists < LISTS_MAX {
        return Ok(());
    }
    Err(Problem::new(Code::LimitReached, format!("There may be at most {LISTS_MAX} lists; delete some.")))
}

impl Kind {
    /// That of a request.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("none");
        let media = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match media.as_str() {
            "application/json" => Ok(Self::Json),
            media if FILES.contains(&media) => Ok(Self::File),
            media => {
                let expected = "expected text/csv or application/json";
                let problem = Problem::new(Code::UnsupportedMediaType, format!("The body is `{media}`: {expected}."));
                Err(problem.at("Content-Type", "invalid", expected))
            }
        }
    }
}

/// What browsers and programs call a CSV file.
const FILES: [&str; 5] =
    ["text/csv", "text/plain", "text/tab-separated-values", "application/csv", "application/vnd.ms-excel"];
/// A slow line is fine, a silent one is not.
const PIECE_DEADLINE: Duration = Duration::from_secs(60);
/// Lists of an account: some years of a new one each day.
const LISTS_MAX: u64 = 1_000;
const NAME_CHARS_MAX: usize = 200;
