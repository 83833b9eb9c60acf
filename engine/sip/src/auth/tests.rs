use super::*;
use crate::digest::answer_challenge;

const REALM: &str = "demo.local";

fn authenticator(algorithms: &[Algorithm], instance: u16) -> Authenticator {
    Authenticator::new(AuthConfig {
        realm: REALM.into(),
        secret: [7; 32],
        instance,
        algorithms: algorithms.into(),
        nonce_lifetime: DEFAULT_NONCE_LIFETIME,
    })
}

fn lookup(user: &str, algorithm: Algorithm) -> Option<Ha1> {
    (user == "1001").then(|| Ha1::new(algorithm, user, REALM, "demo-1001"))
}

fn at(seconds: i64) -> WallTime {
    WallTime::from_micros(1_700_000_000_000_000 + seconds * 1_000_000)
}

fn answer(challenge: &Challenge, user: &str, password: &str, count: u32) -> Vec<Credentials> {
    let uri = "sip:demo.local";
    vec![answer_challenge(challenge, (user, password), (&Method::Register, uri, b""), count, "cnonce")]
}

#[test]
fn the_right_password_is_granted_once_for_each_count() {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        let mut auth = authenticator(&[algorithm], 0);
        assert_eq!(auth.check(at(0), &Method::Register, &[], lookup), Verdict::Challenge { stale: false });
        let challenge = auth.challenges(at(0), false).remove(0);
        let granted = Verdict::Granted { user: "1001".into() };
        for count in [1, 2, 3] {
            let answer = answer(&challenge, "1001", "demo-1001", count);
            assert_eq!(auth.check(at(1), &Method::Register, &answer, lookup), granted);
            assert_eq!(auth.check(at(1), &Method::Register, &answer, lookup), Verdict::Challenge { stale: true });
        }
        let other_method = answer(&challenge, "1001", "demo-1001", 4);
        assert!(matches!(auth.check(at(1), &Method::Invite, &other_method, lookup), Verdict::Failure { .. }));
    }
}

#[test]
fn unknown_users_and_wrong_passwords_look_the_same() {
    let mut auth = authenticator(&[Algorithm::Md5], 0);
    let challenge = auth.challenges(at(0), false).remove(0);
    for (user, password) in [("1001", "wrong"), ("9999", "demo-9999"), ("", ""), ("nobody", "")] {
        let fresh = auth.check(at(1), &Method::Register, &answer(&challenge, user, password, 1), lookup);
        assert_eq!(fresh, Verdict::Failure { user: user.into() });
        let late = auth.check(at(1_000), &Method::Register, &answer(&challenge, user, password, 1), lookup);
        assert_eq!(late, Verdict::Challenge { stale: true });
    }
}

#[test]
fn old_and_foreign_nonces_are_stale_whatever_the_password() {
    let mut auth = authenticator(&[Algorithm::Md5], 0);
    let mut other_shard = authenticator(&[Algorithm::Md5], 1);
    let own = auth.challenges(at(0), false).remove(0);
    let foreign = other_shard.challenges(at(0), false).remove(0);
    let forged = Challenge { nonce: own.nonce.replace(&own.nonce[40..], "0000000000000000"), ..own.clone() };
    let odd = Challenge { nonce: "é".repeat(28), ..own.clone() };
    let stale = Verdict::Challenge { stale: true };
    for password in ["demo-1001", "wrong"] {
        let mut check = |now, challenge: &Challenge| {
            auth.check(now, &Method::Register, &answer(challenge, "1001", password, 9), lookup)
        };
        assert_eq!(check(at(301), &own), stale);
        assert_eq!(check(at(-6), &own), stale, "the clock was set back");
        assert_eq!(
            [check(at(1), &foreign), check(at(1), &forged), check(at(1), &odd)],
            [stale.clone(), stale.clone(), stale.clone()]
        );
    }
    assert!(matches!(
        auth.check(at(300), &Method::Register, &answer(&own, "1001", "demo-1001", 1), lookup),
        Verdict::Granted { .. }
    ));
}

#[test]
fn clients_without_qop_are_served() {
    let mut auth = authenticator(&[Algorithm::Md5], 0);
    let challenge = Challenge { qop: vec![], ..auth.challenges(at(0), false).remove(0) };
    let right = auth.check(at(1), &Method::Register, &answer(&challenge, "1001", "demo-1001", 1), lookup);
    assert_eq!(right, Verdict::Granted { user: "1001".into() });
    let wrong = auth.check(at(1), &Method::Register, &answer(&challenge, "1001", "no", 1), lookup);
    assert!(matches!(wrong, Verdict::Failure { .. }));
}

#[test]
fn what_was_not_offered_is_challenged_again() {
    let mut auth = authenticator(&[Algorithm::Sha256, Algorithm::Md5], 0);
    let offered = auth.challenges(at(0), false);
    assert_eq!(offered.iter().map(|one| one.algorithm).collect::<Vec<_>>(), [Algorithm::Sha256, Algorithm::Md5]);
    for challenge in [
        Challenge { algorithm: Algorithm::Md5Sess, ..offered[0].clone() },
        Challenge { qop: vec![Qop::AuthInt], ..offered[0].clone() },
        Challenge { realm: "other".into(), ..offered[0].clone() },
    ] {
        let verdict = auth.check(at(1), &Method::Register, &answer(&challenge, "1001", "demo-1001", 1), lookup);
        assert_eq!(verdict, Verdict::Challenge { stale: false });
    }
    let mut both = answer(&Challenge { realm: "other".into(), ..offered[0].clone() }, "x", "y", 1);
    both.extend(answer(&offered[1], "1001", "demo-1001", 1));
    assert!(matches!(auth.check(at(1), &Method::Register, &both, lookup), Verdict::Granted { .. }));
}

#[test]
fn nonces_of_one_moment_differ() {
    let mut auth = authenticator(&[Algorithm::Md5], 0);
    let (one, other) = (auth.challenges(at(0), false).remove(0), auth.challenges(at(0), false).remove(0));
    assert_ne!(one.nonce, other.nonce);
    for challenge in [one, other] {
        let verdict = auth.check(at(1), &Method::Register, &answer(&challenge, "1001", "demo-1001", 1), lookup);
        assert!(matches!(verdict, Verdict::Granted { .. }), "two phones with the same count");
    }
}
