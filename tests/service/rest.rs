//! Every route of the API through the real binary: fields, filters, pages, metrics.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::queue_calls::talk;
use crate::support::{ECHO, Node, NodeConfig, SUPPORT};

#[test]
fn agents_queues_trunks_and_registrations() {
    let node = Node::demo();
    let phone = node.registered("1001");
    let page = node.http().get("/v1/agents?limit=20").json();
    assert_eq!(page["data"].as_array().map(Vec::len), Some(20));
    let cursor = page["next_cursor"].as_str().expect("more than one page");
    let next = node.http().get(&format!("/v1/agents?limit=200&cursor={cursor}")).json();
    assert_eq!(next["data"].as_array().map(Vec::len), Some(30));
    assert!(next["next_cursor"].is_null());
    let agent = node.http().wait_agent("1001", "ready");
    assert_fields(&agent, &["extension", "status", "state", "state_since", "reason", "registered", "call_id"]);
    let ready = node.http().get("/v1/agents?state=ready").json();
    assert_eq!(ready["data"].as_array().map(Vec::len), Some(1), "{ready:#}");
    let queues = node.http().get("/v1/queues").json();
    let names: Vec<&str> =
        queues["data"].as_array().into_iter().flatten().filter_map(|queue| queue["name"].as_str()).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>(), ["sales", "support"].iter().collect());
    let support = node.http().get("/v1/queues/support").json();
    assert_fields(&support, &["name", "waiting", "longest_wait_ms", "agents", "callbacks"]);
    assert_eq!((&support["agents"]["ready"], &support["waiting"]), (&1.into(), &0.into()), "{support:#}");
    assert_fields(&support["callbacks"], &["waiting", "dialing"]);
    let trunks = node.http().get("/v1/trunks").json();
    assert_eq!(trunks["data"][0]["name"], "carrier", "{trunks:#}");
    let registrations = node.http().get("/v1/registrations").json();
    assert!(registrations.to_string().contains(&phone.addr().to_string()), "{registrations:#}");
}

#[test]
fn calls_are_listed_live_and_stored_and_found_by_every_filter() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 0));
    let phone = node.registered("1001");
    let (mut caller, agent) = talk(&node, &phone);
    let is_recorded = |call: &Value| call["recording"]["state"] == "recording";
    let live = crate::support::until("a recording", || node.http().call_with(&caller.id), is_recorded);
    assert_eq!((&live["status"], &live["ended_at"]), (&"answered".into(), &Value::Null));
    let id = live["id"].as_str().expect("an id").to_owned();
    let path = format!("/v1/calls/{id}/recording");
    node.http().get(&path).assert_problem(409, "recording_not_ready");
    assert!(node.http().metric("trunkline_calls_active") >= 1.0);
    assert_eq!(node.http().agent("1001")["call_id"], live["id"]);
    for filter in [
        format!("sip_call_id={}", caller.id),
        format!("sip_call_id={}", agent.id),
        "from=%2B447700900123".to_owned(),
        "to=%2B442071830001".to_owned(),
        "status=answered".to_owned(),
        "queue=support".to_owned(),
        "agent=1001".to_owned(),
        "direction=inbound".to_owned(),
        "internal=false".to_owned(),
        "started_at%5Bgte%5D=2020-01-01T00:00:00Z".to_owned(),
    ] {
        assert_eq!(node.http().calls(&format!("&{filter}")).len(), 1, "{filter}");
    }
    for filter in ["status=completed", "queue=sales", "agent=1002", "started_at%5Bgte%5D=2100-01-01T00:00:00Z"] {
        assert!(node.http().calls(&format!("&{filter}")).is_empty(), "{filter}");
    }
    caller.bye();
    agent.expect_bye();
    let record = node.http().record_of(&caller.id);
    assert_eq!((&record["id"], &record["status"]), (&live["id"], &"completed".into()));
    assert_fields(
        &record,
        &[
            "id",
            "sip_call_ids",
            "direction",
            "internal",
            "parent_call_id",
            "status",
            "outcome",
            "from",
            "to",
            "queue",
            "agent",
            "started_at",
            "queued_at",
            "ringing_at",
            "answered_at",
            "ended_at",
            "queue_wait_ms",
            "talk_ms",
            "cause",
            "recording",
        ],
    );
    assert_fields(&record["cause"], &["who", "q850", "sip", "code"]);
    let steps = node.http().get(&format!("/v1/calls/{id}/events")).json();
    for (at, step) in steps["data"].as_array().into_iter().flatten().enumerate() {
        assert_fields(step, &["seq", "at", "type", "leg", "data"]);
        assert_eq!(step["seq"], at + 1);
    }
}

