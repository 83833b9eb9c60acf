//! What can be wrong with a message, and whether it may be answered.

use super::{Message, Name};
use crate::limits::MAX_QUOTED_BYTES;

/// One value does not follow its grammar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, got {came:?}")]
pub struct SyntaxError {
    /// What should stand there.
    pub expected: &'static str,
    /// The beginning of what stood there.
    pub came: Box<str>,
}

impl SyntaxError {
    /// Quotes at most the first 48 bytes of `came`.
    #[must_use]
    pub fn new(expected: &'static str, came: &str) -> Self {
        let mut end = came.len().min(MAX_QUOTED_BYTES);
        while !came.is_char_boundary(end) {
            end -= 1;
        }
        Self { expected, came: came[..end].into() }
    }
}

/// Why a message is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A bound of [`crate::limits`] is exceeded.
    #[error("{what}: at most {limit} are read")]
    TooMuch {
        /// Which dimension.
        what: &'static str,
        /// Its bound.
        limit: usize,
    },
    /// Request line or status line (RFC 3261 7.1 and 7.2).
    #[error("start line: {0}")]
    StartLine(SyntaxError),
    /// The version is not 2.0.
    #[error("SIP version 2.0 expected, got {0:?}")]
    Version(Box<str>),
    /// A line of the head that is no header (counted from the start line, which is 1).
    #[error("line {line}: {error}")]
    HeaderLine {
        /// Number of the line.
        line: usize,
        /// What is wrong.
        error: SyntaxError,
    },
    /// No empty line ends the headers.
    #[error("no empty line after the headers")]
    NoEndOfHeaders,
    /// The body is shorter than Content-Length says (RFC 3261 18.3).
    #[error("Content-Length is {declared}, but only {came} bytes came")]
    BodyTooShort {
        /// What Content-Length says.
        declared: usize,
        /// What is there.
        came: usize,
    },
    /// A mandatory header is not there (RFC 3261 8.1.1).
    #[error("{0} is missing")]
    Missing(Name),
    /// A header that may stand once stands twice.
    #[error("{0} stands more than once")]
    Repeated(Name),
    /// A header does not follow its grammar.
    #[error("{name}: {error}")]
    Header {
        /// Which header.
        name: Name,
        /// What is wrong.
        error: SyntaxError,
    },
    /// The Request-URI does not follow its grammar.
    #[error("Request-URI: {0}")]
    RequestUri(SyntaxError),
    /// The method of CSeq is not that of the request (RFC 3261 8.1.1.5).
    #[error("the method of CSeq is not that of the request")]
    CseqMethod,
}

impl Fault {
    /// The status with which a request that has this fault is refused, and its reason phrase.
    #[must_use]
    pub fn status(&self) -> (u16, &'static str) {
        match self {
            Self::Version(_) => (505, "Version Not Supported"),
            Self::TooMuch { what: "bytes of a URI", .. } => (414, "Request-URI Too Long"),
            Self::TooMuch { .. } => (513, "Message Too Large"),
            _ => (400, "Bad Request"),
        }
    }

    pub(crate) fn header(name: Name) -> impl Fn(SyntaxError) -> Self {
        move |error| Self::Header { name, error }
    }
}

/// A message that could not be read.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{fault}")]
pub struct ParseError {
    /// What is wrong.
    pub fault: Fault,
    hint: Option<RejectHint>,
}

impl ParseError {
    pub(crate) fn new(fault: Fault, hint: Option<RejectHint>) -> Self {
        Self { fault, hint }
    }

    /// How to refuse the message: none for a response, for an ACK, and when Via,
    /// From, To, Call-ID or CSeq could not be found; those are dropped.
    #[must_use]
    pub fn answerable(&self) -> Option<&RejectHint> {
        self.hint.as_ref()
    }
}

/// Enough of an unreadable request to refuse it without state.
#[derive(Clone, Debug)]
pub struct RejectHint {
    /// The status to answer with: 400, 414, 505 or 513.
    pub status: u16,
    /// Its reason phrase.
    pub reason: &'static str,
    /// What could be saved of the request: its method, Via, From, To, Call-ID and
    /// CSeq as they came, no body. Made for [`crate::ResponseBuilder::reply_to`].
    pub request: Message,
}
