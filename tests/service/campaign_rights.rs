//! Who may do what with campaigns, lists and what the dial gate decided, by the roles that people have (docs/rights.md).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::campaign::{demo, list, number};
use crate::support::{Node, Response, unique};

const PASSWORD: &str = "a heron on a chimney";
const ROLES: [&str; 5] = ["admin", "supervisor", "manager", "operator", "viewer"];

/// People, each with the token of his session, by their names.
struct People<'a> {
    node: &'a Node,
    tokens: BTreeMap<String, String>,
}

impl<'a> People<'a> {
    /// One of each role, by whose word he is called.
    fn of_all_roles(node: &'a Node) -> Self {
        let mut people = Self { node, tokens: BTreeMap::new() };
        ROLES.into_iter().for_each(|role| people.join(role, role));
        people
    }

    fn join(&mut self, name: &str, role: &str) {
        let mut user = json!({"username": name, "roles": [role], "password": PASSWORD});
        if role == "operator" {
            user["extension"] = json!("1001");
        }
        let made = self.node.http().post("/v1/users", &unique(), &user);
        assert_eq!(made.status, 201, "{}", made.text());
        let body = json!({"login": name, "password": PASSWORD}).to_string();
        let headers = [("Authorization", ""), ("Content-Type", "application/json")];
        let session = self.node.http().send("POST", "/v1/sessions", &headers, Some(body.as_bytes()));
        assert_eq!(session.status, 201, "{}", session.text());
        let token = session.json()["token"].as_str().expect("a token").to_owned();
        self.tokens.insert(name.to_owned(), token);
    }

    fn asks(&self, name: &str, method: &str, path: &str, body: Option<Value>) -> Response {
        send(self.node, &self.tokens[name], method, path, body)
    }

    /// Those named may read it, all others hear 403.
    #[track_caller]
    fn is_read_by(&self, may: &[&str], path: &str) {
        for role in ROLES {
            let answer = self.asks(role, "GET", path, None);
            if may.contains(&role) {
                assert_eq!(answer.status, 200, "{role} GET {path}: {}", answer.text());
            } else {
                answer.assert_problem(403, "forbidden");
            }
        }
        send(self.node, "nobody", "GET", path, None).assert_problem(401, "unauthorized");
    }

    /// None of those named may, whatever stands of it.
    #[track_caller]
    fn none_of(&self, names: &[&str], path: &str) {
        for name in names {
            self.asks(name, "POST", path, Some(json!({}))).assert_problem(403, "forbidden");
        }
    }

    #[track_caller]
    fn does(&self, name: &str, path: &str) {
        let answer = self.asks(name, "POST", path, Some(json!({})));
        assert_eq!(answer.status, 200, "{name} POST {path}: {}", answer.text());
    }

    /// He writes a campaign and submits it: its path.
    fn submits(&self, name: &str, list: &str) -> String {
        let body = json!({"name": "Autumn", "pacing": "progressive", "queue": "support", "detect": false,
            "lists": [{"list_id": list}]});
        let made = self.asks(name, "POST", "/v1/campaigns", Some(body));
        assert_eq!(made.status, 201, "{}", made.text());
        let path = format!("/v1/campaigns/{}", made.json()["id"].as_str().expect("an id"));
        self.does(name, &format!("{path}/submit"));
        path
    }
}

fn send(node: &Node, secret: &str, method: &str, path: &str, body: Option<Value>) -> Response {
    let (key, authorization) = (unique(), format!("Bearer {secret}"));
    let mut headers = vec![("Authorization", authorization.as_str())];
    if method == "POST" {
        headers.extend([("Content-Type", "application/json"), ("Idempotency-Key", key.as_str())]);
    }
    let body = body.map(|body| body.to_string());
    node.http().send(method, path, &headers, body.as_ref().map(String::as_bytes))
}

#[test]
fn campaigns_lists_and_decisions_are_read_and_taken_away_by_whom_their_roles_let() {
    let node = Node::start(demo());
    let (list, leads) = list(&node, 1);
    let people = People::of_all_roles(&node);
    let campaign = people.submits("supervisor", &list);
    let (readers, leaders) = (["admin", "supervisor", "viewer"], ["admin", "supervisor"]);
    for path in [
        "/v1/campaigns".to_owned(),
        campaign.clone(),
        format!("{campaign}/attempts"),
        format!("{campaign}/figures"),
        format!("{campaign}/leads/{}/why-not", leads[0]),
        format!("/v1/lead-lists/{list}/entries"),
        format!("/v1/lead-lists/{list}/leads/{}", leads[0]),
        "/v1/dnc".to_owned(),
        "/v1/consents".to_owned(),
        "/v1/compliance/decisions".to_owned(),
    ] {
        people.is_read_by(&readers, &path);
    }
    // Whoever only looks takes nothing away.
    people.is_read_by(&leaders, "/v1/compliance/decisions/export");
    people.is_read_by(&leaders, &format!("{campaign}/attempts/export"));
}

#[test]
fn campaigns_are_written_and_run_by_leaders_and_approved_by_another_admin() {
    let node = Node::start(demo().set("dialing.four_eyes", true));
    let (list, _) = list(&node, 1);
    let mut people = People::of_all_roles(&node);
    people.join("second", "admin");
    let others = ["manager", "operator", "viewer"];
    people.none_of(&others, "/v1/campaigns");
    people.none_of(&others, &format!("/v1/lead-lists/{list}/leads"));
    for name in others {
        let barred = people.asks(name, "POST", "/v1/dnc", Some(json!({"number": number(0)})));
        barred.assert_problem(403, "forbidden");
    }

    let campaign = people.submits("admin", &list);
    let step = |verb: &str| format!("{campaign}/{verb}");
    for verb in ["submit", "cancel", "start", "pause", "stop", "reset", "archive"] {
        people.none_of(&others, &step(verb));
    }
    // Nobody approves what he submitted, by whatever key of his; and who may write and run may not approve.
    for verb in ["approve", "reject"] {
        people.none_of(&["supervisor", "manager", "operator", "viewer"], &step(verb));
    }
    let own = people.asks("admin", "POST", &step("approve"), Some(json!({})));
    own.assert_problem(403, "same_person");
    let key = json!({"name": "his own", "scopes": ["campaigns.approve"]});
    let key = people.asks("admin", "POST", "/v1/api-keys", Some(key));
    assert_eq!(key.status, 201, "{}", key.text());
    let key = key.json()["secret"].as_str().expect("a secret").to_owned();
    send(&node, &key, "POST", &step("approve"), Some(json!({}))).assert_problem(403, "same_person");
    assert_eq!(people.asks("viewer", "GET", &campaign, None).json()["status"], "pending");
    people.does("second", &step("approve"));

    people.does("supervisor", &step("start"));
    people.does("supervisor", &step("pause"));
    let seen = people.asks("viewer", "GET", &campaign, None).json();
    assert_eq!(seen["status"], "paused", "{seen}");
    // What was submitted by one who may not approve is approved by any who may.
    let other = people.submits("supervisor", &list);
    people.does("admin", &format!("{other}/approve"));
}