#[test]
fn pages_of_calls_miss_none_and_repeat_none() {
    let node = Node::demo();
    let mut made = BTreeSet::new();
    for _ in 0..7 {
        let mut call = node.carrier.call(ECHO);
        call.expect_final(200);
        call.bye();
        made.insert(node.http().record_of(&call.id)["id"].to_string());
    }
    for sort in ["started_at", "-started_at"] {
        let (mut seen, mut path) = (Vec::new(), format!("/v1/calls?limit=3&sort={sort}"));
        loop {
            let page = node.http().get(&path).json();
            seen.extend(page["data"].as_array().into_iter().flatten().map(|call| call["id"].to_string()));
            match page["next_cursor"].as_str() {
                Some(cursor) => path = format!("/v1/calls?limit=3&sort={sort}&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(seen.len(), 7, "{sort}: {seen:?}");
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), made, "{sort}");
    }
}

#[test]
fn a_recording_is_read_in_ranges() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 0));
    let phone = node.registered("1001");
    let (mut caller, agent) = talk(&node, &phone);
    caller.talk(1_000.0);
    agent.rtp.wait_packets(30);
    caller.bye();
    agent.expect_bye();
    let record = node.http().record_of(&caller.id);
    let path = format!("/v1/calls/{}/recording", record["id"].as_str().expect("an id"));
    let whole = crate::support::until("the recording", || node.http().get(&path), |file| file.status == 200);
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    let length = whole.body.len();
    for (range, from, to) in [("bytes=0-43", 0, 44), ("bytes=44-", 44, length), ("bytes=-100", length - 100, length)] {
        let part = node.http().fetch(&path, &[("Range", range)]);
        assert_eq!(part.status, 206, "{range}");
        assert_eq!(part.header("content-range"), Some(format!("bytes {from}-{}/{length}", to - 1).as_str()));
        assert_eq!(part.body, whole.body[from..to], "{range}");
    }
    let beyond = format!("bytes={}-", length + 10);
    node.http().fetch(&path, &[("Range", &beyond)]).assert_problem(416, "range_not_satisfiable");
}

#[test]
fn metrics_have_the_names_that_dashboards_rely_on() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 0));
    let phone = node.registered("1001");
    let (mut caller, agent) = talk(&node, &phone);
    caller.talk(1_000.0);
    agent.rtp.wait_packets(10);
    let mut waiting = node.carrier.call(SUPPORT);
    waiting.expect_final(200);
    node.http().wait_waiting("support", 1);
    crate::support::until(
        "one waits",
        || node.http().metric("trunkline_queue_waiting{queue=\"support\"}"),
        |n| *n == 1.0,
    );
    waiting.bye();
    caller.bye();
    agent.expect_bye();
    node.http().record_of(&caller.id);
    let completed = "trunkline_calls_total{direction=\"inbound\",status=\"completed\"}";
    crate::support::until(completed, || node.http().metric(completed), |count| *count == 1.0);
    let text = crate::support::until(
        "packets counted",
        || node.http().get("/metrics").text(),
        |text| {
            text.lines().any(|line| line.starts_with("trunkline_rtp_packets_total{direction=") && !line.ends_with(" 0"))
        },
    );
    for name in [
        "trunkline_calls_active",
        "trunkline_calls_total",
        "trunkline_queue_waiting",
        "trunkline_queue_wait_seconds",
        "trunkline_agents",
        "trunkline_sip_requests_total",
        "trunkline_sip_retransmissions_total",
        "trunkline_rtp_packets_total",
        "trunkline_rtp_lost_total",
        "trunkline_drops_total",
        "trunkline_journal_lag_seconds",
        "trunkline_journal_backlog",
    ] {
        assert!(text.contains(&format!("# TYPE {name} ")), "{name}");
    }
    for labels in ["trunkline_agents{queue=\"support\",state=\"", "trunkline_sip_requests_total "] {
        assert!(text.contains(labels), "{labels}");
    }
}

#[test]
fn the_api_describes_itself() {
    let node = Node::demo();
    let described = node.http().get("/v1/openapi.json");
    assert_eq!(described.status, 200);
    let description = described.json();
    assert!(description["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    let kept = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/api/openapi.json"));
    assert_eq!(kept.expect("the description in the repository"), described.text());
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(node.http().fetch(path, &[("Authorization", "")]).status, 200, "{path} needs no key on loopback");
    }
}

#[track_caller]
fn assert_fields(object: &Value, fields: &[&str]) {
    for field in fields {
        assert!(object.get(field).is_some(), "{field} in {object:#}");
    }
}
