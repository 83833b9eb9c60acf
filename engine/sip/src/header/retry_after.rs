//! Retry-After (RFC 3261 20.33).

use core::time::Duration;

use crate::{SyntaxError, grammar};

/// How long to wait before asking again: `18000;duration=3600 (comment)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter(pub Duration);

impl RetryAfter {
    /// Reads the value; comment and parameters are passed over. A number beyond 32
    /// bits is a fault (RFC 4475 3.1.2.5).
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let end = text.find([';', '(', ' ', '\t']).unwrap_or(text.len());
        match grammar::number::<u32>(&text[..end]) {
            Some(seconds) => Ok(Self(Duration::from_secs(seconds.into()))),
            None => Err(SyntaxError::new("seconds", text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_parameters_are_passed_over() {
        for text in ["120", "120 (I'm in a meeting)", "120;duration=3600"] {
            assert_eq!(RetryAfter::parse(text), Ok(RetryAfter(Duration::from_secs(120))), "{text}");
        }
        assert!(RetryAfter::parse("949302838503028349304023988").is_err());
        assert!(RetryAfter::parse("soon").is_err());
    }
}
