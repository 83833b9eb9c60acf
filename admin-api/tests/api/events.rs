use serde_json::{Value, json};

use crate::cast::bearer;
use crate::client::{Follow, KEY, get, send, send_json};
use crate::node::Node;
use crate::story::Story;

#[tokio::test]
async fn a_stream_shows_what_happens_from_now_on() {
    let node = Node::start().await;
    node.append(Story::inbound(1).queued().take()).await;
    let mut follow = Follow::open(node.at, "/v1/events", &[]).await;
    let mut story = Story::inbound(2).queued().answered();
    node.append(story.take()).await;
    let first = follow.next().await.unwrap();
    assert_eq!(first.event, "call.started");
    let event = first.json();
    assert_eq!(event["id"], first.id);
    assert_eq!(event["type"], "call.started");
    assert_eq!(event["call_id"], story.call.to_string());
    assert_eq!(event["data"]["seq"], 1);
    assert_eq!(event["data"]["from"], "+442071830002");
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|kind| kind != "call.answered") {
        kinds.push(follow.next().await.unwrap().event);
    }
    let expected = [
        "leg.started",
        "queue.entered",
        "leg.started",
        "offer.ringing",
        "offer.answered",
        "queue.left",
        "call.answered",
    ];
    assert_eq!(kinds, expected);
}

#[tokio::test]
async fn a_client_that_comes_back_misses_nothing() {
    let node = Node::start().await;
    let mut follow = Follow::open(node.at, "/v1/events?topics=live-calls", &[]).await;
    let mut story = Story::inbound(1).queued();
    node.append(story.take()).await;
    let seen = follow.next().await.unwrap();
    drop(follow);
    let mut story = story.answered().ended();
    node.append(story.take()).await;
    let mut follow = Follow::open(node.at, "/v1/events", &[("Last-Event-ID", &seen.id)]).await;
    for seq in 2..=10 {
        let frame = follow.next().await.unwrap();
        assert_eq!(frame.json()["data"]["seq"], seq, "{frame:?}");
    }
}

