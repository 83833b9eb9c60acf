//! The description of this API: OpenAPI 3.1, generated from the routes.
//!
//! Routes say what is theirs; what holds for all that take the same (a cursor, a version, a body) is added here by
//! rule: refusals, parameters, examples and links.

mod document;
mod example;
mod link;
mod parameter;
mod refusal;

use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoResponses, Modify, OpenApi};

use crate::problem::ProblemBody;

/// What no single route says.
#[derive(OpenApi)]
#[openapi(
    info(title = "Trunkline", description = "Calls, agents, queues and records of a Trunkline node.\n\nErrors are \
        `application/problem+json` (RFC 9457). In query strings a `+` is a plus.", license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")),
    security(("key" = [])),
    modifiers(&Bearer),
    tags(
        (name = "agents", description = "Agents and their states"),
        (name = "queues", description = "Queues and who waits in them"),
        (name = "calls", description = "Live and stored calls, in one list"),
        (name = "transactions", description = "Calls as pieces of work, and what a customer went through"),
        (name = "reports", description = "Numbers, each with its formula and the list behind it"),
        (name = "lead lists", description = "Lists of leads: from a file to people to call"),
        (name = "voicemails", description = "Voicemails of queues"),
        (name = "telephony", description = "Trunks and registered phones"),
        (name = "events", description = "What happens, as it happens"),
        (name = "people", description = "Accounts, users, keys, sessions, and the log of their changes"),
        (name = "operation", description = "For those who run the node"),
    )
)]
pub(crate) struct Description;

/// The finished description, in the order of the standard.
pub(crate) fn finished(description: &utoipa::openapi::OpenApi) -> String {
    let Ok(mut document) = serde_json::to_value(description) else { return String::new() };
    refusal::complete(&mut document);
    parameter::describe(&mut document);
    example::add(&mut document);
    link::add(&mut document);
    serde_json::to_string_pretty(&Ordered::of(&document)).unwrap_or_default() + "\n"
}

/// The schema of an address.
pub(crate) fn ip_address() -> impl Into<RefOr<Schema>> {
    let text = |format| ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::Custom(format)));
    AnyOfBuilder::new().item(text("ipv4".to_owned())).item(text("ipv6".to_owned()))
}

/// The schema of a list of words.
pub(crate) fn list_of<'a>(words: impl IntoIterator<Item = &'a str>) -> ArrayBuilder {
    ArrayBuilder::new().items(ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)))
}

/// The parts of a document in the order in which people read them.
#[derive(Serialize)]
struct Ordered<'a> {
    openapi: &'a Value,
    info: &'a Value,
    tags: &'a Value,
    security: &'a Value,
    paths: &'a Value,
    components: &'a Value,
}

impl<'a> Ordered<'a> {
    fn of(document: &'a Value) -> Self {
        Self {
            openapi: &document["openapi"],
            info: &document["info"],
            tags: &document["tags"],
            security: &document["security"],
            paths: &document["paths"],
            components: &document["components"],
        }
    }
}

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("key", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

/// How a route of operation may be refused.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "read by the derive only")]
pub(crate) enum ProbeRefusals {
    /// A parameter is unknown.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(ProblemBody),
    /// No key, or not a good one, from elsewhere than this machine.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(ProblemBody),
}

/// How any read may be refused.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "read by the derive only")]
pub(crate) enum ReadRefusals {
    /// A parameter is unknown or not allowed.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(ProblemBody),
    /// No key, or not a good one.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(ProblemBody),
    /// The key may not do this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemBody),
    /// There is no such thing.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(ProblemBody),
    /// A fault of ours.
    #[response(status = 500, content_type = "application/problem+json")]
    Internal(ProblemBody),
    /// Not now; `Retry-After` tells when.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemBody),
}

/// How a request that changes something may be refused besides.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "read by the derive only")]
pub(crate) enum Refusals {
    /// The body is not JSON, a parameter is unknown, a header is missing.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(ProblemBody),
    /// No key, or not a good one.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(ProblemBody),
    /// The key may not do this, or the destination may not be dialed.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemBody),
    /// There is no such thing.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(ProblemBody),
    /// The state of the thing stands in the way.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(ProblemBody),
    /// It was changed since the version that `If-Match` names.
    #[response(status = 412, content_type = "application/problem+json")]
    Stale(ProblemBody),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(ProblemBody),
    /// The body is not `application/json`.
    #[response(status = 415, content_type = "application/problem+json")]
    MediaType(ProblemBody),
    /// A field is unknown, missing or not allowed.
    #[response(status = 422, content_type = "application/problem+json")]
    Unprocessable(ProblemBody),
    /// A fault of ours.
    #[response(status = 500, content_type = "application/problem+json")]
    Internal(ProblemBody),
    /// Not now; `Retry-After` tells when.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemBody),
}
