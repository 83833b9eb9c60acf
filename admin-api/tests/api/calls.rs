use clock::{AgentId, QueueId};
use journal_core::{CallEvent, RecordingState, RoutedAgent, RoutedOthers, RoutedStanding, Routing, RoutingStrategy};
use serde_json::{Value, json};

use crate::client::{KEY, get, send};
use crate::node::Node;
use crate::story::{Story, caller, recording_path};

const RANGE_TEXT: &str = "0123456789";

#[tokio::test]
async fn a_call_is_the_same_live_and_stored() {
    let node = Node::start().await;
    let mut story = Story::inbound(1).queued().answered();
    node.append(story.take()).await;
    let path = format!("/v1/calls/{}", story.call);
    let live = node.until(&path, |call| call["status"] == "answered").await;
    assert_eq!(live["sip_call_ids"], json!(["1@carrier", format!("agent-{}", story.call)]));
    assert_eq!(
        (&live["queue"], &live["agent"], &live["trunk"]),
        (&json!("support"), &json!("1001"), &json!("carrier"))
    );
    assert_eq!((&live["direction"], &live["internal"]), (&json!("inbound"), &json!(false)));
    assert_eq!(live["recording"], json!({"state": "recording", "duration_ms": null}));
    assert_eq!((&live["cause"], &live["ended_at"], &live["talk_ms"]), (&json!(null), &json!(null), &json!(null)));
    let mut story = story.ended().recorded(RecordingState::Ready);
    node.append(story.take()).await;
    node.stored().await;
    let stored = node.until(&path, |call| call["recording"]["state"] == "ready").await;
    let expected = json!({
        "id": story.call.to_string(), "sip_call_ids": live["sip_call_ids"], "direction": "inbound",
        "internal": false, "parent_call_id": null, "status": "completed", "outcome": "successful",
        "from": caller(1), "to": "+442071830001", "queue": "support", "agent": "1001", "trunk": "carrier",
        "started_at": "1970-01-01T01:00:01.000000Z", "queued_at": "1970-01-01T01:00:03.000000Z",
        "ringing_at": "1970-01-01T01:00:05.000000Z", "answered_at": "1970-01-01T01:00:08.000000Z",
        "ended_at": "1970-01-01T01:00:10.000000Z", "queue_wait_ms": 5_000, "talk_ms": 2_000, "is_lost": false,
        "lost": null, "recovers_call_id": null, "failure_reason": null,
        "cause": {"who": "caller", "q850": 16, "sip": null, "code": "normal"},
        "recording": {"state": "ready", "duration_ms": 1_000},
    });
    assert_eq!(stored, expected);
    assert_eq!(get(node.at, "/v1/calls").await.json(), json!({"data": [expected], "next_cursor": null}));
}

#[tokio::test]
async fn calls_are_filtered_and_sorted() {
    let node = Node::start().await;
    node.append(Story::inbound(1).queued().answered().ended().recorded(RecordingState::Ready).take()).await;
    node.append(Story::inbound(2).queued().canceled().take()).await;
    node.stored().await;
    node.append(Story::inbound(3).queued().take()).await;
    node.append(Story::inbound(4).queued().answered().take()).await;
    node.until("/v1/calls?status=answered", |page| page["data"].as_array().unwrap().len() == 1).await;
    let cases = [
        ("", vec![4, 3, 2, 1]),
        ("sort=started_at", vec![1, 2, 3, 4]),
        ("status=queued,canceled", vec![3, 2]),
        ("outcome=successful,no_answer", vec![2, 1]),
        ("agent=1001", vec![4, 1]),
        ("queue=support&status=completed", vec![1]),
        ("queue=sales", vec![]),
        ("sip_call_id=3@carrier", vec![3]),
        ("sip_call_id=1@carrier", vec![1]),
        ("from=+442071830002,+442071830003", vec![3, 2]),
        ("to=%2B442071830001&internal=false&direction=inbound", vec![4, 3, 2, 1]),
        ("internal=true", vec![]),
        ("started_at[gte]=1970-01-01T03:00:00Z", vec![4, 3]),
        ("started_at[gte]=1970-01-01T02:00:00Z&started_at[lt]=1970-01-01T04:00:00Z", vec![3, 2]),
    ];
    for (query, expected) in cases {
        let page = get(node.at, &format!("/v1/calls?{query}")).await.json();
        let froms: Vec<_> = page["data"].as_array().unwrap().iter().map(|call| call["from"].clone()).collect();
        assert_eq!(froms, expected.into_iter().map(caller).collect::<Vec<_>>(), "{query}");
    }
    for (query, code, pointer) in [
        ("status=sleeping", "invalid_parameter", "?status"),
        ("sort=from", "invalid_parameter", "?sort"),
        ("started_at[gte]=yesterday", "invalid_parameter", "?started_at[gte]"),
        ("internal=maybe", "invalid_parameter", "?internal"),
        ("cursor=00", "invalid_parameter", "?cursor"),
        ("limit=0", "invalid_parameter", "?limit"),
        ("started_at[gt]=1970-01-01T02:00:00Z", "unknown_parameter", "?started_at[gt]"),
    ] {
        let problem = get(node.at, &format!("/v1/calls?{query}")).await.problem(400, code);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{query}");
    }
}

