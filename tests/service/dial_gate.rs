//! The dial gate with lists from files, agents' own lists and a rule set, at a real node.

use serde_json::{Value, json};

use crate::support::{Node, NodeConfig, unique, until};

fn click(node: &Node, to: &str) -> u16 {
    node.http().post("/v1/calls", &unique(), &json!({"from_agent": "1001", "to": to})).status
}

fn verdict(node: &Node, query: &str) -> Value {
    node.http().get(&format!("/v1/compliance/check?number=%2B{query}")).json()
}

#[test]
#[allow(clippy::disallowed_methods, reason = "tests write files")]
fn lists_of_others_are_read_from_files_and_again_at_a_reload() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tps.txt");
    std::fs::write(&file, "# Telephone Preference Service\n2079460123\n+4420794601*\n").expect("written");
    let list = format!("name = \"tps\"\nfile = {:?}\ncountry = \"GB\"\nas_of = \"2026-11-01\"", file.display());
    let node = Node::start(NodeConfig::demo().push("do_not_call_list", &list));
    let _phone = node.registered("1001");
    let denied = verdict(&node, "442079460199&at=2026-11-20T12:00:00Z&rule_set=uk");
    assert_eq!((&denied["denied_by"], &denied["allowed"]), (&json!("imported_do_not_call"), &json!(false)), "{denied}");
    let allowed = verdict(&node, "442079460200&at=2026-11-20T12:00:00Z&rule_set=uk");
    assert_eq!((&allowed["allowed"], &allowed["lists"]), (&json!(true), &json!(["tps 2026-11-01"])), "{allowed}");
    let old = verdict(&node, "442079460200&at=2026-11-30T12:00:00Z&rule_set=uk");
    assert_eq!(old["clause"], "uk.pecr.21-tps-28-days", "{old}");
    assert_eq!((click(&node, "02079460123"), click(&node, "02079460150")), (403, 403));
    assert_eq!(click(&node, "02079460200"), 201);
    // The customer asks to be called back: the register does not speak of that.
    let asked = node.http().post("/v1/queues/support/callbacks", &unique(), &json!({"number": "+442079460123"}));
    assert_eq!(asked.status, 201, "{}", asked.text());
    std::fs::write(&file, "2079460200\n").expect("written");
    let said = node.command("reload", &[]);
    assert_eq!(String::from_utf8_lossy(&said.stdout).trim(), "changed: do_not_call_list");
    let denied = |query: &str| verdict(&node, query)["denied_by"].clone();
    assert_eq!(denied("442079460200&at=2026-11-20T12:00:00Z"), "imported_do_not_call");
    assert_eq!(denied("442079460123&at=2026-11-20T12:00:00Z"), Value::Null);
}

#[test]
fn agents_have_lists_of_their_own_and_a_rule_set_has_hours() {
    let node = Node::start(
        NodeConfig::demo()
            .set("agents.0.dial_blacklist", vec!["+4420794602*"])
            .set("agents.0.dial_whitelist", vec!["+4420*"]),
    );
    let _phone = node.registered("1001");
    assert_eq!(click(&node, "02079460200"), 403);
    assert_eq!(click(&node, "01619460100"), 403);
    assert_eq!(click(&node, "02079460123"), 201);
    // The law of another country has nothing for numbers of this one.
    let node = Node::start(NodeConfig::demo().set("dialing.rule_set", "us"));
    let _phone = node.registered("1001");
    assert_eq!(click(&node, "02079460123"), 403);
}

/// Once there are so many of them, newest first.
fn decisions(node: &Node, query: &str, many: usize) -> Vec<Value> {
    let path = format!("/v1/compliance/decisions?{query}");
    let list = || node.http().get(&path).json()["data"].as_array().cloned().unwrap_or_default();
    until("the decisions of the gate", list, |list| list.len() >= many)
}

#[test]
fn each_allow_and_deny_is_stored_with_rule_and_evidence_and_exported() {
    let denied = "+442079460666";
    let config = NodeConfig::demo().queue_times(15, 120, 0).set("dialing.blacklist", vec![denied]);
    let mut node = Node::start(config);
    let phone = node.registered("1001");
    assert_eq!((click(&node, denied), click(&node, "+14155550100")), (403, 403));
    let [one] = decisions(&node, "occasion=click_to_call", 1)
        .try_into()
        .expect("the other is abroad, which is not the gate's matter");
    assert_eq!((&one["number"], &one["agent"], &one["allowed"]), (&json!(denied), &json!("1001"), &json!(false)));
    assert_eq!((&one["denied_by"], &one["call_id"]), (&json!("company_blacklist"), &Value::Null));
    assert_eq!(one["evidence"]["rules"], json!(["do_not_call", "company_blacklist"]));

    let made = node.http().post("/v1/calls", &unique(), &json!({"from_agent": "1001", "to": "+442079460123"}));
    assert_eq!(made.status, 201, "{}", made.text());
    phone.expect_call().reject(486);
    let [allowed] = decisions(&node, "allowed=true", 1).try_into().expect("one");
    assert_eq!((&allowed["call_id"], &allowed["denied_by"]), (&made.json()["id"], &Value::Null));
    assert_eq!(allowed["rule_set"].as_str().map(|set| set.starts_with("neutral ")), Some(true));

    // Asked for, and then dialed: each time the gate is asked.
    let asked = |number| {
        let body = json!({ "number": number });
        node.http().post("/v1/queues/support/callbacks", &unique(), &body)
    };
    asked(denied).assert_problem(403, "destination_denied");
    let callback = asked("+442079460124");
    assert_eq!(callback.status, 201, "{}", callback.text());
    let offered = phone.expect_call();
    offered.answer();
    let customer = node.carrier.expect_call();
    customer.reject(486);
    let id = callback.json()["id"].as_str().expect("an id").to_owned();
    let [dialed] = decisions(&node, &format!("callback_id={id}"), 1).try_into().expect("one");
    assert_eq!((&dialed["occasion"], &dialed["queue"]), (&json!("callback_dialed"), &json!("support")));
    assert_eq!(decisions(&node, "occasion=callback_asked", 2).len(), 2);
    let before = decisions(&node, "", 5);

    node.kill();
    node.restart();
    let after = decisions(&node, "", 5);
    assert_eq!(&after[after.len() - 5..], &before[before.len() - 5..], "each is there once, after a crash too");
    let file = node.http().get("/v1/compliance/decisions/export?allowed=false");
    assert_eq!((file.status, file.header("content-type")), (200, Some("text/csv; charset=utf-8")));
    let text = file.text();
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(
        text.lines().skip(1).all(|line| line.contains(&format!("{denied},")) && line.contains("company_blacklist"))
    );
    let log = || node.http().get("/v1/audit-log?action=export_compliance_decisions").json()["data"].clone();
    let log = until("the export in the audit log", log, |log| log[0].is_object());
    assert_eq!(log[0]["after"]["asked"], json!({"allowed": "false"}));
}
