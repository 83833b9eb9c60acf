use super::*;
use crate::Source;

const URI: &str = "sip:+441632960001@carrier.example";

fn client(algorithms: AlgorithmChoice) -> ClientAuth {
    ClientAuth::new(ClientCredentials { algorithms, ..ClientCredentials::new("acme", "secret") })
}

fn message(text: &str) -> Message {
    Message::parse(text.replace('\n', "\r\n").into_bytes().into(), Source::Datagram).unwrap()
}

fn response(status: u16, challenges: &[&str]) -> Message {
    let name = if status == 407 { "Proxy-Authenticate" } else { "WWW-Authenticate" };
    let lines: String = challenges.iter().map(|one| format!("{name}: Digest {one}\n")).collect();
    message(&format!("SIP/2.0 {status} No\n{lines}Content-Length: 0\n\n"))
}

/// The next request, with the answers to what was asked so far.
fn request(auth: &mut ClientAuth) -> Message {
    let answers = auth.answers((&Method::Invite, URI, b""), "cn");
    let lines: String = answers.iter().map(|(name, answer)| format!("{}: {answer}\n", name.as_str())).collect();
    message(&format!("INVITE {URI} SIP/2.0\n{lines}Content-Length: 0\n\n"))
}

const MD5: &str = "realm=\"r\", nonce=\"m\", algorithm=MD5, qop=\"auth\"";
const SHA: &str = "realm=\"r\", nonce=\"s\", algorithm=SHA-256, qop=\"auth\"";

#[test]
fn sha_256_goes_first_and_a_trunk_may_know_one_only() {
    use crate::digest::Algorithm::{Md5, Sha256};
    for (choice, offered, wanted) in [
        (AlgorithmChoice::Both, vec![MD5, SHA], Some(Sha256)),
        (AlgorithmChoice::Both, vec![SHA, MD5], Some(Sha256)),
        (AlgorithmChoice::Both, vec![MD5], Some(Md5)),
        (AlgorithmChoice::Md5, vec![SHA, MD5], Some(Md5)),
        (AlgorithmChoice::Sha256, vec![MD5, SHA], Some(Sha256)),
        (AlgorithmChoice::Sha256, vec![MD5], None),
        (AlgorithmChoice::Both, vec![], None),
    ] {
        let mut auth = client(choice);
        let first = request(&mut auth);
        assert_eq!(auth.take(&first, &response(401, &offered)), wanted.is_some(), "{choice:?} {offered:?}");
        let again = request(&mut auth);
        let sent = again.authorization().unwrap();
        assert_eq!(sent.first().map(|one| one.algorithm), wanted);
        assert!(sent.len() <= 1, "one answer a realm");
    }
}

#[test]
fn a_wrong_password_does_not_loop() {
    for qop in ["", ", qop=\"auth\""] {
        let mut auth = client(AlgorithmChoice::Both);
        let ask = |number: u32| response(401, &[&format!("realm=\"r\", nonce=\"{number}\"{qop}")]);
        let first = request(&mut auth);
        assert!(auth.take(&first, &ask(1)));
        let second = request(&mut auth);
        assert!(!auth.take(&second, &ask(2)), "a new nonce is no new password");
    }
}

#[test]
fn an_old_nonce_is_replaced_and_a_server_that_calls_all_stale_is_given_up() {
    let mut auth = client(AlgorithmChoice::Both);
    let stale = |number: u32| response(401, &[&format!("realm=\"r\", nonce=\"{number}\", stale=true, qop=\"auth\"")]);
    let mut last = request(&mut auth);
    let mut taken = 0;
    for number in 0..9 {
        if !auth.take(&last, &stale(number)) {
            break;
        }
        taken += 1;
        last = request(&mut auth);
    }
    assert_eq!(taken, 2, "the first challenge, and one that says stale");
    let mut auth = client(AlgorithmChoice::Both);
    let first = request(&mut auth);
    assert!(auth.take(&first, &stale(1)));
    let (_, later) = (request(&mut auth), request(&mut auth));
    assert_eq!(later.authorization().unwrap()[0].qop.as_ref().map(|used| used.count), Some(2), "counts grow");
    assert!(auth.take(&later, &stale(2)), "it was good once");
    let again = request(&mut auth);
    let answer = again.authorization().unwrap().remove(0);
    assert_eq!((answer.nonce.as_str(), answer.qop.unwrap().count), ("2", 1));
}

#[test]
fn every_realm_on_the_way_gets_its_answer() {
    let mut auth = client(AlgorithmChoice::Both);
    let first = request(&mut auth);
    assert!(auth.take(&first, &response(407, &["realm=\"edge\", nonce=\"1\"", "realm=\"core\", nonce=\"2\""])));
    let second = request(&mut auth);
    assert_eq!(second.proxy_authorization().unwrap().len(), 2);
    assert!(auth.take(&second, &response(401, &[SHA])));
    let third = request(&mut auth);
    assert_eq!((third.proxy_authorization().unwrap().len(), third.authorization().unwrap().len()), (2, 1));
    assert!(auth.take(&third, &response(407, &["realm=\"core\", nonce=\"3\""])), "its nonce was good before");
    let fourth = request(&mut auth);
    assert!(!auth.take(&fourth, &response(407, &["realm=\"core\", nonce=\"4\""])));
}

#[test]
fn what_is_no_challenge_is_not_answered() {
    for (status, challenge) in [(403, MD5), (401, "realm=\"r\""), (401, "realm=\"r\", nonce=\"n\", algorithm=ROT13")] {
        let mut auth = client(AlgorithmChoice::Both);
        let first = request(&mut auth);
        assert!(!auth.take(&first, &response(status, &[challenge])) && !auth.is_asked(), "{status} {challenge}");
    }
}
