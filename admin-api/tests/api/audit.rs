//! Commands in the log of changes: once each, also when the client or the database is gone.

use acd::State;
use centre::{Answer, Command, CommandError};
use clock::CallId;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::cast::bearer;
use crate::client::{KEY, Reply, get, send, send_json};
use crate::node::{Node, agent};
use crate::story::Story;

/// The entries of the node's own account that a request left.
pub(crate) async fn logged(node: &Node, reply: &Reply) -> Vec<Value> {
    node.stored().await;
    let id = reply.header("x-request-id").expect("an id");
    let page = get(node.at, "/v1/audit-log?limit=200").await.json();
    let entries = page["data"].as_array().expect("a page").iter();
    entries.filter(|entry| entry["actor"]["request_id"] == *id).cloned().collect()
}

fn set_state(command: &Command) -> Result<Answer, CommandError> {
    match command {
        Command::SetAgentStatus { .. } => Ok(Answer::Agent(agent(1, State::Paused))),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_command_is_in_the_log_with_who_what_on_what_and_from_where() {
    let mut node = Node::start().await;
    node.play(|command| set_state(&command));
    let body = r#"{"state":"paused","reason":"lunch"}"#;
    let from = [("User-Agent", "desk/1\u{202e}"), ("X-Request-Id", "r-1")];
    let reply = send_json(node.at, "PUT", "/v1/agents/1001/state", &from, body).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let entries = logged(&node, &reply).await;
    let [entry] = entries.as_slice() else { panic!("{entries:#?}") };
    assert_eq!((&entry["action"], &entry["resource_type"]), (&json!("set_agent_state"), &json!("agent")));
    assert_eq!((&entry["resource_id"], &entry["outcome"]), (&json!("1001"), &json!("done")));
    assert_eq!(entry["after"], json!({"status": 200, "asked": {"state": "paused", "reason": "lunch"}}));
    let actor = &entry["actor"];
    assert_eq!((&actor["kind"], &actor["name"]), (&json!("api_key"), &json!("demo")));
    assert_eq!((&actor["user_agent"], &actor["address"]), (&json!("desk/1"), &json!("127.0.0.1")));
    let found = get(node.at, "/v1/audit-log?action=set_agent_state&outcome=done&resource_id=1001").await.json();
    assert_eq!(found["data"].as_array().unwrap().len(), 1, "{found}");
    let none = get(node.at, "/v1/audit-log?action=set_agent_state&outcome=refused").await.json();
    assert_eq!(none["data"], json!([]));
}

#[tokio::test]
async fn a_call_that_was_begun_once_is_in_the_log_once() {
    let mut node = Node::start().await;
    let mut story = Story::inbound(1);
    let call = story.call;
    node.append(story.take()).await;
    node.play(move |_| Ok(Answer::Called(call)));
    let body = r#"{"from_agent":"1001","to":"+442071838750"}"#;
    let key = [("Idempotency-Key", "k1")];
    let first = send_json(node.at, "POST", "/v1/calls", &key, body).await;
    assert_eq!(first.status, 201, "{first:?}");
    let again = send_json(node.at, "POST", "/v1/calls", &key, body).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let entries = logged(&node, &first).await;
    let [entry] = entries.as_slice() else { panic!("{entries:#?}") };
    assert_eq!((&entry["resource_type"], &entry["resource_id"]), (&json!("call"), &first.json()["id"]));
    assert_eq!(entry["after"]["asked"], json!({"from_agent": "1001", "to": "+442071838750"}));
    assert_eq!(logged(&node, &again).await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_failed_leaves_nothing_and_who_may_not_is_told_once_a_minute() {
    let mut node = Node::start().await;
    node.play(|_| Err(CommandError::UnknownAgent));
    let body = r#"{"state":"ready"}"#;
    let reply = send_json(node.at, "PUT", "/v1/agents/1001/state", &[], body).await;
    reply.problem(404, "agent_not_found");
    assert_eq!(logged(&node, &reply).await, Vec::<Value>::new());
    let viewer = bearer("token-of-viewer");
    let headers = [("Authorization", viewer.as_str()), ("Content-Type", "application/json")];
    let mut left = Vec::new();
    for _ in 0..3 {
        let reply = send(node.at, "PUT", "/v1/agents/1001/state", &headers, body).await;
        reply.problem(403, "forbidden");
        left.extend(logged(&node, &reply).await);
    }
    let [entry] = left.as_slice() else { panic!("{left:#?}") };
    assert_eq!((&entry["outcome"], &entry["actor"]["name"]), (&json!("refused"), &json!("viewer")));
    assert_eq!((&entry["resource_id"], &entry["after"]), (&json!("1001"), &json!({"status": 403})));
}

#[tokio::test]
async fn a_command_is_told_when_its_client_is_gone() {
    let mut node = Node::start().await;
    let mut stream = TcpStream::connect(node.at).await.unwrap();
    let body = r#"{"state":"paused"}"#;
    let (name, value) = KEY;
    let head = format!(
        "PUT /v1/agents/1001/state HTTP/1.1\r\nHost: test\r\n{name}: {value}\r\nX-Request-Id: gone\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let request = node.commands.recv().await.unwrap();
    drop(stream);
    // The node sees the end of the connection before the owner answers.
    while get(node.at, "/healthz").await.status != 200 {}
    request.reply.send(set_state(&request.command)).unwrap();
    let entry = node.until("/v1/audit-log?action=set_agent_state", |page| page["data"][0].is_object()).await;
    assert_eq!(entry["data"][0]["actor"]["request_id"], "gone");
}

#[tokio::test]
async fn commands_without_the_database_are_in_the_log_when_it_is_back() {
    let mut node = Node::without_database().await;
    node.play(|command| set_state(&command));
    let reply = send_json(node.at, "PUT", "/v1/agents/1001/state", &[], r#"{"state":"paused"}"#).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let node = node.restart().await;
    let entries = logged(&node, &reply).await;
    assert_eq!(entries.len(), 1, "{entries:#?}");
    let node = node.restart().await;
    assert_eq!(logged(&node, &reply).await, entries, "once, also after another start");
}

#[tokio::test]
async fn a_hang_up_names_its_call() {
    let mut node = Node::start().await;
    let mut story = Story::inbound(1).queued().answered();
    let call = story.call;
    node.append(story.take()).await;
    node.play(|command| match command {
        Command::HangUp { call } => Ok(Answer::HangingUp(call)),
        other => panic!("{other:?}"),
    });
    let reply = send(node.at, "POST", &format!("/v1/calls/{call}/hangup"), &[KEY], "").await;
    assert!((200..300).contains(&reply.status), "{reply:?}");
    let entries = logged(&node, &reply).await;
    assert_eq!((entries.len(), &entries[0]["resource_id"]), (1, &json!(CallId::to_string(&call))));
}
