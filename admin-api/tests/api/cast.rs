//! Who comes to the node of a test: a user of each role, and keys that are good or not.

use clock::WallTime;
use records::{Account, Actor, ActorKind, ApiKey, Change, Database, RowId, Session, Team, User};
use sha2::{Digest, Sha256};

/// Each with a session whose token is `token-of-<name>`.
pub(crate) const ROLES: [&str; 5] = ["admin", "supervisor", "manager", "operator", "viewer"];
/// The agent who the operator is.
pub(crate) const EXTENSION: &str = "1001";

/// Keys that open nothing, with what they get.
pub(crate) const BAD_KEYS: [(&str, u16, &str); 5] = [
    ("", 401, "unauthorized"),
    ("no-such-key", 401, "unauthorized"),
    ("revoked-key", 401, "unauthorized"),
    ("expired-key", 401, "unauthorized"),
    ("key-for-elsewhere", 403, "address_not_allowed"),
];

/// The header of one who is known by this secret.
pub(crate) fn bearer(secret: &str) -> String {
    format!("Bearer {secret}")
}

/// Writes them into a database that has nobody yet; in one that has, nothing is changed.
pub(crate) async fn invite(database: &Database) {
    if database.people().await.is_ok_and(|people| people.version > 0) {
        return;
    }
    let mut changes = vec![Change::Account { row: account(), based_on: None }];
    for (role, number) in ROLES.iter().zip(11..) {
        changes.push(Change::User { row: user("demo", role, number), password_hash: None, based_on: None });
        changes.push(Change::BeginSession(session("demo", role, number)));
    }
    changes.push(Change::Team { row: team(), based_on: None });
    changes.push(Change::User { row: user("another", "stranger", 21), password_hash: None, based_on: None });
    let over = Some(WallTime::from_micros(1));
    let keys = [
        ApiKey { revoked_at: over, ..key("demo", "revoked-key", 31) },
        ApiKey { expires_at: over, ..key("demo", "expired-key", 32) },
        ApiKey { address_ranges: vec!["192.0.2.0/24".into()], ..key("demo", "key-for-elsewhere", 33) },
        ApiKey { scopes: vec!["nothing".into()], ..key("demo", "key-without-scopes", 34) },
        key("another", "key-of-another-account", 35),
    ];
    changes.extend(keys.map(|row| Change::Key { row, based_on: None }));
    let unknown = String::new;
    let actor = Actor {
        kind: ActorKind::System,
        id: "system".into(),
        name: "test".into(),
        address: unknown(),
        user_agent: unknown(),
        request_id: unknown(),
    };
    // A node without a database has nobody but the configuration's key.
    let _ = database.change_people(&actor, changes, WallTime::from_micros(0)).await;
}

fn account() -> Account {
    let at = WallTime::from_micros(0);
    Account {
        id: RowId(1),
        name: "another".into(),
        title: "Another".into(),
        created_at: at,
        updated_at: at,
        version: 1,
        deleted_at: None,
    }
}

/// What the manager leads: the operator.
fn team() -> Team {
    let at = WallTime::from_micros(0);
    Team {
        id: RowId(41),
        account: "demo".into(),
        name: "north".into(),
        managers: vec![RowId(13)],
        agents: vec![EXTENSION.into()],
        queues: Vec::new(),
        created_at: at,
        updated_at: at,
        version: 1,
    }
}

fn user(account: &str, role: &str, number: u128) -> User {
    let at = WallTime::from_micros(0);
    User {
        id: RowId(number),
        account: account.into(),
        username: role.into(),
        email: None,
        name: role.into(),
        roles: vec![if role == "stranger" { "admin".into() } else { role.into() }],
        extension: (role == "operator").then(|| EXTENSION.into()),
        disabled: false,
        created_at: at,
        updated_at: at,
        version: 1,
    }
}

fn session(account: &str, role: &str, user: u128) -> Session {
    Session {
        id: RowId(100 + user),
        account: account.into(),
        user: RowId(user),
        hash: Sha256::digest(format!("token-of-{role}")).into(),
        created_at: WallTime::from_micros(0),
        expires_at: WallTime::from_micros(i64::MAX),
        address: "127.0.0.1".into(),
        user_agent: "test".into(),
    }
}

fn key(account: &str, secret: &str, number: u128) -> ApiKey {
    let at = WallTime::from_micros(0);
    ApiKey {
        id: RowId(number),
        account: account.into(),
        name: secret.into(),
        prefix: secret.chars().take(4).collect(),
        hash: Sha256::digest(secret).into(),
        scopes: vec!["admin".into()],
        address_ranges: Vec::new(),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
        made_by: None,
        created_at: at,
        updated_at: at,
        version: 1,
    }
}
