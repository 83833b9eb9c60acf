//! `/v1/consents`: who agreed to be called by machines or about claims management, and who agrees no more.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use centre::{Answer, Command};
use clock::WallTime;
use dialer::gate::{ConsentTo, packed};
use journal_core::ConsentEntry;
use records::{ConsentFilter, RowId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::access::{Access, Routes};
use crate::api::{Shared, wrong_answer};
use crate::body::JsonBody;
use crate::idempotency::RequestKey;
use crate::key::Principal;
use crate::once::once;
use crate::openapi::{ReadRefusals, Refusals};
use crate::page::{Cursor, Page, foreign};
use crate::people::new_id;
use crate::problem::{Code, Problem};
use crate::query::{Limit, NoParameters, Query, Time};
use crate::rights::Permission;
use crate::text::misleads;
use crate::time::{rfc3339, wall_now};
use crate::voicemail::away;

/// To what somebody agrees.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConsentPurpose)]
pub(crate) enum PurposeWord {
    /// To be called by recorded or artificial voices.
    ArtificialVoice,
    /// To be called about claims management.
    ClaimsManagement,
}

/// Agreed, or agrees no more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConsentKind)]
pub(crate) enum KindWord {
    /// A consent.
    #[default]
    Given,
    /// A revocation: no consent to it that was given until then stands, a list's neither.
    Revoked,
}

/// By which way somebody said so.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConsentChannel)]
pub(crate) enum ChannelWord {
    /// A form on a page.
    Web,
    /// A call.
    Phone,
    /// A text message.
    Sms,
    /// Mail.
    Email,
    /// A letter or a signed form.
    Paper,
    /// Face to face.
    InPerson,
    /// Another one: `source` says which.
    Other,
}

/// A consent of a number, or its revocation, as it was written down: nothing of it changes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Consent {
    /// Its id: verdicts of the dial gate name it.
    #[schema(example = "consent_0190f5a2b6d07c3a9d1e4f5000000000")]
    id: String,
    /// The number, E.164.
    #[schema(example = "+442071838750")]
    number: String,
    /// To what.
    #[schema(example = "artificial_voice")]
    purpose: String,
    /// Given, or revoked.
    kind: KindWord,
    /// By which way it came.
    #[schema(example = "web")]
    channel: String,
    /// Where it came from.
    #[schema(example = "form on example.com/quote")]
    source: String,
    /// What shows it.
    #[schema(example = "I agree to be called by a recorded voice.")]
    evidence: Option<String>,
    /// When the person said so.
    #[schema(format = DateTime)]
    at: String,
    /// When a consent was revoked; null while it stands, and for a revocation.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
    /// A consent that nobody revoked.
    stands: bool,
    /// Who wrote it down: the id of a user or key.
    recorded_by: String,
    /// When.
    #[schema(format = DateTime)]
    recorded_at: String,
}

/// What somebody said.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewConsent {
    /// The number, E.164.
    #[schema(example = "+442071838750", pattern = "^\\+[1-9][0-9]{0,14}$")]
    number: String,
    /// To what.
    purpose: PurposeWord,
    /// Given, or revoked.
    #[serde(default)]
    kind: KindWord,
    /// By which way it came.
    channel: ChannelWord,
    /// Where it came from: which form, which campaign, which letter.
    #[schema(example = "form on example.com/quote", min_length = 1, max_length = 200)]
    source: String,
    /// What shows it: the words that were agreed to, a link, the id of a recording.
    #[schema(example = "I agree to be called by a recorded voice.", min_length = 1, max_length = 1000)]
    evidence: String,
    /// When the person said so; now without it.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Time>,
}

/// How somebody revoked it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentRevocation {
    /// By which way it came.
    channel: ChannelWord,
    /// Where it came from.
    #[schema(example = "said so in a call", min_length = 1, max_length = 200)]
    source: String,
    /// What shows it.
    #[schema(min_length = 1, max_length = 1000)]
    evidence: Option<String>,
    /// When the person said so; now without it.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Time>,
}

