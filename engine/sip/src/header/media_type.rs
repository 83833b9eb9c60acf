//! Content-Type and Accept (RFC 3261 20.1 and 20.15).

use core::fmt;

use super::params::{self, Params};
use crate::{SyntaxError, Text, grammar, text::Span};

/// `application/sdp;charset=utf-8`: a media type, or a range of them (`*/*`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaType {
    text: Text,
    kind: Span,
    subtype: Span,
    /// Parameters.
    pub params: Params,
}

impl MediaType {
    /// Reads one media type.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Self::read(text.into())
    }

    pub(crate) fn read(text: Text) -> Result<Self, SyntaxError> {
        let (media, rest) = grammar::split_before(&text, b';');
        let (kind, subtype) = grammar::split_once(media, b'/').unwrap_or((media, ""));
        let (kind, subtype) = (grammar::trim(kind), grammar::trim(subtype));
        if !grammar::is_token(kind) || !grammar::is_token(subtype) {
            return Err(SyntaxError::new("type/subtype", &text));
        }
        params::check(rest)?;
        let params = Params::checked(text.part(Span::of(&text, rest)));
        Ok(Self { kind: Span::of(&text, kind), subtype: Span::of(&text, subtype), params, text })
    }

    /// True for this type and subtype, in any case, parameters aside:
    /// `is("application", "sdp")`.
    #[must_use]
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.text.at(self.kind).eq_ignore_ascii_case(kind) && self.text.at(self.subtype).eq_ignore_ascii_case(subtype)
    }

    /// True when this type or range of an Accept header covers the given type.
    #[must_use]
    pub fn covers(&self, kind: &str, subtype: &str) -> bool {
        self.is(kind, subtype) || self.is(kind, "*") || self.is("*", "*")
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_have_no_case() {
        let sdp = MediaType::parse("Application / SDP ;charset=utf-8").unwrap();
        assert!(sdp.is("application", "sdp") && sdp.covers("application", "sdp") && !sdp.covers("text", "plain"));
        assert!(MediaType::parse("application/*").unwrap().covers("application", "sdp"));
        assert!(MediaType::parse("*/*").unwrap().covers("application", "sdp"));
        assert!(MediaType::parse("application").is_err() && MediaType::parse("a/b/c").is_err());
    }
}
