//! What a change does to people: pure, so that rows, memory and log cannot differ.

use clock::WallTime;
use serde_json::{Value, json};

use super::audit::Noted;
use super::limits::room;
use super::{Account, ApiKey, People, RowId, Session, Team, User};

/// A change of one thing. `based_on` is the version it was made from; none for a new one.
#[derive(Clone, Debug)]
pub enum Change {
    /// A new account, or a new title.
    Account {
        /// As it is to be.
        row: Account,
        /// Version it was made from.
        based_on: Option<u64>,
    },
    /// Ends an account with all its users, keys and sessions. Its records stay.
    DeleteAccount {
        /// The account.
        id: RowId,
    },
    /// A new user, or a change of one.
    User {
        /// As he is to be.
        row: User,
        /// Hash of a new password (PHC string); ends his sessions.
        password_hash: Option<String>,
        /// Version it was made from.
        based_on: Option<u64>,
    },
    /// Deletes a user.
    DeleteUser {
        /// The user.
        id: RowId,
        /// Version that was seen: who deletes must have known what he deletes.
        based_on: u64,
    },
    /// A new key, a change of one, or its end when it is revoked.
    Key {
        /// As it is to be.
        row: ApiKey,
        /// Version it was made from.
        based_on: Option<u64>,
    },
    /// A new team, or a change of one.
    Team {
        /// As it is to be.
        row: Team,
        /// Version it was made from.
        based_on: Option<u64>,
    },
    /// Ends a team. Its agents and queues stay.
    DeleteTeam {
        /// The team.
        id: RowId,
        /// Version that was seen.
        based_on: u64,
    },
    /// Refused unless the account has a user left who has this role and is not disabled: stands behind what may take
    /// the last one away.
    KeepOne {
        /// The account.
        account: String,
        /// Word of the role.
        role: String,
    },
    /// A user logged in.
    BeginSession(Session),
    /// Somebody tried to log in as this user and was refused: changes nothing, and is in the log.
    RefuseLogin {
        /// The user.
        user: RowId,
    },
    /// He logged out, or was.
    EndSession {
        /// The session.
        id: RowId,
    },
}

/// Why a change is not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The thing is gone.
    #[error("there is no such thing any more")]
    Gone,
    /// It was changed since.
    #[error("it was changed since: its version is {version}")]
    Stale {
        /// Its version now.
        version: u64,
    },
    /// The name is another's.
    #[error("the {field} is taken")]
    Taken {
        /// Field of the row.
        field: &'static str,
    },
    /// There are as many as there may be.
    #[error("there may be at most {most} {what}")]
    TooMany {
        /// What.
        what: &'static str,
        /// How many there may be.
        most: usize,
    },
    /// Nobody would be left who has it.
    #[error("nobody would be left with the role {role}")]
    LastOne {
        /// Word of the role.
        role: String,
    },
}

/// One row to write.
#[derive(Clone, Debug)]
pub(super) enum Write {
    Account(Account),
    User(User),
    Password(RowId, String),
    DropUser(RowId),
    Key(ApiKey),
    DropKey(RowId),
    Team(Team),
    DropTeam(RowId),
    Session(Session),
    DropSession(RowId),
    Extension(String, String),
}

/// What a change comes to.
#[derive(Debug, Default)]
pub(super) struct Effects {
    pub(super) writes: Vec<Write>,
    pub(super) noted: Vec<Noted>,
}

