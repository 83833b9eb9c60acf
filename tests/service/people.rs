//! A right that is taken away is gone within a second: for requests, streams and phones, also after a restart.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Http, Node, Response, eventually};

const PASSWORD: &str = "correct horse battery";
const WITHIN: Duration = Duration::from_secs(1);

#[test]
fn a_disabled_operator_loses_requests_stream_and_phone_until_enabled_again() {
    let node = Node::demo();
    let user = operator(node.http(), "1001");
    let token = log_in(node.http());
    let phone = node.registered("1001");
    node.http().wait_agent("1001", "ready");
    assert_eq!(with(node.http(), &token, "/v1/agents/1001").status, 200);
    assert_eq!(with(node.http(), &token, "/v1/agents/1002").status, 404);
    let stream = follow(node.http(), &token);

    let begun = Instant::now();
    change(node.http(), &user, &json!({"disabled": true}));
    with(node.http(), &token, "/v1/agents/1001").assert_problem(401, "unauthorized");
    ended(stream);
    registrations(node.http(), 0);
    assert!(begun.elapsed() < WITHIN, "{:?}", begun.elapsed());
    node.http().wait_agent("1001", "offline");
    assert_ne!(phone.register_for(3600).response.status(), 200);
    let refused = phone.call("1002").await_final();
    assert_eq!(refused.status(), 401, "{}", refused.start);
    let caller = node.registered("1002");
    caller.call("1001").expect_final(480);

    change(node.http(), &user, &json!({"disabled": false}));
    eventually("the phone may register", || (phone.register_for(3600).response.status() == 200).then_some(()));
    node.http().wait_agent("1001", "ready");
}

#[test]
fn a_deleted_operators_phone_stays_out_after_a_restart() {
    let mut node = Node::demo();
    let user = operator(node.http(), "1003");
    let phone = node.registered("1003");
    node.registered("1004");
    registrations(node.http(), 2);
    let begun = Instant::now();
    assert_eq!(node.http().send("DELETE", &user, &[], None).status, 204);
    registrations(node.http(), 1);
    assert!(begun.elapsed() < WITHIN, "{:?}", begun.elapsed());
    node.kill();
    node.restart();
    assert_ne!(phone.register_for(3600).response.status(), 200);
    registrations(node.http(), 1);
}

#[test]
fn a_revoked_keys_streams_end() {
    let node = Node::demo();
    let made = node.http().post("/v1/api-keys", "k1", &json!({"name": "board", "scopes": ["viewer"]})).json();
    let secret = made["secret"].as_str().expect("a secret").to_owned();
    let stream = follow(node.http(), &secret);
    let begun = Instant::now();
    let path = format!("/v1/api-keys/{}", made["id"].as_str().expect("an id"));
    assert_eq!(node.http().send("DELETE", &path, &[], None).status, 204);
    with(node.http(), &secret, "/v1/calls").assert_problem(401, "unauthorized");
    ended(stream);
    assert!(begun.elapsed() < WITHIN, "{:?}", begun.elapsed());
    assert!(!node.log().contains(&secret), "no secret is logged");
}

#[test]
fn what_the_node_keeps_is_for_its_own_user() {
    use std::os::unix::fs::PermissionsExt;
    let node = Node::demo();
    operator(node.http(), "1001");
    for entry in std::fs::read_dir(node.data_dir()).expect("a folder") {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("its mode").permissions().mode();
        assert_eq!(mode & 0o007, 0, "{:?} {mode:o}", entry.path());
    }
}

/// A user who is the agent with this extension: the path.
fn operator(http: &Http, extension: &str) -> String {
    let body = json!({"username": "ann", "roles": ["operator"], "extension": extension, "password": PASSWORD});
    let made = http.post("/v1/users", "ann", &body);
    assert_eq!(made.status, 201, "{}", made.text());
    format!("/v1/users/{}", made.json()["id"].as_str().expect("an id"))
}

fn log_in(http: &Http) -> String {
    let body = json!({"login": "ann", "password": PASSWORD}).to_string();
    let headers = [("Authorization", ""), ("Content-Type", "application/json")];
    let session = http.send("POST", "/v1/sessions", &headers, Some(body.as_bytes()));
    assert_eq!(session.status, 201, "{}", session.text());
    session.json()["token"].as_str().expect("a token").to_owned()
}

fn change(http: &Http, path: &str, body: &Value) {
    let tag = http.get(path).header("etag").expect("an ETag").to_owned();
    let headers = [("If-Match", tag.as_str()), ("Content-Type", "application/json")];
    let changed = http.send("PATCH", path, &headers, Some(body.to_string().as_bytes()));
    assert_eq!(changed.status, 200, "{}", changed.text());
}

fn with(http: &Http, secret: &str, path: &str) -> Response {
    http.fetch(path, &[("Authorization", &format!("Bearer {secret}"))])
}

fn follow(http: &Http, secret: &str) -> BufReader<TcpStream> {
    let authorization = format!("Bearer {secret}");
    let headers = [("Authorization", authorization.as_str()), ("Accept", "text/event-stream")];
    let mut stream = http.open("GET", "/v1/events", &headers, None);
    let mut status = String::new();
    stream.read_line(&mut status).expect("a status line");
    assert!(status.starts_with("HTTP/1.1 200"), "{status}");
    stream
}

/// Reads to the end of a stream; one without end is a time-out.
fn ended(mut stream: BufReader<TcpStream>) {
    let mut line = String::new();
    while stream.read_line(&mut line).expect("the stream ends in time") > 0 {
        line.clear();
    }
}

fn registrations(http: &Http, count: usize) {
    eventually("the registrations", || {
        let list = http.get("/v1/registrations").json();
        (list["data"].as_array().map(Vec::len) == Some(count)).then_some(())
    });
}
