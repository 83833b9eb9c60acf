//! UTF-8 text that shares the buffer it was read from.

use core::{fmt, ops::Deref};

use bytes::Bytes;

/// A piece of UTF-8 text: a view of a shared buffer, so it has no lifetime,
/// costs no allocation and is cheap to clone.
///
/// It keeps the whole buffer alive; what outlives a message for long (a route
/// set, a remote target) is worth a [`Text::detach`].
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Bytes);

impl Text {
    /// Text that lives as long as the program.
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        Self(Bytes::from_static(text.as_bytes()))
    }

    /// The text as a string slice.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// A copy with a buffer of its own, exactly as long as the text.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    /// The part of this text that `span` covers.
    pub(crate) fn part(&self, span: Span) -> Self {
        let start = usize::from(span.start).min(self.0.len());
        let end = (start + usize::from(span.len)).min(self.0.len());
        Self(self.0.slice(start..end))
    }

    /// The part of this text that `span` covers, borrowed.
    pub(crate) fn at(&self, span: Span) -> &str {
        let start = usize::from(span.start);
        let part = self.0.get(start..start + usize::from(span.len)).unwrap_or_default();
        core::str::from_utf8(part).unwrap_or_default()
    }

    /// `bytes` as text, when they are UTF-8.
    pub(crate) fn from_bytes(bytes: Bytes) -> Option<Self> {
        core::str::from_utf8(&bytes).is_ok().then_some(Self(bytes))
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Bytes::from(text))
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// Where a part lies in a text of at most 65,535 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Span {
    pub(crate) start: u16,
    pub(crate) len: u16,
}

impl Span {
    /// The place of `part`, which is a slice of `whole`.
    pub(crate) fn of(whole: &str, part: &str) -> Self {
        let start = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
        Self { start: to_u16(start), len: to_u16(part.len()) }
    }
}

fn to_u16(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_finds_its_part_again() {
        let whole = "one two three";
        let span = Span::of(whole, &whole[4..7]);
        let text = Text::from(whole);
        assert_eq!((text.at(span), text.part(span).as_str()), ("two", "two"));
        assert_eq!(text.at(Span { start: 12, len: 9 }), "");
    }
}
