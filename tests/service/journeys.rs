//! The journey of a call names its agent and his phone: with a real one.

use serde_json::{Value, json};

use crate::support::{Baresip, Node, NodeConfig, SUPPORT, unique, until};

/// What the journey of a call says, step by step, once it has ended.
fn told(node: &Node, sip_call_id: &str) -> (Vec<Value>, Vec<String>) {
    let id = node.http().record_of(sip_call_id)["id"].as_str().expect("an id").to_owned();
    let steps = node.http().get(&format!("/v1/calls/{id}/journey")).json()["steps"].clone();
    let steps = steps.as_array().cloned().unwrap_or_default();
    let texts = steps.iter().filter_map(|step| step["text"].as_str().map(str::to_owned)).collect();
    (steps, texts)
}

#[test]
fn the_agent_has_a_name_and_his_phone_says_what_it_is() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 0).set("agents.0.name", "Ana {extension}"));
    assert_eq!(node.http().agent("1001")["name"], "Ana 1001");
    let mut phone = Baresip::start(&node, "1001", 440.0, true);
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    phone.expect("CALL_ESTABLISHED");
    node.http().wait_agent("1001", "on_call");
    caller.bye();
    phone.expect("CALL_CLOSED");
    let (steps, texts) = told(&node, &caller.id);
    let device = steps.iter().find(|step| step["type"] == "leg.device").unwrap_or_else(|| panic!("{texts:#?}"));
    assert_eq!(device["data"]["name"], "Ana 1001");
    let device = device["data"]["device"].as_str().unwrap_or_default();
    assert!(device.starts_with("baresip"), "{device}");
    for expected in ["Ringing 1001 – Ana 1001".to_owned(), format!("Answered by 1001 – Ana 1001 – {device}")] {
        assert!(texts.contains(&expected), "{expected}: {texts:#?}");
    }

    // A user who has the extension is the agent.
    let user = json!({"username": "bea", "name": "Bea Costa", "password": unique() + "-password",
        "roles": ["operator"], "extension": "1001"});
    assert_eq!(node.http().post("/v1/users", &unique(), &user).status, 201);
    until("his name", || node.http().agent("1001"), |agent| agent["name"] == "Bea Costa");
    phone.command("dial", "sip:+442071830003@demo.local");
    phone.expect("CALL_ESTABLISHED");
    let own = until("his own call", || node.http().calls("&status=answered"), |calls| calls.len() == 1);
    phone.command("hangup", "");
    phone.expect("CALL_CLOSED");
    let (_, texts) = told(&node, own[0]["sip_call_ids"][0].as_str().expect("a Call-ID"));
    assert_eq!(
        texts.first().map(String::as_str),
        Some("Outgoing call initiated from 1001 – Bea Costa to +442071830003")
    );
}
