//! `/v1/quarantine`: what is not handled, how that ends, and who hears of it.

use centre::{Answer, Command, CommandError};
use clock::{AgentId, WallTime};
use journal_core::{Entry, QuarantineNote, QuarantinedThing};
use serde_json::json;

use crate::client::{Follow, KEY, get, send};
use crate::node::{Node, quarantined};

const STRANGER: (&str, &str) = ("Authorization", "Bearer key-of-another-account");

#[tokio::test]
async fn what_is_quarantined_is_listed_and_released_by_its_owner() {
    let mut node = Node::start().await;
    node.play(|command| match command {
        Command::Release { quarantine: 1 } => Ok(Answer::Released(quarantined(1))),
        Command::Release { .. } => Err(CommandError::UnknownQuarantine),
        other => panic!("{other:?}"),
    });
    let one = json!({
        "id": "quarantine_1", "kind": "agent", "name": "1001", "owner": "acd", "since": "1970-01-01T00:00:01.000000Z",
    });
    assert_eq!(get(node.at, "/v1/quarantine").await.json(), json!({"data": [one], "next_cursor": null}));
    let strangers = send(node.at, "GET", "/v1/quarantine", &[STRANGER], "").await.json();
    assert_eq!(strangers["data"], json!([]));
    let reply = send(node.at, "POST", "/v1/quarantine/quarantine_1/release", &[KEY], "").await;
    assert_eq!((reply.status, reply.json()), (200, one));
    for id in ["quarantine_2", "1", "quarantine_", "quarantine_x"] {
        let path = format!("/v1/quarantine/{id}/release");
        send(node.at, "POST", &path, &[KEY], "").await.problem(404, "quarantine_not_found");
    }
    let path = "/v1/quarantine/quarantine_1/release";
    send(node.at, "POST", path, &[STRANGER], "").await.problem(404, "quarantine_not_found");
}

#[tokio::test]
async fn who_follows_hears_of_it() {
    let node = Node::start().await;
    let mut follow = Follow::open(node.at, "/v1/events?topics=quarantine", &[]).await;
    for (is_released, kind) in [(false, "quarantine.began"), (true, "quarantine.released")] {
        let (at, thing) = (WallTime::from_micros(5), QuarantinedThing::Agent(AgentId(1)));
        node.append(vec![Entry::Quarantine(Box::new(QuarantineNote { at, thing, is_released }))]).await;
        let frame = follow.next().await.unwrap();
        assert_eq!((frame.event.as_str(), &frame.json()["data"]), (kind, &json!({"kind": "agent", "name": "1001"})));
    }
}
