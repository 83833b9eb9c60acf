//! Parameters of a header: `;name=value;flag`.

use core::fmt;
use std::borrow::Cow;

use crate::{SyntaxError, Text, grammar};

/// The parameters of a header value: `;name`, `;name=value` or `;name="value"`,
/// repeated (RFC 3261 25.1, generic-param). Names have no case.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Params(Text);

impl Params {
    /// Reads parameters: an empty text, or one that starts with a semicolon.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        check(text)?;
        Ok(Self(text.into()))
    }

    /// `text`, which [`check`] found fine.
    pub(crate) fn checked(text: Text) -> Self {
        Self(text)
    }

    /// Name and value of each, in order; quotes are kept.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        iter(&self.0)
    }

    /// The value of the parameter `name`: none when it is absent or has none.
    /// Quotes are kept, see [`Self::plain`].
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.iter().find(|(written, _)| written.eq_ignore_ascii_case(name)).and_then(|(_, value)| value)
    }

    /// The value of the parameter `name` with its quotes and escapes undone.
    #[must_use]
    pub fn plain(&self, name: &str) -> Option<Cow<'_, str>> {
        self.value(name).map(grammar::unquote)
    }

    /// True when the parameter stands there, with or without a value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.iter().any(|(written, _)| written.eq_ignore_ascii_case(name))
    }

    /// All parameters as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Checks the grammar; `text` is empty or starts with a semicolon.
pub(crate) fn check(text: &str) -> Result<(), SyntaxError> {
    let mut names = grammar::Names::default();
    let mut rest = text;
    while !rest.is_empty() {
        let after = rest.strip_prefix(';').ok_or_else(|| SyntaxError::new("a semicolon before a parameter", rest))?;
        let after = grammar::trim(after);
        let name_len = after.bytes().take_while(|byte| grammar::is_token_byte(*byte)).count();
        if name_len == 0 {
            return Err(SyntaxError::new("a parameter's name", rest));
        }
        names.add(&after[..name_len])?;
        let after = grammar::trim(&after[name_len..]);
        rest = match after.strip_prefix('=') {
            Some(value) => skip_value(grammar::trim(value))?,
            None => after,
        };
    }
    Ok(())
}

/// What follows the value that starts `text`.
fn skip_value(text: &str) -> Result<&str, SyntaxError> {
    if text.starts_with('"') {
        let len = grammar::quoted_len(text).ok_or_else(|| SyntaxError::new("a closing quote", text))?;
        return Ok(grammar::trim(&text[len..]));
    }
    let len = grammar::find(text, b';').unwrap_or(text.len());
    let value = grammar::trim(&text[..len]);
    if grammar::is_plain_value(value) { Ok(&text[len..]) } else { Err(SyntaxError::new("a parameter's value", text)) }
}

/// Name and value of each parameter of a checked text.
pub(crate) fn iter(text: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    grammar::split_outside(text, b';').filter(|param| !param.is_empty()).map(|param| {
        match grammar::split_once(param, b'=') {
            Some((name, value)) => (grammar::trim(name), Some(grammar::trim(value))),
            None => (param, None),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_quotes_and_flags() {
        let params = Params::parse(r#"; tag = 98asjd8 ;lr;x="a;\"b" ;received=2001:db8::9:255"#).unwrap();
        assert_eq!(params.value("TAG"), Some("98asjd8"));
        assert_eq!(params.value("lr"), None);
        assert!(params.has("lr"));
        assert_eq!(params.plain("x").as_deref(), Some("a;\"b"));
        assert_eq!(params.value("received"), Some("2001:db8::9:255"));
        assert_eq!(params.iter().count(), 4);
    }

    #[test]
    fn stray_separators_are_refused() {
        for bad in [
            ";",
            ";;a",
            ";a;",
            ";=1",
            ";a=",
            ";a=\"x",
            ";a=b c",
            "a",
            ";a=b,c",
            ";a=\"b\"c",
            ";a b",
            ";a=<b>",
            ";a;A=1",
        ] {
            assert!(Params::parse(bad).is_err(), "{bad}");
        }
    }
}
