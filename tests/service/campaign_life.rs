//! Campaigns before they start and after they are over: what they are estimated to take, and how they are put away.

use serde_json::{Value, json};

use crate::campaign::{Campaign, demo, list, number, on_duty};
use crate::support::{Http, Node, Response, unique, until};

fn send(http: &Http, path: &str, secret: &str, body: &Value) -> Response {
    let (key, authorization) = (unique(), format!("Bearer {secret}"));
    let headers =
        [("Authorization", authorization.as_str()), ("Content-Type", "application/json"), ("Idempotency-Key", &key)];
    http.send("POST", path, &headers, Some(body.to_string().as_bytes()))
}

/// The session of another person: a key counts as whoever made it.
fn approver(node: &Node) -> String {
    let password = "a heron on a chimney";
    let bob = json!({"username": "bob", "roles": ["admin"], "password": password});
    let made = node.http().post("/v1/users", &unique(), &bob);
    assert_eq!(made.status, 201, "{}", made.text());
    let body = json!({"login": "bob", "password": password}).to_string();
    let headers = [("Authorization", ""), ("Content-Type", "application/json")];
    let session = node.http().send("POST", "/v1/sessions", &headers, Some(body.as_bytes()));
    assert_eq!(session.status, 201, "{}", session.text());
    session.json()["token"].as_str().expect("a token").to_owned()
}

#[test]
fn what_is_approved_is_what_was_estimated_from_the_lists() {
    let node = Node::start(demo().set("dialing.four_eyes", true));
    let http = node.http();
    let (list, _) = list(&node, 3);
    let more = json!({"leads": [
        {"numbers": [number(3), number(4)]},
        {"numbers": [number(8)]},
        {"numbers": [number(5)], "time_zone": "Europe/Atlantis"},
        {"numbers": [number(6)]},
        {"numbers": [number(7)]},
    ]});
    let added = http.post(&format!("/v1/lead-lists/{list}/leads"), &unique(), &more);
    assert_eq!(added.status, 200, "{}", added.text());
    let second = http.post("/v1/lead-lists", &unique(), &json!({"name": "again"})).json();
    let second = second["id"].as_str().expect("an id").to_owned();
    let again = json!({"leads": [{"numbers": [number(8)]}]});
    assert_eq!(http.post(&format!("/v1/lead-lists/{second}/leads"), &unique(), &again).status, 200);
    let barred = http.post("/v1/dnc", &unique(), &json!({"number": number(6)}));
    assert!(barred.status < 300, "{}", barred.text());
    let body = json!({"name": "Autumn", "pacing": "progressive", "queue": "support", "detect": false, "attempts_max": 1,
        "recycle": {}, "lists": [{"list_id": list}, {"list_id": second}], "do_not_call": [number(7)]});
    let made = http.post("/v1/campaigns", &unique(), &body).json();
    let path = format!("/v1/campaigns/{}", made["id"].as_str().expect("an id"));
    assert_eq!(made["estimate"], Value::Null);

    // Whatever is said is taken, and what cannot be is refused at once.
    let plain = http.send("POST", &format!("{path}/estimate"), &[], None);
    assert_eq!(plain.status, 200, "{}", plain.text());
    let plain = plain.json();
    let counted =
        ["leads", "done", "dialable", "numbers", "duplicates", "numbers_denied"].map(|name| plain[name].as_u64());
    assert_eq!(counted, [9, 0, 6, 7, 1, 3].map(Some), "{plain:#}");
    let denied = json!({"campaign_do_not_call": 1, "do_not_call": 1, "unknown_time_zone": 1});
    assert_eq!((&plain["denied"], &plain["calls"]), (&denied, &json!(6)), "one try each: {plain:#}");
    assert_eq!((&plain["cost_minor"], &plain["is_over"]), (&Value::Null, &json!(false)), "nobody said what it costs");
    assert_eq!(plain["expected"]["people"], json!({"value": 0.25, "source": "assumed"}));
    assert!(plain["agents"].as_u64() > Some(1), "those of the queue: {plain:#}");
    let wrong = json!({"people": 0.9, "machines": 0.9, "currency": "pounds", "agents": 2});
    let problem = http.post(&format!("{path}/submit"), &unique(), &wrong).assert_problem(422, "invalid_body");
    let at: Vec<_> = problem["errors"].as_array().into_iter().flatten().map(|error| error["pointer"].clone()).collect();
    assert_eq!(at, ["#/people", "#/currency"], "{problem:#}");
    assert_eq!(http.get(&path).json()["submitted_by"], Value::Null);

    // All are reached and talk for two minutes: 12 minutes, 6 of them beyond what is paid for.
    let said = json!({"people": 1.0, "talk_s": 120, "wrap_s": 30, "ring_s": 0, "agents": 2, "currency": "GBP",
        "minute_minor": 2, "minutes_left": 6, "overage_minor": 5, "budget_minor": 25});
    let submitted = http.post(&format!("{path}/submit"), &unique(), &said);
    assert_eq!(submitted.status, 200, "{}", submitted.text());
    let kept = submitted.json()["estimate"].clone();
    let figures =
        ["calls", "people", "minutes", "agents", "days", "cost_minor", "overage_minutes", "over_budget_minor"];
    let figures = figures.map(|name| kept[name].as_u64());
    assert_eq!(figures, [6, 6, 12, 2, 1, 30, 6, 5].map(Some), "{kept:#}");
    assert_eq!((&kept["is_over"], &kept["currency"]), (&json!(true), &json!("GBP")));
    assert_eq!(kept["expected"]["talk_s"], json!({"value": 120.0, "source": "given"}));

    // Leads that come afterwards change nothing of it: the approver sees what was submitted, of the text there is.
    let later = json!({"leads": [{"numbers": [number(9)]}]});
    assert_eq!(http.post(&format!("/v1/lead-lists/{list}/leads"), &unique(), &later).status, 200);
    let bob = approver(&node);
    let stale = [("If-Match", "\"v1\""), ("Authorization", &format!("Bearer {bob}"))];
    http.send("POST", &format!("{path}/approve"), &stale, None).assert_problem(412, "precondition_failed");
    let approved = send(http, &format!("{path}/approve"), &bob, &json!({}));
    assert_eq!(approved.status, 200, "{}", approved.text());
    assert_eq!((&approved.json()["estimate"], &approved.json()["status"]), (&kept, &json!("approved")));
    let seen = http.get(&path);
    assert_eq!(seen.header("ETag"), kept["definition_etag"].as_str());
    assert_eq!((&kept["is_current"], &kept["is_complete"]), (&json!(true), &json!(true)));
    let again = http.send("POST", &format!("{path}/estimate"), &[], None).json();
    assert_eq!(again["dialable"], 7);

    // Written anew it has none before it is submitted again.
    let edited = http.put(
        &path,
        &json!({"name": "Winter", "pacing": "progressive", "queue": "support",
        "lists": [{"list_id": list}]}),
    );
    assert_eq!((edited.status, &edited.json()["estimate"]), (200, &Value::Null), "{}", edited.text());
}

