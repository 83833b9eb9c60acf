//! Trunks by name, several destinations, health, and the address that peers outside are told.

use std::net::Ipv4Addr;
use std::time::Duration;

use serde_json::Value;
use toml::Value as Toml;

use crate::support::{Answer, Call, ECHO, Endpoint, NameServer, Node, NodeConfig, until};

const SERVICE: &str = "_sip._udp.carrier.test";

fn texts(texts: &[String]) -> Toml {
    Toml::Array(texts.iter().map(|text| Toml::String(text.clone())).collect())
}

/// A configuration whose first trunk leads to these destinations.
fn leads_to(config: NodeConfig, destinations: &[String]) -> NodeConfig {
    config.without("trunk.0.destination").set("trunk.0.destinations", texts(destinations))
}

fn trunk(node: &Node) -> Value {
    node.http().get("/v1/trunks/carrier").json()
}

#[track_caller]
fn trunk_when(node: &Node, what: &str, pleases: impl Fn(&Value) -> bool) -> Value {
    until(what, || trunk(node), pleases)
}

#[test]
fn a_trunk_by_name_is_found_followed_and_kept_when_name_servers_fail() {
    let (first, second) = (Endpoint::carrier(), Endpoint::trunk_at([127, 0, 0, 3], "b"));
    let names = NameServer::start();
    let (port, other_port) = (first.addr().port(), second.addr().port());
    names.set(SERVICE, &[Answer::Srv(20, 0, other_port, "b.carrier.test"), Answer::Srv(10, 0, port, "a.carrier.test")]);
    names.set("a.carrier.test", &[Answer::A(Ipv4Addr::new(127, 0, 0, 2))]);
    names.set("b.carrier.test", &[Answer::A(Ipv4Addr::new(127, 0, 0, 3))]);
    let config = NodeConfig::demo().set("dns.servers", texts(&[names.addr().to_string()]));
    let node = Node::start_as_is(leads_to(config, &["carrier.test".to_owned()]), first);
    let shown =
        trunk_when(&node, "both targets", |trunk| trunk["targets"].as_array().is_some_and(|all| all.len() == 2));
    assert_eq!((&shown["up"], &shown["reason"]), (&true.into(), &"ok".into()), "{shown:#}");
    assert_eq!(shown["targets"][0]["address"], format!("127.0.0.2:{port}"), "SRV's lower priority first");
    assert_eq!(node.http().metric("trunkline_trunk_up{trunk=\"carrier\"}"), 1.0);

    let phone = node.registered("1001");
    let mut call = phone.call("+442079460123");
    let outside = node.carrier.expect_call();
    assert!(outside.invite.as_ref().is_some_and(|invite| invite.uri().contains("@carrier.test")), "the name stays");
    outside.reject(486);
    call.expect_final(486);

    names.set(SERVICE, &[Answer::Srv(1, 0, other_port, "b.carrier.test")]);
    trunk_when(&node, "the move to the second", |trunk| {
        trunk["targets"][0]["address"] == format!("127.0.0.3:{other_port}")
    });
    names.fail(true);
    let before = names.asked(SERVICE);
    until("another question", || names.asked(SERVICE), |asked| *asked > before + 1);
    assert_eq!(trunk(&node)["up"], true, "the last good answer is kept");
    let mut call = phone.call("+442079460124");
    let outside = second.set_server_to(node.sip()).expect_call();
    outside.reject(486);
    call.expect_final(486);
}

#[test]
fn a_name_that_nobody_knows_is_down_and_says_so() {
    let names = NameServer::start();
    let config = NodeConfig::demo().set("dns.servers", texts(&[names.addr().to_string()]));
    let node = Node::start_as_is(leads_to(config, &["nobody.test".to_owned()]), Endpoint::carrier());
    let shown = trunk_when(&node, "no address", |trunk| trunk["reason"] == "no_address");
    assert_eq!(shown["up"], false);
    assert_eq!(node.http().metric("trunkline_trunk_up{trunk=\"carrier\"}"), 0.0);
    let phone = node.registered("1001");
    let mut call = phone.call("+442079460123");
    assert!(call.final_response().status() >= 480, "refused at once, not after a time-out");
}

#[test]
fn a_silent_target_is_passed_over_until_it_answers_again() {
    let (first, second) = (Endpoint::carrier(), Endpoint::trunk_at([127, 0, 0, 3], "b"));
    first.mute();
    let destinations = [format!("udp:{}", first.addr()), format!("udp:{}", second.addr())];
    let config = leads_to(NodeConfig::demo(), &destinations).set("trunk.0.health", true);
    let config = config.set("trunk.0.health_interval_s", 1).set("trunk.0.health_down_after", 2);
    let node = Node::start_as_is(config, first);
    let second = second.set_server_to(node.sip());
    let shown = trunk_when(&node, "the first down", |trunk| trunk["targets"][0]["up"] == false);
    assert_eq!((&shown["targets"][0]["reason"], &shown["up"]), (&"unanswered".into(), &true.into()), "{shown:#}");
    let phone = node.registered("1001");
    let mut call = phone.call("+442079460123");
    second.take(Duration::from_secs(3), |msg| msg.is_request("INVITE")).expect("no waiting for the one that is down");
    call.cancel();
    node.carrier.unmute();
    trunk_when(&node, "the first up again", |trunk| trunk["targets"][0]["up"] == true);
    let mut call = phone.call("+442079460123");
    node.carrier.expect_call().reject(486);
    call.expect_final(486);
}

#[test]
fn peers_outside_are_told_the_public_address_and_those_inside_the_local_one() {
    let config = NodeConfig::demo().set("network.public_address", "203.0.113.9");
    let node = Node::start(config.set("network.local_networks", texts(&["127.0.0.1".to_owned()])));
    let mut outside = node.carrier.call(ECHO);
    let answer = outside.expect_final(200);
    assert!(answer.contact().ends_with(&format!("@203.0.113.9:{}", node.sip().port())), "{answer:?}");
    assert_eq!(answer.audio().map(|at| at.ip().to_string()).as_deref(), Some("203.0.113.9"));
    let phone = node.registered("1001");
    let mut inside = Call::begin(&phone, ECHO, &[]);
    let answer = inside.expect_final(200);
    assert_eq!(answer.audio().map(|at| at.ip().to_string()).as_deref(), Some("127.0.0.1"));
    assert!(answer.contact().contains("127.0.0.1"), "{answer:?}");

    let mut out = phone.call("+442079460123");
    let there = node.carrier.expect_call();
    let invite = there.invite.clone().expect("an INVITE");
    assert!(invite.header("Via").contains("203.0.113.9"), "{invite:?}");
    assert_eq!(invite.audio().map(|at| at.ip().to_string()).as_deref(), Some("203.0.113.9"));
    there.reject(486);
    out.expect_final(486);
}