#[tokio::test]
async fn new_calls_do_not_shift_pages() {
    let node = Node::start().await;
    for number in 1..=5 {
        node.append(Story::inbound(number).queued().canceled().take()).await;
    }
    node.stored().await;
    node.append(Story::inbound(6).queued().take()).await;
    node.until("/v1/calls", |page| page["data"].as_array().unwrap().len() == 6).await;
    let mut seen = Vec::new();
    let mut path = String::from("/v1/calls?limit=2");
    let mut number = 10;
    loop {
        let page = get(node.at, &path).await.json();
        seen.extend(page["data"].as_array().unwrap().iter().map(|call| call["from"].clone()));
        let Value::String(cursor) = &page["next_cursor"] else { break };
        path = format!("/v1/calls?limit=2&cursor={cursor}");
        node.append(Story::inbound(number).queued().take()).await;
        number += 1;
    }
    assert_eq!(seen, (1..=6).rev().map(caller).collect::<Vec<_>>());
    let cursor = get(node.at, "/v1/calls?limit=2").await.json()["next_cursor"].as_str().unwrap().to_owned();
    let other_order = get(node.at, &format!("/v1/calls?sort=started_at&cursor={cursor}")).await;
    other_order.problem(404, "cursor_not_found");
}

#[tokio::test]
async fn without_the_database_live_calls_are_shown() {
    let node = Node::without_database().await;
    let mut story = Story::inbound(1).queued();
    node.append(story.take()).await;
    let page = node.until("/v1/calls", |page| page["data"].as_array().unwrap().len() == 1).await;
    assert_eq!(page["data"][0]["id"], story.call.to_string());
    assert_eq!(get(node.at, "/v1/calls").await.header("trunkline-incomplete"), Some("database"));
    let path = format!("/v1/calls/{}", story.call);
    assert_eq!(get(node.at, &path).await.status, 200);
    node.append(story.canceled().take()).await;
    node.until(&path, |call| call["status"] == "canceled").await;
    let stored = Story::inbound(2).call;
    for path in [format!("/v1/calls/{stored}"), format!("/v1/calls/{stored}/events"), "/v1/voicemails".into()] {
        let reply = get(node.at, &path).await;
        reply.problem(503, "database_unavailable");
        assert!(reply.header("retry-after").is_some());
    }
}

#[tokio::test]
async fn unknown_calls_are_404() {
    let node = Node::start().await;
    let stranger = Story::inbound(9).call.to_string();
    for id in [stranger.as_str(), "call_1", "1", "%00"] {
        for path in ["", "/events", "/recording"] {
            get(node.at, &format!("/v1/calls/{id}{path}")).await.problem(404, "call_not_found");
        }
        send(node.at, "POST", &format!("/v1/calls/{id}/hangup"), &[KEY], "").await.problem(404, "call_not_found");
    }
}

#[tokio::test]
async fn the_journey_is_told_step_by_step() {
    let node = Node::start().await;
    let mut story = Story::inbound(1).queued().answered().ended().recorded(RecordingState::Ready);
    node.append(story.take()).await;
    node.stored().await;
    let path = format!("/v1/calls/{}/events", story.call);
    let page = node.until(&path, |page| page["data"].as_array().unwrap().len() == 11).await;
    assert_eq!(page["next_cursor"], json!(null));
    let steps = page["data"].as_array().unwrap();
    assert_eq!(steps[4]["type"], "offer.ringing");
    assert_eq!(steps[4]["seq"], 5);
    assert_eq!(steps[4]["at"], "1970-01-01T01:00:05.000000Z");
    assert_eq!(steps[4]["leg"], "leg_77");
    assert_eq!(steps[4]["data"]["agent"], "1001");
    assert_eq!(steps[9]["data"]["cause"]["code"], "normal");
    let first = get(node.at, &format!("{path}?limit=10")).await.json();
    let rest = get(node.at, &format!("{path}?limit=10&cursor={}", first["next_cursor"].as_str().unwrap())).await.json();
    assert_eq!(rest["data"], json!([steps[10]]));
}

