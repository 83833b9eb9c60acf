//! Digest authentication as numbers and text (RFC 3261 22, RFC 7616, RFC 8760):
//! challenges, credentials, and the response that proves a password. No state; the
//! server's side is [`crate::auth`].

mod challenge;
mod choice;
mod credentials;
mod fields;
mod hash;

pub use challenge::{Challenge, answer_challenge, choose};
pub use choice::AlgorithmChoice;
pub use credentials::{Credentials, QopUse};
pub(crate) use hash::to_hex;
pub use hash::{Algorithm, Ha1, Hex};

use crate::Method;

/// Quality of protection (RFC 7616 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Qop {
    /// `auth`: the method and the URI.
    Auth,
    /// `auth-int`: also the body.
    AuthInt,
}

impl Qop {
    /// The name as it stands in a header.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Auth, Self::AuthInt].into_iter().find(|qop| qop.as_str().eq_ignore_ascii_case(text))
    }
}

/// What a response is computed from, beside the secret.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// The request's method.
    pub method: &'a Method,
    /// The digest-uri, exactly as it stands in the credentials.
    pub uri: &'a str,
    /// The server's nonce.
    pub nonce: &'a str,
    /// Client nonce and count, unless the challenge had no qop (RFC 2069).
    pub qop: Option<&'a QopUse>,
    /// The request's body, of which `auth-int` makes use.
    pub body: &'a [u8],
}

/// The response (RFC 7616 3.4.1). Without qop the session algorithms have no client
/// nonce and use an empty one.
#[must_use]
pub fn response(ha1: &Ha1, proof: Proof<'_>) -> Hex {
    let algorithm = ha1.algorithm();
    let cnonce = proof.qop.map_or("", |used| used.cnonce.as_str());
    let ha1 = if algorithm.is_session() {
        algorithm.hash(&[ha1.as_str(), ":", proof.nonce, ":", cnonce].map(str::as_bytes))
    } else {
        ha1.hex()
    };
    let method = proof.method.as_str().as_bytes();
    let ha2 = match proof.qop.map(|used| used.qop) {
        Some(Qop::AuthInt) => {
            let body = algorithm.hash(&[proof.body]);
            algorithm.hash(&[method, b":", proof.uri.as_bytes(), b":", body.as_str().as_bytes()])
        }
        Some(Qop::Auth) | None => algorithm.hash(&[method, b":", proof.uri.as_bytes()]),
    };
    let (ha1, ha2) = (ha1.as_str(), ha2.as_str());
    match proof.qop {
        Some(used) => {
            let count = used.count_text();
            let parts = [ha1, ":", proof.nonce, ":", &count, ":", cnonce, ":", used.qop.as_str(), ":", ha2];
            algorithm.hash(&parts.map(str::as_bytes))
        }
        None => algorithm.hash(&[ha1, ":", proof.nonce, ":", ha2].map(str::as_bytes)),
    }
}

#[cfg(test)]
mod tests;
