//! Who sends a request: a trunk by its address, an agent or a trunk by digest
//! with the SIP domain as realm (DESIGN section 7).

use clock::TrunkId;
use sip::auth::Verdict;
use sip::digest::{Algorithm, AlgorithmChoice, Credentials, Ha1};
use sip::location::claimed_user;
use sip::ua::{Headers, Peer};
use sip::{Message, Method, Name};

use crate::contract::Effect;
use crate::plan::{Plan, Target, TrunkDigest};
use crate::route::Dialer;
use crate::shard::Shard;

impl Shard {
    /// Who sends the request, or the headers of a 401.
    pub(crate) fn identify(&mut self, request: &Message, peer: Peer) -> Result<Dialer, Headers> {
        match self.trunk_of(request, peer) {
            Some(trunk) => Ok(Dialer::Trunk(trunk)),
            None => self.authenticate(request, peer),
        }
    }

    /// The trunk that the request is from by its source, or by the Contact that only its registrar knows.
    fn trunk_of(&self, request: &Message, peer: Peer) -> Option<TrunkId> {
        let address = peer.addr.ip().to_canonical();
        // A trunk with a password has to prove it, though calls to it go to that address.
        let has_password = |trunk| self.plan.trunks.get(trunk).is_some_and(|trunk| trunk.digest.is_some());
        let by_watcher = || {
            let mut known = self.targets.values().filter(|targets| !has_password(&targets.trunk));
            known.find(|targets| targets.sources.contains(&address)).map(|targets| targets.trunk)
        };
        let found = self.plan.trunk_at(peer.addr).or_else(by_watcher).or_else(|| self.trunk_by_contact(request));
        found.filter(|trunk| self.plan.trunks.contains_key(trunk))
    }

    /// The trunk at whose registrar we left the Contact that the request is sent to.
    pub(crate) fn trunk_by_contact(&self, request: &Message) -> Option<TrunkId> {
        let uri = request.request_uri().ok()?;
        let user = uri.user()?;
        let mut known = self.targets.values();
        known.find(|targets| targets.contact_user.as_deref() == Some(&*user)).map(|targets| targets.trunk)
    }

    /// True for a new INVITE without credentials from nowhere that we know: it gets a 401 and leaves nothing behind,
    /// so that a flood of them finds nothing to fill (RFC 3261 8.2.7).
    pub(crate) fn is_to_be_challenged(&self, message: &Message, peer: Peer) -> bool {
        message.method() == Some(&Method::Invite)
            && message.header(Name::Authorization).next().is_none()
            && message.to().is_ok_and(|to| to.tag().is_none())
            && self.trunk_of(message, peer).is_none()
    }

    /// The first answer to an INVITE of someone who has to say who he is.
    pub(crate) fn challenge(&mut self, request: &Message, peer: Peer) {
        if let Err(challenges) = self.authenticate(request, peer) {
            self.ua.answer_stateless(peer, request, 401, &challenges);
        }
    }

    /// The agent or trunk whose password the request proves, or the headers of a 401.
    fn authenticate(&mut self, request: &Message, peer: Peer) -> Result<Dialer, Headers> {
        let method = request.method().unwrap_or(&Method::Invite);
        let read = |value| Credentials::parse(value).ok().flatten();
        let credentials: Vec<Credentials> = request.header(Name::Authorization).filter_map(read).collect();
        let plan = self.plan.clone();
        let lookup = |user: &str, algorithm: Algorithm| plan.user(user)?.secret(algorithm);
        let stale = match self.auth.check(self.now.wall, method, &credentials, lookup) {
            Verdict::Granted { user } => match plan.user(&user) {
                Some(user) => return Ok(user.dialer),
                None => false,
            },
            Verdict::Challenge { stale } => stale,
            Verdict::Failure { user } => {
                self.dropped("auth_failed");
                self.effects.push_back(Effect::AuthFailed { address: peer.addr.ip(), user });
                false
            }
        };
        let algorithms = plan.algorithms_for(&claimed_user(request));
        let challenges = self.auth.challenges_of(self.now.wall, stale, algorithms.offered());
        Err(challenges.iter().map(|challenge| ("WWW-Authenticate", challenge.to_string())).collect())
    }
}

/// Somebody with a password.
struct User<'a> {
    dialer: Dialer,
    algorithms: AlgorithmChoice,
    ha1_md5: &'a str,
    ha1_sha256: &'a str,
}

impl User<'_> {
    fn secret(&self, algorithm: Algorithm) -> Option<Ha1> {
        match algorithm {
            _ if !self.algorithms.accepts(algorithm) => None,
            Algorithm::Md5 => Ha1::from_hex(algorithm, self.ha1_md5),
            Algorithm::Sha256 => Ha1::from_hex(algorithm, self.ha1_sha256),
            _ => None,
        }
    }
}

impl Plan {
    fn user(&self, name: &str) -> Option<User<'_>> {
        if let Some(Target::Agent(id)) = self.extensions.get(name) {
            let agent = self.agents.get(id)?;
            return Some(User {
                dialer: Dialer::Agent(*id),
                algorithms: agent.algorithms,
                ha1_md5: &agent.ha1_md5,
                ha1_sha256: &agent.ha1_sha256,
            });
        }
        let (id, digest) = self.digest_trunks().find(|(_, digest)| digest.user == name)?;
        Some(User {
            dialer: Dialer::Trunk(id),
            algorithms: digest.algorithms,
            ha1_md5: &digest.ha1_md5,
            ha1_sha256: &digest.ha1_sha256,
        })
    }

    /// What a sender is asked for. A trunk's From has the number that calls, so it may be any of the trunks'.
    fn algorithms_for(&self, name: &str) -> AlgorithmChoice {
        let either = |one, other| if one == other { one } else { AlgorithmChoice::Both };
        match self.user(name) {
            Some(user) => user.algorithms,
            None => self.digest_trunks().fold(self.algorithms, |all, (_, digest)| either(all, digest.algorithms)),
        }
    }

    fn digest_trunks(&self) -> impl Iterator<Item = (TrunkId, &TrunkDigest)> {
        self.trunks.iter().filter_map(|(id, trunk)| Some((*id, trunk.digest.as_ref()?)))
    }
}
