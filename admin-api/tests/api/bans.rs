//! `/v1/bans`: who gets no answer, and how that ends.

use centre::{Answer, Ban, Command, CommandError};
use clock::WallTime;
use serde_json::json;

use crate::client::{KEY, get, send};
use crate::node::Node;

const STRANGER: (&str, &str) = ("Authorization", "Bearer key-of-another-account");

#[tokio::test]
async fn those_that_stand_are_listed_in_order() {
    let node = Node::start().await;
    let list = get(node.at, "/v1/bans").await.json();
    let bans = list["data"].as_array().unwrap();
    assert_eq!(bans.iter().map(|ban| ban["id"].as_str().unwrap()).collect::<Vec<_>>(), ["ban_2", "ban_10"]);
    let first = [&bans[0]["address"], &bans[0]["user"], &bans[0]["since"], &bans[0]["why"]];
    assert_eq!(json!(first), json!(["192.0.2.66", "1001", "1970-01-01T00:00:01.000000Z", "wrong_passwords"]));
    assert_eq!((&bans[1]["user"], &bans[1]["why"]), (&json!(null), &json!("many_users")));
    let one = get(node.at, "/v1/bans?address=192.0.2.67").await.json();
    assert_eq!((one["data"].as_array().unwrap().len(), &one["data"][0]["id"]), (1, &json!("ban_10")));
    let page = get(node.at, "/v1/bans?limit=1").await.json();
    let next = format!("/v1/bans?limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
    assert_eq!(get(node.at, &next).await.json()["data"][0]["id"], "ban_10");
    get(node.at, "/v1/bans?address=nobody").await.problem(400, "invalid_parameter");
    let strangers = send(node.at, "GET", "/v1/bans", &[STRANGER], "").await.json();
    assert_eq!(strangers["data"], json!([]));
    let metrics = get(node.at, "/metrics").await;
    assert!(metrics.text().lines().any(|line| line == "trunkline_bans_active 2"), "{}", metrics.text());
}

#[tokio::test]
async fn a_release_reaches_the_owner_and_tells_what_is_over() {
    let mut node = Node::start().await;
    let (since, until) = (WallTime::from_micros(1_000_000), WallTime::from_micros(61_000_000));
    let ban = Ban { id: 2, address: [192, 0, 2, 66].into(), user: Some("1001".into()), since, until };
    node.play(move |command| match command {
        Command::LiftBan { ban: 2 } => Ok(Answer::BanLifted(ban.clone())),
        Command::LiftBan { .. } => Err(CommandError::UnknownBan),
        other => panic!("{other:?}"),
    });
    let reply = send(node.at, "POST", "/v1/bans/ban_2/release", &[KEY], "").await;
    assert_eq!((reply.status, &reply.json()["until"]), (200, &json!("1970-01-01T00:01:01.000000Z")));
    for id in ["ban_3", "2", "ban_", "ban_x"] {
        send(node.at, "POST", &format!("/v1/bans/{id}/release"), &[KEY], "").await.problem(404, "ban_not_found");
    }
    send(node.at, "POST", "/v1/bans/ban_2/release", &[STRANGER], "").await.problem(404, "ban_not_found");
}
