//! Click-to-call: the agent's phone first, then the other side.

use serde_json::json;

use crate::support::{Node, unique};

#[test]
fn to_a_number() {
    let node = Node::demo();
    let phone = node.registered("1001");
    let paused = json!({"state": "paused", "reason": "desk"});
    assert_eq!(node.http().put("/v1/agents/1001/state", &paused).status, 200);
    let key = unique();
    let body = json!({"from_agent": "1001", "to": "02079460123"});
    let created = node.http().post("/v1/calls", &key, &body);
    assert_eq!(created.status, 201, "{}", created.text());
    let call = created.json();
    assert_eq!(
        (&call["direction"], &call["from"], &call["to"]),
        (&"outbound_dial".into(), &"1001".into(), &"+442079460123".into())
    );
    let again = node.http().post("/v1/calls", &key, &body);
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, Some("true")));
    assert_eq!(again.json()["id"], call["id"]);
    let other_body = json!({"from_agent": "1001", "to": "02079460124"});
    node.http().post("/v1/calls", &key, &other_body).assert_problem(422, "idempotency_key_reused");

    let own = phone.expect_call();
    own.reply(180);
    assert!(!node.carrier.has(|msg| msg.is_request("INVITE")), "the agent's phone first");
    own.answer();
    let outside = node.carrier.expect_call();
    outside.reply(180);
    outside.answer();
    node.http().wait_agent("1001", "on_call");
    let mut own = own;
    own.bye();
    outside.expect_bye();
    let record = node.http().record_of(&own.id);
    assert_eq!(record["id"], call["id"]);
    assert_eq!((&record["status"], &record["agent"]), (&"completed".into(), &"1001".into()));
    assert_eq!(record["sip_call_ids"], json!([own.id, outside.id]));
    assert_eq!(node.http().wait_agent("1001", "paused")["reason"], "desk");
    assert!(!phone.has(|msg| msg.is_request("INVITE")), "one request, one call");
}

#[test]
fn to_an_extension_that_does_not_answer() {
    let node = Node::demo();
    let (phone, other) = (node.registered("1001"), node.registered("1002"));
    let created = node.http().post("/v1/calls", &unique(), &json!({"from_agent": "1001", "to": "1002"}));
    assert_eq!(created.status, 201, "{}", created.text());
    assert_eq!(created.json()["internal"], true);
    let own = phone.expect_call();
    own.answer();
    let callee = other.expect_call();
    callee.reject(486);
    own.expect_bye();
    let record = node.http().record_of(&own.id);
    assert_eq!((&record["status"], &record["cause"]["code"]), (&"no_answer".into(), &"busy".into()));
    node.http().wait_agent("1001", "ready");
}

#[test]
fn hang_up_over_rest_at_each_stage() {
    let node = Node::demo();
    let phone = node.registered("1001");
    let hang_up = |call: &serde_json::Value| {
        let path = format!("/v1/calls/{}/hangup", call["id"].as_str().unwrap_or_default());
        node.http().send("POST", &path, &[], None)
    };
    let begin = || node.http().post("/v1/calls", &unique(), &json!({"from_agent": "1001", "to": "02079460123"})).json();

    let call = begin();
    let own = phone.expect_call();
    own.reply(180);
    assert_eq!(hang_up(&call).status, 202);
    own.expect_cancel();
    assert_eq!(node.http().record_of(&own.id)["status"], "canceled");

    let call = begin();
    let own = phone.expect_call();
    own.answer();
    let outside = node.carrier.expect_call();
    outside.reply(180);
    assert_eq!(hang_up(&call).status, 202);
    outside.expect_cancel();
    own.expect_bye();

    let call = begin();
    let own = phone.expect_call();
    own.answer();
    let outside = node.carrier.expect_call();
    outside.answer();
    node.http().wait_agent("1001", "on_call");
    assert_eq!(hang_up(&call).status, 202);
    own.expect_bye();
    outside.expect_bye();
    let record = node.http().record_of(&own.id);
    assert_eq!(record["status"], "completed");
    hang_up(&call).assert_problem(409, "call_ended");
    node.http().wait_agent("1001", "ready");
}

#[test]
fn what_cannot_be_called_is_refused() {
    let node = Node::demo();
    let post = |body| node.http().post("/v1/calls", &unique(), &body);
    post(json!({"from_agent": "1001", "to": "1002"})).assert_problem(409, "no_active_device");
    let _phone = node.registered("1001");
    post(json!({"from_agent": "1001", "to": "+33142685300"})).assert_problem(403, "destination_denied");
    let problem = post(json!({"from_agent": "9999", "to": "1002"})).assert_problem(422, "invalid_body");
    assert_eq!(problem["errors"][0]["pointer"], "#/from_agent", "{problem}");
    post(json!({"from_agent": "1001", "to": ""})).assert_problem(422, "bad_destination");
    let without_key = node.http().send(
        "POST",
        "/v1/calls",
        &[("Content-Type", "application/json")],
        Some(br#"{"from_agent": "1001", "to": "1002"}"#),
    );
    without_key.assert_problem(400, "idempotency_key_required");
}