#[test]
fn what_calls_came_to_is_what_the_next_campaign_is_estimated_by() {
    let mut node = Node::start(demo());
    let agent = on_duty(&node, "1001");
    let path = {
        let campaign = Campaign::started(&node, 3, json!({"recycle": {"busy": {"after_s": 3600, "times": 3}}}));
        node.carrier.expect_call().reject(486);
        node.carrier.expect_call().reject(404);
        node.carrier.expect_call().reject(404);
        campaign.outcomes(&["busy", "unobtainable", "unobtainable"]);
        campaign.lead(2, "done");
        let ask = || node.http().send("POST", &format!("{}/estimate", campaign.path), &[], None).json();
        let left = until("what is left", ask, |left| left["done"] == 2);
        assert_eq!((&left["leads"], &left["dialable"]), (&json!(3), &json!(1)), "{left:#}");
        assert_eq!(left["expected"]["busy"]["source"], "assumed", "three calls tell nothing");
        campaign.step("stop");
        campaign.path.clone()
    };
    // What was submitted outlives a crash.
    let kept = node.http().get(&path).json()["estimate"].clone();
    assert_eq!(
        (&kept["leads"], &kept["dialable"], &kept["is_current"]),
        (&json!(3), &json!(3), &json!(true)),
        "{kept:#}"
    );
    node.kill();
    node.restart();
    agent.1.expect_bye();
    assert_eq!(node.http().get(&path).json()["estimate"], kept);
}

#[test]
fn a_campaign_that_is_over_is_put_away_and_read_still() {
    let mut node = Node::start(demo());
    let agent = on_duty(&node, "1001");
    let names = |node: &Node, query: &str| -> Vec<Value> {
        let page = node.http().get(&format!("/v1/campaigns{query}")).json();
        page["data"].as_array().into_iter().flatten().map(|campaign| campaign["name"].clone()).collect()
    };
    let path = {
        let campaign = Campaign::started(&node, 1, json!({"name": "Old", "recycle": {}}));
        campaign.wait("running");
        let archive = || node.http().send("POST", &format!("{}/archive", campaign.path), &[], None);
        assert_eq!(archive().assert_problem(409, "campaign_status")["current_state"], "running");
        node.carrier.expect_call().reject(404);
        campaign.outcomes(&["unobtainable"]);
        campaign.wait("completed");
        assert_eq!(names(&node, ""), ["Old"]);
        let put_away = campaign.step("archive");
        assert!(put_away["archived_at"].is_string() && put_away["archived_by"].is_string(), "{put_away:#}");
        campaign.path.clone()
    };
    for _ in 0..2 {
        assert_eq!((names(&node, ""), names(&node, "?archived=true")), (vec![], vec![json!("Old")]));
        let seen = node.http().get(&path).json();
        assert_eq!((&seen["status"], &seen["total"]["attempts"]), (&json!("completed"), &json!(1)), "{seen:#}");
        let attempts = node.http().get(&format!("{path}/attempts")).json();
        assert_eq!(attempts["data"].as_array().map(Vec::len), Some(1), "{attempts:#}");
        let figures = node.http().get(&format!("{path}/figures")).json();
        assert_eq!(figures["total"]["attempts"], 1, "{figures:#}");
        assert!(node.http().get(&format!("{path}/attempts/export")).text().contains("unobtainable"));
        let list = seen["definition"]["lists"][0]["list_id"].clone();
        let reset = node.http().post(&format!("{path}/reset"), &unique(), &json!({"list_id": list}));
        assert_eq!(reset.assert_problem(409, "campaign_status")["current_state"], "completed");
        node.kill();
        node.restart();
    }
    agent.1.expect_bye();
    let campaign = Campaign { node: &node, path, leads: Vec::new() };
    assert_eq!(campaign.step("unarchive")["archived_at"], Value::Null);
    assert_eq!((names(&node, ""), names(&node, "?archived=true")), (vec![json!("Old")], vec![]));
}
