//! What each request outside calls gets.

use core::net::IpAddr;

use clock::Now;

use super::{Effect, Location, User, silence::claimed_user, stored};
use crate::{
    Message, Method, Name, Uri,
    auth::Verdict,
    digest::{Algorithm, Ha1},
    registrar::{ContactRule, RegisterError, Registered},
    ua::{Headers, Peer, RequestToken, SUPPORTED},
};

/// OPTIONS, and what is first challenged: without credentials nothing of it need be kept. NOTIFY and the like, and
/// REFER and SUBSCRIBE of trunks, go the long way; they are few.
pub(super) fn is_stateless(message: &Message) -> bool {
    let is_outside = message.to().is_ok_and(|to| to.tag().is_none());
    match message.method() {
        Some(Method::Options) => is_outside,
        Some(Method::Register) => message.header(Name::Authorization).next().is_none(),
        _ => false,
    }
}

impl Location {
    /// OPTIONS is answered, REGISTER challenged, by address at a bounded rate and without an answer where there is
    /// silence.
    pub(super) fn serve_stateless(&mut self, now: Now, request: &Message, peer: Peer) {
        let address = peer.addr.ip();
        if request.method() == Some(&Method::Options) {
            return match self.options.admit(now.mono, address) {
                true => self.ua.answer_stateless(peer, request, 200, &abilities()),
                false => self.dropped("options_rate"),
            };
        }
        if self.is_banned(now, request, address) {
            return self.dropped("banned");
        }
        let challenges = self.challenges(now, request, false);
        self.ua.answer_stateless(peer, request, 401, &challenges);
    }

    /// A request that passed syntax, scheme, method and Require (DESIGN section 7).
    pub(super) fn serve(&mut self, now: Now, token: RequestToken, request: &Message, peer: Peer) {
        match request.method() {
            Some(Method::Options) => self.answer_options(now, token, peer),
            Some(Method::Register) => self.on_register(now, token, request, peer),
            Some(method) => self.on_unserved(now, token, request, method, peer),
            None => {}
        }
    }

    /// Anyone gets an answer, at a bounded rate (RFC 3261 11.2).
    fn answer_options(&mut self, now: Now, token: RequestToken, peer: Peer) {
        if !self.options.admit(now.mono, peer.addr.ip()) {
            return self.ignore(token, "options_rate");
        }
        self.ua.respond(now.mono, token, 200, abilities(), None);
    }

    /// Methods that no part of us serves outside a dialog: authenticated first, unless from a trunk (DESIGN 7).
    fn on_unserved(&mut self, now: Now, token: RequestToken, request: &Message, method: &Method, peer: Peer) {
        let is_trunk = self.trunks.contains(&peer.addr.ip());
        if !is_trunk && self.authenticate(now, token, request, peer).is_none() {
            return;
        }
        let (status, headers) = match method {
            // RFC 6665 4.2.1: no event package is served.
            Method::Subscribe | Method::Publish => (489, vec![("Allow-Events", "refer".to_owned())]),
            // Known, and allowed inside a call only.
            Method::Refer => (403, Headers::new()),
            _ => (405, vec![("Allow", ALLOW.to_owned())]),
        };
        self.ua.respond(now.mono, token, status, headers, None);
    }

    /// REGISTER, always authenticated; a user registers himself only (RFC 3261 10.3).
    fn on_register(&mut self, now: Now, token: RequestToken, request: &Message, peer: Peer) {
        let Some(name) = self.authenticate(now, token, request, peer) else { return };
        let Ok(to) = request.to() else { return self.refuse(now, token, 400) };
        if !self.is_own(&to.uri) {
            return self.refuse(now, token, 404);
        }
        let Some(user) = self.users.get(&name).filter(|_| to.uri.user().is_some_and(|user| user == name)) else {
            return self.refuse(now, token, 403);
        };
        let agent = user.agent;
        let was_trusted = self.is_trusted(peer.addr.ip());
        let rule = ContactRule { max_contacts: user.contacts_max, replace: user.contacts_max <= 1 };
        match self.registrar.register(now, agent, request, peer, rule) {
            Ok(registered) => {
                let set = registered.set.clone();
                self.on_registered(now, token, agent, registered);
                self.on_reach_registered(agent, request, &set);
                if !was_trusted && self.is_trusted(peer.addr.ip()) {
                    self.release_trusted(peer.addr.ip());
                }
            }
            Err(error) => {
                let headers = match error {
                    RegisterError::TooBrief(least_s) => vec![("Min-Expires", least_s.to_string())],
                    _ => Headers::new(),
                };
                self.dropped("register_refused");
                self.ua.respond(now.mono, token, error.status(), headers, None);
            }
        }
    }

    fn on_registered(&mut self, now: Now, token: RequestToken, agent: clock::AgentId, done: Registered) {
        let mut headers: Headers = done.contacts.into_iter().map(|contact| ("Contact", contact)).collect();
        headers.push(("Date", http_date(now.wall)));
        for binding in &done.set {
            self.effects.push_back(Effect::BindingSet(stored(agent, binding)));
        }
        for binding in &done.removed {
            self.effects.push_back(Effect::BindingRemoved { agent, contact: binding.contact.to_string() });
        }
        self.ua.respond(now.mono, token, 200, headers, None);
        self.tell_contacts(agent);
    }