/// Filters of the list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConsentsQuery {
    /// Items of a page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 25)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Of this number, E.164.
    #[param(example = "+442071838750")]
    number: Option<String>,
    /// To this.
    #[param(inline)]
    purpose: Option<PurposeWord>,
    /// Given, or revoked.
    #[param(inline)]
    kind: Option<KindWord>,
}

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(Access::All(Permission::ConsentsView), routes!(list))
        .add(Access::All(Permission::ConsentsManage), routes!(add))
        .add(Access::All(Permission::ConsentsView), routes!(one))
        .add(Access::All(Permission::ConsentsManage), routes!(revoke))
}

/// Consents of numbers and their revocations, newest first. They are listed a moment after they are written down, those
/// that lists of leads bring are with their leads.
#[utoipa::path(get, path = "/v1/consents", operation_id = "list_consents", tag = "dialing", params(ConsentsQuery),
    responses((status = 200, description = "A page of consents", body = Page<Consent>), ReadRefusals))]
async fn list(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<ConsentsQuery>,
) -> Result<Page<Consent>, Problem> {
    let before = query.cursor.as_ref().map(|cursor| cursor.key(LIST)).transpose()?;
    let before = before.map(|id| RowId::parse(PREFIX, &id).map_err(|_| foreign())).transpose()?;
    let filter = ConsentFilter {
        account: principal.account.clone(),
        id: None,
        number: query.number,
        purpose: query.purpose.map(|purpose| ConsentTo::from(purpose).word().to_owned()),
        given: query.kind.map(|kind| kind == KindWord::Given),
        before,
        limit: query.limit.get(),
    };
    let (rows, more) = shared.services.database.consents(&filter).await.map_err(away)?;
    let data: Vec<Consent> = rows.into_iter().map(Consent::from).collect();
    let next_cursor = data.last().filter(|_| more).map(|last| Cursor::after(LIST, &last.id));
    Ok(Page { data, next_cursor })
}

/// Writes down that somebody agreed to something, or agrees to it no more. It holds for every number that is dialed after
/// the answer, which comes when it outlives a loss of power.
#[utoipa::path(post, path = "/v1/consents", operation_id = "add_consent", tag = "dialing", request_body = NewConsent,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    responses((status = 201, description = "What was written down", body = Consent), Refusals))]
async fn add(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, bytes }: JsonBody<NewConsent>,
) -> Result<Response, Problem> {
    ours(&shared, &principal)?;
    if packed(&value.number).is_none() {
        return Err(wrong("number", "expected E.164, e.g. +442071838750"));
    }
    let of = (value.number, ConsentTo::from(value.purpose).word().to_owned(), value.kind);
    let entry = entry(&principal, of, value.channel, (value.source, Some(value.evidence), value.at))?;
    let key = RequestKey::read(&headers, &principal, "POST /v1/consents", &bytes)?;
    once(Arc::clone(&shared), key, async move { write(&shared, entry).await }).await
}

/// A consent or a revocation.
#[utoipa::path(get, path = "/v1/consents/{id}", operation_id = "show_consent", tag = "dialing",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The consent", body = Consent), ReadRefusals))]
async fn one(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
) -> Result<Json<Consent>, Problem> {
    Ok(Json(find(&shared, &principal, &id).await?.into()))
}

/// Revokes a consent: a revocation of its number and purpose is written down, and no consent to it that was given until
/// then stands. It holds for every number that is dialed after the answer.
#[utoipa::path(post, path = "/v1/consents/{id}/revoke", operation_id = "revoke_consent", tag = "dialing",
    request_body = ConsentRevocation,
    params(("id" = String, Path, description = "Its id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request safe")),
    responses((status = 201, description = "The revocation", body = Consent), Refusals))]
async fn revoke(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
    headers: HeaderMap,
    JsonBody { value, bytes }: JsonBody<ConsentRevocation>,
) -> Result<Response, Problem> {
    ours(&shared, &principal).map_err(|_| absent(&id))?;
    let given = find(&shared, &principal, &id).await?.entry;
    let of = (given.number, given.purpose, KindWord::Revoked);
    let entry = entry(&principal, of, value.channel, (value.source, value.evidence, value.at))?;
    let key = RequestKey::read(&headers, &principal, &format!("POST /v1/consents/{id}/revoke"), &bytes)?;
    once(Arc::clone(&shared), key, async move { write(&shared, entry).await }).await
}

