//! REGISTER and digest: what a phone gets, and what an attacker learns.

use serde_json::Value;

use crate::support::{Endpoint, Node, NodeConfig, eventually, unique, until};

#[test]
fn registered_shown_and_removed() {
    let node = Node::demo();
    let phone = node.phone("1001");
    let registration = phone.register();
    let challenge = registration.challenge.header("WWW-Authenticate");
    for part in ["Digest", "realm=\"demo.local\"", "nonce=\"", "qop=\"auth\""] {
        assert!(challenge.contains(part), "{part} in {challenge}");
    }
    // MD5 by default: some phones refuse any challenge with SHA-256.
    assert_eq!(registration.challenge.all("WWW-Authenticate").count(), 1);
    assert!(!challenge.contains("SHA-256"), "{challenge}");
    let shown = node.http().get("/v1/registrations").json();
    assert_eq!(shown["data"].as_array().map(Vec::len), Some(1), "{shown:#}");
    assert!(shown.to_string().contains(&phone.addr().to_string()), "{shown:#}");
    node.http().wait_agent("1001", "ready");
    // In the demo a new phone replaces the former.
    let newer = node.registered("1001");
    let contacts: Vec<String> = newer.register().response.all("Contact").map(str::to_owned).collect();
    assert_eq!(contacts.len(), 1, "{contacts:?}");
    let removed = newer.register_for(0).response;
    assert_eq!((removed.status(), removed.all("Contact").count()), (200, 0));
    node.http().wait_agent("1001", "offline");
}

#[test]
fn too_short_a_time_is_423_with_the_least() {
    let node = Node::demo();
    let refused = node.phone("1001").register_for(1).response;
    assert_eq!(refused.status(), 423, "{refused:?}");
    assert!(refused.header("Min-Expires").parse::<u32>().is_ok_and(|least| least > 1), "{refused:?}");
}

