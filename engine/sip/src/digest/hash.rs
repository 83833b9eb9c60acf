//! Hash algorithms and their hexadecimal results.

use core::fmt;

use md5::{Digest, Md5};
use sha2::{Sha256, Sha512_256};
use subtle::ConstantTimeEq;

/// A digest algorithm (RFC 7616 6.1, RFC 8760). MD5 is what phones in the field know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// `MD5`, also meant when none is named.
    Md5,
    /// `MD5-sess`.
    Md5Sess,
    /// `SHA-256`.
    Sha256,
    /// `SHA-256-sess`.
    Sha256Sess,
    /// `SHA-512-256`.
    Sha512T256,
    /// `SHA-512-256-sess`.
    Sha512T256Sess,
}

impl Algorithm {
    /// The name as it stands in a header.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Md5Sess => "MD5-sess",
            Self::Sha256 => "SHA-256",
            Self::Sha256Sess => "SHA-256-sess",
            Self::Sha512T256 => "SHA-512-256",
            Self::Sha512T256Sess => "SHA-512-256-sess",
        }
    }

    /// The algorithm of this name, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        ALL.into_iter().find(|algorithm| algorithm.as_str().eq_ignore_ascii_case(text))
    }

    /// True when the secret is mixed with both nonces first.
    #[must_use]
    pub fn is_session(self) -> bool {
        matches!(self, Self::Md5Sess | Self::Sha256Sess | Self::Sha512T256Sess)
    }

    /// True for the family that RFC 8760 brought.
    #[must_use]
    pub fn is_sha2(self) -> bool {
        !matches!(self, Self::Md5 | Self::Md5Sess)
    }

    /// The hash of all parts in a row.
    pub(super) fn hash(self, parts: &[&[u8]]) -> Hex {
        match self {
            Self::Md5 | Self::Md5Sess => hash::<Md5>(parts),
            Self::Sha256 | Self::Sha256Sess => hash::<Sha256>(parts),
            Self::Sha512T256 | Self::Sha512T256Sess => hash::<Sha512_256>(parts),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A hash in lower-case hexadecimal digits: 32 for MD5, 64 for the others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hex {
    digits: [u8; MAX_DIGITS],
    len: u8,
}

impl Hex {
    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let digits = self.digits.get(..usize::from(self.len)).unwrap_or_default();
        core::str::from_utf8(digits).unwrap_or_default()
    }

    /// True when `other` has the same digits (in any case), in a time that does not
    /// tell where they differ.
    #[must_use]
    pub fn is_same_in_constant_time(&self, other: &str) -> bool {
        let mut theirs = [0; MAX_DIGITS];
        let bytes = other.as_bytes();
        let kept = bytes.len().min(MAX_DIGITS);
        theirs[..kept].copy_from_slice(&bytes[..kept]);
        theirs.make_ascii_lowercase();
        let same_len = bytes.len().ct_eq(&usize::from(self.len));
        (same_len & self.digits.ct_eq(&theirs)).into()
    }
}

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the server keeps instead of a password: the hash of user, realm and
/// password. As good as the password within its realm: never log it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ha1 {
    algorithm: Algorithm,
    hex: Hex,
}

impl Ha1 {
    /// The secret of this user for one algorithm.
    #[must_use]
    pub fn new(algorithm: Algorithm, user: &str, realm: &str, password: &str) -> Self {
        Self { algorithm, hex: algorithm.hash(&[user, ":", realm, ":", password].map(str::as_bytes)) }
    }

    /// A secret that was stored as hexadecimal digits; none when they are not as many as `algorithm` makes.
    #[must_use]
    pub fn from_hex(algorithm: Algorithm, digits: &str) -> Option<Self> {
        let len = algorithm.hash(&[]).len;
        let well_formed = digits.len() == usize::from(len) && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let mut hex = Hex { digits: [0; MAX_DIGITS], len };
        hex.digits.get_mut(..digits.len()).filter(|_| well_formed)?.copy_from_slice(digits.as_bytes());
        hex.digits.make_ascii_lowercase();
        Some(Self { algorithm, hex })
    }

    /// What it is made with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The digits, for storing.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.hex.as_str()
    }

    pub(super) fn hex(&self) -> Hex {
        self.hex
    }
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ha1({}, secret)", self.algorithm)
    }
}

fn hash<D: Digest>(parts: &[&[u8]]) -> Hex {
    let mut digest = D::new();
    for part in parts {
        digest.update(part);
    }
    to_hex(&digest.finalize())
}

/// The first 32 bytes in hexadecimal digits.
pub(crate) fn to_hex(bytes: &[u8]) -> Hex {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let mut hex = Hex { digits: [0; MAX_DIGITS], len: 0 };
    for (pair, byte) in hex.digits.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        hex.len += 2;
    }
    hex
}

const ALL: [Algorithm; 6] = [
    Algorithm::Md5,
    Algorithm::Md5Sess,
    Algorithm::Sha256,
    Algorithm::Sha256Sess,
    Algorithm::Sha512T256,
    Algorithm::Sha512T256Sess,
];

/// SHA-256 and SHA-512/256 have 32 bytes.
const MAX_DIGITS: usize = 64;
