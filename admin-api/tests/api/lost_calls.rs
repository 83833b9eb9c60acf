//! Lost calls, what wins them back, transactions and journeys, over REST.

use clock::CallbackId;
use journal_core::{CallEvent, Direction, RecordingState};
use serde_json::{Value, json};

use crate::cast::bearer;
use crate::client::{get, send};
use crate::node::Node;
use crate::story::{Story, caller};

/// Call 1 is lost and won back by 2, call 3 is lost and open, the caller of lost call 4 gets through alone in 5.
async fn furnished() -> (Node, [String; 5]) {
    let node = Node::start().await;
    let mut stories = [
        Story::inbound(1).queued().canceled(),
        Story::outbound(2, &caller(1)).canceled(),
        Story::inbound(3).queued().canceled(),
        Story::inbound(4).queued().canceled(),
        Story::inbound(5).from(&caller(4)).queued().answered().ended().recorded(RecordingState::Ready),
    ];
    for story in &mut stories {
        node.append(story.take()).await;
    }
    node.stored().await;
    (node, stories.map(|story| story.call.to_string()))
}

fn ids(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

async fn of(node: &Node, who: &str, path: &str) -> Value {
    let reply = send(node.at, "GET", path, &[("Authorization", &bearer(&format!("token-of-{who}")))], "").await;
    assert_eq!(reply.status, 200, "{who} {path}: {reply:?}");
    reply.json()
}

#[tokio::test]
async fn lost_calls_are_listed_as_they_stand() {
    let (node, [first, back, third, fourth, fifth]) = furnished().await;
    let all = get(node.at, "/v1/lost-calls").await.json();
    assert_eq!(ids(&all), [&fourth, &third, &first]);
    let recovered = get(node.at, "/v1/lost-calls?recovered=true").await.json();
    assert_eq!(recovered["data"].as_array().unwrap().len(), 1);
    let row = &recovered["data"][0];
    assert_eq!(
        (&row["number"], &row["queue"], &row["status"]),
        (&json!(caller(1)), &json!("support"), &json!("canceled"))
    );
    assert_eq!(
        (&row["recovered_by_call_id"], &row["recovered_at"]),
        (&json!(back), &json!("1970-01-01T02:00:01.000000Z"))
    );
    // Lost 4 s after its hour began, won back 1 s after the next one.
    assert_eq!((&row["recovered"], &row["recovery_s"]), (&json!(true), &json!(3_597)));
    let alone = get(node.at, "/v1/lost-calls?self_resolved=true").await.json();
    assert_eq!((ids(&alone), &alone["data"][0]["self_resolved_by_call_id"]), (vec![fourth.as_str()], &json!(fifth)));
    let open = get(node.at, "/v1/calls?lost=true&recovered=false&self_resolved=false").await.json();
    assert_eq!(ids(&open), [&third]);
    assert_eq!(open["data"][0]["lost"]["recovered"], false);
    assert_eq!(get(node.at, &format!("/v1/calls/{back}")).await.json()["recovers_call_id"], json!(first));
    let oldest = get(node.at, "/v1/lost-calls?sort=lost_at&limit=1").await.json();
    let next = oldest["next_cursor"].as_str().unwrap();
    assert_eq!(
        ids(&get(node.at, &format!("/v1/lost-calls?sort=lost_at&limit=1&cursor={next}")).await.json()),
        [&third]
    );
    get(node.at, "/v1/lost-calls?team=south").await.problem(400, "invalid_parameter");
}

#[tokio::test]
async fn each_number_of_the_report_has_its_list() {
    let (node, _) = furnished().await;
    let span = "lost_at[gte]=1970-01-01T00:00:00Z&lost_at[lt]=1970-01-02T00:00:00Z";
    for (more, rows) in [("", 1), ("&by=queue", 1), ("&bucket=hour", 3), ("&bucket=day&by=team", 0)] {
        let report = get(node.at, &format!("/v1/reports/lost-calls?{span}{more}")).await.json();
        let data = report["data"].as_array().unwrap();
        assert_eq!(data.len(), rows, "{more}: {report}");
        for row in data {
            for count in ["lost", "recovered", "self_resolved", "open"] {
                let list = get(node.at, row["lists"][count].as_str().unwrap()).await.json();
                assert_eq!(ids(&list).len() as u64, row[count].as_u64().unwrap(), "{more} {count}: {row}");
            }
        }
    }
    let whole = get(node.at, &format!("/v1/reports/lost-calls?{span}")).await.json();
    let row = &whole["data"][0];
    assert_eq!((&row["lost"], &row["recovered"], &row["self_resolved"]), (&json!(3), &json!(1), &json!(1)));
    assert_eq!((&row["recovery_s_p50"], &row["recovery_s_p90"]), (&json!(3_597), &json!(3_597)));
    assert!(whole["formulas"]["open"].as_str().unwrap().contains("lost - recovered - self_resolved"));
    get(node.at, "/v1/reports/lost-calls?bucket=hour&lost_at[gte]=1970-01-01T00:00:00Z")
        .await
        .problem(400, "invalid_parameter");
}

#[tokio::test]
async fn a_manager_reaches_his_teams_and_an_operator_himself() {
    let (node, [first, .., fifth]) = furnished().await;
    assert_eq!(ids(&of(&node, "manager", "/v1/lost-calls").await), Vec::<&str>::new());
    assert_eq!(ids(&of(&node, "operator", "/v1/lost-calls").await), Vec::<&str>::new());
    assert!(ids(&of(&node, "operator", "/v1/calls").await).contains(&fifth.as_str()));
    let headers = [("Authorization", "Bearer demo-admin-key"), ("Content-Type", "application/json"), ("If-Match", "*")];
    let team = format!("/v1/teams/team_{:032x}", 41);
    let changed = send(node.at, "PATCH", &team, &headers, r#"{"queues": ["support"]}"#).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(ids(&of(&node, "manager", "/v1/lost-calls").await).len(), 3);
    assert_eq!(of(&node, "manager", &format!("/v1/calls/{first}")).await["id"], json!(first));
    let by_team = "/v1/reports/lost-calls?by=team&lost_at[gte]=1970-01-01T00:00:00Z&lost_at[lt]=1970-01-02T00:00:00Z";
    let report = of(&node, "manager", by_team).await;
    assert_eq!((&report["data"][0]["team"], &report["data"][0]["lost"]), (&json!("north"), &json!(3)));
    let bad = send(node.at, "PATCH", &team, &headers, r#"{"queues": ["nowhere"]}"#).await.problem(422, "invalid_body");
    assert_eq!(bad["errors"][0]["pointer"], "#/queues/0");
}

#[tokio::test]
async fn transactions_are_calls_as_work() {
    let (node, [first, back, third, ..]) = furnished().await;
    let mut live = Story::inbound(6).queued();
    node.append(live.take()).await;
    let waiting = node.until("/v1/transactions?status=waiting", |page| page["data"][0].is_object()).await;
    assert_eq!(waiting["data"][0]["call_id"], json!(live.call.to_string()));
    let txn = |call: &str| call.replace("call_", "txn_");
    let unserved = get(node.at, "/v1/transactions?assigned=none&direction=inbound&status=ended").await.json();
    assert_eq!(ids(&unserved).len(), 3);
    let forgotten = "/v1/transactions?assigned=none&follow_up=false&direction=inbound&status=ended&sort=opened_at";
    assert_eq!(ids(&get(node.at, forgotten).await.json())[0], txn(&third));
    let cared_for = get(node.at, "/v1/transactions?assigned=none&follow_up=true").await.json();
    assert_eq!((ids(&cared_for), &cared_for["data"][0]["followed_up_by"]), (vec![txn(&first).as_str()], &json!(back)));
    let whole = get(node.at, &format!("/v1/transactions/{}", txn(&first))).await.json();
    let link = json!({"relation": "recovered_by", "transaction_id": txn(&back), "call_id": back});
    assert_eq!((&whole["links"], &whole["status"]), (&json!([link]), &json!("ended")));
    assert_eq!(whole["journey"][0]["text"], format!("Call from {} to +442071830001", caller(1)));
    let other = get(node.at, &format!("/v1/transactions/{}", txn(&back))).await.json();
    assert_eq!((&other["links"][0]["relation"], &other["assigned_to"]), (&json!("recovers"), &json!("1001")));
    let mut called_back =
        Story::outbound(7, &caller(3)).then(CallEvent::CallbackDialing { callback: CallbackId(9), agent: None });
    node.append(called_back.take()).await;
    let callback = called_back.call.to_string();
    let path = "/v1/transactions?channel=callback";
    let live = node.until(path, |page| page["data"][0].is_object()).await;
    assert_eq!((&live["data"][0]["call_id"], &live["data"][0]["channel"]), (&json!(callback), &json!("callback")));
    node.append(called_back.canceled().take()).await;
    node.stored().await;
    let stored = get(node.at, path).await.json();
    assert_eq!((stored["data"].as_array().unwrap().len(), &stored["data"][0]["status"]), (1, &json!("ended")));
    get(node.at, "/v1/transactions/txn_1").await.problem(404, "transaction_not_found");
}

#[tokio::test]
async fn journeys_are_told_in_words() {
    let (node, [first, back, _, fourth, fifth]) = furnished().await;
    let told = get(node.at, &format!("/v1/calls/{fifth}/journey")).await.json();
    let texts: Vec<_> = told["steps"].as_array().unwrap().iter().map(|step| step["text"].as_str().unwrap()).collect();
    for text in ["Routed to inbox support", "Ringing 1001", "Answered by 1001"] {
        assert!(texts.contains(&text), "{texts:?}");
    }
    assert_eq!((&told["number"], &told["result"]), (&json!(caller(4)), &json!("successful")));
    let customer = get(node.at, &format!("/v1/customers/{}/journey", caller(4))).await.json();
    let calls: Vec<_> = customer["data"].as_array().unwrap().iter().map(|item| &item["call_id"]).collect();
    assert_eq!(calls, [&json!(fourth), &json!(fifth)]);
    let other = get(node.at, &format!("/v1/customers/{}/journey", caller(1))).await.json();
    let calls: Vec<_> = other["data"].as_array().unwrap().iter().map(|item| &item["call_id"]).collect();
    assert_eq!((calls, &other["data"][1]["direction"]), (vec![&json!(first), &json!(back)], &json!("outbound_dial")));
    assert_eq!(json!(records::Word::word(Direction::OutboundDial)), other["data"][1]["direction"]);
}
