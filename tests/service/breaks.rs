//! Owners that break an assertion while the node stays up (DESIGN section 4, Failure domains). That of a shard with
//! calls in all stages is in `tests/crash.rs`.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::campaign::{self, Campaign};
use crate::queue_calls::talk;
use crate::support::{Call, ECHO, Endpoint, EventStream, Node, NodeConfig, Rtp, SUPPORT, sdp, until};
use crate::trunk_registration::{grant, next_register, registers_at, registrar, registration};

#[test]
fn an_acd_that_breaks_forgets_nobody() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 300, 3));
    let (talker, wrapping) = (node.registered("1001"), node.registered("1002"));
    let (mut talking, at_phone) = talk(&node, &talker);
    let (mut ended, _) = talk(&node, &wrapping);
    let callers: Vec<Call> = (0..4).map(|at| waiting(&node, at)).collect();
    ended.bye();
    let before = node.http().wait_agent("1002", "wrap_up");

    node.break_once("acd");

    assert_eq!(node.http().agent("1001")["state"], "on_call");
    assert_eq!(node.http().wait_waiting("support", 4)["waiting"], 4);
    // The wrap-up goes on from where it was, and then the first who came is served.
    assert_eq!(node.http().agent("1002")["state_since"], before["state_since"]);
    let offer = wrapping.expect_call();
    assert_caller(&offer, &callers[0]);
    // The talk ends as any other.
    talking.bye();
    at_phone.expect_bye();
    assert_eq!(node.http().record_of(&talking.id)["cause"]["code"], "normal");
    node.http().wait_agent("1001", "wrap_up");
    let offer = talker.expect_call();
    assert_caller(&offer, &callers[1]);
    assert_eq!(node.http().metric("trunkline_facts_repaired_total"), 0.0, "nothing differed");
}

#[test]
fn what_breaks_the_acd_twice_is_quarantined_alone() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 300, 0));
    let phone = node.registered("1001");
    node.http().wait_agent("1001", "ready");
    // The second agent of the demo.
    node.break_owner("acd at agent 2");
    node.break_once("acd");
    let status = node.http().put("/v1/agents/1002/state", &json!({"state": "paused"}));
    assert_eq!(status.status, 503, "{}", status.text());
    assert_eq!(node.http().metric("trunkline_quarantined{kind=\"agent\"}"), 1.0);
    let ready = node.http().get("/readyz").json();
    assert_eq!((&ready["quarantined"], &ready["owner_panics"]), (&json!(1), &json!(3)), "{ready}");
    assert!(node.log().contains("quarantined until it is released"), "{}", node.log());
    // Everyone else goes on.
    let (mut caller, agent) = talk(&node, &phone);
    caller.bye();
    agent.expect_bye();
}

#[test]
fn what_is_released_is_handled_again() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 300, 0));
    let _phone = node.registered("1001");
    node.http().wait_agent("1001", "ready");
    node.break_owner("acd twice at agent 1");
    node.break_once("acd");
    let paused = json!({"state": "paused"});
    assert_eq!(node.http().put("/v1/agents/1001/state", &paused).status, 503);
    let list = node.http().get("/v1/quarantine").json();
    let [one] = list["data"].as_array().map_or(&[][..], Vec::as_slice) else { panic!("{list}") };
    assert_eq!((&one["kind"], &one["name"], &one["owner"]), (&json!("agent"), &json!("1001"), &json!("acd")), "{list}");
    let path = format!("/v1/quarantine/{}/release", one["id"].as_str().unwrap_or_default());
    assert_eq!(node.http().post(&path, "release-1", &json!({})).status, 200);
    // His phone and his status were kept for him.
    node.http().wait_agent("1001", "ready");
    assert_eq!(node.http().metric("trunkline_quarantined{kind=\"agent\"}"), 0.0);
    assert_eq!(node.http().get("/v1/quarantine").json()["data"], json!([]));
    assert_eq!(node.http().put("/v1/agents/1001/state", &paused).status, 200);
    node.http().wait_agent("1001", "paused");
}

#[test]
fn a_call_that_breaks_the_shard_twice_gets_500_and_others_go_on() {
    let node = Node::demo();
    let rtp = Rtp::bind(node.carrier.addr().ip());
    let mut poison = Call::prepare(&node.carrier, ECHO, rtp);
    node.break_owner(&format!("shard 0 at call {}", poison.id));
    node.break_once("shard 0");
    let offer = sdp(&poison.rtp, "sendrecv");
    poison.invite_again("", &offer);
    assert_eq!(poison.final_response().status(), 500);
    assert_eq!(node.http().metric("trunkline_quarantined{kind=\"call\"}"), 1.0);
    let mut other = node.carrier.call(ECHO);
    other.expect_final(200);
    other.bye();
}

