//! URIs: sip, sips (RFC 3261 19.1), tel (RFC 3966), and any other scheme kept as it is.

mod compare;
mod escape;
mod host;
mod read;

use core::fmt;
use std::borrow::Cow;

pub(crate) use host::read_address;
pub use host::{Host, HostPort};
pub(crate) use read::UriText;

use crate::{SyntaxError, Text, text::Span};

/// What kind of URI it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
    /// `tel:`
    Tel,
    /// Any other; what follows the colon is not looked into.
    Other,
}

/// A URI: its text and where the parts stand. Cheap to clone, prints as it was read.
///
/// `==` compares the text; RFC 3261's equality is [`Self::is_equivalent`], which
/// is no equivalence relation (19.1.4).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uri {
    text: Text,
    parts: Parts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Parts {
    scheme: Scheme,
    /// The user part, or the number of a tel URI.
    user: Option<Span>,
    password: Option<Span>,
    /// Host and port; empty for tel and others.
    host_port: Span,
    /// From the first `;` on; empty without parameters.
    params: Span,
    /// What follows the `?`.
    headers: Option<Span>,
}

impl Uri {
    /// Reads a URI, which may have at most [`crate::limits::MAX_URI_BYTES`] bytes.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Self::read(UriText::Borrowed(text))
    }

    /// A sip URI of its parts; `user` is escaped as needed. Fails only when the
    /// result is longer than a URI may be.
    pub fn sip(user: Option<&str>, host_port: &HostPort) -> Result<Self, SyntaxError> {
        match user {
            Some(user) => Self::parse(&format!("sip:{}@{host_port}", escape::user(user))),
            None => Self::parse(&format!("sip:{host_port}")),
        }
    }

    /// The kind of URI.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.parts.scheme
    }

    /// The scheme as written, without the colon.
    #[must_use]
    pub fn scheme_text(&self) -> &str {
        self.text.as_str().split(':').next().unwrap_or_default()
    }

    /// True for sip and sips.
    #[must_use]
    pub fn is_sip(&self) -> bool {
        matches!(self.parts.scheme, Scheme::Sip | Scheme::Sips)
    }

    /// The whole URI as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// The user part with its escapes undone, or the number of a tel URI. Bytes that
    /// make no UTF-8 become U+FFFD.
    #[must_use]
    pub fn user(&self) -> Option<Cow<'_, str>> {
        self.user_text().map(escape::undo)
    }

    /// The user part as written.
    #[must_use]
    pub fn user_text(&self) -> Option<&str> {
        self.parts.user.map(|span| self.text.at(span))
    }

    /// The password as written (RFC 3261 advises against it).
    #[must_use]
    pub fn password_text(&self) -> Option<&str> {
        self.parts.password.map(|span| self.text.at(span))
    }

    /// The host of a sip or sips URI.
    #[must_use]
    pub fn host(&self) -> Option<Host> {
        self.host_port().map(|host_port| host_port.host)
    }

    /// The port, when it is written.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.host_port().and_then(|host_port| host_port.port)
    }

    /// Host and port of a sip or sips URI.
    #[must_use]
    pub fn host_port(&self) -> Option<HostPort> {
        if self.is_sip() { HostPort::parse(self.text.at(self.parts.host_port)).ok() } else { None }
    }

    /// The parameters in order: name, and value if there is one, as written.
    pub fn params(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let params = self.text.at(self.parts.params);
        params.split(';').skip(1).map(|param| match param.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (param, None),
        })
    }

    /// The value of the parameter `name` (any case, escapes undone): none when it is
    /// absent, empty when it has no value.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        let (_, value) = self.params().find(|(written, _)| escape::undo(written).eq_ignore_ascii_case(name))?;
        Some(escape::undo(value.unwrap_or_default()))
    }

    /// True when the parameter stands there, with or without a value.
    #[must_use]
    pub fn has_param(&self, name: &str) -> bool {
        self.param(name).is_some()
    }

    /// The headers in order, as written: what follows the `?`.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let headers = self.headers_text().unwrap_or_default();
        headers.split('&').filter_map(|header| header.split_once('='))
    }

    /// The value of the header `name` (any case) with its escapes undone: how a
    /// Refer-To carries its Replaces (RFC 3891).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let (_, value) = self.headers().find(|(written, _)| escape::undo(written).eq_ignore_ascii_case(name))?;
        Some(escape::undo(value))
    }

    /// All headers as written, without the `?`.
    #[must_use]
    pub fn headers_text(&self) -> Option<&str> {
        self.parts.headers.map(|span| self.text.at(span))
    }

    /// The same URI without its headers: what may stand in a Request-URI.
    #[must_use]
    pub fn without_headers(&self) -> Self {
        let Some(headers) = self.parts.headers else {
            return self.clone();
        };
        let text = self.text.part(Span { start: 0, len: headers.start.saturating_sub(1) });
        Self { text, parts: Parts { headers: None, ..self.parts } }
    }

    /// The same URI with one more parameter before its headers; name and value must
    /// be of bytes that a parameter may have.
    pub fn with_param(&self, name: &str, value: Option<&str>) -> Result<Self, SyntaxError> {
        read::check_param(name, value)?;
        let base = self.without_headers();
        let equals = if value.is_some() { "=" } else { "" };
        let query = self.headers_text().map(|headers| format!("?{headers}")).unwrap_or_default();
        Self::parse(&format!("{base};{name}{equals}{}{query}", value.unwrap_or_default()))
    }

    /// The same URI with one more header, `value` escaped: a Refer-To with Replaces
    /// (RFC 3891 3).
    pub fn with_header(&self, name: &str, value: &str) -> Result<Self, SyntaxError> {
        let separator = if self.parts.headers.is_some() { '&' } else { '?' };
        let (name, value) = (escape::header_part(name), escape::header_part(value));
        Self::parse(&format!("{self}{separator}{name}={value}"))
    }

    /// The address of record (RFC 3261 10.3): scheme, user with needless escapes
    /// undone and host in lower case, without port, password, parameters and
    /// headers. Equal for equivalent addresses, so it can be a key.
    #[must_use]
    pub fn address_of_record(&self) -> Option<String> {
        let scheme = match self.parts.scheme {
            Scheme::Sip => "sip",
            Scheme::Sips => "sips",
            Scheme::Tel | Scheme::Other => return None,
        };
        let host = self.host()?.to_string().to_ascii_lowercase();
        Some(match self.user_text() {
            Some(user) => format!("{scheme}:{}@{host}", escape::normalize(user)),
            None => format!("{scheme}:{host}"),
        })
    }

    /// A copy that keeps no message buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { text: self.text.detach(), parts: self.parts }
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl core::str::FromStr for Uri {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests;
