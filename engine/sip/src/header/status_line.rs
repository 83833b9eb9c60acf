//! A status line alone: the body of a NOTIFY about a transfer (RFC 3515 2.4.5, RFC 3420).

use core::fmt;

use crate::{SyntaxError, grammar};

/// `SIP/2.0 200 OK`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusLine {
    /// 100 to 699.
    pub status: u16,
    /// The reason phrase; may be empty.
    pub reason: String,
}

impl StatusLine {
    /// Reads the first line of a `message/sipfrag` body.
    pub fn from_sipfrag(body: &[u8]) -> Result<Self, SyntaxError> {
        let text = String::from_utf8_lossy(body.get(..body.len().min(MAX_BYTES)).unwrap_or_default());
        let line = text.lines().next().unwrap_or_default();
        let mut parts = line.splitn(3, ' ');
        let is_version = parts.next().is_some_and(|version| version.eq_ignore_ascii_case("SIP/2.0"));
        let status = parts.next().filter(|status| status.len() == 3).and_then(grammar::number);
        match status {
            Some(status @ 100..700) if is_version => {
                Ok(Self { status, reason: parts.next().unwrap_or_default().trim_end().to_owned() })
            }
            _ => Err(SyntaxError::new("a status line", line)),
        }
    }
}

impl fmt::Display for StatusLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0 {} {}", self.status, self.reason)
    }
}

/// A status line is short; what follows it is not looked at.
const MAX_BYTES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_a_fragment() {
        let line = StatusLine::from_sipfrag(b"SIP/2.0 180 Ringing\r\nTo: x\r\n").unwrap();
        assert_eq!((line.status, line.reason.as_str()), (180, "Ringing"));
        assert_eq!(StatusLine::from_sipfrag(b"sip/2.0 100").unwrap().to_string(), "SIP/2.0 100 ");
        for bad in [&b""[..], b"SIP/2.0", b"SIP/2.0 99 x", b"SIP/2.0 4294967301 x", b"HTTP/1.1 200 OK", b"\xff\xfe"] {
            assert!(StatusLine::from_sipfrag(bad).is_err());
        }
    }
}
