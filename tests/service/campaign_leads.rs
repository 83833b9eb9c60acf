//! Leads that are added to a campaign while it runs: kept over kill -9, offered at once, their list not deleted.

use serde_json::{Value, json};

use crate::support::{Http, Node, NodeConfig, Response, postgres_database, unique, until};

#[test]
fn a_running_campaign_is_offered_leads() {
    added_and_offered(NodeConfig::demo());
}

#[test]
fn a_running_campaign_is_offered_leads_with_postgresql() {
    added_and_offered(NodeConfig::demo().set("node.database", postgres_database()));
}

fn added_and_offered(config: NodeConfig) {
    let mut node = Node::start(config);
    let file =
        node.http().send("POST", "/v1/lead-lists", &[("Content-Type", "text/csv")], Some(b"Phone\n02071838009\n"));
    let file = file.json()["id"].as_str().expect("an id").to_owned();
    let lists = [made(&node, "lead-lists", &json!({"name": "form"})), file];
    let both = json!([{"list_id": lists[0]}, {"list_id": lists[1]}]);
    let written = json!({"name": "Autumn", "pacing": "preview", "queue": "support", "lists": both});
    let campaign = format!("/v1/campaigns/{}", made(&node, "campaigns", &written));
    let leads = json!({"leads": [{"numbers": ["020 7183 8001"], "name": "Jo"}, {"numbers": ["n/a"]}]}).to_string();
    let missing = add(&node, &campaign, "", "application/json", &leads);
    missing.assert_problem(400, "invalid_parameter");
    let query = format!("?list_id={}", lists[0]);
    let added = add(&node, &campaign, &query, "application/json", &leads);
    assert_eq!((added.status, &added.json()["added"]), (200, &json!(1)), "{}", added.text());
    assert_eq!(added.json()["leads"][1]["issues"][0]["code"], "invalid_number");
    run(&node, &campaign);
    let first = added.json()["leads"][0]["id"].as_str().expect("an id").to_owned();
    offered(&node, &campaign, &first);

    let file = "Phone;Name\n020 7183 8002;Al\n020 7183 8001;Jo\n020 7183 8003;Bo\n";
    let more = add(&node, &campaign, &query, "text/csv", file);
    assert_eq!((more.status, &more.json()["added"]), (200, &json!(2)), "{}", more.text());
    let issue = &more.json()["leads"][1]["issues"][0];
    assert_eq!((&issue["code"], &issue["column"]), (&json!("duplicate_in_list"), &json!("Phone")));
    let last = more.json()["leads"][2]["id"].as_str().expect("an id").to_owned();
    // Without having heard of them it would look for them half a minute later.
    offered(&node, &campaign, &last);
    wrong_files(&node, &campaign, &query);
    imported_and_offered(&node, &campaign, &format!("/v1/lead-lists/{}", lists[1]));

    node.kill();
    node.restart();
    let entries = node.http().get(&format!("/v1/lead-lists/{}/entries", lists[0])).json();
    let names: Vec<_> = entries["data"].as_array().expect("leads").iter().map(|lead| &lead["name"]).collect();
    assert_eq!(names, ["Jo", "Al", "Bo"]);
    offered(&node, &campaign, &last);
    let list = format!("/v1/lead-lists/{}", lists[0]);
    node.http().send("DELETE", &list, &[], None).assert_problem(409, "lead_list_in_use");
    assert_eq!(node.http().post(&format!("{campaign}/stop"), &unique(), &json!({})).status, 200);
    add(&node, &campaign, &query, "application/json", &leads).assert_problem(409, "campaign_status");
    assert_eq!(node.http().send("DELETE", &list, &[], None).status, 204);
}

