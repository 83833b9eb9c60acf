//! Requests outside sessions that reach a shard: OPTIONS, and what we do not do.

use sip::ua::{Headers, Peer, RequestToken};
use sip::{Message, Method};

use crate::shard::Shard;

impl Shard {
    /// OPTIONS is answered to anyone, at a bounded rate; REFER, SUBSCRIBE and
    /// MESSAGE are authenticated unless from a trunk, and then refused.
    pub(crate) fn requested(&mut self, token: RequestToken, request: &Message, peer: Peer) {
        let method = request.method().unwrap_or(&Method::Options);
        let (status, headers) = match method {
            Method::Options if !self.options_pace.admit(OPTIONS_A_SECOND, self.now.mono) => {
                self.ua.forget(token);
                return self.dropped("options_rate");
            }
            Method::Options => (200, describe()),
            Method::Refer | Method::Subscribe | Method::Message => match self.identify(request, peer) {
                Ok(_) => unsupported(method),
                Err(challenges) => (401, challenges),
            },
            _ => unsupported(method),
        };
        self.ua.respond(self.now.mono, token, status, headers, None);
    }
}

/// What we can do (RFC 3261 11.2).
fn describe() -> Headers {
    vec![("Accept", sdp::CONTENT_TYPE.to_owned()), ("Allow", ALLOW.to_owned()), ("Supported", String::new())]
}

fn unsupported(method: &Method) -> (u16, Headers) {
    match method {
        // RFC 6665 4.1.3: no such event package. A NOTIFY or the like outside any dialog.
        Method::Subscribe | Method::Publish => (489, vec![("Allow-Events", "refer".to_owned())]),
        Method::Notify | Method::Update | Method::Prack | Method::Info => (481, Headers::new()),
        _ => (405, vec![("Allow", ALLOW.to_owned())]),
    }
}

const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, REFER, NOTIFY, INFO";
/// Far above what trunks and phones ask to see whether we live, far below what would cost anything.
const OPTIONS_A_SECOND: usize = 500;
