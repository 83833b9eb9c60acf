//! Reading people whole, and changing them in one transaction with the log.

use clock::WallTime;

use super::audit::{self, Actor, LAST};
use super::change::{Change, Effects, Refused, Write};
use super::{Account, ApiKey, People, RowId, Session, Team, User};
use crate::columns;
use crate::database::{Commit, Database, DatabaseUnavailable, Failure, Row, Statement, Transaction, sql};

/// Why people were not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The change is not allowed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The database is away, or its disk full: nobody knows it as made.
    #[error(transparent)]
    Away(#[from] DatabaseUnavailable),
}

impl Database {
    /// Everyone.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn people(&self) -> Result<People, DatabaseUnavailable> {
        // The number first: what is changed in between comes again with its own.
        let last = self.row(sql(LAST)).await?;
        let rows = Rows {
            last,
            accounts: self.rows(sql(ACCOUNTS)).await?,
            users: self.rows(sql(USERS)).await?,
            keys: self.rows(sql(KEYS)).await?,
            sessions: self.rows(sql(SESSIONS)).await?,
            teams: self.rows(sql(TEAMS)).await?,
            extensions: self.rows(sql(EXTENSIONS)).await?,
        };
        Ok(rows.people()?)
    }

    /// Makes changes, all or none, with their entries in the log; returned, they outlive a loss of power.
    ///
    /// # Errors
    /// When one is refused, or the database is away.
    pub async fn change_people(
        &self,
        actor: &Actor,
        changes: Vec<Change>,
        now: WallTime,
    ) -> Result<People, ChangeError> {
        let mut transaction = self.begin(Commit::Synced).await.map_err(away)?;
        let mut people = read(&mut transaction).await.map_err(away)?;
        let mut effects = Effects::default();
        for change in changes {
            people.apply(change, now, &mut effects)?;
        }
        for write in effects.writes {
            transaction.execute(statement(write)).await.map_err(away)?;
        }
        for noted in effects.noted {
            let entry = noted.entry(people.version + 1, &people.chain, now, actor);
            (people.version, people.chain) = (entry.seq, entry.hash);
            transaction.execute(audit::insert(entry, None)).await.map_err(away)?;
        }
        // A password or an extension goes with its user: one text for each, whatever it was.
        transaction.execute(sql(DROP_ORPHANS)).await.map_err(away)?;
        transaction.commit().await.map_err(away)?;
        Ok(people)
    }

    /// Notes when keys were used last: no change of people, so the log has nothing of it.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn note_uses(&self, uses: &[(RowId, WallTime)]) -> Result<(), DatabaseUnavailable> {
        let mut transaction = self.begin(Commit::Replayable).await.map_err(away)?;
        for (id, at) in uses {
            let update = sql(NOTE_USE).bind(*at).bind(id.0.to_be_bytes()).bind(*at);
            transaction.execute(update).await.map_err(away)?;
        }
        transaction.commit().await.map_err(away)
    }

    /// Hash of a user's password, as a PHC string.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn password_hash(&self, user: RowId) -> Result<Option<String>, DatabaseUnavailable> {
        let select = sql("SELECT hash FROM user_passwords WHERE user_id = $1").bind(user.0.to_be_bytes());
        Ok(self.row(select).await?.map(|row| row.try_get(0)).transpose()?)
    }
}

/// All rows of people.
struct Rows {
    last: Option<Row>,
    accounts: Vec<Row>,
    users: Vec<Row>,
    keys: Vec<Row>,
    sessions: Vec<Row>,
    teams: Vec<Row>,
    extensions: Vec<Row>,
}

impl Rows {
    fn people(&self) -> Result<People, sqlx::Error> {
        let (version, chain) = audit::last_of(self.last.as_ref())?;
        Ok(People {
            version,
            chain,
            accounts: self.accounts.iter().map(account).collect::<Result<_, _>>()?,
            users: self.users.iter().map(user).collect::<Result<_, _>>()?,
            keys: self.keys.iter().map(key).collect::<Result<_, _>>()?,
            sessions: self.sessions.iter().map(session).collect::<Result<_, _>>()?,
            teams: self.teams.iter().map(team).collect::<Result<_, _>>()?,
            extensions: self
                .extensions
                .iter()
                .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
                .collect::<Result<_, sqlx::Error>>()?,
        })
    }
}

async fn read(from: &mut Transaction) -> Result<People, Failure> {
    let rows = Rows {
        last: from.row(sql(LAST)).await?,
        accounts: from.rows(sql(ACCOUNTS)).await?,
        users: from.rows(sql(USERS)).await?,
        keys: from.rows(sql(KEYS)).await?,
        sessions: from.rows(sql(SESSIONS)).await?,
        teams: from.rows(sql(TEAMS)).await?,
        extensions: from.rows(sql(EXTENSIONS)).await?,
    };
    Ok(rows.people()?)
}

