//! Reports of queues: each number has its list, live calls are in it, spans follow the clock of a zone.

use clock::QueueId;
use journal_core::{CallEvent, QueueLeft};
use serde_json::{Value, json};

use crate::client::{get, send};
use crate::node::Node;
use crate::story::Story;

#[tokio::test]
async fn each_number_of_the_report_has_its_list() {
    let node = furnished().await;
    for (more, rows) in [("", 2), ("&by=whole", 1), ("&bucket=hour", 8), ("&queue=sales", 1), ("&queue=nowhere", 0)] {
        let report = get(node.at, &format!("{REPORT}{more}")).await.json();
        let data = report["data"].as_array().unwrap();
        assert_eq!(data.len(), rows, "{more}: {report:#}");
        for row in data {
            let list = row["list"].as_str().unwrap();
            for count in COUNTS {
                let found = visits(&node, &format!("{list}&counted_in={count}&limit=1")).await;
                assert_eq!(found.len() as u64, row[count].as_u64().unwrap(), "{more} {count}: {row:#}");
                assert!(found.iter().all(|visit| visit["counted_in"].as_array().unwrap().contains(&json!(count))));
            }
        }
    }
    let whole = &get(node.at, &format!("{REPORT}&queue=support")).await.json()["data"][0];
    let counts = COUNTS.map(|count| whole[count].as_u64().unwrap());
    // Answered after 3 s, once too late; gave up after 1 s, and after a longer time.
    assert_eq!(counts, [7, 3, 2, 2, 1, 1, 0, 0, 1, 0, 0, 1], "{whole:#}");
    let levels = &whole["service_levels"];
    let expected = json!({"a": 2.0 / 3.0, "b": 0.4, "c": 0.5, "d": 0.6, "e": 2.0 / 7.0});
    assert_eq!(*levels, expected);
    assert_eq!(whole["abandon_rates"], json!({"all": 2.0 / 7.0, "without_short": 1.0 / 6.0}));
}

#[tokio::test]
async fn lists_and_reports_agree_with_the_list_of_calls() {
    let node = furnished().await;
    let calls = get(node.at, "/v1/calls?limit=200&queue=support,sales").await.json();
    let calls = calls["data"].as_array().unwrap();
    let all = visits(&node, "/v1/queue-visits?entered_at[gte]=1970-01-01T00:00:00Z&limit=3").await;
    let entered: std::collections::BTreeSet<_> = all.iter().map(|visit| visit["call_id"].as_str().unwrap()).collect();
    assert_eq!(entered, calls.iter().map(|call| call["id"].as_str().unwrap()).collect());
    let answered = calls.iter().filter(|call| call["agent"] == "1001").count();
    assert_eq!(all.iter().filter(|visit| visit["how"] == "answered").count(), answered);
    for call in calls.iter().filter(|call| call["status"] == "completed") {
        let visit = all.iter().find(|visit| visit["call_id"] == call["id"]).unwrap();
        assert_eq!((&visit["entered_at"], &visit["queue"]), (&call["queued_at"], &json!("support")), "{call}");
    }
}

#[tokio::test]
async fn spans_begin_by_the_clock_of_the_zone() {
    let node = furnished().await;
    let from = |report: Value| -> Vec<String> {
        report["data"].as_array().unwrap().iter().map(|row| row["from"].as_str().unwrap().to_owned()).collect()
    };
    // In 1970 India's clocks showed 05:30 at midnight UTC.
    let path = format!("{REPORT}&bucket=hour&by=whole&time_zone=Asia/Kolkata");
    let report = get(node.at, &path).await.json();
    assert_eq!(report["time_zone"], "Asia/Kolkata");
    let begins = from(report);
    assert!(begins.iter().all(|begin| begin.contains(":30:00.")), "{begins:?}");
    let quarters = from(get(node.at, &format!("{REPORT}&bucket=quarter_hour&by=whole")).await.json());
    assert_eq!(quarters[0], "1970-01-01T01:00:00.000000Z");
    for query in
        ["time_zone=Mars", "bucket=minute", "entered_at[gte]=2026-01-01T00:00:00Z&entered_at[lt]=2026-01-01T00:00:00Z"]
    {
        get(node.at, &format!("/v1/reports/queues?{query}")).await.problem(400, "invalid_parameter");
    }
    let lost = get(
        node.at,
        "/v1/reports/lost-calls?bucket=day&time_zone=Asia/Kolkata&lost_at[gte]=1970-01-01T00:00:00Z&lost_at[lt]=1970-01-03T00:00:00Z",
    );
    assert!(
        from(lost.await.json())
            .iter()
            .all(|begin| begin.starts_with("1970-01-01T00:00:00") || begin.contains("18:30:00"))
    );
}

