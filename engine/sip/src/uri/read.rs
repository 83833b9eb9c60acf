//! The grammar of URIs.

use super::{HostPort, Parts, Scheme, Uri};
use crate::{SyntaxError, Text, grammar, limits::MAX_URI_BYTES, text::Span};

/// Text to read a URI from: shared with a message, or to be copied.
pub(crate) enum UriText<'a> {
    Shared(Text),
    Borrowed(&'a str),
}

impl Uri {
    /// Reads the whole of `text` as a URI.
    pub(crate) fn read(text: UriText<'_>) -> Result<Self, SyntaxError> {
        match text {
            UriText::Shared(text) => {
                let parts = read_parts(&text)?;
                Ok(Self { text, parts })
            }
            UriText::Borrowed(text) => read_parts(text).map(|parts| Self { text: text.into(), parts }),
        }
    }
}

fn read_parts(text: &str) -> Result<Parts, SyntaxError> {
    if text.len() > MAX_URI_BYTES {
        return Err(SyntaxError::new("a URI of at most 2,048 bytes", text));
    }
    let (scheme, rest) =
        grammar::split_once(text, b':').ok_or_else(|| SyntaxError::new("a URI with its scheme", text))?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    if !is_scheme {
        return Err(SyntaxError::new("a URI scheme", text));
    }
    if scheme.eq_ignore_ascii_case("sip") {
        read_sip(text, rest, Scheme::Sip)
    } else if scheme.eq_ignore_ascii_case("sips") {
        read_sip(text, rest, Scheme::Sips)
    } else if scheme.eq_ignore_ascii_case("tel") {
        read_tel(text, rest)
    } else {
        read_other(text, rest)
    }
}

/// RFC 3261 25.1, SIP-URI. An `@` outside the user part must be escaped, so the
/// first one ends it, whatever else the user part contains.
fn read_sip(text: &str, rest: &str, scheme: Scheme) -> Result<Parts, SyntaxError> {
    let (userinfo, rest) = match grammar::split_once(rest, b'@') {
        Some((userinfo, rest)) => (Some(userinfo), rest),
        None => (None, rest),
    };
    let (user, password) = match userinfo.map(|userinfo| grammar::split_once(userinfo, b':').unwrap_or((userinfo, "")))
    {
        None => (None, None),
        Some(("", _)) => return Err(SyntaxError::new("a user before the @", text)),
        Some((user, password)) => {
            check(user, is_user_byte, "a user part")?;
            check(password, is_user_byte, "a password")?;
            let has_password = userinfo.is_some_and(|userinfo| userinfo.len() > user.len());
            (Some(Span::of(text, user)), has_password.then(|| Span::of(text, password)))
        }
    };
    let (rest, headers) = match grammar::split_once(rest, b'?') {
        Some((rest, headers)) => (rest, Some(headers)),
        None => (rest, None),
    };
    let (host_port, params) = grammar::split_before(rest, b';');
    HostPort::check(host_port)?;
    check_params(params)?;
    if let Some(headers) = headers {
        check_headers(headers)?;
    }
    Ok(Parts {
        scheme,
        user,
        password,
        host_port: Span::of(text, host_port),
        params: Span::of(text, params),
        headers: headers.map(|headers| Span::of(text, headers)),
    })
}

/// RFC 3966 3: a global number has a plus and digits, a local one also `*`, `#` and A to F.
fn read_tel(text: &str, rest: &str) -> Result<Parts, SyntaxError> {
    let (number, params) = grammar::split_before(rest, b';');
    let is_separator = |byte| matches!(byte, b'-' | b'.' | b'(' | b')');
    let is_number = match number.strip_prefix('+') {
        Some(global) => {
            global.bytes().all(|byte| byte.is_ascii_digit() || is_separator(byte))
                && global.bytes().any(|byte| byte.is_ascii_digit())
        }
        None => {
            let is_digit = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b'*' | b'#');
            number.bytes().all(|byte| is_digit(byte) || is_separator(byte)) && number.bytes().any(is_digit)
        }
    };
    if !is_number {
        return Err(SyntaxError::new("a telephone number", text));
    }
    check_params(params)?;
    Ok(Parts {
        scheme: Scheme::Tel,
        user: Some(Span::of(text, number)),
        password: None,
        host_port: Span::default(),
        params: Span::of(text, params),
        headers: None,
    })
}

fn read_other(text: &str, rest: &str) -> Result<Parts, SyntaxError> {
    let is_opaque =
        !rest.is_empty() && rest.bytes().all(|byte| byte > b' ' && !matches!(byte, b'<' | b'>' | b'"' | 0x7f));
    if !is_opaque {
        return Err(SyntaxError::new("what a URI is made of", text));
    }
    Ok(Parts {
        scheme: Scheme::Other,
        user: None,
        password: None,
        host_port: Span::default(),
        params: Span::default(),
        headers: None,
    })
}

/// `;name` or `;name=value`, repeated; nothing for an empty text.
fn check_params(params: &str) -> Result<(), SyntaxError> {
    if params.is_empty() {
        return Ok(());
    }
    let mut names = grammar::Names::default();
    for param in params.split(';').skip(1) {
        let (name, value) = match grammar::split_once(param, b'=') {
            Some((name, value)) => (name, Some(value)),
            None => (param, None),
        };
        check_param(name, value)?;
        names.add(name)?;
    }
    Ok(())
}

/// One parameter of a URI.
pub(super) fn check_param(name: &str, value: Option<&str>) -> Result<(), SyntaxError> {
    if name.is_empty() || value.is_some_and(str::is_empty) {
        return Err(SyntaxError::new("name or name=value of a URI parameter", name));
    }
    check(name, is_param_byte, "a URI parameter's name")?;
    check(value.unwrap_or_default(), is_param_byte, "a URI parameter's value")
}

fn check_headers(headers: &str) -> Result<(), SyntaxError> {
    for header in headers.split('&') {
        let Some((name, value)) = header.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(SyntaxError::new("name=value of a URI header", headers));
        };
        check(name, is_header_byte, "a URI header's name")?;
        check(value, is_header_byte, "a URI header's value")?;
    }
    Ok(())
}

/// All bytes allowed, and each `%` followed by two hexadecimal digits.
fn check(text: &str, is_allowed: impl Fn(u8) -> bool, expected: &'static str) -> Result<(), SyntaxError> {
    let bytes = text.as_bytes();
    for (index, &byte) in bytes.iter().enumerate() {
        let is_fine = match byte {
            b'%' => bytes.get(index + 1..index + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)),
            _ => is_allowed(byte),
        };
        if !is_fine {
            return Err(SyntaxError::new(expected, text));
        }
    }
    Ok(())
}

pub(super) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')')
}

/// `#` should be escaped, but phones dial `*21#` as it stands.
pub(super) fn is_user_byte(byte: u8) -> bool {
    is_unreserved(byte) || matches!(byte, b'&' | b'=' | b'+' | b'$' | b',' | b';' | b'?' | b'/' | b':' | b'#')
}

fn is_param_byte(byte: u8) -> bool {
    is_unreserved(byte) || matches!(byte, b'[' | b']' | b'/' | b':' | b'&' | b'+' | b'$')
}

fn is_header_byte(byte: u8) -> bool {
    is_unreserved(byte) || matches!(byte, b'[' | b']' | b'/' | b'?' | b':' | b'+' | b'$')
}