#[tokio::test]
async fn each_decision_is_told_with_who_else_could_have_had_the_call() {
    let node = Node::start().await;
    let agent =
        |agent, standing, figure| RoutedAgent { agent: AgentId(agent), standing, level: 1, proficiency: 0, figure };
    let routing = Routing {
        agent: AgentId(1),
        queue: QueueId(1),
        strategy: RoutingStrategy::FewestCalls,
        candidates: 2,
        attempt: 1,
        agents: vec![
            agent(1, RoutedStanding::Chosen, 4),
            agent(2, RoutedStanding::Behind, 5),
            agent(3, RoutedStanding::OnCall, 0),
        ],
        others: RoutedOthers { behind: 1, on_call: 1, ..RoutedOthers::default() },
        ..Routing::default()
    };
    let story = Story::inbound(1).queued().then(CallEvent::Routed(Box::new(routing)));
    let mut story = story.answered().ended().recorded(RecordingState::Ready);
    node.append(story.take()).await;
    node.stored().await;
    let path = format!("/v1/calls/{}/routing", story.call);
    let page = node.until(&path, |page| !page["data"].as_array().unwrap().is_empty()).await;
    let decision = &page["data"][0];
    assert_eq!(
        (&decision["seq"], &decision["queue"], &decision["agent"]),
        (&json!(4), &json!("support"), &json!("1001"))
    );
    assert_eq!((&decision["strategy"], &decision["candidates"]), (&json!("fewest_calls"), &json!(2)));
    let standings: Vec<_> = decision["agents"].as_array().unwrap().iter().map(|one| one["standing"].clone()).collect();
    assert_eq!(standings, ["chosen", "behind", "on_call"]);
    let words = "1001 was offered the call: fewest calls (4) of 2 agents who could take it. \
                 Others: 1 came after, 1 in a call.";
    assert_eq!(decision["words"], words);
}

#[tokio::test]
async fn recordings_are_sent_whole_or_in_parts() {
    let node = Node::start().await;
    let mut story = Story::inbound(1).queued();
    let path = format!("/v1/calls/{}/recording", story.call);
    node.append(story.take()).await;
    node.until(&format!("/v1/calls/{}", story.call), |call| call["status"] == "queued").await;
    get(node.at, &path).await.problem(409, "recording_not_ready");
    let mut story = story.answered();
    node.append(story.take()).await;
    node.until(&format!("/v1/calls/{}", story.call), |call| call["status"] == "answered").await;
    get(node.at, &path).await.problem(409, "recording_not_ready");
    node.write_file(&format!("{}.wav", recording_path(story.call)), RANGE_TEXT);
    node.append(story.ended().recorded(RecordingState::Ready).take()).await;
    node.until(&path.replace("/recording", ""), |call| call["recording"]["state"] == "ready").await;
    let whole = get(node.at, &path).await;
    assert_eq!((whole.status, whole.text()), (200, RANGE_TEXT));
    assert_eq!(whole.header("content-type"), Some("audio/wav"));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    let tag = whole.header("etag").unwrap().to_owned();
    for (range, content, field) in
        [("bytes=2-4", "234", "bytes 2-4/10"), ("bytes=8-", "89", "bytes 8-9/10"), ("bytes=-3", "789", "bytes 7-9/10")]
    {
        let part = send(node.at, "GET", &path, &[KEY, ("Range", range), ("If-Range", &tag)], "").await;
        assert_eq!((part.status, part.text(), part.header("content-range")), (206, content, Some(field)));
    }
    let outside = send(node.at, "GET", &path, &[KEY, ("Range", "bytes=10-")], "").await;
    outside.problem(416, "range_not_satisfiable");
    assert_eq!(outside.header("content-range"), Some("bytes */10"));
    let known = send(node.at, "GET", &path, &[KEY, ("If-None-Match", &tag)], "").await;
    assert_eq!((known.status, known.header("ETag")), (304, Some(tag.as_str())));
    let stale = send(node.at, "GET", &path, &[KEY, ("Range", "bytes=2-4"), ("If-Range", "\"x\"")], "").await;
    assert_eq!((stale.status, stale.text()), (200, RANGE_TEXT));
}

