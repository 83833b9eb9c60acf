//! JSON bodies: typed, bounded, refused with a pointer to the field at fault.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::problem::{Code, Problem};
use crate::trail::Trail;

/// A JSON body read into `T`, and its bytes as they came.
#[derive(Clone, Debug)]
pub(crate) struct JsonBody<T> {
    pub(crate) value: T,
    pub(crate) bytes: Bytes,
}

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        check_media_type(request.headers())?;
        let bytes = read_bounded(request).await?;
        let value = parse(&bytes)?;
        Trail::current().asked(&bytes);
        Ok(Self { value, bytes })
    }
}

/// A body that must be empty: actions that take no fields. `{}` is as good as nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EmptyBody;

impl<S: Sync> FromRequest<S> for EmptyBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let headers = request.headers().clone();
        let bytes = read_bounded(request).await?;
        if !bytes.is_empty() {
            check_media_type(&headers)?;
            parse::<NoFields>(&bytes)?;
        }
        Ok(Self)
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct NoFields {}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("none");
    let essence = value.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::new(Code::UnsupportedMediaType, format!("Expected application/json, got {value}.")).at(
        "Content-Type",
        "invalid",
        "expected application/json",
    ))
}

async fn read_bounded(request: Request) -> Result<Bytes, Problem> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let too_large = || Problem::new(Code::PayloadTooLarge, format!("The body may have at most {MAX_BODY} bytes."));
    if announced.is_some_and(|length| length > MAX_BODY as u64) {
        return Err(too_large());
    }
    to_bytes(request.into_body(), MAX_BODY).await.map_err(|error| {
        let limit =
            std::error::Error::source(&error).is_some_and(|source| source.is::<http_body_util::LengthLimitError>());
        if limit { too_large() } else { Problem::new(Code::BadRequest, "The body broke off.") }
    })
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        refusal(bytes, &path, error.inner())
    })?;
    json.end().map_err(|error| refusal(bytes, ".", &error))?;
    Ok(value)
}

fn refusal(bytes: &[u8], path: &str, error: &serde_json::Error) -> Problem {
    // Where a word of a list is wanted, serde_json calls a number a fault of the syntax.
    let is_json = || serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok();
    if error.classify() != Category::Data && !is_json() {
        return Problem::new(Code::MalformedJson, format!("The body is not JSON: {error}."));
    }
    let message = error.to_string();
    let code = if message.starts_with("unknown field") {
        "unknown"
    } else if message.starts_with("missing field") {
        "required"
    } else {
        "invalid"
    };
    Problem::new(Code::InvalidBody, format!("The body is not as expected: {message}.")).at(
        pointer(path, &message),
        code,
        message.clone(),
    )
}

/// RFC 6901 pointer, as a URI fragment, of a path like `a.b[0]`; a missing field is named by serde's message only.
fn pointer(path: &str, message: &str) -> String {
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    let steps = path.split(['.', '[', ']']).filter(|step| !step.is_empty() && *step != "?");
    steps.chain(missing).fold(String::from("#"), |pointer, step| pointer + "/" + step)
}

/// Most bytes of a JSON body: two orders above the longest honest one.
const MAX_BODY: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[allow(dead_code)]
        to: String,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Word {
        Ready,
    }

    #[derive(Debug, serde::Deserialize)]
    struct Choice {
        #[allow(dead_code)]
        state: Word,
    }

    #[test]
    fn a_number_in_place_of_a_word_is_a_wrong_field_and_no_broken_json() {
        for text in ["{\"state\":5}", "{\"state\":null}", "{\"state\":[]}"] {
            let problem = parse::<Choice>(text.as_bytes()).unwrap_err();
            assert_eq!(problem.code(), Code::InvalidBody, "{text}");
            assert!(format!("{problem:?}").contains("#/state"), "{text}: {problem:?}");
        }
        assert!(matches!(parse::<Choice>(b"{\"state\":\"ready\"}").map(|choice| choice.state), Ok(Word::Ready)));
    }

    #[test]
    fn faults_of_a_body_are_told_apart() {
        let cases: [(&str, Code, &str); 8] = [
            ("", Code::MalformedJson, ""),
            ("{", Code::MalformedJson, ""),
            ("{\"to\":\"1\"} x", Code::MalformedJson, ""),
            ("{}", Code::InvalidBody, "#/to"),
            ("{\"to\":1}", Code::InvalidBody, "#/to"),
            ("{\"to\":\"1\",\"too\":2}", Code::InvalidBody, "#/too"),
            ("{\"to\":\"1\",\"to\":\"2\"}", Code::InvalidBody, "#"),
            ("[1]", Code::InvalidBody, "#"),
        ];
        for (text, code, pointer) in cases {
            let problem = parse::<Sample>(text.as_bytes()).unwrap_err();
            assert_eq!(problem.code(), code, "{text}");
            assert!(format!("{problem:?}").contains(pointer), "{text}: {problem:?}");
        }
    }
}
