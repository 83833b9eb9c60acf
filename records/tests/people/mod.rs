//! People in the database: all or none of a change, with its log.

use clock::WallTime;
use records::{
    Account, Actor, ActorKind, AuditFilter, Change, ChangeError, Refused, RowId, Session, User, keep_people,
    kept_people,
};

use crate::world::{On, World};

pub(crate) async fn a_change_is_made_whole_or_not_at_all(on: On) {
    let world = World::open(on).await;
    let put = |row: User, based_on| Change::User { row, password_hash: Some("$argon2id$".into()), based_on };
    let session = Change::BeginSession(session(1));
    let made = vec![put(user(1, "ann"), None), session];
    let people = world.database.change_people(&actor(), made, NOW).await.unwrap();
    assert_eq!((people.version, people.users.len(), people.sessions.len()), (2, 1, 1));
    assert_eq!(world.database.people().await.unwrap(), people, "what was told is what is stored");
    assert_eq!(world.database.password_hash(RowId(1)).await.unwrap().as_deref(), Some("$argon2id$"));

    let account = Change::Account { row: account(), based_on: None };
    let refused = world.database.change_people(&actor(), vec![account, put(user(2, "ann"), None)], NOW).await;
    assert!(matches!(refused, Err(ChangeError::Refused(Refused::Taken { field: "username" }))), "{refused:?}");
    let stale = world.database.change_people(&actor(), vec![put(user(1, "ann"), Some(7))], NOW).await;
    assert!(matches!(stale, Err(ChangeError::Refused(Refused::Stale { version: 1 }))), "{stale:?}");
    assert_eq!(world.database.people().await.unwrap(), people, "neither of them");

    let disabled = put(User { disabled: true, ..user(1, "ann") }, Some(1));
    let people = world.database.change_people(&actor(), vec![disabled], NOW).await.unwrap();
    assert!(people.sessions.is_empty() && people.users[0].disabled);
    assert_eq!(people.barred_extensions("demo").len(), 1);
    let unseen = vec![Change::DeleteUser { id: RowId(1), based_on: 1 }];
    let stale = world.database.change_people(&actor(), unseen, NOW).await;
    assert!(matches!(stale, Err(ChangeError::Refused(Refused::Stale { version: 2 }))), "{stale:?}");
    let tried = vec![Change::RefuseLogin { user: RowId(1) }];
    world.database.change_people(&actor(), tried, NOW).await.unwrap();
    let gone = vec![Change::DeleteUser { id: RowId(1), based_on: 2 }];
    let people = world.database.change_people(&actor(), gone, NOW).await.unwrap();
    assert_eq!(people.barred_extensions("demo").len(), 1, "the phone was a user's");
    assert_eq!(world.database.password_hash(RowId(1)).await.unwrap(), None);
    assert_eq!(world.database.people().await.unwrap(), people);
    check_log(&world, people.version).await;
}

/// Each entry follows the one before it, and its hash says so.
async fn check_log(world: &World, last: u64) {
    let filter = AuditFilter {
        account: "demo".into(),
        actor: Vec::new(),
        action: Vec::new(),
        resource_type: Vec::new(),
        resource_id: None,
        at_gte: None,
        at_lt: None,
        before_seq: None,
        limit: 100,
    };
    let mut entries = world.database.audit_log(&filter).await.unwrap();
    entries.reverse();
    assert_eq!(entries.last().map(|entry| entry.seq), Some(last));
    let mut chain = [0; 32];
    for (entry, number) in entries.iter().zip(1..) {
        assert_eq!((entry.seq, entry.hash), (number, entry.hash_after(&chain)), "{entry:?}");
        chain = entry.hash;
    }
    let actions: Vec<_> = entries.iter().map(|entry| entry.action.as_str()).collect();
    let changes =
        ["user.created", "session.created", "user.updated", "session.ended", "session.refused", "user.deleted"];
    assert_eq!(actions, changes);
    let two = AuditFilter { action: vec!["user.created".into(), "user.deleted".into()], before_seq: Some(5), ..filter };
    assert_eq!(world.database.audit_log(&two).await.unwrap().len(), 1);
}

pub(crate) async fn people_are_kept_beside_the_journal(on: On) {
    let world = World::open(on).await;
    let change = Change::User { row: user(u128::MAX, "ann"), password_hash: None, based_on: None };
    let people = world.database.change_people(&actor(), vec![change], NOW).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("people.json");
    assert_eq!(kept_people(&file).unwrap(), None);
    keep_people(&file, &people).unwrap();
    keep_people(&file, &people).unwrap();
    assert_eq!(kept_people(&file).unwrap(), Some(people));
    std::fs::write(&file, "{\"format\":99,\"people\":{}}").unwrap();
    assert_eq!(kept_people(&file).unwrap(), None, "another format is nobody");
    std::fs::write(&file, "{").unwrap();
    assert!(kept_people(&file).is_err());
}

fn actor() -> Actor {
    Actor {
        kind: ActorKind::Key,
        id: "key_1".into(),
        name: "test".into(),
        address: "127.0.0.1".into(),
        user_agent: "test".into(),
        request_id: "req_1".into(),
    }
}

fn account() -> Account {
    Account {
        id: RowId(9),
        name: "north".into(),
        title: "North".into(),
        created_at: NOW,
        updated_at: NOW,
        version: 1,
        deleted_at: None,
    }
}

fn user(id: u128, username: &str) -> User {
    User {
        id: RowId(id),
        account: "demo".into(),
        username: username.into(),
        email: None,
        name: "Ann \u{1f600}, 'quoted'".into(),
        roles: vec!["operator".into(), "viewer".into()],
        extension: Some("1001".into()),
        disabled: false,
        created_at: NOW,
        updated_at: NOW,
        version: 1,
    }
}

fn session(user: u128) -> Session {
    Session {
        id: RowId(77),
        account: "demo".into(),
        user: RowId(user),
        hash: [7; 32],
        created_at: NOW,
        expires_at: WallTime::from_micros(9_000_000),
        address: "127.0.0.1".into(),
        user_agent: "test".into(),
    }
}

const NOW: WallTime = WallTime::from_micros(5_000_000);
