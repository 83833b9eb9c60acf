use acd::{State, Status};
use centre::{Answer, Command, CommandError};
use clock::AgentId;
use serde_json::json;

use crate::client::{KEY, get, send, send_json};
use crate::node::{COMMAND_ROOM, Node, agent};

const STATE: &str = "/v1/agents/1001/state";

#[tokio::test]
async fn agents_are_listed_by_extension() {
    let node = Node::start().await;
    let reply = get(node.at, "/v1/agents").await;
    assert_eq!(reply.status, 200);
    assert!(reply.header("trunkline-snapshot-age-ms").is_some());
    let page = reply.json();
    assert_eq!(page["next_cursor"], json!(null));
    assert_eq!(page["data"].as_array().unwrap().len(), 3);
    let expected = json!({
        "extension": "1002", "name": null, "queues": ["support"], "status": "ready", "state": "on_call",
        "state_since": "1970-01-01T00:00:01.000001Z", "reason": null, "registered": true,
        "call_id": "call_00000000000000000000000000000007", "calls": [], "held": [], "serving": ["support"],
            "standing_leg": "none", "wrap_up": null,
    });
    assert_eq!(page["data"][1], expected);
    assert_eq!(page["data"][2]["reason"], "no_device");
    assert_eq!(get(node.at, "/v1/agents/1002").await.json(), expected);
}

#[tokio::test]
async fn agents_are_filtered() {
    let node = Node::start().await;
    let cases = [
        ("state=ready,on_call", vec!["1001", "1002"]),
        ("status=paused", vec![]),
        ("queue=sales", vec!["1003"]),
        ("queue=support&state=ready", vec!["1001"]),
    ];
    for (query, expected) in cases {
        let page = get(node.at, &format!("/v1/agents?{query}")).await.json();
        let got: Vec<_> = page["data"].as_array().unwrap().iter().map(|one| one["extension"].clone()).collect();
        assert_eq!(got, expected, "{query}");
    }
    get(node.at, "/v1/agents?state=sleeping").await.problem(400, "invalid_parameter");
}

#[tokio::test]
async fn an_unknown_agent_is_a_404() {
    let node = Node::start().await;
    get(node.at, "/v1/agents/1999").await.problem(404, "agent_not_found");
    let body = r#"{"state":"ready"}"#;
    send_json(node.at, "PUT", "/v1/agents/1999/state", &[], body).await.problem(404, "agent_not_found");
}

