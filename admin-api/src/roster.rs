//! Who may ask now: the keys of the configuration file, and the people and keys of the database.
//!
//! It is asked in memory, so that it answers while the database is away
//! (DESIGN section 5), and it is replaced whole at each change, before the change
//! is acknowledged: what is revoked is refused from the next request on.

mod upkeep;
mod uses;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use clock::WallTime;
use records::{Account, ActorKind, ApiKey, People, RowId, Session};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::watch;

use crate::address_range::AddressRange;
use crate::key::{Principal, hash_of, unauthorized};
use crate::problem::{Code, Problem};
use crate::rights::Rights;
use uses::Uses;

pub use upkeep::RosterError;

/// A key of the configuration file: it may do everything, and cannot be changed over REST.
#[derive(Clone)]
pub struct ConfigKey {
    id: String,
    name: String,
    hash: [u8; 32],
}

/// Who may ask.
#[derive(Debug)]
pub struct Roster {
    account: String,
    config_keys: RwLock<Arc<[ConfigKey]>>,
    known: watch::Sender<Arc<Known>>,
    /// Version of the people that are in the file beside the journal.
    kept: watch::Sender<u64>,
    /// When keys were used last.
    uses: Uses,
}

/// What the people of the node's own account make of its phones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phones {
    /// Extensions whose phones may not be used now.
    pub barred: BTreeSet<String>,
    /// Names of users, by the extension of the agent that each is.
    pub names: BTreeMap<String, String>,
}

/// People, and where to find each by what he shows.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// They are those that were kept, not those of the database.
    is_from_file: bool,
    /// The database may have changed them without our hearing of it.
    is_in_doubt: bool,
    people: Arc<People>,
    keys: BTreeMap<[u8; 32], usize>,
    sessions: BTreeMap<[u8; 32], usize>,
}

impl ConfigKey {
    /// A key. Its secret is hashed here and forgotten.
    #[must_use]
    pub fn new(account: &str, name: impl Into<String>, secret: &str) -> Self {
        let name = name.into();
        Self { id: config_id("key", account, &name), hash: hash_of(secret), name }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl std::fmt::Debug for ConfigKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConfigKey").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Roster {
    /// The keys of the configuration file, all of the node's own account, and nobody else yet.
    #[must_use]
    pub fn new(account: impl Into<String>, config_keys: Vec<ConfigKey>) -> Self {
        Self {
            account: account.into(),
            config_keys: RwLock::new(config_keys.into()),
            known: watch::Sender::default(),
            kept: watch::Sender::default(),
            uses: Uses::default(),
        }
    }

    /// The file has other keys now: those that are gone are refused from the next request on, their streams end.
    ///
    /// # Errors
    /// A key of the database has one of the names; the former keys stay.
    pub fn replace_config_keys(&self, keys: Vec<ConfigKey>) -> Result<(), RosterError> {
        self.check_names(&self.people(), &keys)?;
        *self.config_keys.write().unwrap_or_else(PoisonError::into_inner) = keys.into();
        // Streams look again whether they may go on.
        self.known.send_modify(|_| {});
        Ok(())
    }

    /// Whose the phones of the node's own account are, and which may not be used now.
    #[must_use]
    pub fn phones(&self) -> Phones {
        let people = self.people();
        let users = people.users.iter().filter(|user| user.account == self.account && !user.disabled);
        let names = users.filter_map(|user| Some((user.extension.clone()?, user.name.clone())));
        let names = names.filter(|(_, name)| !name.trim().is_empty()).collect();
        Phones { barred: people.barred_extensions(&self.account), names }
    }

    /// Tells whenever people changed.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<Known>> {
        self.known.subscribe()
    }

    /// The node's own account.
    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    /// Id of the node's own account.
    pub(crate) fn account_id(&self) -> String {
        config_id("acct", "", &self.account)
    }

