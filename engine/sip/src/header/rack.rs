//! RAck (RFC 3262 7.2).

use crate::{Method, SyntaxError, grammar};

/// Which provisional response a PRACK acknowledges: `776656 1 INVITE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RAck {
    /// Its RSeq.
    pub rseq: u32,
    /// CSeq number of its request.
    pub cseq: u32,
    /// Method of its request.
    pub method: Method,
}

impl RAck {
    /// Reads the value.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let wrong = || SyntaxError::new("RSeq, CSeq number and method", text);
        let mut parts = text.split_ascii_whitespace();
        let (Some(rseq), Some(cseq), Some(method), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        Ok(Self {
            rseq: grammar::number(rseq).ok_or_else(wrong)?,
            cseq: grammar::number(cseq).ok_or_else(wrong)?,
            method: Method::parse(method)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_parts_and_no_more() {
        let read = RAck::parse("776656  1\tINVITE");
        assert_eq!(read, Ok(RAck { rseq: 776_656, cseq: 1, method: Method::Invite }));
        for wrong in ["", "1", "1 1", "1 1 INVITE x", "-1 1 INVITE", "4294967296 1 INVITE", "1 x INVITE", "1 1 @"] {
            assert!(RAck::parse(wrong).is_err(), "{wrong}");
        }
    }
}
