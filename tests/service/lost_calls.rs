//! Callers whom nobody served, and what becomes of them: with SIPp as the carrier and as the agent's phone.

use serde_json::{Value, json};

use crate::support::{EventStream, Node, NodeConfig, SUPPORT, Sipp, free_port, until};

/// A node where SIPp is everyone; nobody answers in the queue unless a phone is there.
fn node() -> Node {
    Node::start(NodeConfig::demo().queue_times(15, 120, 0))
}

/// A caller from this number, who is on the line for a while: with no phone there he waits, and gives up.
fn caller(node: &Node, from: &str) {
    Sipp::carrier(node, "caller").key("to", SUPPORT).key("from", from).with("TALK_MS", "800").run();
}

fn one(node: &Node, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let all = |page: &Value| page["data"].as_array().cloned().unwrap_or_default();
    let found = until(path, || node.http().get(path).json(), |page| all(page).iter().any(&wanted));
    all(&found).into_iter().find(wanted).expect("just seen")
}

#[test]
fn an_abandoned_call_is_lost_until_an_agent_dials_the_number() {
    let carrier_port = free_port("127.0.0.2");
    let node = Node::with_trunk_port(NodeConfig::demo().queue_times(15, 120, 0), carrier_port);
    caller(&node, "+442079460123");
    let lost = one(&node, "/v1/lost-calls", |call| call["number"] == "+442079460123");
    assert_eq!((&lost["recovered"], &lost["queue"]), (&json!(false), &json!("support")));
    let mut events = EventStream::open(node.http(), "/v1/events", None);
    let port = free_port("127.0.0.1");
    Sipp::phone(&node, "register", "1001", port).run();
    let outside = Sipp::carrier_at(&node, "answer", carrier_port).start().listening("127.0.0.2", carrier_port);
    Sipp::phone(&node, "agent_calls", "1001", port).key("to", "02079460123").with("TALK_MS", "300").run();
    outside.finish();
    let won = one(&node, "/v1/lost-calls", |call| call["recovered"] == true);
    assert_eq!(won["id"], lost["id"]);
    let told = events.expect("call.recovered", lost["id"].as_str().unwrap_or_default()).data["data"].clone();
    assert_eq!(
        (&told["recovered_by_call_id"], &told["recovery_s"]),
        (&won["recovered_by_call_id"], &won["recovery_s"])
    );
    assert_eq!((&told["number"], &told["queue"]), (&json!("+442079460123"), &json!("support")));
    let path = format!("/v1/calls/{}", won["recovered_by_call_id"].as_str().unwrap_or_default());
    // While it is live it is known only to the lost call.
    let back = until(&path, || node.http().get(&path).json(), |back| back["recovers_call_id"] == lost["id"]);
    assert_eq!(back["direction"], "outbound_dial");
    assert_eq!(back["started_at"], won["recovered_at"]);
    assert!(won["recovery_s"].as_u64().is_some(), "{won}");
    let path = "/v1/calls?lost=true&recovered=true&agent=none&from=+442079460123";
    assert_eq!(one(&node, path, |_| true)["lost"]["recovered"], true);
    let told = node.http().get(&format!("/v1/calls/{}/journey", back["id"].as_str().unwrap_or_default())).json();
    let texts: Vec<_> =
        told["steps"].as_array().into_iter().flatten().filter_map(|step| step["text"].as_str()).collect();
    assert_eq!(texts.first(), Some(&"Outgoing call initiated from 1001 to +442079460123"), "{texts:?}");
    assert!(texts.contains(&"Answered by customer +442079460123"), "{texts:?}");
}

#[test]
fn a_caller_who_rings_again_and_is_answered_resolved_it_himself() {
    let node = node();
    caller(&node, "+442079460124");
    let lost = one(&node, "/v1/lost-calls", |call| call["number"] == "+442079460124");
    let port = free_port("127.0.0.1");
    Sipp::phone(&node, "register", "1001", port).run();
    let phone = Sipp::phone(&node, "answer", "1001", port).start().listening("127.0.0.1", port);
    caller(&node, "+442079460124");
    phone.finish();
    let resolved = one(&node, "/v1/lost-calls", |call| call["self_resolved_at"].is_string());
    assert_eq!((&resolved["id"], &resolved["recovered"]), (&lost["id"], &json!(false)));
    let report = node.http().get("/v1/reports/lost-calls?by=queue").json();
    let row = &report["data"][0];
    let counts = json!([row["queue"], row["lost"], row["recovered"], row["self_resolved"], row["open"]]);
    assert_eq!(counts, json!(["support", 1, 0, 1, 0]));
    let journey = "/v1/customers/+442079460124/journey";
    let page = until(
        journey,
        || node.http().get(journey).json(),
        |page| page["data"].as_array().is_some_and(|all| all.iter().all(|one| one["status"] == "ended")),
    );
    let statuses: Vec<_> = page["data"].as_array().into_iter().flatten().map(|one| &one["assigned_to"]).collect();
    assert_eq!(statuses, [&Value::Null, &json!("1001")], "{page}");
}

#[test]
fn an_overdue_call_is_told_once_also_over_a_restart() {
    let mut node = Node::start(NodeConfig::demo().queue_times(15, 120, 0).set("lost_calls.overdue_s", 1));
    let mut events = EventStream::open(node.http(), "/v1/events?topics=lost-calls", None);
    caller(&node, "+442079460125");
    let lost = one(&node, "/v1/lost-calls", |call| call["number"] == "+442079460125");
    let id = lost["id"].as_str().unwrap_or_default();
    let told = events.expect("lost_call.overdue", id);
    assert_eq!(told.data["data"]["number"], "+442079460125", "{:?}", told.data);
    one(&node, "/v1/lost-calls?overdue=true", |call| call["id"] == id);
    node.kill();
    node.restart();
    caller(&node, "+442079460126");
    one(&node, "/v1/lost-calls?overdue=true", |call| call["number"] == "+442079460126");
    let page = node.http().get("/v1/events?topics=lost-calls&limit=200").json();
    let of_first = page["data"].as_array().into_iter().flatten().filter(|event| event["call_id"] == id).count();
    assert_eq!(of_first, 1, "{page:#}");
    let gauge = || node.http().metric("trunkline_lost_calls{state=\"overdue\"}");
    until("the gauge", gauge, |count| *count >= 2.0);
}