    pub(crate) fn config_keys(&self) -> Arc<[ConfigKey]> {
        Arc::clone(&self.config_keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn people(&self) -> Arc<People> {
        Arc::clone(&self.known.borrow().people)
    }

    /// Who shows the key or token with this hash.
    ///
    /// # Errors
    /// 401 for one that is unknown, over or revoked; 403 from an address for which it is not.
    pub(crate) fn admit(&self, hash: &[u8; 32], address: IpAddr, now: WallTime) -> Result<Principal, Problem> {
        // Every key of the file is compared, each in constant time: their secrets are chosen by people.
        let config_keys = self.config_keys();
        let of_file = config_keys.iter().fold(None, |found, key| match bool::from(key.hash.ct_eq(hash)) {
            true => Some(key),
            false => found,
        });
        if let Some(key) = of_file {
            return Ok(self.of_config(key, address));
        }
        let known = Arc::clone(&self.known.borrow());
        if let Some(key) = known.keys.get(hash).and_then(|at| known.people.keys.get(*at)) {
            return self.of_key(&known.people, key, address, now);
        }
        let session = known.sessions.get(hash).and_then(|at| known.people.sessions.get(*at));
        session.and_then(|session| self.of_session(&known.people, session, address, now)).ok_or_else(unauthorized)
    }

    fn of_config(&self, key: &ConfigKey, address: IpAddr) -> Principal {
        Principal {
            id: key.id.clone(),
            person: key.id.clone(),
            kind: ActorKind::Key,
            name: key.name.clone(),
            account: self.account.clone(),
            is_of_node: true,
            rights: Rights::of_words(["admin"]),
            extension: None,
            team: Arc::default(),
            session: None,
            hash: key.hash,
            address,
        }
    }

    fn of_key(&self, people: &People, key: &ApiKey, address: IpAddr, now: WallTime) -> Result<Principal, Problem> {
        let is_over = key.revoked_at.is_some() || key.expires_at.is_some_and(|end| end <= now);
        if is_over || !self.has_account(people, &key.account) {
            return Err(unauthorized());
        }
        let contains = |text: &String| text.parse::<AddressRange>().is_ok_and(|range| range.contains(address));
        if !key.address_ranges.is_empty() && !key.address_ranges.iter().any(contains) {
            return Err(Problem::new(Code::AddressNotAllowed, format!("The key may not be used from {address}.")));
        }
        self.uses.note(key.id, now);
        Ok(Principal {
            id: key.id.text("key"),
            person: key.made_by.clone().unwrap_or_else(|| key.id.text("key")),
            kind: ActorKind::Key,
            name: key.name.clone(),
            account: key.account.clone(),
            is_of_node: key.account == self.account,
            rights: Rights::of_words(key.scopes.iter().map(String::as_str)),
            extension: None,
            team: Arc::default(),
            session: None,
            hash: key.hash,
            address,
        })
    }

    fn of_session(&self, people: &People, session: &Session, address: IpAddr, now: WallTime) -> Option<Principal> {
        let user = people.user(session.user).filter(|user| !user.disabled && session.expires_at > now)?;
        self.has_account(people, &user.account).then(|| Principal {
            id: user.id.text("user"),
            person: user.id.text("user"),
            kind: ActorKind::User,
            name: user.username.clone(),
            account: user.account.clone(),
            is_of_node: user.account == self.account,
            rights: Rights::of_words(user.roles.iter().map(String::as_str)),
            extension: user.extension.clone(),
            team: Arc::new(people.led_by(user.id)),
            session: Some((user.id, session.id)),
            hash: session.hash,
            address,
        })
    }

    fn has_account(&self, people: &People, name: &str) -> bool {
        name == self.account || people.account(name).is_some_and(|account: &Account| account.deleted_at.is_none())
    }
}

impl Known {
    fn of(people: People) -> Self {
        let place = |(at, hash): (usize, [u8; 32])| (hash, at);
        Self {
            is_from_file: false,
            is_in_doubt: false,
            keys: people.keys.iter().map(|key| key.hash).enumerate().map(place).collect(),
            sessions: people.sessions.iter().map(|session| session.hash).enumerate().map(place).collect(),
            people: Arc::new(people),
        }
    }
}

/// The id of something that the configuration file declares: made of its name, so that it stays.
fn config_id(prefix: &str, account: &str, name: &str) -> String {
    let digest =
        [prefix, account, name].iter().fold(Sha256::new(), |hash, part| hash.chain_update(part).chain_update([0]));
    let mut id = [0; 16];
    id.iter_mut().zip(digest.finalize()).for_each(|(byte, from)| *byte = from);
    RowId(u128::from_be_bytes(id)).text(prefix)
}

#[cfg(test)]
mod tests;
