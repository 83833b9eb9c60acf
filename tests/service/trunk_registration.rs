//! Registration at a carrier that challenges, refuses what is too short, and grants little.

use std::time::Duration;

use serde_json::Value;

use crate::support::{Call, ECHO, Endpoint, Msg, Node, NodeConfig, is_right, response, until};

const CHALLENGE: &str =
    "WWW-Authenticate: Digest realm=\"carrier.test\", nonce=\"n1\", algorithm=MD5, qop=\"auth\"\r\n";

pub(crate) fn registers_at(registrar: &Endpoint) -> NodeConfig {
    NodeConfig::demo()
        .set("node.drain_s", 1)
        .set("trunk.0.destination", format!("udp:{}", registrar.addr()))
        .set("trunk.0.sources", toml::Value::Array(Vec::new()))
        .set("trunk.0.register", true)
        .set("trunk.0.username", "4420718")
        .set("trunk.0.password", "a-good-password")
        .set("trunk.0.expires_s", 60)
}

pub(crate) fn registrar() -> Endpoint {
    Endpoint::trunk_at([127, 0, 0, 4], "+447700900123")
}

pub(crate) fn registration(node: &Node) -> Value {
    node.http().get("/v1/trunks/carrier").json()["registration"].clone()
}

/// The next REGISTER; those before it that were answered are not taken twice.
pub(crate) fn next_register(registrar: &Endpoint, is_authorized: bool) -> Msg {
    registrar
        .expect("REGISTER", |msg| msg.is_request("REGISTER") && msg.header("Authorization").is_empty() != is_authorized)
}

pub(crate) fn grant(registrar: &Endpoint, register: &Msg, seconds: u32) {
    let contact = format!("Contact: <{}>;expires={seconds}\r\n", register.contact());
    registrar.send(response(register, 200, "r", &contact, ""));
}

#[test]
fn it_answers_the_challenge_refreshes_takes_calls_and_leaves() {
    let registrar = registrar();
    let mut node = Node::start_as_is(registers_at(&registrar), Endpoint::carrier());
    let registrar = registrar.set_server_to(node.sip());
    let first = next_register(&registrar, false);
    assert!(first.header("To").contains("sip:4420718@127.0.0.4"), "{first:?}");
    assert_eq!(registration(&node)["registered"], false);
    registrar.send(response(&first, 401, "r", CHALLENGE, ""));
    let second = next_register(&registrar, true);
    assert!(is_right(second.header("Authorization"), "REGISTER", "a-good-password"), "{second:?}");
    registrar.send(response(&second, 423, "r", "Min-Expires: 90\r\n", ""));
    let third = registrar.expect("a longer one", |msg| msg.is_request("REGISTER") && msg.header("Expires") == "90");
    grant(&registrar, &third, 3);
    let shown = until("registered", || registration(&node), |shown| shown["registered"] == true);
    assert_eq!((&shown["reason"], &shown["status"]), (&"ok".into(), &200.into()), "{shown:#}");
    assert_eq!(node.http().metric("trunkline_trunk_registered{trunk=\"carrier\"}"), 1.0);

    let refresh = registrar.take(Duration::from_secs(3), |msg| msg.is_request("REGISTER")).expect("before it expires");
    assert_eq!(refresh.call_id(), first.call_id(), "one Call-ID (RFC 3261 10.2)");
    grant(&registrar, &refresh, 600);

    calls_reach_the_contact(&node, &registrar, refresh.contact());
    node.terminate();
    let leave = registrar.expect("the end of it", |msg| msg.is_request("REGISTER") && msg.header("Expires") == "0");
    registrar.send(response(&leave, 200, "r", "", ""));
    assert_eq!(node.wait(Duration::from_secs(30)).code(), Some(0), "{}", node.log());
}

/// From the registrar's address to any number, and from anywhere to the Contact, where To has the number.
fn calls_reach_the_contact(node: &Node, registrar: &Endpoint, contact: &str) {
    let mut call = Call::begin(registrar, ECHO, &[]);
    call.expect_final(200);
    call.bye();
    let elsewhere = Endpoint::stranger([127, 0, 0, 5], node.sip(), "+447700900123", "");
    let invite = elsewhere.head("INVITE", contact, &format!("sip:{ECHO}@carrier.test"), "by-contact", 1);
    elsewhere.send(format!("{invite}Content-Length: 0\r\n\r\n"));
    let answer = elsewhere.expect("an answer", |msg| msg.call_id() == "by-contact" && msg.status() >= 200);
    assert_eq!(answer.status(), 200, "{answer:?}");
    let stranger = elsewhere.head("INVITE", &format!("sip:{ECHO}@{}", node.sip()), &format!("sip:{ECHO}@h"), "no", 1);
    elsewhere.send(format!("{stranger}Content-Length: 0\r\n\r\n"));
    let refusal = elsewhere.expect("a challenge", |msg| msg.call_id() == "no" && msg.status() >= 200);
    assert_eq!(refusal.status(), 401, "others are strangers as before");
}

#[test]
fn a_refusal_is_shown_and_calls_out_go_on() {
    let registrar = registrar();
    let node = Node::start_as_is(registers_at(&registrar), Endpoint::carrier());
    let registrar = registrar.set_server_to(node.sip());
    let register = next_register(&registrar, false);
    registrar.send(response(&register, 403, "r", "", ""));
    let shown = until("refused", || registration(&node), |shown| shown["status"] == 403);
    assert_eq!((&shown["registered"], &shown["reason"]), (&false.into(), &"registration_refused".into()));
    let trunk = node.http().get("/v1/trunks/carrier").json();
    assert_eq!((&trunk["up"], &trunk["targets"][0]["up"]), (&false.into(), &true.into()), "{trunk:#}");
    let phone = node.registered("1001");
    let mut call = phone.call("+442079460123");
    registrar.expect_call().reject(486);
    call.expect_final(486);
}