#[test]
fn a_wrong_password_and_an_unknown_user_look_the_same() {
    let node = Node::demo();
    let wrong = Endpoint::stranger([127, 0, 0, 4], node.sip(), "1001", "not-the-password");
    let unknown = Endpoint::stranger([127, 0, 0, 5], node.sip(), "8888", "not-the-password");
    let (wrong, unknown) = (wrong.register_for(3600), unknown.register_for(3600));
    for (one, other) in [(&wrong.challenge, &unknown.challenge), (&wrong.response, &unknown.response)] {
        assert_eq!(one.start, other.start);
        assert_eq!(one.names(), other.names());
        assert_eq!(one.body, other.body);
        let shape = |msg: &crate::support::Msg| {
            let challenge = msg.header("WWW-Authenticate").to_owned();
            let nonce = challenge.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).map(str::len);
            (
                nonce,
                challenge
                    .split(',')
                    .map(|part| part.trim().split('=').next().unwrap_or_default().to_owned())
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(shape(one), shape(other));
    }
    assert!([401, 403].contains(&wrong.response.status()), "{}", wrong.response.start);
    assert_eq!(node.http().get("/v1/registrations").json()["data"], Value::Array(Vec::new()));
}

#[test]
fn five_failures_are_followed_by_silence_for_strangers_only() {
    let node = Node::demo();
    let guesser = Endpoint::stranger([127, 0, 0, 6], node.sip(), "1001", "guess");
    for _ in 0..5 {
        assert_ne!(guesser.register_for(3600).response.status(), 200);
    }
    let call_id = unique();
    let head = guesser.head("REGISTER", "sip:demo.local", "sip:1001@demo.local", &call_id, 1);
    guesser.send(head + "Content-Length: 0\r\n\r\n");
    // OPTIONS is answered by another: when it is, the REGISTER before it has been read.
    node.carrier.assert_alive();
    assert!(!guesser.has(|msg| msg.call_id() == call_id), "silence after five failures");
    node.registered("1002").assert_alive();
}

#[test]
fn a_stale_nonce_is_said_to_be_stale() {
    let node = Node::demo();
    let phone = node.registered("1001");
    let challenge = phone.register_as(&unique(), 1, 3600, "");
    let credentials = phone.credentials(&challenge, "REGISTER", "sip:demo.local");
    let call_id = unique();
    assert_eq!(phone.register_as(&call_id, 1, 3600, &credentials).status(), 200);
    // The same nonce and count once more: a replay.
    let replayed = phone.register_as(&call_id, 2, 3600, &credentials);
    assert_eq!(replayed.status(), 401, "{replayed:?}");
    assert!(replayed.header("WWW-Authenticate").to_ascii_lowercase().contains("stale=true"), "{replayed:?}");
    let fresh = phone.credentials(&replayed, "REGISTER", "sip:demo.local");
    assert_eq!(phone.register_as(&call_id, 3, 3600, &fresh).status(), 200);
    // A nonce that we never gave is no failure of the password either.
    let foreign = credentials.replace("nonce=\"", "nonce=\"0");
    let refused = phone.register_as(&call_id, 4, 3600, &foreign);
    assert_eq!(refused.status(), 401);
}

#[test]
fn bindings_over_udp_survive_a_restart() {
    let mut node = Node::start(NodeConfig::demo().queue_times(15, 120, 0));
    let phone = node.registered("1001");
    node.kill();
    node.restart();
    node.http().wait_agent("1001", "ready");
    let mut caller = node.carrier.call(crate::support::SUPPORT);
    caller.expect_final(200);
    let offer = phone.expect_call();
    offer.answer();
    node.http().wait_agent("1001", "on_call");
    caller.bye();
    offer.expect_bye();
}

#[test]
fn several_contacts_ring_together_where_allowed() {
    let node = Node::start(NodeConfig::demo().set("agents.0.contacts_max", 5));
    let (desk, mobile) = (node.registered("1001"), node.registered("1001"));
    let caller = node.registered("1002");
    let mut call = caller.call("1001");
    let (at_desk, on_mobile) = (desk.expect_call(), mobile.expect_call());
    at_desk.reply(180);
    on_mobile.reply(180);
    on_mobile.answer();
    let cancel = at_desk.expect_cancel();
    assert!(cancel.header("Reason").contains("cause=200"), "completed elsewhere: {cancel:?}");
    call.expect_final(200);
    call.bye();
    on_mobile.expect_bye();
}

#[test]
fn a_ban_is_listed_released_and_forgotten() {
    let node = Node::demo();
    let guesser = Endpoint::stranger([127, 0, 0, 6], node.sip(), "1001", "guess");
    for _ in 0..5 {
        assert_eq!(guesser.register_for(3600).response.status(), 401);
    }
    let bans = until(
        "the ban",
        || node.http().get("/v1/bans").json(),
        |bans| bans["data"].as_array().is_some_and(|bans| bans.len() == 1),
    );
    let ban = &bans["data"][0];
    assert_eq!((&ban["address"], &ban["user"]), (&"127.0.0.6".into(), &"1001".into()), "{ban:#}");
    assert_eq!(ban["why"], "wrong_passwords");
    // The password is known by now, and yet there is silence, to REGISTER and to INVITE.
    let owner = Endpoint::stranger([127, 0, 0, 6], node.sip(), "1001", "demo-1001");
    let dropped = || node.http().metric("trunkline_drops_total{reason=\"banned\"}") as u64;
    for method in ["REGISTER", "INVITE"] {
        let call_id = unique();
        let head = owner.head(method, "sip:demo.local", "sip:1001@demo.local", &call_id, 1);
        let before = dropped();
        owner.send(head + "Content-Length: 0\r\n\r\n");
        eventually("a drop", || (dropped() > before).then_some(()));
        assert!(!owner.has(|msg| msg.call_id() == call_id), "silence to {method}");
    }
    assert_eq!(node.http().metric("trunkline_bans_active") as u64, 1);
    let release = format!("/v1/bans/{}/release", ban["id"].as_str().unwrap_or_default());
    assert_eq!(node.http().send("POST", &release, &[], None).status, 200);
    owner.register();
    assert_eq!(node.http().send("POST", &release, &[], None).status, 404);
    assert_eq!(node.http().get("/v1/bans").json()["data"], Value::Array(Vec::new()));
    // A phone is registered from there now: guesses are refused, and no ban begins.
    for _ in 0..6 {
        assert_eq!(guesser.register_for(3600).response.status(), 401);
    }
}
