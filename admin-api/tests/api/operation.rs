use admin_api::Readiness;
use serde_json::json;

use crate::client::{get, send};
use crate::node::Node;

#[tokio::test]
async fn probes_need_no_key_on_loopback_unless_proxied() {
    let node = Node::start().await;
    for path in ["/healthz", "/metrics"] {
        assert_eq!(send(node.at, "GET", path, &[], "").await.status, 200);
        send(node.at, "GET", path, &[("X-Forwarded-For", "192.0.2.1")], "").await.problem(401, "unauthorized");
    }
    assert_eq!(get(node.at, "/healthz").await.json(), json!({"status": "ok"}));
}

#[tokio::test]
async fn ready_means_sockets_owners_and_journal() {
    let node = Node::start().await;
    let problem = send(node.at, "GET", "/readyz", &[], "").await.problem(503, "not_ready");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 3);
    let but_journal = Readiness { sockets_open: true, owners_restored: true, journal_writable: false };
    node.readiness.send(but_journal).unwrap();
    let problem = send(node.at, "GET", "/readyz", &[], "").await.problem(503, "not_ready");
    assert_eq!(problem["errors"][0]["pointer"], "#/journal_writable");
    node.readiness.send(Readiness { journal_writable: true, ..but_journal }).unwrap();
    let ready = json!({
        "sockets_open": true, "owners_restored": true, "journal_writable": true, "owner_panics": 0, "quarantined": 0,
    });
    assert_eq!(send(node.at, "GET", "/readyz", &[], "").await.json(), ready);
}

#[tokio::test]
async fn metrics_have_the_names_that_dashboards_rely_on() {
    let node = Node::start().await;
    node.metrics.sip_requests.inc();
    node.metrics.rtp_received.inc_by(5);
    node.metrics.dropped("martian");
    let reply = send(node.at, "GET", "/metrics", &[], "").await;
    let page = reply.text();
    for line in [
        "trunkline_calls_active 0",
        "trunkline_queue_waiting{queue=\"support\"} 2",
        "trunkline_queue_waiting{queue=\"sales\"} 0",
        "trunkline_queue_wait_seconds_count 0",
        "trunkline_agents{queue=\"support\",state=\"on_call\"} 1",
        "trunkline_sip_requests_total 1",
        "trunkline_sip_retransmissions_total 0",
        "trunkline_rtp_packets_total{direction=\"received\"} 5",
        "trunkline_rtp_packets_total{direction=\"sent\"} 0",
        "trunkline_rtp_lost_total 0",
        "trunkline_recording_gaps_total 0",
        "trunkline_media_ring_full_total 0",
        "trunkline_drops_total{reason=\"martian\"} 1",
        "trunkline_journal_lag_seconds 0",
        "trunkline_journal_backlog 0",
        "trunkline_facts_repaired_total 0",
        "trunkline_build_info{version=\"0.0.0\"} 1",
        "trunkline_registrations 1",
    ] {
        assert!(page.lines().any(|one| one == line), "{line} in:\n{page}");
    }
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        assert!(page.contains(&format!("# HELP {family} ")), "{line}");
    }
}

#[tokio::test]
async fn the_api_stops_when_told() {
    let node = Node::start().await;
    node.stop.send(true).unwrap();
    node.served.await.unwrap();
    assert!(tokio::net::TcpStream::connect(node.at).await.is_err());
}
