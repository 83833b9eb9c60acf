//! WWW-Authenticate and Proxy-Authenticate, and the client's answer to them.

use core::fmt;

use super::{Algorithm, AlgorithmChoice, Credentials, Ha1, Proof, Qop, QopUse, fields::Fields, response};
use crate::{Method, SyntaxError, grammar};

/// What a server asks for (RFC 7616 3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Whose password is wanted.
    pub realm: String,
    /// The server's nonce.
    pub nonce: String,
    /// To be sent back as it is.
    pub opaque: Option<String>,
    /// With which hash.
    pub algorithm: Algorithm,
    /// True when only the nonce was too old: no need to ask for the password again.
    pub stale: bool,
    /// What is offered, in the server's order; empty for a server of RFC 2069.
    pub qop: Vec<Qop>,
}

impl Challenge {
    /// Reads a challenge: none when its scheme or algorithm is one we do not know,
    /// which a client passes over (RFC 8760 2.4).
    pub fn parse(text: &str) -> Result<Option<Self>, SyntaxError> {
        let Some(fields) = Fields::read(text)? else {
            return Ok(None);
        };
        let Some(algorithm) = fields.plain("algorithm").map_or(Some(Algorithm::Md5), |name| Algorithm::parse(&name))
        else {
            return Ok(None);
        };
        let qop = fields.plain("qop").map(|qop| qop.split(',').filter_map(|name| Qop::parse(name.trim())).collect());
        Ok(Some(Self {
            realm: fields.needed("realm")?,
            nonce: fields.needed("nonce")?,
            opaque: fields.plain("opaque").map(|opaque| opaque.into_owned()),
            algorithm,
            stale: fields.plain("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
            qop: qop.unwrap_or_default(),
        }))
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest realm={}, nonce={}", grammar::quote(&self.realm), grammar::quote(&self.nonce))?;
        if let Some(opaque) = &self.opaque {
            write!(f, ", opaque={}", grammar::quote(opaque))?;
        }
        if self.stale {
            f.write_str(", stale=true")?;
        }
        write!(f, ", algorithm={}", self.algorithm)?;
        if !self.qop.is_empty() {
            let names: Vec<_> = self.qop.iter().map(|qop| qop.as_str()).collect();
            write!(f, ", qop=\"{}\"", names.join(","))?;
        }
        Ok(())
    }
}

/// The challenge of one realm that a client answers: SHA-2 where it is offered, else the
/// first, as the server puts what it likes best on top (RFC 8760 2.4, which leaves the
/// former to local policy); none when all are of algorithms that we may not use.
#[must_use]
pub fn choose<'a>(
    challenges: impl IntoIterator<Item = &'a Challenge>,
    algorithms: AlgorithmChoice,
) -> Option<&'a Challenge> {
    let mut usable = challenges.into_iter().filter(|one| algorithms.accepts(one.algorithm));
    let first = usable.next()?;
    Some(if first.algorithm.is_sha2() { first } else { usable.find(|one| one.algorithm.is_sha2()).unwrap_or(first) })
}

/// The credentials that answer `challenge`. `count` is 1 for the first use of a
/// nonce and grows by one with each; `cnonce` is a random token of the client.
#[must_use]
pub fn answer_challenge(
    challenge: &Challenge,
    (user, password): (&str, &str),
    (method, uri, body): (&Method, &str, &[u8]),
    count: u32,
    cnonce: &str,
) -> Credentials {
    let ha1 = Ha1::new(challenge.algorithm, user, &challenge.realm, password);
    let offered = |qop| challenge.qop.contains(&qop).then_some(qop);
    let qop = offered(Qop::Auth).or_else(|| offered(Qop::AuthInt));
    let qop = qop.map(|qop| QopUse { qop, count, cnonce: cnonce.to_owned() });
    let proof = Proof { method, uri, nonce: &challenge.nonce, qop: qop.as_ref(), body };
    Credentials {
        user: user.to_owned(),
        realm: challenge.realm.clone(),
        nonce: challenge.nonce.clone(),
        uri: uri.to_owned(),
        response: response(&ha1, proof).as_str().to_owned(),
        algorithm: challenge.algorithm,
        opaque: challenge.opaque.clone(),
        qop,
    }
}
