//! Silence for those who guess passwords (DESIGN section 7).

use core::{net::IpAddr, time::Duration};
use std::collections::BTreeMap;

use clock::Instant;

use crate::{Message, Method};

/// Counts authentication failures and says who gets no answer. Who is never banned (trunks, addresses with a live
/// registration, requests inside dialogs) is the owner's to decide before it asks.
#[derive(Debug, Default)]
pub struct BanTable {
    by_user: BTreeMap<(IpAddr, String), Failures>,
    by_address: BTreeMap<IpAddr, Users>,
}

/// Requests outside dialogs that get no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    /// Whoever sends from here.
    pub address: IpAddr,
    /// This user alone; everyone when none.
    pub user: Option<String>,
    /// When it is over.
    pub until: Instant,
}

/// The silences of now, as a call shard keeps them: location alone counts failures, of whichever request.
#[derive(Debug, Default)]
pub struct Silences {
    until: BTreeMap<(IpAddr, Option<String>), Instant>,
}

impl Silences {
    /// Notes a silence.
    pub fn begin(&mut self, now: Instant, silence: Silence) {
        self.until.retain(|_, until| now < *until);
        if self.until.len() < MAX_ENTRIES {
            self.until.insert((silence.address, silence.user), silence.until);
        }
    }

    /// Forgets all about an address.
    pub fn release(&mut self, address: IpAddr) {
        self.until.retain(|(other, _), _| *other != address);
    }

    /// True when an INVITE from `address` outside any dialog gets no answer.
    #[must_use]
    pub fn covers(&self, now: Instant, address: IpAddr, request: &Message) -> bool {
        let is_on = |user| self.until.get(&(address, user)).is_some_and(|until| now < *until);
        let is_new = || request.method() == Some(&Method::Invite) && request.to().is_ok_and(|to| to.tag().is_none());
        !self.until.is_empty() && is_new() && (is_on(None) || is_on(Some(shortened(&claimed_user(request)))))
    }
}

/// Who a request says that it is from: the user of its credentials, else that of From.
pub(super) fn claimed_user(request: &Message) -> String {
    let credentials = request.authorization().unwrap_or_default();
    let claimed = credentials.first().map(|credentials| credentials.user.clone());
    claimed.or_else(|| Some(request.from().ok()?.uri.user()?.into_owned())).unwrap_or_default()
}

/// Failures of one user from one address.
#[derive(Clone, Copy, Debug)]
struct Failures {
    since: Instant,
    count: u32,
    silent_until: Option<Instant>,
}

/// Different users that failed from one address.
#[derive(Clone, Debug)]
struct Users {
    since: Instant,
    names: Vec<String>,
    silent_until: Option<Instant>,
}

impl BanTable {
    /// A table without failures.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a wrong password or an unknown user, and tells the silence that this failure starts.
    pub fn fail(&mut self, now: Instant, address: IpAddr, user: &str) -> Option<Silence> {
        self.sweep(now);
        let user = shortened(user);
        let new = Failures { since: now, count: 0, silent_until: None };
        let failures = self.by_user.entry((address, user.clone())).or_insert(new);
        if now - failures.since >= WINDOW {
            *failures = new;
        }
        failures.count = failures.count.saturating_add(1);
        let mut is_banned = false;
        if failures.count >= MAX_FAILURES && failures.silent_until.is_none() {
            failures.silent_until = Some(now + SILENCE);
            is_banned = true;
        }
        let user = self.fail_address(now, address, user.clone()).then_some(None).or(is_banned.then_some(Some(user)))?;
        Some(Silence { address, user, until: now + SILENCE })
    }

    fn fail_address(&mut self, now: Instant, address: IpAddr, user: String) -> bool {
        let new = Users { since: now, names: Vec::new(), silent_until: None };
        let users = self.by_address.entry(address).or_insert_with(|| new.clone());
        if now - users.since >= WINDOW {
            *users = new;
        }
        if users.names.len() < MAX_USERS && !users.names.contains(&user) {
            users.names.push(user);
        }
        let is_banned = users.names.len() >= MAX_USERS && users.silent_until.is_none();
        if is_banned {
            users.silent_until = Some(now + SILENCE);
        }
        is_banned
    }

    /// True when a request of this user from this address gets no answer.
    #[must_use]
    pub fn is_silenced(&self, now: Instant, address: IpAddr, user: &str) -> bool {
        let is_on = |until: Option<Instant>| until.is_some_and(|until| now < until);
        let user = (address, shortened(user));
        self.by_address.get(&address).is_some_and(|users| is_on(users.silent_until))
            || self.by_user.get(&user).is_some_and(|failures| is_on(failures.silent_until))
    }

