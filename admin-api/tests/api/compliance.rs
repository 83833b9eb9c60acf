//! `/v1/compliance`: rules with their sources, and verdicts that explain themselves.

use serde_json::{Value, json};

use crate::client::get;
use crate::node::Node;

#[tokio::test]
async fn rules_are_shown_with_source_date_and_whether_a_person_verified_them() {
    let node = Node::start().await;
    let all = get(node.at, "/v1/compliance/rules?limit=200").await.json();
    let rules = all["data"].as_array().unwrap();
    assert!(rules.len() > 40 && all["next_cursor"].is_null());
    for rule in rules {
        let text = |key: &str| rule[key].as_str().is_some_and(|text| !text.is_empty());
        assert!(text("id") && text("says") && text("demand") && text("source") && text("effective"), "{rule}");
    }
    let verified: Vec<&Value> = rules.iter().filter(|rule| rule["verified"] == true).collect();
    let [ring] = verified[..] else { panic!("{verified:?}") };
    assert_eq!((&ring["id"], &ring["verified_by"]), (&json!("us.tsr.ring-15s"), &json!("J. Doe, 2026-12-01")));
    let hours = rules.iter().find(|rule| rule["id"] == "us.fl.calling-hours").unwrap();
    let expected = json!({
        "id": "us.fl.calling-hours", "rule_set": "us", "version": "2026-11-21", "says": "Between 8:00 and 20:00.",
        "demand": "only Mon-Fri 08:00-20:00, Sat 08:00-20:00, Sun 08:00-20:00", "rule": "calling_hours",
        "source": "Florida Statutes 501.616(6)(a)", "effective": "2021-07-01", "regions": ["US-FL"],
        "binds": ["campaign", "click_to_call"], "verified": false, "verified_by": null,
    });
    assert_eq!(*hours, expected);
    let uk = get(node.at, "/v1/compliance/rules?rule_set=uk&limit=200").await.json();
    assert!(uk["data"].as_array().unwrap().iter().all(|rule| rule["rule_set"] == "uk"));
    let first = get(node.at, "/v1/compliance/rules?limit=2").await.json();
    let next = format!("/v1/compliance/rules?limit=2&cursor={}", first["next_cursor"].as_str().unwrap());
    assert_eq!(get(node.at, &next).await.json()["data"][0], rules[2]);
    get(node.at, "/v1/compliance/rules?rule_set=mars").await.problem(400, "invalid_parameter");
}

#[tokio::test]
async fn the_gate_says_why() {
    let node = Node::start().await;
    let ask = async |query: &str| get(node.at, &format!("/v1/compliance/check?number=%2B{query}")).await;
    let late = ask("13055550100&rule_set=us&at=2026-01-15T01:00:00Z").await.json();
    let expected = json!({
        "allowed": false, "denied_by": "calling_hours", "clause": "us.fl.calling-hours",
        "because": "it is 2026-01-14 20:00 in America/New_York, outside Mon-Fri 08:00-20:00, Sat 08:00-20:00, Sun 08:00-20:00",
        "number": "+13055550100", "at": "2026-01-15T01:00:00.000000Z", "rule_set": "us 2026-11-21",
        "clocks": [{"time_zone": "America/New_York", "time": "2026-01-14 20:00"}], "regions": ["US-FL"], "lists": [],
    });
    assert_eq!(late, expected);
    let noon = "at=2026-01-14T18:00:00Z";
    let word = async |query: String| ask(&query).await.json()["denied_by"].as_str().unwrap_or("allowed").to_owned();
    assert_eq!(word(format!("13055550100&rule_set=us&{noon}")).await, "allowed");
    assert_eq!(word(format!("13055550100&rule_set=us&voice=ai&{noon}")).await, "consent");
    assert_eq!(word(format!("13055550100&rule_set=uk&{noon}")).await, "territory");
    assert_eq!(word(format!("442071838750&rule_set=uk&subject=claims_management&{noon}")).await, "consent");
    assert_eq!(word(format!("18005550100&{noon}")).await, "unknown_time_zone");
    assert_eq!(word(format!("18005550100&time_zone=America/New_York&{noon}")).await, "allowed");
    assert!(ask("442071838750").await.json()["at"].is_string(), "now");
    for wrong in ["x", "0", "442071838750&at=noon", "442071838750&time_zone=Mars/Base", "442071838750&rule_set=mars"] {
        ask(wrong).await.problem(400, "invalid_parameter");
    }
    get(node.at, "/v1/compliance/check").await.problem(400, "invalid_parameter");
}