impl People {
    /// Makes a change, and tells the rows and notes that go with it. Refused, `self` is of no use any more.
    pub(super) fn apply(&mut self, change: Change, now: WallTime, effects: &mut Effects) -> Result<(), Refused> {
        match change {
            Change::Account { row, based_on } => self.put_account(row, based_on, now, effects),
            Change::DeleteAccount { id } => self.delete_account(id, now, effects),
            Change::User { row, password_hash, based_on } => self.put_user(row, password_hash, based_on, now, effects),
            Change::DeleteUser { id, based_on } => {
                next_version(self.user(id).map(|user| user.version), Some(based_on))?;
                self.delete_user(id, effects)
            }
            Change::Key { row, based_on } => self.put_key(row, based_on, now, effects),
            Change::Team { row, based_on } => self.put_team(row, based_on, now, effects),
            Change::DeleteTeam { id, based_on } => {
                next_version(self.teams.iter().find(|team| team.id == id).map(|team| team.version), Some(based_on))?;
                self.delete_team(id, effects)
            }
            Change::KeepOne { account, role } => {
                let has_it = |user: &User| user.account == account && !user.disabled && user.roles.contains(&role);
                if self.users.iter().any(has_it) { Ok(()) } else { Err(Refused::LastOne { role }) }
            }
            Change::BeginSession(session) => self.begin_session(session, now, effects),
            Change::RefuseLogin { user } => {
                let user = self.user(user).ok_or(Refused::Gone)?;
                let noted = ("user", "session.refused");
                effects.noted.push(Noted::of(noted, &user.account, user.id, Value::Null, Value::Null).refused());
                Ok(())
            }
            Change::EndSession { id } => {
                let known = self.sessions.iter().any(|session| session.id == id);
                self.end_sessions(|session| session.id == id, effects);
                if known { Ok(()) } else { Err(Refused::Gone) }
            }
        }
    }

    fn put_account(
        &mut self,
        mut row: Account,
        based_on: Option<u64>,
        now: WallTime,
        effects: &mut Effects,
    ) -> Result<(), Refused> {
        let at = self.accounts.iter().position(|account| account.id == row.id && account.deleted_at.is_none());
        let former = at.and_then(|at| self.accounts.get(at).cloned());
        (row.version, row.updated_at) = (next_version(former.as_ref().map(|former| former.version), based_on)?, now);
        let before = former.as_ref().map_or(Value::Null, Account::noted);
        let action = if former.is_some() { "account.updated" } else { "account.created" };
        let same_name = |other: &Account| other.name == row.name && other.id != row.id;
        free(!self.accounts.iter().any(same_name), "name")?;
        former.as_ref().map_or_else(|| self.room_for_account(), |_| Ok(()))?;
        effects.noted.push(Noted::of(("account", action), &row.name, row.id, before, row.noted()));
        effects.writes.push(Write::Account(row.clone()));
        put(&mut self.accounts, at, row);
        Ok(())
    }

    fn delete_account(&mut self, id: RowId, now: WallTime, effects: &mut Effects) -> Result<(), Refused> {
        let account = self.accounts.iter_mut().find(|account| account.id == id && account.deleted_at.is_none());
        let account = account.ok_or(Refused::Gone)?;
        let before = account.noted();
        account.deleted_at = Some(now);
        account.updated_at = now;
        account.version += 1;
        let row = account.clone();
        let users: Vec<RowId> = self.users.iter().filter(|user| user.account == row.name).map(|user| user.id).collect();
        for user in users {
            self.delete_user(user, effects)?;
        }
        let live = |key: &&ApiKey| key.account == row.name && key.revoked_at.is_none();
        let keys: Vec<ApiKey> = self.keys.iter().filter(live).cloned().collect();
        for key in keys {
            let based_on = Some(key.version);
            self.put_key(ApiKey { revoked_at: Some(now), ..key }, based_on, now, effects)?;
        }
        let teams: Vec<RowId> = self.teams.iter().filter(|team| team.account == row.name).map(|team| team.id).collect();
        for team in teams {
            self.delete_team(team, effects)?;
        }
        effects.noted.push(Noted::of(("account", "account.deleted"), &row.name, id, before, Value::Null));
        effects.writes.push(Write::Account(row));
        Ok(())
    }

