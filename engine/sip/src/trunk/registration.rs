//! One trunk's registration at its carrier (RFC 3261 10.2).

use core::net::SocketAddr;
use core::time::Duration;

use clock::{FlowId, Instant, Now, Rng, WallTime};

use super::names::backoff;
use super::place::{Place, Resolved};
use super::{Reason, RegisterConfig, TRUNK_CALL_ID_PREFIX};
use crate::{
    Contacts, Message, Method, NameAddr,
    ua::{ClientRequestId, Peer, RequestParams, Transport},
};

/// Where a registration stands.
#[derive(Debug)]
pub(super) struct Registration {
    pub(super) config: RegisterConfig,
    /// Its own registrar; `None` for the trunk's first destination that has an address.
    pub(super) registrar: Option<Resolved>,
    pub(super) reason: Reason,
    /// Status of the last final response.
    pub(super) status: Option<u16>,
    /// The address that the registrar saw us at (RFC 3581).
    pub(super) seen_as: Option<SocketAddr>,
    /// Until when calls reach us, where they do.
    pub(super) until: Option<Now>,
    /// Where it is registered, or being registered.
    pub(super) peer: Option<Peer>,
    /// When to send the next REGISTER.
    pub(super) next: Instant,
    /// When to keep the way through address translation open.
    pub(super) keep_alive: Option<Instant>,
    pub(super) request: Option<ClientRequestId>,
    call_id: String,
    cseq: u32,
    /// The lifetime to ask for; raised by 423.
    expires: Duration,
    raised: u32,
    /// Which of the registrar's addresses is tried.
    turn: usize,
    failures: u32,
}

/// What became of a REGISTER.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Granted(Duration),
    /// Ask again at once: for longer, or at the next address.
    Again,
    Failed {
        reason: Reason,
        first: Duration,
        max: Duration,
    },
}

impl Registration {
    pub(super) fn new(config: RegisterConfig, now: Instant, rng: &mut Rng) -> Self {
        Self {
            registrar: config.registrar.clone().map(Resolved::new),
            reason: Reason::Registering,
            status: None,
            seen_as: None,
            until: None,
            peer: None,
            next: now,
            keep_alive: None,
            request: None,
            call_id: format!("{TRUNK_CALL_ID_PREFIX}{:016x}{:016x}", rng.next_u64(), rng.next_u64()),
            cseq: 0,
            expires: config.expires,
            raised: 0,
            turn: 0,
            failures: 0,
            config,
        }
    }

