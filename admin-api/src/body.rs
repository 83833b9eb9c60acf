//! JSON bodies: typed, bounded, refused with a pointer to the field at fault.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use bytes::Bytes;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

use crate::problem::{Code, Problem};
use crate::trail::Trail;

/// A JSON body of at most `MOST` bytes read into `T`, and its bytes as they came.
#[derive(Clone, Debug)]
pub(crate) struct JsonBody<T, const MOST: usize = MAX_BODY> {
    pub(crate) value: T,
    pub(crate) bytes: Bytes,
}

impl<S: Sync, T: DeserializeOwned, const MOST: usize> FromRequest<S> for JsonBody<T, MOST> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        check_media_type(request.headers())?;
        let bytes = read_bounded(request, MOST).await?;
        let value = parse(&bytes)?;
        Trail::current().asked(&bytes);
        Ok(Self { value, bytes })
    }
}

/// An object, and no array of its fields, which serde takes as well.
pub(crate) fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<T, D::Error> {
    let fields = serde_json::Map::deserialize(from)?;
    T::deserialize(serde_json::Value::Object(fields)).map_err(D::Error::custom)
}

/// The same, or null.
pub(crate) fn optional_object<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    let fields = Option::<serde_json::Map<String, serde_json::Value>>::deserialize(from)?;
    fields.map(|fields| T::deserialize(serde_json::Value::Object(fields)).map_err(D::Error::custom)).transpose()
}

/// A list of objects, and no arrays of their fields.
pub(crate) fn objects<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Vec<T>, D::Error> {
    let all = Vec::<serde_json::Map<String, serde_json::Value>>::deserialize(from)?;
    let read = |fields| T::deserialize(serde_json::Value::Object(fields)).map_err(D::Error::custom);
    all.into_iter().map(read).collect()
}

/// A JSON body, or nothing, which is as good as `{}`; and its bytes as they came.
#[derive(Clone, Debug)]
pub(crate) struct MaybeJson<T> {
    pub(crate) value: T,
    pub(crate) bytes: Bytes,
}

impl<S: Sync, T: DeserializeOwned + Default> FromRequest<S> for MaybeJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let headers = request.headers().clone();
        let bytes = read_bounded(request, MAX_BODY).await?;
        if bytes.is_empty() {
            return Ok(Self { value: T::default(), bytes });
        }
        check_media_type(&headers)?;
        // An object: serde takes an array of its fields as well.
        parse::<serde_json::Map<String, serde_json::Value>>(&bytes)?;
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
        let bytes = read_bounded(request, MAX_BODY).await?;
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

/// Reads a field that is a whole number. One written with a fraction of zeros is whole too: JSON has one kind of
/// number, and so has the API's description (JSON Schema, Validation, 6.1.1).
pub(crate) fn whole<'de, D: Deserializer<'de>, T: TryFrom<i64>>(field: D) -> Result<T, D::Error> {
    let number = serde_json::Number::deserialize(field)?;
    let from_fraction = || number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < EXACT);
    // A float to integer cast saturates, and this one is within what a float holds exactly.
    let whole = number.as_i64().or_else(|| from_fraction().map(|float| float as i64));
    let fits = whole.and_then(|whole| T::try_from(whole).ok());
    fits.ok_or_else(|| D::Error::custom(format!("`{number}` is no whole number of the size expected")))
}

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

/// A body of at most `most` bytes.
pub(crate) async fn read_bounded(request: Request, most: usize) -> Result<Bytes, Problem> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let too_large = || Problem::new(Code::PayloadTooLarge, format!("The body may have at most {most} bytes."));
    if announced.is_some_and(|length| length > most as u64) {
        return Err(too_large());
    }
    to_bytes(request.into_body(), most).await.map_err(|error| {
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

/// From here on a float skips whole numbers.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// Most bytes of a JSON body where a route says nothing else: two orders above the longest honest one.
const MAX_BODY: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Extension {
        #[serde(deserialize_with = "whole")]
        by: u32,
    }

    #[test]
    fn a_whole_number_may_be_written_with_a_fraction_of_zeros() {
        let read = |text: &str| parse::<Extension>(text.as_bytes()).map(|field| field.by).ok();
        assert_eq!(["{\"by\": 30}", "{\"by\": 30.0}", "{\"by\": 3e1}"].map(read), [Some(30); 3]);
        let wrong = ["{\"by\": 30.5}", "{\"by\": -1.0}", "{\"by\": 1e300}", "{\"by\": \"30\"}", "{}"];
        assert_eq!(wrong.map(read), [None; 5]);
    }

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
