//! Who asks: the key or session token of a request, and what comes with it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{AUTHORIZATION, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::Response;
use records::{Actor, ActorKind, RowId, TeamScope};
use sha2::{Digest, Sha256};

use crate::api::Shared;
use crate::envelope::RequestId;
use crate::problem::{Code, Problem};
use crate::rights::{Permission, Reach, Rights};
use crate::serve::Peer;
use crate::text::misleads;
use crate::time::wall_now;
use crate::trail::Trail;

/// Whoever asks, as of this request.
#[derive(Clone, Debug)]
pub(crate) struct Principal {
    /// Id of the user or key.
    pub(crate) id: String,
    /// Id of who answers for it: the user, or who made the key, through whatever other keys.
    pub(crate) person: String,
    /// Which of them.
    pub(crate) kind: ActorKind,
    /// Name of the user or key.
    pub(crate) name: String,
    /// Account whose things it may see: from the credential only.
    pub(crate) account: String,
    /// That is the node's own account.
    pub(crate) is_of_node: bool,
    /// What it may do.
    pub(crate) rights: Rights,
    /// The agent that the user is.
    pub(crate) extension: Option<String>,
    /// Agents and queues of the teams that the user leads.
    pub(crate) team: Arc<TeamScope>,
    /// The user and his session, where it is one.
    pub(crate) session: Option<(RowId, RowId)>,
    /// SHA-256 of the key or token.
    pub(crate) hash: [u8; 32],
    /// Where the request came from.
    pub(crate) address: IpAddr,
}

/// Whose things a request is about.
#[derive(Clone, Debug)]
pub(crate) struct Whose {
    /// Those of this account.
    pub(crate) account: String,
    /// Of these, those of the agent with this extension; all without.
    pub(crate) only: Option<String>,
    /// Besides his own those of these agents and queues.
    pub(crate) team: Arc<TeamScope>,
}

/// One who changes something: for the audit log.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    pub(crate) address: IpAddr,
    pub(crate) user_agent: String,
    pub(crate) request_id: String,
    /// What the log is to have of the request, unless it has it from the transaction.
    trail: Trail,
}

impl Principal {
    /// The one agent whose things a permission is for; `None` when it is for all. A route that knows nothing of teams
    /// shows one who leads a team his own things only.
    pub(crate) fn confined_to(&self, permission: Permission) -> Option<&str> {
        let is_all = self.rights.reach(permission) == Some(Reach::All);
        // One without an extension has nothing of his own.
        (!is_all).then(|| self.extension.as_deref().unwrap_or_default())
    }

    /// Whose things with a permission he may follow: of whom he may follow and of whom he may see, the fewer.
    pub(crate) fn follows(&self, permission: Permission) -> Whose {
        let reach = |permission| self.rights.reach(permission).map(|reach| reach as u8);
        let is_wider = reach(Permission::EventsFollow) > reach(permission);
        self.whose(if is_wider { permission } else { Permission::EventsFollow })
    }

    /// The same with the account, and with teams.
    pub(crate) fn whose(&self, permission: Permission) -> Whose {
        let leads = self.rights.reach(permission) == Some(Reach::Team);
        let team = if leads { Arc::clone(&self.team) } else { Arc::default() };
        Whose { account: self.account.clone(), only: self.confined_to(permission).map(str::to_owned), team }
    }

    /// For the audit log: his own account's, in which what he changes is told.
    pub(crate) fn actor(&self, asking: Asking) -> Actor {
        asking.actor(self.kind, self.id.clone(), self.name.clone())
    }

    /// The same where the things of an account are changed, and told in the log of that account: his own account's log
    /// has it besides, unless it is the same.
    pub(crate) fn actor_in(&self, account: &str, mut asking: Asking) -> Actor {
        if account != self.account {
            asking.trail = Trail::default();
        }
        self.actor(asking)
    }

    #[cfg(test)]
    pub(crate) fn for_test(account: &str) -> Self {
        Self {
            id: "key_test".into(),
            person: "key_test".into(),
            kind: ActorKind::Key,
            name: "test".into(),
            account: account.into(),
            is_of_node: true,
            rights: Rights::of_words(["admin"]),
            extension: None,
            team: Arc::default(),
            session: None,
            hash: [0; 32],
            address: IpAddr::from([127, 0, 0, 1]),
        }
    }
}