    /// The user a request proves to be from; otherwise it is challenged, or left without an answer when who sent it
    /// is silenced.
    fn authenticate(&mut self, now: Now, token: RequestToken, request: &Message, peer: Peer) -> Option<String> {
        let credentials = request.authorization().unwrap_or_default();
        let address = peer.addr.ip();
        if self.is_banned(now, request, address) {
            self.ignore(token, "banned");
            return None;
        }
        let users = &self.users;
        let lookup = |user: &str, algorithm| secret_of(users.get(user)?, algorithm);
        let method = request.method()?;
        match self.auth.check(now.wall, method, &credentials, lookup) {
            Verdict::Granted { user } => Some(user),
            Verdict::Challenge { stale } => {
                self.challenge(now, token, request, stale);
                None
            }
            Verdict::Failure { user } => {
                self.dropped("auth_failed");
                self.note_failure(now, address, &user);
                self.challenge(now, token, request, false);
                None
            }
        }
    }

    /// A wrong password or an unknown user, here or at a shard.
    pub(super) fn note_failure(&mut self, now: Now, address: IpAddr, user: &str) {
        if self.is_trusted(address) {
            return;
        }
        if let Some(silence) = self.bans.fail(now, address, user) {
            self.dropped("ban_started");
            self.effects.push_back(Effect::Silenced(silence));
        }
    }

    fn challenge(&mut self, now: Now, token: RequestToken, request: &Message, stale: bool) {
        let challenges = self.challenges(now, request, stale);
        self.ua.respond(now.mono, token, 401, challenges, None);
    }

    /// Asks for the algorithms of the user that the request claims to be from; a name that we do not have is asked as
    /// the first that we have.
    fn challenges(&mut self, now: Now, request: &Message, stale: bool) -> Headers {
        let user = self.users.get(&claimed_user(request)).or_else(|| self.users.values().next());
        let algorithms = user.map(|user| user.algorithms).unwrap_or_default();
        let challenges = self.auth.challenges_of(now.wall, stale, algorithms.offered());
        challenges.iter().map(|challenge| (Name::WwwAuthenticate.as_str(), challenge.to_string())).collect()
    }

    fn is_banned(&self, now: Now, request: &Message, address: IpAddr) -> bool {
        !self.is_trusted(address) && self.bans.is_silenced(now.mono, address, &claimed_user(request))
    }

    /// Trunks, and addresses from which someone is registered now, are never banned (DESIGN section 7).
    fn is_trusted(&self, address: IpAddr) -> bool {
        self.trunks.contains(&address) || self.registrar.has_source(address)
    }

    fn is_own(&self, uri: &Uri) -> bool {
        uri.host().is_some_and(|host| self.hosts.iter().any(|own| own.is_same(&host)))
    }

    fn refuse(&mut self, now: Now, token: RequestToken, status: u16) {
        self.dropped("register_refused");
        self.ua.respond(now.mono, token, status, Headers::new(), None);
    }

    /// No answer: the request is forgotten.
    fn ignore(&mut self, token: RequestToken, reason: &'static str) {
        self.ua.forget(token);
        self.dropped(reason);
    }
}

/// What we can do (RFC 3261 11.2).
fn abilities() -> Headers {
    vec![
        ("Allow", ALLOW.to_owned()),
        ("Accept", "application/sdp".to_owned()),
        ("Accept-Encoding", "identity".to_owned()),
        ("Accept-Language", "en".to_owned()),
        ("Supported", SUPPORTED.to_owned()),
    ]
}

fn secret_of(user: &User, algorithm: Algorithm) -> Option<Ha1> {
    if !user.algorithms.accepts(algorithm) {
        return None;
    }
    let digits = match algorithm {
        Algorithm::Md5 | Algorithm::Md5Sess => &user.ha1_md5,
        Algorithm::Sha256 | Algorithm::Sha256Sess => &user.ha1_sha256,
        _ => return None,
    };
    Ha1::from_hex(algorithm, digits)
}

/// A date as SIP writes it (RFC 3261 20.17): `Sat, 13 Nov 2010 23:29:00 GMT`.
fn http_date(wall: clock::WallTime) -> String {
    let seconds = wall.as_micros().div_euclid(1_000_000);
    let (days, in_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days to civil date: Howard Hinnant, "chrono-compatible low-level date algorithms".
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let weekday = WEEKDAYS[(days + 4).rem_euclid(7) as usize];
    let month = MONTHS[(month - 1).rem_euclid(12) as usize];
    let (hours, minutes, seconds) = (in_day / 3_600, in_day / 60 % 60, in_day % 60);
    format!("{weekday}, {day:02} {month} {year:04} {hours:02}:{minutes:02}:{seconds:02} GMT")
}

const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// What we serve, here and in the call shards.
const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, REFER, NOTIFY, INFO, REGISTER";

#[cfg(test)]
mod tests {
    use clock::WallTime;

    use super::http_date;

    #[test]
    fn dates() {
        let date = |seconds: i64| http_date(WallTime::from_micros(seconds * 1_000_000));
        assert_eq!(date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(date(1_289_690_940), "Sat, 13 Nov 2010 23:29:00 GMT");
        assert_eq!(date(1_709_210_096), "Thu, 29 Feb 2024 12:34:56 GMT");
        assert_eq!(date(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
    }
}