#[test]
fn a_location_that_breaks_keeps_every_phone() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 300, 0));
    let phone = node.registered("1001");
    node.http().wait_agent("1001", "ready");
    node.break_once("location");
    assert_eq!(node.http().agent("1001")["state"], "ready");
    assert_eq!(node.http().metric("trunkline_registrations"), 1.0);
    let (mut caller, agent) = talk(&node, &phone);
    caller.bye();
    agent.expect_bye();
    // It answers what it always answers.
    assert_eq!(phone.register_for(0).response.status(), 200);
    node.http().wait_agent("1001", "offline");
}

/// One talks and one rings when it breaks: neither is cut, dialed anew or counted twice.
#[test]
fn a_dialer_that_breaks_keeps_its_attempts_on_their_lines() {
    let node = Node::start(campaign::demo());
    let _agents = [campaign::on_duty(&node, "1001"), campaign::on_duty(&node, "1002")];
    let campaign = Campaign::started(&node, 3, json!({"recycle": {}}));
    let (mut talking, ringing) = (node.carrier.expect_call(), node.carrier.expect_call());
    talking.answer();
    ringing.reply(180);
    campaign.attempts(|all| all.iter().any(|one| one["connected_at"].is_string()));
    campaign.attempts(|all| all.iter().any(|one| one["rang_at"].is_string() && one["answered_at"].is_null()));

    node.break_once("dialer");
    node.break_once("dialer");

    campaign::nothing_is_dialed(&node, Duration::from_secs(1));
    assert_eq!(campaign.seen()["in_flight"], 2, "{:#}", campaign.seen());
    talking.bye();
    ringing.reject(486);
    campaign.attempts(|all| all.iter().filter(|one| one["outcome"].is_string()).count() == 2);
    // The agent whose customer was busy is there for the third.
    node.carrier.expect_call().reject(404);
    let all = campaign.outcomes(&["connected", "busy", "unobtainable"]);
    let numbers: BTreeSet<String> = all.iter().map(|one| one["number"].to_string()).collect();
    assert_eq!(numbers.len(), 3, "each once: {all:#?}");
    let recounted = |total: &Value| (&total["attempts"], &total["served"]) == (&json!(3), &json!(1));
    until("the ledger to be a recount", || campaign.seen()["total"].clone(), recounted);
    assert_eq!(node.http().metric("trunkline_owner_panics_total{owner=\"dialer\"}"), 2.0);
    assert_eq!(node.http().metric("trunkline_facts_repaired_total"), 0.0, "nothing differed");
}

#[test]
fn a_trunk_watcher_that_breaks_registers_again_and_calls_go_on() {
    let registrar = registrar();
    let node = Node::start_as_is(registers_at(&registrar), Endpoint::carrier());
    let registrar = registrar.set_server_to(node.sip());
    grant(&registrar, &next_register(&registrar, false), 60);
    until("registered", || registration(&node), |shown| shown["registered"] == true);
    node.break_once("trunks");
    grant(&registrar, &next_register(&registrar, false), 60);
    until("registered again", || registration(&node), |shown| shown["registered"] == true);
    let mut caller = registrar.call(ECHO);
    caller.expect_final(200);
    caller.bye();
}

#[test]
fn an_owner_that_breaks_again_and_again_ends_the_process() {
    let mut node = Node::demo();
    node.break_owner("acd at timeouts");
    let status = node.wait(Duration::from_secs(15));
    assert_eq!(status.code(), Some(70));
    assert!(node.log().contains("cannot be built anew"), "{}", node.log());
}

#[test]
fn a_node_that_could_show_no_live_calls_any_more_ends_and_its_next_start_shows_all() {
    let mut node = Node::demo();
    let mut before = node.carrier.call(ECHO);
    before.expect_final(200);
    before.bye();
    let mut up = node.carrier.call(ECHO);
    up.expect_final(200);
    node.http().record_of(&before.id);
    node.break_owner("live_calls");
    assert_eq!(node.wait(Duration::from_secs(15)).code(), Some(70));
    assert!(node.log().contains("a task that the node needs broke"), "{}", node.log());

    node.restart();
    up.expect_bye();
    assert_eq!(node.http().record_of(&up.id)["cause"]["code"], "node_restart");
    assert_eq!(node.http().record_of(&before.id)["status"], "completed");
    let mut stream = EventStream::open(node.http(), "/v1/events", None);
    let mut next = node.carrier.call(ECHO);
    next.expect_final(200);
    let live = node.http().call_with(&next.id);
    assert!(live["ended_at"].is_null(), "it is up, and shows: {live}");
    stream.expect("call.answered", live["id"].as_str().expect("an id"));
    next.bye();
}

fn waiting(node: &Node, number: usize) -> Call {
    let mut caller = node.carrier.named(&format!("+44770090{number:04}")).call(SUPPORT);
    caller.expect_final(200);
    node.http().wait_waiting("support", number as u64 + 1);
    caller
}

fn assert_caller(offer: &Call, caller: &Call) {
    let from = offer.invite.as_ref().map(|invite| invite.header("From").to_owned()).unwrap_or_default();
    assert!(from.contains(&caller.endpoint.user), "{} is next: {from}", caller.endpoint.user);
}