impl Whose {
    /// All of an account.
    pub(crate) fn all_of(account: &str) -> Self {
        Self { account: account.to_owned(), only: None, team: Arc::default() }
    }

    /// The agents and queues whose calls these are; `None` for all.
    pub(crate) fn scope(&self) -> Option<TeamScope> {
        let own = self.only.clone()?;
        let mut scope = TeamScope::clone(&self.team);
        scope.agents.push(own);
        Some(scope)
    }

    /// True for a call that is theirs; its account was asked for already.
    pub(crate) fn has(&self, call: &records::Call) -> bool {
        self.has_any(call.queue.as_deref(), call.agent.as_deref())
    }

    /// True for what is of this queue or of this agent, if that is theirs.
    pub(crate) fn has_any(&self, queue: Option<&str>, agent: Option<&str>) -> bool {
        let Some(own) = &self.only else { return true };
        agent == Some(own.as_str()) || self.team.has(queue, agent)
    }

    /// True for an event about them, or about a call that is theirs.
    pub(crate) fn is_about(&self, event: &records::Event, call: Option<&records::Call>) -> bool {
        let named = |field: &str| event.data.get(field).and_then(|value| value.as_str());
        self.has_any(named("queue"), named("extension").or_else(|| named("agent")))
            || call.is_some_and(|call| self.has(call))
    }
}

impl Asking {
    /// Of the request with this head.
    pub(crate) fn of(parts: &Parts) -> Self {
        let given = parts.headers.get(USER_AGENT).map_or("".into(), |value| String::from_utf8_lossy(value.as_bytes()));
        Self {
            address: address_of(parts.extensions.get::<Peer>()),
            user_agent: given.chars().filter(|c| !misleads(*c)).take(MAX_USER_AGENT).collect(),
            request_id: parts.extensions.get::<RequestId>().map_or_else(String::new, |RequestId(id)| id.clone()),
            trail: Trail::current(),
        }
    }

    /// For the audit log: whoever makes one writes what was done into the log with what he changes.
    pub(crate) fn actor(self, kind: ActorKind, id: String, name: String) -> Actor {
        let Self { address, user_agent, request_id, trail } = self;
        trail.is_told();
        Actor { kind, id, name, address: address.to_string(), user_agent, request_id }
    }
}

impl<S: Sync> FromRequestParts<S> for Asking {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::of(parts))
    }
}

/// SHA-256 of a key or token: what we know of it.
pub(crate) fn hash_of(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// The refusal of a request without a good key.
pub(crate) fn unauthorized() -> Problem {
    Problem::new(Code::Unauthorized, "Send the header `Authorization: Bearer <key>`.")
}

/// Lets a request through that carries a good key, or needs none.
///
/// # Errors
/// 401 without a good key, 403 from an address for which the key is not.
pub(crate) async fn authenticate(
    State(shared): State<Shared>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if needs_no_key(&request) {
        return Ok(next.run(request).await);
    }
    let secret = bearer(request.headers()).ok_or_else(unauthorized)?;
    let address = address_of(request.extensions().get::<Peer>());
    let principal = shared.services.roster.admit(&hash_of(secret), address, wall_now())?;
    request.extensions_mut().insert(principal);
    Ok(next.run(request).await)
}

/// Who logs in has no key yet. Probes and metrics are open to programs on this machine, but not through a proxy on it
/// (DESIGN section 9).
fn needs_no_key(request: &Request) -> bool {
    let path = request.uri().path();
    if path.starts_with("/problems/") || (path == "/v1/sessions" && request.method() == Method::POST) {
        return true;
    }
    let local = address_of(request.extensions().get::<Peer>()).is_loopback();
    let proxied = BY_PROXIES.iter().any(|name| request.headers().contains_key(*name));
    matches!(path, "/healthz" | "/readyz" | "/metrics") && local && !proxied
}

/// A request whose origin is not known came from nowhere near.
fn address_of(peer: Option<&Peer>) -> IpAddr {
    peer.map_or(IpAddr::from([0, 0, 0, 0]), |Peer(address)| address.ip().to_canonical())
}

/// The token of `Authorization: Bearer <token>` (RFC 6750 section 2.1); two such headers are none.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// What proxies add: never believed, but who sends one is not of this machine.
const BY_PROXIES: [&str; 6] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];
/// Characters of a `User-Agent` that are kept.
const MAX_USER_AGENT: usize = 200;
