use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use centre::{Answer, Command, CommandError};
use serde_json::json;

use crate::client::{KEY, Reply, get, send, send_json};
use crate::node::Node;
use crate::story::Story;

const BODY: &str = r#"{"from_agent":"1001","to":"+442071838750"}"#;

async fn post(node: &Node, key: &str, body: &str) -> Reply {
    send_json(node.at, "POST", "/v1/calls", &[("Idempotency-Key", key)], body).await
}

/// Owners that begin a call for each command, and how many they began.
fn callers(node: &mut Node) -> Arc<AtomicU32> {
    let begun = Arc::new(AtomicU32::new(0));
    let (count, journal) = (Arc::clone(&begun), node.writer());
    node.play(move |command| {
        let Command::Originate { to, .. } = command else { panic!("{command:?}") };
        assert_eq!(to, "+442071838750");
        let mut story = Story::inbound(count.fetch_add(1, Ordering::SeqCst) + 1);
        journal.write(story.take());
        Ok(Answer::Called(story.call))
    });
    begun
}

#[tokio::test]
async fn a_click_makes_one_call_however_often_it_is_sent() {
    let mut node = Node::start().await;
    let begun = callers(&mut node);
    let first = post(&node, "k1", BODY).await;
    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!(first.header("idempotent-replayed"), None);
    let again = post(&node, "k1", BODY).await;
    assert_eq!((again.status, again.json()), (201, first.json()));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(begun.load(Ordering::SeqCst), 1);
    let other = post(&node, "k2", BODY).await;
    assert_ne!(other.json()["id"], first.json()["id"]);
    let reused = post(&node, "k1", r#"{"from_agent":"1002","to":"+442071838750"}"#).await;
    reused.problem(422, "idempotency_key_reused");
    let shown = get(node.at, &format!("/v1/calls/{}", first.json()["id"].as_str().unwrap())).await;
    // The answer was written after the first of the call's entries, this may be after the next.
    assert_eq!((&shown.json()["id"], &shown.json()["to"]), (&first.json()["id"], &first.json()["to"]));
}

#[tokio::test]
async fn an_answer_outlives_the_process() {
    let mut node = Node::start().await;
    callers(&mut node);
    let first = post(&node, "k1", BODY).await.json();
    let mut node = node.restart().await;
    node.play(|command| panic!("{command:?}"));
    let again = post(&node, "k1", BODY).await;
    assert_eq!((again.status, again.json()), (201, first));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
}

#[tokio::test]
async fn while_the_first_runs_the_second_is_told_so_and_a_client_may_leave() {
    let mut node = Node::start().await;
    let at = node.at;
    let first =
        tokio::spawn(async move { send_json(at, "POST", "/v1/calls", &[("Idempotency-Key", "k1")], BODY).await });
    let request = node.commands.recv().await.unwrap();
    post(&node, "k1", BODY).await.problem(409, "idempotency_request_running");
    first.abort();
    let mut story = Story::inbound(1);
    node.append(story.take()).await;
    request.reply.send(Ok(Answer::Called(story.call))).unwrap();
    let kept = loop {
        let reply = post(&node, "k1", BODY).await;
        if reply.status == 201 {
            break reply;
        }
        reply.problem(409, "idempotency_request_running");
    };
    assert_eq!(kept.header("idempotent-replayed"), Some("true"));
    assert_eq!(kept.json()["id"], story.call.to_string());
    assert!(node.commands.is_empty());
}

#[tokio::test]
async fn what_was_refused_may_be_tried_again() {
    let mut node = Node::start().await;
    let mut refusals = vec![
        CommandError::Unavailable { reason: "shutdown".into() },
        CommandError::BadDestination,
        CommandError::Denied,
        CommandError::NoDevice,
    ];
    node.play(move |_| Err(refusals.pop().unwrap_or(CommandError::UnknownAgent)));
    for (status, code) in [
        (409, "no_active_device"),
        (403, "destination_denied"),
        (422, "bad_destination"),
        (503, "unavailable"),
        (404, "agent_not_found"),
    ] {
        post(&node, "k1", BODY).await.problem(status, code);
    }
}

#[tokio::test]
async fn requests_that_are_wrong_reach_no_owner() {
    let node = Node::start().await;
    send_json(node.at, "POST", "/v1/calls", &[], BODY).await.problem(400, "idempotency_key_required");
    for key in ["", "two words", &"k".repeat(256)] {
        post(&node, key, BODY).await.problem(400, "invalid_idempotency_key");
    }
    let twice = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")];
    send_json(node.at, "POST", "/v1/calls", &twice, BODY).await.problem(400, "invalid_idempotency_key");
    let long = format!(r#"{{"from_agent":"1001","to":"{}"}}"#, "1".repeat(65));
    for (body, code, pointer) in [
        ("{}", "invalid_body", "#/from_agent"),
        (r#"{"from_agent":"1001"}"#, "invalid_body", "#/to"),
        (r#"{"from_agent":1001,"to":"1002"}"#, "invalid_body", "#/from_agent"),
        (r#"{"from_agent":"1999","to":"1002"}"#, "invalid_body", "#/from_agent"),
        (r#"{"from_agent":"1001","to":""}"#, "bad_destination", "#/to"),
        (r#"{"from_agent":"1001","to":"1\n2"}"#, "bad_destination", "#/to"),
        (r#"{"from_agent":"1001","to":"1002","via":"x"}"#, "invalid_body", "#/via"),
        (&long, "bad_destination", "#/to"),
    ] {
        let problem = post(&node, "k1", body).await.problem(422, code);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
    }
    post(&node, "k1", "{\"from_agent\"").await.problem(400, "malformed_json");
    assert!(node.commands.is_empty());
}

#[tokio::test]
async fn a_call_is_hung_up_once() {
    let mut node = Node::start().await;
    let mut story = Story::inbound(1).queued();
    node.append(story.take()).await;
    let path = format!("/v1/calls/{}", story.call);
    node.until(&path, |call| call["status"] == "queued").await;
    let call = story.call;
    node.play(move |command| {
        assert_eq!(command, Command::HangUp { call });
        Ok(Answer::HangingUp(call))
    });
    let reply = send(node.at, "POST", &format!("{path}/hangup"), &[KEY, ("Idempotency-Key", "h1")], "").await;
    assert_eq!((reply.status, &reply.json()["id"]), (202, &json!(call.to_string())));
    let reply = send(node.at, "POST", &format!("{path}/hangup"), &[KEY], "").await;
    assert_eq!((reply.status, reply.header("idempotent-replayed")), (202, None));
    node.append(story.canceled().take()).await;
    node.until(&path, |call| call["status"] == "canceled").await;
    let problem = send(node.at, "POST", &format!("{path}/hangup"), &[KEY], "").await.problem(409, "call_ended");
    assert_eq!(problem["current_state"], "canceled");
    let again = send(node.at, "POST", &format!("{path}/hangup"), &[KEY, ("Idempotency-Key", "h1")], "").await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (202, Some("true")));
    send_json(node.at, "POST", &format!("{path}/hangup"), &[], r#"{"why":1}"#).await.problem(422, "invalid_body");
}
