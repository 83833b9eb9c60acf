//! `ETag` and `If-Match` (RFC 9110 sections 8.8.3 and 13.1.1): nobody overwrites what he has not seen.

use axum::extract::FromRequestParts;
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::response::AppendHeaders;

use crate::problem::{Code, Problem};

/// What a request says about the version that it is to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// Nothing.
    Absent,
    /// `*`: whatever there is.
    Any,
    /// This one.
    Version(u64),
}

/// The header that tells the version of what is shown.
pub(crate) fn etag(version: u64) -> AppendHeaders<[(HeaderName, HeaderValue); 1]> {
    let value = HeaderValue::from_str(&tag(version)).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
    AppendHeaders([(ETAG, value)])
}

impl IfMatch {
    /// Lets a change through that was made from the version there is.
    ///
    /// # Errors
    /// 428 without the header, 412 when it names another version.
    pub(crate) fn require(self, version: u64) -> Result<(), Problem> {
        match self {
            Self::Absent => {
                let detail = "Read the thing first, and send its ETag in the header If-Match.";
                Err(Problem::new(Code::PreconditionRequired, detail).at("If-Match", "required", "expected an ETag"))
            }
            _ => self.allow(version),
        }
    }

    /// The same where the header may be left out: what is deleted or revoked in a hurry.
    ///
    /// # Errors
    /// 412 when it names another version.
    pub(crate) fn allow(self, version: u64) -> Result<(), Problem> {
        match self {
            Self::Absent | Self::Any => Ok(()),
            Self::Version(seen) if seen == version => Ok(()),
            Self::Version(_) => Err(stale(version)),
        }
    }
}

/// The refusal of a change that was made from another version.
pub(crate) fn stale(version: u64) -> Problem {
    let detail = format!("It was changed meanwhile: its ETag is {} now.", tag(version));
    Problem::new(Code::PreconditionFailed, detail).in_state(format!("v{version}"))
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(IF_MATCH).iter();
        let Some(value) = values.next() else { return Ok(Self::Absent) };
        let text = value.to_str().unwrap_or_default().trim();
        let version = || text.strip_prefix("\"v")?.strip_suffix('"')?.parse().ok();
        let read = match text {
            "*" => Some(Self::Any),
            // A list of no tags is one (RFC 9110 section 5.6.1.2), and matches nothing: versions begin with 1.
            "" => Some(Self::Version(0)),
            _ => version().map(Self::Version),
        };
        read.filter(|_| values.next().is_none()).ok_or_else(malformed)
    }
}

/// The refusal of what is no ETag of ours: nobody can have read it from an answer.
fn malformed() -> Problem {
    let expected = "expected one ETag as an answer had it, or *";
    Problem::new(Code::InvalidParameter, "The header If-Match is not valid.").at("If-Match", "invalid", expected)
}

/// The ETag of a version.
pub(crate) fn tag(version: u64) -> String {
    format!("\"v{version}\"")
}
