//! What called people see and what is kept of what they say: own numbers, do-not-call, lists that are empty or called
//! anew, and what a crash must not cut.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::campaign::{Campaign, awake, called, demo, list, nothing_is_dialed, number, on_duty};
use crate::support::{EventStream, Msg, Node, NodeConfig, unique, until};

/// Own numbers, each near to one of the places where a test may call.
const OWN: [&str; 3] = ["+442079469999", "+12136219999", "+81332249999"];

fn own_numbers(config: NodeConfig) -> NodeConfig {
    OWN.into_iter().fold(config, |config, own| config.push("number", &format!("number = \"{own}\"\ntarget = \"echo\"")))
}

/// The own number that is near to those of the test.
fn near() -> &'static str {
    OWN.into_iter().find(|own| own[..6] == awake()[..6]).expect("one")
}

/// What the carrier sees of the caller of each of so many calls.
fn shown(config: NodeConfig, calls: usize, more: Value) -> Vec<Msg> {
    let node = Node::start(own_numbers(config));
    let _agent = on_duty(&node, "1001");
    let mut fields = json!({"recycle": {}, "caller_ids": OWN});
    fields.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let campaign = Campaign::started(&node, calls, fields);
    let mut seen = Vec::new();
    for _ in 0..calls {
        let call = node.carrier.expect_call();
        call.reject(404);
        seen.push(call.invite.expect("an INVITE"));
    }
    let attempts = campaign.attempts(|all| all.len() == calls && all.iter().all(|one| one["outcome"].is_string()));
    for (attempt, invite) in attempts.iter().zip(&seen) {
        let number = attempt["number"].as_str().expect("a number");
        assert!(invite.header("To").contains(number), "{attempt:#} {invite:?}");
    }
    seen
}

fn user<'a>(msg: &'a Msg, name: &str) -> &'a str {
    let value = msg.header(name);
    value.split_once("sip:").and_then(|(_, rest)| rest.split_once('@')).map_or("", |(user, _)| user)
}

#[test]
fn called_phones_show_own_numbers_as_the_trunk_lets_them() {
    let taken = shown(demo().set("trunk.0.identity_trusted", true), 3, json!({}));
    let seen: Vec<&str> = taken.iter().map(|invite| user(invite, "From")).collect();
    assert_eq!(seen, OWN, "they take turns");
    let asserted: Vec<&str> = taken.iter().map(|invite| user(invite, "P-Asserted-Identity")).collect();
    assert_eq!(asserted, OWN, "a trunk that is trusted");

    let local = shown(demo(), 2, json!({"local_presence": true}));
    for invite in &local {
        assert_eq!(user(invite, "From"), near(), "{invite:?}");
        assert!(invite.header("P-Asserted-Identity").is_empty(), "a trunk that is not: {invite:?}");
    }

    // A trunk shows what it may, and writes it as it wants; hidden is hidden.
    let allowed = toml::Value::Array(vec!["+442071830*".into()]);
    let barred = shown(demo().set("trunk.0.caller_ids_allowed", allowed), 1, json!({}));
    assert_eq!(user(&barred[0], "From"), "+442071830000", "its own");
    let plain = shown(demo(), 1, json!({"caller_ids": []}));
    assert_eq!(user(&plain[0], "From"), "+442071830000");
    let written = shown(demo().set("trunk.0.calling_format", "digits"), 1, json!({"local_presence": true}));
    assert_eq!(user(&written[0], "From"), &near()[1..]);
    let restricted = demo().set("trunk.0.caller_id_restricted", true).set("trunk.0.identity_trusted", true);
    let hidden = shown(restricted, 1, json!({"local_presence": true}));
    assert!(hidden[0].header("From").contains("anonymous@anonymous.invalid"), "{:?}", hidden[0]);
    assert_eq!((user(&hidden[0], "P-Asserted-Identity"), hidden[0].header("Privacy")), (near(), "id"));
}

/// An agent talks with the next lead, and says what came of it.
fn disposed(node: &Node, code: &str) -> String {
    let mut customer = node.carrier.expect_call();
    let number = called(&customer);
    customer.answer();
    node.http().wait_agent("1001", "on_call");
    customer.bye();
    let call = node.http().record_of(&customer.id)["id"].as_str().expect("an id").to_owned();
    let said = json!({"code": code, "agent": "1001"});
    let said = node.http().post(&format!("/v1/calls/{call}/disposition"), &unique(), &said);
    assert_eq!(said.status, 200, "{}", said.text());
    number
}

fn never() -> NodeConfig {
    demo().push("disposition", "code = \"never\"\nlabel = \"Never again\"")
}

