//! Who gets a call, through SIP: ring groups, skills, and what REST tells of each decision.

use serde_json::{Value, json};

use crate::support::{Node, NodeConfig, SUPPORT, Sipp, free_port};

/// Registers a phone on a port of its own, and starts a SIPp there that does as the scenario says.
fn sipp_phone(node: &Node, extension: &str, scenario: &str) -> crate::support::Running {
    let port = free_port("127.0.0.1");
    Sipp::phone(node, "register", extension, port).run();
    Sipp::phone(node, scenario, extension, port).start().listening("127.0.0.1", port)
}

fn sipp_caller(node: &Node, to: &str) -> Sipp {
    Sipp::carrier(node, "caller").key("to", to).key("from", "+447700900123").with("TALK_MS", "1000")
}

/// A number of `support` whose callers need German; of its agents 1001 has none, 2001 speaks it.
fn with_german() -> NodeConfig {
    let number = "number = \"+442071830009\"\ntarget = \"queue:support\"\nskills = [\"german:3\"]";
    let skilled = "extensions = \"2001\"\npassword = \"demo-2001\"\nskills = [\"german:4\"]";
    let config = NodeConfig::demo().queue_times(15, 120, 0).push("number", number).push("agents", skilled);
    config.set("queue.0.agents", vec!["1001", "2001"])
}

#[test]
fn sipp_phones_all_ring_and_one_has_the_call() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 0).set("queue.0.strategy", "ring_all"));
    let others = ["1001", "1002"].map(|extension| sipp_phone(&node, extension, "ring_until_canceled"));
    let winner = sipp_phone(&node, "1003", "answer");
    sipp_caller(&node, SUPPORT).run();
    winner.finish();
    others.into_iter().for_each(crate::support::Running::finish);
    let ended = |calls: &Vec<serde_json::Value>| calls.iter().all(|call| !call["ended_at"].is_null());
    let calls = crate::support::until("the call's end", || node.http().calls(""), ended);
    assert_eq!((calls.len(), &calls[0]["agent"]), (1, &json!("1003")));
}

#[test]
fn sipp_phones_get_the_calls_that_their_agents_have_the_skill_for() {
    let node = Node::start(with_german());
    let plain = node.registered("1001");
    let speaker = sipp_phone(&node, "2001", "answer");
    sipp_caller(&node, "+442071830009").run();
    speaker.finish();
    assert!(!plain.has(|message| message.is_request("INVITE")), "who does not speak it is not rung");
}

#[test]
fn all_ring_and_the_first_who_answers_has_the_call() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 0).set("queue.0.strategy", "ring_all"));
    let phones = ["1001", "1002", "1003"].map(|extension| node.registered(extension));
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    let rings = phones.each_ref().map(|phone| phone.expect_call());
    rings.iter().for_each(|ring| ring.reply(180));
    let [first, second, third] = rings;
    second.answer();
    first.expect_cancel();
    third.expect_cancel();
    node.http().wait_agent("1002", "on_call");
    for other in ["1001", "1003"] {
        assert_eq!(node.http().wait_agent(other, "ready")["reason"], json!(null), "{other} missed nothing");
    }
    caller.bye();
    second.expect_bye();
    let record = node.http().record_of(&caller.id);
    assert_eq!(record["agent"], "1002");
    let journey = node.http().journey(&record);
    let count = |kind: &str| journey.iter().filter(|step| *step == kind).count();
    assert_eq!((count("offer.ringing"), count("offer.answered"), count("offer.withdrawn")), (3, 1, 2), "{journey:?}");
    assert_eq!((count("offer.missed"), count("routing.decided")), (0, 3), "{journey:?}");
}

#[test]
fn two_who_answer_at_once_are_one_conversation_and_one_goodbye() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 0).set("queue.0.strategy", "ring_all"));
    let phones = ["1001", "1002"].map(|extension| node.registered(extension));
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    let [first, second] = phones.each_ref().map(|phone| phone.expect_call());
    first.reply(180);
    second.reply(180);
    // Both 200s are on their way before either is told anything.
    first.reply_with_sdp(200);
    second.reply_with_sdp(200);
    let talking = crate::support::until(
        "exactly one conversation",
        || ["1001", "1002"].map(|one| node.http().agent(one)["state"].clone()),
        |states| states.iter().filter(|state| **state == "on_call").count() == 1 && states.contains(&json!("ready")),
    );
    let (winner, loser) = if talking[0] == "on_call" { (first, second) } else { (second, first) };
    loser.expect_bye();
    caller.bye();
    winner.expect_bye();
    let record = node.http().record_of(&caller.id);
    let journey = node.http().journey(&record);
    assert_eq!(journey.iter().filter(|step| *step == "offer.answered").count(), 1, "{journey:?}");
}

