//! People in the database: all or none of a change, with its log.

use clock::WallTime;
use journal_core::{AuditNote, Entry};
use records::{
    Account, Actor, ActorKind, AuditFilter, AuditOutcome, Change, ChangeError, Refused, RowId, Session, User,
    keep_people, kept_people,
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

/// Commands stand in the journal; changes of people come between them, and a restart reads the journal again.
pub(crate) async fn commands_are_in_the_log_once_and_in_its_chain(on: On) {
    let mut world = World::open(on).await;
    let put = |id, name: &str| Change::User { row: user(id, name), password_hash: None, based_on: None };
    world.append(command(1, AuditOutcome::Done));
    world.applied().await;
    world.database.change_people(&actor(), vec![put(1, "ann")], NOW).await.unwrap();
    world.append(command(2, AuditOutcome::Refused));
    world.append(command(3, AuditOutcome::Done));
    world.applied().await;
    world.crash_projector().await;
    world.append(command(4, AuditOutcome::Done));
    world.applied().await;
    check_chain(&world, &["hang_up", "user.created", "hang_up", "hang_up", "hang_up"]).await;
    let refused = AuditFilter { outcome: vec![AuditOutcome::Refused], ..all() };
    let refused = world.database.audit_log(&refused).await.unwrap();
    assert_eq!((refused.len(), &refused[0].resource_id, refused[0].seq), (1, &"call_2".to_owned(), 3));
    assert_eq!(refused[0].after, serde_json::json!({"status": 202}));

    // The database went on with another journal and came back: all of this one is read again.
    let disk = world.stop().await;
    let other = World::open(on).await.stop().await;
    other.store.restore(&disk.store.copy());
    let elsewhere = other.unprojected().await;
    records::adopt(&elsewhere.database, &elsewhere.journal).await.unwrap();
    elsewhere.prepare().await.unwrap();
    let other = elsewhere.stop().await;
    disk.store.restore(&other.store.copy());
    let back = disk.unprojected().await;
    records::adopt(&back.database, &back.journal).await.unwrap();
    let world = back.stop().await.start().await;
    world.append(command(5, AuditOutcome::Done));
    world.applied().await;
    check_chain(&world, &["hang_up", "user.created", "hang_up", "hang_up", "hang_up", "hang_up"]).await;
    let people = world.database.people().await.unwrap();
    assert_eq!(people.version, 6, "the next change is chained to the last command");
}

fn command(number: u32, outcome: AuditOutcome) -> Entry {
    Entry::Audit(Box::new(AuditNote {
        at: NOW,
        account: "demo".into(),
        actor_kind: ActorKind::User,
        actor_id: "user_1".into(),
        actor_name: "ann".into(),
        address: "127.0.0.1".into(),
        user_agent: "test".into(),
        request_id: format!("req_{number}"),
        action: "hang_up".into(),
        resource_type: "call".into(),
        resource_id: format!("call_{number}"),
        outcome,
        detail: r#"{"status":202}"#.into(),
    }))
}

/// Each entry follows the one before it, and its hash says so.
async fn check_log(world: &World, last: u64) {
    let changes =
        ["user.created", "session.created", "user.updated", "session.ended", "session.refused", "user.deleted"];
    check_chain(world, &changes).await;
    assert_eq!(last, changes.len() as u64);
    let two = AuditFilter { action: vec!["user.created".into(), "user.deleted".into()], before_seq: Some(5), ..all() };
    assert_eq!(world.database.audit_log(&two).await.unwrap().len(), 1);
}

async fn check_chain(world: &World, actions: &[&str]) {
    let mut entries = world.database.audit_log(&all()).await.unwrap();
    entries.reverse();
    let mut chain = [0; 32];
    for (entry, number) in entries.iter().zip(1..) {
        assert_eq!((entry.seq, entry.hash), (number, entry.hash_after(&chain)), "{entry:?}");
        chain = entry.hash;
    }
    assert_eq!(entries.iter().map(|entry| entry.action.as_str()).collect::<Vec<_>>(), actions);
}

fn all() -> AuditFilter {
    AuditFilter {
        account: "demo".into(),
        actor: Vec::new(),
        action: Vec::new(),
        resource_type: Vec::new(),
        resource_id: None,
        outcome: Vec::new(),
        at_gte: None,
        at_lt: None,
        before_seq: None,
        limit: 100,
    }
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
