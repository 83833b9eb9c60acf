//! Reason (RFC 3326): why a request ends a call.

use core::fmt;

use super::{event::word_and_params, params::Params};
use crate::{SyntaxError, Text, grammar};

/// `Q.850;cause=16;text="Normal call clearing"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// `SIP`, `Q.850` or another token.
    pub protocol: Text,
    /// Parameters.
    pub params: Params,
}

impl Reason {
    /// Reads one value.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Self::read(text.into())
    }

    /// A Q.850 cause with its text.
    #[must_use]
    pub fn q850(cause: u8, text: &str) -> Self {
        Self::new("Q.850", cause.into(), text)
    }

    /// A SIP status with its text.
    #[must_use]
    pub fn sip(status: u16, text: &str) -> Self {
        Self::new("SIP", status, text)
    }

    fn new(protocol: &'static str, cause: u16, text: &str) -> Self {
        let params = format!(";cause={cause};text={}", grammar::quote(text));
        Self { protocol: Text::from_static(protocol), params: Params::checked(params.into()) }
    }

    pub(crate) fn read(text: Text) -> Result<Self, SyntaxError> {
        word_and_params(&text, "a protocol").map(|(protocol, params)| Self { protocol, params })
    }

    /// The number of the cause, in the protocol's own table.
    #[must_use]
    pub fn cause(&self) -> Option<u16> {
        self.params.value("cause").and_then(grammar::number)
    }

    /// The Q.850 cause, 0 to 127, when that is the protocol.
    #[must_use]
    pub fn q850_cause(&self) -> Option<u8> {
        let cause = self.cause().filter(|_| self.protocol.eq_ignore_ascii_case("Q.850"))?;
        u8::try_from(cause).ok().filter(|cause| *cause < 128)
    }

    /// The text for people.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        self.params.plain("text").map(|text| text.into_owned())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.protocol, self.params.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_of_both_protocols() {
        let reason = Reason::parse("Q.850 ;cause=16 ;text=\"Normal, cleared\"").unwrap();
        assert_eq!((reason.q850_cause(), reason.text().as_deref()), (Some(16), Some("Normal, cleared")));
        let sip = Reason::sip(200, "Call completed \"elsewhere\"");
        assert_eq!((sip.cause(), sip.q850_cause()), (Some(200), None));
        assert_eq!(Reason::parse(&sip.to_string()), Ok(sip));
        assert_eq!(Reason::parse("Q.850;cause=300").unwrap().q850_cause(), None);
        assert!(Reason::parse(";cause=1").is_err());
    }
}
