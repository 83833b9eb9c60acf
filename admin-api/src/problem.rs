//! Problems: every answer that is not a success (RFC 9457).
//!
//! A route returns a [`Problem`]; the envelope writes it out once, with the
//! request id as `instance`, so no route renders an error itself.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use code::Code;

mod code;

/// What went wrong, and what was expected instead.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    code: Code,
    detail: String,
    errors: Vec<FieldError>,
    current_state: Option<String>,
    retry_after: Option<Duration>,
}

/// One field, header or parameter at fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// JSON pointer into the body (`#/to`), or `?name` for a query parameter, or the name of a header.
    pub pointer: String,
    /// Stable word: `unknown`, `required`, `invalid`.
    pub code: String,
    /// What was expected and what came.
    pub detail: String,
}

/// A problem as it is sent (RFC 9457 section 3).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// Page that explains the code.
    #[serde(rename = "type")]
    kind: String,
    /// The code in words.
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What was expected and what came.
    detail: String,
    /// The request's id.
    instance: String,
    /// Stable word.
    code: Code,
    /// The fields at fault, if any can be named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// The state that stands in the way, for conflicts.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_state: Option<String>,
}

impl Problem {
    /// A problem with a sentence of its own.
    #[must_use]
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        let retry_after = (code.status() == 503).then_some(RETRY_SOON);
        Self { code, detail: detail.into(), errors: Vec::new(), current_state: None, retry_after }
    }

    /// Names a field, parameter or header at fault.
    #[must_use]
    pub(crate) fn at(mut self, pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        self.errors.push(FieldError { pointer: pointer.into(), code: code.into(), detail: detail.into() });
        self
    }

    /// The same of a field that stands elsewhere in the body.
    #[must_use]
    pub(crate) fn moved(mut self, from: &str, to: &str) -> Self {
        for error in self.errors.iter_mut().filter(|error| error.pointer == from) {
            to.clone_into(&mut error.pointer);
        }
        self
    }

    /// Adds the state that stands in the way.
    #[must_use]
    pub(crate) fn in_state(mut self, state: impl Into<String>) -> Self {
        self.current_state = Some(state.into());
        self
    }

    /// Says when to try again.
    #[must_use]
    pub(crate) fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait + Duration::from_millis(999));
        self
    }

    /// A query parameter whose value is not allowed.
    #[must_use]
    pub(crate) fn bad_parameter(name: &str, expected: impl Into<String>) -> Self {
        let expected = expected.into();
        Self::new(Code::InvalidParameter, format!("The parameter `{name}` is not valid: {expected}.")).at(
            format!("?{name}"),
            "invalid",
            expected,
        )
    }

    /// What was expected and what came.
    #[must_use]
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// The stable word of this problem.
    #[must_use]
    pub(crate) fn code(&self) -> Code {
        self.code
    }

    fn body(self, request_id: &str) -> ProblemBody {
        ProblemBody {
            kind: format!("/problems/{}", self.code.word()),
            title: self.code.title(),
            status: self.code.status(),
            detail: self.detail,
            instance: request_id.into(),
            code: self.code,
            errors: self.errors,
            current_state: self.current_state,
        }
    }
}

impl IntoResponse for Problem {
    /// Leaves the body to [`render`].
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        let headers = response.headers_mut();
        if let Some(after) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(after.as_secs().max(1)));
        }
        if self.code.status() == 401 {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"trunkline\""));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes out the problem a response carries; a failure without one gets the problem of its status.
pub(crate) fn render(mut response: Response, request_id: &str) -> Response {
    let status = response.status();
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if status.is_client_error() || status.is_server_error() => of_status(status),
        None => return response,
    };
    let body = serde_json::to_vec(&problem.body(request_id)).unwrap_or_default();
    let headers = response.headers_mut();
    headers.remove(CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    *response.body_mut() = Body::from(body);
    response
}

/// The problem of a failure that axum itself answered with.
fn of_status(status: StatusCode) -> Problem {
    match status.as_u16() {
        404 => Problem::new(Code::RouteNotFound, "There is no such route; see /v1/openapi.json."),
        405 => Problem::new(Code::MethodNotAllowed, "What this route takes is in the header Allow."),
        413 => Problem::new(Code::PayloadTooLarge, "The request body is too large."),
        415 => Problem::new(Code::UnsupportedMediaType, "Send application/json."),
        400..=499 => Problem::new(Code::BadRequest, "The request could not be read."),
        503 => Problem::new(Code::Unavailable, "Try again later."),
        _ => Problem::new(Code::InternalError, "The fault is ours; it was logged under the request id."),
    }
}

/// What a client is told to wait where nothing better is known.
const RETRY_SOON: Duration = Duration::from_secs(1);
