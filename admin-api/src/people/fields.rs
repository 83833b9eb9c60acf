//! Checks of fields, and how partial changes (RFC 7396) are read.

use serde::{Deserialize, Deserializer};

use crate::problem::{Code, Problem};
use crate::text::misleads;

/// A field that may be absent, null, or a value: null is told from absent.
pub(crate) fn nullable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A name to log in with, or of an account: lower case, so that nobody looks like another.
pub(super) fn word(field: &str, text: &str) -> Result<String, Problem> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if begins && text.len() <= MAX_WORD && text.bytes().all(plain) {
        return Ok(text.to_owned());
    }
    Err(wrong(field, format!("expected 1 to {MAX_WORD} of a-z, 0-9, `.`, `_` and `-`, the first a letter or digit")))
}

/// A text for people, which shows as what it is.
pub(super) fn title(field: &str, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.chars().any(misleads) {
        return Err(wrong(field, "expected no control characters and none that are invisible or turn the writing"));
    }
    if (1..=MAX_TITLE).contains(&text.chars().count()) {
        return Ok(text.to_owned());
    }
    Err(wrong(field, format!("expected 1 to {MAX_TITLE} characters")))
}

/// An address of e-mail: not proved to exist, only told from other texts. In lower case, as it is compared.
pub(super) fn email(field: &str, text: &str) -> Result<String, Problem> {
    let text = text.trim().to_lowercase();
    let whole = |part: &str| !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || misleads(c));
    let parts = text.rsplit_once('@').is_some_and(|(user, domain)| whole(user) && whole(domain) && !user.contains('@'));
    if parts && text.len() <= MAX_EMAIL {
        return Ok(text);
    }
    Err(wrong(field, "expected an e-mail address"))
}

/// A new password.
pub(super) fn password(field: &str, text: String) -> Result<String, Problem> {
    if text.chars().count() >= MIN_PASSWORD && text.len() <= MAX_PASSWORD {
        return Ok(text);
    }
    Err(wrong(field, format!("expected {MIN_PASSWORD} to {MAX_PASSWORD} characters")))
}

/// The refusal of a field.
pub(super) fn wrong(field: &str, expected: impl Into<String>) -> Problem {
    let expected = expected.into();
    Problem::new(Code::InvalidBody, format!("The field `{field}` is not as expected: {expected}.")).at(
        format!("#/{}", field.replace('.', "/")),
        "invalid",
        expected,
    )
}

/// A label of DNS is as long.
const MAX_WORD: usize = 63;
/// What fits a column.
const MAX_TITLE: usize = 100;
/// RFC 5321 section 4.5.3.1.3: a path of 256 with its brackets.
const MAX_EMAIL: usize = 254;
/// NIST SP 800-63B asks for 8 beside a second factor, 15 without; guessing is bounded here.
const MIN_PASSWORD: usize = 12;
/// No more work for a longer one.
const MAX_PASSWORD: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_what_they_should_be() {
        for good in ["ann", "7of9", "a.b_c-d"] {
            assert!(word("username", good).is_ok(), "{good}");
        }
        for bad in ["", "Ann", "-a", "a b", "a@b", "é", &"a".repeat(64)] {
            assert!(word("username", bad).is_err(), "{bad}");
        }
        assert_eq!(email("email", " Ann@Example.COM ").unwrap(), "ann@example.com");
        for bad in ["", "@", "a@", "@b", "a b@c", "a@b@c", "a@b c"] {
            assert!(email("email", bad).is_err(), "{bad}");
        }
        assert!(password("password", "x".repeat(11)).is_err());
        assert!(password("password", "x".repeat(12)).is_ok());
        assert!(password("password", "x".repeat(257)).is_err());
        assert_eq!(title("name", " Ann ").unwrap(), "Ann");
        for bad in [" ", "a\nb", "ann\u{202e}nimda", "ad\u{200b}min", "\u{2066}ann"] {
            assert!(title("name", bad).is_err(), "{bad:?}");
        }
        assert!(email("email", "ann\u{202e}@example.com").is_err());
    }
}
