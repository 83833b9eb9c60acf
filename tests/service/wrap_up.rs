//! What follows a call for its agent: how a wrap-up ends, and what he says came of the call.

use serde_json::{Value, json};

use crate::callbacks::in_seconds;
use crate::queue_calls::talk;
use crate::support::{Endpoint, Node, NodeConfig, unique, until};

const SOLD: &str = "code = \"sold\"\nlabel = \"Sold\"\nis_success = true";
const AGAIN: &str = "code = \"again\"\nlabel = \"Call again\"\nrequires_note = true\nrequires_callback = true";

/// The demo whose `support` ends its wrap-ups so.
fn demo(mode: &str, wrap_up_s: i64) -> NodeConfig {
    let demo = NodeConfig::demo().queue_times(15, 120, wrap_up_s).set("queue.0.wrap_up", mode);
    demo.push("disposition", SOLD).push("disposition", AGAIN)
}

/// A call of agent 1001 that is over, and the agent in its wrap-up.
fn wrapping_up(node: &Node, phone: &Endpoint) -> (String, Value) {
    let (mut caller, agent) = talk(node, phone);
    // Live calls are shown as the journal has them: under load a moment later.
    let is_told = |call: &Value| call["agent"] == "1001";
    let call = until("the agent in the journal", || node.http().call_with(&caller.id), is_told);
    let call = call["id"].as_str().expect("an id").to_owned();
    caller.bye();
    agent.expect_bye();
    let agent = node.http().wait_agent("1001", "wrap_up");
    assert_eq!((&agent["wrap_up"]["call_id"], &agent["wrap_up"]["queue"]), (&json!(call), &json!("support")));
    assert_eq!(agent["wrap_up"]["awaits"], json!([call]), "{agent}");
    (call, agent)
}

fn dispose(node: &Node, call: &str, body: &Value) -> crate::support::Response {
    node.http().post(&format!("/v1/calls/{call}/disposition"), &unique(), body)
}

/// What was said of a call, once something is.
fn said(node: &Node, call: &str) -> Value {
    let path = format!("/v1/calls/{call}/disposition");
    let all = until("what was said", || node.http().get(&path).json(), |all| !all["data"][0].is_null());
    assert_eq!(all["data"].as_array().map(Vec::len), Some(1), "{all}");
    all["data"][0].clone()
}

fn say_ready(node: &Node) -> Value {
    node.http().put("/v1/agents/1001/state", &json!({"state": "ready"})).json()
}

#[test]
fn a_mandatory_one_ends_with_disposition_note_and_callback_in_one_step() {
    let node = Node::start(demo("mandatory", 60));
    let phone = node.registered("1001");
    let (call, agent) = wrapping_up(&node, &phone);
    assert_eq!(agent["wrap_up"]["mode"], "mandatory");
    assert_eq!(say_ready(&node)["state"], "wrap_up", "nothing else ends it");
    for (body, pointer) in [
        (json!({"code": "unheard_of"}), "#/code"),
        (json!({"code": "again", "callback": {}}), "#/note"),
        (json!({"code": "again", "note": "asked for Ana"}), "#/callback"),
    ] {
        let problem = dispose(&node, &call, &body).assert_problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    let due_at = in_seconds(3_600);
    let body = json!({"code": "again", "note": "asked for Ana", "callback": {"due_at": due_at}});
    let done = dispose(&node, &call, &body);
    assert_eq!((done.status, &done.json()["state"]), (200, &"ready".into()), "{}", done.text());
    let said = said(&node, &call);
    assert_eq!((&said["code"], &said["label"]), (&"again".into(), &"Call again".into()), "{said}");
    assert_eq!((&said["agent"], &said["note"]), (&"1001".into(), &"asked for Ana".into()));
    assert_eq!(said["callback_number"], "+447700900123");
    let callbacks = node.http().get(&format!("/v1/callbacks?related_call_id={call}")).json();
    let callback = &callbacks["data"][0];
    assert_eq!((&callback["number"], &callback["agent"]), (&"+447700900123".into(), &"1001".into()), "{callbacks}");
    let planned = callback["due_at"].as_str().unwrap_or_default();
    assert_eq!(planned.get(..19), due_at.get(..19), "{callbacks}");
}

#[test]
fn a_mandatory_one_that_is_left_pauses_the_agent() {
    let node = Node::start(demo("mandatory", 2));
    let phone = node.registered("1001");
    let (call, _) = wrapping_up(&node, &phone);
    assert_eq!(node.http().wait_agent("1001", "paused")["reason"], "wrap_up_overdue");
    assert_eq!(said(&node, &call)["code"], "not_set");
    let late = dispose(&node, &call, &json!({"code": "sold"}));
    assert_eq!((late.status, &late.json()["state"]), (200, &"paused".into()));
    until("the later word", || said(&node, &call), |said| said["code"] == "sold");
    assert_eq!(say_ready(&node)["state"], "ready");
}

#[test]
fn a_timed_one_may_be_longer_and_says_what_nobody_said() {
    let node = Node::start(demo("timed", 3).set("queue.0.wrap_up_extension_s", 60));
    let phone = node.registered("1001");
    let (call, agent) = wrapping_up(&node, &phone);
    let extend = |by_s| node.http().post("/v1/agents/1001/wrap-up/extend", &unique(), &json!({ "by_s": by_s }));
    extend(61).assert_problem(409, "limit_reached");
    let longer = extend(50).json();
    assert_eq!(longer["wrap_up"]["extension_left_s"], 10, "{longer}");
    let by = crate::queue_calls::millis_between(&agent["wrap_up"]["until"], &longer["wrap_up"]["until"]);
    assert!((by - 50_000).abs() <= 5, "{by} ms: the clocks of wall and owner");
    assert_eq!(say_ready(&node)["state"], "ready");
    assert_eq!(said(&node, &call)["code"], "not_set");
    extend(1).assert_problem(409, "no_wrap_up");
    let (call, _) = wrapping_up(&node, &phone);
    let sold = dispose(&node, &call, &json!({"code": "sold"}));
    assert_eq!((sold.status, &sold.json()["state"]), (200, &"ready".into()), "{}", sold.text());
    wrapping_up(&node, &phone);
    node.http().wait_agent("1001", "ready");
}

#[test]
fn a_strict_one_lasts_its_time_whatever_is_said() {
    let node = Node::start(demo("strict", 4));
    let phone = node.registered("1001");
    let (call, _) = wrapping_up(&node, &phone);
    assert_eq!(say_ready(&node)["state"], "wrap_up");
    let sold = dispose(&node, &call, &json!({"code": "sold"})).json();
    assert_eq!((&sold["state"], &sold["wrap_up"]["awaits"]), (&"wrap_up".into(), &json!([])), "{sold}");
    node.http().wait_agent("1001", "ready");
}