#[test]
fn why_not_says_that_the_list_of_a_lead_is_still_being_imported() {
    let node = Node::start(NodeConfig::demo());
    let file = (0..ROWS).fold("Phone\n".to_owned(), |file, row| file + &format!("02071{row:06}\n"));
    let file = node.http().send("POST", "/v1/lead-lists", &[("Content-Type", "text/csv")], Some(file.as_bytes()));
    assert_eq!(file.status, 201, "{}", file.text());
    let list = file.json()["id"].as_str().expect("an id").to_owned();
    let written = json!({"name": "Autumn", "pacing": "preview", "queue": "support", "lists": [{"list_id": list}]});
    let campaign = format!("/v1/campaigns/{}", made(&node, "campaigns", &written));
    let list = format!("/v1/lead-lists/{list}");
    run(&node, &campaign);
    assert_eq!(node.http().send("POST", &format!("{list}/start"), &[], None).status, 202);
    let seen = || node.http().get(&list).json();
    until("leads are there", seen, |list| list["leads"].as_u64() >= Some(2 * READ));
    let (mut lead, mut cursor) = (String::new(), String::new());
    for _ in 0..=READ / 200 {
        let page = node.http().get(&format!("{list}/entries?limit=200{cursor}")).json();
        lead = page["data"][199]["id"].as_str().expect("a lead").to_owned();
        cursor = format!("&cursor={}", page["next_cursor"].as_str().expect("a cursor"));
    }
    let why = node.http().get(&format!("{campaign}/leads/{lead}/why-not")).json();
    let still = seen();
    assert_eq!(still["state"], "importing", "too few rows: {still:#}");
    let because = why["because"].as_str().unwrap_or_default();
    assert!(why["why"] == "not_read" && because.ends_with("Its list is still being imported."), "{why:#}");
    let held = until("its hold", || node.http().get(&campaign).json(), |seen| seen["pace"]["hold"].is_string());
    assert_eq!(held["status"], "running", "{held:#}");
    until("it is imported", seen, |list| list["task"].is_null());
    let why = node.http().get(&format!("{campaign}/leads/{lead}/why-not")).json();
    let because = why["because"].as_str().unwrap_or_default();
    assert!(why["why"] == "not_read" && !because.contains("imported"), "{why:#}");
}

/// A list that the campaign calls from is not called off, and what it imports is offered too.
fn imported_and_offered(node: &Node, campaign: &str, list: &str) {
    let verb = |verb: &str| node.http().send("POST", &format!("{list}/{verb}"), &[], None);
    verb("cancel").assert_problem(409, "lead_list_in_use");
    assert_eq!(verb("start").status, 202);
    let entries = || node.http().get(&format!("{list}/entries")).json();
    let imported = until("it is imported", entries, |entries| entries["data"][0].is_object());
    offered(node, campaign, imported["data"][0]["id"].as_str().expect("an id"));
}

fn wrong_files(node: &Node, campaign: &str, query: &str) {
    let long = (0..1_001).fold("Phone\n".to_owned(), |file, row| file + &format!("0207183{row:04}\n"));
    for (file, code) in [("", "empty"), ("Name\nJo\n", "no_phone"), ("Phone\n", "no_phone"), (&long, "rows")] {
        let refused = add(node, campaign, query, "text/csv", file).assert_problem(422, "unreadable_file");
        assert_eq!(refused["errors"][0]["code"], code, "{refused}");
    }
    let encoded = format!("{query}&encoding=windows-1252");
    let json = add(node, campaign, &encoded, "application/json", "{\"leads\":[]}");
    json.assert_problem(400, "invalid_parameter");
    add(node, campaign, query, "text/xml", "<a/>").assert_problem(415, "unsupported_media_type");
}

/// Has it submitted by one key, approved by another, and started.
fn run(node: &Node, campaign: &str) {
    let key = json!({"name": "second pair of eyes", "scopes": ["campaigns.approve"]});
    let key = node.http().post("/v1/api-keys", &unique(), &key).json();
    let second = format!("Bearer {}", key["secret"].as_str().expect("a secret"));
    let step = |verb: &str, headers: &[(&str, &str)]| {
        let answer = node.http().send("POST", &format!("{campaign}/{verb}"), headers, None);
        assert_eq!(answer.status, 200, "{verb}: {}", answer.text());
    };
    step("submit", &[]);
    step("approve", &[("Authorization", &second)]);
    step("start", &[("Idempotency-Key", &unique())]);
    until("it runs", || node.http().get(campaign).json(), |campaign| campaign["status"] == "running");
}

/// The campaign knows the lead: it waits for an agent.
fn offered(node: &Node, campaign: &str, lead: &str) {
    let ask = || node.http().get(&format!("{campaign}/leads/{lead}/why-not")).json();
    until("the lead is known", ask, |answer: &Value| answer["why"] == "next");
}

fn add(node: &Node, campaign: &str, query: &str, media: &str, body: &str) -> Response {
    let headers = [("Content-Type", media)];
    node.http().send("POST", &format!("{campaign}/leads{query}"), &headers, Some(body.as_bytes()))
}

fn made(node: &Node, things: &str, body: &Value) -> String {
    let http: &Http = node.http();
    let answer = http.post(&format!("/v1/{things}"), &unique(), body);
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["id"].as_str().expect("an id").to_owned()
}

/// Leads that a campaign reads ahead, and rows that take far longer to import than those are asked for.
const READ: u64 = 500;
const ROWS: u32 = 120_000;
