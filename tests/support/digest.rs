//! Digest with MD5 (RFC 2617) and SHA-256 (RFC 7616, RFC 8760), the peer's side, both ways.

use md5::{Digest, Md5};
use sha2::Sha256;

/// The value of an Authorization header that answers `challenge`, by the algorithm that it names.
pub(crate) fn authorization(challenge: &str, method: &str, uri: &str, user: &str, password: &str, nc: u32) -> String {
    let (realm, nonce) = (parameter(challenge, "realm"), parameter(challenge, "nonce"));
    let cnonce = super::unique();
    let algorithm = parameter(challenge, "algorithm");
    let nc = format!("{nc:08x}");
    let parts = Parts { realm: &realm, nonce: &nonce, nc: &nc, cnonce: &cnonce, algorithm: &algorithm };
    let response = response(parts, (method, uri), (user, password));
    let opaque = parameter(challenge, "opaque");
    let opaque = if opaque.is_empty() { opaque } else { format!(", opaque=\"{opaque}\"") };
    let algorithm = if algorithm.is_empty() { "MD5".to_owned() } else { algorithm };
    format!(
        "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{response}\", \
         algorithm={algorithm}, qop=auth, nc={nc}, cnonce=\"{cnonce}\"{opaque}"
    )
}

/// True when the credentials prove this password for a request with this method.
pub(crate) fn is_right(credentials: &str, method: &str, password: &str) -> bool {
    let field = |name| parameter(credentials, name);
    let (realm, nonce, nc) = (field("realm"), field("nonce"), field("nc"));
    let (cnonce, algorithm) = (field("cnonce"), field("algorithm"));
    let parts = Parts { realm: &realm, nonce: &nonce, nc: &nc, cnonce: &cnonce, algorithm: &algorithm };
    field("qop") == "auth"
        && field("response") == response(parts, (method, &field("uri")), (&field("username"), password))
}

/// A parameter of a challenge or of credentials, without quotes.
pub(crate) fn parameter(challenge: &str, name: &str) -> String {
    let parameters = challenge.trim_start_matches("Digest").split(',');
    let mut named = parameters.filter_map(|one| one.trim().split_once('='));
    named.find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or(String::new(), |(_, value)| value.replace('"', ""))
}

struct Parts<'a> {
    realm: &'a str,
    nonce: &'a str,
    nc: &'a str,
    cnonce: &'a str,
    algorithm: &'a str,
}

fn response(parts: Parts<'_>, (method, uri): (&str, &str), (user, password): (&str, &str)) -> String {
    let Parts { realm, nonce, nc, cnonce, algorithm } = parts;
    let hash = |text: String| match algorithm {
        "SHA-256" => hex(&Sha256::digest(text.as_bytes())),
        _ => hex(&Md5::digest(text.as_bytes())),
    };
    let first = hash(format!("{user}:{realm}:{password}"));
    let second = hash(format!("{method}:{uri}"));
    hash(format!("{first}:{nonce}:{nc}:{cnonce}:auth:{second}"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
