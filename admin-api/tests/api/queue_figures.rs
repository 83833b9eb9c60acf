//! Figures and alerts of queues: one read, the same on a stream, and on the page of figures.

use acd::State;
use acd::measure::{Alert, AlertKind, Duty, Figures, Goal, QueueFigures};
use centre::QueueStanding;
use clock::WallTime;
use serde_json::{Value, json};

use crate::cast::bearer;
use crate::client::{Follow, get, send, send_json};
use crate::node::Node;

#[tokio::test]
async fn figures_show_each_rate_with_its_formula() {
    let node = Node::start().await;
    let empty = get(node.at, "/v1/queues/sales/figures").await.json();
    assert_eq!((&empty["day"]["offered"], &empty["day"]["service_levels"][2]["value"]), (&json!(0), &Value::Null));
    node.stand(standing(10, &[]));
    let figures = get(node.at, "/v1/queues/support/figures").await.json();
    assert_eq!((&figures["queue"]["name"], &figures["queue"]["waiting"]), (&json!("support"), &json!(2)));
    assert_eq!((&figures["service_level_s"], &figures["short_abandon_s"]), (&json!(20), &json!(5)));
    let day = &figures["day"];
    let of = |rates: &Value| -> Vec<(String, f64)> {
        let one = |rate: &Value| (rate["formula"].as_str().unwrap().to_owned(), rate["value"].as_f64().unwrap());
        rates.as_array().unwrap().iter().map(one).collect()
    };
    let levels = [
        ("answered_in_time / answered", 0.8),
        ("answered_in_time / (answered + abandoned)", 0.5),
        ("answered_in_time / (answered + abandoned - abandoned_in_time)", 8.0 / 14.0),
        ("(answered_in_time + abandoned_in_time) / (answered + abandoned)", 0.625),
        ("answered_in_time / offered", 0.4),
    ];
    assert_eq!(of(&day["service_levels"]), levels.map(|(formula, value)| (formula.to_owned(), value)));
    let rates =
        [("abandoned / offered", 0.3), ("(abandoned - abandoned_short) / (offered - abandoned_short)", 5.0 / 19.0)];
    assert_eq!(of(&day["abandon_rates"]), rates.map(|(formula, value)| (formula.to_owned(), value)));
    let occupancy = json!({"name": "occupancy", "formula": Duty::OCCUPANCY, "value": 0.75});
    assert_eq!(day["occupancy"], occupancy);
    assert_eq!(day["agents_s"]["on_call"], 30);
    assert_eq!(figures["last_30_min"]["offered"], 0);
    get(node.at, "/v1/queues/nobody/figures").await.problem(404, "queue_not_found");
}

#[tokio::test]
async fn a_stream_has_figures_when_they_change_and_alerts_when_they_come_and_go() {
    let node = Node::start().await;
    let alert = Alert { kind: AlertKind::Waiting, since: WallTime::from_micros(7), threshold: 1.0, value: 2.0 };
    node.stand(standing(10, &[alert]));
    let mut follow = Follow::open(node.at, "/v1/events?topics=queues", &[]).await;
    let (raised, mut first) = (follow.next().await.unwrap(), follow.next().await.unwrap());
    let told = json!({"queue": "support", "state": "raised", "alert": "waiting", "since": "1970-01-01T00:00:00.000007Z",
        "threshold": 1.0, "value": 2.0});
    assert_eq!((raised.event.as_str(), &raised.json()["data"]), ("queue.alert", &told));
    if first.json()["data"]["queue"]["name"] == "sales" {
        first = follow.next().await.unwrap();
    }
    assert_eq!((first.event.as_str(), &first.json()["type"]), ("queue.stats", &json!("queue.stats")));
    assert_eq!(first.json()["data"]["day"]["answered"], 10);
    node.stand(standing(11, &[]));
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let frame = follow.next().await.unwrap();
        let data = frame.json()["data"].clone();
        if frame.event == "queue.alert" {
            assert_eq!((&data["state"], &data["alert"]), (&json!("cleared"), &json!("waiting")));
            seen.push("cleared");
        } else if data["day"]["answered"] == 11 {
            seen.push("stats");
        }
    }
    assert_eq!(seen, ["cleared", "stats"]);
}

#[tokio::test]
async fn figures_go_to_those_who_ask_for_them_and_may_see_queues() {
    let node = Node::start().await;
    let body = json!({"name": "follows", "scopes": ["events.follow", "calls.view"]}).to_string();
    let key = send_json(node.at, "POST", "/v1/api-keys", &[], &body).await.json();
    let key = bearer(key["secret"].as_str().unwrap());
    let refused = send(node.at, "GET", "/v1/events?topics=queues", &[("Authorization", &key)], "").await;
    assert_eq!(refused.problem(403, "forbidden")["errors"][0]["detail"], "queues.view");
    node.stand(standing(10, &[]));
    let mut follow = Follow::open(node.at, "/v1/events", &[]).await;
    node.append(crate::story::Story::inbound(1).take()).await;
    assert_eq!(follow.next().await.unwrap().event, "call.started", "without topics no figures");
    assert_eq!(get(node.at, "/v1/events?topics=queues").await.json()["data"], json!([]), "a page has what happened");
}

#[tokio::test]
async fn the_page_of_figures_has_those_of_queues() {
    let node = Node::start().await;
    let alert = Alert { kind: AlertKind::Waiting, since: WallTime::default(), threshold: 1.0, value: 2.0 };
    let standing = standing(10, &[alert]);
    let rolling = standing.figures.day.clone();
    let figures = QueueFigures { rolling, ..standing.figures };
    node.stand(QueueStanding { figures, duty_rolling: standing.duty_of_day, ..standing });
    let page = get(node.at, "/metrics").await;
    let page = page.text();
    for line in [
        "trunkline_queue_service_level{formula=\"a\",queue=\"support\"} 0.8",
        "trunkline_queue_abandoned_ratio{queue=\"support\",variant=\"all\"} 0.3",
        "trunkline_queue_occupancy{queue=\"support\"} 0.75",
        "trunkline_queue_alert{alert=\"waiting\",queue=\"support\"} 1",
        "trunkline_queue_alert{alert=\"abandoned\",queue=\"support\"} 0",
        "trunkline_queue_longest_wait_seconds{queue=\"sales\"} 0",
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }
    assert!(page.contains("trunkline_queue_expected_wait_seconds{queue=\"support\"} "));
}

/// 20 offered, as many answered as said and 8 of them in time; 6 gave up, 2 of them in time, one of these shortly.
fn standing(answered: u64, alerts: &[Alert]) -> QueueStanding {
    let day = Figures {
        offered: 20,
        answered,
        answered_in_time: 8,
        abandoned: 6,
        abandoned_in_time: 2,
        abandoned_short: 1,
        ..Figures::default()
    };
    let mut duty_of_day = Duty::default();
    for (state, seconds) in [(State::OnCall, 20), (State::OnCall, 10), (State::Ready, 10), (State::Paused, 1_000)] {
        duty_of_day.add(state, seconds * 1_000);
    }
    let figures = QueueFigures { day, rolling: Figures::default() };
    QueueStanding { goal: Goal::default(), figures, duty_of_day, alerts: alerts.to_vec(), ..QueueStanding::default() }
}
