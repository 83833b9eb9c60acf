//! Silence for those who guess passwords (DESIGN section 7).

use core::{net::IpAddr, time::Duration};
use std::collections::BTreeMap;

use clock::{Instant, Now, WallTime};

use super::Silence;

/// Counts authentication failures and says who gets no answer. Who is never banned (trunks, addresses with a live
/// registration, requests inside dialogs) is the owner's to decide before it asks.
#[derive(Debug, Default)]
pub struct BanTable {
    by_user: BTreeMap<(IpAddr, String), Failures>,
    by_address: BTreeMap<IpAddr, Users>,
    bans: BTreeMap<(IpAddr, Option<String>), Standing>,
    /// The same by number: the oldest first.
    by_id: BTreeMap<u64, (IpAddr, Option<String>)>,
    last_id: u64,
}

/// One silence, as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// Its number since the start, from 1: never used twice.
    pub id: u64,
    /// Whoever sends from here.
    pub address: IpAddr,
    /// This user alone; everyone when none: then too many users failed from the address.
    pub user: Option<String>,
    /// When it began.
    pub since: WallTime,
    /// When it is over.
    pub until: WallTime,
}

#[derive(Clone, Debug)]
struct Standing {
    ban: Ban,
    until: Instant,
}

/// Failures of one user from one address.
#[derive(Clone, Copy, Debug)]
struct Failures {
    since: Instant,
    count: u32,
}

/// Different users that failed from one address.
#[derive(Clone, Debug)]
struct Users {
    since: Instant,
    names: Vec<String>,
}

impl BanTable {
    /// A table without failures.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a wrong password or an unknown user, and tells the silence that this failure starts.
    pub fn fail(&mut self, now: Now, address: IpAddr, user: &str) -> Option<Silence> {
        self.sweep(now.mono);
        let user = shortened(user);
        let is_user_over = self.count_user(now.mono, (address, user.clone()));
        let is_address_over = self.count_address(now.mono, address, &user);
        // The wider silence covers the narrower one.
        let user = is_address_over.then_some(None).or(is_user_over.then_some(Some(user)))?;
        self.begin(now, address, user)
    }

    /// Bans of another table stand here too, until their time is over, with the numbers that they had.
    pub fn resume(&mut self, now: Now, bans: Vec<Ban>) {
        for ban in bans {
            let until = now.mono + Duration::from_millis(ban.until.millis_since(now.wall));
            let key = (ban.address, ban.user.clone());
            self.last_id = self.last_id.max(ban.id);
            self.by_id.insert(ban.id, key.clone());
            self.bans.insert(key, Standing { ban, until });
        }
    }

    fn begin(&mut self, now: Now, address: IpAddr, user: Option<String>) -> Option<Silence> {
        let until = now.mono + SILENCE;
        if self.bans.get(&(address, user.clone())).is_some_and(|standing| now.mono < standing.until) {
            return None;
        }
        self.make_room();
        self.last_id += 1;
        let (since, end) = (now.wall, now.wall + SILENCE);
        let ban = Ban { id: self.last_id, address, user: user.clone(), since, until: end };
        self.by_id.insert(ban.id, (address, user.clone()));
        if let Some(former) = self.bans.insert((address, user.clone()), Standing { ban, until }) {
            self.by_id.remove(&former.ban.id);
        }
        Some(Silence { address, user, until })
    }

    fn count_user(&mut self, now: Instant, key: (IpAddr, String)) -> bool {
        let failures = self.by_user.entry(key).or_insert(Failures { since: now, count: 0 });
        if now - failures.since >= WINDOW {
            *failures = Failures { since: now, count: 0 };
        }
        failures.count = failures.count.saturating_add(1);
        failures.count >= MAX_FAILURES
    }

    fn count_address(&mut self, now: Instant, address: IpAddr, user: &str) -> bool {
        let users = self.by_address.entry(address).or_insert_with(|| Users { since: now, names: Vec::new() });
        if now - users.since >= WINDOW {
            *users = Users { since: now, names: Vec::new() };
        }
        if users.names.len() < MAX_USERS && !users.names.iter().any(|name| name == user) {
            users.names.push(user.to_owned());
        }
        users.names.len() >= MAX_USERS
    }

    /// True when a request of this user from this address gets no answer.
    #[must_use]
    pub fn is_silenced(&self, now: Instant, address: IpAddr, user: &str) -> bool {
        let is_on = |key| self.bans.get(&key).is_some_and(|standing| now < standing.until);
        !self.bans.is_empty() && (is_on((address, None)) || is_on((address, Some(shortened(user)))))
    }

    /// Forgets all about an address.
    pub fn release(&mut self, address: IpAddr) {
        self.by_address.remove(&address);
        self.by_user.retain(|(other, _), _| *other != address);
        self.bans.retain(|(other, _), _| *other != address);
        self.by_id.retain(|_, (other, _)| *other != address);
    }

    /// Lifts the ban with this number, and forgets what led to it; that of a whole address lifts all of the address.
    /// Which it was; `None` when there is none, or it is over.
    pub fn lift(&mut self, now: Instant, id: u64) -> Option<Ban> {
        let standing = self.bans.get(self.by_id.get(&id)?).filter(|standing| now < standing.until)?;
        let ban = standing.ban.clone();
        let Some(user) = ban.user.clone() else {
            self.release(ban.address);
            return Some(ban);
        };
        self.by_id.remove(&id);
        self.by_user.remove(&(ban.address, user.clone()));
        self.bans.remove(&(ban.address, Some(user)));
        Some(ban)
    }

