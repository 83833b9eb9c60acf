//! Callbacks and dispositions that are refused: each with the field at fault.

use centre::{Answer, Command, CommandError};
use dialer::runner::{CallbackFault, Refusal};
use serde_json::{Value, json};

use crate::client::{get, send_json};
use crate::node::Node;
use crate::story::Story;

/// What the dialer says of a call that is none of a campaign's.
fn no_lead() -> CommandError {
    CommandError::Campaign(Box::new(Refusal::Callback(CallbackFault::NoLead)))
}

async fn refused(node: &Node, path: &str, body: &Value, status: u16, code: &str) -> Value {
    send_json(node.at, "POST", path, &[], &body.to_string()).await.problem(status, code)
}

/// A call of agent 1001 that ended.
async fn called(node: &Node) -> String {
    let mut story = Story::inbound(1).queued().answered().ended();
    node.append(story.take()).await;
    node.stored().await;
    story.call.to_string()
}

#[tokio::test]
async fn a_number_that_is_none_is_refused_at_its_own_field() {
    let mut node = Node::start().await;
    let call = called(&node).await;
    node.play(|command| match command {
        Command::Campaign(_) => Err(no_lead()),
        _ => Err(CommandError::BadDestination),
    });
    let hello = json!({"number": "hello"});
    let cases = [
        ("/v1/queues/support/callbacks".to_owned(), hello.clone(), "#/number"),
        ("/v1/callbacks".to_owned(), json!({"number": "hello", "agent": "1001"}), "#/number"),
        (format!("/v1/calls/{call}/callback"), hello.clone(), "#/number"),
        (format!("/v1/calls/{call}/disposition"), json!({"code": "sold", "callback": hello}), "#/callback/number"),
    ];
    for (path, body, pointer) in cases {
        let problem = refused(&node, &path, &body, 422, "bad_destination").await;
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{path}: {problem}");
        assert_eq!(problem["errors"][0]["detail"], "expected a number that can be called");
    }
}

#[tokio::test]
async fn a_number_without_a_route_is_refused_in_words() {
    let mut node = Node::start().await;
    node.play(|_| Err(CommandError::Callback(acd::CallbackRefusal::Denied("no_route"))));
    let body = json!({"number": "+33123456789"});
    let problem = refused(&node, "/v1/queues/support/callbacks", &body, 403, "destination_denied").await;
    assert!(problem["detail"].as_str().unwrap().contains("no route of agents"), "{problem}");
}

#[tokio::test]
async fn a_planned_callback_makes_sense() {
    let node = Node::start().await;
    let unknown = format!("call_{:032x}", 4_711);
    let cases = [
        (json!({"queue": "support", "device": "sip:1001@127.0.0.1:5070"}), "#/device"),
        (json!({"agent": "1001", "related_call_id": unknown}), "#/related_call_id"),
        (json!({"agent": "1001", "due_at": "1990-01-01T00:00:00Z"}), "#/due_at"),
        (json!({"agent": "1001", "queue": "support"}), "#/queue"),
    ];
    for (mut body, pointer) in cases {
        body["number"] = json!("+442071838750");
        let problem = refused(&node, "/v1/callbacks", &body, 422, "invalid_body").await;
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
    }
}

#[tokio::test]
async fn a_disposition_is_of_who_had_a_part_for_a_time_to_come_with_a_note_that_shows_as_it_is() {
    let mut node = Node::start().await;
    let call = called(&node).await;
    node.play(|command| {
        if matches!(command, Command::Campaign(_)) {
            return Err(no_lead());
        }
        assert!(matches!(command, Command::Dispose(_)), "{command:?}");
        Ok(Answer::Agent(crate::node::agent(1, acd::State::Ready)))
    });
    let path = format!("/v1/calls/{call}/disposition");
    let cases = [
        (json!({"code": "sold", "agent": "1002"}), "#/agent"),
        (json!({"code": "sold", "callback": {"due_at": "1990-01-01T00:00:00Z"}}), "#/callback/due_at"),
        (json!({"code": "sold", "callback": {"due_at": "9999-01-01T00:00:00Z"}}), "#/callback/due_at"),
        (json!({"code": "sold", "note": "a\u{0}b"}), "#/note"),
        (json!({"code": "sold", "note": "a\u{202e}b"}), "#/note"),
    ];
    for (body, pointer) in cases {
        let problem = refused(&node, &path, &body, 422, "invalid_body").await;
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
    }
    let good = json!({"code": "sold", "agent": "1001", "note": "two\nof\tthem"}).to_string();
    assert_eq!(send_json(node.at, "POST", &path, &[], &good).await.status, 200);
}

#[tokio::test]
async fn a_span_that_ends_before_it_begins_is_refused_and_one_that_lies_ahead_is_empty() {
    let node = Node::start().await;
    for list in ["stats", "intervals", "calls"] {
        for query in ["from=2026-07-30T00:00:00Z&to=2026-07-29T00:00:00Z", "from=2130-01-01T00:00:00Z"] {
            let reply = get(node.at, &format!("/v1/agents/1001/{list}?{query}")).await;
            assert_eq!(reply.problem(400, "invalid_parameter")["errors"][0]["pointer"], "?from", "{list} {query}");
        }
    }
    let ahead = "from=2130-01-01T00:00:00Z&to=2131-01-01T00:00:00Z";
    let stats = get(node.at, &format!("/v1/agents/1001/stats?{ahead}")).await.json();
    assert_eq!((&stats["first_activity_at"], &stats["login_ms"]), (&json!(null), &json!(0)));
    let intervals = get(node.at, &format!("/v1/agents/1001/intervals?{ahead}")).await.json();
    assert_eq!(intervals["data"], json!([]));
}