    fn put_user(
        &mut self,
        mut row: User,
        password_hash: Option<String>,
        based_on: Option<u64>,
        now: WallTime,
        effects: &mut Effects,
    ) -> Result<(), Refused> {
        let at = self.users.iter().position(|user| user.id == row.id);
        let former = at.and_then(|at| self.users.get(at).cloned());
        (row.version, row.updated_at) = (next_version(former.as_ref().map(|former| former.version), based_on)?, now);
        former.as_ref().map_or_else(|| self.room_for_user(&row.account), |_| Ok(()))?;
        self.check_user(&row)?;
        let action = if former.is_some() { "user.updated" } else { "user.created" };
        let before = former.as_ref().map_or(Value::Null, User::noted);
        let mut after = row.noted();
        if let (true, Some(fields)) = (password_hash.is_some(), after.as_object_mut()) {
            fields.insert("password_set".into(), json!(true));
        }
        effects.noted.push(Noted::of(("user", action), &row.account, row.id, before, after));
        if row.disabled || (former.is_some() && password_hash.is_some()) {
            self.end_sessions(|session| session.user == row.id, effects);
        }
        effects.writes.push(Write::User(row.clone()));
        effects.writes.extend(password_hash.map(|hash| Write::Password(row.id, hash)));
        self.extensions_of(&row, effects);
        put(&mut self.users, at, row);
        Ok(())
    }

    fn check_user(&self, row: &User) -> Result<(), Refused> {
        let mut others = self.users.iter().filter(|other| other.id != row.id);
        let taken = others.find_map(|other| {
            let same_extension = other.account == row.account && other.extension == row.extension;
            match other {
                _ if other.username == row.username => Some("username"),
                _ if row.email.is_some() && other.email == row.email => Some("email"),
                _ if row.extension.is_some() && same_extension => Some("extension"),
                _ => None,
            }
        });
        taken.map_or(Ok(()), |field| Err(Refused::Taken { field }))
    }

    /// From now on the phone of this extension is a user's.
    fn extensions_of(&mut self, row: &User, effects: &mut Effects) {
        let Some(extension) = row.extension.clone() else { return };
        if self.extensions.insert((row.account.clone(), extension.clone())) {
            effects.writes.push(Write::Extension(row.account.clone(), extension));
        }
    }

    fn delete_user(&mut self, id: RowId, effects: &mut Effects) -> Result<(), Refused> {
        let at = self.users.iter().position(|user| user.id == id).ok_or(Refused::Gone)?;
        let user = self.users.remove(at);
        self.end_sessions(|session| session.user == id, effects);
        effects.noted.push(Noted::of(("user", "user.deleted"), &user.account, id, user.noted(), Value::Null));
        effects.writes.push(Write::DropUser(id));
        Ok(())
    }

    fn put_key(
        &mut self,
        mut row: ApiKey,
        based_on: Option<u64>,
        now: WallTime,
        effects: &mut Effects,
    ) -> Result<(), Refused> {
        let at = self.keys.iter().position(|key| key.id == row.id);
        let former = at.and_then(|at| self.keys.get(at).cloned());
        if former.as_ref().is_some_and(|former| former.revoked_at.is_some()) {
            return Err(Refused::Gone);
        }
        (row.version, row.updated_at) = (next_version(former.as_ref().map(|former| former.version), based_on)?, now);
        match &former {
            Some(former) => (row.last_used_at, row.made_by) = (former.last_used_at, former.made_by.clone()),
            None => self.make_room_for_key(&row.account, effects)?,
        }
        let same_name = |other: &ApiKey| {
            other.id != row.id && other.revoked_at.is_none() && other.account == row.account && other.name == row.name
        };
        free(row.revoked_at.is_some() || !self.keys.iter().any(same_name), "name")?;
        let action = match (&former, row.revoked_at) {
            (None, _) => "api_key.created",
            (Some(_), None) => "api_key.updated",
            (Some(_), Some(_)) => "api_key.revoked",
        };
        let before = former.as_ref().map_or(Value::Null, ApiKey::noted);
        effects.noted.push(Noted::of(("api_key", action), &row.account, row.id, before, row.noted()));
        effects.writes.push(Write::Key(row.clone()));
        put(&mut self.keys, at, row);
        Ok(())
    }

