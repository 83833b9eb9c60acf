use serde_json::{Value, json};

use crate::client::get;
use crate::node::Node;

#[tokio::test]
async fn queues_show_who_waits_and_who_is_there() {
    let node = Node::start().await;
    let page = get(node.at, "/v1/queues").await.json();
    let names: Vec<_> = page["data"].as_array().unwrap().iter().map(|queue| queue["name"].clone()).collect();
    assert_eq!(names, ["sales", "support"]);
    let mut support = get(node.at, "/v1/queues/support").await.json();
    assert!(support["longest_wait_ms"].take().as_u64().unwrap() > 0);
    let agents = json!({"offline": 1, "ready": 1, "reserved": 0, "on_call": 1, "wrap_up": 0, "paused": 0});
    let callbacks = json!({"waiting": 1, "dialing": 0});
    assert!(support["ewt_ms"].take().as_u64().unwrap() > 0, "two on duty, two wait: the usual rates");
    let expected = json!({"name": "support", "waiting": 2, "longest_wait_ms": null, "ewt_ms": null, "agents": agents, "callbacks": callbacks, "alerts": []});
    assert_eq!(support, expected);
    assert_eq!(get(node.at, "/v1/queues/sales").await.json()["longest_wait_ms"], 0);
    get(node.at, "/v1/queues/nobody").await.problem(404, "queue_not_found");
}

#[tokio::test]
async fn the_calls_of_a_queue_stand_in_order_and_say_why_they_wait() {
    let node = Node::start().await;
    let page = get(node.at, "/v1/queues/support/calls").await.json();
    let first = &page["data"][0];
    assert_eq!((&first["position"], &first["priority"], &first["attempts"]), (&json!(1), &json!(0), &json!(0)));
    assert_eq!(
        (&first["why"], &first["offered_to"], &first["ewt_basis"]),
        (&json!("held_back"), &json!([]), &json!("ready"))
    );
    assert!(first["why_text"].as_str().unwrap().starts_with("1 are ready"));
    let second = &page["data"][1];
    assert_eq!((&second["position"], &second["ewt_basis"]), (&json!(2), &json!("prior")));
    assert!(second["ewt_upper_ms"].as_u64() > second["ewt_ms"].as_u64());
    let some = get(node.at, "/v1/queues/support/calls?limit=1").await.json();
    let next = format!("/v1/queues/support/calls?cursor={}", some["next_cursor"].as_str().unwrap());
    assert_eq!(get(node.at, &next).await.json()["data"][0]["position"], 2);
    assert_eq!(get(node.at, "/v1/queues/sales/calls").await.json()["data"], json!([]));
    get(node.at, "/v1/queues/nobody/calls").await.problem(404, "queue_not_found");
}

#[tokio::test]
async fn callbacks_show_their_place_among_all_who_wait_and_when_they_are_expected() {
    let node = Node::start().await;
    let callback = &get(node.at, "/v1/callbacks").await.json()["data"][0];
    assert_eq!((&callback["state"], &callback["position"]), (&json!("queued"), &json!(3)));
    let (mean, upper) = (callback["ewt_ms"].as_u64().unwrap(), callback["ewt_upper_ms"].as_u64().unwrap());
    assert!(0 < mean && mean < upper);
    let second = &get(node.at, "/v1/queues/support/calls").await.json()["data"][1];
    assert!(second["ewt_ms"].as_u64().unwrap() < mean, "who is before it waits less");
    assert!(
        callback["expected_at"].as_str().unwrap().starts_with("1970-01-01T00:"),
        "the snapshot's time and the wait"
    );
}

#[tokio::test]
async fn trunks_and_registrations_are_listed() {
    let node = Node::start().await;
    let trunk = json!({
        "name": "carrier", "up": false, "reason": "not_known_yet", "since": null, "sources": ["127.0.0.2"],
        "destination": "sip:127.0.0.2:5080", "destinations": ["udp:127.0.0.2:5080"], "targets": [],
        "registration": null, "calls": 2, "refused": 3,
    });
    assert_eq!(get(node.at, "/v1/trunks").await.json()["data"], json!([trunk]));
    assert_eq!(get(node.at, "/v1/trunks/carrier").await.json(), trunk);
    get(node.at, "/v1/trunks/nobody").await.problem(404, "trunk_not_found");
    let registration = json!({
        "extension": "1001", "contact": "sip:1001@127.0.0.1:5070", "transport": "udp", "source": "127.0.0.1:5070",
        "expires_at": "1970-01-01T00:00:03.000000Z",
    });
    assert_eq!(get(node.at, "/v1/registrations").await.json()["data"], json!([registration]));
    assert_eq!(get(node.at, "/v1/registrations?extension=1002").await.json()["data"], json!([]));
}

#[tokio::test]
async fn pages_follow_each_other() {
    let node = Node::start().await;
    let mut seen = Vec::new();
    let mut path = String::from("/v1/agents?limit=2");
    loop {
        let reply = get(node.at, &path).await;
        let page = reply.json();
        let next = page["next_cursor"].as_str().map(|at| format!("</v1/agents?limit=2&cursor={at}>; rel=\"next\""));
        assert_eq!(reply.header("Link"), next.as_deref());
        seen.extend(page["data"].as_array().unwrap().iter().map(|agent| agent["extension"].clone()));
        let Value::String(cursor) = &page["next_cursor"] else { break };
        path = format!("/v1/agents?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, ["1001", "1002", "1003"]);
}

#[tokio::test]
async fn parameters_are_never_ignored() {
    let node = Node::start().await;
    for list in ["agents", "queues", "trunks", "registrations"] {
        for (query, code, pointer) in [
            ("colour=red", "unknown_parameter", "?colour"),
            ("limit=0", "invalid_parameter", "?limit"),
            ("limit=201", "invalid_parameter", "?limit"),
            ("limit=ten", "invalid_parameter", "?limit"),
            ("cursor=nonsense", "invalid_parameter", "?cursor"),
        ] {
            let problem = get(node.at, &format!("/v1/{list}?{query}")).await.problem(400, code);
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{list} {query}");
        }
        assert_eq!(get(node.at, &format!("/v1/{list}?limit=200")).await.status, 200);
    }
    for one in ["/v1/agents/1001", "/v1/queues/support", "/v1/openapi.json", "/healthz", "/readyz", "/metrics"] {
        get(node.at, &format!("{one}?x=1")).await.problem(400, "unknown_parameter");
    }
    let foreign = get(node.at, "/v1/agents?limit=1").await.json()["next_cursor"].as_str().unwrap().to_owned();
    get(node.at, &format!("/v1/queues?cursor={foreign}")).await.problem(404, "cursor_not_found");
}
