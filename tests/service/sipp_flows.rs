//! The flows with SIPp as carrier and phones: a peer that is not ours.

use serde_json::Value;

use crate::support::{ECHO, Node, NodeConfig, SALES, SUPPORT, Sipp, TONE, VOICEMAIL, free_port, until};

fn node() -> Node {
    Node::start(NodeConfig::demo().queue_times(15, 120, 0))
}

/// Registers a phone on a port of its own, where another SIPp then answers.
fn register(node: &Node, extension: &str) -> u16 {
    let port = free_port("127.0.0.1");
    Sipp::phone(node, "register", extension, port).run();
    port
}

fn caller(node: &Node, scenario: &str, to: &str) -> Sipp {
    Sipp::carrier(node, scenario).key("to", to).key("from", "+447700900123").with("TALK_MS", "500")
}

/// The records of all calls, once none is live.
fn records(node: &Node, count: usize) -> Vec<Value> {
    let ended = |calls: &Vec<Value>| calls.len() == count && calls.iter().all(|call| !call["ended_at"].is_null());
    until(&format!("{count} ended calls"), || node.http().calls(""), ended)
}

#[test]
fn through_the_queue_to_a_phone_and_the_caller_hangs_up() {
    let node = node();
    let port = register(&node, "1001");
    let phone = Sipp::phone(&node, "answer", "1001", port).start().listening("127.0.0.1", port);
    caller(&node, "caller", SUPPORT).with("TALK_MS", "1500").run();
    phone.finish();
    let record = &records(&node, 1)[0];
    assert_eq!((&record["status"], &record["agent"]), (&"completed".into(), &"1001".into()));
    assert_eq!((&record["queue"], &record["cause"]["who"]), (&"support".into(), &"caller".into()));
    assert_eq!(record["sip_call_ids"].as_array().map(Vec::len), Some(2));
}

#[test]
fn through_the_queue_to_a_phone_that_hangs_up() {
    let node = node();
    let port = register(&node, "1050");
    let phone = Sipp::phone(&node, "answer_and_hang_up", "1050", port).with("TALK_MS", "500");
    let phone = phone.start().listening("127.0.0.1", port);
    caller(&node, "caller_waits_for_bye", SALES).run();
    phone.finish();
    let record = &records(&node, 1)[0];
    assert_eq!((&record["status"], &record["cause"]["who"]), (&"completed".into(), &"agent".into()));
}

#[test]
fn a_phone_that_is_busy_and_one_that_takes_the_call() {
    let node = node();
    let (busy_port, port) = (register(&node, "1001"), register(&node, "1002"));
    let busy = Sipp::phone(&node, "refuse", "1001", busy_port).with("STATUS", "486");
    let busy = busy.start().listening("127.0.0.1", busy_port);
    let phone = Sipp::phone(&node, "answer", "1002", port).start().listening("127.0.0.1", port);
    caller(&node, "caller", SUPPORT).with("TALK_MS", "1500").run();
    busy.finish();
    phone.finish();
    assert_eq!(records(&node, 1)[0]["agent"], "1002");
}

#[test]
fn twenty_callers_and_four_phones() {
    let node = node();
    let phones: Vec<_> = (1001..1005)
        .map(|extension| {
            let extension = extension.to_string();
            let port = register(&node, &extension);
            let phone = Sipp::phone(&node, "answer", &extension, port).args(&["-m", "1000"]);
            phone.start().listening("127.0.0.1", port)
        })
        .collect();
    caller(&node, "caller", SUPPORT).with("TALK_MS", "2500").args(&["-m", "20", "-l", "20", "-r", "20"]).run();
    let records = records(&node, 20);
    assert!(records.iter().all(|record| record["sip_call_ids"].as_array().is_some_and(|ids| !ids.is_empty())));
    drop(phones);
}

#[test]
fn the_services_of_numbers() {
    let node = node();
    for number in [ECHO, TONE, VOICEMAIL] {
        caller(&node, "caller", number).args(&["-m", "5", "-l", "5", "-r", "50"]).run();
    }
    let records = records(&node, 15);
    let of = |number: &str| records.iter().filter(|record| record["to"] == number).collect::<Vec<_>>();
    assert!(of(ECHO).iter().chain(&of(TONE)).all(|record| record["status"] == "completed"));
    assert!(of(VOICEMAIL).iter().all(|record| record["status"] == "canceled"), "too short to be kept");
}