#[test]
fn a_caller_with_an_owner_is_kept_for_him_for_a_while() {
    let owner = "agent = \"1002\"\nnumbers = [\"+447700900123\"]";
    let config = NodeConfig::demo().queue_times(15, 120, 0).push("owner", owner).set("queue.0.preferred_agent_s", 3);
    let mut node = Node::start(config);
    let [first, second] = ["1001", "1002"].map(|extension| node.registered(extension));
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    let offer = second.expect_call();
    offer.answer();
    node.http().wait_agent("1002", "on_call");
    assert!(!first.has(|message| message.is_request("INVITE")), "who is idle for longer is not the owner");
    // The owner talks: the next call of his customer waits for him, and then goes to anybody.
    let mut again = node.carrier.call(SUPPORT);
    again.expect_final(200);
    let reason = || node.http().get("/v1/agents/1001/why-idle").json()["queues"][0]["reason"].clone();
    crate::support::until("the rule", reason, |reason| reason == "held_for_agent");
    let late = first.expect_call();
    let record = node.http().call_with(&again.id);
    let decision = |call: &serde_json::Value| {
        let path = format!("/v1/calls/{}/routing", call["id"].as_str().unwrap());
        let first = || node.http().get(&path).json()["data"][0].clone();
        crate::support::until("its first decision", first, |decision| !decision.is_null())
    };
    let (kept, anybody) = (decision(&node.http().call_with(&caller.id)), decision(&record));
    assert_eq!((&kept["preferred"], &anybody["preferred"]), (&json!(true), &json!(false)), "{kept} {anybody}");
    assert!(anybody["waited_ms"].as_u64() >= Some(3_000), "{anybody}");
    late.reply(180);
    again.bye();
    late.expect_cancel();
    caller.bye();
    offer.expect_bye();
    // A reload gives him another owner.
    node.edit(|config| config.set("owner.0.agent", "1001"));
    assert!(node.command("reload", &[]).status.success());
    let mut third = node.carrier.call(SUPPORT);
    third.expect_final(200);
    let offer = first.expect_call();
    offer.answer();
    node.http().wait_agent("1001", "on_call");
    third.bye();
    offer.expect_bye();
}

#[test]
fn what_a_number_asks_for_relaxes_as_its_caller_waits() {
    let step = "after_s = 2\nskills = [\"french\"]\n[[step]]\nafter_s = 3";
    let number =
        format!("number = \"+442071830009\"\ntarget = \"queue:support\"\nskills = [\"german:3\"]\n[[step]]\n{step}");
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 0).push("number", &number));
    let phone = node.registered("1001");
    let mut caller = node.carrier.call("+442071830009");
    caller.expect_final(200);
    node.http().wait_waiting("support", 1);
    let missing = || node.http().get("/v1/agents/1001/why-idle").json()["queues"][0]["skill"].clone();
    assert_eq!(missing(), "german");
    crate::support::until("another skill", missing, |skill| skill == "french");
    let offer = phone.expect_call();
    let call = node.http().call_with(&caller.id);
    let path = format!("/v1/calls/{}/routing", call["id"].as_str().unwrap());
    // The INVITE may be here before the journal has the decision.
    let is_told = |page: &Value| !page["data"][0].is_null();
    let page = crate::support::until("the decision in the journal", || node.http().get(&path).json(), is_told);
    let waited = page["data"][0]["waited_ms"].as_u64().unwrap_or_default();
    assert!((3_000..8_000).contains(&waited), "with the last step nothing is asked: {page}");
    offer.answer();
    node.http().wait_agent("1001", "on_call");
    caller.bye();
    offer.expect_bye();
}

#[test]
fn a_call_waits_for_somebody_with_the_skill_it_needs() {
    let node = Node::start(with_german());
    let plain = node.registered("1001");
    let mut caller = node.carrier.call("+442071830009");
    caller.expect_final(200);
    node.http().wait_waiting("support", 1);
    let why = node.http().get("/v1/agents/1001/why-idle").json();
    assert_eq!((&why["state"], &why["queues"][0]["reason"]), (&json!("ready"), &json!("skill_missing")), "{why}");
    assert_eq!((&why["queues"][0]["skill"], &why["queues"][0]["skill_level"]), (&json!("german"), &json!(3)), "{why}");
    let speaker = node.registered("2001");
    let offer = speaker.expect_call();
    offer.answer();
    node.http().wait_agent("2001", "on_call");
    assert!(!plain.has(|message| message.is_request("INVITE")), "who does not speak it is not rung");
    caller.bye();
    offer.expect_bye();
    let record = node.http().record_of(&caller.id);
    let page = node.http().get(&format!("/v1/calls/{}/routing", record["id"].as_str().unwrap())).json();
    let decision = &page["data"][0];
    assert_eq!((&decision["agent"], &decision["candidates"]), (&json!("2001"), &json!(1)), "{page}");
    assert_eq!(decision["required"], json!([{"skill": "german", "level": 3}]), "{page}");
    let other = decision["agents"].as_array().unwrap().iter().find(|one| one["agent"] == "1001").unwrap();
    assert_eq!((&other["standing"], &other["lacks"]["skill"]), (&json!("skill"), &json!("german")), "{page}");
    assert!(decision["words"].as_str().unwrap().contains("the only agent who could take it"), "{page}");
}