    /// Forgets all about an address.
    pub fn release(&mut self, address: IpAddr) {
        self.by_address.remove(&address);
        self.by_user.retain(|(other, _), _| *other != address);
    }

    /// Who is silenced, and for how long yet.
    #[must_use]
    pub fn list(&self, now: Instant) -> Vec<(IpAddr, Option<String>, Duration)> {
        let left = |until: Option<Instant>| until.filter(|until| now < *until).map(|until| until - now);
        let addresses = self.by_address.iter().filter_map(|(a, users)| Some((*a, None, left(users.silent_until)?)));
        let users = self.by_user.iter();
        let users = users.filter_map(|((a, user), f)| Some((*a, Some(user.clone()), left(f.silent_until)?)));
        addresses.chain(users).collect()
    }

    /// Keeps the tables bounded: what is over goes first; if all of it is fresh, all of one table that is no
    /// silence goes, so that an attack with many addresses costs failures their count, not us our memory.
    fn sweep(&mut self, now: Instant) {
        let is_live =
            |since: Instant, silent: Option<Instant>| now - since < WINDOW || silent.is_some_and(|until| now < until);
        if self.by_user.len() >= MAX_ENTRIES {
            self.by_user.retain(|_, failures| is_live(failures.since, failures.silent_until));
            if self.by_user.len() >= MAX_ENTRIES {
                self.by_user.retain(|_, failures| failures.silent_until.is_some());
            }
            if self.by_user.len() >= MAX_ENTRIES {
                self.by_user.clear();
            }
        }
        if self.by_address.len() >= MAX_ENTRIES {
            self.by_address.retain(|_, users| is_live(users.since, users.silent_until));
            if self.by_address.len() >= MAX_ENTRIES {
                self.by_address.retain(|_, users| users.silent_until.is_some());
            }
            if self.by_address.len() >= MAX_ENTRIES {
                self.by_address.clear();
            }
        }
    }
}

/// A user name as the table keeps it: none of ours is longer.
fn shortened(user: &str) -> String {
    user.chars().take(MAX_NAME_CHARS).collect()
}

/// DESIGN section 7: five failures of one user, or fifty users, within a minute.
const MAX_FAILURES: u32 = 5;
const MAX_USERS: usize = 50;
const WINDOW: Duration = Duration::from_secs(60);
/// DESIGN section 7: silence of a minute.
const SILENCE: Duration = Duration::from_secs(60);
/// Entries a table holds: a distributed attack of ten thousand hosts, in a few MB.
const MAX_ENTRIES: usize = 10_000;
/// Extensions and user names are far shorter.
const MAX_NAME_CHARS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    const ATTACKER: IpAddr = IpAddr::V4(core::net::Ipv4Addr::new(192, 0, 2, 66));

    fn at(seconds: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn five_failures_in_a_minute_are_silence_for_a_minute() {
        let mut bans = BanTable::new();
        let begun: Vec<_> = (0..5).filter_map(|second| bans.fail(at(second), ATTACKER, "1001")).collect();
        assert_eq!(begun, [Silence { address: ATTACKER, user: Some("1001".into()), until: at(64) }]);
        assert!(bans.is_silenced(at(5), ATTACKER, "1001") && bans.is_silenced(at(63), ATTACKER, "1001"));
        assert!(!bans.is_silenced(at(64), ATTACKER, "1001") && !bans.is_silenced(at(5), ATTACKER, "1002"));
        assert_eq!(bans.list(at(34)), [(ATTACKER, Some("1001".into()), Duration::from_secs(30))]);
        bans.release(ATTACKER);
        assert!(!bans.is_silenced(at(5), ATTACKER, "1001"));
    }

    #[test]
    fn slow_failures_are_forgiven() {
        let mut bans = BanTable::new();
        assert!((0..50).all(|step| bans.fail(at(step * 16), ATTACKER, "1001").is_none()));
    }

    #[test]
    fn fifty_users_silence_the_address() {
        let mut bans = BanTable::new();
        let begun: Vec<_> = (0..50).filter_map(|user| bans.fail(at(0), ATTACKER, &user.to_string())).collect();
        assert_eq!(begun, [Silence { address: ATTACKER, user: None, until: at(60) }]);
        assert!(bans.is_silenced(at(1), ATTACKER, "whoever"));
    }

    #[test]
    fn tables_stay_bounded() {
        let mut bans = BanTable::new();
        for host in 0..30_000u32 {
            bans.fail(at(0), IpAddr::from(host.to_be_bytes()), "1001");
        }
        assert!(bans.by_user.len() <= MAX_ENTRIES && bans.by_address.len() <= MAX_ENTRIES);
    }
}
