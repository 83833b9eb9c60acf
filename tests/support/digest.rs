//! Digest with MD5 (RFC 2617), the peer's side.

use md5::{Digest, Md5};

/// The value of an Authorization header that answers `challenge`.
pub(crate) fn authorization(challenge: &str, method: &str, uri: &str, user: &str, password: &str, nc: u32) -> String {
    let (realm, nonce) = (parameter(challenge, "realm"), parameter(challenge, "nonce"));
    let cnonce = super::unique();
    let first = md5(&format!("{user}:{realm}:{password}"));
    let second = md5(&format!("{method}:{uri}"));
    let response = md5(&format!("{first}:{nonce}:{nc:08x}:{cnonce}:auth:{second}"));
    let opaque = parameter(challenge, "opaque");
    let opaque = if opaque.is_empty() { opaque } else { format!(", opaque=\"{opaque}\"") };
    format!(
        "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{response}\", \
         algorithm=MD5, qop=auth, nc={nc:08x}, cnonce=\"{cnonce}\"{opaque}"
    )
}

/// True when an Authorization header answers for this password.
pub(crate) fn is_right(authorization: &str, method: &str, password: &str) -> bool {
    let one = |name| parameter(authorization, name);
    let first = md5(&format!("{}:{}:{password}", one("username"), one("realm")));
    let second = md5(&format!("{method}:{}", one("uri")));
    let middle = format!("{}:{}:{}:{}", one("nonce"), one("nc"), one("cnonce"), one("qop"));
    one("response") == md5(&format!("{first}:{middle}:{second}"))
}

/// A parameter of a challenge, without quotes.
pub(crate) fn parameter(challenge: &str, name: &str) -> String {
    let parameters = challenge.trim_start_matches("Digest").split(',');
    let mut named = parameters.filter_map(|one| one.trim().split_once('='));
    named.find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or(String::new(), |(_, value)| value.replace('"', ""))
}

fn md5(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