/// What a row breaks was checked before: here it is the database's fault.
fn away(failure: Failure) -> DatabaseUnavailable {
    match failure {
        Failure::Away(away) => away,
        Failure::Row(why) => DatabaseUnavailable { why },
    }
}

fn statement(write: Write) -> Statement {
    match write {
        Write::Account(row) => sql(PUT_ACCOUNT)
            .bind(row.id.0.to_be_bytes())
            .bind(row.name)
            .bind(row.title)
            .bind(row.created_at)
            .bind(row.updated_at)
            .bind(row.version)
            .bind(row.deleted_at),
        Write::User(row) => sql(PUT_USER)
            .bind(row.id.0.to_be_bytes())
            .bind(row.account)
            .bind(row.username)
            .bind(row.email)
            .bind(row.name)
            .bind(row.roles.join(","))
            .bind(row.extension)
            .bind(row.disabled)
            .bind(row.created_at)
            .bind(row.updated_at)
            .bind(row.version),
        Write::Key(row) => put_key(row),
        Write::DropKey(id) => sql("DELETE FROM api_keys WHERE id = $1").bind(id.0.to_be_bytes()),
        Write::Session(row) => sql(PUT_SESSION)
            .bind(row.id.0.to_be_bytes())
            .bind(row.account)
            .bind(row.user.0.to_be_bytes())
            .bind(row.hash)
            .bind(row.created_at)
            .bind(row.expires_at)
            .bind(row.address)
            .bind(row.user_agent),
        Write::Team(row) => put_team(row),
        Write::DropTeam(id) => sql("DELETE FROM teams WHERE id = $1").bind(id.0.to_be_bytes()),
        Write::Password(user, hash) => sql(PUT_PASSWORD).bind(user.0.to_be_bytes()).bind(hash),
        Write::Extension(account, extension) => sql(PUT_EXTENSION).bind(account).bind(extension),
        Write::DropUser(id) => sql("DELETE FROM users WHERE id = $1").bind(id.0.to_be_bytes()),
        Write::DropSession(id) => sql("DELETE FROM sessions WHERE id = $1").bind(id.0.to_be_bytes()),
    }
}

fn put_key(row: ApiKey) -> Statement {
    sql(PUT_KEY)
        .bind(row.id.0.to_be_bytes())
        .bind(row.account)
        .bind(row.name)
        .bind(row.prefix)
        .bind(row.hash)
        .bind(row.scopes.join(","))
        .bind(row.address_ranges.join(","))
        .bind(row.expires_at)
        .bind(row.revoked_at)
        .bind(row.created_at)
        .bind(row.updated_at)
        .bind(row.version)
        .bind(row.made_by)
}

fn put_team(row: Team) -> Statement {
    let managers: Vec<_> = row.managers.iter().map(ToString::to_string).collect();
    sql(PUT_TEAM)
        .bind(row.id.0.to_be_bytes())
        .bind(row.account)
        .bind(row.name)
        .bind(managers.join(","))
        .bind(row.agents.join(","))
        .bind(row.queues.join(","))
        .bind(row.created_at)
        .bind(row.updated_at)
        .bind(row.version)
}

fn account(row: &Row) -> Result<Account, sqlx::Error> {
    Ok(Account {
        id: row_id(row, 0)?,
        name: row.try_get(1)?,
        title: row.try_get(2)?,
        created_at: columns::time(row, 3)?,
        updated_at: columns::time(row, 4)?,
        version: columns::optional_count(row, 5)?.unwrap_or(0),
        deleted_at: columns::optional_time(row, 6)?,
    })
}

fn user(row: &Row) -> Result<User, sqlx::Error> {
    Ok(User {
        id: row_id(row, 0)?,
        account: row.try_get(1)?,
        username: row.try_get(2)?,
        email: row.try_get(3)?,
        name: row.try_get(4)?,
        roles: words(row, 5)?,
        extension: row.try_get(6)?,
        disabled: row.try_get(7)?,
        created_at: columns::time(row, 8)?,
        updated_at: columns::time(row, 9)?,
        version: columns::optional_count(row, 10)?.unwrap_or(0),
    })
}

fn key(row: &Row) -> Result<ApiKey, sqlx::Error> {
    Ok(ApiKey {
        id: row_id(row, 0)?,
        account: row.try_get(1)?,
        name: row.try_get(2)?,
        prefix: row.try_get(3)?,
        hash: columns::hash(row, 4)?,
        scopes: words(row, 5)?,
        address_ranges: words(row, 6)?,
        expires_at: columns::optional_time(row, 7)?,
        revoked_at: columns::optional_time(row, 8)?,
        created_at: columns::time(row, 9)?,
        updated_at: columns::time(row, 10)?,
        version: columns::optional_count(row, 11)?.unwrap_or(0),
        last_used_at: columns::optional_time(row, 12)?,
        made_by: row.try_get(13)?,
    })
}

