//! Percent escapes (RFC 3261 19.1.2).

use std::borrow::Cow;

use super::read::{is_unreserved, is_user_byte};

/// `text` with every escape undone; bytes that make no UTF-8 become U+FFFD.
pub(super) fn undo(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    for unit in Units::of(text) {
        match unit {
            Unit::Plain(byte) | Unit::Escaped(byte) => plain.push(byte),
        }
    }
    Cow::Owned(String::from_utf8(plain).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// `text` escaped so that it can be a user part.
pub(super) fn user(text: &str) -> String {
    escape(text, |byte| is_user_byte(byte) && !matches!(byte, b'#' | b':'))
}

/// `text` in the form in which equal texts are equal bytes: escapes of what needs
/// none are undone, all others have capital digits (RFC 3261 19.1.4: an escaped
/// reserved character is not the same as the character).
pub(super) fn normalize(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    for unit in Units::of(text) {
        match unit {
            Unit::Plain(byte) if byte.is_ascii() => normal.push(char::from(byte)),
            Unit::Escaped(byte) if is_unreserved(byte) => normal.push(char::from(byte)),
            Unit::Plain(byte) | Unit::Escaped(byte) => push_escaped(&mut normal, byte),
        }
    }
    normal
}

/// `text` escaped so that it can be the name or the value of a URI header.
pub(super) fn header_part(text: &str) -> String {
    escape(text, is_unreserved)
}

fn escape(text: &str, is_allowed: impl Fn(u8) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_allowed(byte) {
            escaped.push(char::from(byte));
        } else {
            push_escaped(&mut escaped, byte);
        }
    }
    escaped
}

fn push_escaped(text: &mut String, byte: u8) {
    const DIGITS: [u8; 16] = *b"0123456789ABCDEF";
    text.push('%');
    text.push(char::from(DIGITS[usize::from(byte >> 4)]));
    text.push(char::from(DIGITS[usize::from(byte & 15)]));
}

enum Unit {
    Plain(u8),
    Escaped(u8),
}

struct Units<'a>(&'a [u8]);

impl<'a> Units<'a> {
    fn of(text: &'a str) -> Self {
        Self(text.as_bytes())
    }
}

impl Iterator for Units<'_> {
    type Item = Unit;

    fn next(&mut self) -> Option<Unit> {
        if let [b'%', high, low, rest @ ..] = self.0
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            self.0 = rest;
            return Some(Unit::Escaped(high << 4 | low));
        }
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(Unit::Plain(*first))
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