#[test]
fn from_a_phone_to_a_phone_and_to_the_trunk() {
    let port_outside = free_port("127.0.0.2");
    let node = Node::with_trunk_port(NodeConfig::demo(), port_outside);
    let (calling, called) = (register(&node, "1001"), register(&node, "1002"));
    let phone = Sipp::phone(&node, "answer", "1002", called).start().listening("127.0.0.1", called);
    let calls =
        |scenario: &str, to: &str| Sipp::phone(&node, scenario, "1001", calling).key("to", to).with("TALK_MS", "300");
    calls("agent_calls", "1002").run();
    phone.finish();
    let outside = Sipp::carrier_at(&node, "answer", port_outside).start().listening("127.0.0.2", port_outside);
    calls("agent_calls", "02079460123").run();
    outside.finish();
    let busy = Sipp::carrier_at(&node, "refuse", port_outside).with("STATUS", "486");
    let busy = busy.start().listening("127.0.0.2", port_outside);
    calls("agent_is_refused", "02079460123").with("STATUS", "486").run();
    busy.finish();
    for (to, status) in [("4711", "404"), ("1003", "480"), ("+33142685300", "403")] {
        calls("agent_is_refused", to).with("STATUS", status).run();
    }
    let ringing = Sipp::carrier_at(&node, "ring_until_canceled", port_outside);
    let ringing = ringing.start().listening("127.0.0.2", port_outside);
    calls("agent_gives_up", "02079460123").run();
    ringing.finish();
    // 403 makes no record.
    let statuses: Vec<String> =
        records(&node, 6).iter().map(|record| record["status"].to_string().replace('"', "")).collect();
    assert_eq!(statuses, ["completed", "completed", "no_answer", "failed", "no_answer", "canceled"]);
}

#[test]
fn hold_and_resume() {
    let node = node();
    let port = register(&node, "1001");
    let phone = Sipp::phone(&node, "hold_and_resume", "1001", port).start().listening("127.0.0.1", port);
    caller(&node, "caller", SUPPORT).with("TALK_MS", "3000").run();
    phone.finish();
    let record = &records(&node, 1)[0];
    crate::queue_calls::assert_order(&node.http().journey(record), &["call.held", "call.resumed", "call.ended"]);
}

#[test]
fn blind_transfer() {
    let node = node();
    let (first, second) = (register(&node, "1001"), register(&node, "1040"));
    let phone = Sipp::phone(&node, "transfer", "1001", first).with("TARGET", "1040");
    let phone = phone.start().listening("127.0.0.1", first);
    let target = Sipp::phone(&node, "answer", "1040", second).start().listening("127.0.0.1", second);
    caller(&node, "caller", SUPPORT).with("TALK_MS", "3000").run();
    phone.finish();
    target.finish();
    let record = &records(&node, 1)[0];
    assert_eq!((&record["status"], &record["agent"]), (&"completed".into(), &"1040".into()));
}

#[test]
fn cancel_races_with_the_queues_200() {
    let node = node();
    caller(&node, "caller_cancels", SUPPORT).args(&["-m", "40", "-l", "40", "-r", "40"]).run();
    let records = records(&node, 40);
    assert!(records.iter().all(|record| record["status"] == "canceled"), "{records:#?}");
    node.http().wait_waiting("support", 0);
}

#[test]
fn loss_is_healed_by_retransmission() {
    let node = node();
    let lossy =
        caller(&node, "caller", ECHO).with("TALK_MS", "300").args(&["-m", "30", "-l", "30", "-r", "30", "-lost", "10"]);
    lossy.run();
    let records = records(&node, 30);
    assert!(records.iter().all(|record| record["status"] == "completed"), "{records:#?}");
    assert!(node.http().metric("trunkline_calls_active") == 0.0);
}

#[test]
fn calls_over_tcp() {
    let node = node();
    caller(&node, "caller", ECHO).args(&["-t", "t1", "-m", "10", "-l", "10", "-r", "50"]).run();
    assert!(records(&node, 10).iter().all(|record| record["status"] == "completed"));
}

#[test]
fn a_stale_nonce() {
    let node = node();
    let port = free_port("127.0.0.1");
    Sipp::phone(&node, "register_stale", "1001", port).run();
    node.http().wait_agent("1001", "ready");
}