#[test]
fn who_wants_no_calls_is_called_by_no_campaign_and_over_no_restart() {
    let mut node = Node::start(never());
    let agent = on_duty(&node, "1001");
    let more = json!({"dispositions": {"never": {"action": "do_not_call"}}});
    let (list_id, leads) = list(&node, 1);
    {
        let campaign = Campaign::of(&node, &list_id, leads.clone(), more.clone());
        assert_eq!(disposed(&node, "never"), number(0));
        let lead = campaign.lead(0, "done");
        assert_eq!((&lead["disposition"], &lead["done_because"]), (&json!("never"), &json!("disposition")), "{lead}");
        campaign.wait("completed");
    }
    let listed = |node: &Node| node.http().get("/v1/dnc").json()["data"].to_string();
    assert!(listed(&node).contains(&number(0)), "{}", listed(&node));
    node.kill();
    node.restart();
    agent.1.expect_bye();
    agent.0.expect_call().answer();
    assert!(listed(&node).contains(&number(0)), "{}", listed(&node));
    // Another campaign calls from the same list.
    let other = Campaign::of(&node, &list_id, leads, more);
    other.wait("completed");
    nothing_is_dialed(&node, Duration::from_millis(800));
    let asked = format!("/v1/compliance/decisions?number={}", number(0).replace('+', "%2B"));
    let told =
        until("the verdict", || node.http().get(&asked).json()["data"][0].clone(), |told| told["allowed"] == false);
    assert_eq!(told["denied_by"], "do_not_call", "{told:#}");
}

#[test]
fn what_an_agent_has_said_stands_however_soon_the_node_is_killed() {
    let mut node = Node::start(never());
    let agent = on_duty(&node, "1001");
    let more = json!({"dispositions": {"never": {"action": "do_not_call"}}, "max_lines": 1});
    let campaign = Campaign::started(&node, 2, more);
    let (path, leads) = (campaign.path.clone(), campaign.leads.clone());
    let said = disposed(&node, "never");
    node.kill();
    node.restart();
    agent.1.expect_bye();
    let campaign = Campaign { node: &node, path, leads };
    let lead = campaign.lead(0, "done");
    assert_eq!(lead["disposition"], "never", "{lead}");
    let listed = node.http().get("/v1/dnc").json();
    assert!(listed["data"].to_string().contains(&said), "{listed:#}");
    let all = campaign.attempts(|all| all.iter().any(|one| one["disposition"] == "never"));
    assert_eq!(all.iter().filter(|one| one["number"] == said.as_str()).count(), 1, "{all:#?}");
}

#[test]
fn a_list_that_is_reset_is_called_again_and_keeps_what_was() {
    let node = Node::start(demo());
    let _agent = on_duty(&node, "1001");
    let campaign = Campaign::started(&node, 2, json!({"recycle": {}}));
    let list = campaign.seen()["definition"]["lists"][0]["list_id"].clone();
    let reset = || node.http().post(&format!("{}/reset", campaign.path), &unique(), &json!({"list_id": list}));
    for _ in 0..2 {
        node.carrier.expect_call().reject(404);
    }
    campaign.outcomes(&["unobtainable"; 2]);
    campaign.wait("completed");
    let done = reset();
    assert_eq!((done.status, &done.json()["status"]), (200, &json!("approved")), "{}", done.text());
    nothing_is_dialed(&node, Duration::from_millis(800));
    campaign.step("start");
    let again: Vec<String> = (0..2)
        .map(|_| {
            let call = node.carrier.expect_call();
            call.reject(486);
            called(&call)
        })
        .collect();
    assert_eq!(again, [number(0), number(1)], "from its first lead on");
    campaign.outcomes(&["unobtainable", "unobtainable", "busy", "busy"]);
    let lead = until("both tries", || campaign.lead(0, "done"), |lead| lead["attempts"] == 2);
    assert_eq!(lead["last_outcome"], "busy");
    assert_eq!(campaign.wait("completed")["total"]["attempts"], 4);
}

#[test]
fn a_campaign_waits_for_lists_that_are_empty_or_not_imported() {
    let node = Node::start(demo());
    let _agent = on_duty(&node, "1001");
    let empty = node.http().post("/v1/lead-lists", &unique(), &json!({"name": "empty"})).json();
    let empty = empty["id"].as_str().expect("an id").to_owned();
    let file = format!("Name,Phone\nAnn,{}\n", number(0));
    let headers = [("Content-Type", "text/csv"), ("Idempotency-Key", "k-upload")];
    let uploaded = node.http().send("POST", "/v1/lead-lists?name=late.csv", &headers, Some(file.as_bytes()));
    let uploaded = uploaded.json()["id"].as_str().expect("an id").to_owned();
    let campaign =
        Campaign::of(&node, &empty, Vec::new(), json!({"lists": [{"list_id": empty}, {"list_id": uploaded}]}));
    let says = |seen: &Value| {
        let alerts = seen["alerts"].as_array().into_iter().flatten();
        alerts.filter(|alert| alert["kind"] == "list_dry").map(|alert| alert["says"].to_string()).collect::<String>()
    };
    let held = until("the alert", || campaign.seen(), |seen| !says(seen).is_empty());
    assert_eq!((&held["status"], &held["pace"]["hold"]), (&json!("running"), &json!("importing")), "{held:#}");
    let estimate = node.http().send("POST", &format!("{}/estimate", campaign.path), &[], None).json();
    assert_eq!((&estimate["leads"], &estimate["is_complete"]), (&json!(0), &json!(false)), "{estimate:#}");
    let import =
        node.http().send("POST", &format!("/v1/lead-lists/{uploaded}/start"), &[("Idempotency-Key", "k-s")], None);
    assert!(import.status < 300, "{}", import.text());
    let call = node.carrier.expect_call();
    assert_eq!(called(&call), number(0));
    call.reject(404);
    // The other one never had a lead: it is waited for.
    let held = until("nothing left", || campaign.seen(), |seen| says(seen).contains("never had a lead"));
    assert_eq!(held["status"], "running", "{held:#}");
    let more = json!({"leads": [{"numbers": [number(1)]}]});
    let added = node.http().post(&format!("{}/leads?list_id={empty}", campaign.path), &unique(), &more);
    assert_eq!(added.status, 200, "{}", added.text());
    let call = node.carrier.expect_call();
    assert_eq!(called(&call), number(1));
    call.reject(404);
    campaign.wait("completed");
}

