//! API keys, and which requests need one.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, FORWARDED};
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::api::Shared;
use crate::problem::{Code, Problem};
use crate::serve::Peer;

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    Admin,
}

/// A key: the secret itself is not kept.
#[derive(Clone, Debug)]
struct Key {
    name: String,
    account: String,
    hash: [u8; 32],
    scopes: Vec<Scope>,
}

/// The keys that this node knows.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    keys: Vec<Key>,
}

/// Whose key a request came with: part of what makes an `Idempotency-Key` unique.
#[derive(Clone, Debug)]
pub(crate) struct Principal {
    /// Name of the key.
    pub(crate) name: String,
    /// Account whose things it may see: from the credential only.
    pub(crate) account: String,
}

impl Keys {
    /// Adds a key to an account. The secret is hashed here and forgotten.
    pub fn add(&mut self, name: impl Into<String>, account: impl Into<String>, secret: &str, scopes: Vec<Scope>) {
        let hash = Sha256::digest(secret).into();
        self.keys.push(Key { name: name.into(), account: account.into(), hash, scopes });
    }

    /// The key with this secret. Every key is compared, each in constant time.
    fn find(&self, secret: &str) -> Option<&Key> {
        let hash: [u8; 32] = Sha256::digest(secret).into();
        self.keys.iter().fold(None, |found, key| if bool::from(key.hash.ct_eq(&hash)) { Some(key) } else { found })
    }
}

/// Lets a request through that carries a good key, or needs none.
///
/// # Errors
/// 401 without a good key, 403 when it lacks the scope.
pub(crate) async fn authenticate(
    State(shared): State<Shared>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if needs_no_key(&request) {
        return Ok(next.run(request).await);
    }
    let refused = || Problem::new(Code::Unauthorized, "Send the header `Authorization: Bearer <key>`.");
    let secret = bearer(request.headers()).ok_or_else(refused)?;
    let key = shared.services.keys.find(secret).ok_or_else(refused)?;
    if !key.scopes.contains(&Scope::Admin) {
        return Err(Problem::new(Code::Forbidden, "The key lacks the scope `admin`."));
    }
    let principal = Principal { name: key.name.clone(), account: key.account.clone() };
    request.extensions_mut().insert(principal);
    Ok(next.run(request).await)
}

/// Probes and metrics are open to programs on this machine, but not through a proxy on it (DESIGN section 9).
fn needs_no_key(request: &Request) -> bool {
    let path = request.uri().path();
    if path.starts_with("/problems/") {
        return true;
    }
    let peer = request.extensions().get::<Peer>();
    let local = peer.is_some_and(|Peer(address)| address.ip().to_canonical().is_loopback());
    let proxied = request.headers().contains_key(FORWARDED) || request.headers().contains_key("x-forwarded-for");
    matches!(path, "/healthz" | "/readyz" | "/metrics") && local && !proxied
}

/// The token of `Authorization: Bearer <token>` (RFC 6750 section 2.1); two such headers are none.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