async fn write(shared: &Shared, entry: ConsentEntry) -> Result<(StatusCode, Consent), Problem> {
    match shared.services.command_to_the_end(Command::Consent(Box::new(entry))).await? {
        Answer::Consent(entry) => {
            Ok((StatusCode::CREATED, Consent::from(records::Consent { entry: *entry, revoked_at: None })))
        }
        other => Err(wrong_answer(&other)),
    }
}

async fn find(shared: &Shared, principal: &Principal, id: &str) -> Result<records::Consent, Problem> {
    let row = RowId::parse(PREFIX, id).map_err(|_| absent(id))?;
    let account = principal.account.clone();
    let filter = ConsentFilter { account, id: Some(row), limit: 1, ..ConsentFilter::default() };
    let (found, _) = shared.services.database.consents(&filter).await.map_err(away)?;
    found.into_iter().next().ok_or_else(|| absent(id))
}

fn entry(
    principal: &Principal,
    (number, purpose, kind): (String, String, KindWord),
    channel: ChannelWord,
    (source, evidence, at): (String, Option<String>, Option<Time>),
) -> Result<ConsentEntry, Problem> {
    let now = wall_now();
    let at = at.map_or(now, |Time(at)| at);
    // What is said to come is no consent, and a revocation binds at once.
    if at > now || at < WallTime::from_micros(0) {
        return Err(wrong("at", "expected a time that is over, after 1970"));
    }
    Ok(ConsentEntry {
        id: new_id()?.0,
        account: principal.account.clone(),
        number,
        purpose,
        given: kind == KindWord::Given,
        channel: channel.word().to_owned(),
        source: text("source", source, SOURCE_CHARS_MAX)?,
        evidence: evidence.map(|evidence| text("evidence", evidence, EVIDENCE_CHARS_MAX)).transpose()?,
        at,
        by: principal.id.clone(),
        recorded_at: now,
    })
}

/// A text that shows as what it is.
fn text(field: &str, text: String, most: usize) -> Result<String, Problem> {
    let is_plain = !text.chars().any(|c| misleads(c) && c != '\n');
    if is_plain && !text.trim().is_empty() && text.chars().count() <= most {
        return Ok(text);
    }
    Err(wrong(field, format!("expected 1 to {most} characters that show as what they are")))
}

fn wrong(field: &str, expected: impl Into<String>) -> Problem {
    Problem::new(Code::InvalidBody, "What was sent is not as expected.").at(format!("#/{field}"), "invalid", expected)
}

fn absent(id: &str) -> Problem {
    Problem::new(Code::ConsentNotFound, format!("There is no consent `{id}`."))
}

/// Campaigns, which go by them, are the node's own account's.
fn ours(shared: &Shared, principal: &Principal) -> Result<(), Problem> {
    if principal.account == shared.services.account {
        return Ok(());
    }
    Err(Problem::new(Code::Forbidden, "Consents belong to another account."))
}

impl From<PurposeWord> for ConsentTo {
    fn from(word: PurposeWord) -> Self {
        match word {
            PurposeWord::ArtificialVoice => Self::ArtificialVoice,
            PurposeWord::ClaimsManagement => Self::ClaimsManagement,
        }
    }
}

impl ChannelWord {
    const fn word(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Phone => "phone",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Paper => "paper",
            Self::InPerson => "in_person",
            Self::Other => "other",
        }
    }
}

impl From<records::Consent> for Consent {
    fn from(records::Consent { entry, revoked_at }: records::Consent) -> Self {
        Self {
            id: RowId(entry.id).text(PREFIX),
            number: entry.number,
            purpose: entry.purpose,
            kind: if entry.given { KindWord::Given } else { KindWord::Revoked },
            channel: entry.channel,
            source: entry.source,
            evidence: entry.evidence,
            at: rfc3339(entry.at),
            revoked_at: revoked_at.map(rfc3339),
            stands: entry.given && revoked_at.is_none(),
            recorded_by: entry.by,
            recorded_at: rfc3339(entry.recorded_at),
        }
    }
}

const LIST: &str = "consents";
const PREFIX: &str = "consent";
/// A sentence.
const SOURCE_CHARS_MAX: usize = 200;
/// The words of a form.
const EVIDENCE_CHARS_MAX: usize = 1_000;
