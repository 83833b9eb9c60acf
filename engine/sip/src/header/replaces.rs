//! Replaces (RFC 3891): the dialog that a new INVITE takes the place of.

use core::fmt;

use super::params::{self, Params};
use crate::{SyntaxError, Text, grammar, text::Span};

/// `call-id;to-tag=...;from-tag=...`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaces {
    /// The Call-ID of the dialog.
    pub call_id: Text,
    params: Params,
}

impl Replaces {
    /// Reads the value of a Replaces header; both tags must be there (RFC 3891 6.1).
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let text = Text::from(text);
        let (call_id, rest) = grammar::split_before(&text, b';');
        let call_id = grammar::trim(call_id);
        params::check(rest)?;
        let is_call_id = !call_id.is_empty() && !call_id.contains([' ', '\t', ',']);
        let params = Params::checked(text.part(Span::of(&text, rest)));
        if !is_call_id || params.value("to-tag").is_none() || params.value("from-tag").is_none() {
            return Err(SyntaxError::new("a Call-ID, to-tag and from-tag", &text));
        }
        Ok(Self { call_id: text.part(Span::of(&text, call_id)), params })
    }

    /// A reference to the dialog with these ids, seen from the one who gets it.
    pub fn new(call_id: &str, to_tag: &str, from_tag: &str) -> Result<Self, SyntaxError> {
        Self::parse(&format!("{call_id};to-tag={to_tag};from-tag={from_tag}"))
    }

    /// The tag of the side that gets the INVITE.
    #[must_use]
    pub fn to_tag(&self) -> &str {
        self.params.value("to-tag").unwrap_or_default()
    }

    /// The tag of the other side.
    #[must_use]
    pub fn from_tag(&self) -> &str {
        self.params.value("from-tag").unwrap_or_default()
    }

    /// True when only an early dialog may be replaced.
    #[must_use]
    pub fn is_early_only(&self) -> bool {
        self.params.has("early-only")
    }
}

impl fmt::Display for Replaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.call_id, self.params.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_tags_are_needed_once() {
        let replaces = Replaces::parse("98732@sip.example.com ;from-tag=r33th4x0r ;to-tag=ff87ff;early-only").unwrap();
        assert_eq!((replaces.to_tag(), replaces.from_tag(), replaces.is_early_only()), ("ff87ff", "r33th4x0r", true));
        assert_eq!(Replaces::parse(&replaces.to_string()), Ok(replaces));
        for bad in ["a;to-tag=1", "a;to-tag=1;from-tag=2;to-tag=3", ";to-tag=1;from-tag=2", "a b;to-tag=1;from-tag=2"] {
            assert!(Replaces::parse(bad).is_err(), "{bad}");
        }
    }
}
