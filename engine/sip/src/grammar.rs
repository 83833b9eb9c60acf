//! The small pieces of RFC 3261 25.1 that every header shares: tokens, quoted
//! strings, white space, lists. All work on unfolded text.

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::{SyntaxError, limits::MAX_PARAMS};

/// What each byte may be part of.
const CLASS: [u8; 256] = classes();
const TOKEN: u8 = 1;
const VALUE: u8 = 2;

/// True when `text` is a token: at least one letter, digit or one of ``-.!%*_+`'~``.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// True for the bytes of a token.
pub(crate) fn is_token_byte(byte: u8) -> bool {
    CLASS[usize::from(byte)] & TOKEN != 0
}

/// True when `text` can be the unquoted value of a header parameter: a token,
/// a host or an address, and whatever else has no meaning of its own there.
pub(crate) fn is_plain_value(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| CLASS[usize::from(byte)] & VALUE != 0)
}

// The standard library's searches by `char` cost some hundred instructions each, more
// than most texts here have bytes. These look at eight bytes at a time.

/// The index of the first `wanted`, an ASCII byte.
pub(crate) fn find(text: &str, wanted: u8) -> Option<usize> {
    find_by(text.as_bytes(), |word| zero_bytes(word ^ repeat(wanted)), |byte| byte == wanted)
}

/// The index of the first CR or LF.
pub(crate) fn find_line_break(text: &str) -> Option<usize> {
    let in_word = |word| zero_bytes(word ^ repeat(b'\r')) | zero_bytes(word ^ repeat(b'\n'));
    find_by(text.as_bytes(), in_word, |byte| matches!(byte, b'\r' | b'\n'))
}

fn find_by(bytes: &[u8], in_word: impl Fn(u64) -> u64, is_wanted: impl Fn(u8) -> bool) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let found = in_word(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(index * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|byte| is_wanted(*byte)).map(|index| words.len() * 8 + index)
}

/// The highest bit of each byte that is zero; bits above the lowest one set may be
/// wrong, the lowest never is.
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(repeat(1)) & !word & repeat(0x80)
}

const fn repeat(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// What stands before and after the first `separator`, an ASCII byte.
pub(crate) fn split_once(text: &str, separator: u8) -> Option<(&str, &str)> {
    find(text, separator).map(|index| (&text[..index], &text[index + 1..]))
}

/// What stands before the first `separator`, and the rest with it.
pub(crate) fn split_before(text: &str, separator: u8) -> (&str, &str) {
    text.split_at(find(text, separator).unwrap_or(text.len()))
}

/// `text` without spaces and tabs at either end.
pub(crate) fn trim(text: &str) -> &str {
    let text = trim_end(text);
    let blank = text.bytes().take_while(|byte| is_blank(*byte)).count();
    &text[blank..]
}

/// `text` without spaces and tabs at its end.
pub(crate) fn trim_end(text: &str) -> &str {
    let blank = text.bytes().rev().take_while(|byte| is_blank(*byte)).count();
    &text[..text.len() - blank]
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Where the quoted string that starts `text` ends: the index after its closing
/// quote; none when it never closes.
pub(crate) fn quoted_len(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(index + 1),
            _ => {}
        }
    }
    None
}

/// The index of the first `wanted` that stands neither in a quoted string nor
/// between angle brackets.
pub(crate) fn find_outside(text: &str, wanted: u8) -> Option<usize> {
    find(text, wanted)?;
    let (mut quoted, mut escaped, mut angled) = (false, false, false);
    for (index, byte) in text.bytes().enumerate() {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
        } else if byte == wanted && !angled {
            return Some(index);
        } else {
            match byte {
                b'"' if !angled => quoted = true,
                b'<' => angled = true,
                b'>' => angled = false,
                _ => {}
            }
        }
    }
    None
}

/// The values of a comma list, trimmed, empty ones included.
pub(crate) fn list(text: &str) -> impl Iterator<Item = &str> {
    split_outside(text, b',')
}

/// The parts of `text` between separators that are neither quoted nor angled, trimmed.
pub(crate) fn split_outside(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    core::iter::from_fn(move || {
        let text = rest?;
        let (part, after) = match find_outside(text, separator) {
            Some(index) => (&text[..index], Some(&text[index + 1..])),
            None => (text, None),
        };
        rest = after;
        Some(trim(part))
    })
}

/// The text inside a quoted string, escapes undone; anything else as it is.
pub(crate) fn unquote(text: &str) -> Cow<'_, str> {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Cow::Borrowed(text);
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut plain = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        plain.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    Cow::Owned(plain)
}

/// `text` as a quoted string: quotes and backslashes escaped, line breaks become spaces.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\r' | '\n' | '\0' => quoted.push(' '),
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// The names of parameters that stood already: each may stand once (RFC 3261 7.3.1
/// and 19.1.1), as two readers could believe different ones.
#[derive(Default)]
pub(crate) struct Names<'a>(SmallVec<[&'a str; 8]>);

impl<'a> Names<'a> {
    /// Notes a name; fails when it stood already, or too many stand.
    pub(crate) fn add(&mut self, name: &'a str) -> Result<(), SyntaxError> {
        if self.0.len() == MAX_PARAMS || self.0.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return Err(SyntaxError::new("each parameter once, and at most 32", name));
        }
        self.0.push(name);
        Ok(())
    }
}

/// A decimal number without sign; none when it is no number or does not fit.
pub(crate) fn number<T: core::str::FromStr>(text: &str) -> Option<T> {
    if !is_digits(text) {
        return None;
    }
    text.parse().ok()
}

/// True when `text` is digits only, and at least one.
pub(crate) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0u8;
    loop {
        let is_token = byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~');
        let is_value = (byte > b' ' && byte != 0x7f) && !matches!(byte, b';' | b',' | b'"' | b'<' | b'>');
        classes[byte as usize] = if is_token { TOKEN } else { 0 } | if is_value { VALUE } else { 0 };
        if byte == u8::MAX {
            return classes;
        }
        byte += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_split_outside_quotes_and_brackets() {
        let parts: Vec<_> = list(r#""a, \" b" <sip:x,y@h> , c,, "open, "#).collect();
        assert_eq!(parts, [r#""a, \" b" <sip:x,y@h>"#, "c", "", "\"open,"]);
    }

    #[test]
    fn searches_by_words_find_what_loops_find() {
        let text = "a\u{8a}\u{10d} :\u{ba}0123456789\r:xyz\n;01234567:\r\n89;";
        for start in (0..text.len()).filter(|start| text.is_char_boundary(*start)) {
            let text = &text[start..];
            for wanted in *b":;\r\nz~" {
                assert_eq!(find(text, wanted), text.find(char::from(wanted)), "{wanted} in {text:?}");
            }
            assert_eq!(find_line_break(text), text.find(['\r', '\n']));
        }
    }

    #[test]
    fn quoting_and_unquoting_are_inverse() {
        for text in ["", "plain", r#"J "R" \ Rosenberg"#, "東京"] {
            assert_eq!(unquote(&quote(text)), text);
        }
        assert_eq!(quote("a\r\nB: c"), "\"a  B: c\"");
        assert_eq!(quoted_len(r#""a\"b" rest"#), Some(6));
        assert_eq!(quoted_len("\"never"), None);
    }

    #[test]
    fn numbers_have_no_sign_and_must_fit() {
        assert_eq!(number::<u8>("0068"), Some(68));
        assert_eq!(number::<u32>("+1"), None);
        assert_eq!(number::<u32>("4294967296"), None);
        assert_eq!(number::<u32>(""), None);
    }
}
