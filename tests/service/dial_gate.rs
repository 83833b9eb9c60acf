//! The dial gate with lists from files, agents' own lists and a rule set, at a real node.

use serde_json::{Value, json};

use crate::support::{Node, NodeConfig, unique};

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
    let list = format!("name = \"tps\"\nfile = {:?}\ncountry_code = \"44\"\nas_of = \"2026-11-01\"", file.display());
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
