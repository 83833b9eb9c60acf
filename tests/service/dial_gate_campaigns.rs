//! The dial gate before campaigns, at a real node: agents' own lists, what the node itself does not dial, consents.

use std::time::Duration;

use serde_json::{Value, json};

use crate::campaign::{Campaign, awake, called, demo, nothing_is_dialed, number, on_duty};
use crate::campaign_agents::desk;
use crate::support::{Node, unique, until};

/// The denials by a rule, once there is one, newest first.
fn denials(node: &Node, rule: &str) -> Vec<Value> {
    let path = format!("/v1/compliance/decisions?occasion=campaign&denied_by={rule}");
    let list = || node.http().get(&path).json()["data"].as_array().cloned().unwrap_or_default();
    until("the denials", list, |list| !list.is_empty())
}

#[test]
fn agents_own_lists_count_where_the_agent_is_known_before_the_dial() {
    let node = Node::start(demo().set("agents.0.dial_blacklist", vec![number(0), number(2)]));
    let _agent = on_duty(&node, "1001");
    let campaign = Campaign::started(&node, 2, json!({"pacing": "preview"}));
    let seen = until("a lead", || desk(&campaign, "1001"), |seen| seen["lead"]["doing"] == "shown");
    assert_eq!(seen["lead"]["number"], json!(number(1)), "{seen:#}");
    let why = until("why", || campaign.why_not(0), |why| why["why"] == "denied");
    assert_eq!(why["rule"], "personal_blacklist", "{why}");
    let denied = denials(&node, "personal_blacklist").remove(0);
    let told = (&denied["number"], &denied["agent"], &denied["lead_id"]);
    assert_eq!(told, (&json!(number(0)), &json!("1001"), &json!(campaign.leads[0])), "{denied:#}");
    let asked = denied["evidence"]["rules"].as_array().expect("rules");
    assert!(asked.contains(&json!("personal_blacklist")), "{denied:#}");
    campaign.step("stop");

    let by_hand = Campaign::started(&node, 1, json!({"pacing": "manual"}));
    let path = format!("{}/agents/1001/dial", by_hand.path);
    let dial = |which: usize| node.http().post(&path, &unique(), &json!({"number": number(which)}));
    until("the refusal", || dial(2).status, |status| *status == 403);
    let newest = || denials(&node, "personal_blacklist").remove(0);
    until("the verdict", newest, |denied| denied["number"] == json!(number(2)));
    by_hand.step("stop");

    // Nobody knows yet who will talk: no list of anybody's own is asked.
    let _progressive = Campaign::started(&node, 1, json!({}));
    assert_eq!(called(&node.carrier.expect_call()), number(0));
}

#[test]
fn what_the_node_does_not_dial_ends_a_lead_and_is_never_tried() {
    let mut node = Node::start(demo());
    let _agent = on_duty(&node, "1001");
    let (list, leads) = crate::campaign::list(&node, 2);
    node.edit(|config| config.set("node.denied_prefixes", vec![number(0)]));
    assert!(node.command("reload", &[]).status.success());
    let more = json!({"leads": [{"numbers": [number(0)]}]});
    let refused = node.http().post(&format!("/v1/lead-lists/{list}/leads"), &unique(), &more).json();
    let issue = &refused["leads"][0]["issues"][0];
    let says = issue["detail"].as_str().is_some_and(|says| says.starts_with("outbound_policy: "));
    assert_eq!((&issue["code"], says), (&json!("forbidden"), true), "{refused:#}");
    let campaign = Campaign::of(&node, &list, leads, json!({}));
    let dialed = node.carrier.expect_call();
    assert_eq!(called(&dialed), number(1));
    let lead = campaign.lead(0, "done");
    assert_eq!((&lead["done_because"], &lead["attempts"]), (&json!("denied"), &json!(0)), "{lead}");
    let denied = denials(&node, "outbound_policy").remove(0);
    let told = (&denied["number"], &denied["lead_id"], &denied["denied_by"]);
    assert_eq!(told, (&json!(number(0)), &json!(campaign.leads[0]), &json!("outbound_policy")), "{denied:#}");
    assert!(denied["because"].as_str().is_some_and(|says| says.contains("a denied prefix")), "{denied:#}");
    let why = until("why", || campaign.why_not(0), |why| why["numbers"][0]["rule"].is_string());
    let by = &why["numbers"][0];
    let told = (&why["why"], &why["done_because"], &by["rule"], &by["because"]);
    assert_eq!(told, (&json!("done"), &json!("denied"), &json!("outbound_policy"), &denied["because"]), "{why}");
    dialed.reject(404);
    campaign.wait("completed");
    nothing_is_dialed(&node, Duration::from_millis(800));
    assert_eq!(campaign.outcomes(&["unobtainable"]).len(), 1);
}

/// A list of leads: with each whether it says that the person agreed.
fn list(node: &Node, agreed: &[bool]) -> (String, Vec<String>) {
    let made = node.http().post("/v1/lead-lists", &unique(), &json!({"name": "autumn"}));
    let list = made.json()["id"].as_str().expect("an id").to_owned();
    let lead = |(which, agreed): (usize, &bool)| {
        let at = agreed.then_some("2025-01-02T00:00:00Z");
        json!({"numbers": [number(which)], "consent_artificial_voice_at": at})
    };
    let leads: Vec<Value> = agreed.iter().enumerate().map(lead).collect();
    let added = node.http().post(&format!("/v1/lead-lists/{list}/leads"), &unique(), &json!({"leads": leads}));
    assert_eq!(added.status, 200, "{}", added.text());
    let ids = added.json()["leads"].as_array().cloned().unwrap_or_default();
    (list, ids.iter().filter_map(|lead| lead["id"].as_str().map(str::to_owned)).collect())
}