#[tokio::test]
async fn calls_without_a_recording_say_so() {
    let node = Node::start().await;
    let mut plain = Story::inbound(1).canceled();
    let mut failed = Story::inbound(2).queued().answered().ended().recorded(RecordingState::Failed);
    let mut gone = Story::inbound(3).queued().answered().ended().recorded(RecordingState::Ready);
    for story in [&mut plain, &mut failed, &mut gone] {
        node.append(story.take()).await;
    }
    node.stored().await;
    for story in [plain, failed, gone] {
        let path = format!("/v1/calls/{}", story.call);
        node.until(&path, |call| call["ended_at"].is_string()).await;
        get(node.at, &format!("{path}/recording")).await.problem(404, "no_recording");
    }
}

#[tokio::test]
async fn voicemails_are_listed_and_played() {
    let node = Node::start().await;
    for number in 1..=3 {
        let mut story = Story::inbound(number).queued().voicemail().canceled();
        node.write_file(&format!("voicemails/{}.wav", story.call), RANGE_TEXT);
        node.append(story.take()).await;
    }
    node.stored().await;
    let page = node.until("/v1/voicemails", |page| page["data"].as_array().unwrap().len() == 3).await;
    let newest = &page["data"][0];
    assert_eq!((&newest["queue"], &newest["duration_ms"]), (&json!("support"), &json!(4_000)));
    assert_eq!(newest["call_id"], Story::inbound(3).call.to_string());
    assert_eq!(newest["from"], caller(3));
    assert_eq!(newest["received_at"], "1970-01-01T03:00:04.000000Z");
    let path = format!("/v1/voicemails/{}", newest["id"].as_str().unwrap());
    assert_eq!(get(node.at, &path).await.json(), *newest);
    let part = send(node.at, "GET", &format!("{path}/audio"), &[KEY, ("Range", "bytes=0-0")], "").await;
    assert_eq!((part.status, part.text()), (206, "0"));
    let first = get(node.at, "/v1/voicemails?limit=2").await.json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = get(node.at, &format!("/v1/voicemails?limit=2&cursor={cursor}")).await.json();
    assert_eq!((&rest["data"], &rest["next_cursor"]), (&json!([page["data"][2]]), &json!(null)));
    assert_eq!(get(node.at, "/v1/voicemails?queue=sales").await.json()["data"], json!([]));
    for path in ["/v1/voicemails/vm_1", "/v1/voicemails/x/audio"] {
        get(node.at, path).await.problem(404, "voicemail_not_found");
    }
    get(node.at, "/v1/voicemails?color=red").await.problem(400, "unknown_parameter");
}

#[tokio::test]
async fn calls_of_another_account_do_not_exist() {
    let node = Node::start().await;
    let mut live = Story::inbound(2).queued();
    let mut stored = Story::inbound(1).queued().voicemail().canceled();
    node.append(stored.take()).await;
    node.stored().await;
    node.append(live.take()).await;
    node.until("/v1/calls", |page| page["data"].as_array().unwrap().len() == 2).await;
    let voicemail = node.until("/v1/voicemails", |page| page["data"][0].is_object()).await["data"][0]["id"].clone();
    let stranger = [("Authorization", "Bearer key-of-another-account")];
    let lists = ["calls", "voicemails", "agents", "queues", "trunks", "registrations", "events"];
    for list in lists.map(|list| format!("/v1/{list}")) {
        let list = list.as_str();
        assert_ne!(get(node.at, list).await.json()["data"], json!([]), "{list}");
        assert_eq!(send(node.at, "GET", list, &stranger, "").await.json()["data"], json!([]));
    }
    for call in [live.call, stored.call] {
        for path in ["", "/events", "/recording"] {
            let reply = send(node.at, "GET", &format!("/v1/calls/{call}{path}"), &stranger, "").await;
            reply.problem(404, "call_not_found");
        }
        let hangup = format!("/v1/calls/{call}/hangup");
        send(node.at, "POST", &hangup, &stranger, "").await.problem(404, "call_not_found");
    }
    let put = [stranger[0], ("Content-Type", "application/json")];
    let ready = r#"{"state":"ready"}"#;
    send(node.at, "PUT", "/v1/agents/1001/state", &put, ready).await.problem(404, "agent_not_found");
    let audio = format!("/v1/voicemails/{}/audio", voicemail.as_str().unwrap());
    send(node.at, "GET", &audio, &stranger, "").await.problem(404, "voicemail_not_found");
}
