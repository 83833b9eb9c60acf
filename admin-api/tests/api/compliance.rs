//! `/v1/compliance`: rules with their sources, and verdicts that explain themselves.

use centre::{Answer, CampaignCommand, Command, CommandError};
use clock::{AgentId, CallId, QueueId, WallTime};
use dialer::gate::Consents;
use dialer::runner::Reply;
use journal_core::{DialClause, DialClock, DialDecision, DialDenial, DialEvidence, DialOccasion, DialTried, Entry};
use serde_json::{Value, json};

use crate::audit::logged;
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
    let mut node = Node::start().await;
    node.play(|command| match command {
        Command::Campaign(command) if matches!(*command, CampaignCommand::Consents(_)) => {
            Ok(Answer::Campaign(Box::new(Reply::Consents(Consents::default()))))
        }
        _ => Err(CommandError::UnknownCall),
    });
    let ask = async |query: &str| get(node.at, &format!("/v1/compliance/check?number=%2B{query}")).await;
    let late = ask("13055550100&rule_set=us&at=2026-01-15T01:00:00Z").await.json();
    let expected = json!({
        "allowed": false, "denied_by": "calling_hours", "clause": "us.fl.calling-hours",
        "because": "it is 2026-01-14 20:00 in America/New_York, outside Mon-Fri 08:00-20:00, Sat 08:00-20:00, Sun 08:00-20:00",
        "number": "+13055550100", "at": "2026-01-15T01:00:00.000000Z", "rule_set": "us 2026-11-21",
        "clocks": [{"time_zone": "America/New_York", "time": "2026-01-14 20:00"}], "regions": ["US-FL"], "lists": [], "consents": [],
        "rules": ["do_not_call", "campaign_do_not_call"], "clauses": late["clauses"],
    });
    assert_eq!(late, expected);
    let clause = json!({
        "id": "us.fl.calling-hours", "source": "Florida Statutes 501.616(6)(a)", "effective": "2021-07-01",
        "verified": false,
    });
    assert_eq!(late["clauses"].as_array().unwrap().last(), Some(&clause), "those that let it pass come before");
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

const NUMBER: &str = "+13055550100";

/// One that is denied and `allowed` that are not.
async fn judged(node: &Node, allowed: usize) {
    let entry = |micros: i64, occasion, denial, evidence| {
        let (at, number) = (WallTime::from_micros(micros), NUMBER.to_owned());
        Entry::DialDecision(Box::new(DialDecision { at, number, occasion, denial, evidence }))
    };
    let denial = DialDenial {
        rule: "calling_hours".into(),
        clause: Some("us.fl.calling-hours".into()),
        because: "it is \"late\", they say".into(),
    };
    let evidence = DialEvidence {
        rules: vec!["do_not_call".into(), "country".into()],
        rule_set: Some("us 2026-11-21".into()),
        clauses: ["us.gone", "us.fl.calling-hours"].map(|id| DialClause { id: id.into(), verified: true }).to_vec(),
        clocks: vec![DialClock { zone: "America/New_York".into(), time: "2026-01-14 20:00".into() }],
        regions: vec!["US-FL".into()],
        tried: Some(DialTried { number: 2, ..DialTried::default() }),
        consents: vec![],
        lists: vec!["=registry 2026-01-01".into()],
    };
    let asked = DialOccasion::CallbackAsked { queue: Some(QueueId(1)), agent: None, call: Some(CallId(7)) };
    node.append(vec![entry(1_000_000, asked, Some(denial), evidence)]).await;
    let click = |at: usize| {
        let occasion = DialOccasion::ClickToCall { agent: AgentId(1), call: Some(CallId(at as u128)) };
        entry(2_000_000 + at as i64, occasion, None, DialEvidence::default())
    };
    node.append((0..allowed).map(click).collect()).await;
    node.stored().await;
}