/// Writes down what somebody said of a number; the id of the record.
fn consent(node: &Node, which: usize, kind: &str) -> String {
    let body = json!({"number": number(which), "purpose": "artificial_voice", "kind": kind, "channel": "web",
        "source": "form", "evidence": "I agree to be called by a recorded voice."});
    let made = node.http().post("/v1/consents", &unique(), &body);
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["id"].as_str().expect("an id").to_owned()
}

#[test]
fn who_agreed_is_called_by_a_machine_and_who_revoked_it_is_not_from_the_next_number_on() {
    let law = match awake().get(..2) {
        Some("+4") => "uk",
        Some("+1") => "us",
        // No law that asks for consents holds where people are awake now.
        _ => return,
    };
    let mut node = Node::start(demo());
    let of_rest = consent(&node, 2, "given");
    let of_later = consent(&node, 4, "given");
    consent(&node, 3, "given");
    // By number, also where a list has the consent; and by the consent's id.
    consent(&node, 1, "revoked");
    consent(&node, 3, "revoked");
    // What is written down is there after a crash.
    node.kill();
    node.restart();
    let (list, leads) = list(&node, &[false, true, false, false, false, true]);
    let more = json!({"pacing": "bot", "concurrent": 1, "queue": null, "message": "goodbye", "voice": "recorded",
        "rule_set": law});
    let campaign = Campaign::of(&node, &list, leads, more);
    let first = node.carrier.expect_call();
    assert_eq!(called(&first), number(2));
    first.answer();
    let revoked = json!({"channel": "phone", "source": "said so"});
    let find = || node.http().get(&format!("/v1/consents/{of_later}")).status;
    until("the consent", find, |status| *status == 200);
    let revoked = node.http().post(&format!("/v1/consents/{of_later}/revoke"), &unique(), &revoked);
    assert_eq!((revoked.status, &revoked.json()["kind"]), (201, &json!("revoked")), "{}", revoked.text());
    first.expect_bye();
    let last = node.carrier.expect_call();
    assert_eq!(called(&last), number(5), "of the list itself");
    last.reject(404);
    campaign.wait("completed");
    for which in [0, 1, 3, 4] {
        let why = until("why", || campaign.why_not(which), |why| why["numbers"][0]["rule"].is_string());
        assert_eq!(
            (&why["done_because"], &why["numbers"][0]["rule"]),
            (&json!("denied"), &json!("consent")),
            "{which}: {why}"
        );
    }
    let path = format!("/v1/compliance/decisions?lead_id={}", campaign.leads[2]);
    let kept = node.http().get(&path).json();
    assert_eq!(kept["data"][0]["evidence"]["consents"], json!([of_rest]), "{kept:#}");
    let log = || node.http().get("/v1/audit-log?action=revoke_consent").json()["data"].clone();
    let log = until("the audit log", log, |log| log[0].is_object());
    assert_eq!(log[0]["after"]["asked"]["source"], "said so", "{log:#}");
}

#[test]
fn who_agrees_while_a_campaign_runs_is_called_by_it_though_he_was_denied() {
    let law = match awake().get(..2) {
        Some("+4") => "uk",
        Some("+1") => "us",
        // No law that asks for consents holds where people are awake now.
        _ => return,
    };
    let node = Node::start(demo());
    let (list, leads) = list(&node, &[false, true]);
    let more = json!({"pacing": "bot", "concurrent": 1, "queue": null, "message": "goodbye", "voice": "recorded",
        "rule_set": law});
    let campaign = Campaign::of(&node, &list, leads, more);
    let first = node.carrier.expect_call();
    assert_eq!(called(&first), number(1));
    let is_denied = |why: &Value| why["numbers"][0]["rule"] == "consent";
    let why = until("why", || campaign.why_not(0), is_denied);
    assert!(why["because"].as_str().is_some_and(|says| says.contains("Once a consent is written down")), "{why}");
    let check = || {
        let number = number(0).replace('+', "%2B");
        node.http().get(&format!("/v1/compliance/check?number={number}&rule_set={law}&voice=recorded")).json()
    };
    assert_eq!(check()["denied_by"], "consent");
    let other = node.http().post("/v1/campaigns", &unique(), &campaign.seen()["definition"]).json();
    let other = format!("/v1/campaigns/{}/estimate", other["id"].as_str().expect("an id"));
    let denied = || node.http().send("POST", &other, &[], None).json()["denied"].clone();
    assert_eq!(denied(), json!({"consent": 1}));
    let given = consent(&node, 0, "given");
    let told = check();
    assert_eq!((&told["allowed"], &told["consents"]), (&json!(true), &json!([given])), "{told:#}");
    assert_eq!(denied(), json!({}));
    first.reject(404);
    let second = node.carrier.expect_call();
    assert_eq!(called(&second), number(0));
    second.reject(404);
    campaign.wait("completed");
    campaign.outcomes(&["unobtainable", "unobtainable"]);
}