#[tokio::test]
async fn a_manager_sees_the_queues_of_his_teams() {
    let node = furnished().await;
    let of = async |role: &str| {
        let authorization = format!("Bearer token-of-{role}");
        send(node.at, "GET", REPORT, &[("Authorization", &authorization)], "").await.json()["data"].clone()
    };
    assert_eq!(of("operator").await, json!([]));
    let headers = [("Authorization", "Bearer demo-admin-key"), ("Content-Type", "application/json"), ("If-Match", "*")];
    let team = format!("/v1/teams/team_{:032x}", 41);
    let changed = send(node.at, "PATCH", &team, &headers, r#"{"queues": ["sales"]}"#).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let seen = of("manager").await;
    assert_eq!((seen.as_array().unwrap().len(), &seen[0]["queue"]), (1, &json!("sales")));
    get(node.at, &format!("{REPORT}&team=nobodys")).await.problem(400, "invalid_parameter");
}

/// In one hour each: two answered soon and one late, one who gave up at once and one who did not, one moved and answered
/// nowhere, and one who waits still.
async fn furnished() -> Node {
    let node = Node::start().await;
    let left = |queue, how| CallEvent::QueueLeft { queue: QueueId(queue), how };
    let waits = |mut story: Story, seconds: u32| {
        for _ in 0..seconds {
            story = story.then(CallEvent::Digit { leg: clock::LegId(1), digit: '5' });
        }
        story
    };
    let arrived = clock::WallTime::from_micros(0);
    let mut stories = [
        Story::inbound(1).queued().answered().ended(),
        Story::inbound(2).queued().answered().ended(),
        waits(Story::inbound(3).queued(), 30).answered().ended(),
        Story::inbound(4).queued().then(left(1, QueueLeft::Abandoned)).canceled(),
        waits(Story::inbound(5).queued(), 30).then(left(1, QueueLeft::Abandoned)).canceled(),
        Story::inbound(6)
            .queued()
            .then(CallEvent::QueueEntered { queue: QueueId(2), arrived, priority: 0 })
            .then(left(2, QueueLeft::TimedOut))
            .canceled(),
        Story::inbound(7).queued(),
    ];
    for story in &mut stories {
        node.append(story.take()).await;
    }
    node.until("/v1/calls?limit=200", |page| page["data"].as_array().is_some_and(|calls| calls.len() == 7)).await;
    node.stored().await;
    node
}

/// All pages of a list of visits.
async fn visits(node: &Node, path: &str) -> Vec<Value> {
    let (mut all, mut next) = (Vec::new(), path.to_owned());
    loop {
        let page = get(node.at, &next).await.json();
        all.extend(page["data"].as_array().unwrap().iter().cloned());
        let Value::String(cursor) = &page["next_cursor"] else { return all };
        next = format!("{path}&cursor={cursor}");
    }
}

const REPORT: &str = "/v1/reports/queues?entered_at[gte]=1970-01-01T00:00:00Z&entered_at[lt]=1970-01-02T00:00:00Z";
const COUNTS: [&str; 12] = [
    "offered",
    "answered",
    "answered_in_time",
    "abandoned",
    "abandoned_in_time",
    "abandoned_short",
    "timed_out",
    "overflowed",
    "moved",
    "called_back",
    "ended",
    "waiting",
];
