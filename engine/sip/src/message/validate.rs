//! What RFC 3261 demands of the headers of every message (8.1.1, 8.1.3, 20).

use super::{Fault, Message, Name, SyntaxError};

impl Message {
    /// The checks of a request that come before any other (DESIGN section 7): the
    /// Request-URI, the mandatory headers, headers that stand twice, and the grammar
    /// of all that routing and dialogs rely on.
    ///
    /// A fault is answered with its [`Fault::status`]; never for ACK. Max-Forwards
    /// may be missing, and From without tag, as in RFC 2543 (RFC 4475 3.4.1).
    pub fn validate_request(&self) -> Result<(), Fault> {
        let Some(method) = self.method() else {
            return Err(Fault::StartLine(SyntaxError::new("a request", "a response")));
        };
        self.request_uri()?;
        self.validate_common()?;
        self.max_forwards()?;
        self.routes()?;
        self.content_type()?;
        self.tokens(Name::Require)?;
        let (_, cseq_method) = self.cseq()?;
        if cseq_method != *method {
            return Err(Fault::CseqMethod);
        }
        Ok(())
    }

    /// The checks of a response; one with a fault is dropped (RFC 4475 3.1.2.5).
    pub fn validate_response(&self) -> Result<(), Fault> {
        if self.is_request() {
            return Err(Fault::StartLine(SyntaxError::new("a response", "a request")));
        }
        self.validate_common()
    }

    fn validate_common(&self) -> Result<(), Fault> {
        self.validate_single()?;
        self.vias()?;
        self.from()?;
        self.to()?;
        self.call_id()?;
        self.cseq()?;
        self.contacts()?;
        self.record_routes()?;
        Ok(())
    }

    /// RFC 3261 7.3.1: only headers that are lists may stand more than once.
    fn validate_single(&self) -> Result<(), Fault> {
        let single = SINGLE.iter().fold(0, |bits, name| bits | name.bit());
        let mut seen = 0;
        for name in self.0.lines.iter().filter_map(|line| line.known) {
            let bit = name.bit() & single;
            if seen & bit != 0 {
                return Err(Fault::Repeated(name));
            }
            seen |= bit;
        }
        Ok(())
    }
}

/// Headers with one value that anything of ours looks at.
const SINGLE: [Name; 18] = [
    Name::From,
    Name::To,
    Name::CallId,
    Name::CSeq,
    Name::MaxForwards,
    Name::ContentLength,
    Name::ContentType,
    Name::ContentDisposition,
    Name::Expires,
    Name::MinExpires,
    Name::ReferTo,
    Name::ReferredBy,
    Name::Replaces,
    Name::Event,
    Name::SubscriptionState,
    Name::SessionExpires,
    Name::MinSe,
    Name::RSeq,
];
