//! Messages: a view of the bytes that came, with a table of where each header
//! stands. Typed values are read when asked for.

mod build;
mod credentials;
mod fault;
mod method;
mod name;
pub(crate) mod parse;
mod typed;
mod validate;

use std::sync::Arc;

use bytes::Bytes;
use smallvec::SmallVec;

pub use build::{RequestBuilder, ResponseBuilder};
pub use fault::{Fault, ParseError, RejectHint, SyntaxError};
pub use method::{Method, Token};
pub use name::{HeaderKey, Name};

use crate::{
    Text,
    text::Span,
    uri::{Uri, UriText},
};

/// How a message came, which decides where its body ends (RFC 3261 18.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// One datagram: without Content-Length the body is the rest of it, and what
    /// follows a shorter body is dropped.
    Datagram,
    /// Cut from a stream: Content-Length is mandatory.
    Stream,
}

/// A request or a response. Cheap to clone and never changed: builders make new ones.
///
/// The bytes stay as they came; only a head with folded lines or without valid
/// UTF-8 is copied once, with each fold turned into one space and each bad byte
/// into U+FFFD.
#[derive(Clone)]
pub struct Message(Arc<Inner>);

struct Inner {
    wire: Bytes,
    head: Text,
    body: Bytes,
    start: Start,
    lines: SmallVec<[Line; INLINE_LINES]>,
}

/// Header lines without a second allocation: a typical INVITE has 12 to 20.
const INLINE_LINES: usize = 24;

#[derive(Clone, Debug)]
enum Start {
    Request { method: Method, uri: Span },
    Status { code: u16, reason: Span },
}

/// One header line: its name, when it is a known one, and where both parts stand.
#[derive(Clone, Copy, Debug)]
struct Line {
    known: Option<Name>,
    name: Span,
    value: Span,
}

impl Message {
    /// Reads one message. `data` is one datagram, or exactly what
    /// [`crate::framing::StreamFramer`] cut from a stream.
    ///
    /// Checks framing only: start line, header lines, bounds, Content-Length. What
    /// RFC 3261 demands of the headers is in [`Self::validate_request`] and
    /// [`Self::validate_response`].
    pub fn parse(data: Bytes, source: Source) -> Result<Self, ParseError> {
        parse::parse(data, source)
    }

    /// The whole message as bytes: as it came, or as it goes to the wire.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.0.wire
    }

    /// True for a request, false for a response.
    #[must_use]
    pub fn is_request(&self) -> bool {
        matches!(self.0.start, Start::Request { .. })
    }

    /// The request's method; none for a response.
    #[must_use]
    pub fn method(&self) -> Option<&Method> {
        match &self.0.start {
            Start::Request { method, .. } => Some(method),
            Start::Status { .. } => None,
        }
    }

    /// The Request-URI as it stands; empty for a response.
    #[must_use]
    pub fn request_uri_text(&self) -> &str {
        match self.0.start {
            Start::Request { uri, .. } => self.0.head.at(uri),
            Start::Status { .. } => "",
        }
    }

    /// The Request-URI. Fails when it has no URI's form, and for a sip or sips URI
    /// with headers, which have no place there (RFC 3261 19.1.1).
    pub fn request_uri(&self) -> Result<Uri, Fault> {
        let Start::Request { uri, .. } = self.0.start else {
            return Err(Fault::RequestUri(SyntaxError::new("a request", "a response")));
        };
        Uri::read(UriText::Shared(self.0.head.part(uri))).map_err(Fault::RequestUri).and_then(|uri| {
            match uri.headers_text() {
                None => Ok(uri),
                Some(headers) => Err(Fault::RequestUri(SyntaxError::new("no headers in a Request-URI", headers))),
            }
        })
    }

    /// The response's status, 100 to 699; 0 for a request.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self.0.start {
            Start::Status { code, .. } => code,
            Start::Request { .. } => 0,
        }
    }

    /// The response's reason phrase, which may be empty; empty for a request.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self.0.start {
            Start::Status { reason, .. } => self.0.head.at(reason),
            Start::Request { .. } => "",
        }
    }

    /// The body; may be empty.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.0.body
    }

    /// The values of a header's lines, in order, unfolded and trimmed. A line may
    /// hold several values with commas between them: the typed getters split them.
    pub fn header<'a>(&'a self, key: impl Into<HeaderKey<'a>>) -> impl Iterator<Item = &'a str> {
        let key = key.into();
        self.0.lines.iter().filter(move |line| self.is_named(line, key)).map(|line| self.0.head.at(line.value))
    }

    /// Every header in order: its name as written, and its value.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.lines.iter().map(|line| (self.0.head.at(line.name), self.0.head.at(line.value)))
    }

    /// The headers whose names this stack does not know, kept as they came.
    pub fn unknown(&self) -> impl Iterator<Item = (&str, &str)> {
        let unknown = self.0.lines.iter().filter(|line| line.known.is_none());
        unknown.map(|line| (self.0.head.at(line.name), self.0.head.at(line.value)))
    }

    /// True when the header stands at least once.
    #[must_use]
    pub fn has<'a>(&'a self, key: impl Into<HeaderKey<'a>>) -> bool {
        self.header(key).next().is_some()
    }

    fn is_named(&self, line: &Line, key: HeaderKey<'_>) -> bool {
        match key {
            HeaderKey::Known(name) => line.known == Some(name),
            HeaderKey::Other(name) => line.known.is_none() && self.0.head.at(line.name).eq_ignore_ascii_case(name),
        }
    }

    /// The values of a header's lines as texts that share the message's buffer.
    fn texts(&self, name: Name) -> impl Iterator<Item = Text> {
        let lines = self.0.lines.iter().filter(move |line| line.known == Some(name));
        lines.map(|line| self.0.head.part(line.value))
    }
}

impl PartialEq for Message {
    /// Same bytes.
    fn eq(&self, other: &Self) -> bool {
        self.0.wire == other.0.wire
    }
}

impl Eq for Message {}

impl core::fmt::Debug for Message {
    /// The start line and the size of the body: a message may hold secrets.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let start = self.0.head.split("\r\n").next().unwrap_or_default();
        write!(f, "Message({start:?}, {} headers, body of {})", self.0.lines.len(), self.0.body.len())
    }
}
