use std::net::IpAddr;

use records::User;

use super::*;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const NOW: WallTime = WallTime::from_micros(1_000);

fn user(disabled: bool) -> User {
    User {
        id: RowId(1),
        account: "demo".into(),
        username: "ann".into(),
        email: None,
        name: "Ann".into(),
        roles: vec!["operator".into()],
        extension: Some("1001".into()),
        disabled,
        created_at: NOW,
        updated_at: NOW,
        version: 1,
    }
}

fn session(expires_at: i64) -> Session {
    Session {
        id: RowId(2),
        account: "demo".into(),
        user: RowId(1),
        hash: hash_of("token"),
        created_at: NOW,
        expires_at: WallTime::from_micros(expires_at),
        address: String::new(),
        user_agent: String::new(),
    }
}

fn roster(people: People) -> Roster {
    let roster = Roster::new("demo", vec![ConfigKey::new("demo", "file", "key-of-the-file")]);
    roster.known.send_replace(Arc::new(Known::of(people)));
    roster
}

fn code(roster: &Roster, secret: &str) -> Result<String, Code> {
    roster.admit(&hash_of(secret), HERE, NOW).map(|principal| principal.name).map_err(|problem| problem.code())
}

#[test]
fn sessions_are_good_until_they_end_or_their_user_does() {
    let of = |disabled, expires_at| {
        roster(People { users: vec![user(disabled)], sessions: vec![session(expires_at)], ..People::default() })
    };
    assert_eq!(code(&of(false, 1_001), "token"), Ok("ann".into()));
    assert_eq!(code(&of(false, 1_000), "token"), Err(Code::Unauthorized));
    assert_eq!(code(&of(true, 1_001), "token"), Err(Code::Unauthorized));
    let nobody = roster(People { sessions: vec![session(1_001)], ..People::default() });
    assert_eq!(code(&nobody, "token"), Err(Code::Unauthorized));
    assert_eq!(code(&nobody, "key-of-the-file"), Ok("file".into()));
}

#[test]
fn a_phone_given_to_a_user_works_while_the_user_may() {
    let given = BTreeSet::from([("demo".to_owned(), "1001".to_owned())]);
    let phones = |users| roster(People { users, extensions: given.clone(), ..People::default() }).phones();
    let may = phones(vec![user(false)]);
    assert!(may.barred.is_empty());
    assert_eq!(may.names.get("1001"), Some(&user(false).name), "his agent bears his name");
    let may_not = phones(vec![user(true)]);
    assert!(may_not.barred.contains("1001") && may_not.names.is_empty());
    assert!(phones(vec![]).barred.contains("1001"));
    assert_eq!(roster(People::default()).phones(), Phones::default(), "one that never was a user's is the file's");
}
