//! Session-Expires (RFC 4028).

use core::time::Duration;

use super::params::{self, Params};
use crate::{SyntaxError, Text, grammar, text::Span};

/// `1800;refresher=uac`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionExpires {
    /// How long the session lives without a refresh.
    pub interval: Duration,
    params: Params,
}

impl SessionExpires {
    /// Reads the value of a Session-Expires header.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let text = Text::from(text);
        let (seconds, rest) = grammar::split_before(&text, b';');
        params::check(rest)?;
        let seconds: u32 = grammar::number(grammar::trim(seconds)).ok_or_else(|| SyntaxError::new("seconds", &text))?;
        let params = Params::checked(text.part(Span::of(&text, rest)));
        Ok(Self { interval: Duration::from_secs(seconds.into()), params })
    }

    /// `uac` or `uas`, when it is said who refreshes.
    #[must_use]
    pub fn refresher(&self) -> Option<&str> {
        self.params.value("refresher")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interval_and_refresher() {
        let timer = SessionExpires::parse("1800 ;refresher=uac").unwrap();
        assert_eq!((timer.interval.as_secs(), timer.refresher()), (1800, Some("uac")));
        assert!(SessionExpires::parse("-1").is_err());
    }
}