#[tokio::test]
async fn a_client_from_another_journal_is_told_to_read_again() {
    let node = Node::start().await;
    let foreign = "ab".repeat(30);
    let mut follow = Follow::open(node.at, "/v1/events", &[("Last-Event-ID", &foreign)]).await;
    let resync = follow.next().await.unwrap();
    assert_eq!((resync.event.as_str(), resync.data.as_str()), ("resync", "{}"));
    node.append(Story::inbound(1).take()).await;
    assert_eq!(follow.next().await.unwrap().event, "call.started");
    let mut follow = Follow::open(node.at, "/v1/events", &[("Last-Event-ID", &resync.id)]).await;
    assert_eq!(follow.next().await.unwrap().event, "call.started");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_told_to_read_again() {
    let node = Node::start().await;
    let mut follow = Follow::open(node.at, "/v1/events", &[]).await;
    node.append(Story::inbound(1).take()).await;
    assert_eq!(follow.next().await.unwrap().event, "call.started");
    for batch in 0..40 {
        let mut story = Story::inbound(2 + batch);
        for _ in 0..1_000 {
            story = story.then(journal_core::CallEvent::Digit { leg: clock::LegId(1), digit: '5' });
        }
        node.append(story.take()).await;
    }
    let mut frames = 0;
    while follow.next().await.unwrap().event != "resync" {
        frames += 1;
        assert!(frames < 40_000, "nothing was skipped");
    }
    let page = get(node.at, "/metrics").await;
    assert!(page.text().contains("trunkline_drops_total{reason=\"slow_event_client\"} 1"));
}

#[tokio::test]
async fn pages_of_events_follow_each_other() {
    let node = Node::start().await;
    node.append(Story::inbound(1).queued().answered().ended().take()).await;
    let mut path = String::from("/v1/events?limit=4&topics=live-calls");
    let mut seen = Vec::new();
    let mut pages = 0;
    loop {
        let page = get(node.at, &path).await.json();
        seen.extend(page["data"].as_array().unwrap().iter().map(|event| event["data"]["seq"].clone()));
        pages += 1;
        let Value::String(cursor) = &page["next_cursor"] else { break };
        path = format!("/v1/events?limit=4&topics=live-calls&cursor={cursor}");
    }
    assert_eq!(Value::from(seen), json!([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
    assert!(pages >= 3);
    let last = get(node.at, "/v1/events?limit=200").await.json()["data"].as_array().unwrap().last().unwrap().clone();
    let more = send(node.at, "GET", "/v1/events", &[KEY, ("Last-Event-ID", last["id"].as_str().unwrap())], "").await;
    assert_eq!(more.json(), json!({"data": [], "next_cursor": null}));
}

#[tokio::test]
async fn topics_choose() {
    let node = Node::start().await;
    node.append(Story::inbound(1).take()).await;
    let at = clock::WallTime::from_micros(5);
    let (agent, state) = (clock::AgentId(1), journal_core::AgentState::OnCall);
    node.append(vec![journal_core::Entry::AgentStateChanged {
        agent,
        state,
        reason: None,
        call: None,
        at,
        cause: journal_core::StateCause::Chosen,
    }])
    .await;
    let kinds = async |topics: &str| {
        let page = get(node.at, &format!("/v1/events?topics={topics}")).await.json();
        page["data"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(kinds("agents").await, ["agent.state_changed"]);
    assert_eq!(kinds("agents,live-calls").await, ["call.started", "leg.started", "agent.state_changed"]);
    assert_eq!(kinds("live-calls").await, ["call.started", "leg.started"]);
}

#[tokio::test]
async fn wrong_places_and_topics_are_refused() {
    let node = Node::start().await;
    for query in ["cursor=nonsense", "topics=weather", "limit=0", "topics="] {
        get(node.at, &format!("/v1/events?{query}")).await.problem(400, "invalid_parameter");
    }
    let odd = [KEY, ("Last-Event-ID", "1")];
    let problem = send(node.at, "GET", "/v1/events", &odd, "").await.problem(400, "invalid_parameter");
    assert_eq!(problem["errors"][0]["pointer"], "Last-Event-ID");
    let foreign = "ab".repeat(30);
    get(node.at, &format!("/v1/events?cursor={foreign}")).await.problem(404, "cursor_not_found");
}

#[tokio::test]
async fn there_is_room_for_so_many_followers() {
    let node = Node::start().await;
    let mut follows = Vec::new();
    for _ in 0..128 {
        follows.push(Follow::open(node.at, "/v1/events", &[]).await);
    }
    let reply = send(node.at, "GET", "/v1/events", &[KEY, ("Accept", "text/event-stream")], "").await;
    reply.problem(503, "too_many_streams");
    assert!(reply.header("retry-after").is_some());
    node.stop.send(true).unwrap();
    for mut follow in follows {
        assert_eq!(follow.next().await, None);
    }
    node.served.await.unwrap();
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off_when_its_key_is_revoked() {
    let node = Node::start().await;
    let body = r#"{"name":"board","scopes":["calls.view", "events.follow"]}"#;
    let key = send_json(node.at, "POST", "/v1/api-keys", &[], body).await.json();
    let mut follow = Follow::open_with(node.at, "/v1/events", &bearer(key["secret"].as_str().unwrap())).await;
    node.append(Story::inbound(1).take()).await;
    assert_eq!(follow.next().await.unwrap().event, "call.started");
    let streams = async || {
        let page = get(node.at, "/metrics").await;
        page.text().lines().find(|line| line.starts_with("trunkline_event_streams ")).unwrap().to_owned()
    };
    assert_eq!(streams().await, "trunkline_event_streams 1");
    // Far more than the sockets between us hold.
    for batch in 0..40 {
        let mut story = Story::inbound(2 + batch);
        for _ in 0..1_000 {
            story = story.then(journal_core::CallEvent::Digit { leg: clock::LegId(1), digit: '5' });
        }
        node.append(story.take()).await;
    }
    let path = format!("/v1/api-keys/{}", key["id"].as_str().unwrap());
    assert_eq!(send_json(node.at, "DELETE", &path, &[], "").await.status, 204);
    let revoked = std::time::Instant::now();
    while streams().await != "trunkline_event_streams 0" {
        assert!(revoked.elapsed() < std::time::Duration::from_secs(1), "it goes on");
    }
}

#[tokio::test]
async fn an_operator_hears_of_his_own_and_nobody_of_another_accounts() {
    let node = Node::start().await;
    let mut operator = Follow::open_with(node.at, "/v1/events", &bearer("token-of-operator")).await;
    let mut stranger = Follow::open_with(node.at, "/v1/events", &bearer("key-of-another-account")).await;
    let mut foreign = Story::inbound(1).queued().voicemail().canceled();
    let at = clock::WallTime::from_micros(5);
    let state = |agent| {
        let state = journal_core::AgentState::OnCall;
        journal_core::Entry::AgentStateChanged {
            agent: clock::AgentId(agent),
            state,
            reason: None,
            call: None,
            at,
            cause: journal_core::StateCause::Chosen,
        }
    };
    node.append(foreign.take()).await;
    node.append(vec![state(2), state(1)]).await;
    let first = operator.next().await.unwrap();
    assert_eq!((first.event.as_str(), &first.json()["data"]["extension"]), ("agent.state_changed", &json!("1001")));
    let mut own = Story::inbound(2).queued().answered();
    node.append(own.take()).await;
    let mut of_own = Vec::new();
    while of_own.last().is_none_or(|kind| kind != "call.answered") {
        let frame = operator.next().await.unwrap();
        assert_eq!(frame.json()["call_id"], own.call.to_string(), "{frame:?}");
        of_own.push(frame.event);
    }
    let page =
        send(node.at, "GET", "/v1/events?limit=200", &[("Authorization", &bearer("token-of-operator"))], "").await;
    assert!(!page.text().contains(&foreign.call.to_string()), "{page:?}");
    node.stop.send(true).unwrap();
    assert_eq!(stranger.next().await, None, "nothing was sent");
}

#[tokio::test]
async fn events_show_what_one_may_see_and_nothing_else() {
    let node = Node::start().await;
    node.append(Story::inbound(1).queued().take()).await;
    let (agent, state) = (clock::AgentId(1), journal_core::AgentState::OnCall);
    let (call, at) = (Some(Story::inbound(1).call), clock::WallTime::from_micros(5));
    node.append(vec![journal_core::Entry::AgentStateChanged {
        agent,
        state,
        reason: None,
        call,
        at,
        cause: journal_core::StateCause::Chosen,
    }])
    .await;
    let key = async |name: &str, scopes: &[&str]| {
        let body = json!({"name": name, "scopes": scopes}).to_string();
        let made = send_json(node.at, "POST", "/v1/api-keys", &[], &body).await.json();
        bearer(made["secret"].as_str().unwrap())
    };
    let shown = async |key: &str| {
        send(node.at, "GET", "/v1/events", &[("Authorization", key)], "").await.json()["data"].clone()
    };
    let nothing = key("follows", &["events.follow"]).await;
    assert_eq!(shown(&nothing).await, json!([]));
    let problem = send(node.at, "GET", "/v1/events?topics=live-calls", &[("Authorization", &nothing)], "").await;
    assert_eq!(problem.problem(403, "forbidden")["errors"][0]["detail"], "calls.view");
    let agents = shown(&key("agents", &["events.follow", "agents.view"]).await).await;
    assert_eq!((agents.as_array().unwrap().len(), &agents[0]["type"]), (1, &json!("agent.state_changed")));
    assert_eq!(agents[0]["call"], Value::Null, "the call itself is not shown");
    let all = shown(&key("all", &["events.follow", "agents.view", "calls.view"]).await).await;
    assert!(all.as_array().unwrap().len() > 2 && all[0]["call"].is_object(), "{all}");
}