    pub(super) fn is_registered(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| until.mono > now)
    }

    pub(super) fn expires_at(&self) -> Option<WallTime> {
        self.until.map(|until| until.wall)
    }

    /// When something is to be done; nothing while an answer is awaited.
    pub(super) fn due(&self) -> Option<Instant> {
        let next = self.request.is_none().then_some(self.next);
        next.into_iter().chain(self.keep_alive).chain(self.until.map(|until| until.mono)).min()
    }

    /// The address to register at now, of those the registrar has.
    pub(super) fn choose<'a>(&self, places: &'a [Place]) -> Option<&'a Place> {
        places.get(self.turn.checked_rem(places.len())?)
    }

    /// The next REGISTER; with `leave`, the one that ends the registration. `contact` has neither brackets nor
    /// parameters.
    pub(super) fn params(&mut self, place: &Place, contact: &str, leave: bool) -> RequestParams {
        self.peer = Some(place.peer);
        // Each may need one more for its credentials.
        self.cseq = self.cseq.saturating_add(2);
        let expires = if leave { 0 } else { self.expires.as_secs() };
        RequestParams {
            method: Method::Register,
            peer: place.peer,
            transport_fixed: true,
            request_uri: request_uri(place),
            from: format!("<{}>", self.config.aor),
            to: format!("<{}>", self.config.aor),
            call_id: Some(self.call_id.clone()),
            cseq: Some(self.cseq),
            body: None,
            headers: vec![("Contact", format!("{contact};expires={expires}")), ("Expires", expires.to_string())],
            auth: Some(self.config.credentials.clone()),
        }
    }

    /// Takes the final answer, `None` when none came; `places` is how many addresses the registrar has.
    pub(super) fn take(&mut self, now: Now, response: Option<&Message>, places: usize, rng: &mut Rng) {
        self.request = None;
        self.status = response.map(Message::status);
        match self.outcome(response, places) {
            Outcome::Granted(lifetime) => self.granted(now, lifetime, response, rng),
            Outcome::Again => self.next = now.mono,
            Outcome::Failed { reason, first, max } => {
                let wait = backoff(first, max, self.failures, rng).max(retry_after(response));
                self.failures = self.failures.saturating_add(1);
                (self.turn, self.raised) = (0, 0);
                self.next = now.mono + wait;
                self.reason = reason;
            }
        }
    }

    /// The connection that it was made over is gone: calls no longer reach us.
    pub(super) fn flow_gone(&mut self, now: Instant, flow: FlowId) {
        let was_it = self.peer.is_some_and(|peer| peer.flow == Some(flow) && peer.transport == Transport::Tcp);
        if was_it && self.request.is_none() {
            self.next = self.next.min(now + RECONNECT_AFTER);
        }
    }

    /// The time granted is over without a new one. True when it was registered until then.
    pub(super) fn expire(&mut self, now: Instant) -> bool {
        let over = self.until.is_some_and(|until| until.mono <= now);
        if over {
            (self.until, self.keep_alive) = (None, None);
            if self.reason == Reason::Ok {
                self.reason = Reason::RegistrarUnanswered;
            }
        }
        over
    }

    fn outcome(&mut self, response: Option<&Message>, places: usize) -> Outcome {
        let failed = |reason| Outcome::Failed { reason, first: RETRY_FIRST, max: RETRY_MAX };
        let Some(response) = response else { return self.elsewhere(places, failed(Reason::RegistrarUnanswered)) };
        match response.status() {
            200..300 => match self.lifetime(response) {
                Some(lifetime) => Outcome::Granted(lifetime),
                None => failed(Reason::RegistrationFailed),
            },
            // RFC 3261 10.2.8.
            423 => match response.min_expires_s().ok().flatten().map(|s| Duration::from_secs(s.into())) {
                Some(least) if least > self.expires && least <= EXPIRES_MAX && self.raised < RAISES_MAX => {
                    (self.expires, self.raised) = (least, self.raised + 1);
                    Outcome::Again
                }
                _ => failed(Reason::RegistrationFailed),
            },
            401 | 403 | 404 | 407 => {
                Outcome::Failed { reason: Reason::RegistrationRefused, first: REFUSED_FIRST, max: REFUSED_MAX }
            }
            408 => self.elsewhere(places, failed(Reason::RegistrarUnanswered)),
            500..600 => self.elsewhere(places, failed(Reason::RegistrationFailed)),
            _ => failed(Reason::RegistrationFailed),
        }
    }

    /// The next address of the registrar, until all had their turn (RFC 3263 4.3).
    fn elsewhere(&mut self, places: usize, otherwise: Outcome) -> Outcome {
        self.turn += 1;
        if self.turn < places { Outcome::Again } else { otherwise }
    }

    /// The lifetime of our Contact: its own, that of the message, or what we asked for (RFC 3261 10.2.4). None when
    /// the registrar does not have us.
    fn lifetime(&self, response: &Message) -> Option<Duration> {
        let contacts = response.contacts().ok()?;
        let ours = |contact: &&NameAddr| contact.uri.user().is_some_and(|user| user == self.config.contact_user);
        let own = match &contacts {
            Contacts::List(list) if list.is_empty() => None,
            Contacts::List(list) => Some(list.iter().find(ours)?),
            Contacts::All => None,
        };
        let seconds = own.and_then(NameAddr::expires_s).or(response.expires_s().ok().flatten());
        let lifetime = seconds.map_or(self.expires, |s| Duration::from_secs(s.into()));
        (!lifetime.is_zero()).then_some(lifetime.min(EXPIRES_MAX))
    }

    fn granted(&mut self, now: Now, lifetime: Duration, response: Option<&Message>, rng: &mut Rng) {
        self.until = Some(now.plus(lifetime));
        self.reason = Reason::Ok;
        (self.failures, self.raised) = (0, 0);
        // Between 70 and 80 % of it: there is time for another try, and many trunks do not come at once.
        let percent = 70 + rng.below(11) as u32;
        self.next = now.mono + (lifetime * percent / 100).max(REFRESH_MIN);
        let is_datagram = self.peer.is_some_and(|peer| peer.transport == Transport::Udp);
        self.keep_alive = is_datagram.then(|| now.mono + KEEP_ALIVE_EVERY);
        if let Some(via) = response.and_then(|response| response.top_via().ok()) {
            let port = via.rport().or(via.sent_by().port);
            let ip = via.received().or(via.sent_by().host.address());
            self.seen_as = ip.zip(port).map(SocketAddr::from);
        }
    }
}

/// The registrar's URI: the domain without a user part (RFC 3261 10.2).
fn request_uri(place: &Place) -> String {
    match place.peer.transport {
        Transport::Udp => format!("sip:{}", place.host),
        Transport::Tcp => format!("sip:{};transport=tcp", place.host),
    }
}

fn retry_after(response: Option<&Message>) -> Duration {
    let asked = response.and_then(|response| response.retry_after().ok().flatten());
    asked.map_or(Duration::ZERO, |after| after.0.min(RETRY_AFTER_MAX))
}

/// A registrar that failed is tried again after so long at first ...
const RETRY_FIRST: Duration = Duration::from_secs(2);
/// ... and every five minutes at least: a carrier that is back must not wait for us.
const RETRY_MAX: Duration = Duration::from_secs(300);
/// One that refused our name or password will do so again: slower, as some lock accounts.
const REFUSED_FIRST: Duration = Duration::from_secs(30);
const REFUSED_MAX: Duration = Duration::from_secs(900);
/// What a registrar may put us off by.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);
/// Nobody grants more than a day, and an error of units must not silence the refresh.
const EXPIRES_MAX: Duration = Duration::from_secs(86_400);
/// 423 in a row that are followed.
const RAISES_MAX: u32 = 3;
/// A refresh comes no sooner, whatever was granted.
const REFRESH_MIN: Duration = Duration::from_millis(500);
/// After a connection closed: a registrar that restarts closes all of them at once.
const RECONNECT_AFTER: Duration = Duration::from_secs(1);
/// Home routers forget a UDP mapping after 30 s (RFC 5626 4.4.2).
pub(super) const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(25);