#[tokio::test]
async fn a_status_is_stored_by_its_owner() {
    let mut node = Node::start().await;
    node.play(|command| {
        let expected =
            Command::SetAgentStatus { agent: AgentId(1), status: Status::Paused, reason: Some("lunch".into()) };
        assert_eq!(command, expected);
        let now = acd::AgentSnapshot {
            status: Status::Paused,
            state: State::Paused,
            reason: Some("lunch".into()),
            ..agent(1, State::Ready)
        };
        Ok(Answer::Agent(now))
    });
    let reply = send_json(node.at, "PUT", STATE, &[], r#"{"state":"paused","reason":"lunch"}"#).await;
    assert_eq!(reply.status, 200);
    let stored = reply.json();
    assert_eq!(
        (&stored["status"], &stored["state"], &stored["reason"]),
        (&json!("paused"), &json!("paused"), &json!("lunch"))
    );
}

#[tokio::test]
async fn bodies_that_are_wrong_are_refused_with_a_pointer() {
    let node = Node::start().await;
    let cases = [
        ("{}", 422, "invalid_body", "#/state"),
        (r#"{"state":"sleeping"}"#, 422, "invalid_body", "#/state"),
        (r#"{"state":"ready","mood":1}"#, 422, "invalid_body", "#/mood"),
        (r#"{"state":"paused","reason":""}"#, 422, "invalid_body", "#/reason"),
        (r#"{"state":"paused","reason":"a\u0000"}"#, 422, "invalid_body", "#/reason"),
        (r#"{"state":"paused","reason":5}"#, 422, "invalid_body", "#/reason"),
    ];
    for (body, status, code, pointer) in cases {
        let problem = send_json(node.at, "PUT", STATE, &[], body).await.problem(status, code);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
    }
    send_json(node.at, "PUT", STATE, &[], r#"{"state":"#).await.problem(400, "malformed_json");
    send_json(node.at, "PUT", STATE, &[], "").await.problem(400, "malformed_json");
    let text = [KEY, ("Content-Type", "text/plain")];
    send(node.at, "PUT", STATE, &text, r#"{"state":"ready"}"#).await.problem(415, "unsupported_media_type");
    let long = format!(r#"{{"state":"ready","reason":"{}"}}"#, "x".repeat(65_536));
    send_json(node.at, "PUT", STATE, &[], &long).await.problem(413, "payload_too_large");
}

#[tokio::test]
async fn an_owner_that_cannot_is_a_503_with_retry_after() {
    let mut node = Node::start().await;
    node.play(|_| Err(CommandError::Unavailable { reason: "journal".into() }));
    let reply = send_json(node.at, "PUT", STATE, &[], r#"{"state":"ready"}"#).await;
    reply.problem(503, "unavailable");
    assert_eq!(reply.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn an_owner_that_is_gone_or_drowned_is_a_503() {
    let mut node = Node::start().await;
    let put = |at| async move { send_json(at, "PUT", STATE, &[], r#"{"state":"ready"}"#).await };
    let waiting: Vec<_> = (0..COMMAND_ROOM).map(|_| tokio::spawn(put(node.at))).collect();
    while node.commands.len() < COMMAND_ROOM {
        tokio::task::yield_now().await;
    }
    put(node.at).await.problem(503, "unavailable");
    drop(node.commands.recv().await);
    node.commands.close();
    while node.commands.recv().await.is_some() {}
    for request in waiting {
        request.await.unwrap().problem(503, "unavailable");
    }
    let page = get(node.at, "/metrics").await;
    assert!(page.text().contains("trunkline_channel_full_total{channel=\"commands\"} 1"), "{}", page.text());
}

#[tokio::test]
async fn an_idle_agent_is_explained_by_the_distributor_itself() {
    let mut node = Node::start().await;
    node.play(|command| {
        assert_eq!(command, Command::WhyIdle { agent: AgentId(1) });
        let need = acd::Need { skill: clock::SkillId(1), level: 4 };
        let idle = |queue, waiting, reason| acd::IdleIn { queue: clock::QueueId(queue), waiting, reason };
        let held = acd::NoCall::HeldFor { agent: AgentId(2), left: core::time::Duration::from_secs(9) };
        Ok(Answer::WhyIdle(acd::WhyIdle {
            state: State::Ready,
            resting: None,
            queues: vec![idle(1, 2, acd::NoCall::Skill(need)), idle(2, 1, held)],
        }))
    });
    let why = get(node.at, "/v1/agents/1001/why-idle").await.json();
    assert_eq!((&why["extension"], &why["state"], &why["resting_ms"]), (&json!("1001"), &json!("ready"), &json!(null)));
    let expected = json!({
        "queue": "support", "waiting": 2, "reason": "skill_missing", "skill": "german", "skill_level": 4,
        "held_for": null, "held_ms": null, "conversations_max": null,
    });
    assert_eq!(why["queues"][0], expected);
    assert_eq!((&why["queues"][1]["held_for"], &why["queues"][1]["held_ms"]), (&json!("1002"), &json!(9_000)));
    let words = "The agent is ready. support: 2 calls wait, the first needs german at level 4. \
                 sales: 1 call waits, the first is kept for 1002.";
    assert_eq!(why["words"], words);
    get(node.at, "/v1/agents/1999/why-idle").await.problem(404, "agent_not_found");
}
