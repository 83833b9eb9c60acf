//! Live events: a stream that can be resumed, and pages of the same.

use serde_json::Value;

use crate::queue_calls::talk;
use crate::support::{ECHO, EventStream, Node, NodeConfig};

#[test]
fn a_stream_tells_a_call_step_by_step_and_resumes_where_it_broke_off() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 0));
    let phone = node.registered("1001");
    let mut stream = EventStream::open(node.http(), "/v1/events", None);
    let (mut caller, agent) = talk(&node, &phone);
    let id = node.http().call_with(&caller.id)["id"].as_str().expect("an id").to_owned();
    let started = stream.expect("call.started", &id);
    assert_eq!(started.data["type"], "call.started");
    for kind in ["queue.entered", "offer.ringing", "offer.answered"] {
        stream.expect(kind, &id);
    }
    let answered = stream.expect("call.answered", &id);
    assert_eq!(answered.data["call"]["agent"], "1001", "{answered:?}");
    drop(stream);
    caller.bye();
    agent.expect_bye();
    // What happened meanwhile comes first, each once.
    let mut resumed = EventStream::open(node.http(), "/v1/events", Some(&answered.id));
    let first = resumed.next();
    assert_ne!(first.id, answered.id);
    let ended = if first.kind == "call.ended" { first } else { resumed.expect("call.ended", &id) };
    assert_eq!(ended.data["call"]["status"], "completed", "{ended:?}");
}

#[test]
fn a_topic_leaves_the_others_out() {
    let node = Node::demo();
    let mut stream = EventStream::open(node.http(), "/v1/events?topics=agents", None);
    let _phone = node.registered("1001");
    let mut call = node.carrier.call(ECHO);
    call.expect_final(200);
    call.bye();
    node.http().record_of(&call.id);
    let paused = serde_json::json!({"state": "paused", "reason": "lunch"});
    assert_eq!(node.http().put("/v1/agents/1001/state", &paused).status, 200);
    loop {
        let event = stream.next();
        assert!(event.kind.starts_with("agent."), "{event:?}");
        if event.data["data"]["reason"] == "lunch" && event.kind == "agent.state_changed" {
            assert_eq!(event.data["data"]["extension"], "1001");
            break;
        }
    }
}

#[test]
fn an_id_that_is_not_kept_asks_for_a_new_look() {
    let node = Node::demo();
    let _phone = node.registered("1001");
    let first = || node.http().get("/v1/events?limit=1").json()["data"][0]["id"].as_str().map(str::to_owned);
    let known = crate::support::eventually("an event", first);
    // The id of another node's journal, as a client has it after that was replaced.
    let foreign = known.chars().map(|digit| if digit == '0' { '0' } else { 'f' }).collect::<String>();
    let mut stream = EventStream::open(node.http(), "/v1/events", Some(&foreign));
    assert_eq!(stream.next().kind, "resync");
}

#[test]
fn pages_have_the_same_events_in_the_same_order() {
    let node = Node::demo();
    let mut call = node.carrier.call(ECHO);
    call.expect_final(200);
    call.bye();
    node.http().record_of(&call.id);
    let mut kinds: Vec<String> = Vec::new();
    let mut path = "/v1/events?limit=2".to_owned();
    loop {
        let page = node.http().fetch(&path, &[("Accept", "application/json")]).json();
        let data = page["data"].as_array().cloned().unwrap_or_default();
        assert!(data.len() <= 2, "{page:#}");
        kinds.extend(data.iter().filter_map(|event| event["type"].as_str().map(str::to_owned)));
        match &page["next_cursor"] {
            Value::String(cursor) => path = format!("/v1/events?limit=2&cursor={cursor}"),
            _ => break,
        }
    }
    crate::queue_calls::assert_order(&kinds, &["call.started", "call.answered", "call.ended"]);
    node.http().fetch("/v1/events", &[("Last-Event-ID", "nonsense")]).assert_problem(400, "invalid_parameter");
}
