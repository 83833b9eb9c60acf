//! Query parameters: typed, and never ignored when unknown (rest.md section 2).
//!
//! The struct that documents a route's parameters is the one they are read
//! into. A `+` is a plus, as RFC 3986 has it, so that numbers may stand as they are.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

use crate::problem::{Code, Problem};
use crate::time::parse_rfc3339;

/// The query of a request, read into `T`.
#[derive(Clone, Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// No parameters at all.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoParameters {}

/// How many items a page holds.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u32")]
pub(crate) struct Limit(u32);

impl Limit {
    pub(crate) fn get(self) -> usize {
        self.0 as usize
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(DEFAULT_LIMIT)
    }
}

impl TryFrom<u32> for Limit {
    type Error = String;

    fn try_from(value: u32) -> Result<Self, String> {
        if (1..=MAX_LIMIT).contains(&value) { Ok(Self(value)) } else { Err(format!("expected 1 to {MAX_LIMIT}")) }
    }
}

/// A moment in RFC 3339.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time(pub(crate) clock::WallTime);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_rfc3339(&text).map(Self).ok_or_else(|| D::Error::custom("expected a time like 2026-07-30T12:00:00Z"))
    }
}

/// `a,b`: any of them.
#[derive(Clone, Debug)]
pub(crate) struct AnyOf<T>(pub(crate) Vec<T>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for AnyOf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.split(',').count() > MAX_ALTERNATIVES {
            return Err(D::Error::custom(format!("expected at most {MAX_ALTERNATIVES} values")));
        }
        let word = |part: &str| T::deserialize(serde::de::value::StringDeserializer::<D::Error>::new(part.to_owned()));
        text.split(',').map(word).collect::<Result<_, _>>().map(Self)
    }
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let query = query.replace('+', "%2B");
    let pairs = form_urlencoded::parse(query.as_bytes());
    let deserializer = serde_urlencoded::Deserializer::new(pairs);
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let name = error.path().to_string();
        let reason = error.inner().to_string();
        if let Some(unknown) = unknown_field(&reason) {
            let detail = format!("The parameter `{unknown}` is not known to this route.");
            return Problem::new(Code::UnknownParameter, detail.clone()).at(format!("?{unknown}"), "unknown", detail);
        }
        Problem::bad_parameter(duplicate_field(&reason).unwrap_or(&name), reason.as_str())
    })
}

/// The name in serde's message about a field that the struct does not have.
fn unknown_field(reason: &str) -> Option<&str> {
    let rest = reason.strip_prefix("unknown field `")?;
    rest.rsplit_once("`, expected").or_else(|| rest.rsplit_once("`, there are no fields")).map(|(name, _)| name)
}

/// The name in serde's message about a field that came twice: its path ends at the parent.
fn duplicate_field(reason: &str) -> Option<&str> {
    reason.strip_prefix("duplicate field `")?.strip_suffix('`')
}

/// Items of a page where the client names no limit (DESIGN section 10).
const DEFAULT_LIMIT: u32 = 25;
/// Most items of a page (DESIGN section 10).
const MAX_LIMIT: u32 = 200;
/// Most alternatives of one filter: above any enum's size, and a bound on the query made of them.
pub(crate) const MAX_ALTERNATIVES: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[serde(default)]
        limit: Limit,
        from: Option<AnyOf<String>>,
        #[serde(rename = "started_at[gte]")]
        since: Option<Time>,
    }

    #[test]
    fn parameters_are_read() {
        let sample: Sample = read("from=+4420,%2B4421&started_at[gte]=1970-01-01T00:00:01Z").unwrap();
        assert_eq!(sample.limit.get(), 25);
        assert_eq!(sample.from.unwrap().0, ["+4420", "+4421"]);
        assert_eq!(sample.since.unwrap().0.as_micros(), 1_000_000);
    }

    #[test]
    fn faults_name_the_parameter() {
        let cases = [
            ("limit=0", Code::InvalidParameter, "?limit"),
            ("limit=201", Code::InvalidParameter, "?limit"),
            ("limit=x", Code::InvalidParameter, "?limit"),
            ("limit=", Code::InvalidParameter, "?limit"),
            ("limit=1&limit=2", Code::InvalidParameter, "?limit"),
            ("started_at%5Bgte%5D=today", Code::InvalidParameter, "?started_at[gte]"),
            ("colour=red", Code::UnknownParameter, "?colour"),
        ];
        for (query, code, pointer) in cases {
            let problem = read::<Sample>(query).unwrap_err();
            assert_eq!(problem.code(), code, "{query}");
            assert!(format!("{problem:?}").contains(&format!("\"{pointer}\"")), "{query}: {problem:?}");
        }
    }
}