    fn put_team(
        &mut self,
        mut row: Team,
        based_on: Option<u64>,
        now: WallTime,
        effects: &mut Effects,
    ) -> Result<(), Refused> {
        let at = self.teams.iter().position(|team| team.id == row.id);
        let former = at.and_then(|at| self.teams.get(at).cloned());
        (row.version, row.updated_at) = (next_version(former.as_ref().map(|former| former.version), based_on)?, now);
        former.as_ref().map_or_else(|| room(self.teams.len(), MAX_TEAMS, "teams"), |_| Ok(()))?;
        let same_name = |other: &Team| other.id != row.id && other.account == row.account && other.name == row.name;
        free(!self.teams.iter().any(same_name), "name")?;
        let action = if former.is_some() { "team.updated" } else { "team.created" };
        let before = former.as_ref().map_or(Value::Null, Team::noted);
        effects.noted.push(Noted::of(("team", action), &row.account, row.id, before, row.noted()));
        effects.writes.push(Write::Team(row.clone()));
        put(&mut self.teams, at, row);
        Ok(())
    }

    fn delete_team(&mut self, id: RowId, effects: &mut Effects) -> Result<(), Refused> {
        let at = self.teams.iter().position(|team| team.id == id).ok_or(Refused::Gone)?;
        let team = self.teams.remove(at);
        effects.noted.push(Noted::of(("team", "team.deleted"), &team.account, id, team.noted(), Value::Null));
        effects.writes.push(Write::DropTeam(id));
        Ok(())
    }

    /// Room is made by ending what is over, and the user's oldest.
    fn begin_session(&mut self, session: Session, now: WallTime, effects: &mut Effects) -> Result<(), Refused> {
        if self.user(session.user).is_none_or(|user| user.disabled) {
            return Err(Refused::Gone);
        }
        self.end_sessions(|other| other.expires_at <= now, effects);
        let of_user = |other: &&Session| other.user == session.user;
        while self.sessions.iter().filter(of_user).count() >= MAX_SESSIONS_A_USER {
            let oldest = self.sessions.iter().filter(of_user).min_by_key(|other| (other.created_at, other.id));
            let Some(oldest) = oldest.map(|oldest| oldest.id) else { break };
            self.end_sessions(|other| other.id == oldest, effects);
        }
        let noted = session.noted();
        effects.noted.push(Noted::of(("session", "session.created"), &session.account, session.id, Value::Null, noted));
        effects.writes.push(Write::Session(session.clone()));
        self.sessions.push(session);
        Ok(())
    }

    fn end_sessions(&mut self, is_over: impl Fn(&Session) -> bool, effects: &mut Effects) {
        let (over, going_on) = std::mem::take(&mut self.sessions).into_iter().partition(is_over);
        self.sessions = going_on;
        let over: Vec<Session> = over;
        for session in over {
            let (id, before) = (session.id, session.noted());
            effects.noted.push(Noted::of(("session", "session.ended"), &session.account, id, before, Value::Null));
            effects.writes.push(Write::DropSession(id));
        }
    }
}

fn put<T>(rows: &mut Vec<T>, at: Option<usize>, row: T) {
    match at.and_then(|at| rows.get_mut(at)) {
        Some(place) => *place = row,
        None => rows.push(row),
    }
}

fn next_version(now: Option<u64>, based_on: Option<u64>) -> Result<u64, Refused> {
    match (now, based_on) {
        (None, None) => Ok(1),
        (Some(version), Some(based_on)) if version == based_on => Ok(version + 1),
        (Some(version), _) => Err(Refused::Stale { version }),
        (None, Some(_)) => Err(Refused::Gone),
    }
}

fn free(is_free: bool, field: &'static str) -> Result<(), Refused> {
    if is_free { Ok(()) } else { Err(Refused::Taken { field }) }
}

/// As other people are bounded (`limits`).
const MAX_TEAMS: usize = 1_000;
/// A desk, a phone, a tablet, and room for those that were not logged out.
const MAX_SESSIONS_A_USER: usize = 20;
