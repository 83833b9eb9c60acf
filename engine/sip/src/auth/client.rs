//! The client's side of digest authentication: which challenges it answers, and
//! with what (RFC 3261 22.2, 22.3, RFC 7616 3.4, RFC 8760 2.4).

use smallvec::SmallVec;

use crate::{
    Message, Method, Name,
    digest::{AlgorithmChoice, Challenge, Credentials, answer_challenge, choose},
};

/// With what we answer a challenge (RFC 3261 22.2).
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCredentials {
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
    /// Challenges of other algorithms are left unanswered: nobody can talk us down to a weaker one.
    pub algorithms: AlgorithmChoice,
}

impl ClientCredentials {
    /// Answers every algorithm that we know.
    #[must_use]
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { user: user.into(), password: password.into(), algorithms: AlgorithmChoice::Both }
    }
}

impl core::fmt::Debug for ClientCredentials {
    /// Without the password.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "ClientCredentials({})", self.user)
    }
}

/// What a client was asked by the servers on its way, and how often it answered: the
/// nonces of one dialog or registration, used again with growing counts.
#[derive(Clone, Debug)]
pub struct ClientAuth {
    credentials: ClientCredentials,
    asked: SmallVec<[Asked; 1]>,
}

/// One realm that asked.
#[derive(Clone, Debug)]
struct Asked {
    /// By 407, so that Proxy-Authorization answers.
    by_proxy: bool,
    challenge: Challenge,
    /// How often its nonce was used.
    count: u32,
    /// The nonce before this one was called stale at its first use.
    doubted: bool,
}

impl ClientAuth {
    /// Nobody has asked yet.
    #[must_use]
    pub fn new(credentials: ClientCredentials) -> Self {
        Self { credentials, asked: SmallVec::new() }
    }

    /// Takes the challenges of the 401 or 407 that `request` got, one for each realm. True when the request may be
    /// sent again with the `answers` to them, a new branch and the next CSeq (RFC 3261 22.2). False when nothing can
    /// be answered and when the credentials were refused: a right password that is called stale at its first use is
    /// tried once more, a wrong one never, so this comes to an end with any server.
    #[must_use]
    pub fn take(&mut self, request: &Message, response: &Message) -> bool {
        let by_proxy = response.status() == 407;
        let challenges = match response.status() {
            401 => response.www_authenticate(),
            407 => response.proxy_authenticate(),
            _ => return false,
        };
        let sent = if by_proxy { request.proxy_authorization() } else { request.authorization() };
        let (challenges, sent) = (challenges.unwrap_or_default(), sent.unwrap_or_default());
        let mut realms: SmallVec<[&str; 1]> = challenges.iter().map(|one| one.realm.as_str()).collect();
        realms.sort_unstable();
        realms.dedup();
        let chosen = realms.iter().take(MAX_REALMS).filter_map(|realm| {
            let of_realm = challenges.iter().filter(|one| one.realm == **realm);
            choose(of_realm, self.credentials.algorithms).cloned()
        });
        let chosen: SmallVec<[Challenge; 1]> = chosen.collect();
        !chosen.is_empty() && chosen.into_iter().all(|one| self.note(by_proxy, one, &sent))
    }

    /// True when somebody asked: further requests of the dialog may carry `answers` unasked.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        !self.asked.is_empty()
    }

    /// The headers that prove the password for one request: each use of a nonce has the next count. `cnonce` is a
    /// random token.
    pub fn answers(
        &mut self,
        (method, uri, body): (&Method, &str, &[u8]),
        cnonce: &str,
    ) -> SmallVec<[(Name, Credentials); 1]> {
        let secret = (self.credentials.user.as_str(), self.credentials.password.as_str());
        let answer = |asked: &mut Asked| {
            asked.count = asked.count.saturating_add(1);
            let name = if asked.by_proxy { Name::ProxyAuthorization } else { Name::Authorization };
            (name, answer_challenge(&asked.challenge, secret, (method, uri, body), asked.count, cnonce))
        };
        self.asked.iter_mut().map(answer).collect()
    }

    /// Remembers a challenge; false when it says that our answer was wrong.
    fn note(&mut self, by_proxy: bool, challenge: Challenge, sent: &[Credentials]) -> bool {
        let known =
            self.asked.iter_mut().find(|one| one.by_proxy == by_proxy && one.challenge.realm == challenge.realm);
        let Some(known) = known else {
            if self.asked.len() < MAX_REALMS {
                self.asked.push(Asked { by_proxy, challenge, count: 0, doubted: false });
                return true;
            }
            return false;
        };
        let refused = sent.iter().find(|one| one.realm == known.challenge.realm);
        let first_use = refused.is_some_and(|one| one.qop.as_ref().map_or(known.count, |used| used.count) <= 1);
        // A nonce that was good before may have grown old; a new one is a wrong password, or at most once a slow way.
        let is_wrong = first_use && (!challenge.stale || known.doubted);
        *known = Asked { by_proxy, challenge, count: 0, doubted: first_use };
        !is_wrong
    }
}

/// Realms on the way of one request: the server's and those of some proxies before it.
const MAX_REALMS: usize = 4;

#[cfg(test)]
mod tests;
