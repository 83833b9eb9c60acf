//! Accounts, users, keys and sessions as they are stored, without a secret among them.

use std::collections::BTreeSet;
use std::fmt;

use clock::WallTime;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::TeamScope;

/// Id of a row: 16 bytes, made by whoever creates it (UUIDv7: ordered by time). The API writes it with a typed prefix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RowId(pub u128);

/// The text is not the prefix and 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind")]
pub struct BadRowId;

/// Everyone, as of one change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct People {
    /// Number of the change that made this state: the last entry of the audit log.
    pub version: u64,
    /// Hash of that entry: the next one is chained to it.
    pub chain: [u8; 32],
    /// Accounts besides that of the configuration file. Deleted ones stay: their names are not given again.
    pub accounts: Vec<Account>,
    /// Users.
    pub users: Vec<User>,
    /// API keys, revoked ones among them.
    pub keys: Vec<ApiKey>,
    /// Sessions of users.
    pub sessions: Vec<Session>,
    /// Teams.
    #[serde(default)]
    pub teams: Vec<Team>,
    /// (account, extension) pairs that were ever given to a user: such a phone works while its user may.
    pub extensions: BTreeSet<(String, String)>,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: RowId,
    /// Its name, for ever: rows of all kinds bear it.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// When it was made.
    pub created_at: WallTime,
    /// When it was changed last.
    pub updated_at: WallTime,
    /// Counts its changes, from 1.
    pub version: u64,
    /// When it was deleted.
    pub deleted_at: Option<WallTime>,
}

/// A user: someone who logs in with a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// His id.
    pub id: RowId,
    /// His account.
    pub account: String,
    /// Name to log in with: unique on the node, lower case.
    pub username: String,
    /// Address to log in with instead: unique on the node, lower case.
    pub email: Option<String>,
    /// Name for people.
    pub name: String,
    /// Words of his roles.
    pub roles: Vec<String>,
    /// Extension of the agent he is.
    pub extension: Option<String>,
    /// He can do nothing until this is lifted.
    pub disabled: bool,
    /// When he was made.
    pub created_at: WallTime,
    /// When he was changed last.
    pub updated_at: WallTime,
    /// Counts his changes, from 1.
    pub version: u64,
}

/// An API key. Its secret was shown once and is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its id.
    pub id: RowId,
    /// Its account.
    pub account: String,
    /// Name, unique among the account's keys that are not revoked.
    pub name: String,
    /// First characters of the secret, to recognise it by.
    pub prefix: String,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// Words of permissions and roles.
    pub scopes: Vec<String>,
    /// Address ranges in CIDR notation from which it may be used; from anywhere when none.
    pub address_ranges: Vec<String>,
    /// When it ends.
    pub expires_at: Option<WallTime>,
    /// When it was revoked.
    pub revoked_at: Option<WallTime>,
    /// When it was used last, to the minute and a little late.
    #[serde(default)]
    pub last_used_at: Option<WallTime>,
    /// Who made it: the id of a user, or of a key of the configuration file; where a key of the database did, of whoever
    /// made that. Not known of keys from before this was kept.
    #[serde(default)]
    pub made_by: Option<String>,
    /// When it was made.
    pub created_at: WallTime,
    /// When it was changed last.
    pub updated_at: WallTime,
    /// Counts its changes, from 1.
    pub version: u64,
}

/// A user who has logged in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: RowId,
    /// The user's account.
    pub account: String,
    /// The user.
    pub user: RowId,
    /// SHA-256 of its token.
    pub hash: [u8; 32],
    /// When he logged in.
    pub created_at: WallTime,
    /// When it ends.
    pub expires_at: WallTime,
    /// From where he logged in.
    pub address: String,
    /// With what.
    pub user_agent: String,
}

/// Agents and queues that belong together, and who leads them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// Its id.
    pub id: RowId,
    /// Its account.
    pub account: String,
    /// Name, unique in the account.
    pub name: String,
    /// Users who lead it: what reaches to a team reaches to these of theirs.
    pub managers: Vec<RowId>,
    /// Extensions of its agents.
    pub agents: Vec<String>,
    /// Names of its queues.
    pub queues: Vec<String>,
    /// When it was made.
    pub created_at: WallTime,
    /// When it was changed last.
    pub updated_at: WallTime,
    /// Counts its changes, from 1.
    pub version: u64,
}