#[test]
fn what_campaigns_do_is_a_topic_of_its_own() {
    let node = Node::start(demo());
    let _agent = on_duty(&node, "1001");
    let mut calls = EventStream::open(node.http(), "/v1/events?topics=live-calls", None);
    let mut campaigns = EventStream::open(node.http(), "/v1/events?topics=campaigns", None);
    let campaign = Campaign::started(&node, 1, json!({"recycle": {}}));
    node.carrier.expect_call().reject(404);
    campaign.wait("completed");
    campaign.step("archive");
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|kind| kind != "campaign.completed") {
        let event = campaigns.next();
        let is_its = event.data["data"]["campaign_id"].as_str().is_some_and(|id| campaign.path.ends_with(id));
        assert!(is_its, "{}", event.data);
        kinds.push(event.kind);
    }
    for kind in ["campaign.pending", "campaign.approved", "campaign.running", "attempt.ordered", "attempt.ended"] {
        assert!(kinds.iter().any(|known| known == kind), "{kind}: {kinds:?}");
    }
    let put_away = until("it is put away", || campaigns.next(), |event| event.kind == "campaign.completed");
    assert_eq!(put_away.data["data"]["is_archived"], true);
    let ended = until(
        "the call",
        || calls.next(),
        |event| {
            let is_call = event.kind == "attempt.started"
                || !["campaign.", "attempt."].iter().any(|kind| event.kind.starts_with(kind));
            assert!(is_call, "{}", event.kind);
            event.kind == "call.ended"
        },
    );
    assert!(ended.data["call_id"].is_string());

    // Who may not see campaigns does not follow them.
    let made = node.http().post("/v1/api-keys", &unique(), &json!({"name": "board", "scopes": ["viewer"]})).json();
    let secret = format!("Bearer {}", made["secret"].as_str().expect("a secret"));
    let seen = node.http().fetch("/v1/events?topics=campaigns", &[("Authorization", &secret)]);
    assert_eq!(seen.status, 200, "a viewer may: {}", seen.text());
}

/// The agent's client is gone before its request is whole, then before it hears the answer.
#[test]
fn what_is_said_by_a_client_that_is_cut_is_said_once_or_not_at_all() {
    let node = Node::start(demo());
    let _agent = on_duty(&node, "1001");
    let campaign =
        Campaign::started(&node, 1, json!({"dispositions": {"later": {"action": "again", "after_s": 3600}}}));
    let mut customer = node.carrier.expect_call();
    customer.answer();
    node.http().wait_agent("1001", "on_call");
    customer.bye();
    let call = node.http().record_of(&customer.id)["id"].as_str().expect("an id").to_owned();
    let path = format!("/v1/calls/{call}/disposition");
    let body = json!({"code": "later", "agent": "1001"}).to_string();
    let text = format!(
        "POST {path} HTTP/1.1\r\nHost: node\r\nAuthorization: Bearer demo-admin-key\r\nIdempotency-Key: cut\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let cut = |until: usize| {
        let mut client = TcpStream::connect(node.http().addr()).expect("the node listens");
        client.write_all(&text.as_bytes()[..until]).expect("it takes what is sent");
        client
    };
    let said = || node.http().get(&path).json()["data"].as_array().cloned().unwrap_or_default();
    drop(cut(text.len() - 5));
    drop(cut(text.len() - body.len()));
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!((said(), &campaign.why_not(0)["why"]), (Vec::new(), &json!("disposing")));
    let deaf = cut(text.len());
    let lead = campaign.lead(0, "retry");
    drop(deaf);
    assert_eq!(lead["disposition"], "later", "{lead}");
    let headers = [("Idempotency-Key", "cut"), ("Content-Type", "application/json")];
    let asked = || node.http().send("POST", &path, &headers, Some(body.as_bytes()));
    // The lead may be known before the first request has its answer.
    let again = until("the first one's end", asked, |again| again.status != 409);
    assert_eq!((again.status, again.header("Idempotent-Replayed")), (200, Some("true")), "{}", again.text());
    assert_eq!(until("what was said", said, |said| !said.is_empty()).len(), 1);
    let log = || node.http().get("/v1/audit-log?action=dispose_call").json()["data"].as_array().map_or(0, Vec::len);
    assert_eq!(until("the audit log", log, |entries| *entries > 0), 1);
}