#[tokio::test]
async fn decisions_are_listed_with_rule_and_evidence() {
    let node = Node::start().await;
    judged(&node, 2).await;
    let found = async |query: &str| {
        let page = get(node.at, &format!("/v1/compliance/decisions?{query}")).await.json();
        page["data"].as_array().unwrap_or_else(|| panic!("{page}")).clone()
    };
    let denied = found("allowed=false").await;
    let [one] = denied.as_slice() else { panic!("{denied:?}") };
    let expected = json!({
        "id": one["id"], "at": "1970-01-01T00:00:01.000000Z", "number": NUMBER, "occasion": "callback_asked",
        "allowed": false, "denied_by": "calling_hours", "clause": "us.fl.calling-hours",
        "because": "it is \"late\", they say", "rule_set": "us 2026-11-21", "queue": "support", "agent": null,
        "call_id": CallId(7).to_string(), "callback_id": null, "campaign_id": null, "lead_id": null, "attempt_id": null,
        "evidence": {
            "rules": ["do_not_call", "country"],
            "clauses": [
                {"id": "us.gone", "source": null, "effective": null, "verified": true},
                {"id": "us.fl.calling-hours", "source": "Florida Statutes 501.616(6)(a)", "effective": "2021-07-01",
                    "verified": true},
            ],
            "clocks": [{"time_zone": "America/New_York", "time": "2026-01-14 20:00"}], "regions": ["US-FL"],
            "tried": {"lead": 0, "number": 2, "lead_today": 0, "number_today": 0, "lead_in_24_h": 0, "number_in_24_h": 0},
            "consents": [], "lists": ["=registry 2026-01-01"],
        },
    });
    assert_eq!(*one, expected);
    for (query, many) in [
        ("", 3),
        ("allowed=true", 2),
        ("number=+13055550100", 3),
        ("number=+13055550101", 0),
        ("occasion=click_to_call,campaign", 2),
        ("denied_by=calling_hours", 1),
        ("clause=us.fl.calling-hours&queue=support", 1),
        ("agent=1001", 2),
        ("at[gte]=1970-01-01T00:00:02Z", 2),
        ("at[lt]=1970-01-01T00:00:02Z", 1),
        ("campaign_id=none", 0),
    ] {
        assert_eq!(found(query).await.len(), many, "{query}");
    }
    assert_eq!(found(&format!("call_id={}", CallId(7))).await, denied);
    let first = get(node.at, "/v1/compliance/decisions?limit=2").await.json();
    let next = format!("/v1/compliance/decisions?limit=2&cursor={}", first["next_cursor"].as_str().unwrap());
    assert_eq!(get(node.at, &next).await.json(), json!({"data": [one], "next_cursor": null}));
    for wrong in ["allowed=maybe", "occasion=mars", "call_id=7", "at[gte]=noon", "limit=0", "cursor=x", "x=1"] {
        assert_eq!(get(node.at, &format!("/v1/compliance/decisions?{wrong}")).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn decisions_and_rules_are_exported_and_the_audit_log_says_who_did() {
    let node = Node::start().await;
    judged(&node, 450).await;
    let reply = get(node.at, "/v1/compliance/decisions/export").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/csv; charset=utf-8")));
    let lines: Vec<&str> = reply.text().split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 452, "more than two pages, and a head");
    assert!(
        lines[0].starts_with(
            "id,at,number,occasion,allowed,denied_by,clause,clause_source,clause_effective,clause_verified,"
        )
    );
    let denied = lines[451];
    let expected = ",1970-01-01T00:00:01.000000Z,+13055550100,callback_asked,false,calling_hours,us.fl.calling-hours,\
                    Florida Statutes 501.616(6)(a),2021-07-01,true,\"it is \"\"late\"\", they say\",us 2026-11-21,\
                    do_not_call; country,us.gone (verified); us.fl.calling-hours (verified),\
                    America/New_York 2026-01-14 20:00,US-FL,\"lead 0, today 0, 24 h 0; number 2, today 0, 24 h 0\",,\
                    '=registry 2026-01-01,support,,";
    assert!(denied.contains(expected), "{denied}");
    let entries = logged(&node, &reply).await;
    let [entry] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((&entry["action"], &entry["after"]["asked"]), (&json!("export_compliance_decisions"), &json!({})));

    let reply = get(node.at, "/v1/compliance/decisions/export?allowed=false&number=+13055550100").await;
    assert_eq!(reply.text().lines().count(), 2);
    assert_eq!(logged(&node, &reply).await[0]["after"]["asked"], json!({"allowed": "false", "number": NUMBER}));
    get(node.at, "/v1/compliance/decisions/export?limit=2").await.problem(400, "unknown_parameter");

    let rules = get(node.at, "/v1/compliance/rules/export?rule_set=us").await;
    let florida = rules.text().lines().find(|line| line.starts_with("us.fl.calling-hours,")).unwrap();
    let expected = "us.fl.calling-hours,us,2026-11-21,Between 8:00 and 20:00.,\
                    \"only Mon-Fri 08:00-20:00, Sat 08:00-20:00, Sun 08:00-20:00\",calling_hours,\
                    Florida Statutes 501.616(6)(a),2021-07-01,US-FL,campaign; click_to_call,false,";
    assert_eq!(florida, expected);
    assert!(rules.text().contains(",true,\"J. Doe, 2026-12-01\""));
}
