//! Registering at a carrier.

use super::*;

fn registered(hosts: &[&str]) -> TrunkConfig {
    TrunkConfig { register: Some(register_config()), ..trunk(hosts) }
}

fn challenge() -> String {
    format!("401\nWWW-Authenticate: Digest realm=\"{REALM}\", nonce=\"n\", algorithm=MD5, qop=\"auth\"")
}

/// Challenges, then grants 100 s.
fn grants(request: &Message, _: &Peer, _: u32) -> Option<String> {
    credentials_of(request).map_or_else(|| Some(challenge()), |_| Some("200\nContact: <sip:b2f5@h>;expires=100".into()))
}

#[test]
fn it_answers_the_challenge_refreshes_in_time_and_leaves() {
    let mut rig = Rig::new(registered(&["192.0.2.1"]), grants);
    let (_, peer, first) = &rig.requests[0];
    assert_eq!(peer.addr, ([192, 0, 2, 1], 5060).into());
    assert_eq!(first.request_uri_text(), "sip:192.0.2.1:5060");
    assert_eq!(first.header(Name::Contact).next(), Some("<sip:b2f5@192.0.2.200:5060>;expires=600"));
    let answer = credentials_of(&rig.requests[1].2).unwrap();
    assert!(answer.contains("username=\"4420718\"") && answer.contains(REALM), "{answer}");
    assert_eq!(rig.changes.last(), Some(&(true, Reason::Ok)));
    assert_eq!(rig.told.last().unwrap().contact_user.as_deref(), Some("b2f5"));
    let view = rig.view().registration.unwrap();
    assert!(view.registered && view.seen_as == Some(ours()));
    assert_eq!(view.expires_at, Some(rig.now.wall + Duration::from_secs(100)), "as granted, not as asked");
    rig.pass(Duration::from_secs(69));
    assert_eq!((rig.requests.len(), rig.keep_alives), (2, 2));
    rig.pass(Duration::from_secs(12));
    assert_eq!(rig.requests.len(), 4, "refreshed with a fifth of its time left");
    let identity = |at: usize| {
        let request = &rig.requests[at].2;
        (request.call_id().unwrap().to_owned(), request.cseq().unwrap().0)
    };
    assert_eq!(identity(0).0, identity(2).0, "one Call-ID (RFC 3261 10.2)");
    assert!(identity(2).1 > identity(1).1, "CSeq grows");
    rig.input(Input::Stop);
    let leave = &rig.requests.last().unwrap().2;
    assert_eq!((leave.expires_s(), rig.stopped), (Ok(Some(0)), 1));
    rig.pass(Duration::from_secs(1_000));
    assert_eq!((rig.stopped, rig.view().reason), (1, Reason::Stopping));
}

#[test]
fn a_registrar_that_wants_longer_gets_it() {
    let mut rig = Rig::new(registered(&["192.0.2.1"]), |request, _, _| {
        let asked = request.expires_s().unwrap().unwrap();
        Some(if asked < 1_800 { "423\nMin-Expires: 1800".into() } else { format!("200\nExpires: {asked}") })
    });
    assert_eq!(rig.requests.len(), 2);
    assert!(rig.view().up);
    rig.pass(Duration::from_secs(1_200));
    assert_eq!(rig.requests.len(), 2, "1,800 s hold");
    let mut greedy = Rig::new(registered(&["192.0.2.1"]), |request, _, _| {
        Some(format!("423\nMin-Expires: {}", request.expires_s().unwrap().unwrap() + 1))
    });
    greedy.pass(Duration::from_secs(1));
    assert_eq!(greedy.view().reason, Reason::RegistrationFailed);
    assert!(greedy.requests.len() <= 5, "it is not led on for ever");
}

#[test]
fn a_wrong_password_is_tried_rarely_and_an_outage_with_growing_pauses() {
    let mut rig = Rig::new(registered(&["192.0.2.1"]), |_, _, _| Some(challenge()));
    assert_eq!(rig.changes.last(), Some(&(false, Reason::RegistrationRefused)));
    assert!(rig.view().registration.is_some_and(|one| !one.registered && one.status == Some(401)));
    rig.pass(Duration::from_secs(600));
    let tries = rig.requests.len() / 2;
    assert!((3..=8).contains(&tries), "{tries} tries in ten minutes");

    let mut rig = Rig::new(registered(&["192.0.2.1"]), |_, _, _| Some("500\nRetry-After: 40".into()));
    assert_eq!(rig.view().reason, Reason::RegistrationFailed);
    rig.pass(Duration::from_secs(39));
    assert_eq!(rig.requests.len(), 1, "Retry-After holds");
    rig.answer = grants;
    rig.pass(Duration::from_secs(40));
    assert!(rig.view().up, "and it recovers");
}

#[test]
fn the_next_registrar_is_tried_at_once_and_a_former_registration_lasts_its_time() {
    let mut config = trunk(&["192.0.2.1"]);
    config.register = Some(RegisterConfig {
        registrar: Some(Destination { host: Host::parse("reg.example").unwrap(), port: Some(5060), transport: None }),
        ..register_config()
    });
    let mut rig =
        Rig::new(config, |request, peer, seen| match peer.addr.ip() == core::net::IpAddr::from([192, 0, 2, 7]) {
            true => Some("503".into()),
            false => grants(request, peer, seen),
        });
    assert_eq!(rig.changes.last(), Some(&(false, Reason::Resolving)));
    let records = vec![Record::Address([192, 0, 2, 7].into()), Record::Address([192, 0, 2, 8].into())];
    let query = Query::Addresses { host: "reg.example".into() };
    rig.input(Input::Resolved { query, records, ttl: Duration::from_secs(3_600) });
    assert_eq!(rig.view().registration.unwrap().registrar, Some(([192, 0, 2, 8], 5060).into()));
    let sources = &rig.told.last().unwrap().sources;
    assert_eq!(sources.len(), 3, "calls may come from the registrar too: {sources:?}");

    rig.answer = |_, _, _| None;
    rig.pass(Duration::from_secs(95));
    assert!(rig.view().up, "registered until 100 s are over");
    rig.pass(Duration::from_secs(20));
    assert_eq!((rig.view().up, rig.view().reason), (false, Reason::RegistrarUnanswered));
}

#[test]
fn a_trunk_that_is_taken_out_is_unregistered() {
    let mut rig = Rig::new(registered(&["192.0.2.1"]), grants);
    rig.input(Input::Configure(vec![trunk(&["192.0.2.1"])]));
    assert_eq!(rig.requests.last().unwrap().2.expires_s(), Ok(Some(0)));
    assert!(rig.view().registration.is_none() && rig.view().up);
}
