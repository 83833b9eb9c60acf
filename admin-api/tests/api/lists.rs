use acd::{Need, Others, Waits, WhyWaits};
use centre::{Answer, Command};
use clock::{AgentId, CallId, Instant, SkillId};
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
async fn the_calls_of_a_queue_stand_in_order_and_name_the_rule_that_holds_each_back() {
    let mut node = Node::start().await;
    // Of the first nobody who is there speaks the language; the second waits for the limit of conversations.
    node.play(|command| {
        let Command::WhyWait { calls } = command else { panic!("{command:?}") };
        Ok(Answer::WhyWait(calls.into_iter().map(held_back).collect()))
    });
    let page = get(node.at, "/v1/queues/support/calls").await.json();
    let first = &page["data"][0];
    assert_eq!((&first["position"], &first["priority"], &first["attempts"]), (&json!(1), &json!(0), &json!(0)));
    assert_eq!(
        (&first["why"], &first["offered_to"], &first["ewt_basis"]),
        (&json!("skill_missing"), &json!([]), &json!("ready"))
    );
    let words = "Nobody on duty may take it. Of the queue's agents 2 lack german at level 3.";
    assert_eq!(first["why_text"], words);
    let second = &page["data"][1];
    assert_eq!((&second["position"], &second["ewt_basis"]), (&json!(2), &json!("prior")));
    assert_eq!(second["why"], "conversation_limit");
    assert_eq!(second["why_text"], "The queue has as many conversations as it may: 4.");
    assert!(second["ewt_upper_ms"].as_u64() > second["ewt_ms"].as_u64());
    let some = get(node.at, "/v1/queues/support/calls?limit=1").await.json();
    let next = format!("/v1/queues/support/calls?cursor={}", some["next_cursor"].as_str().unwrap());
    assert_eq!(get(node.at, &next).await.json()["data"][0]["position"], 2);
    assert_eq!(get(node.at, "/v1/queues/sales/calls").await.json()["data"], json!([]));
    get(node.at, "/v1/queues/nobody/calls").await.problem(404, "queue_not_found");
}

#[tokio::test]
async fn each_reason_why_a_call_waits_has_a_word() {
    let mut node = Node::start().await;
    let kept = WhyWaits::HeldFor { agent: AgentId(2), until: Instant::default() };
    let nobody = |others| WhyWaits::NobodyFree(others);
    let busy = Others { states: [1, 0, 1, 1, 0, 0], kind: 1, ..Others::default() };
    let reasons = [
        (WhyWaits::Rings(2), "ringing", "2 phones ring for it."),
        (kept, "held_for_agent", "It is kept for 1002 for now."),
        (
            nobody(Others { resting: 1, ..busy }),
            "resting",
            "Ready, but left alone for a moment after an offer not taken: 1. Of the queue's agents 1 take no work of its kind.",
        ),
        (
            nobody(Others { kind: 0, ..busy }),
            "all_busy",
            "All on duty who may take it are busy: 1 on a call, 0 in wrap-up, 1 being rung.",
        ),
        (
            nobody(Others { level: 3, ..Others::default() }),
            "level_not_reached",
            "Nobody on duty may take it. Of the queue's agents 3 are of a level that it may not reach yet.",
        ),
        (
            nobody(Others { kind: 1, ..Others::default() }),
            "kind_not_taken",
            "Nobody on duty may take it. Of the queue's agents 1 take no work of its kind.",
        ),
        (
            nobody(Others { behind: 1, ..busy }),
            "next",
            "It is about to be offered. Of the queue's agents 1 take no work of its kind.",
        ),
    ];
    let mut say = reasons.iter().map(|(why, ..)| *why).collect::<Vec<_>>().into_iter();
    node.play(move |command| {
        let Command::WhyWait { calls } = command else { panic!("{command:?}") };
        // The second call has just been served.
        Ok(Answer::WhyWait(vec![Waits { call: calls[0], why: say.next().unwrap(), required: Vec::new() }]))
    });
    for (why, word, text) in reasons {
        let page = get(node.at, "/v1/queues/support/calls").await.json();
        assert_eq!(page["data"].as_array().unwrap().len(), 1, "{why:?}");
        assert_eq!((&page["data"][0]["why"], &page["data"][0]["why_text"]), (&json!(word), &json!(text)));
    }
}

#[tokio::test]
async fn callbacks_show_their_place_among_all_who_wait_and_when_they_are_expected() {
    let mut node = Node::start().await;
    let callback = &get(node.at, "/v1/callbacks").await.json()["data"][0];
    assert_eq!((&callback["state"], &callback["position"]), (&json!("queued"), &json!(3)));
    let (mean, upper) = (callback["ewt_ms"].as_u64().unwrap(), callback["ewt_upper_ms"].as_u64().unwrap());
    assert!(0 < mean && mean < upper);
    node.play(|command| {
        let Command::WhyWait { calls } = command else { panic!("{command:?}") };
        Ok(Answer::WhyWait(calls.into_iter().map(held_back).collect()))
    });
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

/// The first of the node's two waiting calls lacks a skill, the other waits for the limit of conversations.
fn held_back(call: CallId) -> Waits {
    let why = match call {
        CallId(8) => WhyWaits::NobodyFree(Others { states: [1, 0, 0, 0, 0, 0], skill: 2, ..Others::default() }),
        _ => WhyWaits::Conversations { max: 4 },
    };
    Waits { call, why, required: vec![Need { skill: SkillId(1), level: 3 }] }
}