fn team(row: &Row) -> Result<Team, sqlx::Error> {
    Ok(Team {
        id: row_id(row, 0)?,
        account: row.try_get(1)?,
        name: row.try_get(2)?,
        managers: words(row, 3)?.into_iter().filter_map(|id| RowId::try_from(id).ok()).collect(),
        agents: words(row, 4)?,
        queues: words(row, 5)?,
        created_at: columns::time(row, 6)?,
        updated_at: columns::time(row, 7)?,
        version: columns::optional_count(row, 8)?.unwrap_or(0),
    })
}

fn session(row: &Row) -> Result<Session, sqlx::Error> {
    Ok(Session {
        id: row_id(row, 0)?,
        account: row.try_get(1)?,
        user: row_id(row, 2)?,
        hash: columns::hash(row, 3)?,
        created_at: columns::time(row, 4)?,
        expires_at: columns::time(row, 5)?,
        address: row.try_get(6)?,
        user_agent: row.try_get(7)?,
    })
}

fn row_id(row: &Row, column: usize) -> Result<RowId, sqlx::Error> {
    columns::call_id(row, column).map(|id| RowId(id.0))
}

fn words(row: &Row, column: usize) -> Result<Vec<String>, sqlx::Error> {
    let text: String = row.try_get(column)?;
    Ok(text.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect())
}

const ACCOUNTS: &str = "SELECT id, name, title, created_at, updated_at, version, deleted_at FROM accounts ORDER BY id";
const USERS: &str = "SELECT id, account, username, email, name, roles, extension, disabled, created_at, updated_at, \
                     version FROM users ORDER BY id";
const KEYS: &str = "SELECT id, account, name, prefix, hash, scopes, address_ranges, expires_at, revoked_at, \
                    created_at, updated_at, version, last_used_at, made_by FROM api_keys ORDER BY id";
const SESSIONS: &str =
    "SELECT id, account, user_id, hash, created_at, expires_at, address, user_agent FROM sessions ORDER BY id";
const TEAMS: &str = "SELECT id, account, name, managers, agents, queues, created_at, updated_at, version FROM teams \
                     ORDER BY id";
const EXTENSIONS: &str = "SELECT account, extension FROM user_extensions";
const PUT_ACCOUNT: &str = "INSERT INTO accounts (id, name, title, created_at, updated_at, version, deleted_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET title = excluded.title, \
    updated_at = excluded.updated_at, version = excluded.version, deleted_at = excluded.deleted_at";
const PUT_USER: &str = "INSERT INTO users (id, account, username, email, name, roles, extension, disabled, created_at, \
    updated_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO UPDATE SET \
    email = excluded.email, name = excluded.name, roles = excluded.roles, extension = excluded.extension, \
    disabled = excluded.disabled, updated_at = excluded.updated_at, version = excluded.version";
const PUT_KEY: &str = "INSERT INTO api_keys (id, account, name, prefix, hash, scopes, address_ranges, expires_at, \
    revoked_at, created_at, updated_at, version, made_by) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, scopes = excluded.scopes, \
    address_ranges = excluded.address_ranges, expires_at = excluded.expires_at, revoked_at = excluded.revoked_at, \
    updated_at = excluded.updated_at, version = excluded.version";
const PUT_TEAM: &str = "INSERT INTO teams (id, account, name, managers, agents, queues, created_at, updated_at, \
    version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO UPDATE SET name = excluded.name, \
    managers = excluded.managers, agents = excluded.agents, queues = excluded.queues, \
    updated_at = excluded.updated_at, version = excluded.version";
const NOTE_USE: &str =
    "UPDATE api_keys SET last_used_at = $1 WHERE id = $2 AND (last_used_at IS NULL OR last_used_at < $3)";
const PUT_SESSION: &str = "INSERT INTO sessions (id, account, user_id, hash, created_at, expires_at, address, \
    user_agent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const PUT_PASSWORD: &str = "INSERT INTO user_passwords (user_id, hash) VALUES ($1, $2) \
    ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash";
const PUT_EXTENSION: &str = "INSERT INTO user_extensions (account, extension) VALUES ($1, $2) \
    ON CONFLICT (account, extension) DO NOTHING";
const DROP_ORPHANS: &str = "DELETE FROM user_passwords WHERE user_id NOT IN (SELECT id FROM users)";
