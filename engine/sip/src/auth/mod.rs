//! Digest authentication: the server's side here (RFC 3261 22.1, RFC 7616 3.3), the client's in [`ClientAuth`].
//!
//! Nonces carry their time and a keyed hash, so issuing one costs no memory; what
//! is remembered, in a bounded table, is how often each nonce was used with success.

mod client;
mod nonce;
mod replay;

use core::time::Duration;

use clock::WallTime;
use smallvec::SmallVec;

pub use client::{ClientAuth, ClientCredentials};

use crate::{
    Method,
    digest::{Algorithm, Challenge, Credentials, Ha1, Proof, Qop, response},
};
use nonce::{Nonces, Standing};
use replay::ReplayTable;

/// What an authenticator needs to know.
#[derive(Clone)]
pub struct AuthConfig {
    /// The realm: the SIP domain (DESIGN section 7).
    pub realm: String,
    /// The key of the nonces: random, made anew at every start, so that nothing
    /// recorded before a restart can be replayed after it.
    pub secret: [u8; 32],
    /// Which of several authenticators with this secret it is (a shard's number): each
    /// accepts its own nonces only, as it knows of no other's use.
    pub instance: u16,
    /// The algorithms that credentials may have; `challenges` offers them all, best first (RFC 8760 2.3).
    pub algorithms: SmallVec<[Algorithm; 2]>,
    /// How long a nonce is good.
    pub nonce_lifetime: Duration,
}

impl core::fmt::Debug for AuthConfig {
    /// Without its key.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "AuthConfig({}, instance {})", self.realm, self.instance)
    }
}

/// How long a nonce is good unless configured: a phone that registers every minute
/// or talks for a while is asked again a few times an hour, and what was overheard is
/// of no use a little later.
pub const DEFAULT_NONCE_LIFETIME: Duration = Duration::from_secs(300);

/// Checks credentials of one realm.
pub struct Authenticator {
    realm: String,
    algorithms: SmallVec<[Algorithm; 2]>,
    nonces: Nonces,
    replays: ReplayTable,
    nobody: SmallVec<[Ha1; 2]>,
}

/// The outcome of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The client knows the password of this user.
    Granted {
        /// Who it is.
        user: String,
    },
    /// Nothing is proved: challenge the client, with this `stale`.
    Challenge {
        /// True when the client should try again with the same password.
        stale: bool,
    },
    /// A wrong response to a fresh nonce, or a user that does not exist; nobody can
    /// tell which. Counts as a failure (DESIGN section 7); challenge again.
    Failure {
        /// Who the client said it is.
        user: String,
    },
}

impl Authenticator {
    /// An authenticator that has seen nothing yet.
    #[must_use]
    pub fn new(config: AuthConfig) -> Self {
        let nonces = Nonces::new(&config.secret, config.instance, config.nonce_lifetime);
        // A secret that no password has, so that an unknown user costs the same work.
        let password = nonces.secret_text();
        let nobody = |algorithm: &Algorithm| Ha1::new(*algorithm, "nobody", &config.realm, &password);
        let nobody = config.algorithms.iter().map(nobody).collect();
        Self { realm: config.realm, algorithms: config.algorithms, nonces, replays: ReplayTable::default(), nobody }
    }

    /// The realm it asks for.
    #[must_use]
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// Challenges with a new nonce, one for each algorithm, best first.
    pub fn challenges(&mut self, now: WallTime, stale: bool) -> SmallVec<[Challenge; 2]> {
        let algorithms = self.algorithms.clone();
        self.challenges_of(now, stale, &algorithms)
    }

    /// The same for the algorithms of one phone or trunk.
    pub fn challenges_of(&mut self, now: WallTime, stale: bool, algorithms: &[Algorithm]) -> SmallVec<[Challenge; 2]> {
        let nonce = self.nonces.issue(now);
        let challenge = |algorithm: &Algorithm| Challenge {
            realm: self.realm.clone(),
            nonce: nonce.clone(),
            opaque: None,
            algorithm: *algorithm,
            stale,
            qop: vec![Qop::Auth],
        };
        algorithms.iter().map(challenge).collect()
    }

    /// Judges the credentials of a request. `lookup` gives the secret of a user for
    /// an algorithm, or none for an unknown user.
    ///
    /// The digest-uri is not compared with the Request-URI: outbound proxies and
    /// load generators rewrite the one and not the other (RFC 3261 22.4).
    pub fn check(
        &mut self,
        now: WallTime,
        method: &Method,
        credentials: &[Credentials],
        lookup: impl Fn(&str, Algorithm) -> Option<Ha1>,
    ) -> Verdict {
        let ours =
            credentials.iter().find(|ours| ours.realm == self.realm && self.algorithms.contains(&ours.algorithm));
        let Some(ours) = ours.filter(|ours| ours.qop.as_ref().is_none_or(|used| used.qop == Qop::Auth)) else {
            return Verdict::Challenge { stale: false };
        };
        // Judged before the proof and without it: an old or foreign nonce must not
        // become a way to try passwords that nobody counts.
        let Standing::Fresh(stamp) = self.nonces.judge(now, &ours.nonce) else {
            return Verdict::Challenge { stale: true };
        };
        let is_right = self.is_right(method, ours, lookup);
        if !is_right {
            return Verdict::Failure { user: ours.user.clone() };
        }
        // Without qop there is no count; such a client is trusted for the nonce's life.
        let count = ours.qop.as_ref().map(|used| used.count);
        if count.is_some_and(|count| !self.replays.admit(stamp, &ours.user, count)) {
            return Verdict::Challenge { stale: true };
        }
        Verdict::Granted { user: ours.user.clone() }
    }

    /// The same work, whether the user exists or not.
    fn is_right(&self, method: &Method, ours: &Credentials, lookup: impl Fn(&str, Algorithm) -> Option<Ha1>) -> bool {
        let nobody = self.nobody.iter().find(|ha1| ha1.algorithm() == ours.algorithm);
        let found = lookup(&ours.user, ours.algorithm).filter(|ha1| ha1.algorithm() == ours.algorithm);
        let Some(ha1) = found.or(nobody.copied()) else {
            return false;
        };
        let proof = Proof { method, uri: &ours.uri, nonce: &ours.nonce, qop: ours.qop.as_ref(), body: &[] };
        let is_same = response(&ha1, proof).is_same_in_constant_time(&ours.response);
        is_same & found.is_some()
    }
}

impl core::fmt::Debug for Authenticator {
    /// Without its key.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Authenticator({}, {} nonces in use)", self.realm, self.replays.len())
    }
}

#[cfg(test)]
mod tests;
