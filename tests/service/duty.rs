//! What agents choose and what becomes of them: pauses and their limits, offers that are not taken, phones that answer no
//! more, queues of choice, signing off in a call.

use serde_json::{Value, json};

use crate::queue_calls::{from_of, talk};
use crate::support::{Call, EventStream, Node, NodeConfig, Response, SALES, SUPPORT, until};

fn choose(node: &Node, extension: &str, state: &str, reason: Option<&str>) -> Response {
    let body = match reason {
        Some(reason) => json!({ "state": state, "reason": reason }),
        None => json!({ "state": state }),
    };
    node.http().put(&format!("/v1/agents/{extension}/state"), &body)
}

fn waiting(node: &Node, number: &str, queue: &str) -> Call {
    let mut caller = node.carrier.named(number).call(queue);
    caller.expect_final(200);
    caller
}

#[test]
fn a_pause_ends_at_its_limit_as_its_reason_says() {
    let config = NodeConfig::demo()
        .push("pause_reason", "name = \"lunch\"\nkind = \"break\"\nlimit_s = 1\nat_limit = \"ready\"")
        .push("pause_reason", "name = \"desk\"\nlimit_s = 1")
        .push("pause_reason", "name = \"training\"\nday_limit_s = 1\nat_limit = \"sign_off\"");
    let node = Node::start(config);
    let _phone = node.registered("1001");
    node.http().wait_agent("1001", "ready");
    let mut events = EventStream::open(node.http(), "/v1/events?topics=agents", None);
    let mut limit = || events.expect_kind("agent.pause_limit").data["data"].clone();
    choose(&node, "1001", "paused", Some("golf")).assert_problem(422, "invalid_body");

    assert_eq!(choose(&node, "1001", "paused", Some("lunch")).json()["state"], "paused");
    let told = json!({"extension": "1001", "reason": "lunch", "limit": "pause", "limit_s": 1, "then": "ready"});
    assert_eq!(limit(), told);
    node.http().wait_agent("1001", "ready");

    choose(&node, "1001", "paused", Some("desk"));
    assert_eq!((&limit()["reason"], &node.http().agent("1001")["state"]), (&"desk".into(), &"paused".into()));

    choose(&node, "1001", "paused", Some("training"));
    let told = limit();
    assert_eq!((&told["limit"], &told["then"]), (&"day".into(), &"sign_off".into()), "{told}");
    assert_eq!(node.http().wait_agent("1001", "offline")["reason"], "pause_limit");
    assert_eq!(choose(&node, "1001", "ready", None).json()["state"], "ready");
    choose(&node, "1001", "paused", Some("training"));
    assert_eq!(limit()["limit"], "day", "nothing is left of the day's");
    assert_eq!(node.http().wait_agent("1001", "offline")["status"], "offline");
}

#[test]
fn offers_that_are_not_taken_have_rules_of_the_agent_and_of_the_queue() {
    let config = NodeConfig::demo()
        .queue_times(1, 120, 0)
        .set("agents.0.missed_rest_s", 0)
        .set("agents.0.missed_pause_after", 2)
        .set("queue.1.own_offer_rules", true)
        .set("queue.1.refused_rest_s", 0)
        .set("queue.1.refused_sign_off_after", 2);
    let node = Node::start(config);
    let phone = node.registered("1001");
    let mut caller = waiting(&node, "+447700900001", SUPPORT);
    for _ in 1..=2 {
        let offer = phone.expect_call();
        offer.reply(180);
        offer.expect_cancel();
    }
    let agent = node.http().wait_agent("1001", "paused");
    assert_eq!((&agent["status"], &agent["reason"]), (&"paused".into(), &"rona".into()), "two, not three");
    caller.bye();

    let phone = node.registered("1031");
    let mut caller = waiting(&node, "+447700900002", SALES);
    for _ in 1..=2 {
        phone.expect_call().reject(486);
    }
    let agent = node.http().wait_agent("1031", "offline");
    assert_eq!((&agent["status"], &agent["reason"]), (&"offline".into(), &"refused".into()), "{agent}");
    let record = node.http().call_with(&caller.id);
    let refused = || node.http().journey(&record).iter().filter(|step| *step == "offer.refused").count();
    until("both refusals in the journey", refused, |count| *count == 2);
    node.http().wait_waiting("sales", 1);
    caller.bye();
}