    /// Who is silenced, by number.
    #[must_use]
    pub fn list(&self, now: Instant) -> Vec<Ban> {
        let standing = self.by_id.values().filter_map(|key| self.bans.get(key));
        standing.filter(|standing| now < standing.until).map(|standing| standing.ban.clone()).collect()
    }

    /// Of too many bans the oldest, which is the next to be over, ends now.
    fn make_room(&mut self) {
        while self.bans.len() >= MAX_ENTRIES
            && let Some((_, key)) = self.by_id.pop_first()
        {
            self.bans.remove(&key);
        }
    }

    /// Keeps the counts bounded: what is over goes first; if all failures are fresh, their counts start anew, so that
    /// an attack with many addresses costs failures their count, not us our memory.
    fn sweep(&mut self, now: Instant) {
        if self.by_user.len() >= MAX_ENTRIES {
            self.by_user.retain(|_, failures| now - failures.since < WINDOW);
            if self.by_user.len() >= MAX_ENTRIES {
                self.by_user.clear();
            }
        }
        if self.by_address.len() >= MAX_ENTRIES {
            self.by_address.retain(|_, users| now - users.since < WINDOW);
            if self.by_address.len() >= MAX_ENTRIES {
                self.by_address.clear();
            }
        }
    }
}

/// A user name as the table keeps it: none of ours is longer.
pub(super) fn shortened(user: &str) -> String {
    user.chars().take(MAX_NAME_CHARS).collect()
}

/// DESIGN section 7: five failures of one user, or fifty users, within a minute.
const MAX_FAILURES: u32 = 5;
const MAX_USERS: usize = 50;
const WINDOW: Duration = Duration::from_secs(60);
/// DESIGN section 7: silence of a minute.
const SILENCE: Duration = Duration::from_secs(60);
/// Entries a table holds: a distributed attack of ten thousand hosts, in a few MB.
pub(super) const MAX_ENTRIES: usize = 10_000;
/// Extensions and user names are far shorter.
const MAX_NAME_CHARS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    const ATTACKER: IpAddr = IpAddr::V4(core::net::Ipv4Addr::new(192, 0, 2, 66));

    fn at(seconds: u64) -> Now {
        let mono = Instant::ZERO + Duration::from_secs(seconds);
        Now { mono, wall: WallTime::from_micros(0) + Duration::from_secs(seconds) }
    }

    fn until(seconds: u64) -> Instant {
        at(seconds).mono
    }

    #[test]
    fn five_failures_in_a_minute_are_silence_for_a_minute() {
        let mut bans = BanTable::new();
        let begun: Vec<_> = (0..5).filter_map(|second| bans.fail(at(second), ATTACKER, "1001")).collect();
        assert_eq!(begun, [Silence { address: ATTACKER, user: Some("1001".into()), until: until(64) }]);
        let is_on = |bans: &BanTable, second, user| bans.is_silenced(until(second), ATTACKER, user);
        assert!(is_on(&bans, 5, "1001") && is_on(&bans, 63, "1001"));
        assert!(!is_on(&bans, 64, "1001") && !is_on(&bans, 5, "1002"));
        let listed = bans.list(until(34));
        let (since, end) = (at(4).wall, at(64).wall);
        assert_eq!(listed, [Ban { id: 1, address: ATTACKER, user: Some("1001".into()), since, until: end }]);
        assert_eq!(bans.list(until(64)), []);
        bans.release(ATTACKER);
        assert!(!is_on(&bans, 5, "1001"));
    }

    #[test]
    fn a_ban_is_lifted_by_its_number_and_failures_count_anew() {
        let mut bans = BanTable::new();
        for user in ["1001", "1002"] {
            (0..5).for_each(|_| drop(bans.fail(at(0), ATTACKER, user)));
        }
        assert_eq!(bans.lift(until(1), 9), None);
        assert_eq!(bans.lift(until(1), 1).and_then(|ban| ban.user), Some("1001".into()));
        assert_eq!(bans.lift(until(1), 1), None, "it is lifted already");
        let is_on = |bans: &BanTable, user| bans.is_silenced(until(1), ATTACKER, user);
        assert!(!is_on(&bans, "1001") && is_on(&bans, "1002"));
        assert!((0..4).all(|_| bans.fail(at(1), ATTACKER, "1001").is_none()));
        assert!(bans.fail(at(1), ATTACKER, "1001").is_some());
        assert_eq!(bans.lift(until(99), 2), None, "it is over");
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
        assert_eq!(begun, [Silence { address: ATTACKER, user: None, until: until(60) }]);
        assert!(bans.is_silenced(until(1), ATTACKER, "whoever"));
    }

    #[test]
    fn tables_stay_bounded() {
        let mut bans = BanTable::new();
        for host in 0..12_000u32 {
            (0..5).for_each(|_| drop(bans.fail(at(0), IpAddr::from(host.to_be_bytes()), "1001")));
        }
        assert!(bans.by_user.len() <= MAX_ENTRIES && bans.by_address.len() <= MAX_ENTRIES);
        assert_eq!((bans.bans.len(), bans.by_id.len()), (MAX_ENTRIES, MAX_ENTRIES));
        let newest = IpAddr::from(11_999u32.to_be_bytes());
        assert_eq!(bans.list(until(1)).last().map(|ban| ban.address), Some(newest), "the newest stand");
    }
}
