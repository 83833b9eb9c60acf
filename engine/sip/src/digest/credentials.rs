//! Authorization and Proxy-Authorization.

use core::fmt;

use super::{Algorithm, Qop, fields::Fields};
use crate::{SyntaxError, grammar};

/// What a client sends to prove that it knows a password (RFC 7616 3.4).
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Who it says it is.
    pub user: String,
    /// For which realm.
    pub realm: String,
    /// The server's nonce.
    pub nonce: String,
    /// The digest-uri.
    pub uri: String,
    /// The proof, in hexadecimal digits.
    pub response: String,
    /// With which hash.
    pub algorithm: Algorithm,
    /// What the challenge wanted back.
    pub opaque: Option<String>,
    /// Client nonce and count; none from a client of RFC 2069.
    pub qop: Option<QopUse>,
}

/// The protection a client chose, with its own nonce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QopUse {
    /// Which protection.
    pub qop: Qop,
    /// How often this nonce was used, this time included.
    pub count: u32,
    /// The client's nonce.
    pub cnonce: String,
}

impl QopUse {
    /// The count as it is hashed and sent: eight hexadecimal digits.
    pub(super) fn count_text(&self) -> String {
        format!("{:08x}", self.count)
    }
}

impl Credentials {
    /// Reads credentials: none for another scheme than Digest and for an algorithm or
    /// protection we do not know, which a server challenges again.
    pub fn parse(text: &str) -> Result<Option<Self>, SyntaxError> {
        let Some(fields) = Fields::read(text)? else {
            return Ok(None);
        };
        let Some(algorithm) = fields.plain("algorithm").map_or(Some(Algorithm::Md5), |name| Algorithm::parse(&name))
        else {
            return Ok(None);
        };
        let qop = match fields.plain("qop") {
            None => None,
            Some(name) => match Qop::parse(&name) {
                Some(qop) => Some(read_use(qop, &fields)?),
                None => return Ok(None),
            },
        };
        Ok(Some(Self {
            user: fields.needed("username")?,
            realm: fields.needed("realm")?,
            nonce: fields.needed("nonce")?,
            uri: fields.needed("uri")?,
            response: fields.needed("response")?,
            algorithm,
            opaque: fields.plain("opaque").map(|opaque| opaque.into_owned()),
            qop,
        }))
    }
}

fn read_use(qop: Qop, fields: &Fields<'_>) -> Result<QopUse, SyntaxError> {
    let count = fields.needed("nc")?;
    let is_count = count.len() == 8 && count.bytes().all(|digit| digit.is_ascii_hexdigit());
    match u32::from_str_radix(&count, 16) {
        Ok(count) if is_count => Ok(QopUse { qop, count, cnonce: fields.needed("cnonce")? }),
        _ => Err(SyntaxError::new("a nonce count of eight hexadecimal digits", &count)),
    }
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quote = grammar::quote;
        write!(f, "Digest username={}, realm={}, ", quote(&self.user), quote(&self.realm))?;
        write!(f, "nonce={}, uri={}, ", quote(&self.nonce), quote(&self.uri))?;
        write!(f, "response={}, algorithm={}", quote(&self.response), self.algorithm)?;
        if let Some(opaque) = &self.opaque {
            write!(f, ", opaque={}", quote(opaque))?;
        }
        if let Some(used) = &self.qop {
            write!(f, ", qop={}, nc={}, cnonce={}", used.qop.as_str(), used.count_text(), quote(&used.cnonce))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Credentials {
    /// Without the proof: a log must not help to guess a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({} of {}, {})", self.user, self.realm, self.algorithm)
    }
}
