//! What the API refuses: problem+json with a stable code.

use serde_json::json;

use crate::support::{Node, unique};

#[test]
fn each_fault_has_its_code() {
    let node = Node::demo();
    let http = node.http();
    http.fetch("/v1/calls", &[("Authorization", "")]).assert_problem(401, "unauthorized");
    http.fetch("/v1/calls", &[("Authorization", "Bearer wrong-admin-key")]).assert_problem(401, "unauthorized");
    http.fetch("/v1/nothing", &[("Authorization", "")]).assert_problem(401, "unauthorized");
    http.get("/v1/nothing").assert_problem(404, "route_not_found");
    http.get("/v1/agents/9999").assert_problem(404, "agent_not_found");
    http.get("/v1/queues/nobody").assert_problem(404, "queue_not_found");
    http.get("/v1/calls/nonsense").assert_problem(404, "call_not_found");
    let unknown = format!("call_{}", "0".repeat(32));
    for route in ["", "/events", "/recording"] {
        http.get(&format!("/v1/calls/{unknown}{route}")).assert_problem(404, "call_not_found");
    }
    http.get("/v1/voicemails/nonsense/audio").assert_problem(404, "voicemail_not_found");
    http.send("DELETE", "/v1/agents", &[], None).assert_problem(405, "method_not_allowed");
    http.get("/v1/calls?colour=red").assert_problem(400, "unknown_parameter");
    for wrong in ["limit=0", "limit=201", "limit=x", "status=gone", "started_at%5Bgte%5D=yesterday", "sort=colour"] {
        http.get(&format!("/v1/calls?{wrong}")).assert_problem(400, "invalid_parameter");
    }
    http.get("/v1/calls?cursor=nonsense").assert_problem(400, "invalid_parameter");
}

#[test]
fn bodies_are_read_strictly() {
    let node = Node::demo();
    let http = node.http();
    let put =
        |kind: &str, body: &[u8]| http.send("PUT", "/v1/agents/1001/state", &[("Content-Type", kind)], Some(body));
    put("application/json", b"{").assert_problem(400, "malformed_json");
    put("text/plain", b"ready").assert_problem(415, "unsupported_media_type");
    put("application/json", &vec![b' '; 4 * 1024 * 1024]).assert_problem(413, "payload_too_large");
    let problem = put("application/json", br#"{"state": "happy"}"#).assert_problem(422, "invalid_body");
    assert_eq!(problem["errors"][0]["pointer"], "#/state", "{problem}");
    put("application/json", br#"{"state": "ready", "colour": "red"}"#).assert_problem(422, "invalid_body");
    put("application/json", b"{}").assert_problem(422, "invalid_body");
    let long = json!({"state": "paused", "reason": "x".repeat(65)});
    http.put("/v1/agents/1001/state", &long).assert_problem(422, "invalid_body");
    http.put("/v1/agents/9999/state", &json!({"state": "ready"})).assert_problem(404, "agent_not_found");
    let body = json!({"from_agent": "1001"});
    let problem = http.post("/v1/calls", &unique(), &body).assert_problem(422, "invalid_body");
    assert_eq!(problem["errors"][0]["pointer"], "#/to", "{problem}");
    http.post("/v1/calls", "", &json!({"from_agent": "1001", "to": "1002"}))
        .assert_problem(400, "idempotency_key_required");
    http.post("/v1/calls", &"k".repeat(300), &json!({"from_agent": "1001", "to": "1002"}))
        .assert_problem(400, "invalid_idempotency_key");
}

#[test]
fn problems_have_pages() {
    let node = Node::demo();
    let problem = node.http().get("/v1/agents/9999").json();
    let page = node.http().fetch(problem["type"].as_str().expect("a type"), &[("Authorization", "")]);
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("agent_not_found"), "{}", page.text());
}