#[test]
fn a_phone_that_answers_no_options_is_not_ready_and_no_offer_waits_to_know() {
    let config = NodeConfig::demo().queue_times(15, 120, 1).set("sip.probe", "all").set("sip.probe_s", 3_600);
    let node = Node::start(config);
    let phone = node.registered("1001");
    phone.ignore_options(true);
    let (mut caller, agent) = talk(&node, &phone);
    caller.bye();
    agent.expect_bye();
    // The end of the wrap-up asks.
    phone.expect("OPTIONS", |msg| msg.is_request("OPTIONS"));
    assert_eq!(node.http().agent("1001")["state"], "ready", "until it is known better");
    let mut caller = waiting(&node, "+447700900002", SUPPORT);
    let offer = phone.expect_call();
    offer.answer();
    node.http().wait_agent("1001", "on_call");
    // The call has proved nothing of OPTIONS, and is not disturbed by its silence.
    caller.bye();
    offer.expect_bye();
    let silent = node.http().wait_agent("1001", "offline");
    assert_eq!((&silent["reason"], &silent["status"]), (&"no_answer_to_probe".into(), &"ready".into()), "{silent}");
    assert_eq!(silent["registered"], true);
    let mut caller = waiting(&node, "+447700900003", SUPPORT);
    node.http().wait_waiting("support", 1);
    assert!(!phone.has(|msg| msg.is_request("INVITE")), "nobody rings a phone that is not there");
    phone.ignore_options(false);
    let offer = phone.expect_call();
    assert_eq!(from_of(&offer).1, "+447700900003");
    offer.answer();
    node.http().wait_agent("1001", "on_call");
    caller.bye();
    offer.expect_bye();
}

#[test]
fn an_agent_logs_in_to_the_queues_of_his_choice_also_over_a_crash() {
    let mut node = Node::start(NodeConfig::demo().queue_times(15, 120, 0));
    let phone = node.registered("1025");
    let path = "/v1/agents/1025/queues";
    node.http().put(path, &json!({"queues": ["nobody"]})).assert_problem(422, "invalid_body");
    let chosen = node.http().put(path, &json!({"queues": ["sales"]})).json();
    assert_eq!((&chosen["queues"], &chosen["serving"]), (&json!(["support", "sales"]), &json!(["sales"])));
    let mut support = waiting(&node, "+447700900001", SUPPORT);
    node.http().wait_waiting("support", 1);
    let mut sales = waiting(&node, "+447700900002", SALES);
    let offer = phone.expect_call();
    assert_eq!(from_of(&offer).1, "+447700900002");
    offer.answer();
    node.http().wait_agent("1025", "on_call");
    sales.bye();
    offer.expect_bye();
    support.bye();

    node.kill();
    node.restart();
    node.http().wait_agent("1025", "ready");
    assert_eq!(node.http().agent("1025")["serving"], json!(["sales"]));
    let mut support = waiting(&node, "+447700900003", SUPPORT);
    node.http().wait_waiting("support", 1);
    assert!(!phone.has(|msg| msg.is_request("INVITE")));
    assert_eq!(node.http().put(path, &json!({"queues": null})).json()["serving"], json!(["support", "sales"]));
    let offer = phone.expect_call();
    assert_eq!(from_of(&offer).1, "+447700900003");
    offer.answer();
    node.http().wait_agent("1025", "on_call");
    support.bye();
    offer.expect_bye();
}

#[test]
fn who_signs_off_in_a_call_finishes_it_and_gets_no_other() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 1));
    let phone = node.registered("1001");
    let (mut caller, agent) = talk(&node, &phone);
    let mut events = EventStream::open(node.http(), "/v1/events?topics=agents", None);
    let off = choose(&node, "1001", "offline", None).json();
    assert_eq!((&off["status"], &off["state"]), (&"offline".into(), &"on_call".into()), "{off}");
    let told = events.expect_kind("agent.status_deferred").data;
    let data: &Value = &told["data"];
    assert_eq!((&data["status"], &data["after"]), (&"offline".into(), &"on_call".into()), "{told}");
    assert_eq!(told["call_id"], node.http().call_with(&caller.id)["id"]);
    let mut next = waiting(&node, "+447700900002", SUPPORT);
    node.http().wait_waiting("support", 1);
    // His call goes on as before.
    caller.talk(1_000.0);
    agent.rtp.wait_packets(25);
    caller.bye();
    agent.expect_bye();
    node.http().wait_agent("1001", "wrap_up");
    let gone = node.http().wait_agent("1001", "offline");
    assert_eq!((&gone["reason"], &gone["registered"]), (&Value::Null, &true.into()), "{gone}");
    let record = node.http().record_of(&caller.id);
    assert_eq!((&record["status"], &record["agent"]), (&"completed".into(), &"1001".into()));
    assert!(!phone.has(|msg| msg.is_request("INVITE")), "he is signed off");
    choose(&node, "1001", "ready", None);
    let offer = phone.expect_call();
    offer.answer();
    node.http().wait_agent("1001", "on_call");
    next.bye();
    offer.expect_bye();
}