impl People {
    /// The team of this name in an account.
    #[must_use]
    pub fn team(&self, account: &str, name: &str) -> Option<&Team> {
        self.teams.iter().find(|team| team.account == account && team.name == name)
    }

    /// Agents and queues of all teams that a user leads.
    #[must_use]
    pub fn led_by(&self, user: RowId) -> TeamScope {
        let mut all = TeamScope::default();
        for team in self.teams.iter().filter(|team| team.managers.contains(&user)) {
            let scope = team.scope();
            all.agents.extend(scope.agents);
            all.queues.extend(scope.queues);
        }
        all
    }

    /// The user with this id.
    #[must_use]
    pub fn user(&self, id: RowId) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    /// The user who logs in with this name or address, in lower case.
    #[must_use]
    pub fn user_with_login(&self, login: &str) -> Option<&User> {
        self.users.iter().find(|user| user.username == login || user.email.as_deref() == Some(login))
    }

    /// The account of this name, unless deleted.
    #[must_use]
    pub fn account(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.name == name && account.deleted_at.is_none())
    }

    /// Extensions of an account whose phones may not be used: given to a user once, and to none now who may work.
    #[must_use]
    pub fn barred_extensions(&self, account: &str) -> BTreeSet<String> {
        let given = self.extensions.iter().filter(|(owner, _)| owner == account).map(|(_, extension)| extension);
        let works = |extension: &String| {
            let has_it = |user: &&User| user.account == account && user.extension.as_ref() == Some(extension);
            self.users.iter().find(has_it).is_some_and(|user| !user.disabled)
        };
        given.filter(|extension| !works(extension)).cloned().collect()
    }
}

impl Team {
    /// Its agents and queues.
    #[must_use]
    pub fn scope(&self) -> TeamScope {
        TeamScope { queues: self.queues.clone(), agents: self.agents.clone() }
    }

    /// What the audit log says of it.
    pub(super) fn noted(&self) -> Value {
        let managers: Vec<_> = self.managers.iter().map(|id| id.text("user")).collect();
        json!({
            "name": self.name, "managers": managers, "agents": self.agents, "queues": self.queues,
            "version": self.version,
        })
    }
}

impl RowId {
    /// The id as the API writes it.
    #[must_use]
    pub fn text(self, prefix: &str) -> String {
        format!("{prefix}_{self}")
    }

    /// Reads what [`RowId::text`] wrote.
    ///
    /// # Errors
    /// Any other text.
    pub fn parse(prefix: &str, text: &str) -> Result<Self, BadRowId> {
        let digits = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).ok_or(BadRowId)?;
        digits.to_owned().try_into()
    }
}

impl fmt::Display for RowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl From<RowId> for String {
    fn from(id: RowId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for RowId {
    type Error = BadRowId;

    fn try_from(digits: String) -> Result<Self, BadRowId> {
        let plain = digits.len() == 32 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        u128::from_str_radix(&digits, 16).ok().filter(|_| plain).map(Self).ok_or(BadRowId)
    }
}

impl Account {
    /// What the audit log says of it.
    pub(super) fn noted(&self) -> Value {
        json!({ "name": self.name, "title": self.title, "version": self.version })
    }
}

impl User {
    /// What the audit log says of him.
    pub(super) fn noted(&self) -> Value {
        json!({
            "username": self.username, "email": self.email, "name": self.name, "roles": self.roles,
            "extension": self.extension, "disabled": self.disabled, "version": self.version,
        })
    }
}

impl ApiKey {
    /// What the audit log says of it.
    pub(super) fn noted(&self) -> Value {
        json!({
            "name": self.name, "prefix": self.prefix, "scopes": self.scopes, "address_ranges": self.address_ranges,
            "expires_at_us": self.expires_at.map(WallTime::as_micros), "revoked": self.revoked_at.is_some(),
            "version": self.version, "made_by": self.made_by,
        })
    }
}

impl Session {
    /// What the audit log says of it.
    pub(super) fn noted(&self) -> Value {
        json!({
            "user_id": self.user.text("user"), "address": self.address, "user_agent": self.user_agent,
            "expires_at_us": self.expires_at.as_micros(),
        })
    }
}
