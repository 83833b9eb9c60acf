//! Passwords between us and trunks, and SHA-256, with a digest of the test's own; what a trunk sees of the caller.

use crate::support::{Call, ECHO, Endpoint, Msg, Node, NodeConfig, is_right};

/// The response of a peer that wants to know who we are.
fn challenge(call: &Call, status: u16, challenges: &[&str]) {
    let name = if status == 407 { "Proxy-Authenticate" } else { "WWW-Authenticate" };
    let lines: String = challenges.iter().map(|one| format!("{name}: Digest {one}\r\n")).collect();
    let invite = call.invite.clone().expect("an incoming call");
    call.respond(&invite, status, &lines, "");
    call.expect_request("ACK");
}

const MD5: &str = "realm=\"carrier\", nonce=\"n1\", algorithm=MD5, qop=\"auth\"";
const SHA256: &str = "realm=\"carrier\", nonce=\"n1\", algorithm=SHA-256, qop=\"auth\"";

fn with_login() -> NodeConfig {
    NodeConfig::demo().set("trunk.0.username", "acme").set("trunk.0.password", "acme-secret")
}

#[test]
fn a_carrier_that_asks_for_our_password_gets_it() {
    let node = Node::start(with_login());
    let phone = node.registered("1001");
    for (status, asked, algorithm) in [
        (407, vec![MD5], "algorithm=MD5"),
        (401, vec![SHA256], "algorithm=SHA-256"),
        (407, vec![MD5, SHA256], "algorithm=SHA-256"),
    ] {
        let header = if status == 407 { "Proxy-Authorization" } else { "Authorization" };
        let mut call = phone.call("+442079460123");
        let first = node.carrier.expect_call();
        challenge(&first, status, &asked);
        let outside = node.carrier.expect_call();
        assert_eq!(outside.id, first.id, "the same call (RFC 3261 22.2)");
        let invite = outside.invite.clone().expect("an incoming call");
        assert_eq!(invite.cseq(), 2);
        let credentials = invite.header(header).to_owned();
        assert!(credentials.contains(algorithm) && is_right(&credentials, "INVITE", "acme-secret"), "{credentials}");
        assert!(!is_right(&credentials, "INVITE", "other") && !is_right(&credentials, "BYE", "acme-secret"));
        outside.answer();
        call.expect_final(200);
        call.bye();
        let bye: Msg = outside.expect_bye();
        assert!(is_right(bye.header(header), "BYE", "acme-secret"), "{bye:?}");
        assert!(bye.header(header).contains("nc=00000002"), "{bye:?}");
    }
}

#[test]
fn a_wrong_password_is_tried_once() {
    let node = Node::start(with_login());
    let phone = node.registered("1001");
    let mut call = phone.call("+442079460123");
    challenge(&node.carrier.expect_call(), 407, &[MD5]);
    challenge(&node.carrier.expect_call(), 407, &[&MD5.replace("n1", "n2")]);
    call.expect_final(502);
    assert_eq!(node.http().record_of(&call.id)["cause"]["sip"], 407);
    assert!(!node.carrier.has(|msg| msg.is_request("INVITE")), "no third INVITE");
}

/// A PBX somewhere, known by its password.
fn with_pbx(algorithms: &str) -> NodeConfig {
    NodeConfig::demo().push(
        "trunk",
        &format!(
            "name = \"pbx\"\ndestination = \"udp:127.0.0.6:5060\"\ninbound_username = \"pbx\"\n\
             inbound_password = \"pbx-secret\"\nalgorithms = \"{algorithms}\"\ncalls_max = 1"
        ),
    )
}

#[test]
fn a_trunk_is_known_by_its_password() {
    for algorithms in ["md5", "sha-256", "both"] {
        let node = Node::start(with_pbx(algorithms));
        let pbx = |password| Endpoint::stranger([127, 0, 0, 6], node.sip(), "pbx", password);
        let mut call = pbx("pbx-secret").call(ECHO);
        call.expect_final(200);
        let mut second = pbx("pbx-secret").call(ECHO);
        assert!(!second.expect_final(503).header("Retry-After").is_empty(), "its limit, whichever address");
        call.bye();
        assert_eq!(node.http().record_of(&call.id)["direction"], "inbound");
        let mut wrong = pbx("guess").call(ECHO);
        wrong.expect_final(401);
    }
}

#[test]
fn a_phone_registers_and_calls_with_sha_256() {
    for (algorithms, offered) in [("sha-256", 1), ("both", 2)] {
        let node = Node::start(NodeConfig::demo().set("agents.0.algorithms", algorithms));
        let phone = node.phone("1001");
        let registration = phone.register();
        let challenges: Vec<&str> = registration.challenge.all("WWW-Authenticate").collect();
        assert_eq!(challenges.len(), offered);
        assert!(challenges[0].contains("algorithm=SHA-256"), "best first (RFC 8760 2.3): {challenges:?}");
        let mut call = phone.call(ECHO);
        call.expect_final(200);
        call.bye();
    }
}

#[test]
fn a_trunk_sees_of_the_caller_what_its_policy_says() {
    let config = NodeConfig::demo()
        .set("agents.0.caller_id", "+442071830101")
        .set("trunk.0.caller_id_shown", "agent")
        .set("trunk.0.caller_ids_allowed", toml::Value::Array(vec!["+44207183*".into()]))
        .set("trunk.0.identity_trusted", true)
        .set("trunk.0.called_format", "national");
    let dialed = |config: NodeConfig, headers: &[&str]| {
        let node = Node::start(config);
        let phone = node.registered("1001");
        let mut call = Call::begin(&phone, "+442079460123", headers);
        let outside = node.carrier.expect_call();
        outside.reject(486);
        call.expect_final(486);
        outside.invite.expect("an incoming call")
    };
    let open = dialed(config.clone(), &[]);
    assert!(open.header("From").contains("sip:+442071830101@"), "{open:?}");
    assert!(open.header("P-Asserted-Identity").contains("sip:+442071830101@") && open.header("Privacy").is_empty());
    assert!(open.uri().starts_with("sip:02079460123@"), "{open:?}");
    let hidden = dialed(config.clone(), &["Privacy: id\r\n"]);
    assert!(hidden.header("From").contains("sip:anonymous@anonymous.invalid"), "{hidden:?}");
    assert_eq!(hidden.header("Privacy"), "id");
    assert!(hidden.header("P-Asserted-Identity").contains("sip:+442071830101@"), "{hidden:?}");
    let untrusted = dialed(config.set("trunk.0.identity_trusted", false), &["Privacy: id\r\n"]);
    assert!(untrusted.header("P-Asserted-Identity").is_empty() && !untrusted.contact().contains("1830101"));
}
