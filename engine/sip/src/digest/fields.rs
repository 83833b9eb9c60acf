//! The fields of a challenge or of credentials: `Digest name=value, name="value"`.

use std::borrow::Cow;

use crate::{SyntaxError, grammar};

/// Fields by name.
pub(super) struct Fields<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Fields<'a> {
    /// Reads what follows the scheme `Digest`; none for any other scheme. A field
    /// that stands twice is a fault: two readers could believe different ones.
    pub(super) fn read(text: &'a str) -> Result<Option<Self>, SyntaxError> {
        let (scheme, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));
        if !scheme.eq_ignore_ascii_case("Digest") {
            return Ok(None);
        }
        let mut fields: Vec<(&str, &str)> = Vec::new();
        for field in grammar::list(grammar::trim(rest)) {
            let Some((name, value)) = field.split_once('=') else {
                return Err(SyntaxError::new("name=value", field));
            };
            let (name, value) = (grammar::trim(name), grammar::trim(value));
            let is_quoted = grammar::quoted_len(value) == Some(value.len()) && value.starts_with('"');
            if !grammar::is_token(name) || !(is_quoted || grammar::is_plain_value(value)) {
                return Err(SyntaxError::new("name=value", field));
            }
            if fields.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                return Err(SyntaxError::new("each field once", field));
            }
            if fields.len() == MAX_FIELDS {
                return Err(SyntaxError::new("at most 24 fields", field));
            }
            fields.push((name, value));
        }
        Ok(Some(Self(fields)))
    }

    /// The value of a field, quotes undone.
    pub(super) fn plain(&self, name: &str) -> Option<Cow<'a, str>> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| grammar::unquote(value))
    }

    /// The value of a field that must be there.
    pub(super) fn needed(&self, name: &'static str) -> Result<String, SyntaxError> {
        self.plain(name).map(Cow::into_owned).ok_or_else(|| SyntaxError::new(name, "nothing"))
    }
}

/// RFC 7616 defines 12 for credentials; twice that leaves room for extensions.
const MAX_FIELDS: usize = 24;
